import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Synchronization
import Testing

struct EnrolmentTests {
  /// An enrolment as the file beside the store holds it.
  private struct Kept: Encodable {
    let identity: DeviceIdentity
    let officer: String
    let officerName: String
    let unit: String
  }

  @Test func `a code lets one device in, once`() async throws {
    try await TestHub.run { hub in
      let (store, path) = try hub.store("one")
      let code = try hub.code(for: "lan")
      let client = try HubClient(HubAddress(hub.address + "/"))
      let enrolment = try await enrol(
        store: store, path: path, client: client, code: code.lowercased(), label: "laptop")
      #expect(enrolment.officer == "lan")
      #expect(enrolment.identity.device.count == 32)
      #expect(Array(enrolment.identity.hubKey) == hub.hub.publicKey)
      #expect(enrolment.identity.hub == hub.address)
      #expect(try DeviceIdentity.load(besideStore: path) == enrolment.identity)
      #expect(try store.owner()?.device == enrolment.identity.device)
      #expect(try hub.hub.devices().map(\.label) == ["laptop"])
      let rights =
        try FileManager.default.attributesOfItem(
          atPath: DeviceIdentity.file(besideStore: path))[.posixPermissions] as? Int
      #expect(rights == 0o600)
      #expect(!FileManager.default.fileExists(atPath: path + ".enrolment"))

      let (other, otherPath) = try hub.store("two")
      await #expect(throws: EnrolmentFailure.codeRejected(.codeUsed)) {
        try await enrol(store: other, path: otherPath, client: client, code: code, label: "x")
      }
      await #expect(throws: EnrolmentFailure.codeRejected(.codeUnknown)) {
        try await enrol(store: other, path: otherPath, client: client, code: "NO-SUCH", label: "x")
      }
      await #expect(throws: EnrolmentFailure.alreadyEnrolled) {
        try await enrol(store: store, path: path, client: client, code: "x", label: "x")
      }
      #expect(try DeviceIdentity.load(besideStore: otherPath) == nil)
      #expect(!hub.log.text.contains(code))
    }
  }

  @Test func `an expired code is refused`() async throws {
    let later = Mutex<Int64>(0)
    try await TestHub.run(now: { wallClock() + later.withLock { $0 } }) { hub in
      let code = try hub.code()
      later.withLock { $0 = SyncLimits.enrolmentMilliseconds + 1 }
      let (store, path) = try hub.store("one")
      let client = try HubClient(HubAddress(hub.address))
      await #expect(throws: EnrolmentFailure.codeRejected(.codeExpired)) {
        try await enrol(store: store, path: path, client: client, code: code, label: "x")
      }
    }
  }

  @Test func `an answer that gets lost is said to be lost, and the same code asks again`()
    async throws
  {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let (store, path) = try hub.store("one")
        let client = try HubClient(HubAddress("http://127.0.0.1:\(proxy.port)"))
        let code = try hub.code()
        proxy.set(.cut(after: 0))
        do {
          _ = try await enrol(store: store, path: path, client: client, code: code, label: "x")
          Issue.record("enrolled")
        } catch EnrolmentFailure.answerLost {}
        // Whoever else has the code now cannot use it.
        let (other, otherPath) = try hub.store("two")
        await #expect(throws: EnrolmentFailure.codeRejected(.codeUsed)) {
          try await enrol(store: other, path: otherPath, client: client, code: code, label: "x")
        }
        let enrolment = try await enrol(
          store: store, path: path, client: client, code: code, label: "x")
        #expect(try store.owner()?.device == enrolment.identity.device)
        #expect(try hub.hub.devices().count == 1)
        let progress = try await synchronise(
          store: store, identity: enrolment.identity, client: client)
        #expect(progress.sent == 0)
      }
    }
  }

  @Test func `a hub that is not there leaves the code unused`() async throws {
    try await TestHub.run { hub in
      let (store, path) = try hub.store("one")
      let code = try hub.code()
      let nowhere = try HubClient(HubAddress("http://127.0.0.1:1"), timeouts: .short)
      let failure = await unavailable {
        _ = try await enrol(store: store, path: path, client: nowhere, code: code, label: "x")
      }
      guard case .unreachable = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      let client = try HubClient(HubAddress(hub.address))
      _ = try await enrol(store: store, path: path, client: client, code: code, label: "x")
    }
  }

  @Test func `a crash after the answer came is made good at the next start`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      try await lan.sync()
      let kept = Kept(identity: lan.identity, officer: "lan", officerName: "Lan", unit: "u1")
      // What the disk holds at each point at which the program can die.
      for (hasIdentity, hasOwner) in [(false, false), (true, false), (true, true)] {
        let (store, path) = try hub.store("crashed-\(hasIdentity)-\(hasOwner)")
        try JSONEncoder().encode(kept).write(to: URL(fileURLWithPath: path + ".enrolment"))
        if hasIdentity { try lan.identity.save(besideStore: path) }
        if hasOwner {
          try store.enrol(lan.identity, officer: "lan", epoch: 77, wallMilliseconds: wallClock())
        }
        #expect(try finishEnrolment(store: store, path: path)?.identity == lan.identity)
        #expect(try DeviceIdentity.load(besideStore: path) == lan.identity)
        #expect(try store.owner()?.officer == "lan")
        #expect(try finishEnrolment(store: store, path: path) == nil)
        let device = TestDevice(
          store: store, identity: lan.identity, client: lan.client, officer: "lan")
        try await device.sync()
        #expect(try device.projects() == ["p1=t"])
      }
    }
  }

  @Test func `what was written before enrolment is sent after it`() async throws {
    try await TestHub.run { hub in
      let (store, path) = try hub.store("early")
      try store.write(by: Author(officer: "lan", wallMilliseconds: wallClock())) { db in
        try db.execute(sql: "INSERT INTO project VALUES ('p1', 'early', NULL)")
      }
      #expect(try store.status(wallMilliseconds: wallClock()).waitingChangeSets == 1)
      let client = try HubClient(HubAddress(hub.address))
      let enrolment = try await enrol(
        store: store, path: path, client: client, code: try hub.code(), label: "x")
      let device = TestDevice(
        store: store, identity: enrolment.identity, client: client, officer: "lan")
      try await device.sync()
      #expect(try hub.hub.status().rows == ["project": 1])
      #expect(try device.status().isInStep)
    }
  }

  @Test func `a store does not sync under another store's identity`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      var minh = try await hub.device("minh")
      minh.identity = lan.identity
      await #expect(throws: EnrolmentFailure.identityBelongsToOtherStore) { try await minh.sync() }
      let (store, _) = try hub.store("nobody")
      minh = TestDevice(store: store, identity: lan.identity, client: lan.client, officer: "x")
      await #expect(throws: StoreError.notEnrolled) { try await minh.sync() }
    }
  }

  @Test(arguments: [
    ("https://hub.example.vn/", "https://hub.example.vn"),
    (" http://10.0.0.5:8080 ", "http://10.0.0.5:8080"),
    ("HTTPS://hub.vn/thuan//", "https://hub.vn/thuan"),
    ("http://[::1]:80", "http://[::1]:80"),
  ])
  func `an address is taken as people type it`(_ typed: String, _ canonical: String) throws {
    #expect(try HubAddress(typed).description == canonical)
  }

  @Test(arguments: [
    "", "hub.example.vn", "ftp://hub", "http://", "https://a:b@hub", "https://hub?x=1",
    "http://h ub",
    "http://hub:99999", "https://hub#x",
  ])
  func `an address that cannot be right is refused`(_ typed: String) {
    #expect(throws: HubAddressError.self) { try HubAddress(typed) }
  }
}
