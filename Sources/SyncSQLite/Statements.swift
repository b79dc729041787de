package import GRDB
import GRDBSQLite
package import SyncCore

/// Statements that are prepared once and kept.
///
/// What runs for every row goes from a ``SyncCore/Value`` to SQLite and back without anything between:
/// GRDB boxes every argument and every column, which costs more than the statement. GRDB's observers
/// do not see what is written so; see ``GRDB/Database/notifyChanges(in:)``.
extension Database {
  /// Runs a statement.
  package func run(_ sql: String, _ arguments: [SyncCore.Value] = []) throws {
    unsafe try step(sql, arguments) { _ in true }
  }

  /// Runs a statement some of whose arguments are the bytes of texts that are none: not UTF-8, or with a
  /// NUL in them.
  ///
  /// - Parameters:
  ///   - sql: The statement.
  ///   - arguments: A value for each parameter.
  ///   - texts: Where among them blobs go in as texts.
  /// - Throws: SQLite's errors.
  package func run(
    _ sql: String, _ arguments: [SyncCore.Value], textsAt texts: Set<Int>
  ) throws {
    if texts.isEmpty { return try run(sql, arguments) }
    unsafe try step(try makeStatement(sql: sql), sql, arguments, textsAt: texts) { _ in true }
  }

  /// Reads a query's rows one by one until the closure returns false.
  ///
  /// - Parameters:
  ///   - sql: The query.
  ///   - arguments: A value for each parameter.
  ///   - body: Is given a row's values, exactly as they are stored.
  /// - Throws: SQLite's errors, and what `body` throws.
  package func each(
    _ sql: String, _ arguments: [SyncCore.Value] = [], _ body: ([SyncCore.Value]) throws -> Bool
  ) throws {
    unsafe try step(sql, arguments) { statement in
      try body(unsafe StoredRow(statement: statement).values)
    }
  }

  /// Reads a query's rows one by one where SQLite holds them.
  ///
  /// - Parameters:
  ///   - sql: The query.
  ///   - arguments: A value for each parameter.
  ///   - body: Is given each row, which is there only until it returns.
  /// - Throws: SQLite's errors, and what `body` throws.
  package func eachRow(
    _ sql: String, _ arguments: [SyncCore.Value] = [], _ body: (StoredRow) throws -> Void
  ) throws {
    unsafe try step(sql, arguments) { statement in
      unsafe try body(StoredRow(statement: statement))
      return true
    }
  }

  /// Shows a query's first row where SQLite holds it.
  ///
  /// - Parameters:
  ///   - sql: The query.
  ///   - arguments: A value for each parameter.
  ///   - body: Is given the row, which is there only until it returns.
  /// - Returns: What `body` returns; nothing if there is no row.
  /// - Throws: SQLite's errors, and what `body` throws.
  package func firstRow<T>(
    _ sql: String, _ arguments: [SyncCore.Value], _ body: (StoredRow) throws -> T
  ) throws -> T? {
    var result: T?
    unsafe try step(sql, arguments) { statement in
      result = unsafe try body(StoredRow(statement: statement))
      return false
    }
    return result
  }

  /// The values of a query's first row, exactly as they are stored.
  package func firstValues(_ sql: String, _ arguments: [SyncCore.Value] = []) throws
    -> [SyncCore.Value]?
  {
    unsafe try firstRow(sql, arguments) { unsafe $0.values }
  }

  /// Whether a query has a row.
  package func exists(_ sql: String, _ arguments: [SyncCore.Value] = []) throws -> Bool {
    unsafe try firstRow(sql, arguments) { _ in } != nil
  }

  private func step(
    _ sql: String, _ arguments: [SyncCore.Value], _ row: (SQLiteStatement) throws -> Bool
  ) throws {
    var prepared = try cachedStatement(sql: sql)
    // Asked again while its rows are being read, it is another statement.
    if unsafe sqlite3_stmt_busy(prepared.sqliteStatement) != 0 {
      prepared = try makeStatement(sql: sql)
    }
    unsafe try step(prepared, sql, arguments, row)
  }

