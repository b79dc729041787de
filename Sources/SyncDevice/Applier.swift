import GRDB
import SyncCore
import SyncSQLite

/// Writes the hub's rows into the tables, keeping pending work on top.
struct Applier {
  private let db: Database
  private let schema: SyncSchema
  private let published: [Int: TableSchema]
  private let pending: PendingWork
  private let cursor: Int64
  /// Of which scopes the store's rows are, where what comes is the difference to others.
  private let accesses: [UInt64]
  private var shadow: ShadowWriter
  private var words: OwnWords?
  private var kinds: [Int: [ColumnKind]] = [:]
  private var inserts: [Int: PreparedStatement] = [:]
  /// Numbers of the tables that rows came for.
  private var touched: Set<Int> = []
  /// Whether the rows are the hub's whole state: what is not among them is not there.
  private var isSnapshot = false

  init(
    _ store: DeviceStore, _ db: Database, cursor: Int64, differingFrom accesses: [UInt64]
  ) throws {
    self.db = db
    self.cursor = cursor
    self.accesses = accesses
    schema = store.schema
    published = Dictionary(
      uniqueKeysWithValues: try PublishedTables.schemas().map { ($0.number, $0) })
    // Work that was acknowledged while pages were coming in may be newer than what they say.
    pending = try PendingWork(
      schema, db, or: UnreceivedWork(decoding: store.setting(.pullOutbox, db)))
    shadow = ShadowWriter(db)
  }

