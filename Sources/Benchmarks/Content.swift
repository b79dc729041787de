import GRDB
import SyncCore
import SyncDevice
import SyncSQLite

/// All rows of a store, as their number and their digest: the same for the same rows, in whatever
/// order and by whatever way they came there.
struct Content: Equatable, CustomStringConvertible {
  private(set) var rows = 0
  private var digests = ColumnDigests()

  mutating func add(_ table: TableSchema, _ values: [SyncCore.Value]) {
    rows += 1
    digests.add(table, table.rowKey(of: values), values)
  }

  /// Digests that an engine has kept, beside the number of rows that there are.
  init(rows: Int, digests: ColumnDigests) {
    self.rows = rows
    self.digests = digests
  }

  init() {}

  static func == (left: Content, right: Content) -> Bool {
    left.rows == right.rows && left.sums == right.sums
  }

  /// A column in which nothing stands sums up to nothing, noted or not.
  private var sums: [ColumnDigests.Column: UInt64] { digests.sums.filter { $0.value != 0 } }

  var description: String {
    let sum = sums.values.reduce(0, &+)
    return "\(rows) rows with the digest \(String(sum, radix: 16))"
  }
}

extension Database {
  /// What workload W's tables hold, read row by row.
  func content() throws -> Content {
    var content = Content()
    for table in try WorkloadTables.schema().tables {
      let rows = try rows("SELECT \(table.columnList) FROM \(quoted(table.name))")
      while let row = try rows.next() { content.add(table, row.values()) }
    }
    return content
  }

  /// How many rows workload W's tables hold.
  func rowCount() throws -> Int {
    try WorkloadTables.all.reduce(0) { sum, table in
      sum + (try Int.fetchOne(self, sql: "SELECT count(*) FROM \(table.name)") ?? 0)
    }
  }
}

extension DeviceStore {
  /// What the store holds, by the digests that it has kept.
  func keptContent() throws -> Content {
    try read { db in Content(rows: try db.rowCount(), digests: try digests(db)) }
  }
}

/// Stops the benchmark if what was timed is not what should have been done.
///
/// - Parameters:
///   - what: What is looked at.
///   - found: What it is.
///   - wanted: What it has to be.
/// - Throws: ``BenchError/wrongResult(_:)``
func expect<Result: Equatable>(_ what: String, _ found: Result, _ wanted: Result) throws {
  guard found == wanted else {
    throw BenchError.wrongResult("\(what): \(found) instead of \(wanted)")
  }
}
