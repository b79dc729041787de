package import GRDB
package import SyncCore

extension SyncSchema {
  /// Checks that the declaration and the database say the same.
  ///
  /// Every declared table and column has to exist; every column of a declared table, and every
  /// table that is not the engine's, needs a policy. Uniqueness beyond the key has to be soft, or
  /// two devices that are each right could not be brought together.
  ///
  /// - Throws: ``SchemaError`` naming the table and what is wrong with it.
  package func check(against db: Database) throws {
    let names = try String.fetchAll(
      db,
      sql: """
        SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
          AND name NOT LIKE 'thuan\\_%' ESCAPE '\\' AND name NOT LIKE 'hub\\_%' ESCAPE '\\'
          AND name <> 'grdb_migrations' ORDER BY name
        """)
    for name in names where table(named: name) == nil {
      throw SchemaError("table \(name) has no merge policy")
    }
    for table in tables { try table.check(against: db) }
  }

  /// Checks that the application's schema has no triggers of its own on these tables.
  ///
  /// What they write while rows from elsewhere are put in place is nobody's change, and two sides would
  /// go on correcting each other.
  ///
  /// - Throws: ``SchemaError`` naming the trigger.
  package func checkTriggers(in db: Database) throws {
    let triggers = try Row.fetchAll(
      db,
      sql: """
        SELECT name, lower(tbl_name) FROM sqlite_schema
        WHERE type = 'trigger' AND name NOT LIKE 'thuan\\_%' ESCAPE '\\'
        """)
    for trigger in triggers {
      let (own, place): (String, String) = (trigger[0], trigger[1])
      guard let table = tables.first(where: { $0.name.lowercased() == place }) else { continue }
      throw SchemaError(
        "table \(table.name) has a trigger of its own, \(own): compute the value where it is written"
      )
    }
  }
}

extension TableSchema {
  fileprivate func check(against db: Database) throws {
    let columns = try Row.fetchAll(db, sql: "PRAGMA table_info(\(quoted(name)))")
    guard !columns.isEmpty else {
      throw SchemaError("table \(name) is declared but does not exist")
    }
    var actual: Set<String> = []
    for row in columns {
      let column: String = row["name"]
      actual.insert(column)
      guard let index = index(named: column) else {
        throw SchemaError("column \(name).\(column) has no merge policy")
      }
      let isKey = (row["pk"] as Int) > 0
      if isKey != (self.columns[index].unit == nil) {
        throw SchemaError("column \(name).\(column): only primary key columns are declared key")
      }
    }
    if let missing = self.columns.first(where: { !actual.contains($0.name) }) {
      throw SchemaError("column \(name).\(missing.name) is declared but does not exist")
    }
    try checkKeyOrder(db)
    for index in try Row.fetchAll(db, sql: "PRAGMA index_list(\(quoted(name)))") {
      let origin: String = index["origin"]
      if (index["unique"] as Int) == 1, origin != "pk" {
        throw SchemaError(
          "table \(name): uniqueness beyond the key has to be soft; declare a `unique` line instead"
        )
      }
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
            + (row["coll"] as String))
      }
    }
  }
}
