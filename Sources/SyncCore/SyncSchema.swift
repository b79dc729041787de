/// What the engine knows of an application's tables: keys, columns, wire numbers and policies.
///
/// It is declared once, in a text beside the SQL (see ``init(parsing:version:)``), and checked
/// against the database when a store opens. The engine knows nothing else of the domain.
package struct SyncSchema: Sendable {
  package let version: Int
  package let tables: [TableSchema]
  /// The columns of the table that has most.
  package let columnsMax: Int
  private let byNumber: [Int: Int]
  private let byName: [String: Int]
  private let dependents: [Int: [ScopeDependent]]

  /// Table numbers below this one belong to the engine's own tables.
  package static let firstTableNumber = 10

  package init(version: Int, tables: [TableSchema]) throws(SchemaError) {
    self.version = version
    self.tables = tables
    columnsMax = tables.map(\.columns.count).max() ?? 0
    byNumber = Dictionary(tables.enumerated().map { ($1.number, $0) }) { first, _ in first }
    byName = Dictionary(tables.enumerated().map { ($1.name, $0) }) { first, _ in first }
    dependents = try Self.scopeDependents(tables)
    guard byNumber.count == tables.count else { throw SchemaError("a table number is used twice") }
    guard byName.count == tables.count else { throw SchemaError("a table is declared twice") }
  }

  /// Tables whose rows' scopes come from rows of the given one.
  package func scopeDependents(of table: TableSchema) -> [ScopeDependent] {
    dependents[table.number] ?? []
  }

  private static func scopeDependents(
    _ tables: [TableSchema]
  ) throws(SchemaError) -> [Int: [ScopeDependent]] {
    var dependents: [Int: [ScopeDependent]] = [:]
    for table in tables {
      for source in table.scope?.sources ?? [] {
        guard let name = source.table else { continue }
        guard let parent = tables.first(where: { $0.name == name }), parent.key.count == 1 else {
          throw SchemaError(
            "the scope of \(table.name): \(name) is no table with a key of one column")
        }
        var cell: Int?
        if case .cell(_, let column) = source.meaning {
          cell = parent.index(named: column)
          guard cell != nil else {
            throw SchemaError("the scope of \(table.name): \(name) has no column \(column)")
          }
        }
        dependents[parent.number, default: []].append(
          ScopeDependent(
            table: table.number, column: source.column, cell: cell, condition: source.condition))
      }
    }
    try refuseCircles(tables, dependents)
    return dependents
  }

  /// A move is followed from parents to children until there are no more.
  private static func refuseCircles(
    _ tables: [TableSchema], _ dependents: [Int: [ScopeDependent]]
  ) throws(SchemaError) {
    for table in tables {
      var reached: Set<Int> = []
      var open = [table.number]
      while let next = open.popLast() {
        for dependent in dependents[next] ?? [] where reached.insert(dependent.table).inserted {
          open.append(dependent.table)
        }
      }
      if reached.contains(table.number) {
        throw SchemaError("the scope of \(table.name) depends on itself")
      }
    }
  }

  package func table(number: Int) -> TableSchema? { byNumber[number].map { tables[$0] } }
  package func table(named name: String) -> TableSchema? { byName[name].map { tables[$0] } }

  /// This schema with further tables, such as those the engine itself keeps in step.
  package func adding(_ more: [TableSchema]) throws(SchemaError) -> SyncSchema {
    try SyncSchema(version: version, tables: tables + more)
  }
}

