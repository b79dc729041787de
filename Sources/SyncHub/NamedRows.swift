import SyncCore
import SyncSQLite

/// A row by its table's number and its key.
struct RowPlace: Hashable {
  let table: Int
  let key: RowKey
}

/// What somebody said of a row that is not live, where it points.
struct NamingStatement {
  let statement: Candidate
  /// Whether it waits for the operator; if not, it was outranked or agreed.
  let isWaiting: Bool
  let named: RowPlace
}

extension RowState {
  /// The rows that the live values of a row point to.
  func parents(_ links: [TableLink]) -> [RowPlace] {
    links.compactMap { link in link.place { values[$0] } }
  }

  /// The statements about a row that point to others: what waits may be taken, and what was outranked
  /// may be weighed again.
  ///
  /// A row that is gone says nothing, though its statements stay with it.
  func namingStatements(_ table: TableSchema, _ links: [TableLink]) -> [NamingStatement] {
    if isDeleted || units.isEmpty || links.isEmpty { return [] }
    return units.flatMap { index, unit in
      unit.candidates.flatMap { naming($0, isWaiting: true, table.units[index], links) }
        + unit.absorbed.flatMap { naming($0, isWaiting: false, table.units[index], links) }
    }
  }

  private func naming(
    _ statement: Candidate, isWaiting: Bool, _ unit: MergeUnit, _ links: [TableLink]
  ) -> [NamingStatement] {
    links.filter { !Set($0.childColumns).isDisjoint(with: unit.columns) }.compactMap { link in
      let named = link.place { column in
        guard let index = unit.columns.firstIndex(of: column) else { return values[column] }
        return statement.values.indices.contains(index) ? statement.values[index] : .null
      }
      return named.map { NamingStatement(statement: statement, isWaiting: isWaiting, named: $0) }
    }
  }
}

extension TableLink {
  /// Where it leads, given a row's values by their columns; nothing if one of them is null.
  fileprivate func place(_ value: (Int) -> Value) -> RowPlace? {
    let key = childColumns.map(value)
    return key.contains(.null) ? nil : RowPlace(table: parent, key: RowKey(key))
  }
}

/// Which rows are pointed to by what is not live.
extension HubStore {
  /// The links of a table's rows to others.
  func links(of table: Int) -> [TableLink] { links.filter { $0.child == table } }

  /// Notes where a row's statements point, as far as that has changed.
  func noteNames(
    _ table: TableSchema, _ key: RowKey, from old: RowState?, to new: RowState
  ) throws {
    if new.units.isEmpty, old?.units.isEmpty ?? true { return }
    let links = links(of: table.number)
    if links.isEmpty { return }
    let before = Set(old?.namingStatements(table, links).map(\.named) ?? [])
    let now = Set(new.namingStatements(table, links).map(\.named))
    if before == now { return }
    let by: [Value] = [.integer(Int64(table.number)), key.stored]
    for place in before.subtracting(now) {
      try connection.run(
        "DELETE FROM hub_named_row WHERE tbl = ? AND key = ? AND by_tbl = ? AND by_key = ?",
        [.integer(Int64(place.table)), place.key.stored] + by)
    }
    for place in now.subtracting(before) {
      transaction.hasNames = true
      try connection.run(
        "INSERT INTO hub_named_row VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [.integer(Int64(place.table)), place.key.stored] + by)
    }
  }

  /// The statements that point to a row, each with the row that it is about.
  func statements(
    naming table: TableSchema, _ key: RowKey
  ) throws -> [(by: RowPlace, statement: NamingStatement)] {
    guard try hasNames() else { return [] }
    let place = RowPlace(table: table.number, key: key)
    let rows = try connection.rows(
      "SELECT by_tbl, by_key FROM hub_named_row WHERE tbl = ? AND key = ?",
      [.integer(Int64(table.number)), key.stored])
    return try rows.flatMap { row -> [(by: RowPlace, statement: NamingStatement)] in
      guard let number = row[0].integer, let child = schema.table(number: Int(number)) else {
        return []
      }
      let childKey = try RowKey(stored: row[1], columns: child.key.count)
      guard let state = try self.row(child, childKey) else { return [] }
      let by = RowPlace(table: child.number, key: childKey)
      return state.namingStatements(child, links(of: child.number))
        .filter { $0.named == place }.map { (by, $0) }
    }
  }

  /// Whether any statement points anywhere: while none does, no row need be looked for.
  private func hasNames() throws -> Bool {
    if let known = transaction.hasNames { return known }
    let hasNames = try connection.first("SELECT 1 FROM hub_named_row LIMIT 1") != nil
    transaction.hasNames = hasNames
    return hasNames
  }

  /// Notes where the statements of all rows point, where that was last done under another schema or
  /// never.
  func adoptNames() throws {
    let version = Value.integer(Int64(schema.version))
    if try setting(.namesVersion) == version { return }
    try connection.run("DELETE FROM hub_named_row", [])
    for table in schema.tables where !links(of: table.number).isEmpty {
      let keys = try connection.rows(
        "SELECT key FROM hub_row WHERE tbl = ?", [.integer(Int64(table.number))])
      for row in keys {
        let key = try RowKey(stored: row[0], columns: table.key.count)
        if let state = try self.row(table, key) { try noteNames(table, key, from: nil, to: state) }
      }
    }
    try set(.namesVersion, version)
  }
}
