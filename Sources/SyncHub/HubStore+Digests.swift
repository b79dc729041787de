import SyncCore
import SyncSQLite

/// Digests of the hub's rows, apart for every scope and table: a sum for each column, in the order of
/// the table's declaration.
struct ScopedDigests {
  struct Place: Hashable {
    let scope: Scope
    let table: Int
  }

  private(set) var sums: [Place: [UInt64]] = [:]

  /// Goes from one state of a row to the next.
  ///
  /// - Parameters:
  ///   - table: The row's table.
  ///   - old: What it was; nothing if it is new.
  ///   - new: What it is.
  ///   - marks: The marks of what it is; none if it is deleted.
  mutating func replace(_ table: TableSchema, old: RowState?, new: RowState, marks: [UInt64]) {
    if let old, !old.isDeleted {
      remove(table, table.marks(of: old.values), in: old.scope)
    }
    if !new.isDeleted { add(table, marks, in: new.scope) }
  }

  mutating func add(_ table: TableSchema, _ marks: [UInt64], in scope: Scope) {
    change(Place(scope: scope, table: table.number), by: marks, &+)
  }

  private mutating func remove(_ table: TableSchema, _ marks: [UInt64], in scope: Scope) {
    change(Place(scope: scope, table: table.number), by: marks, &-)
  }

  private mutating func change(
    _ place: Place, by marks: [UInt64], _ operation: (UInt64, UInt64) -> UInt64
  ) {
    func change(_ sums: inout [UInt64]) {
      for index in marks.indices { sums[index] = operation(sums[index], marks[index]) }
    }
    change(&sums[place, default: Array(repeating: 0, count: marks.count)])
  }

  mutating func add(_ other: ScopedDigests) {
    sums.merge(other.sums) { zip($0, $1).map { $0 &+ $1 } }
  }
}

extension HubStore {
  /// Takes changes of the digests in; they are written once for the whole transaction.
  func add(_ changes: ScopedDigests) { transaction.digests.add(changes) }

  /// Writes what the digests have changed by.
  ///
  /// To be called before anybody reads them, and at the end of the transaction.
  func saveDigests() throws {
    let changes = transaction.digests.sums
    transaction.digests = ScopedDigests()
    for (place, sums) in changes {
      guard let table = schema.table(number: place.table) else { continue }
      for (column, change) in zip(table.columns, sums) where change != 0 {
        let place: [Value] = [
          .text(place.scope.stored), .integer(Int64(place.table)), .integer(Int64(column.number)),
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
    try saveDigests()
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
    var actual: [Scope: ColumnDigests] = [:]
    for table in schema.tables {
      try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
        let key = table.rowKey(of: values)
        actual[try notedScope(table.number, key) ?? .nobody, default: .init()]
          .add(table, key, values)
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
    return Set(noted.keys).union(actual.keys).sorted().flatMap { scope in
      (noted[scope] ?? .init()).differences(
        from: actual[scope] ?? .init(), in: schema, upTo: schema.version
      ).map { (scope, $0) }
    }
  }
}