/// A table as the engine sees it.
///
/// One object, not a copy for everybody: it is handed around for every row.
package final class TableSchema: Sendable {
  package let name: String
  /// The number that stands for the table on the wire, for ever.
  package let number: Int
  package let rows: RowPolicy
  package let columns: [ColumnSchema]
  /// Columns that merge together; every column that is no key is in exactly one unit.
  package let units: [MergeUnit]
  package let softKeys: [SoftKey]
  /// How a row's scope is found; without it every device holds the rows.
  package let scope: ScopeRule?
  /// Indices into ``columns`` of those that name who made a row.
  package let authors: [Int]
  /// Indices into ``columns`` of the primary key.
  package let key: [Int]
  /// The columns' names as SQL spells them, joined, in the order of the declaration.
  ///
  /// This and the six below are made once: making them for every row costs more than the row.
  package let columnList: String
  /// The key columns' names as SQL spells them, joined.
  package let keyList: String
  /// A condition that finds the row of a key, with one parameter a key column.
  package let keyCondition: String
  /// The statement that reads a row's values by its key.
  package let selectByKey: String
  /// The statement that makes a row from all its values, if there is none with its key.
  package let insertIfAbsent: String
  /// The statement that makes a row from all its values.
  package let insert: String
  /// The statement that deletes the row of a key.
  package let deleteByKey: String
  private let updateTable: String
  /// Columns by rising wire number, so that a column that is added later comes last.
  package let columnsByNumber: [ColumnSchema]
  /// Indices into ``columns`` in the order of ``columnsByNumber``.
  package let wireOrder: [Int]
  private let byNumber: [Int: Int]
  /// The same for small numbers, which are all there are: looked up for every field of every row.
  private let bySmallNumber: [Int]
  private let byName: [String: Int]

  package init(
    name: String, number: Int, rows: RowPolicy, columns: [ColumnSchema], units: [MergeUnit],
    softKeys: [SoftKey] = [], scope: ScopeRule? = nil, authors: [Int] = []
  ) throws(SchemaError) {
    self.name = name
    self.number = number
    self.rows = rows
    self.columns = columns
    self.units = units
    self.softKeys = softKeys
    self.scope = scope
    self.authors = authors
    wireOrder = columns.indices.sorted { columns[$0].number < columns[$1].number }
    columnsByNumber = wireOrder.map { columns[$0] }
    key = columns.indices.filter { columns[$0].unit == nil }
    columnList = columns.map { quoted($0.name) }.joined(separator: ", ")
    keyList = key.map { quoted(columns[$0].name) }.joined(separator: ", ")
    keyCondition = key.map { columns[$0].assignment }.joined(separator: " AND ")
    selectByKey = "SELECT \(columnList) FROM \(quoted(name)) WHERE \(keyCondition)"
    let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    insert = "INSERT INTO \(quoted(name)) (\(columnList)) VALUES (\(places))"
    insertIfAbsent = "\(insert) ON CONFLICT (\(keyList)) DO NOTHING"
    updateTable = "UPDATE \(quoted(name)) SET "
    deleteByKey = "DELETE FROM \(quoted(name)) WHERE \(keyCondition)"
    byNumber = Dictionary(columns.enumerated().map { ($1.number, $0) }) { first, _ in first }
    byName = Dictionary(columns.enumerated().map { ($1.name, $0) }) { first, _ in first }
    var small = Array(repeating: -1, count: 256)
    for (index, column) in columns.enumerated() where small.indices.contains(column.number) {
      small[column.number] = index
    }
    bySmallNumber = small
    guard !key.isEmpty else { throw SchemaError("table \(name) has no key") }
    guard byNumber.count == columns.count else {
      throw SchemaError("table \(name) uses a column number twice")
    }
    guard byName.count == columns.count else {
      throw SchemaError("table \(name) declares a column twice")
    }
  }

  /// The statement that writes some columns of the row of a key.
  package func update(_ changed: [Int]) -> String {
    var sql = updateTable
    for (place, index) in changed.enumerated() {
      if place > 0 { sql += ", " }
      sql += columns[index].assignment
    }
    sql += " WHERE "
    sql += keyCondition
    return sql
  }

  /// A number that stands for a unit for ever: the lowest wire number of its columns.
  package func unitNumber(_ unit: Int) -> Int {
    units[unit].columns.map { columns[$0].number }.min() ?? 0
  }

  /// The unit with the given number; nothing if this schema has none.
  package func unit(number: Int) -> Int? {
    index(number: number).flatMap { columns[$0].unit }
  }

  /// A row's values by wire number, which a later version of the table reads too.
  package func inWireOrder(_ values: [Value]) -> [Value] {
    wireOrder.map { values[$0] }
  }

  /// A row's values in the order of the declaration, from those by wire number.
  package func fromWireOrder(_ values: [Value]) -> [Value] {
    var ordered = Array(repeating: Value.null, count: columns.count)
    for (index, value) in zip(wireOrder, values) { ordered[index] = value }
    return ordered
  }

  package func index(number: Int) -> Int? {
    guard bySmallNumber.indices.contains(number) else { return byNumber[number] }
    let index = bySmallNumber[number]
    return index < 0 ? nil : index
  }
  package func index(named name: String) -> Int? { byName[name] }

  /// The key of a row given all its values.
  package func rowKey(of values: [Value]) -> RowKey { RowKey(key.map { values[$0] }) }
}

package struct ColumnSchema: Sendable {
  package let name: String
  package let number: Int
  /// An assignment of a parameter to the column, as SQL spells it.
  package let assignment: String
  /// Index into the table's units; nothing for a key column.
  package let unit: Int?
  /// The schema version that brought it: what an older device says nothing of.
  package let since: Int

  package init(name: String, number: Int, unit: Int?, since: Int = 1) {
    self.name = name
    self.number = number
    self.unit = unit
    self.since = since
    assignment = "\(quoted(name)) = ?"
  }
}

/// Columns that only make sense together, often just one, and the policy by which they merge.
package struct MergeUnit: Sendable {
  package let name: String
  /// Indices into the table's columns.
  ///
  /// A ranked policy compares the first.
  package let columns: [Int]
  package let policy: MergePolicy

  package init(name: String, columns: [Int], policy: MergePolicy) {
    self.name = name
    self.columns = columns
    self.policy = policy
  }
}

/// A natural key that two offline devices may both use: a clash is a conflict, never a refusal.
package struct SoftKey: Sendable {
  package let name: String
  package let columns: [Int]
  /// Only rows in which this column has one of these values take part.
  package let condition: (column: Int, values: [Value])?

  package init(name: String, columns: [Int], condition: (column: Int, values: [Value])?) {
    self.name = name
    self.columns = columns
    self.condition = condition
  }
}

/// A schema declaration that cannot be used, with where and why.
package struct SchemaError: Error, Equatable, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// An identifier as SQL spells it.
package func quoted(_ identifier: String) -> String { doubled("\"", in: identifier) }