  fileprivate func step(
    _ prepared: Statement, _ sql: String, _ arguments: [SyncCore.Value],
    textsAt texts: Set<Int> = [],
    _ row: (SQLiteStatement) throws -> Bool
  ) throws {
    let statement = unsafe prepared.sqliteStatement
    precondition(
      unsafe Int(sqlite3_bind_parameter_count(statement)) == arguments.count, "arguments of \(sql)")
    // All arguments' bytes in one place, instead of one that SQLite would allocate for each; but what is
    // large is read where it lies.
    let bytes = arguments.reduce(0) { $0 + ($1.isLarge ? 0 : $1.boundBytes) }
    try withExtendedLifetime(prepared) {
      unsafe try withUnsafeTemporaryAllocation(byteCount: bytes, alignment: 1) { room in
        defer { unsafe _ = sqlite3_reset(statement) }
        var room = unsafe room
        for (index, value) in arguments.enumerated() where !value.isLarge {
          let isText = texts.contains(index)
          unsafe try check(
            value.bind(CInt(index + 1), of: statement, keptIn: &room, asText: isText), sql)
        }
        unsafe try withLarge(arguments[...], of: statement, sql, textsAt: texts) {
          while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: if unsafe try !row(statement) { return }
            case SQLITE_DONE: return
            case let code: try check(code, sql)
            }
          }
        }
      }
    }
  }

  /// Makes large values a statement's arguments where they lie, while it runs.
  private func withLarge(
    _ arguments: ArraySlice<SyncCore.Value>, of statement: SQLiteStatement, _ sql: String,
    textsAt texts: Set<Int>, _ run: () throws -> Void
  ) throws {
    guard let index = arguments.firstIndex(where: \.isLarge) else { return try run() }
    unsafe try arguments[index].withLargeBytes { bytes, isText in
      unsafe try check(
        SyncCore.Value.bind(
          bytes, CInt(index + 1), of: statement, asText: isText || texts.contains(index)), sql)
      defer { unsafe _ = sqlite3_reset(statement) }
      unsafe try withLarge(
        arguments[(index + 1)...], of: statement, sql, textsAt: texts, run)
    }
  }

  private func check(_ code: CInt, _ sql: String) throws {
    if code == SQLITE_OK { return }
    throw DatabaseError(
      resultCode: ResultCode(rawValue: code),
      message: unsafe String(cString: sqlite3_errmsg(sqliteConnection)), sql: sql)
  }

  /// Prepares a statement that is to run so often that looking it up each time would show.
  package func prepared(_ sql: String) throws -> PreparedStatement {
    try PreparedStatement(db: self, statement: cachedStatement(sql: sql), sql: sql)
  }

  // MARK: Rows by column name

  /// The first row of a query.
  package func first(_ sql: String, _ arguments: [SyncCore.Value] = []) throws -> Row? {
    try Row.fetchOne(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }

  /// The rows of a query, one by one.
  ///
  /// Until they have been read, the same query must not be asked again.
  package func rows(_ sql: String, _ arguments: [SyncCore.Value] = []) throws -> RowCursor {
    try Row.fetchCursor(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }

  /// All rows of a query.
  package func all(_ sql: String, _ arguments: [SyncCore.Value] = []) throws -> [Row] {
    try Row.fetchAll(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }
}

/// A statement that writes, at hand while one transaction lasts.
package struct PreparedStatement {
  fileprivate let db: Database
  fileprivate let statement: Statement
  fileprivate let sql: String

  /// Runs it.
  package func run(_ arguments: [SyncCore.Value]) throws {
    unsafe try db.step(statement, sql, arguments) { _ in true }
  }
}

/// A row at which a query stands.
@unsafe
package struct StoredRow {
  fileprivate let statement: SQLiteStatement

  /// The bytes of a column that holds a text which is none: not UTF-8, or with a NUL in it; nothing for
  /// everything else.
  package func brokenText(at column: Int) -> [UInt8]? {
    unsafe withText(at: column) { bytes in
      let isText = unsafe !bytes.containsZero && String(exactly: bytes) != nil
      return isText ? nil : unsafe Array(bytes)
    } ?? nil
  }

  /// A column's value.
  package func value(at column: Int) -> SyncCore.Value {
    unsafe SyncCore.Value(column: CInt(column), of: statement)
  }

  /// The values of all columns.
  package var values: [SyncCore.Value] {
    let count = unsafe sqlite3_column_count(statement)
    return (0..<count).map { unsafe SyncCore.Value(column: $0, of: statement) }
  }

  /// A text's bytes, for as long as the closure runs; nothing if the column holds no text.
  package func withText<T>(
    at column: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> T
  ) rethrows -> T? {
    guard unsafe sqlite3_column_type(statement, CInt(column)) == SQLITE_TEXT else { return nil }
    let start = unsafe sqlite3_column_text(statement, CInt(column))
    let count = unsafe Int(sqlite3_column_bytes(statement, CInt(column)))
    return unsafe try body(UnsafeBufferPointer(start: start, count: count))
  }

  /// The bytes of a column that holds a blob, for as long as the closure runs.
  package func withBlob<T>(
    at column: Int, _ body: (UnsafeRawBufferPointer) throws -> T
  ) rethrows -> T {
    let start = unsafe sqlite3_column_blob(statement, CInt(column))
    let count = unsafe Int(sqlite3_column_bytes(statement, CInt(column)))
    return unsafe try body(UnsafeRawBufferPointer(start: start, count: count))
  }
}
