import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Synchronization
import Testing

/// Who may ask, and who may answer.
struct SignedRequestTests {
  /// Sends a signed request as it is, whoever does it.
  private func send(
    _ hub: TestHub, _ signed: SignedRequest, body: [UInt8], to path: String? = nil
  ) async throws -> (status: UInt, refusal: Refusal?, isSigned: Bool) {
    var request = HTTPClientRequest(url: hub.address + (path ?? signed.path))
    request.method = .POST
    request.headers.add(name: "Content-Type", value: HTTPContract.mediaType)
    for (name, value) in signatureHeaders(of: signed) {
      request.headers.add(name: name, value: value)
    }
    request.body = .bytes(ByteBuffer(bytes: body))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    return (
      response.status.code, try? Refusal(decoding: bytes),
      response.headers.contains(name: HTTPContract.answerHeader)
    )
  }

  private func question(_ device: TestDevice) throws -> SyncRequest { try device.store.nextPull() }

  private func sign(
    _ request: SyncRequest, _ identity: DeviceIdentity, nonce: String = UUID().uuidString,
    hubMilliseconds: Int64 = wallClock()
  ) throws -> SignedRequest {
    try identity.signRequest(
      to: request.path, body: request.body, nonce: nonce, hubMilliseconds: hubMilliseconds)
  }

