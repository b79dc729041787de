import Foundation
import HubServer
import NIOCore
import NIOPosix
import NIOSSL
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Synchronization
import Testing

/// A hub that moves, or has another certificate, and whom devices believe about it.
struct RelocationTests {
  private func ruling() -> Ruling { Ruling(by: "ha", reason: "", wallMilliseconds: wallClock()) }

  private func relocation(_ device: TestDevice) throws -> Relocation {
    try Relocation(of: device.store, device.identity, timeouts: .short)
  }

  /// Sends everybody to another address, as a hub that has moved or a proxy before it does.
  private func redirect(
    to address: String, _ body: @Sendable (String) async throws -> Void
  ) async throws {
    var configuration = HubServer.Configuration(port: 0)
    configuration.movedTo = address
    try await TestHub.run(configuration: configuration) { try await body($0.address) }
  }

  private func encrypted(_ certificate: TestCertificate) throws -> HubServer.Configuration {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "thuan-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, keyFile) = try certificate.write(to: folder)
    var configuration = HubServer.Configuration(port: 0)
    configuration.certificate = try HubServer.Certificate(
      file: file, keyFile: keyFile, isPinned: true)
    return configuration
  }

  @Test func `a device follows a redirect to where the hub has signed that it is`() async throws {
    try await TestHub.run { hub in
      try await redirect(to: hub.address) { old in
        var lan = try await hub.device("lan")
        try lan.add("p1")
        lan.identity.hub = old
        lan.client = try HubClient(HubAddress(old), timeouts: .short)
        let redirected = try #require(await unavailable { try await lan.sync() })
        #expect(redirected == .redirected(try HubAddress(hub.address)))
        // Nobody has signed anything yet.
        await #expect(throws: RelocationRefusal.notStated(try HubAddress(hub.address))) {
          try await relocation(lan).identity(after: redirected)
        }
        try hub.hub.move(to: hub.address, ruling())
        let moved = try #require(try await relocation(lan).identity(after: redirected))
        #expect(moved.hub == hub.address && moved.device == lan.identity.device)
        try lan.store.keep(
          movedHub: moved, besideStore: hub.path("lan"), wallMilliseconds: wallClock())
        lan.identity = try #require(try DeviceIdentity.load(besideStore: hub.path("lan")))
        lan.client = try HubClient(HubAddress(lan.identity.hub), timeouts: .short)
        try await lan.sync()
        #expect(try lan.status().isInStep)
        #expect(try hub.hub.devices().count == 1)
        #expect(try lan.store.events().map(\.kind) == [.hubMoved])
      }
    }
  }

  @Test func `whoever relays the hub's own answers at a place of his own is not followed`()
    async throws
  {
    try await TestHub.run { hub in
      try await Intermediary.run(to: hub.address) { _, between in
        var lan = try await hub.device("lan")
        try hub.hub.move(to: hub.address, ruling())
        // Signed answers come through, and the statement with them.
        lan.client = try HubClient(HubAddress(between), timeouts: .short)
        try await lan.sync()
        let refusal = RelocationRefusal.otherPlace(named: hub.address, found: between)
        await #expect(throws: refusal) {
          try await relocation(lan).identity(after: .redirected(try HubAddress(between)))
        }
        await #expect(throws: refusal) {
          try await relocation(lan).identity(at: try HubAddress(between))
        }
      }
    }
  }

  @Test func `a renewed certificate is taken on the hub's word, and a relay's is not`() async throws
  {
    try await TestHub.run(configuration: encrypted(.other)) { hub in
      let address = "https://127.0.0.1:\(hub.port)"
      let (store, path) = try hub.store("lan")
      let enrolment = try await enrol(
        store: store, path: path, client: try HubClient(HubAddress(address), timeouts: .short),
        code: try hub.code(), label: "x")
      var known = enrolment.identity
      // As it was enrolled before the certificate was renewed.
      known.certificate = TestCertificate.hub.text
      var lan = TestDevice(
        store: store, identity: known,
        client: try HubClient(
          HubAddress(address), trusting: .certificate(TestCertificate.hub.text), timeouts: .short),
        officer: "lan")
      let untrusted = try #require(await unavailable { try await lan.sync() })
      guard case .untrusted = untrusted else {
        Issue.record("\(untrusted)")
        return
      }
      #expect(try await relocation(lan).identity(after: untrusted) == nil)
      try hub.hub.move(to: address, certificate: TestCertificate.other.text, ruling())
      let moved = try #require(try await relocation(lan).identity(after: untrusted))
      #expect(moved.certificate == TestCertificate.other.text)

      // Between: his own certificate, and every answer the hub's own, the statement among them.
      try await EncryptedRelay.run(as: .hub, to: hub.port) { relay in
        let place = "https://127.0.0.1:\(relay.port)"
        lan.identity.hub = place
        lan.identity.certificate = TestCertificate.hub.text
        lan.client = try HubClient(
          HubAddress(place), trusting: .certificate(TestCertificate.hub.text), timeouts: .short)
        try await lan.sync()
        #expect(relay.connections > 0, "it does relay")
        // Where the hub names that very address, it is the certificate that gives him away.
        try hub.hub.move(to: place, certificate: TestCertificate.other.text, ruling())
        lan.identity.certificate = nil
        await #expect(throws: RelocationRefusal.otherCertificate) {
          try await relocation(lan).identity(after: untrusted)
        }
        await #expect(throws: RelocationRefusal.otherCertificate) {
          try await relocation(lan).identity(at: try HubAddress(place))
        }
      }
    }
  }

  @Test func `an older statement, another hub's and one without encryption are not taken`()
    async throws
  {
    try await TestHub.run { hub in
      var lan = try await hub.device("lan")
      let first = try hub.hub.move(to: "http://127.0.0.1:1", ruling())
      let second = try hub.hub.move(to: hub.address, ruling())
      #expect(second.serial > first.serial)
      lan.identity = try await relocation(lan).identity(by: second)
      await #expect(throws: RelocationRefusal.outdated) {
        try await relocation(lan).identity(by: first)
      }
      await #expect(throws: RelocationRefusal.outdated) {
        try await relocation(lan).identity(by: second)
      }
      try await TestHub.run { other in
        let foreign = try other.hub.move(to: other.address, ruling())
        await #expect(throws: RelocationRefusal.notSigned) {
          try await relocation(lan).identity(by: foreign)
        }
      }
      let third = try hub.hub.move(to: hub.address, ruling())
      lan.identity.hub = "https://127.0.0.1:1"
      await #expect(throws: RelocationRefusal.unencrypted) {
        try await relocation(lan).identity(by: third)
      }
      await #expect(throws: RelocationRefusal.unencrypted) {
        try await relocation(lan).identity(after: .redirected(try HubAddress(hub.address)))
      }
    }
  }

  @Test func `a device that is let in knows the last statement, and takes none before it`()
    async throws
  {
    try await TestHub.run { hub in
      let old = try hub.hub.move(to: "http://127.0.0.1:1", ruling())
      let last = try hub.hub.move(to: hub.address, ruling())
      let lan = try await hub.device("lan")
      #expect(lan.identity.addressSerial == last.serial)
      await #expect(throws: RelocationRefusal.outdated) {
        try await relocation(lan).identity(by: old)
      }
    }
  }

  @Test func `a statement survives being sent as text, and no change of it`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let statement = try hub.hub.move(to: hub.address, certificate: "PEM", ruling())
      let sent = "Chào anh,\r\n" + statement.text.replacing("\n", with: "\r\n> \n") + "\nHà"
      let quoted = sent.replacing("> ", with: "")
      #expect(try AddressStatement(text: quoted) == statement)
      #expect(throws: WireError.self) { try AddressStatement(text: "no statement") }
      var bytes = statement.encoded()
      for place in bytes.indices.dropLast(66) {
        bytes[place] ^= 1
        if let changed = try? AddressStatement(decoding: bytes) {
          #expect(!lan.identity.isOfHub(changed.signature, for: changed.signed))
        }
        bytes[place] ^= 1
      }
    }
  }
}

