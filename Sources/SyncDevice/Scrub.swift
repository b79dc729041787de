import GRDB
import SyncCore
import SyncSQLite

/// A row that was written past the triggers.
struct UntrackedChange {
  enum Kind {
    case appeared, vanished
    case differs([ColumnSchema])
  }
  let table: TableSchema
  let key: RowKey
  let kind: Kind
}

/// How far a reading of all rows and all marks has come.
///
/// Rows are read in the order of their keys, table by table, and after each table's rows its marks,
/// so that every sync can read on a little where the last one stopped.
struct ScrubPosition {
  private(set) var table = 0
  private(set) var isAmongMarks = false
  /// The last key read, as its columns or as it is stored among the marks; empty at a beginning.
  var after: [Value] = []

  mutating func advance() {
    if isAmongMarks { table += 1 }
    isAmongMarks.toggle()
    after = []
  }

  var bytes: [UInt8] {
    encodedValues([.integer(Int64(table)), .integer(isAmongMarks ? 1 : 0)] + after)
  }

  init() {}

  init(decoding bytes: [UInt8]) throws {
    let values = try decodedValues(bytes)
    guard values.count >= 2, let table = values[0].integer else { return }
    self.table = Int(table)
    isAmongMarks = values[1] == .integer(1)
    after = Array(values.dropFirst(2))
  }
}

/// Compares rows with their marks, some at a time.
///
/// What differs was written past the triggers: by a connection that had switched them off, or by a
/// fault of the disk.
struct Scrub {
  private let schema: SyncSchema
  private let db: Database
  private(set) var position: ScrubPosition

  init(_ schema: SyncSchema, _ db: Database, from position: ScrubPosition = ScrubPosition()) {
    self.schema = schema
    self.db = db
    self.position = position
  }

  var isAtEnd: Bool { position.table >= schema.tables.count }

  /// Reads on.
  ///
  /// - Parameter limit: How many rows or marks to read at most.
  /// - Returns: What differs.
  /// - Throws: SQLite's errors.
  mutating func next(_ limit: Int) throws -> [UntrackedChange] {
    var found: [UntrackedChange] = []
    var remaining = limit
    while remaining > 0, !isAtEnd {
      let table = schema.tables[position.table]
      let count =
        try position.isAmongMarks
        ? readMarks(of: table, remaining, &found) : readRows(of: table, remaining, &found)
      if count < remaining { position.advance() }
      remaining -= count
    }
    return found
  }

  private mutating func readRows(
    of table: TableSchema, _ limit: Int, _ found: inout [UntrackedChange]
  ) throws -> Int {
    let key = table.keyList
    let places = Array(repeating: "?", count: table.key.count).joined(separator: ", ")
    var count = 0
    unsafe try db.eachRow(
      "SELECT \(table.columnList) FROM \(quoted(table.name)) "
        + (position.after.isEmpty ? "" : "WHERE (\(key)) > (\(places)) ")
        + "ORDER BY \(key) LIMIT ?",
      position.after + [.integer(Int64(limit))]
    ) { row in
      count += 1
      position.after = table.key.map { unsafe row.value(at: $0) }
      if let change = unsafe try table.untrackedChange(of: RowKey(position.after), row, db) {
        found.append(change)
      }
    }
    return count
  }

  private mutating func readMarks(
    of table: TableSchema, _ limit: Int, _ found: inout [UntrackedChange]
  ) throws -> Int {
    let rows = try db.rows(
      "SELECT key FROM thuan_shadow WHERE tbl = ? "
        + (position.after.isEmpty ? "" : "AND key > ? ") + "ORDER BY key LIMIT ?",
      [.integer(Int64(table.number))] + position.after + [.integer(Int64(limit))])
    var count = 0
    while let row = try rows.next() {
      count += 1
      position.after = [row.value(at: 0)]
      let key = try RowKey(stored: row.value(at: 0), columns: table.key.count)
      if unsafe try table.withRow(key, in: db, { _ in }) == nil {
        found.append(UntrackedChange(table: table, key: key, kind: .vanished))
      }
    }
    return count
  }
}

