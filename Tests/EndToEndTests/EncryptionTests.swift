import Foundation
import HubServer
import NIOCore
import NIOPosix
import NIOSSL
import SyncClient
import SyncCore
import SyncDevice
import Testing

struct EncryptionTests {
  @Test func `a certificate that nobody vouches for is not trusted`() async throws {
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(
        certificateChain: [
          .certificate(.init(bytes: Array(TestCertificate.hub.text.utf8), format: .pem))
        ],
        privateKey: .privateKey(.init(bytes: Array(TestCertificate.hub.key.utf8), format: .pem))))
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(server.localAddress?.port)
    let client = try HubClient(HubAddress("https://localhost:\(port)"), timeouts: .short)
    let failure = await unavailable {
      _ = try await client.enrol(
        code: EnrolmentCode(typed: "c"), label: "l", publicKey: Array(0..<32))
    }
    guard case .untrusted = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(failure?.isTransient == false)
    try await server.close()
  }

  /// A hub that encrypts by itself, and a device on its way to it.
  @concurrent
  private func run(
    isPinned: Bool, _ body: @Sendable (TestHub, HubClient) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, keyFile) = try TestCertificate.hub.write(to: folder)
    var configuration = HubServer.Configuration(port: 0)
    configuration.certificate = try HubServer.Certificate(
      file: file, keyFile: keyFile, isPinned: isPinned)
    try await TestHub.run(configuration: configuration) { hub in
      let address = try HubAddress("https://127.0.0.1:\(hub.port)")
      try await body(hub, HubClient(address, timeouts: .short))
    }
  }

  @Test func `a hub that nobody vouches for is known by its code, and by its certificate after`()
    async throws
  {
    try await run(isPinned: true) { hub, client in
      let (store, path) = try hub.store("lan")
      let enrolment = try await enrol(
        store: store, path: path, client: client, code: try hub.code(), label: "x")
      let certificate = try #require(enrolment.identity.certificate)
      #expect(certificate == TestCertificate.hub.text)
      var lan = TestDevice(
        store: store, identity: enrolment.identity,
        client: try HubClient(
          client.address, trusting: .certificate(certificate), timeouts: .short),
        officer: "lan")
      try lan.add("p1")
      try await lan.sync()
      #expect(try lan.status().isInStep)
      // Somebody else's certificate is not this hub's, whoever vouches for it.
      lan.client = try HubClient(
        client.address, trusting: .certificate(TestCertificate.other.text), timeouts: .short)
      guard case .untrusted = await unavailable({ try await lan.sync() }) else {
        Issue.record("another certificate was trusted")
        return
      }
    }
  }

  @Test func `no encryption where there has to be some is called so`() async throws {
    try await run(isPinned: true) { hub, client in
      let plain = try HubClient(HubAddress("http://127.0.0.1:\(hub.port)"), timeouts: .short)
      let (store, path) = try hub.store("lan")
      let enrolling = await unavailable {
        _ = try await enrol(
          store: store, path: path, client: plain, code: try hub.code(), label: "x")
      }
      #expect(enrolling == .wrongScheme(isEncrypted: true))
      let enrolment = try await enrol(
        store: store, path: path, client: client, code: try hub.code(), label: "x")
      let lan = TestDevice(
        store: store, identity: enrolment.identity, client: plain, officer: "lan")
      #expect(await unavailable { try await lan.sync() } == .wrongScheme(isEncrypted: true))
    }
  }

  @Test func `a certificate that neither an authority nor the hub vouches for lets nobody in`()
    async throws
  {
    try await run(isPinned: false) { hub, client in
      let (store, path) = try hub.store("lan")
      let failure = await unavailable {
        _ = try await enrol(
          store: store, path: path, client: client, code: try hub.code(), label: "x")
      }
      guard case .untrusted = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
    }
  }

  @Test func `a key that belongs to another certificate is refused before anybody connects`() throws
  {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (file, keyFile) = try TestCertificate.hub.write(to: folder)
    for certificate in [TestCertificate.other.text, "no PEM"] {
      try Data(certificate.utf8).write(to: URL(fileURLWithPath: file))
      #expect(throws: (any Error).self) {
        try HubServer.Certificate(file: file, keyFile: keyFile, isPinned: true)
      }
    }
  }
}
