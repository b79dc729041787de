import GRDB
import SyncCore
import SyncSQLite

/// The permanent triggers, in plain SQL, that log what any program writes.
///
/// They call no function of ours and live in the same file, so a row that is edited with the stock
/// `sqlite3` shell syncs like any other. What `REPLACE` deletes without firing a delete trigger (the
/// default of every connection) is noted before it happens.
enum Capture {
  private static let prefix = "thuan_capture_"
  private static let isCapturing = "(SELECT applying FROM thuan_capture) = 0"
  private static let time =
    "CASE own WHEN 0 THEN CAST(strftime('%s', 'now') AS INTEGER) END FROM thuan_capture"

  /// The statements that make a table's triggers, by trigger name.
  static func triggers(for table: TableSchema, isStrict: Bool) -> [String: String] {
    var triggers: [String: String] = [:]
    func add(_ suffix: String, _ body: (String) -> String) {
      let name = "\(prefix)\(table.name)_\(suffix)"
      triggers[name] = body("CREATE TRIGGER \(quoted(name))")
    }
    let name = quoted(table.name)
    add("insert") {
      "\($0) AFTER INSERT ON \(name) WHEN \(isCapturing) BEGIN \(entry(table, 1, "NEW")) END"
    }
    add("delete") {
      "\($0) AFTER DELETE ON \(name) WHEN \(isCapturing) BEGIN "
        + "\(entry(table, 3, "OLD")) \(image(table, "OLD")) END"
    }
    add("replace") {
      "\($0) BEFORE INSERT ON \(name) WHEN \(isCapturing) AND \(exists(table)) BEGIN "
        + "\(entry(table, 4, "NEW")) \(imageOfVictim(table)) END"
    }
    add("key") {
      "\($0) AFTER UPDATE OF \(keyList(table)) ON \(name) WHEN \(isCapturing) "
        + "AND NOT (\(sameKey(table))) BEGIN \(entry(table, 3, "OLD")) \(image(table, "OLD")) "
        + "\(entry(table, 1, "NEW")) END"
    }
    add("key_replace") {
      "\($0) BEFORE UPDATE OF \(keyList(table)) ON \(name) WHEN \(isCapturing) "
        + "AND NOT (\(sameKey(table))) AND \(exists(table)) BEGIN "
        + "\(entry(table, 4, "NEW")) \(imageOfVictim(table)) END"
    }
    for (index, unit) in table.units.enumerated() {
      let columns = unit.columns.map { table.columns[$0] }
      add("update_\(index)") {
        "\($0) AFTER UPDATE OF \(columns.map { quoted($0.name) }.joined(separator: ", ")) ON \(name) "
          + "WHEN \(isCapturing) AND \(sameKey(table)) AND (\(changed(columns, isStrict))) BEGIN "
          + columns.map { fieldEntry(table, $0) }.joined(separator: " ") + " END"
      }
    }
    return triggers
  }

  /// The table that keeps the values of deleted rows until they are sealed.
  static func imageTable(of table: TableSchema) -> String { quoted("thuan_gone_\(table.name)") }

  static func createImageTable(of table: TableSchema, in db: Database) throws {
    let columns = table.columns.map { "\(quoted($0.name)) ANY" }.joined(separator: ", ")
    guard try db.tableExists("thuan_gone_\(table.name)") else {
      try db.execute(
        sql:
          "CREATE TABLE \(imageTable(of: table)) (thuan_log_id INTEGER PRIMARY KEY, \(columns)) STRICT"
      )
      return
    }
    let known = Set(try db.columns(in: "thuan_gone_\(table.name)").map(\.name))
    for column in table.columns where !known.contains(column.name) {
      try db.execute(
        sql: "ALTER TABLE \(imageTable(of: table)) ADD COLUMN \(quoted(column.name)) ANY")
    }
  }

  static func removeTriggers(in db: Database) throws {
    for name in try existing(in: db).keys { try db.execute(sql: "DROP TRIGGER \(quoted(name))") }
  }

  /// The capture triggers that are in the file, with their text.
  static func existing(in db: Database) throws -> [String: String] {
    let rows = try Row.fetchAll(
      db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ?",
      arguments: [prefix + "*"])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
  }

  // MARK: Parts of the triggers

  private static func entry(_ table: TableSchema, _ operation: Int, _ row: String) -> String {
    "INSERT INTO thuan_log (grp, tbl, op, key, at) SELECT grp, \(table.number), \(operation), "
      + "\(keyValue(table, row)), \(time);"
  }

