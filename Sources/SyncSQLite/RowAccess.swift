package import GRDB
package import SyncCore

extension DatabaseWriter {
  /// Has commits go to a write-ahead log.
  ///
  /// Not by a queue's configuration: GRDB makes a table and drops it whenever it finds no log yet,
  /// which would make every look at a file a change of it. And to be called once the connection is
  /// open: with its log, a pool sets its own durability.
  ///
  /// - Parameter isDurable: Whether a commit is on the disk when it returns, or may be lost to a
  ///   power cut.
  /// - Throws: SQLite's errors.
  package func logAhead(isDurable: Bool) throws {
    try writeWithoutTransaction { db in
      try db.execute(
        sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
    }
  }
}

extension TableSchema {
  /// All values of the row with the given key, or nothing if there is no such row.
  package func read(_ key: RowKey, in db: Database) throws -> [Value]? {
    unsafe try withRow(key, in: db) { unsafe $0.values }
  }

  /// Shows the row with the given key where SQLite holds it; nothing if there is no such row.
  package func withRow<T>(
    _ key: RowKey, in db: Database, _ body: (StoredRow) throws -> T
  ) throws -> T? {
    if let result = unsafe try db.firstRow(selectByKey, key.values, body) { return result }
    guard let condition = conditionByBytes(of: key) else { return nil }
    return unsafe try db.firstRow(
      "SELECT \(columnList) FROM \(quoted(name)) WHERE \(condition)", key.values, body)
  }

  /// Writes a row that is not there.
  package func insert(_ values: [Value], in db: Database) throws {
    try db.run(insert, values)
  }

  /// Deletes the row with the given key, if there is one.
  package func delete(_ key: RowKey, in db: Database) throws {
    try db.run(deleteByKey, key.values)
    guard db.changesCount == 0, let condition = conditionByBytes(of: key) else { return }
    try db.run("DELETE FROM \(quoted(name)) WHERE \(condition)", key.values)
  }

  /// A text key that is no text is known by its bytes, which no index finds; nothing for the keys of
  /// all other rows.
  private func conditionByBytes(of key: RowKey) -> String? {
    var hasBytes = false
    let conditions = zip(self.key, key.values).map { index, value in
      let column = quoted(columns[index].name)
      guard case .blob = value else { return "\(column) = ?" }
      hasBytes = true
      return "CAST(\(column) AS BLOB) = ?"
    }
    return hasBytes ? conditions.joined(separator: " AND ") : nil
  }
}
