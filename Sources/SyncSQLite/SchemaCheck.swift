package import GRDB
package import SyncCore

extension SyncSchema {
  /// Checks that the declaration and the database say the same.
  ///
  /// Every declared table and column has to exist, and every column of a declared table needs a policy.
  /// Uniqueness beyond the key has to be soft, or two devices that are each right could not be brought
  /// together. A table that is not declared takes no part.
  ///
  /// - Throws: ``SchemaError`` naming the table, what is wrong with it, and the way out.
  package func check(against db: Database) throws {
    for table in tables { try table.check(against: db) }
  }

  /// The names of the tables that nobody has declared: what is in them stays where it is.
  ///
  /// - Parameters:
  ///   - db: The database.
  ///   - engine: The names of the engine's tables.
  /// - Returns: The names, in their order; those that a virtual table keeps for itself are not among them.
  /// - Throws: SQLite's errors.
  package func undeclaredTables(in db: Database, engine: Set<String>) throws -> [String] {
    let known = Set((tables.map(\.name) + engine + ["grdb_migrations"]).map { $0.lowercased() })
    let rows = try Row.fetchAll(db, sql: "PRAGMA main.table_list")
    let names = rows.filter { $0["type"] == "table" || $0["type"] == "virtual" }
      .map { $0["name"] as String }
    return names.filter { !$0.hasPrefix("sqlite_") && !known.contains($0.lowercased()) }.sorted()
  }
}

extension TableSchema {
  fileprivate func check(against db: Database) throws {
    let columns = try Row.fetchAll(db, sql: "PRAGMA table_info(\(quoted(name)))")
    guard !columns.isEmpty else {
      throw SchemaError("table \(name) is declared but does not exist; a migration has to make it")
    }
    var actual: Set<String> = []
    for row in columns {
      let column: String = row["name"]
      actual.insert(column)
      guard let index = index(named: column) else {
        throw SchemaError(
          "column \(name).\(column) has no merge policy; declare one, or take the column out again: "
            + "ALTER TABLE \(quoted(name)) DROP COLUMN \(quoted(column))")
      }
      let isKey = (row["pk"] as Int) > 0
      if isKey != (self.columns[index].unit == nil) {
        throw SchemaError(
          "column \(name).\(column): only primary key columns are declared key, and all of them; "
            + "declare it as the table has it")
      }
    }
    if let missing = self.columns.first(where: { !actual.contains($0.name) }) {
      throw SchemaError(
        "column \(name).\(missing.name) is declared but does not exist; a migration has to add it")
    }
    try checkKeyOrder(db)
    for index in try Row.fetchAll(db, sql: "PRAGMA index_list(\(quoted(name)))") {
      guard (index["unique"] as Int) == 1, index["origin"] != "pk" else { continue }
      let own: String = index["name"]
      let wayOut =
        index["origin"] == "c"
        ? "take the index out: DROP INDEX \(quoted(own))" : "make the table anew without it"
      throw SchemaError(
        "table \(name): uniqueness beyond the key has to be soft; declare a `unique` line instead, and "
          + wayOut)
    }
  }

  /// A key is compared byte by byte everywhere else, and so has to be here.
  private func checkKeyOrder(_ db: Database) throws {
    let indexes = try Row.fetchAll(db, sql: "PRAGMA index_list(\(quoted(name)))")
    for index in indexes where index["origin"] == "pk" {
      let name: String = index["name"]
      for row in try Row.fetchAll(db, sql: "PRAGMA index_xinfo(\(quoted(name)))")
      where row["key"] == 1 && row["coll"] != "BINARY" {
        throw SchemaError(
          "column \(self.name).\(row["name"] as String): a key is compared by its bytes, not by "
            + "\(row["coll"] as String); make the table anew without COLLATE")
      }
    }
  }
}
