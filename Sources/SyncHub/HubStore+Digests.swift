import SyncCore
import SyncSQLite

/// Digests of the hub's rows, apart for every scope.
struct ScopedDigests {
  var scopes: [Scope: ColumnDigests] = [:]

  /// Goes from one state of a row to the next.
  mutating func replace(_ table: TableSchema, _ key: RowKey, old: RowState?, new: RowState) {
    let before = old.flatMap { $0.isDeleted ? nil : $0 }
    let after = new.isDeleted ? nil : new
    guard let before, let after, before.scope == after.scope else {
      if let before { scopes[before.scope, default: .init()].remove(table, key, before.values) }
      if let after { add(table, key, after.values, in: after.scope) }
      return
    }
    let marker = RowMarker(table: table.number, key: key)
    for (index, column) in table.columns.enumerated() {
      let (old, new) = (before.values[index], after.values[index])
      if old == new { continue }
      scopes[after.scope, default: .init()].replace(
        .init(table: table.number, column: column.number),
        old: marker.mark(column: column.number, old), new: marker.mark(column: column.number, new))
    }
  }

  mutating func add(_ table: TableSchema, _ key: RowKey, _ values: [Value], in scope: Scope) {
    scopes[scope, default: .init()].add(table, key, values)
  }
}

extension HubStore {
  func add(_ changes: ScopedDigests) throws {
    for (scope, digests) in changes.scopes {
      for (column, change) in digests.sums where change != 0 {
        let place: [Value] = [
          .text(scope.stored), .integer(Int64(column.table)), .integer(Int64(column.column)),
        ]
        let old = try connection.first(
          "SELECT sum FROM hub_digest WHERE scope = ? AND tbl = ? AND col = ?", place)
        let sum = UInt64(bitPattern: old?[0].integer ?? 0) &+ change
        try connection.run(
          """
          INSERT INTO hub_digest VALUES (?, ?, ?, ?)
          ON CONFLICT (scope, tbl, col) DO UPDATE SET sum = excluded.sum
          """, place + [.integer(Int64(bitPattern: sum))])
      }
    }
  }

  /// The digests of what somebody holds.
  func digests(of reader: Reader) throws -> ColumnDigests {
    var digests = ColumnDigests()
    let (condition, arguments) = reader.condition
    for row in try connection.rows(
      "SELECT tbl, col, sum FROM hub_digest WHERE \(condition)", arguments)
    {
      guard let table = row[0].integer, let column = row[1].integer, let sum = row[2].integer else {
        continue
      }
      digests.replace(
        .init(table: Int(table), column: Int(column)), old: 0, new: UInt64(bitPattern: sum))
    }
    return digests
  }

  /// The scopes whose noted digests are not what their rows give.
  func differingDigests() throws -> [(scope: Scope, column: ColumnDigests.Column)] {
    var actual = ScopedDigests()
    for table in schema.tables {
      try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
        let key = table.rowKey(of: values)
        actual.add(table, key, values, in: try notedScope(table.number, key) ?? .nobody)
        return true
      }
    }
    var noted: [Scope: ColumnDigests] = [:]
    for row in try connection.rows("SELECT scope, tbl, col, sum FROM hub_digest") {
      guard let scope = row[0].text, let table = row[1].integer, let column = row[2].integer,
        let sum = row[3].integer
      else { continue }
      noted[Scope(stored: scope), default: .init()].sums[
        .init(table: Int(table), column: Int(column))] = UInt64(bitPattern: sum)
    }
    return Set(noted.keys).union(actual.scopes.keys).sorted().flatMap { scope in
      (noted[scope] ?? .init()).differences(
        from: actual.scopes[scope] ?? .init(), in: schema, upTo: schema.version
      ).map { (scope, $0) }
    }
  }
}
