package import GRDB
package import SyncCore

/// What the columns of a schema's tables make of values that nobody has written into them: of a default
/// as it is spelt, and of what a declaration names.
///
/// A column may hold another value than it is given (the integer 0 as a real, the text `7` as an
/// integer). Only what it does hold can be compared with what devices have.
extension SyncSchema {
  /// The columns' default values by table number, as the columns keep them, in the order of each
  /// table's declaration.
  ///
  /// - Throws: ``SchemaError`` naming a column that came later and whose default cannot be told: rows of
  ///   devices that do not know it yet could not be filled in. And SQLite's errors.
  package func defaults(in db: Database) throws -> [Int: [SyncCore.Value]] {
    let scratch = try Scratch()
    var defaults: [Int: [SyncCore.Value]] = [:]
    for table in tables {
      var values = Array(repeating: SyncCore.Value.null, count: table.columns.count)
      for (index, form) in try table.columnForms(in: db) {
        guard let spelt = form.spelt else { continue }
        if let value = scratch.value(ofDefault: spelt, in: form) {
          values[index] = value
        } else if table.columns[index].since > 1 {
          throw SchemaError(
            "column \(table.name).\(table.columns[index].name): its default, \(spelt), is no value that "
              + "it can hold; give it one of its own type")
        }
      }
      defaults[table.number] = values
    }
    return defaults
  }

  /// This schema, in which what a device's row begins with (`hubOnly VALUE`) is as its column keeps it.
  ///
  /// - Throws: ``SchemaError`` naming a column that cannot hold it, and SQLite's errors.
  package func fitted(to db: Database) throws -> SyncSchema {
    let scratch = try Scratch()
    return try SyncSchema(
      version: version,
      tables: tables.map { table in
        let forms = try table.columnForms(in: db)
        let units = try table.units.map { unit in
          guard case .hubOnly(let initial) = unit.policy, initial != .null,
            let column = unit.columns.first, let form = forms[column]
          else { return unit }
          guard let kept = scratch.value(of: initial, in: form) else {
            throw SchemaError(
              "column \(table.name).\(table.columns[column].name): it cannot hold \(initial), with which "
                + "the policies let its rows begin; name a value of its type")
          }
          return MergeUnit(
            name: unit.name, columns: unit.columns, policy: .hubOnly(initial: kept))
        }
        return try TableSchema(
          name: table.name, number: table.number, rows: table.rows, columns: table.columns,
          units: units, softKeys: table.softKeys, scope: table.scope, authors: table.authors)
      })
  }
}

/// What a column is in the database.
private struct ColumnForm {
  let type: String
  let isStrict: Bool
  /// Its default, as the schema spells it; nothing if it has none.
  let spelt: String?

  /// The type as a statement takes it; names that only loose tables know may be anything.
  var typeName: String { isStrict || type.isEmpty ? type : quoted(type) }
}

extension TableSchema {
  /// What the columns are in the database, by their index.
  fileprivate func columnForms(in db: Database) throws -> [Int: ColumnForm] {
    let isStrict =
      try Row.fetchOne(db, sql: "PRAGMA table_list(\(quoted(name)))")?["strict"] == 1
    var forms: [Int: ColumnForm] = [:]
    for row in try Row.fetchAll(db, sql: "PRAGMA table_info(\(quoted(name)))") {
      guard let index = index(named: row["name"]) else { continue }
      forms[index] = ColumnForm(
        type: row["type"] ?? "", isStrict: isStrict, spelt: row["dflt_value"])
    }
    return forms
  }
}

/// A database in memory with one column at a time, to see what becomes of a value in it.
private struct Scratch {
  private let database: DatabaseQueue

  init() throws { database = try DatabaseQueue() }

  /// What a column holds of a value; nothing if it refuses it.
  func value(of value: SyncCore.Value, in form: ColumnForm) -> SyncCore.Value? {
    kept("INSERT INTO scratch VALUES (?)", [value], "\(form.typeName)", form)
  }

  /// What a column holds by a default; nothing if it refuses that, or nobody can tell what it is.
  func value(ofDefault spelt: String, in form: ColumnForm) -> SyncCore.Value? {
    // The parentheses around an expression are not in what the database says of it. A name that stands
    // for a text, which none in parentheses does, is one without.
    for spelling in ["(\(spelt))", spelt] {
      let column = "\(form.typeName) DEFAULT \(spelling)"
      if let value = kept("INSERT INTO scratch DEFAULT VALUES", [], column, form) { return value }
    }
    return nil
  }

  private func kept(
    _ insert: String, _ arguments: [SyncCore.Value], _ column: String, _ form: ColumnForm
  ) -> SyncCore.Value? {
    try? database.write { db in
      try db.execute(sql: "DROP TABLE IF EXISTS scratch")
      try db.execute(sql: "CREATE TABLE scratch (v \(column))\(form.isStrict ? " STRICT" : "")")
      try db.execute(sql: insert, arguments: StatementArguments(binding: arguments))
      return try Row.fetchOne(db, sql: "SELECT v FROM scratch")?.value(at: 0)
    }
  }
}