extension TableSchema {
  /// How the row with a key differs from its marks; nothing if it does not.
  func untrackedChange(of key: RowKey, _ db: Database) throws -> UntrackedChange? {
    if let change = unsafe try withRow(key, in: db, { unsafe try untrackedChange(of: key, $0, db) })
    {
      return change
    }
    return unsafe try withMarks(of: key.stored, db) { _ in } == nil
      ? nil : UntrackedChange(table: self, key: key, kind: .vanished)
  }

  fileprivate func untrackedChange(of key: RowKey, _ row: StoredRow, _ db: Database) throws
    -> UntrackedChange?
  {
    let different = unsafe try withMarks(of: key.stored, db) { marks in
      // Nearly always they fit, and nothing need be taken out to see it.
      unsafe hasMarks(row, key, marks) ? [] : columns(of: row, key, differingFrom: marks)
    }
    guard let different else { return UntrackedChange(table: self, key: key, kind: .appeared) }
    return different.isEmpty
      ? nil : UntrackedChange(table: self, key: key, kind: .differs(different))
  }

  private func hasMarks(_ row: StoredRow, _ key: RowKey, _ marks: UnsafeRawBufferPointer) -> Bool {
    guard marks.count == 8 * columns.count else { return false }
    let marker = RowMarker(table: number, key: key)
    return wireOrder.indices.allSatisfy { place in
      let index = wireOrder[place]
      let number = columns[index].number
      let mark =
        unsafe row.withText(at: index) { unsafe marker.mark(column: number, text: $0) }
        ?? marker.mark(column: number, row.value(at: index))
      return unsafe mark
        == UInt64(littleEndian: marks.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
    }
  }

  private func columns(
    of row: StoredRow, _ key: RowKey, differingFrom marks: UnsafeRawBufferPointer
  ) -> [ColumnSchema] {
    let own = unsafe self.marks(key: key, values: row.values)
    let pairs = unsafe zip(columnsByNumber, zip(own, numbers(in: Array(marks))))
    return pairs.filter { $0.1.0 != $0.1.1 }.map(\.0)
  }

  /// Shows the marks of the row with a key, given as it is stored among them; nothing if it has none.
  func withMarks<T>(
    of key: Value, _ db: Database, _ body: (UnsafeRawBufferPointer) throws -> T
  ) throws -> T? {
    unsafe try db.firstRow(
      "SELECT marks FROM thuan_shadow WHERE tbl = ? AND key = ?",
      [.integer(Int64(number)), key]
    ) { unsafe try $0.withBlob(at: 0, body) }
  }
}

extension DeviceStore {
  /// Finds all rows that differ from their marks although the log does not say so, and logs them.
  ///
  /// - Parameters:
  ///   - db: The store.
  ///   - isFound: Whether triggers were whole, so that nobody is known to have written it: it is then
  ///     put before the operator and goes live over nothing. Where triggers were missing, as after a
  ///     table was rebuilt, it is taken for what the writer of the rebuilt table wrote.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: How many rows had been changed past the triggers.
  /// - Throws: SQLite's errors.
  @discardableResult
  func logUntrackedChanges(_ db: Database, isFound: Bool, wallMilliseconds: Int64) throws -> Int {
    // What the triggers did see gets its marks first; what then still differs, they missed.
    try seal(db, wallMilliseconds: wallMilliseconds)
    let first = try db.lastLogEntry() + 1
    var scrub = Scrub(schema, db)
    var count = 0
    var names: [String] = []
    while !scrub.isAtEnd {
      let differing = try scrub.next(SyncLimits.pageRows)
      let found = try isFound ? news(in: differing, db) : differing
      count += found.count
      names += found.prefix(Self.namesMax - names.count).map { "\($0.table.name) \($0.key)" }
      try log(found, wallMilliseconds: wallMilliseconds, db)
    }
    if isFound, count > 0 { try noteFound(from: first, wallMilliseconds: wallMilliseconds, db) }
    try conclude(count, names, wallMilliseconds: wallMilliseconds, db)
    return count
  }