  @Test func `a request that comes a second time is refused, and every answer is signed`()
    async throws
  {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let asked = try question(lan)
      let signed = try sign(asked, lan.identity)
      let first = try await send(hub, signed, body: asked.body)
      #expect(first.status == 200 && first.isSigned)
      let again = try await send(hub, signed, body: asked.body)
      #expect(again.refusal?.code == .stale && again.isSigned)
      #expect(try await send(hub, sign(asked, lan.identity), body: asked.body).status == 200)
    }
  }

  @Test func `a request is good for one moment, one path and one body`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let asked = try question(lan)
      let tolerance = (SyncLimits.freshnessSeconds + 5) * 1000
      for time: Int64 in [wallClock() - tolerance, wallClock() + tolerance, 0, .max / 2] {
        let signed = try sign(asked, lan.identity, hubMilliseconds: time)
        let answer = try await send(hub, signed, body: asked.body)
        #expect(answer.status == 401)
        #expect(answer.refusal?.code == .stale)
        #expect(abs((answer.refusal?.hubMilliseconds ?? 0) - wallClock()) < 60_000)
      }
      let other = try await send(
        hub, sign(asked, lan.identity), body: asked.body, to: HTTPContract.comparisonsPath)
      #expect(other.refusal == Refusal(.unauthorised))
      let changed = try await send(hub, sign(asked, lan.identity), body: asked.body + [8, 1])
      #expect(changed.refusal?.code == .malformed)
    }
  }

  @Test func `nobody can sign in a device's name, nor under another's`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      let asked = try question(lan)
      for device in [lan.identity.device, "", "hub", String(repeating: "0", count: 32)] {
        var forged = minh.identity
        forged.device = device
        let answer = try await send(hub, sign(asked, forged), body: asked.body)
        #expect(answer.refusal == Refusal(.unauthorised))
      }
    }
  }

  @Test func `a device that asks without end is told to wait, and nobody else is`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      let asked = try question(lan)
      var refusal: Refusal?
      for number in 0...SyncLimits.requestsMax {
        let signed = try sign(asked, lan.identity, nonce: "n\(number)")
        do { _ = try hub.hub.admit(signed, wallMilliseconds: wallClock()) } catch {
          refusal = error as? Refusal
        }
      }
      #expect(refusal?.code == .tooMany)
      try await minh.sync()
      #expect(await unavailable { try await lan.sync() } == .refused(Refusal(.tooMany)))
    }
  }

  @Test(arguments: [-15_000, -1, 1, 9_000] as [Int64])
  func `a device whose clock is days off syncs all the same`(days: Int64) async throws {
    let wrong: @Sendable () -> Int64 = { wallClock() + days * 86_400_000 }
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      for _ in 0..<2 {
        _ = try await synchronise(
          store: lan.store, identity: lan.identity, client: lan.client, now: wrong)
      }
      #expect(try lan.store.status(wallMilliseconds: wrong()).isInStep)
      // Once it knows the hub's time, it need not be told again.
      let before = hub.log.text.components(separatedBy: " 401").count
      _ = try await synchronise(
        store: lan.store, identity: lan.identity, client: lan.client, now: wrong)
      #expect(hub.log.text.components(separatedBy: " 401").count == before)
    }
  }

  @Test func `another hub at the same address is not believed, whatever it says`() async throws {
    try await TestHub.run { right in
      try await TestHub.run { wrong in
        var lan = try await right.device("lan")
        try lan.add("p1")
        lan.client = try HubClient(HubAddress(wrong.address), timeouts: .short)
        #expect(await unavailable { try await lan.sync() } == .impostor)
        #expect(try lan.status().waitingChangeSets == 1)
        #expect(try !lan.store.isLocked())
        lan.client = try HubClient(HubAddress(right.address), timeouts: .short)
        try await lan.sync()
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test func `what a stranger is answered under a device's signature is not the device's answer`()
    async throws
  {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let asked = try question(lan)
      let signed = try sign(asked, lan.identity)
      // He keeps the device's request and asks something else with what signs it.
      var request = HTTPClientRequest(url: hub.address + "/x")
      request.method = .POST
      request.headers.add(name: "Content-Type", value: HTTPContract.mediaType)
      for (name, value) in signatureHeaders(of: signed) {
        request.headers.add(name: name, value: value)
      }
      let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
      let body = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
      let header = try #require(response.headers.first(name: HTTPContract.answerHeader))
      let proof = try #require(AnswerProof(header))
      func isAnswer(to path: String) -> Bool {
        let question = SignedAnswer.Question(path: path, credentials: signed.credentials)
        let answer = SignedAnswer(
          status: Int(response.status.code), bodyDigest: HTTPContract.bodyDigest(of: body),
          to: question)
        return lan.identity.isOfHub(proof.signature, for: answer.signed)
      }
      #expect(isAnswer(to: "/x"))
      #expect(!isAnswer(to: asked.path))
    }
  }

  @Test func `receipts of another hub, device or work are not stored`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      try lan.add("p1")
      let pushed = try #require(
        try lan.store.nextEnvelope(identity: lan.identity, wallMilliseconds: wallClock()))
      let bytes = try await lan.client.perform(.push(pushed), as: lan.identity)
      let genuine = try PushReply(decoding: bytes)
      func store(
        _ change: (inout PushReply) -> Void, signing sign: ([UInt8]) throws -> [UInt8]
      ) throws {
        var reply = genuine
        change(&reply)
        let bytes = try reply.encoded(signing: sign)
        try lan.store.store(
          PushReply(decoding: bytes), bytes, identity: lan.identity, wallMilliseconds: wallClock())
      }
      #expect(throws: WireError.self) {
        try store({ $0.receipts[0].disposition = .merged }, signing: { _ in genuine.signature })
      }
      #expect(throws: WireError.self) {
        try store({ $0.device = minh.identity.device }, signing: hub.hub.sign)
      }
      #expect(throws: WireError.self) {
        try store({ $0.lastHash = ChangeSet.hash(of: [1]) }, signing: hub.hub.sign)
      }
      #expect(try lan.status().waitingChangeSets == 1)
      try store({ _ in }, signing: hub.hub.sign)
      #expect(try lan.status().waitingChangeSets == 0)
    }
  }

  @Test func `a revoked device is told to lock, and a new code unlocks it`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      try hub.hub.revoke(
        device: lan.identity.device, Ruling(by: "ha", reason: "mất", wallMilliseconds: wallClock()))
      #expect(try !lan.store.isLocked())
      #expect(await unavailable { try await lan.sync() } == .refused(Refusal(.revoked)))
      #expect(try lan.store.isLocked())
      #expect(try lan.status().isLocked && !lan.status().isInStep)
      #expect(try lan.store.events().map(\.kind) == [.locked])
      _ = try await enrol(
        store: lan.store, path: hub.path("lan"), client: lan.client,
        code: try hub.code(for: "lan"), label: "anew")
      #expect(try !lan.store.isLocked())
    }
  }

  @Test func `the code never crosses the network, and only who knows it can answer`() async throws {
    try await TestHub.run { hub in
      let code = try hub.code(for: "lan")
      let known = EnrolmentCode(typed: code)
      let key = DeviceIdentity.makeSigningKey()
      let request = EnrolmentRequest(code: known, publicKey: key.publicKey, label: "x")
      let typed = Array(code.uppercased().filter { $0.isLetter || $0.isNumber }.utf8)
      #expect(Data(request.encoded()).range(of: Data(typed)) == nil)
      #expect(Data(request.encoded()).range(of: Data(known.secret)) == nil)
      // Who has listened knows the code's name and puts a key of his own in.
      let thief = EnrolmentCode(name: known.name, secret: ChangeSet.hash(of: [1]))
      let stolen = EnrolmentRequest(
        code: thief, publicKey: DeviceIdentity.makeSigningKey().publicKey, label: "x")
      #expect(throws: Refusal(.codeUnknown)) {
        try hub.hub.enrol(stolen, device: "d", wallMilliseconds: wallClock())
      }
      let answer = try EnrolmentReply(
        decoding: hub.hub.enrol(request, device: "d", wallMilliseconds: wallClock()))
      #expect(answer.isProven(by: known, publicKey: key.publicKey))
      #expect(!answer.isProven(by: thief, publicKey: key.publicKey))
      #expect(!answer.isProven(by: known, publicKey: DeviceIdentity.makeSigningKey().publicKey))
    }
  }
}
