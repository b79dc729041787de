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
  private static let time = "CAST(strftime('%s', 'now') AS INTEGER)"

  /// What a table's triggers depend on that only the database knows.
  struct TableForm {
    /// Whether SQLite itself keeps every column's values to one type.
    let isStrict: Bool
    /// A name for the rowid, where there is one beside the key: a REPLACE can take a row away by it.
    let rowid: String?

    init(isStrict: Bool, rowid: String?) {
      self.isStrict = isStrict
      self.rowid = rowid
    }

    init(_ table: TableSchema, _ db: Database) throws {
      // A table of the same name in a temporary schema would be another.
      let list = try Row.fetchAll(db, sql: "PRAGMA main.table_list(\(quoted(table.name)))").first
      let columns = try db.columns(in: table.name)
      isStrict = list?["strict"] == 1 && !columns.contains { $0.type.uppercased() == "ANY" }
      let key = columns.filter { $0.primaryKeyIndex > 0 }
      let isRowidKey = key.count == 1 && key[0].type.uppercased() == "INTEGER"
      let taken = Set(columns.map { $0.name.lowercased() })
      rowid =
        list?["wr"] == 1 || isRowidKey
        ? nil : ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
    }
  }

  /// The statements that make the triggers of a schema's tables, by trigger name.
  static func triggers(for schema: SyncSchema, in db: Database) throws -> [String: String] {
    try schema.tables.reduce(into: [:]) { all, table in
      let form = try TableForm(table, db)
      all.merge(triggers(for: table, form)) { first, _ in first }
    }
  }

  /// The names that the triggers of a schema's tables have, and one that only some tables have.
  static func names(for schema: SyncSchema) -> Set<String> {
    Set(
      schema.tables.flatMap { table in
        (suffixes + table.units.indices.map { "update_\($0)" }).map { name($0, of: table) }
      })
  }

  private static let suffixes = [
    "insert", "delete", "replace", "key", "key_replace", "rowid_replace",
  ]

  private static func name(_ suffix: String, of table: TableSchema) -> String {
    "\(prefix)\(table.name)_\(suffix)"
  }

  private static func triggers(for table: TableSchema, _ form: TableForm) -> [String: String] {
    var triggers: [String: String] = [:]
    func add(_ suffix: String, _ body: (String) -> String) {
      let name = Self.name(suffix, of: table)
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
    let victims = victims(of: table, form)
    add("replace") {
      "\($0) BEFORE INSERT ON \(name) WHEN \(isCapturing) AND (\(exist(victims, table))) "
        + "BEGIN \(entries(victims, table)) END"
    }
    add("key") {
      "\($0) AFTER UPDATE OF \(keyList(table)) ON \(name) WHEN \(isCapturing) "
        + "AND NOT (\(sameKey(table))) BEGIN \(entry(table, 3, "OLD")) \(image(table, "OLD")) "
        + "\(entry(table, 1, "NEW")) END"
    }
    add("key_replace") {
      "\($0) BEFORE UPDATE OF \(keyList(table)) ON \(name) WHEN \(isCapturing) "
        + "AND NOT (\(sameKey(table))) AND \(exist([keyEquals(table)], table)) "
        + "BEGIN \(entries([keyEquals(table)], table)) END"
    }
    if let rowid = form.rowid {
      let victim = victims[1]
      add("rowid_replace") {
        "\($0) BEFORE UPDATE ON \(name) WHEN OLD.\(rowid) <> NEW.\(rowid) AND \(isCapturing) "
          + "AND \(exist([victim], table)) BEGIN \(entries([victim], table)) END"
      }
    }
    for (index, unit) in table.units.enumerated() {
      let columns = unit.columns.map { table.columns[$0] }
      add("update_\(index)") {
        "\($0) AFTER UPDATE OF \(columns.map { quoted($0.name) }.joined(separator: ", ")) ON \(name) "
          + "WHEN \(isCapturing) AND \(sameKey(table)) AND (\(changed(columns, form.isStrict))) BEGIN "
          + columns.map { fieldEntry(table, $0) }.joined(separator: " ") + " END"
      }
    }
    return triggers
  }

  /// The table that keeps the values of deleted rows until they are sealed.
  static func imageTable(of table: TableSchema) -> String { quoted(imageTableName(of: table)) }

  static func imageTableName(of table: TableSchema) -> String { "thuan_gone_\(table.name)" }

  static func createImageTable(of table: TableSchema, in db: Database) throws {
    let columns = table.columns.map { "\(quoted($0.name)) ANY" }.joined(separator: ", ")
    guard try db.tableExists(imageTableName(of: table)) else {
      try db.execute(
        sql:
          "CREATE TABLE \(imageTable(of: table)) (thuan_log_id INTEGER PRIMARY KEY, \(columns)) STRICT"
      )
      return
    }
    let known = Set(try db.columns(in: imageTableName(of: table)).map(\.name))
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
    "INSERT INTO thuan_log (tbl, op, key, at) VALUES (\(table.number), \(operation), "
      + "\(keyValue(table, row)), \(time));"
  }

  private static func fieldEntry(_ table: TableSchema, _ column: ColumnSchema) -> String {
    let name = quoted(column.name)
    return
      "INSERT INTO thuan_log (tbl, op, key, col, old, new, at) VALUES (\(table.number), 2, "
      + "\(keyValue(table, "NEW")), \(column.number), OLD.\(name), NEW.\(name), \(time));"
  }

  private static func image(_ table: TableSchema, _ row: String) -> String {
    let values = table.columns.map { "\(row).\(quoted($0.name))" }.joined(separator: ", ")
    return "INSERT INTO \(imageTable(of: table)) (thuan_log_id, \(table.columnList)) "
      + "VALUES (last_insert_rowid(), \(values));"
  }

  /// Conditions for the rows that a REPLACE of `NEW` would remove, one row each.
  private static func victims(of table: TableSchema, _ form: TableForm) -> [String] {
    let byKey = keyEquals(table)
    guard let rowid = form.rowid else { return [byKey] }
    return [byKey, "\(quoted(table.name)).\(rowid) = NEW.\(rowid) AND NOT (\(byKey))"]
  }

  private static func exist(_ victims: [String], _ table: TableSchema) -> String {
    victims.map { "EXISTS (SELECT 1 FROM \(quoted(table.name)) WHERE \($0))" }
      .joined(separator: " OR ")
  }

  private static func entries(_ victims: [String], _ table: TableSchema) -> String {
    victims.map { victim in
      let from = "\(quoted(table.name)) WHERE \(victim)"
      return "INSERT INTO thuan_log (tbl, op, key, at) SELECT \(table.number), 4, "
        + "\(keyValue(table, quoted(table.name))), \(time) FROM \(from); "
        + "INSERT INTO \(imageTable(of: table)) (thuan_log_id, \(table.columnList)) "
        + "SELECT last_insert_rowid(), \(table.columnList) FROM \(from);"
    }.joined(separator: " ")
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
    if names.count == 1 { return names[0] }
    // quote() ends a text at its first NUL.
    return names.map {
      "quote(CASE WHEN instr(\($0), char(0)) > 0 THEN CAST(\($0) AS BLOB) ELSE \($0) END)"
    }.joined(separator: " || ',' || ")
  }

  private static func changed(_ columns: [ColumnSchema], _ isStrict: Bool) -> String {
    columns.map { quoted($0.name) }.map { name in
      // A value that only changes its type (1 to 1.0) compares equal.
      "OLD.\(name) IS NOT NEW.\(name) COLLATE BINARY"
        + (isStrict ? "" : " OR typeof(OLD.\(name)) <> typeof(NEW.\(name))")
    }.joined(separator: " OR ")
  }
}