/// Somebody between a device and an encrypted hub, with a certificate of his own.
final class EncryptedRelay: Sendable {
  typealias Connection = FaultyProxy.Connection

  private let count = Mutex(0)
  let port: Int

  private init(port: Int) { self.port = port }

  /// How many connections have come.
  var connections: Int { count.withLock { $0 } }

  /// Runs one while `body` runs.
  @concurrent
  static func run(
    as certificate: TestCertificate, to target: Int, _ body: (EncryptedRelay) async throws -> Void
  ) async throws {
    let own = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: [.certificate(.init(bytes: Array(certificate.text.utf8), format: .pem))],
        privateKey: .privateKey(.init(bytes: Array(certificate.key.utf8), format: .pem))))
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: own))
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
    let relay = EncryptedRelay(port: server.channel.localAddress?.port ?? 0)
    let running = Task { try await relay.serve(server, target) }
    let result: Result<Void, any Error>
    do { result = .success(try await body(relay)) } catch { result = .failure(error) }
    running.cancel()
    _ = await running.result
    try result.get()
  }

  @concurrent
  private func serve(_ server: NIOAsyncChannel<Connection, Never>, _ target: Int) async throws {
    var trusting = TLSConfiguration.makeClientConfiguration()
    trusting.certificateVerification = .none
    let context = try NIOSSLContext(configuration: trusting)
    try await server.executeThenClose { clients in
      try await withThrowingDiscardingTaskGroup { group in
        for try await client in clients {
          count.withLock { $0 += 1 }
          group.addTask { try? await Self.relay(client, target, context) }
        }
      }
    }
  }

  @concurrent
  private static func relay(
    _ client: Connection, _ target: Int, _ context: NIOSSLContext
  ) async throws {
    try await client.executeThenClose { requests, toClient in
      let hub = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connect(host: "127.0.0.1", port: target) { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: nil))
            return try Connection(wrappingChannelSynchronously: channel)
          }
        }
      try await hub.executeThenClose { answers, toHub in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { for try await chunk in requests { try await toHub.write(chunk) } }
          group.addTask { for try await chunk in answers { try await toClient.write(chunk) } }
          _ = try await group.next()
          group.cancelAll()
        }
      }
    }
  }
}
