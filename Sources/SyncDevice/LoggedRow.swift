import SyncCore

/// A row as the change log names it.
struct LoggedPlace: Hashable {
  let table: Int
  let key: Value
}

/// What the change log says of one row in the end.
struct LoggedRow {
  let place: LoggedPlace
  /// The last entry that made or deleted the row, and what it was.
  private var whole: (id: Int64, operation: Int)?
  /// The last time that a REPLACE was about to remove it.
  private(set) var suspect: Int64?
  private var updates: [(id: Int64, column: Int, value: Value)] = []

  /// Each row's last entry of every column, row by row.
  ///
  /// SQLite takes bare columns from the row that has the maximum. Values are looked up afterwards, or
  /// all of them would be sorted along.
  static let select = """
    SELECT tbl, key, col, id, op, (SELECT new FROM thuan_log WHERE id = entry.id) FROM (
      SELECT tbl, key, coalesce(col, 0) AS col, max(id) AS id, op FROM thuan_log WHERE op < 5
      GROUP BY tbl, key, coalesce(col, 0), op = 4) entry
    """

  init(_ place: LoggedPlace) { self.place = place }

  mutating func add(_ entry: [Value]) {
    let (id, operation) = (entry[3].integer ?? 0, Int(entry[4].integer ?? 0))
    switch operation {
    case LogEntry.update: updates.append((id, Int(entry[2].integer ?? 0), entry[5]))
    case LogEntry.suspect: suspect = id
    default: whole = (id, operation)
    }
  }

  var isUnwritten: Bool { whole == nil && updates.isEmpty }

  /// Whether the log knows the row from its beginning; what stands where one was deleted, and nothing
  /// says that it was made, it does not.
  var isMade: Bool { whole?.operation == LogEntry.insert }

  /// The values that were written one by one since the row was made.
  var written: [Int: Value] {
    Dictionary(
      updates.lazy.filter { $0.id > whole?.id ?? 0 }.map { ($0.column, $0.value) },
      uniquingKeysWith: { $1 })
  }

  var updatedColumns: Set<Int> { Set(updates.map(\.column)) }

  private var last: Int {
    guard let whole, updates.allSatisfy({ $0.id < whole.id }) else { return LogEntry.update }
    return whole.operation
  }

  var isDeleted: Bool { last == LogEntry.delete }

  /// Whether nothing in the log may have taken the row away since it was last written.
  var mustBeThere: Bool {
    let written = max(whole?.id ?? 0, updates.map(\.id).max() ?? 0)
    return !isDeleted && suspect ?? 0 <= written
  }
}
