import Foundation
import GRDB
import SyncCore
import SyncSQLite

/// Keeps the marks of rows and the columns' digests in step with what has been sealed or applied.
struct ShadowWriter {
  private let db: Database
  /// By table what its digests have changed by, in the order of wire numbers.
  private var changes: [Int: [UInt64]] = [:]

  private var insertion: PreparedStatement?

  init(_ db: Database) { self.db = db }

  /// Notes a row that was not there.
  ///
  /// It may have marks all the same, if it had been taken away past the triggers.
  mutating func insert(_ table: TableSchema, _ key: RowKey, values: [Value]) throws {
    let marks = table.marks(key: key, values: values)
    let insertion =
      try insertion
      ?? db.prepared("INSERT INTO thuan_shadow VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    self.insertion = insertion
    try insertion.run([.integer(Int64(table.number)), key.stored, .blob(bytes(of: marks))])
    if db.changesCount == 0 { return try update(table, key, values: values) }
    count(table, from: nil, to: marks)
  }

  /// Notes that a row now holds `values`, or is gone; or only that it holds those of some columns,
  /// named by their wire numbers.
  mutating func update(
    _ table: TableSchema, _ key: RowKey, values: [Value]?, only columns: Set<Int>? = nil
  ) throws {
    let stored = key.stored
    let old = unsafe try table.withMarks(of: stored, db) { unsafe numbers(in: Array($0)) }
    // A row that has no marks was made past the triggers, and is still to be found whole.
    if columns != nil, old == nil { return }
    var new = values.map { table.marks(key: key, values: $0) }
    if let columns, let old {
      for (index, column) in table.columnsByNumber.enumerated()
      where !columns.contains(column.number) {
        new?[index] = old[safe: index] ?? 0
      }
    }
    if old == new { return }
    count(table, from: old, to: new)
    if let new {
      try db.run(
        "INSERT INTO thuan_shadow VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET marks = excluded.marks",
        [.integer(Int64(table.number)), stored, .blob(bytes(of: new))])
    } else {
      try db.run(
        "DELETE FROM thuan_shadow WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), stored])
    }
  }

  private mutating func count(_ table: TableSchema, from old: [UInt64]?, to new: [UInt64]?) {
    func change(_ sums: inout [UInt64]) {
      for index in sums.indices {
        sums[index] = sums[index] &- (old?[safe: index] ?? 0) &+ (new?[safe: index] ?? 0)
      }
    }
    change(&changes[table.number, default: Array(repeating: 0, count: table.columns.count)])
  }

  /// Writes the digests' changes.
  ///
  /// To be called once, when all rows are noted.
  mutating func finish(_ schema: SyncSchema) throws {
    for (number, sums) in changes {
      guard let table = schema.table(number: number) else { continue }
      for (column, change) in zip(table.columnsByNumber, sums) where change != 0 {
        let place: [Value] = [.integer(Int64(number)), .integer(Int64(column.number))]
        let old = try db.firstValues(
          "SELECT sum FROM thuan_digest WHERE tbl = ? AND col = ?", place)?[0].integer
        let sum = UInt64(bitPattern: old ?? 0) &+ change
        try db.run(
          "INSERT INTO thuan_digest VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sum = excluded.sum",
          place + [.integer(Int64(bitPattern: sum))])
      }
    }
    changes = [:]
  }
}

extension TableSchema {
  /// The marks of a row's fields, by wire number.
  func marks(key: RowKey, values: [Value]) -> [UInt64] {
    let marker = RowMarker(table: number, key: key)
    return wireOrder.map { marker.mark(column: columns[$0].number, values[$0]) }
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

private func bytes(of numbers: [UInt64]) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(8 * numbers.count)
  for number in numbers {
    unsafe withUnsafeBytes(of: number.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }
  return bytes
}

func numbers(in bytes: [UInt8]) -> [UInt64] {
  unsafe bytes.withUnsafeBytes { bytes in
    (0..<bytes.count / 8).map {
      UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
    }
  }
}

extension DeviceStore {
  /// Takes the marks of what came with a new schema and is nobody's change: the defaults of new
  /// columns, and rows of tables that only the hub fills.
  func extendShadow(_ db: Database) throws {
    var shadow = ShadowWriter(db)
    for table in schema.tables {
      if table.rows == .hubOnly { try markNewRows(of: table, &shadow, db) }
      let columns = table.columnsByNumber.map(\.number)
      let short = try db.all(
        "SELECT key, length(marks) / 8 FROM thuan_shadow WHERE tbl = ? AND length(marks) < ?",
        [.integer(Int64(table.number)), .integer(Int64(8 * columns.count))])
      for row in short {
        let key = try RowKey(stored: row.value(at: 0), columns: table.key.count)
        guard let values = try table.read(key, in: db) else { continue }
        let new = Set(columns.dropFirst(row[1]))
        try shadow.update(table, key, values: values, only: new)
      }
    }
    try shadow.finish(schema)
  }

  private func markNewRows(of table: TableSchema, _ shadow: inout ShadowWriter, _ db: Database)
    throws
  {
    var scrub = Scrub(try SyncSchema(version: schema.version, tables: [table]), db)
    while !scrub.isAtEnd {
      for change in try scrub.next(SyncLimits.pageRows) {
        guard case .appeared = change.kind else { continue }
        try shadow.update(table, change.key, values: try table.read(change.key, in: db))
      }
    }
  }

  /// Takes the digests anew from the marks.
  func rebuildDigests(_ db: Database) throws {
    try db.run("DELETE FROM thuan_digest")
    for (column, sum) in try digestsOfMarks(db).sums where sum != 0 {
      try db.run(
        "INSERT INTO thuan_digest VALUES (?, ?, ?)",
        [
          .integer(Int64(column.table)), .integer(Int64(column.column)),
          .integer(Int64(bitPattern: sum)),
        ])
    }
  }

  /// The digests that the marks add up to.
  func digestsOfMarks(_ db: Database) throws -> ColumnDigests {
    var digests = ColumnDigests()
    let rows = try db.rows("SELECT tbl, marks FROM thuan_shadow")
    while let row = try rows.next() {
      guard let table = schema.table(number: row[0]), case .blob(let bytes) = row.value(at: 1)
      else { continue }
      for (column, mark) in zip(table.columnsByNumber, numbers(in: bytes)) {
        digests.replace(
          .init(table: table.number, column: column.number), old: 0, new: mark)
      }
    }
    return digests
  }
}