  private static func fieldEntry(_ table: TableSchema, _ column: ColumnSchema) -> String {
    let name = quoted(column.name)
    return
      "INSERT INTO thuan_log (grp, tbl, op, key, col, old, new, at) SELECT grp, \(table.number), "
      + "2, \(keyValue(table, "NEW")), \(column.number), OLD.\(name), NEW.\(name), \(time);"
  }

  private static func image(_ table: TableSchema, _ row: String) -> String {
    let values = table.columns.map { "\(row).\(quoted($0.name))" }.joined(separator: ", ")
    return "INSERT INTO \(imageTable(of: table)) (thuan_log_id, \(table.columnList)) "
      + "VALUES (last_insert_rowid(), \(values));"
  }

  private static func imageOfVictim(_ table: TableSchema) -> String {
    "INSERT INTO \(imageTable(of: table)) (thuan_log_id, \(table.columnList)) "
      + "SELECT last_insert_rowid(), \(table.columnList) FROM \(quoted(table.name)) "
      + "WHERE \(keyEquals(table));"
  }

  private static func exists(_ table: TableSchema) -> String {
    "EXISTS (SELECT 1 FROM \(quoted(table.name)) WHERE \(keyEquals(table)))"
  }

  private static func keyEquals(_ table: TableSchema) -> String {
    table.key.map { quoted(table.columns[$0].name) }
      .map { "\(quoted(table.name)).\($0) = NEW.\($0)" }.joined(separator: " AND ")
  }

  private static func sameKey(_ table: TableSchema) -> String {
    table.key.map { quoted(table.columns[$0].name) }
      .map { "OLD.\($0) IS NEW.\($0) COLLATE BINARY" }.joined(separator: " AND ")
  }

  private static func keyList(_ table: TableSchema) -> String {
    table.key.map { quoted(table.columns[$0].name) }.joined(separator: ", ")
  }

  private static func keyValue(_ table: TableSchema, _ row: String) -> String {
    let names = table.key.map { "\(row).\(quoted(table.columns[$0].name))" }
    return names.count == 1
      ? names[0] : names.map { "quote(\($0))" }.joined(separator: " || ',' || ")
  }

  private static func changed(_ columns: [ColumnSchema], _ isStrict: Bool) -> String {
    columns.map { quoted($0.name) }.map { name in
      // A value that only changes its type (1 to 1.0) compares equal.
      "OLD.\(name) IS NOT NEW.\(name) COLLATE BINARY"
        + (isStrict ? "" : " OR typeof(OLD.\(name)) <> typeof(NEW.\(name))")
    }.joined(separator: " OR ")
  }
}

extension DeviceStore {
  /// Puts capture in order: triggers as they have to be, and whatever was written without them
  /// found and logged.
  ///
  /// A migration of our own is no such writing.
  func repairCapture(_ db: Database, isMigrated: Bool, wallMilliseconds: Int64) throws {
    var wanted: [String: String] = [:]
    for table in schema.tables {
      try Capture.createImageTable(of: table, in: db)
      let isStrict = try isStrictlyTyped(table, db)
      wanted.merge(Capture.triggers(for: table, isStrict: isStrict)) { first, _ in first }
    }
    let present = try Capture.existing(in: db)
    if present == wanted { return }
    for (name, sql) in present where wanted[name] != sql {
      try db.execute(sql: "DROP TRIGGER \(quoted(name))")
    }
    for (name, sql) in wanted where present[name] != sql { try db.execute(sql: sql) }
    if isMigrated {
      try rebuildShadow(db)
    } else {
      try logEvent(
        .triggersRepaired,
        wanted.keys.filter { present[$0] != wanted[$0] }.sorted().joined(separator: " "),
        wallMilliseconds: wallMilliseconds, db)
      try logUntrackedChanges(db, wallMilliseconds: wallMilliseconds)
    }
  }

  /// Whether SQLite itself keeps every column's values to one type.
  private func isStrictlyTyped(_ table: TableSchema, _ db: Database) throws -> Bool {
    let isStrict = try Bool.fetchOne(
      db, sql: "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ?",
      arguments: [table.name])
    guard isStrict == true else { return false }
    return try !db.columns(in: table.name).contains { $0.type.uppercased() == "ANY" }
  }
}
