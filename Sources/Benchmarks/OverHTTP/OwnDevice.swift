import GRDB
import SyncClient
import SyncCore
import SyncDevice

/// A device of this process that a hub has let in.
struct OwnDevice: Sendable {
  let store: DeviceStore
  let identity: DeviceIdentity

  /// Makes a device, with an empty store in a file or in memory.
  init(
    _ identity: DeviceIdentity, _ division: CountryHub.Division, path: String? = nil
  ) throws {
    self.init(store: try Self.store(path, division), identity: identity)
    try store.enrol(identity, officer: Self.officer, epoch: 1, wallMilliseconds: now())
  }

  /// Takes a store that has been enrolled.
  init(store: DeviceStore, identity: DeviceIdentity) {
    self.store = store
    self.identity = identity
  }

  private static let officer = "officer"

  /// Opens a store in a file or, without one, in memory.
  static func store(_ path: String?, _ division: CountryHub.Division) throws -> DeviceStore {
    guard let path else {
      return try DeviceStore(
        DatabaseQueue(), migrations: WorkloadTables.migrations, schema: division.schema(),
        wallMilliseconds: now())
    }
    return try DeviceStore(
      path: path, migrations: WorkloadTables.migrations, schema: division.schema(),
      wallMilliseconds: now(), isDurable: false)
  }

  /// Writes as the officer, in one transaction.
  func write(_ operations: some Sequence<Operation>) throws {
    try store.write(by: Author(officer: Self.officer, wallMilliseconds: now())) { db in
      for operation in operations { try operation.run(in: db) }
    }
  }

  /// Inserts rows, a session with what belongs to it at a time.
  func insert(_ rows: some Sequence<Workload.Row>) throws {
    var group: [Operation] = []
    for row in rows {
      if row.table == 0, !group.isEmpty {
        try write(group)
        group = []
      }
      group.append(row.insertion)
    }
    try write(group)
  }

  /// Comes into step with a hub.
  ///
  /// - Returns: What went and what came.
  /// - Throws: ``BenchError/wrongResult(_:)`` if it is not in step then, and what syncing throws.
  @discardableResult
  func sync(_ client: HubClient) async throws -> SyncProgress {
    let progress = try await synchronise(store: store, identity: identity, client: client)
    try requireInStep()
    return progress
  }

  /// - Throws: ``BenchError/wrongResult(_:)`` if the last sync has left anything open.
  func requireInStep() throws {
    try expect(
      "whether a device is in step", store.status(wallMilliseconds: now()).isInStep, true)
  }

  /// - Throws: ``BenchError/wrongResult(_:)`` if the store does not hold so many rows.
  func requireRows(_ wanted: Int) throws {
    try expect("rows on a device", store.read { try $0.rowCount() }, wanted)
  }
}

extension Workload.Row {
  var insertion: Operation { Operation(kind.insert, values) }
}
