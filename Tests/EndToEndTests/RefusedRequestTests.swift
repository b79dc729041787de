import AsyncHTTPClient
import Foundation
import GRDB
import NIOCore
import NIOHTTP1
import HubServer
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Synchronization
import TestSupport
import Testing

struct RefusedRequestTests {
  /// What the hub answers to a request made by hand.
  private func send(
    _ hub: TestHub, _ method: HTTPMethod, _ path: String, as identity: DeviceIdentity? = nil,
    headers: [(String, String)] = [], type: String? = HTTPContract.mediaType, body: [UInt8]? = nil,
    isChunked: Bool = false
  ) async throws -> (status: UInt, refusal: Refusal?, bytes: [UInt8], type: String?) {
    var request = HTTPClientRequest(url: hub.address + path)
    request.method = method
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let identity {
      let signed = try identity.signRequest(
        to: path, body: body ?? [], nonce: UUID().uuidString, hubMilliseconds: wallClock())
      for (name, value) in signatureHeaders(of: signed) {
        request.headers.add(name: name, value: value)
      }
    }
    if let body {
      if let type { request.headers.add(name: "Content-Type", value: type) }
      request.body = .bytes(body, length: isChunked ? .unknown : .known(Int64(body.count)))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    return (
      response.status.code, try? Refusal(decoding: bytes), bytes,
      response.headers.first(name: "Content-Type")
    )
  }

  @Test func `the health check tells a stranger nothing but that it is well`() async throws {
    try await TestHub.run { hub in
      let answer = try await send(hub, .GET, HTTPContract.healthPath)
      #expect(answer.status == 200)
      #expect(answer.type == "application/json")
      #expect(String(decoding: answer.bytes, as: UTF8.self) == #"{"status":"ok"}"#)
    }
  }

  @Test func `without a signature nothing is read and nothing is told`() async throws {
    try await TestHub.run { hub in
      let wrong = [
        "", "wrong", "Thuan", "Thuan ", "Thuan a.1.b.c.", "Thuan a.1.b.c.AAAA", "Thuan a.b.c.d.e",
        "Bearer a.1.b.c.AAAA", "Thuan " + String(repeating: "x", count: 2_000),
      ]
      for path in [HTTPContract.changesPath, HTTPContract.changeSetsPath] {
        for credentials in wrong {
          let answer = try await send(
            hub, .POST, path, headers: [(HTTPContract.authorizationHeader, credentials)], body: [1])
          #expect(answer.status == 401)
          #expect(answer.refusal == Refusal(.unauthorised))
          #expect(answer.type == HTTPContract.mediaType)
        }
      }
    }
  }

  @Test func `an unknown path, a wrong method and a wrong type are refusals too`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      for path in ["/", "/v1", "/v2/changes", "/v1/changes/../x", "/nguyen-van-a"] {
        let answer = try await send(hub, .GET, path)
        #expect(answer.status == 404)
        #expect(answer.refusal?.code == .notFound)
      }
      let deleted = try await send(hub, .DELETE, HTTPContract.changesPath)
      #expect(deleted.status == 405)
      #expect(deleted.refusal?.code == .notFound)
      let wrong = [
        (HTTPContract.changeSetsPath, "application/json"),
        (HTTPContract.changeSetsPath, "text/html"),
        (HTTPContract.enrolmentsPath, nil), (HTTPContract.enrolmentsPath, "text/html"),
      ]
      for (path, type) in wrong {
        let answer = try await send(
          hub, .POST, path, as: path == HTTPContract.enrolmentsPath ? nil : lan.identity,
          type: type,
          body: [1])
        #expect(answer.status == 415)
        #expect(answer.refusal?.code == .malformed)
      }
      #expect(!hub.log.text.contains("nguyen"), "what strangers ask for is not logged")
    }
  }

  @Test func `questions that are none, or about states the hub never had, are refused`()
    async throws
  {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      func ask(_ body: [UInt8]) async throws -> (status: UInt, code: Refusal.Code?) {
        let answer = try await send(
          hub, .POST, HTTPContract.changesPath, as: lan.identity, body: body)
        return (answer.status, answer.refusal?.code)
      }
      for body in [[], [0], [255], Array("epoch=1&cursor=0".utf8)] as [[UInt8]] {
        #expect(try await ask(body) == (400, .malformed))
      }
      #expect(try await ask(Array(repeating: 8, count: 65 << 10)) == (413, .tooLarge))
      let beyond = HubPoint(sequence: 1_000_000, number: 1, proof: 1)
      for epoch in [0, 1, Int.max] {
        let request = PullRequest(epoch: epoch, cursor: 1_000_000, position: beyond)
        #expect(try await ask(request.encoded()) == (409, .snapshotNeeded))
      }
    }
  }

  @Test func `bytes that are no message are refused and change nothing`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      let envelope = try #require(
        try lan.store.nextEnvelope(identity: lan.identity, wallMilliseconds: wallClock()))
      let before = try hub.hub.status()
      var random = TestRandom(seed: 3)
      var attempts: [[UInt8]] = [[], [0], [255, 255, 255], Array("<html>".utf8)]
      for _ in 0..<20 {
        attempts.append(Array(envelope.prefix(.random(in: 0..<envelope.count, using: &random))))
      }
      for _ in 0..<40 {
        var garbled = envelope
        garbled[Int.random(in: 0..<garbled.count, using: &random)] ^=
          1 << UInt8.random(in: 0..<8, using: &random)
        attempts.append(garbled)
      }
      for bytes in attempts {
        let answer = try await send(
          hub, .POST, HTTPContract.changeSetsPath, as: lan.identity, body: bytes)
        #expect(answer.status >= 400 && answer.status < 500)
        #expect(answer.refusal != nil)
      }
      #expect(try hub.hub.status() == before)
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }

  @Test func `a body that is too large is refused, announced or not`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let large = [UInt8](repeating: 8, count: SyncLimits.bodyBytes + 1)
      let push = try await send(
        hub, .POST, HTTPContract.changeSetsPath, as: lan.identity, body: large)
      #expect(push.status == 413)
      #expect(push.refusal?.code == .tooLarge)
      let enrolment = try await send(
        hub, .POST, HTTPContract.enrolmentsPath, body: Array(large.prefix(20_000)), isChunked: true)
      #expect(enrolment.status == 413)
      #expect(enrolment.refusal?.code == .tooLarge)
    }
  }

  @Test func `a wrong key is refused and the work stays`() async throws {
    try await TestHub.run { hub in
      var lan = try await hub.device("lan")
      try lan.add("p1")
      let key = lan.identity.signingKey
      lan.identity.signingKey = DeviceIdentity.makeSigningKey().secret
      #expect(await unavailable { try await lan.sync() } == .refused(Refusal(.unauthorised)))
      #expect(try lan.status().waitingChangeSets == 1)
      lan.identity.signingKey = key
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }

  @Test func `one device cannot push in another's name`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      try lan.add("p1")
      let envelope = try #require(
        try lan.store.nextEnvelope(identity: lan.identity, wallMilliseconds: wallClock()))
      let failure = await unavailable {
        _ = try await lan.client.perform(.push(envelope), as: minh.identity)
      }
      #expect(failure == .refused(Refusal(.badSignature)))
    }
  }

  @Test func `a revoked device is heard, into quarantine, and told nothing`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      try minh.add("p0")
      try await minh.sync()
      try hub.hub.revoke(
        device: lan.identity.device,
        Ruling(by: "ha", reason: "mất máy", wallMilliseconds: wallClock()))
      try lan.add("p1")
      #expect(try await lan.sync(.push).quarantined == 1)
      #expect(await unavailable { try await lan.sync(.pull) } == .refused(Refusal(.revoked)))
      #expect(try lan.projects() == ["p1=t"], "its own work stays, and nothing else comes")
      let held = try hub.hub.quarantine(openOnly: true)
      #expect(held.map(\.reason) == [.revoked])
      #expect(try hub.hub.status().rows == ["project": 1])
    }
  }

  @Test func `a full disk is the hub's trouble and passes`() async throws {
    let trouble = Trouble()
    try await TestHub.run(wrapping: { TroubledDatabase(inner: $0, trouble: trouble) }) { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1", "Trần Thị B")
      trouble.set(DatabaseError(resultCode: .SQLITE_FULL, message: "disk is full"))
      let failure = await unavailable { try await lan.sync() }
      guard case .refused(let refusal) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(refusal.code == .unavailable)
      #expect(failure?.isTransient == true)
      trouble.set(nil)
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }

  @Test func `an unforeseen error is an id here and in the log, and nothing more`() async throws {
    struct Secret: Error { let row = "Nguyễn Văn C" }
    let trouble = Trouble()
    try await TestHub.run(wrapping: { TroubledDatabase(inner: $0, trouble: trouble) }) { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      trouble.set(Secret())
      let failure = await unavailable { try await lan.sync() }
      guard case .refused(let refusal) = failure, refusal.code == .internal else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(refusal.detail.count == 8)
      #expect(hub.log.text.contains(refusal.detail))
      #expect(!hub.log.text.contains("Nguyễn"))
      #expect(!hub.log.text.contains(lan.identity.device))
    }
  }

  @Test func `a client that stalls in the middle of a request is cut off`() async throws {
    var configuration = HubServer.Configuration(port: 0)
    configuration.idleSeconds = 1
    try await TestHub.run(configuration: configuration) { hub in
      let channel = try await rawConnection(to: hub.port)
      let start = ContinuousClock.now
      // Being cut off can show as an end or as an error; either way this returns long before the
      // minutes that a stalled client could otherwise hold on to a connection.
      try? await channel.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "POST /v1/enrolments HTTP/1.1\r\nHost: x\r\n"))
        for try await _ in inbound {}
      }
      #expect(start.duration(to: .now) < .seconds(30))
    }
  }
}

/// An error that a ``TroubledDatabase`` throws from now on.
final class Trouble: Sendable {
  private let error = Mutex<(any Error)?>(nil)
  func set(_ error: (any Error)?) { self.error.withLock { $0 = error } }
  func check() throws { if let error = error.withLock({ $0 }) { throw error } }
}

/// A hub's storage that fails when a test says so.
struct TroubledDatabase: HubDatabase {
  let inner: SQLiteHubDatabase
  let trouble: Trouble

  func write<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try trouble.check()
    return try inner.write(body)
  }

  func read<T>(_ body: (any HubConnection) throws -> T) throws -> T { try inner.read(body) }

  func links(in schema: SyncSchema) throws -> [TableLink] { try inner.links(in: schema) }

  func fitted(_ schema: SyncSchema) throws -> SyncSchema { try inner.fitted(schema) }
  func defaults(in schema: SyncSchema) throws -> [Int: [Value]] { try inner.defaults(in: schema) }

  func kinds(in schema: SyncSchema) throws -> [Int: [ColumnKind]] { try inner.kinds(in: schema) }
}
