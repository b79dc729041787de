package import Foundation
import GRDB
package import SyncCore
package import SyncDevice
package import SyncHub
package import SyncSQLite

/// A hub and its devices in one process, without a network: real stores, real files, real bytes.
package final class World {
  package let folder: URL
  package let schema: SyncSchema
  package private(set) var hub: Hub
  package private(set) var hubDatabase: SQLiteHubDatabase
  private let migrations: [Migration]
  private let rules: [any HubRule]
  private let policy: any AccessPolicy
  /// The time that everybody's clock shows; tests move it.
  package var now: Int64 = 1_700_000_000_000
  private var enrolled = 0
  private var epochs = 1_000

  package func nextEpoch() -> Int {
    epochs += 1
    return epochs
  }

  package init(
    schema: SyncSchema? = nil, migrations: [Migration] = ToySchema.migrations,
    rules: [any HubRule] = [], policy: any AccessPolicy = OpenAccess(), hubFile: String? = nil
  ) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "thuan-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.schema = try schema ?? ToySchema.schema()
    self.migrations = migrations
    self.rules = rules
    self.policy = policy
    let folder = folder
    let path = hubFile.map { folder.appendingPathComponent($0).path }
    hubDatabase = try SQLiteHubDatabase(path: path, migrations: migrations, schema: self.schema)
    hub = try Hub(
      hubDatabase, schema: self.schema, rules: rules, policy: policy, timeline: "t1",
      secret: Self.secret, randomness: TestRandom(seed: UInt64(now)), wallMilliseconds: now)
  }

  private static let secret: [UInt8] = (1...32).map { $0 }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Puts the hub back from a copy, as somebody would who knows nothing of this program.
  package func restoreHub(from copy: String) throws {
    let path = folder.appendingPathComponent("hub-\(now).db").path
    try FileManager.default.copyItem(atPath: copy, toPath: path)
    hubDatabase = try SQLiteHubDatabase(path: path, migrations: migrations, schema: schema)
    try reopenHub()
  }

  /// Starts the hub's program again.
  package func reopenHub() throws {
    hub = try Hub(
      hubDatabase, schema: schema, rules: rules, policy: policy, timeline: "never used",
      secret: Self.secret, randomness: TestRandom(seed: UInt64(now)), wallMilliseconds: now)
  }

  /// Lets the hub answer in pages of so few rows that every pull takes several.
  package func limitPages(to rows: Int) { hub.pageRows = rows }

  /// Lets so few rows follow another to its scope in one transaction that most moves take several.
  package func limitMoves(to rows: Int) { hub.movedRows = rows }

  /// Lets passwords cost next to nothing.
  package func cheapenPasswords() {
    hub.passwordCosts = PasswordCosts(rounds: 16, blockSize: 1, parallelism: 1)
  }

  /// The device once more, over another file: put back from a copy, or cloned.
  package func device(_ device: TestDevice, at path: String) throws -> TestDevice {
    TestDevice(
      world: self, store: try open(path), identity: device.identity, officer: device.officer,
      epoch: device.epoch, path: path)
  }

  /// The same store, enrolled anew as another device.
  package func renew(_ device: TestDevice) throws -> TestDevice {
    let (identity, epoch) = try enrol(device.officer)
    try device.store.enrol(
      identity, officer: device.officer, epoch: epoch, wallMilliseconds: now)
    return TestDevice(
      world: self, store: device.store, identity: identity, officer: device.officer, epoch: epoch,
      path: device.path)
  }

  /// A device with a store of its own, enrolled for an officer.
  package func device(_ officer: String) throws -> TestDevice {
    let (identity, epoch) = try enrol(officer)
    let path = folder.appendingPathComponent("\(officer)-\(epoch).db").path
    let store = try open(path)
    try store.enrol(identity, officer: officer, epoch: epoch, wallMilliseconds: now)
    return TestDevice(
      world: self, store: store, identity: identity, officer: officer, epoch: epoch, path: path)
  }

  private func enrol(_ officer: String) throws -> (DeviceIdentity, epoch: Int) {
    enrolled += 1
    now += 1
    let code = EnrolmentCode(typed: "CODE\(enrolled)")
    try hub.issue(
      code,
      for: EnrolmentGrant(officer: officer, officerName: officer, unit: "u", label: "D-\(officer)"),
      wallMilliseconds: now)
    let key = DeviceIdentity.makeSigningKey()
    let device = String(repeating: String(enrolled), count: 32)
    let reply = try EnrolmentReply(
      decoding: hub.enrol(
        EnrolmentRequest(code: code, publicKey: key.publicKey, label: "x"), device: device,
        wallMilliseconds: now))
    let identity = DeviceIdentity(
      device: reply.device, hub: "", hubKey: Data(reply.hubKey), signingKey: key.secret,
      incarnation: "i\(enrolled)")
    return (identity, enrolled)
  }

  package func open(_ path: String) throws -> DeviceStore {
    try DeviceStore(
      path: path, migrations: migrations, schema: schema, wallMilliseconds: now, isDurable: false)
  }

  /// All rows of a table at the hub, as text that compares exactly.
  package func hubRows(_ table: String) throws -> [[Value]] {
    guard let declared = schema.table(named: table) else { return [] }
    return try hubDatabase.read { connection in
      var rows: [[Value]] = []
      let order = declared.key.map { quoted(declared.columns[$0].name) }.joined(separator: ", ")
      try connection.each(
        "SELECT \(declared.columnList) FROM \(quoted(table)) ORDER BY \(order)", []
      ) {
        rows.append($0)
        return true
      }
      return rows
    }
  }
}