  /// The rows that follow are the hub's whole state, and the store holds rows already.
  mutating func beginSnapshot() throws {
    let holdsRows = try db.first(
      """
      SELECT 1 WHERE EXISTS (SELECT 1 FROM thuan_shadow) OR EXISTS (SELECT 1 FROM thuan_conflict)
        OR EXISTS (SELECT 1 FROM thuan_quarantine)
      """)
    guard holdsRows != nil else { return }
    isSnapshot = true
    touched = Set(schema.tables.map(\.number)).union(published.keys)
    try db.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS thuan_seen
          (tbl INTEGER, key ANY, PRIMARY KEY (tbl, key)) STRICT, WITHOUT ROWID;
        DELETE FROM temp.thuan_seen;
        """)
  }

  /// Rows of tables that this schema does not know are passed over; they come again once it does.
  mutating func apply(_ row: PulledRow) throws {
    touched.insert(row.table)
    if isSnapshot {
      try db.run(
        "INSERT INTO temp.thuan_seen VALUES (?, ?) ON CONFLICT DO NOTHING",
        [.integer(Int64(row.table)), row.key.stored])
    }
    if let table = published[row.table] {
      _ = try write(row, table, keeping: [])
    } else if let table = schema.table(number: row.table), row.key.values.count == table.key.count {
      let kept = pending.columns(row.table, row.key)
      let isHeld =
        pending.isDeleted(row.table, row.key) || pending.isMadeAnew(row.table, row.key)
        || (kept != nil && (row.kind == .deleted || row.kind == .evicted))
      if isHeld
        || (kept != nil
          && (row.kind == .whole || !row.columns.allSatisfy { kept?.contains($0) == false }))
      {
        try hold(row.table, row.key, from: cursor)
      }
      if isHeld { return }
      let isMissing = try kept != nil && table.read(row.key, in: db) == nil
      let made = try write(row, table, keeping: kept ?? [])
      if isMissing, let words = try ownWords().row(row.table, row.key) {
        return try lay([(row.key, words)], over: table)
      }
      if let made { return try note(made, table, row.key) }
      try shadow.update(table, row.key, values: try table.read(row.key, in: db))
    }
  }

  /// Notes a new row: as it came, where its table is known to keep that so.
  private mutating func note(_ made: [Value], _ table: TableSchema, _ key: RowKey) throws {
    let kinds = try kinds(of: table)
    let isKept = zip(kinds, made).allSatisfy { $0.keeps($1) }
    guard let values = try isKept ? made : table.read(key, in: db) else { return }
    try shadow.insert(table, key, values: values)
  }

  private mutating func kinds(of table: TableSchema) throws -> [ColumnKind] {
    let kinds = try kinds[table.number] ?? table.columnKinds(in: db)
    self.kinds[table.number] = kinds
    return kinds
  }

  private func hold(_ table: Int, _ key: RowKey, from cursor: Int64) throws {
    let place: [Value] = [.integer(Int64(table)), key.stored]
    try db.run(
      "INSERT INTO thuan_held (tbl, key, cursor) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      place + [.integer(cursor)])
    if accesses.isEmpty { return }
    let held = try db.firstValues("SELECT access FROM thuan_held WHERE tbl = ? AND key = ?", place)
    var known: [UInt64] = []
    if case .blob(let bytes)? = held?[0] { known = try SyncDevice.accesses(in: bytes) }
    let all = known + accesses.filter { !known.contains($0) }
    try db.run(
      "UPDATE thuan_held SET access = ? WHERE tbl = ? AND key = ?",
      [.blob(encodedAccesses(all))] + place)
  }

  mutating func finish() throws {
    if isSnapshot {
      let words = try ownWords()
      try removeUnseen(words)
      for table in schema.tables { try lay(words.rows(of: table.number), over: table) }
    }
    try shadow.finish(schema)
    try tellObservers()
  }

  /// What is written past GRDB, its observers do not see.
  private func tellObservers() throws {
    for number in touched {
      guard let table = schema.table(number: number) ?? published[number] else { continue }
      try db.notifyChanges(in: Table(table.name))
    }
  }

  private mutating func ownWords() throws -> OwnWords {
    if let words { return words }
    let words = try OwnWords(db)
    self.words = words
    return words
  }

  /// Writes this device's own words over the hub's rows.
  ///
  /// They are there already, unless the row had been taken away past the triggers, or what the hub
  /// had taken in is pending again because the hub was put back.
  private mutating func lay(
    _ words: [(key: RowKey, row: OwnWords.Row)], over table: TableSchema
  ) throws {
    for (key, row) in words {
      if row.exists == false { try table.delete(key, in: db) }
      if row.exists == true, try table.read(key, in: db) == nil {
        try writeOwn { try make(key, row, table) }
      }
      let fields = row.fields.sorted { $0.key < $1.key }
        .compactMap { number, value in table.index(number: number).map { ($0, value) } }
      if !fields.isEmpty {
        let kinds = try kinds(of: table)
        try writeOwn {
          try db.run(
            table.update(fields.map(\.0)), fields.map(\.1) + key.values,
            textsAt: Self.texts(fields.map(\.0) + table.key, fields.map(\.1) + key.values, kinds))
        }
      }
      try shadow.update(table, key, values: try table.read(key, in: db))
    }
  }

  /// Makes a row once more from this device's own words.
  ///
  /// What those say nothing of because the column came later, or has to have something in it, gets what
  /// the table gives it.
  private mutating func make(_ key: RowKey, _ row: OwnWords.Row, _ table: TableSchema) throws {
    let required = Set(try db.columns(in: table.name).filter(\.isNotNull).map(\.name))
    let values = table.values(of: key, row.whole.lazy.map { ($0.key, $0.value) })
    let named = table.columns.indices.filter { index in
      let column = table.columns[index]
      return values[index] != .null || row.whole[column.number] != nil
        || (column.since <= row.schemaVersion && !required.contains(column.name))
    }
    let columns = named.map { quoted(table.columns[$0].name) }.joined(separator: ", ")
    let places = named.map { _ in "?" }.joined(separator: ", ")
    let written = named.map { values[$0] }
    try db.run(
      "INSERT INTO \(quoted(table.name)) (\(columns)) VALUES (\(places))", written,
      textsAt: Self.texts(named, written, try kinds(of: table)))
  }

  /// Where values are texts that are none, and have to go back as they were: as texts.
  private static func texts(
    _ columns: [Int], _ values: [Value], _ kinds: [ColumnKind]
  ) -> Set<Int> {
    Set(
      zip(columns, values).enumerated().filter { _, pair in
        guard case .blob = pair.1, kinds[pair.0] == .text else { return false }
        return true
      }.map(\.offset))
  }

  /// Writes this device's own words; what the table does not take (any more) stays in the change set in
  /// which it was said, and keeps nothing else from coming in.
  private func writeOwn(_ body: () throws -> Void) throws {
    do { try body() } catch let error as DatabaseError
      where [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(error.resultCode)
    {}
  }

  /// Takes away what the hub does not have, save rows that work of this device's own lies over.
  ///
  /// A row that was made here goes too, with whatever another life of the hub added to it: it is
  /// made once more.
  private mutating func removeUnseen(_ words: OwnWords) throws {
    for table in schema.tables {
      let rows = try db.all(
        """
        SELECT key FROM thuan_shadow WHERE tbl = ?
        EXCEPT SELECT key FROM temp.thuan_seen WHERE tbl = ?
        """, [.integer(Int64(table.number)), .integer(Int64(table.number))])
      for row in rows {
        let key = try RowKey(stored: row.value(at: 0), columns: table.key.count)
        if pending.columns(table.number, key) != nil {
          // It goes when nothing is pending on it any more, unless it has come by then.
          try hold(table.number, key, from: 0)
          if words.row(table.number, key)?.exists != true { continue }
        }
        try table.delete(key, in: db)
        try shadow.update(table, key, values: nil)
      }
    }
    for table in published.values {
      let rows = try db.all("SELECT \(table.columnList) FROM \(quoted(table.name))")
      for row in rows {
        let key = table.rowKey(of: row.values())
        let seen = try db.first(
          "SELECT 1 FROM temp.thuan_seen WHERE tbl = ? AND key = ?",
          [.integer(Int64(table.number)), key.stored])
        if seen == nil { try table.delete(key, in: db) }
      }
    }
    try db.run("DELETE FROM temp.thuan_seen")
  }

  /// - Returns: The values of a row that was not there before.
  private mutating func write(
    _ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>
  ) throws -> [Value]? {
    switch row.kind {
    case .deleted, .evicted: try table.delete(row.key, in: db)
    case .whole: return try writeWhole(row, table, keeping: kept)
    case .fields: try writeFields(row, table, keeping: kept)
    }
    return nil
  }

  private mutating func writeWhole(
    _ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>
  ) throws -> [Value]? {
    let values = table.values(of: row)
    // One statement for both would have SQLite compile every trigger of the table for a new row.
    let insertion = try inserts[table.number] ?? db.prepared(table.insertIfAbsent)
    inserts[table.number] = insertion
    try insertion.run(values)
    if db.changesCount > 0 { return values }
    let written = table.columns.indices.filter {
      table.columns[$0].unit != nil && !kept.contains(table.columns[$0].number)
    }
    try update(row.key, table, written, written.map { values[$0] })
    return nil
  }

  private func writeFields(_ row: PulledRow, _ table: TableSchema, keeping kept: Set<Int>) throws {
    var written: [Int] = []
    var values: [Value] = []
    for (column, value) in zip(row.columns, row.values) where !kept.contains(column) {
      guard let index = table.index(number: column) else { continue }
      written.append(index)
      values.append(value)
    }
    try update(row.key, table, written, values)
  }

  private func update(
    _ key: RowKey, _ table: TableSchema, _ columns: [Int], _ values: [Value]
  ) throws {
    if columns.isEmpty { return }
    try db.run(table.update(columns), values + key.values)
  }
}
