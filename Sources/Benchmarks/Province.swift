import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub

/// A hub in a file, with the durability it has in earnest, and devices, without a network between.
final class Province {
  /// What everybody's clock shows when a life begins.
  static let start: Int64 = 1_764_100_000_000

  private let database: SQLiteHubDatabase
  private let hub: Hub
  private var wallMilliseconds = Province.start

  /// One device of the province.
  struct Device {
    let store: DeviceStore
    let identity: DeviceIdentity

    init(store: DeviceStore, identity: DeviceIdentity) {
      self.store = store
      self.identity = identity
    }
  }

  /// Opens a hub.
  ///
  /// - Parameter path: Where its file is; it is made if it is not there.
  /// - Throws: What the hub throws.
  init(hubAt path: String) throws {
    let schema = try WorkloadTables.schema()
    database = try SQLiteHubDatabase(
      path: path, migrations: WorkloadTables.migrations, schema: schema)
    hub = try Hub(
      database, schema: schema, timeline: "bench", secret: (1...32).map { $0 },
      randomness: SystemRandomNumberGenerator(), wallMilliseconds: Province.start)
  }

  /// Lets a new device in.
  func enrol(_ number: Int) throws -> DeviceIdentity {
    let key = DeviceIdentity.makeSigningKey()
    let code = EnrolmentCode(typed: "CODE\(number)")
    try hub.issue(
      code,
      for: EnrolmentGrant(officer: "officer", officerName: "Officer", unit: "", label: ""),
      wallMilliseconds: wallMilliseconds)
    let reply = try EnrolmentReply(
      decoding: hub.enrol(
        EnrolmentRequest(code: code, publicKey: key.publicKey, label: "device"),
        device: String(repeating: String(number), count: 32), wallMilliseconds: wallMilliseconds))
    return DeviceIdentity(
      device: reply.device, hub: "", hubKey: Data(reply.hubKey), signingKey: key.secret,
      incarnation: "\(number)")
  }

  /// A new store for a device that has been let in.
  func device(
    _ identity: DeviceIdentity, storeAt path: String, isDurable: Bool
  ) throws -> Device {
    let store = try openStore(path, isDurable: isDurable)
    try store.enrol(identity, officer: "officer", epoch: 1, wallMilliseconds: wallMilliseconds)
    return Device(store: store, identity: identity)
  }

  // MARK: Requests

  /// What a device sends along with a request, a second after the last: as often as the hub reads rows
  /// again.
  func sign(_ request: SyncRequest, by identity: DeviceIdentity) throws -> SignedRequest {
    wallMilliseconds += 1_000
    return try identity.signRequest(
      to: request.path, body: request.body, nonce: String(wallMilliseconds),
      hubMilliseconds: wallMilliseconds)
  }

  /// The hub's part: whose request it is, and the answer.
  func answer(_ request: SyncRequest, _ signed: SignedRequest) throws -> [UInt8] {
    try hub.answer(
      request.body, to: request.path,
      from: hub.admit(signed, wallMilliseconds: wallMilliseconds),
      wallMilliseconds: wallMilliseconds)
  }

  /// Brings a device into step with the hub, as its program does.
  ///
  /// - Parameters:
  ///   - device: Whose store.
  ///   - watch: Times the device's part and the hub's, but not the looking whether all went well.
  ///   - directions: Which ways it goes.
  ///   - keep: Is shown every request with its answer.
  /// - Returns: What was done.
  /// - Throws: What the device or the hub throws; ``BenchError/wrongResult(_:)`` if the device is not in
  ///   step at the end.
  @discardableResult
  func synchronise(
    _ device: Device, _ watch: inout Stopwatch, directions: SyncRound.Directions = [.push, .pull],
    keep: (SyncRequest, [UInt8]) throws -> Void = { _, _ in }
  ) throws -> SyncProgress {
    var round = SyncRound(device.store, identity: device.identity, directions: directions)
    while let request = try watch.time({ try round.next(wallMilliseconds: wallMilliseconds) }) {
      let answer = try watch.time {
        let answer = try self.answer(request, sign(request, by: device.identity))
        try round.receive(answer, wallMilliseconds: wallMilliseconds)
        return answer
      }
      try keep(request, answer)
    }
    if directions.contains(.pull) {
      let status = try device.store.status(wallMilliseconds: wallMilliseconds)
      try expect("the device is in step", status.isInStep, true)
    }
    return round.progress
  }

  /// Brings a device into step with the hub, with nobody looking at the time.
  @discardableResult
  func synchronise(
    _ device: Device, directions: SyncRound.Directions = [.push, .pull],
    keep: (SyncRequest, [UInt8]) throws -> Void = { _, _ in }
  ) throws -> SyncProgress {
    var watch = Stopwatch()
    return try synchronise(device, &watch, directions: directions, keep: keep)
  }

  // MARK: What the hub holds

  /// The sums that the hub has kept for all columns.
  func digests() throws -> ColumnDigests {
    try database.read { connection in
      var digests = ColumnDigests()
      try connection.each("SELECT tbl, col, sum FROM hub_digest", []) { row in
        guard let table = row[0].integer, let column = row[1].integer, let sum = row[2].integer
        else { return true }
        digests.replace(
          .init(table: Int(table), column: Int(column)), old: 0, new: UInt64(bitPattern: sum))
        return true
      }
      return digests
    }
  }

  /// What the hub's tables hold, read row by row.
  func content() throws -> Content {
    let tables = try WorkloadTables.schema().tables
    return try database.read { connection in
      var content = Content()
      for table in tables {
        try connection.each("SELECT \(table.columnList) FROM \(table.name)", []) { values in
          content.add(table, values)
          return true
        }
      }
      return content
    }
  }

  /// How many fields the operator is asked about.
  func openConflicts() throws -> Int {
    let count = try database.read { connection in
      try connection.first("SELECT count(*) FROM thuan_conflict WHERE state = 'open'")
    }
    return Int(count?[0].integer ?? 0)
  }
}

/// Opens a device's store over workload W's tables.
func openStore(_ path: String, isDurable: Bool = true) throws -> DeviceStore {
  try DeviceStore(
    path: path, migrations: WorkloadTables.migrations, schema: try WorkloadTables.schema(),
    wallMilliseconds: Province.start, isDurable: isDurable)
}

extension DeviceStore {
  /// Runs each batch as one transaction of an officer.
  func run(_ batches: [ArraySlice<Operation>]) throws {
    var wall = Province.start
    for batch in batches {
      wall += 1
      try write(by: Author(officer: "officer", wallMilliseconds: wall)) { db in
        for operation in batch { try operation.run(in: db) }
      }
    }
  }
}