/// One device of a ``World``.
package struct TestDevice {
  package unowned let world: World
  package let store: DeviceStore
  package let identity: DeviceIdentity
  package let officer: String
  package let epoch: Int
  package let path: String

  package init(
    world: World, store: DeviceStore, identity: DeviceIdentity, officer: String, epoch: Int,
    path: String
  ) {
    self.world = world
    self.store = store
    self.identity = identity
    self.officer = officer
    self.epoch = epoch
    self.path = path
  }

  /// Writes as the device's officer, a second later than whatever happened before.
  package func write(_ sql: String, _ arguments: [SyncCore.Value] = []) throws {
    world.now += 1000
    try store.write(by: Author(officer: officer, wallMilliseconds: world.now)) { db in
      try db.execute(sql: sql, arguments: StatementArguments(arguments))
    }
  }

  /// Syncs with the hub as a client would, message by message.
  @discardableResult
  package func sync(
    _ directions: SyncRound.Directions = [.push, .pull],
    hearing answers: ([UInt8]) -> Void = { _ in }
  ) throws -> SyncProgress {
    world.now += 1000
    var round = SyncRound(store, identity: identity, directions: directions)
    while let request = try round.next(wallMilliseconds: world.now) {
      do {
        let bytes = try answer(request)
        answers(bytes)
        try round.receive(bytes, wallMilliseconds: world.now)
      } catch let refusal as Refusal {
        try round.receive(
          refusal, newEpoch: world.nextEpoch(), wallMilliseconds: world.now)
      }
    }
    return round.progress
  }

  /// What the hub answers to a request, as bytes.
  package func answer(_ request: SyncRequest) throws -> [UInt8] {
    let signed = try identity.signRequest(
      to: request.path, body: request.body, nonce: UUID().uuidString, hubMilliseconds: world.now)
    return try world.hub.answer(
      request.body, to: request.path,
      from: world.hub.admit(signed, wallMilliseconds: world.now), wallMilliseconds: world.now)
  }

  /// Copies the store as it is now.
  ///
  /// - Returns: Where the copy is.
  package func copy(_ name: String) throws -> String {
    let path = world.folder.appendingPathComponent(name).path
    try store.backup(to: path)
    return path
  }

  package func rows(_ table: String) throws -> [[SyncCore.Value]] {
    guard let declared = world.schema.table(named: table) else { return [] }
    let order = declared.key.map { quoted(declared.columns[$0].name) }.joined(separator: ", ")
    return try store.read { db in
      try Row.fetchAll(
        db, sql: "SELECT \(declared.columnList) FROM \(quoted(table)) ORDER BY \(order)"
      ).map { $0.values() }
    }
  }

  /// One value of one row.
  package func value(_ sql: String) throws -> SyncCore.Value {
    try store.read { db in try Row.fetchOne(db, sql: sql)?.value(at: 0) ?? .null }
  }

  package func status() throws -> StoreStatus { try store.status(wallMilliseconds: world.now) }
}
