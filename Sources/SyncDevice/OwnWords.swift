import GRDB
import SyncCore
import SyncSQLite

/// What this device said last of rows, where the hub has not taken it in.
///
/// Other than ``PendingWork`` it knows the values, and only those that nothing of this device's own
/// came after.
struct OwnWords {
  struct Row {
    /// Whether the row was made or deleted; nothing where it was only changed.
    var exists: Bool?
    var fields: [Int: Value] = [:]
    /// All that was said of it since it was made here, to make it with once more.
    var whole: [Int: Value] = [:]
    /// The schema under which it was made.
    var schemaVersion = 0
  }

  private var rows: [Int: [RowKey: Row]] = [:]

  init(_ db: Database) throws {
    let pending = "settled = 0 AND (disposition IS NULL OR disposition = 4)"
    let bodies = try db.rows(
      """
      SELECT body, \(pending) FROM thuan_outbox
      WHERE settled <> 2
        AND position >= (SELECT min(position) FROM thuan_outbox
          WHERE settled = 0 AND position IN (\(PendingWork.positions)))
      ORDER BY position
      """)
    while let row = try bodies.next() {
      // What was found here is nobody's word, and what was dismissed is nobody's any more.
      guard case .blob(let body) = row.value(at: 0),
        let changeSet = try? ChangeSet(decoding: body), !changeSet.isFound
      else { continue }
      for change in changeSet.changes {
        note(change, isPending: row[1] == 1, under: changeSet.schemaVersion)
      }
    }
    try noteWaiting(db)
  }

  /// What of a row cannot be sent came after all of it that was.
  private mutating func noteWaiting(_ db: Database) throws {
    try db.each(
      """
      SELECT change, schema_version FROM thuan_waiting
      WHERE state = 0 AND is_found = 0 ORDER BY id
      """
    ) { row in
      guard case .blob(let bytes) = row[0] else { return true }
      note(try RowChange(decoding: bytes), isPending: true, under: Int(row[1].integer ?? 0))
      return true
    }
  }

  private mutating func note(_ change: RowChange, isPending: Bool, under schemaVersion: Int) {
    var row = rows[change.table]?[change.key] ?? Row()
    if change.operation != .update {
      row = Row(exists: isPending ? change.operation == .insert : nil)
      row.schemaVersion = schemaVersion
    } else if row.exists == false {
      // It was there to be changed: the hub had brought it back.
      row.exists = nil
    }
    for field in change.fields where change.operation != .delete {
      row.fields[field.column] = isPending ? field.after : nil
      row.whole[field.column] = field.after
    }
    rows[change.table, default: [:]][change.key] = row
  }

  func row(_ table: Int, _ key: RowKey) -> Row? { rows[table]?[key] }

  /// The rows of a table of which something is said, in the order of their keys.
  func rows(of table: Int) -> [(key: RowKey, row: Row)] {
    (rows[table] ?? [:]).filter { $0.value.exists != nil || !$0.value.fields.isEmpty }
      .sorted { $0.key.stored < $1.key.stored }.map { ($0.key, $0.value) }
  }
}
