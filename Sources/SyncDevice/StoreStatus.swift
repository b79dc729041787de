import GRDB
import SyncCore
package import SyncSQLite

/// How a store stands towards the hub.
package struct StoreStatus: Equatable, Sendable {
  /// Transactions that have no receipt, and when the oldest was written by the device's clock.
  package var waitingChangeSets = 0
  package var waitingSinceMilliseconds: Int64?
  /// Rows that the waiting transactions touch, by table name.
  package var waitingRows: [String: Int] = [:]
  package var quarantined = 0
  /// What cannot be sent, and what waits with it.
  package var waiting = WaitingWork()
  package var openConflicts = 0
  /// Device time of the last answer from the hub.
  package var lastContactMilliseconds: Int64?
  /// Whether the last sync ended with nothing pending and equal digests, and nothing has been
  /// written since (law L7).
  package var isInStep = false
  package var lastInStepMilliseconds: Int64?
  /// Hub time less device time at the last push, where it is too much to trust the device's clock.
  package var clockOffsetMilliseconds: Int64 = 0
  package var cursor: Int64 = 0
  /// Which scopes the store's rows are of: see `Access.version` in SyncCore.
  package var access: UInt64 = 0
  /// Triggers of others that are silent while rows of the hub's are put in place.
  package var silencedTriggers: [ForeignTrigger] = []
  /// Whether the hub has revoked the device and told it to lock what it holds.
  package var isLocked = false

  /// Whether rows lie over the hub's because they, or what they depend on, cannot be sent.
  package var hasWaitingRows: Bool {
    waiting.dependents > 0 || waiting.rows.contains { !$0.isFound }
  }
}

extension DeviceStore {
  /// How the store stands, as a query: nothing here is counted along.
  package func status(wallMilliseconds: Int64) throws -> StoreStatus {
    try database.write { db in
      // The log becomes change sets, so that what waits is counted in officers' transactions.
      try seal(db, wallMilliseconds: wallMilliseconds)
      var status = StoreStatus()
      let waiting = try db.rows(
        "SELECT body, wall FROM thuan_outbox WHERE disposition IS NULL")
      var rows: [Int: Set<RowKey>] = [:]
      while let row = try waiting.next() {
        status.waitingChangeSets += 1
        let wall: Int64 = row[1]
        status.waitingSinceMilliseconds = min(status.waitingSinceMilliseconds ?? wall, wall)
        guard case .blob(let body) = row.value(at: 0) else { continue }
        guard let changeSet = try? ChangeSet(decoding: body) else { continue }
        for change in changeSet.changes {
          rows[change.table, default: []].insert(change.key)
        }
      }
      for (number, keys) in rows {
        if let table = schema.table(number: number) { status.waitingRows[table.name] = keys.count }
      }
      status.quarantined = try count("thuan_outbox WHERE disposition = 4 AND settled = 0", db)
      status.waiting = try waitingWork(db)
      status.openConflicts = try count("thuan_conflict WHERE state IN ('open', 'reopened')", db)
      status.lastContactMilliseconds = try setting(.lastContact, db).integer
      status.lastInStepMilliseconds = try setting(.inStepAt, db).integer
      let wasInStep = try setting(.isInStep, db) == .integer(1)
      status.isInStep = try wasInStep && !hasPendingWork(db) && !hasDifferences(db)
      status.silencedTriggers = try foreignTriggers(db).filter(\.isSilenced)
      status.clockOffsetMilliseconds = try setting(.clockOffset, db).integer ?? 0
      status.cursor = try cursor(db)
      status.access = try point(at: status.cursor, db).access
      status.isLocked = try setting(.isLocked, db) == .integer(1)
      return status
    }
  }

  private func count(_ source: String, _ db: Database) throws -> Int {
    try db.first("SELECT count(*) FROM \(source)")?[0] ?? 0
  }
}
