import GRDB
import SyncCore
import SyncSQLite

extension DeviceStore {
  /// About how many bytes there are in all the values that the log tells of from an entry on.
  func loggedBytes(from first: Int64, _ db: Database) throws -> Int64 {
    let entries = try db.firstValues(
      """
      SELECT sum(coalesce(length(CAST(old AS BLOB)), 0) + coalesce(length(CAST(new AS BLOB)), 0))
          FILTER (WHERE op = 2),
        max(op IN (1, 3, 4))
      FROM thuan_log WHERE id >= ?
      """, [.integer(first)])
    var bytes = entries?[0].integer ?? 0
    if entries?[1] == .integer(0) { return bytes }
    try db.each(
      "SELECT \(LogEntry.columns) FROM thuan_log WHERE id >= ? AND op IN (1, 3, 4)",
      [.integer(first)]
    ) { row in
      let entry = LogEntry(row)
      guard let table = schema.table(number: entry.table) else { return true }
      let key = try RowKey(stored: entry.key, columns: table.key.count)
      let values =
        try entry.operation == LogEntry.insert
        ? table.read(key, in: db) : image(entry.id, table, db)
      bytes += (values ?? []).reduce(0) { $0 + Int64($1.approximateBytes) }
      return bytes <= SyncLimits.rowChangeBytes
    }
    return bytes
  }
}
