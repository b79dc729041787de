import AsyncHTTPClient
import Foundation
import GRDB
import HubServer
import Hummingbird
import NIOCore
import NIOHTTP1
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Synchronization
import Testing

/// What whoever runs a hub sees of it.
struct OperationTests {
  private func get(_ url: String) async throws -> (status: UInt, body: String) {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url), timeout: .seconds(60))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return (response.status.code, String(buffer: bytes))
  }

  private var impatient: HubServer.Configuration {
    var configuration = HubServer.Configuration(port: 0)
    configuration.readyPatience = .milliseconds(200)
    return configuration
  }

  private func otherProgram(_ hub: TestHub) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(
      path: hub.folder.appendingPathComponent("hub.db").path, configuration: configuration)
  }

  @Test func `a hub that another program keeps from writing is not ready, and is again after`()
    async throws
  {
    try await TestHub.run(configuration: impatient) { hub in
      let ready = hub.address + HTTPContract.readyPath
      let other = try otherProgram(hub)
      try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
      #expect(try await get(ready).status == 503)
      // Nothing keeps it from answering what needs no writing.
      #expect(try await get(hub.address + HTTPContract.healthPath).status == 200)
      try await other.writeWithoutTransaction { db in try db.execute(sql: "ROLLBACK") }
      var status: UInt = 503
      for _ in 0..<200 where status != 200 { status = try await get(ready).status }
      #expect(status == 200)
    }
  }

  @Test func `a hub whose storage takes nothing in is not ready`() async throws {
    let trouble = Trouble()
    try await TestHub.run(
      wrapping: { TroubledDatabase(inner: $0, trouble: trouble) }, configuration: impatient
    ) { hub in
      let ready = hub.address + HTTPContract.readyPath
      for code in [ResultCode.SQLITE_FULL, .SQLITE_READONLY, .SQLITE_IOERR] {
        trouble.set(DatabaseError(resultCode: code))
        let status = try await get(ready).status
        #expect(status == 503)
      }
      trouble.set(nil)
      let status = try await get(ready).status
      #expect(status == 200)
    }
  }

  @Test func `damage that is found beside a pull is logged and counted`() async throws {
    let port = Int.random(in: 20_000...29_999)
    var configuration = HubServer.Configuration(port: 0)
    configuration.metricsPort = port
    let later = Mutex<Int64>(0)
    let now: @Sendable () -> Int64 = { wallClock() + later.withLock { $0 } }
    try await TestHub.run(configuration: configuration, now: now) { hub in
      let lan = try await hub.device("lan")
      for id in ["p1", "p2"] { try lan.add(id, "điều bí mật") }
      try await lan.sync()
      try await otherProgram(hub).write { db in
        try db.execute(sql: "UPDATE project SET title = 'hỏng' WHERE id = 'p1'")
      }
      // Rows are read again with a pull, a second apart at most.
      later.withLock { $0 += 2_000 }
      try await lan.sync()
      #expect(hub.log.text.contains("warning A damaged row has been put right"))
      #expect(hub.log.text.contains("key=p1 table=project"))
      #expect(!hub.log.text.contains("hỏng") && !hub.log.text.contains("bí mật"))
      let figures = try await get("http://127.0.0.1:\(port)/metrics").body
      #expect(figures.contains("thuan_hub_damaged_rows_total{outcome=\"restored\"} 1\n"))
      #expect(figures.contains("thuan_hub_damaged_rows_total{outcome=\"kept\"} 0\n"))
    }
  }

  @Test func `keys with which anybody can sign are let in by neither side`() async throws {
    let one = [1] + [UInt8](repeating: 0, count: 31)
    let weak: [[UInt8]] = [
      one, Array(one.dropLast()) + [0x80], [UInt8](repeating: 0, count: 32),
      [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
      [0xEE] + [UInt8](repeating: 0xFF, count: 31),
      try #require(
        bytesFromHexadecimal("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")),
    ]
    try await TestHub.run { hub in
      let client = try HubClient(HubAddress(hub.address), timeouts: .short)
      let code = try hub.code()
      for key in weak {
        let failure = await unavailable {
          _ = try await client.enrol(
            code: EnrolmentCode(typed: code), label: "x", publicKey: key)
        }
        #expect(failure == .refused(Refusal(.malformed, detail: "public key")))
      }
      // The code is as good as before.
      _ = try await client.enrol(
        code: EnrolmentCode(typed: code), label: "x",
        publicKey: DeviceIdentity.makeSigningKey().publicKey)
      #expect(!SmallOrderPoint.isSpelled(by: hub.hub.publicKey))
    }
    for key in weak { try await enrolAtHub(withKey: key) }
  }

  /// A hub that knows the code, and has a key that is no use.
  private func enrolAtHub(withKey key: [UInt8]) async throws {
    try await TestHub.run { hub in
      let router = Router()
      router.post(RouterPath(HTTPContract.enrolmentsPath)) { request, _ in
        let bytes = Array(try await request.body.collect(upTo: 1 << 16).readableBytesView)
        let reply = EnrolmentReply(
          to: try EnrolmentRequest(decoding: bytes), code: EnrolmentCode(typed: "c"), device: "d",
          officer: "lan", officerName: "lan", unit: "u1", hub: "h", hubKey: key, certificate: "")
        return Response(
          status: .ok, headers: [.contentType: HTTPContract.mediaType],
          body: ResponseBody(byteBuffer: ByteBuffer(bytes: reply.encoded())))
      }
      try await serving(router) { port in
        let (store, path) = try hub.store("lan")
        await #expect(throws: EnrolmentFailure.weakHubKey) {
          try await enrol(
            store: store, path: path,
            client: try HubClient(HubAddress("http://127.0.0.1:\(port)"), timeouts: .short),
            code: "c", label: "x")
        }
        #expect(try store.owner() == nil)
      }
    }
  }

  @Test func `both programs say their version, and the hub logs requests where it is told to`()
    throws
  {
    let programs = try Programs()
    for program in ["thuan", "thuan-hub"] {
      let said = try programs.run(program, "--version")
      #expect(said.code == 0)
      #expect(said.output.firstMatch(of: /^\d+\.\d+\.\d+\n$/) != nil, "\(said.output)")
    }
    try programs.prepare(devices: [])
    #expect(try !programs.hubLog().contains("/v1/enrolments"))
    programs.killHub()
    try programs.startHub(["--log-level", "info"])
    try programs.enrol("an")
    #expect(try programs.hubLog().contains("info POST /v1/enrolments 200"))
    #expect(try programs.hub("serve", "--log-level", "loud").code == 64)
  }

  @Test func `a link to a store leads to its identity`() throws {
    let programs = try Programs()
    try programs.prepare(devices: ["an"])
    let files = FileManager.default
    let folder = programs.folder.appendingPathComponent("elsewhere").path
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try files.createSymbolicLink(
      atPath: folder + "/link.db", withDestinationPath: "../an.db")
    try files.createSymbolicLink(
      atPath: programs.store("second"), withDestinationPath: folder + "/link.db")
    try programs.addSession("second", "qua liên kết")
    let sync = try programs.officer("second", "sync")
    #expect(sync.code == 0, "\(sync.errors)")
    #expect(try programs.officer("an", "status").output.contains("qua liên kết") == false)
    for name in [folder + "/link.db", programs.store("second")] {
      for ending in [".identity", ".lock"] { #expect(!files.fileExists(atPath: name + ending)) }
    }
    // What an older program has put beside the link is taken along.
    try files.moveItem(
      atPath: programs.store("an") + ".identity", toPath: programs.store("second") + ".identity")
    #expect(try programs.officer("second", "sync").code == 0)
    #expect(try programs.officer("an", "sync").code == 0)
  }
}
