import Foundation
package import GRDB
package import SyncCore
import SyncSQLite

extension DeviceStore {
  /// What to ask for next: the state from the cursor on, or the next page of a pull under way.
  package func nextPull() throws -> SyncRequest { try read { try nextPull($0) } }

  /// A store whose schema has grown since its last pull asks for everything, its own rows too: the
  /// hub may hold values for columns that it did not know.
  ///
  /// One that had to hold rows back asks for them again.
  private func nextPull(_ db: Database) throws -> SyncRequest {
    if let position = try setting(.position, db).integer {
      return .pull(
        epoch: Int(try setting(.pullEpoch, db).integer ?? 0),
        cursor: try setting(.pullCursor, db).integer ?? 0, position: position)
    }
    let known = try setting(.cursorSchema, db).integer
    if known != nil && known != Int64(schema.version) {
      return .pull(epoch: 0, cursor: 0, position: 0)
    }
    let cursor = min(try cursor(db), try releasedCursor(db) ?? .max)
    return .pull(
      epoch: Int(try setting(.epoch, db).integer ?? 0), cursor: cursor, position: cursor)
  }

  /// The oldest cursor of a row that was held back and need not be any more.
  func releasedCursor(_ db: Database) throws -> Int64? {
    let held = try db.all("SELECT tbl, key, cursor FROM thuan_held ORDER BY cursor")
    guard !held.isEmpty else { return nil }
    let pending = try PendingWork(db)
    for row in held {
      guard let table = schema.table(number: row[0]) else { continue }
      let key = try RowKey(stored: row.value(at: 1), columns: table.key.count)
      if pending.columns(table.number, key) == nil, !pending.isDeleted(table.number, key) {
        return row[2]
      }
    }
    return nil
  }

  /// Stages a page, and applies all that is staged when it is the last.
  ///
  /// - Parameters:
  ///   - bytes: The page as it came.
  ///   - request: What it is the answer to. If the store has moved on meanwhile, because another
  ///     program synced it, the page is passed over.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: The page, for whoever reports progress; nothing if it was passed over.
  /// - Throws: `WireError` for anything but a page, ``StoreError/otherHub`` for another hub's.
  package func receive(page bytes: [UInt8], for request: SyncRequest, wallMilliseconds: Int64)
    throws -> PullPage?
  {
    let page = try PullPage(decoding: bytes)
    var isExpected = true
    try withoutForeignKeys { db in
      let timeline = try setting(.timeline, db)
      guard timeline == .null || timeline == .text(page.timeline) else { throw StoreError.otherHub }
      isExpected = try nextPull(db) == request
      guard isExpected, case .pull(let epoch, let cursor, _) = request else { return }
      if try setting(.position, db) == .null {
        try set(.pullEpoch, .integer(Int64(epoch)), db)
        try set(.pullCursor, .integer(cursor), db)
        let newest: Int64? = try db.first("SELECT max(position) FROM thuan_outbox")?[0]
        try set(.pullOutbox, .integer(newest ?? 0), db)
      }
      try set(.timeline, .text(page.timeline), db)
      try db.run("INSERT INTO thuan_inbox (body) VALUES (?)", [.blob(bytes)])
      try set(.position, .integer(page.position), db)
      try noteContact(hubMilliseconds: page.hubMilliseconds, wallMilliseconds, db)
      if page.isLast { try applyStaged(last: page, wallMilliseconds: wallMilliseconds, db) }
    }
    return isExpected ? page : nil
  }

  /// Throws staged pages away, so that the next pull starts from the cursor.
  func discardStagedPages(_ db: Database) throws {
    try db.run("DELETE FROM thuan_inbox")
    try set(.position, .null, db)
  }

  /// The hub's state is whole, but pending work on top of it need not be (a new child of a row that
  /// the hub has deleted): foreign keys are not for this transaction to judge, and must on no
  /// account cascade.
  ///
  /// Neither are checks of a schema that is a version behind.
  private func withoutForeignKeys(_ body: (Database) throws -> Void) throws {
    try database.barrierWriteWithoutTransaction { db in
      let isOn = try Bool.fetchOne(db, sql: "PRAGMA foreign_keys") ?? false
      try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
      defer {
        try? db.execute(
          sql: "PRAGMA foreign_keys = \(isOn ? "ON" : "OFF"); PRAGMA ignore_check_constraints = OFF"
        )
      }
      try db.inTransaction(.immediate) {
        try body(db)
        return .commit
      }
    }
  }

  private func applyStaged(last: PullPage, wallMilliseconds: Int64, _ db: Database) throws {
    try seal(db, wallMilliseconds: wallMilliseconds)
    try settleQuarantine(db)
    try db.run("UPDATE thuan_capture SET applying = 1")
    let cursor = try setting(.pullCursor, db).integer ?? 0
    // Rows that were held back since then have come again with these pages.
    try db.run("DELETE FROM thuan_held WHERE cursor >= ?", [.integer(cursor)])
    var applier = try Applier(self, db, cursor: cursor)
    let pages = try Row.fetchCursor(db, sql: "SELECT body FROM thuan_inbox ORDER BY page")
    while let row = try pages.next() {
      guard case .blob(let bytes) = row.value(at: 0) else { continue }
      for row in try PullPage(decoding: bytes).rows { try applier.apply(row) }
    }
    try applier.finish()
    try db.run("UPDATE thuan_capture SET applying = 0")
    try discardStagedPages(db)
    try set(.cursor, .integer(last.position), db)
    try set(.cursorSchema, .integer(Int64(schema.version)), db)
    try scrubSlice(db, wallMilliseconds: wallMilliseconds)
    try compare(with: last, wallMilliseconds: wallMilliseconds, db)
  }

