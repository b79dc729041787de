import Foundation
import GRDB
import SyncCore
import SyncSQLite

/// Keeps the marks of rows and the columns' digests in step with what has been sealed or applied.
struct ShadowWriter {
  private let db: Database
  private var digests = ColumnDigests()

  init(_ db: Database) { self.db = db }

  /// Notes that a row now holds `values`, or is gone; or only that it holds those of some columns,
  /// named by their wire numbers.
  mutating func update(
    _ table: TableSchema, _ key: RowKey, values: [Value]?, only columns: Set<Int>? = nil
  ) throws {
    let stored = key.stored
    let old = try marks(table, stored)
    var new = values.map { table.marks(key: key, values: $0) }
    if let columns, let old {
      for (index, column) in table.columnsByNumber.enumerated()
      where !columns.contains(column.number) {
        new?[index] = old[safe: index] ?? 0
      }
    }
    if old == new { return }
    for (index, column) in table.columnsByNumber.enumerated() {
      digests.replace(
        .init(table: table.number, column: column.number), old: old?[safe: index] ?? 0,
        new: new?[safe: index] ?? 0)
    }
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

  private func marks(_ table: TableSchema, _ stored: Value) throws -> [UInt64]? {
    guard
      let row = try db.first(
        "SELECT marks FROM thuan_shadow WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), stored]),
      case .blob(let bytes) = row.value(at: 0)
    else { return nil }
    return numbers(in: bytes)
  }

  /// Writes the digests' changes.
  ///
  /// To be called once, when all rows are noted.
  mutating func finish() throws {
    for (column, change) in digests.sums where change != 0 {
      let place: [Value] = [.integer(Int64(column.table)), .integer(Int64(column.column))]
      let old: Int64 =
        try db.first("SELECT sum FROM thuan_digest WHERE tbl = ? AND col = ?", place)?[0] ?? 0
      let sum = UInt64(bitPattern: old) &+ change
      try db.run(
        "INSERT INTO thuan_digest VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sum = excluded.sum",
        place + [.integer(Int64(bitPattern: sum))])
    }
    digests = ColumnDigests()
  }
}

extension TableSchema {
  /// The marks of a row's fields, by wire number.
  func marks(key: RowKey, values: [Value]) -> [UInt64] {
    let marker = RowMarker(table: number, key: key)
    return columnsByNumber.map { column in
      marker.mark(column: column.number, values[index(number: column.number) ?? 0])
    }
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

private func bytes(of numbers: [UInt64]) -> [UInt8] {
  numbers.flatMap { number in
    stride(from: UInt64(0), to: 64, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}

func numbers(in bytes: [UInt8]) -> [UInt64] {
  stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
    (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
  }
}

extension DeviceStore {
  /// Takes the marks of every row anew, without calling anything a change.
  func rebuildShadow(_ db: Database) throws {
    try db.execute(sql: "DELETE FROM thuan_shadow; DELETE FROM thuan_digest")
    var shadow = ShadowWriter(db)
    for table in schema.tables {
      let rows = try Row.fetchCursor(
        db, sql: "SELECT \(table.columnList) FROM \(quoted(table.name))")
      while let row = try rows.next() {
        let values = row.values()
        try shadow.update(table, table.rowKey(of: values), values: values)
      }
    }
    try shadow.finish()
  }

  /// Finds rows that differ from their marks although the log does not say so, and logs them.
  ///
  /// - Returns: How many rows had been changed past the triggers.
  @discardableResult
  func logUntrackedChanges(_ db: Database, wallMilliseconds: Int64) throws -> Int {
    // What the triggers did see gets its marks first; what then still differs, they missed.
    try seal(db, wallMilliseconds: wallMilliseconds)
    var found: [String] = []
    for table in schema.tables {
      for change in try untrackedChanges(of: table, db) {
        try log(change, of: table, wallMilliseconds: wallMilliseconds, db)
        found.append("\(table.name) \(change.key)")
      }
    }
    guard !found.isEmpty else { return 0 }
    try logEvent(
      .untrackedChanges, found.joined(separator: "\n"), wallMilliseconds: wallMilliseconds, db)
    try seal(db, wallMilliseconds: wallMilliseconds)
    return found.count
  }

  /// Rows of a table that were written past the triggers.
  ///
  /// What a field held before is not known.
  func untrackedChanges(of table: TableSchema, _ db: Database) throws -> [UntrackedChange] {
    let columns = table.columnsByNumber
    var changes: [UntrackedChange] = []
    let rows = try Row.fetchCursor(db, sql: "SELECT \(table.columnList) FROM \(quoted(table.name))")
    var liveKeys: Set<Value> = []
    while let row = try rows.next() {
      let values = row.values()
      let key = table.rowKey(of: values)
      liveKeys.insert(key.stored)
      let old = try db.first(
        "SELECT marks FROM thuan_shadow WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), key.stored])
      guard let old, case .blob(let bytes) = old.value(at: 0) else {
        changes.append(UntrackedChange(key: key, kind: .appeared))
        continue
      }
      let marks = table.marks(key: key, values: values)
      let different = zip(columns, zip(marks, numbers(in: bytes))).filter { $1.0 != $1.1 }.map(\.0)
      if !different.isEmpty { changes.append(UntrackedChange(key: key, kind: .differs(different))) }
    }
    let known = try Row.fetchCursor(
      db, sql: "SELECT key FROM thuan_shadow WHERE tbl = ?", arguments: [table.number])
    while let row = try known.next() {
      let stored = row.value(at: 0)
      if liveKeys.contains(stored) { continue }
      let key = try RowKey(stored: stored, columns: table.key.count)
      changes.append(UntrackedChange(key: key, kind: .vanished))
    }
    return changes
  }

  /// Writes the log entries that the triggers would have written, as far as that can be known.
  ///
  /// What a field held before is not: an empty blob stands for it, which agrees with no text, so that
  /// clearing a field counts as a change.
  private func log(
    _ change: UntrackedChange, of table: TableSchema, wallMilliseconds: Int64, _ db: Database
  ) throws {
    func entry(_ operation: Int, column: ColumnSchema? = nil, value: Value = .null) throws {
      try db.run(
        """
        INSERT INTO thuan_log (grp, tbl, op, key, col, old, new, at)
        SELECT grp, ?, ?, ?, ?, x'', ?, ? FROM thuan_capture
        """,
        [
          .integer(Int64(table.number)), .integer(Int64(operation)), change.key.stored,
          column.map { .integer(Int64($0.number)) } ?? .null, value,
          .integer(wallMilliseconds / 1000),
        ])
    }
    switch change.kind {
    case .appeared: try entry(1)
    case .vanished:
      try entry(3)
      let values = zip(table.key, change.key.values)
      try db.execute(
        sql: """
          INSERT INTO \(Capture.imageTable(of: table))
            (thuan_log_id, \(values.map { quoted(table.columns[$0.0].name) }.joined(separator: ", ")))
          VALUES (last_insert_rowid()\(String(repeating: ", ?", count: table.key.count)))
          """, arguments: StatementArguments(change.key.values))
    case .differs(let columns):
      guard let values = try table.read(change.key, in: db) else { return }
      let units = Set(
        columns.compactMap { table.index(number: $0.number) }
          .compactMap { table.columns[$0].unit })
      for unit in units.sorted() {
        for index in table.units[unit].columns {
          try entry(2, column: table.columns[index], value: values[index])
        }
      }
    }
  }
}

/// A row that was written past the triggers.
struct UntrackedChange {
  enum Kind {
    case appeared, vanished
    case differs([ColumnSchema])
  }
  let key: RowKey
  let kind: Kind
}
