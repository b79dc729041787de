import GRDB
import SyncCore
import SyncSQLite

/// What has been told already of rows that differ from their marks: by a question that is open, or by
/// work that waits to be sent or to be decided on.
///
/// Whatever makes such a row differ may do so again and again. One difference is one question: telling
/// it once more would make the hub grow with every sync, and help nobody.
struct KnownDifferences {
  private let db: Database
  /// What was found before and waits, by table and row.
  private var waiting: [Int: [RowKey: RowChange]] = [:]

  init(_ db: Database) throws {
    self.db = db
    let bodies = try db.rows(
      """
      SELECT body FROM thuan_outbox WHERE position IN (\(PendingWork.positions)) ORDER BY position
      """)
    while let row = try bodies.next() {
      guard case .blob(let body) = row.value(at: 0),
        let changeSet = try? ChangeSet(decoding: body), changeSet.isFound
      else { continue }
      for change in changeSet.changes { waiting[change.table, default: [:]][change.key] = change }
    }
  }

  /// What of a difference nobody has been told yet; nothing if all of it is known.
  func news(in change: UntrackedChange) throws -> UntrackedChange? {
    let (table, key) = (change.table, change.key)
    let known = waiting[table.number]?[key]
    switch change.kind {
    case .vanished:
      if known?.operation == .delete { return nil }
      return try isAsked(table, key, unit: PublishedTables.rowUnit, nil) ? nil : change
    case .appeared:
      guard let known, known.operation == .insert, let values = try table.read(key, in: db),
        table.values(of: key, known.fields.lazy.map { ($0.column, $0.after) }) == values
      else { return change }
      return nil
    case .differs(let columns):
      guard let values = try table.read(key, in: db) else { return change }
      let units = Set(
        columns.compactMap { table.index(number: $0.number) }.compactMap { table.columns[$0].unit })
      let news = try units.filter { unit in
        let found = table.units[unit].columns.map { values[$0] }
        return try !isWaiting(known, table, unit, found)
          && !isAsked(table, key, unit: table.units[unit].name, found)
      }
      if news.isEmpty { return nil }
      let left = columns.filter { column in
        table.index(number: column.number).flatMap { table.columns[$0].unit }.map(news.contains)
          ?? true
      }
      return UntrackedChange(table: table, key: key, kind: .differs(left))
    }
  }

  private func isWaiting(
    _ known: RowChange?, _ table: TableSchema, _ unit: Int, _ found: [Value]
  ) -> Bool {
    guard let known, known.operation == .update else { return false }
    return zip(table.units[unit].columns, found).allSatisfy { column, value in
      known.fields.contains { $0.column == table.columns[column].number && $0.after == value }
    }
  }

  /// Whether an open question holds what was found, or without values a deletion.
  private func isAsked(
    _ table: TableSchema, _ key: RowKey, unit: String, _ found: [Value]?
  ) throws -> Bool {
    let content = found.map { Value.blob(encodedValues($0)) }
    return try db.exists(
      """
      SELECT 1 FROM thuan_conflict q JOIN thuan_candidate c ON c.conflict_id = q.id
      WHERE q.row_key = ? AND q.table_name = ? AND q.unit = ? AND q.other_key IS NULL
        AND q.state IN ('open', 'reopened') AND c.kind = ?
        \(content == nil ? "" : "AND c.content = ?")
      """,
      [key.stored, .text(table.name), .text(unit), .text(found == nil ? "deletion" : "found")]
        + (content.map { [$0] } ?? []))
  }
}

extension DeviceStore {
  /// What of differences nobody has been told yet.
  ///
  /// The rows of the others are noted: they are to be put right all the same.
  func news(in changes: [UntrackedChange], _ db: Database) throws -> [UntrackedChange] {
    if changes.isEmpty { return [] }
    let known = try KnownDifferences(db)
    return try changes.compactMap { change in
      let news = try known.news(in: change)
      if news == nil { try noteDifference(change, db) }
      return news
    }
  }

  private func noteDifference(_ change: UntrackedChange, _ db: Database) throws {
    try db.run(
      "INSERT INTO thuan_difference VALUES (?, ?) ON CONFLICT DO NOTHING",
      [.integer(Int64(change.table.number)), change.key.stored])
    try set(.isInStep, .integer(0), db)
  }

  /// Whether rows are known not to be as the hub has them.
  func hasDifferences(_ db: Database) throws -> Bool {
    try db.exists("SELECT 1 FROM thuan_difference LIMIT 1")
  }

  /// For each row that is known to differ, the smallest range of keys that the hub can be asked about.
  func rangesOfDifferences(_ db: Database) throws -> [(table: Int, range: KeyRange)] {
    try db.all("SELECT tbl, key FROM thuan_difference ORDER BY tbl, key").map { row in
      let before = try db.firstValues(
        "SELECT max(key) FROM thuan_shadow WHERE tbl = ? AND key < ?",
        [row.value(at: 0), row.value(at: 1)])?[0]
      return (row[0], KeyRange(after: before == .null ? nil : before, upTo: row.value(at: 1)))
    }
  }

  /// Forgets that rows differed: the hub's have been laid beside them.
  func forgetDifferences(in range: KeyRange, _ table: TableSchema, _ db: Database) throws {
    var (sql, arguments) = (
      "DELETE FROM thuan_difference WHERE tbl = ?", [Value.integer(Int64(table.number))]
    )
    if let after = range.after {
      sql += " AND key > ?"
      arguments.append(after)
    }
    if let upTo = range.upTo {
      sql += " AND key <= ?"
      arguments.append(upTo)
    }
    try db.run(sql, arguments)
  }
}