  /// Reads the next slice of the store and logs what was changed past the triggers.
  ///
  /// To be called once a sync.
  func scrubSlice(wallMilliseconds: Int64) throws {
    try database.write { db in
      try seal(db, wallMilliseconds: wallMilliseconds)
      try scrubSlice(db, wallMilliseconds: wallMilliseconds)
    }
  }

  private func scrubSlice(_ db: Database, wallMilliseconds: Int64) throws {
    let stored = try setting(.scrub, db)
    var position = ScrubPosition()
    if case .blob(let bytes) = stored { position = try ScrubPosition(decoding: bytes) }
    var scrub = Scrub(schema, db, from: position)
    let found = try news(in: scrub.next(SyncLimits.scrubRows), db)
    try set(.scrub, scrub.isAtEnd ? .null : .blob(scrub.position.bytes), db)
    let first = try db.lastLogEntry() + 1
    try log(found, wallMilliseconds: wallMilliseconds, db)
    if !found.isEmpty { try noteFound(from: first, wallMilliseconds: wallMilliseconds, db) }
    let names = found.prefix(Self.namesMax).map { "\($0.table.name) \($0.key)" }
    try conclude(found.count, names, wallMilliseconds: wallMilliseconds, db)
  }

  /// Logs and seals what was found, apart from what anybody wrote.
  ///
  /// What has been told already is not told again.
  func logFound(_ changes: [UntrackedChange], wallMilliseconds: Int64, _ db: Database) throws {
    let changes = try news(in: changes, db)
    if changes.isEmpty { return }
    let first = try db.lastLogEntry() + 1
    try log(changes, wallMilliseconds: wallMilliseconds, db)
    try noteFound(from: first, wallMilliseconds: wallMilliseconds, db)
    try seal(db, wallMilliseconds: wallMilliseconds)
  }

  /// Says of the entries from one on that nobody is known to have written what they tell.
  private func noteFound(from first: Int64, wallMilliseconds: Int64, _ db: Database) throws {
    try db.logEnd(
      of: LoggedTransaction(
        first: first, officer: try setting(.officer, db).text ?? "",
        stamp: try clock(db).next(wallMilliseconds: wallMilliseconds),
        wallMilliseconds: wallMilliseconds, isFound: true))
  }

  private static let namesMax = 20

  private func conclude(
    _ count: Int, _ names: [String], wallMilliseconds: Int64, _ db: Database
  ) throws {
    if count == 0 { return }
    let rest = count > names.count ? ["… +\(count - names.count)"] : []
    try logEvent(
      .untrackedChanges, (names + rest).joined(separator: "\n"),
      wallMilliseconds: wallMilliseconds, db)
    try seal(db, wallMilliseconds: wallMilliseconds)
  }

  private func log(_ changes: [UntrackedChange], wallMilliseconds: Int64, _ db: Database) throws {
    for change in changes { try log(change, wallMilliseconds: wallMilliseconds, db) }
  }

  /// Writes the log entries that the triggers would have written, as far as that can be known.
  ///
  /// What a field held before is not: an empty blob stands for it, which agrees with no text, so that
  /// clearing a field counts as a change.
  private func log(_ change: UntrackedChange, wallMilliseconds: Int64, _ db: Database) throws {
    let table = change.table
    func entry(_ operation: Int, column: ColumnSchema? = nil, value: Value = .null) throws {
      try db.run(
        """
        INSERT INTO thuan_log (tbl, op, key, col, old, new, at) VALUES (?, ?, ?, ?, x'', ?, ?)
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
      let columns = table.key.map { quoted(table.columns[$0].name) }.joined(separator: ", ")
      let places = String(repeating: ", ?", count: table.key.count)
      try db.execute(
        sql: "INSERT INTO \(Capture.imageTable(of: table)) (thuan_log_id, \(columns)) "
          + "VALUES (last_insert_rowid()\(places))",
        arguments: StatementArguments(change.key.values))
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
