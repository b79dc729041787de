import GRDB
package import SyncCore
import SyncSQLite

/// A row that cannot be sent as it is.
package struct WaitingRow: Equatable, Sendable {
  /// By which people name it.
  package let number: Int64
  package let obstacle: Obstacle
  /// Device time of what was first written that could not be sent.
  package let sinceMilliseconds: Int64
  /// Whether nobody is known to have written it: the hub's row is in its place, and what was found is
  /// only kept.
  package let isFound: Bool
  /// Whether an officer has taken it off the list.
  package let isDismissed: Bool
}

/// What cannot be sent, and how much waits with it.
package struct WaitingWork: Equatable, Sendable {
  /// Rows that cannot travel, the oldest first.
  package var rows: [WaitingRow] = []
  /// Rows that could travel, and wait for those.
  package var dependents = 0

  package init() {}

  /// Those that are still on the list.
  package var listed: [WaitingRow] { rows.filter { !$0.isDismissed } }
}

extension DeviceStore {
  /// What cannot be sent, and why.
  ///
  /// - Parameter wallMilliseconds: What the device's clock shows.
  /// - Returns: The rows, those that are off the list too.
  /// - Throws: SQLite's errors.
  package func waitingWork(wallMilliseconds: Int64) throws -> WaitingWork {
    try database.write { db in
      try seal(db, wallMilliseconds: wallMilliseconds)
      return try waitingWork(db)
    }
  }

  func waitingWork(_ db: Database) throws -> WaitingWork {
    var work = WaitingWork()
    try db.each(
      """
      SELECT number, tbl, key, reason, col, bytes, since, is_found, is_dismissed
      FROM thuan_waiting_row ORDER BY number
      """
    ) { row in
      guard let reason = row[3].integer.flatMap({ Obstacle.Reason(rawValue: Int($0)) }),
        let table = schema.table(number: Int(row[1].integer ?? 0))
      else {
        work.dependents += 1
        return true
      }
      let obstacle = Obstacle(
        table: table.number, key: try RowKey(stored: row[2], columns: table.key.count),
        reason: reason, column: Int(row[4].integer ?? 0), bytes: Int(row[5].integer ?? 0))
      work.rows.append(
        WaitingRow(
          number: row[0].integer ?? 0, obstacle: obstacle, sinceMilliseconds: row[6].integer ?? 0,
          isFound: row[7] == .integer(1), isDismissed: row[8] == .integer(1)))
      return true
    }
    return work
  }

  /// What the hub is told of it; nothing where nothing is on the list.
  func waitingReport(_ db: Database) throws -> WaitingReport? {
    guard try db.exists("SELECT 1 FROM thuan_waiting_row LIMIT 1") else { return nil }
    let work = try waitingWork(db)
    if work.listed.isEmpty { return nil }
    var report = WaitingReport()
    report.dependents = work.dependents
    for row in work.listed {
      report.add(.init(row.obstacle, sinceMilliseconds: row.sinceMilliseconds))
    }
    return report
  }

  /// Takes a row off the list of what cannot be sent.
  ///
  /// It waits all the same, and is sent once it can be.
  ///
  /// - Parameter number: As ``WaitingRow`` has it.
  /// - Returns: Whether there was one on the list.
  /// - Throws: SQLite's errors.
  package func dismissWaiting(_ number: Int64) throws -> Bool {
    try database.write { db in
      try db.run(
        """
        UPDATE thuan_waiting_row SET is_dismissed = 1
        WHERE number = ? AND reason IS NOT NULL AND is_dismissed = 0
        """, [.integer(number)])
      return db.changesCount > 0
    }
  }

  /// What waits or waited, in the form of change sets that were never made of it, for whoever looks at
  /// all that was written here: the oldest first.
  ///
  /// - Parameters:
  ///   - isOver: Whether those are meant that wait no more.
  ///   - db: The store.
  /// - Returns: What was written together, as one each.
  /// - Throws: SQLite's errors.
  func waitingChangeSets(isOver: Bool, _ db: Database) throws -> [LoggedChangeSet] {
    let stream = StreamID(
      device: try setting(.device, db).text ?? "",
      epoch: Int(try setting(.epoch, db).integer ?? 0))
    var sets: [ChangeSet] = []
    var last: SyncCore.Value?
    try db.each(
      """
      SELECT grp, change, base, officer, wall, stamp, schema_version, is_foreign, is_found
      FROM thuan_waiting WHERE state = ? ORDER BY id
      """, [.integer(isOver ? 1 : 0)]
    ) { row in
      guard case .blob(let bytes) = row[1] else { return true }
      if row[0] != last {
        var changeSet = ChangeSet(
          stream: stream, sequence: 0, previous: [], schemaVersion: Int(row[6].integer ?? 0),
          base: try point(at: row[2].integer ?? 0, db),
          stamp: HybridTime(bits: UInt64(bitPattern: row[5].integer ?? 0)),
          wallMilliseconds: row[4].integer ?? 0, officer: row[3].text ?? "",
          isForeign: row[7] == .integer(1), changes: [])
        changeSet.isFound = row[8] == .integer(1)
        sets.append(changeSet)
        last = row[0]
      }
      sets[sets.count - 1].changes.append(try RowChange(decoding: bytes))
      return true
    }
    return sets.map {
      LoggedChangeSet(
        changeSet: $0, disposition: nil, reason: "", isSettled: isOver,
        acknowledgedMilliseconds: nil, isInQuestion: false, isSealed: false)
    }
  }
}