extension Capture {
  /// A number that changes whenever the triggers come to be written in another way: a hash of what
  /// they are for a table with all that makes a difference to them.
  fileprivate static let revision: UInt64 = {
    let declaration =
      "table specimen 10\n a 1 key\n b 2 key\n c 3 text\n group d operator : e 4, f 5"
    guard let specimen = try? SyncSchema(parsing: declaration, version: 1) else {
      preconditionFailure("the specimen is no schema")
    }
    let forms = [TableForm(isStrict: true, rowid: nil), TableForm(isStrict: false, rowid: "rowid")]
    let texts = forms.flatMap { form in
      specimen.tables.flatMap { triggers(for: $0, form).values.sorted() }
    }
    return hash(of: texts)
  }()

  fileprivate static func hash(of texts: [String]) -> UInt64 {
    RowMarker(table: 0, key: RowKey(texts.map(Value.text))).mark(column: 0, .integer(1))
  }
}

extension DeviceStore {
  /// Whether the file's schema is the one in which capture was last found whole.
  ///
  /// SQLite counts every change of a file's schema, by whatever program: while that number stands,
  /// nobody has dropped a trigger or rebuilt a table.
  func isCaptureKnown(_ db: Database) throws -> Bool {
    try setting(.capture, db) == captureState(db)
  }

  /// Notes that capture is whole, so that the next start need not look.
  func noteCapture(_ db: Database) throws { try set(.capture, captureState(db), db) }

  private func captureState(_ db: Database) throws -> Value {
    let changes: Int64 = try db.first("PRAGMA schema_version")?[0] ?? 0
    let columns = schema.tables.flatMap { table in
      [table.name, String(table.number)]
        + table.columns.map { "\($0.name) \($0.number) \($0.unit ?? -1)" }
    }
    return .text("\(changes) \(Capture.hash(of: columns)) \(Capture.revision)")
  }

  /// Puts capture in order: triggers as they have to be, and whatever was written without them
  /// found and logged.
  ///
  /// That is also how rows that are older than the engine, or that a migration of the application
  /// inserts, come to be sent.
  func repairCapture(_ db: Database, isMigrated: Bool, wallMilliseconds: Int64) throws {
    for table in schema.tables { try Capture.createImageTable(of: table, in: db) }
    let wanted = try Capture.triggers(for: schema, in: db)
    let present = try Capture.existing(in: db)
    if present == wanted { return }
    for (name, sql) in present where wanted[name] != sql {
      try db.execute(sql: "DROP TRIGGER \(quoted(name))")
    }
    for (name, sql) in wanted where present[name] != sql { try db.execute(sql: sql) }
    if isMigrated {
      try extendShadow(db)
    } else {
      try logEvent(
        .triggersRepaired,
        wanted.keys.filter { present[$0] != wanted[$0] }.sorted().joined(separator: " "),
        wallMilliseconds: wallMilliseconds, db)
    }
    try logUntrackedChanges(db, isFound: false, wallMilliseconds: wallMilliseconds)
  }
}