  /// Work whose quarantine has ended lies over the hub's rows no longer: the same pull brings them.
  private func settleQuarantine(_ db: Database) throws {
    let device = try setting(.device, db)
    let pages = try Row.fetchCursor(db, sql: "SELECT body FROM thuan_inbox ORDER BY page")
    while let row = try pages.next() {
      guard case .blob(let bytes) = row.value(at: 0) else { continue }
      for row in try PullPage(decoding: bytes).rows
      where row.table == PublishedTables.quarantine && row.key.values.first == device {
        guard let state = row.values.lazy.compactMap(\.text).compactMap(QuarantineState.init).first
        else { continue }
        try db.run(
          "UPDATE thuan_outbox SET settled = ? WHERE epoch = ? AND sequence = ?",
          [.integer(state == .open ? 0 : 1), row.key.values[1], row.key.values[2]])
      }
    }
  }

  /// "In step" is a comparison of digests with nothing pending, never the absence of an error
  /// (law L7).
  private func compare(with page: PullPage, wallMilliseconds: Int64, _ db: Database) throws {
    let isPending = try hasPendingWork(db)
    let differences = try digests(db).differences(from: page.digests, in: schema)
    let isInStep = !isPending && differences.isEmpty
    try set(.isInStep, .integer(isInStep ? 1 : 0), db)
    if isInStep { try set(.inStepAt, .integer(wallMilliseconds), db) }
  }

  func hasPendingWork(_ db: Database) throws -> Bool {
    try db.first(
      """
      SELECT 1 WHERE EXISTS (SELECT 1 FROM thuan_log)
        OR EXISTS (SELECT 1 FROM thuan_outbox WHERE disposition IS NULL)
        OR EXISTS (SELECT 1 FROM thuan_outbox WHERE disposition = 4 AND settled = 0)
        OR EXISTS (SELECT 1 FROM thuan_held)
      """) != nil
  }

  /// The columns' digests of what was last sealed or applied.
  package func digests(_ db: Database) throws -> ColumnDigests {
    var digests = ColumnDigests()
    for row in try Row.fetchAll(db, sql: "SELECT tbl, col, sum FROM thuan_digest") {
      let sum: Int64 = row[2]
      digests.sums[.init(table: row[0], column: row[1])] = UInt64(bitPattern: sum)
    }
    return digests
  }
}

/// Writes the hub's rows into the tables, keeping pending work on top.
private struct Applier {
  private let db: Database
  private let schema: SyncSchema
  private let published: [Int: TableSchema]
  private let pending: PendingWork
  private let cursor: Int64
  private var shadow: ShadowWriter

  init(_ store: DeviceStore, _ db: Database, cursor: Int64) throws {
    self.db = db
    self.cursor = cursor
    schema = store.schema
    published = Dictionary(
      uniqueKeysWithValues: try PublishedTables.schemas().map { ($0.number, $0) })
    // Work that was acknowledged while pages were coming in may be newer than what they say.
    pending = try PendingWork(db, orAfter: store.setting(.pullOutbox, db).integer)
    shadow = ShadowWriter(db)
  }

  /// Rows of tables that this schema does not know are passed over; they come again once it does.
  mutating func apply(_ row: PulledRow) throws {
    if let table = published[row.table] {
      try write(row, table, keeping: [])
    } else if let table = schema.table(number: row.table), row.key.values.count == table.key.count {
      let kept = pending.columns(row.table, row.key)
      let isHeld =
        pending.isDeleted(row.table, row.key)
        || (kept != nil && (row.kind == .deleted || row.kind == .evicted))
      if isHeld
        || (kept != nil
          && (row.kind == .whole || !row.columns.allSatisfy { kept?.contains($0) == false }))
      {
        try db.run(
          "INSERT INTO thuan_held VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          [.integer(Int64(row.table)), row.key.stored, .integer(cursor)])
      }
      if isHeld { return }
      try write(row, table, keeping: kept ?? [])
      try shadow.update(table, row.key, values: try table.read(row.key, in: db))
    }
  }

  mutating func finish() throws { try shadow.finish() }

  private func write(_ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>) throws {
    switch row.kind {
    case .deleted, .evicted:
      try table.delete(row.key, in: db)
    case .whole: try writeWhole(row, table, keeping: kept)
    case .fields: try writeFields(row, table, keeping: kept)
    }
  }

  private func writeWhole(_ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>) throws {
    var values = Array(repeating: Value.null, count: table.columns.count)
    for (column, value) in zip(row.columns, row.values) {
      if let index = table.index(number: column) { values[index] = value }
    }
    for (index, value) in zip(table.key, row.key.values) { values[index] = value }
    let keys = table.key.map { quoted(table.columns[$0].name) }.joined(separator: ", ")
    let changes = table.columns.filter { $0.unit != nil && !kept.contains($0.number) }
      .map { "\(quoted($0.name)) = excluded.\(quoted($0.name))" }
    let update = changes.isEmpty ? "NOTHING" : "UPDATE SET " + changes.joined(separator: ", ")
    let places = Array(repeating: "?", count: values.count).joined(separator: ", ")
    try db.run(
      """
      INSERT INTO \(quoted(table.name)) (\(table.columnList)) VALUES (\(places))
      ON CONFLICT (\(keys)) DO \(update)
      """, values)
  }

  private func writeFields(_ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>) throws {
    var names: [String] = []
    var values: [Value] = []
    for (column, value) in zip(row.columns, row.values) where !kept.contains(column) {
      guard let index = table.index(number: column) else { continue }
      names.append("\(quoted(table.columns[index].name)) = ?")
      values.append(value)
    }
    guard !names.isEmpty else { return }
    try db.run(
      "UPDATE \(quoted(table.name)) SET \(names.joined(separator: ", ")) WHERE \(table.keyCondition)",
      values + row.key.values)
  }
}
