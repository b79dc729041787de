import GRDB
import SyncCore
import SyncSQLite

/// One entry of the change log.
struct LogEntry {
  let id: Int64
  let table: Int
  let operation: Int
  let key: Value
  /// Of an update its column's wire number, of a transaction's end its base.
  let column: Int?
  let old: Value
  let new: Value
  let at: Int64?

  static let columns = "id, tbl, op, key, col, old, new, at"

  static let insert = 1
  static let update = 2
  static let delete = 3
  /// A row that a REPLACE may be about to remove.
  static let suspect = 4
  /// The end of a ``LoggedTransaction``.
  static let end = 5
  /// The end of one that was found.
  static let endOfFound = 6

  init(_ row: [Value]) {
    id = row[0].integer ?? 0
    table = Int(row[1].integer ?? 0)
    operation = Int(row[2].integer ?? 0)
    key = row[3]
    column = row[4].integer.map { Int($0) }
    old = row[5]
    new = row[6]
    at = row[7].integer
  }
}

/// A run of entries that belong together, with who wrote them, when, and knowing what.
///
/// It stands in the log behind the last of them, where one more entry costs next to nothing. Nobody
/// else writes while a transaction is open, so the number of its first entry says which are its own.
struct LoggedTransaction {
  let first: Int64
  let officer: String
  let stamp: HybridTime
  let wallMilliseconds: Int64
  /// The cursor that the officer knew, where it was not the store's.
  var base: Int64?
  /// Whether nobody is known to have written it: rows differed from their marks.
  var isFound = false
}

extension LoggedTransaction {
  /// Reads the entry that ends one; nothing if it is another entry, or says too little.
  init?(_ entry: LogEntry) {
    guard entry.operation == LogEntry.end || entry.operation == LogEntry.endOfFound,
      let first = entry.key.integer, let officer = entry.old.text, let stamp = entry.new.integer,
      let wall = entry.at
    else { return nil }
    self.init(
      first: first, officer: officer, stamp: HybridTime(bits: UInt64(bitPattern: stamp)),
      wallMilliseconds: wall, base: entry.column.map { Int64($0) },
      isFound: entry.operation == LogEntry.endOfFound)
  }
}

extension Database {
  /// The number of the log's last entry; 0 if there is none.
  func lastLogEntry() throws -> Int64 {
    try firstValues("SELECT max(id) FROM thuan_log")?[0].integer ?? 0
  }

  /// Notes that a transaction's last entry has been logged.
  func logEnd(of transaction: LoggedTransaction) throws {
    try run(
      "INSERT INTO thuan_log (tbl, op, key, col, old, new, at) VALUES (0, ?, ?, ?, ?, ?, ?)",
      [
        .integer(Int64(transaction.isFound ? LogEntry.endOfFound : LogEntry.end)),
        .integer(transaction.first), transaction.base.map(Value.integer) ?? .null,
        .text(transaction.officer), .integer(Int64(bitPattern: transaction.stamp.bits)),
        .integer(transaction.wallMilliseconds),
      ])
  }

  /// The transaction that was logged last.
  func lastLoggedTransaction() throws -> LoggedTransaction? {
    try firstValues(
      "SELECT \(LogEntry.columns) FROM thuan_log WHERE op > 4 ORDER BY id DESC LIMIT 1"
    ).flatMap { LoggedTransaction(LogEntry($0)) }
  }

  /// The first transaction that ends behind an entry.
  func loggedTransaction(after entry: Int64) throws -> LoggedTransaction? {
    try firstValues(
      "SELECT \(LogEntry.columns) FROM thuan_log WHERE op > 4 AND id > ? ORDER BY id LIMIT 1",
      [.integer(entry)]
    ).flatMap { LoggedTransaction(LogEntry($0)) }
  }
}
