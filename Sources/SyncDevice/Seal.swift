import GRDB
import SyncCore
import SyncSQLite

extension DeviceStore {
  /// Turns the change log into change sets: one for every transaction of the library's own, and one
  /// for all that other programs wrote between two of those.
  ///
  /// Whatever moves the cursor seals first, in the same transaction; so the cursor is the base of
  /// every change that is still in the log.
  ///
  /// What cannot travel waits, and what depends on it; see ``WaitingRows``.
  ///
  /// - Parameters:
  ///   - db: The store.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: What keeps the last transaction of the library's own from ever being sent; nothing if
  ///   it can be.
  /// - Throws: SQLite's errors.
  @discardableResult
  func seal(_ db: Database, wallMilliseconds: Int64) throws -> Obstacle? {
    guard try db.exists("SELECT 1 FROM thuan_log LIMIT 1") else { return nil }
    var sealer = try Sealer(self, db, wallMilliseconds: wallMilliseconds)
    try sealer.run()
    try updateShadowOfLoggedRows(db, sealer)
    for table in schema.tables {
      try db.run("DELETE FROM \(Capture.imageTable(of: table))")
    }
    try db.run("DELETE FROM thuan_log")
    return sealer.waiting.refusal
  }

  /// Takes the marks of what the log says was written, and of nothing else: another column of the row
  /// may have been changed past the triggers, or the same one since, or the row be gone or made again,
  /// and that is still to be found.
  ///
  /// - Parameters:
  ///   - db: The store.
  ///   - sealer: What has sealed the log.
  /// - Throws: SQLite's errors.
  private func updateShadowOfLoggedRows(_ db: Database, _ sealer: Sealer) throws {
    var shadow = ShadowWriter(db)
    var logged: LoggedRow?
    try db.each(LoggedRow.select) { entry in
      let place = LoggedPlace(table: Int(entry[0].integer ?? 0), key: entry[1])
      if let row = logged, row.place != place {
        try note(row, sealer, &shadow, db)
        logged = nil
      }
      if sealer.untracked.contains(place) { return true }
      logged = logged ?? LoggedRow(place)
      logged?.add(entry)
      return true
    }
    if let logged { try note(logged, sealer, &shadow, db) }
    try shadow.finish(schema)
  }

  private func note(
    _ row: LoggedRow, _ sealer: Sealer, _ shadow: inout ShadowWriter, _ db: Database
  ) throws {
    guard let table = schema.table(number: row.place.table) else { return }
    let key = try RowKey(stored: row.place.key, columns: table.key.count)
    var values = try row.isDeleted ? nil : table.read(key, in: db)
    // One that was only to be replaced, and was not, was not written.
    if values != nil, row.isUnwritten { return }
    if values == nil, row.mustBeThere { return try miss(row, table, key, &shadow, db) }
    let written = row.written
    for (column, value) in written {
      if let index = table.index(number: column) { values?[index] = value }
    }
    if values == nil { return try shadow.update(table, key, values: nil) }
    // Of a row that was only replaced, what has not changed is as well known as before.
    let replaced = try sealer.replacedColumns[row.place].flatMap { columns in
      try hasMarks(table, key, db) ? columns : nil
    }
    if row.isMade, replaced == nil, let values {
      return try shadow.insert(table, key, values: values)
    }
    let known = replaced.map { $0.union(row.updatedColumns) } ?? Set(written.keys)
    try shadow.update(table, key, values: values, only: known)
  }

  private func hasMarks(_ table: TableSchema, _ key: RowKey, _ db: Database) throws -> Bool {
    try db.exists(
      "SELECT 1 FROM thuan_shadow WHERE tbl = ? AND key = ?",
      [.integer(Int64(table.number)), key.stored])
  }

  /// A row that is there no more although nothing says so keeps its marks.
  ///
  /// If it has none yet, since all of this is news, it gets those of what was sealed of it.
  private func miss(
    _ row: LoggedRow, _ table: TableSchema, _ key: RowKey, _ shadow: inout ShadowWriter,
    _ db: Database
  ) throws {
    guard let suspect = row.suspect, let sealed = try image(suspect, table, db),
      try !hasMarks(table, key, db)
    else { return }
    try shadow.update(table, key, values: sealed)
  }

  /// A row as it was when an entry of the log said that it was gone, or about to be.
  func image(_ id: Int64, _ table: TableSchema, _ db: Database) throws -> [Value]? {
    try db.firstValues(
      "SELECT \(table.columnList) FROM \(Capture.imageTable(of: table)) WHERE thuan_log_id = ?",
      [.integer(id)])
  }
}

/// One pass over the log, oldest entry first.
private struct Sealer {
  private let store: DeviceStore
  private let db: Database
  private let wallMilliseconds: Int64
  private let stream: StreamID
  private let officer: String
  private let base: Int64
  private var clock: HybridTime
  private var sequence: Int64
  private var previous: [UInt8]
  /// Whether any entry but an insert is there; without one, every insert's row is as it was made.
  private let hasLaterEntries: Bool
  private let hasHeldRows: Bool
  private var changes: [RowChange] = []
  /// How many bytes the changes will take at most, or, once that has become too much, exactly.
  private var size = 0
  private var isSizeExact = false
  private(set) var waiting: WaitingRows
  /// Rows that got another key, each with the row that it was before.
  private var renames: [(LoggedPlace, LoggedPlace)] = []
  /// The row that was deleted last, if nothing has come after it.
  private var lastDeleted: (id: Int64, table: Int, key: RowKey, values: [Value])?
  private var lastTime: Int64?
  /// The next transaction of which the log says who wrote it, or the one that is being read.
  private var next: LoggedTransaction?
  /// The one that is being read; nothing where nobody says who wrote it.
  private var current: LoggedTransaction?
  /// The update whose columns are being gathered.
  private var update: (table: Int, key: Value, fields: [FieldChange])?
  /// Rows that were replaced before anybody had found them: they are still to be found, whole.
  private(set) var untracked: Set<LoggedPlace> = []
  /// The columns that changed in rows that were replaced, and not made or deleted, since the last
  /// sealing.
  private(set) var replacedColumns: [LoggedPlace: Set<Int>] = [:]
  private var made: Set<LoggedPlace> = []
  /// Rows that a REPLACE removed, until the insert that follows is read.
  ///
  /// As they stood there, and as the log says that they stood there.
  private var replaced: [Int: [Value: (image: [Value], logged: [Value])]] = [:]

  init(_ store: DeviceStore, _ db: Database, wallMilliseconds: Int64) throws {
    self.store = store
    self.db = db
    self.wallMilliseconds = wallMilliseconds
    stream = StreamID(
      device: try store.setting(.device, db).text ?? "",
      epoch: Int(try store.setting(.epoch, db).integer ?? 0))
    officer = try store.setting(.officer, db).text ?? ""
    base = try store.cursor(db)
    clock = try store.clock(db)
    sequence = try store.setting(.sequence, db).integer ?? 0
    if case .blob(let hash) = try store.setting(.hash, db) {
      previous = hash
    } else {
      previous = []
    }
    waiting = try WaitingRows(store.schema, db, wallMilliseconds: wallMilliseconds)
    hasHeldRows = try db.exists("SELECT 1 FROM thuan_held LIMIT 1")
    hasLaterEntries = try db.exists("SELECT 1 FROM thuan_log WHERE op IN (2, 3, 4) LIMIT 1")
    if hasLaterEntries { try indexLaterEntries() }
  }

  /// An insert is a pointer, so its values are found by going back from what came after it.
  ///
  /// That wants an index, which would be dear to keep while people write and is cheap to make now.
  private func indexLaterEntries() throws {
    let hasSuspects = try db.exists("SELECT 1 FROM thuan_log WHERE op = 4 LIMIT 1")
    try db.run(
      """
      CREATE TEMP TABLE IF NOT EXISTS thuan_later
        (tbl INTEGER, key ANY, id INTEGER, PRIMARY KEY (tbl, key, id)) STRICT, WITHOUT ROWID
      """)
    try db.run("DELETE FROM temp.thuan_later")
    try db.run(
      """
      INSERT INTO temp.thuan_later SELECT tbl, key, id FROM thuan_log
      WHERE op IN (\(hasSuspects ? "1, 2, 3, 4" : "2, 3")) ORDER BY tbl, key, id
      """)
  }

  mutating func run() throws {
    next = try db.loggedTransaction(after: 0)
    try db.each("SELECT \(LogEntry.columns) FROM thuan_log ORDER BY id") { row in
      let entry = LogEntry(row)
      if entry.id == next?.first {
        current = nil
        try close(nil)
      }
      if entry.operation >= LogEntry.end {
        try close(next)
        next = try db.loggedTransaction(after: entry.id)
        return true
      }
      current = next.flatMap { entry.id < $0.first ? nil : $0 }
      try add(entry)
      return true
    }
    current = nil
    try close(nil)
    for released in try waiting.release() { try write(released.changes, released.author) }
    try store.setClock(clock, db)
    try store.set(.sequence, .integer(sequence), db)
    try store.set(.hash, .blob(previous), db)
    if hasLaterEntries { try db.run("DELETE FROM temp.thuan_later") }
  }

  // MARK: Entries

  private mutating func add(_ entry: LogEntry) throws {
    guard let table = store.schema.table(number: entry.table) else { return }
    lastTime = entry.at ?? lastTime
    if entry.operation == LogEntry.update {
      try addField(of: entry)
      return
    }
    try flushUpdate()
    switch entry.operation {
    case LogEntry.insert: try addInsert(entry, table)
    case LogEntry.delete:
      guard let image = try image(entry.id, table) else { break }
      try addDelete(table, image)
      lastDeleted = (entry.id, table.number, table.rowKey(of: image), image)
    default: try addSuspect(entry, table)
    }
  }

  private mutating func addField(of entry: LogEntry) throws {
    guard let column = entry.column else { return }
    if let update,
      update.table != entry.table || update.key != entry.key
        || update.fields.contains(where: { $0.column == column })
    {
      try flushUpdate()
    }
    let field = FieldChange(column: column, before: entry.old, after: entry.new)
    update = (entry.table, entry.key, (update?.fields ?? []) + [field])
  }

  private mutating func flushUpdate() throws {
    guard let update, let table = store.schema.table(number: update.table),
      let key = try? RowKey(stored: update.key, columns: table.key.count)
    else { return }
    try append(
      RowChange(table: update.table, operation: .update, key: key, fields: update.fields))
    self.update = nil
  }

  private mutating func addInsert(_ entry: LogEntry, _ table: TableSchema) throws {
    guard let values = try valuesAtInsert(entry, table) else { return }
    let place = LoggedPlace(table: entry.table, key: entry.key)
    if let (image, logged) = replaced[entry.table]?.removeValue(forKey: entry.key) {
      // What the log does not know of, the replacement wrote too, even where it left it as it was.
      let old = values.indices.map { image[$0] == values[$0] ? logged[$0] : image[$0] }
      try addDifference(table, old, values)
      if !made.contains(place) {
        let changed = table.columns.indices.filter { old[$0] != values[$0] }
        replacedColumns[place, default: []].formUnion(changed.map { table.columns[$0].number })
      }
      return
    }
    noteRename(entry, table, values)
    made.insert(place)
    replacedColumns[place] = nil
    let fields = zip(table.columns, values).filter { $0.unit != nil && $1 != .null }
      .map { FieldChange(column: $0.number, before: .null, after: $1) }
    try append(
      RowChange(
        table: table.number, operation: .insert, key: table.rowKey(of: values), fields: fields))
  }

  private mutating func addDelete(_ table: TableSchema, _ values: [Value]) throws {
    let fields = zip(table.columns, values).filter { $0.unit != nil && $1 != .null }
      .map { FieldChange(column: $0.number, before: $1, after: .null) }
    try append(
      RowChange(
        table: table.number, operation: .delete, key: table.rowKey(of: values), fields: fields))
  }

  /// A changed key is logged as the old row's end and, at once, the new row's beginning.
  ///
  /// One row that is deleted and another that is made look the same if they have something in common.
  private mutating func noteRename(_ entry: LogEntry, _ table: TableSchema, _ values: [Value]) {
    defer { lastDeleted = nil }
    guard let old = lastDeleted, old.id == entry.id - 1, old.table == table.number else { return }
    let others = table.columns.indices.filter { table.columns[$0].unit != nil }
    let isAlike =
      others.isEmpty || others.contains { values[$0] != .null && values[$0] == old.values[$0] }
    if isAlike {
      renames.append(
        (
          LoggedPlace(table: table.number, key: old.key.stored),
          LoggedPlace(table: table.number, key: table.rowKey(of: values).stored)
        ))
    }
  }

  /// A row that was replaced as a whole is an update of what differs.
  private mutating func addDifference(_ table: TableSchema, _ old: [Value], _ new: [Value])
    throws
  {
    var fields: [FieldChange] = []
    for unit in table.units where unit.columns.contains(where: { old[$0] != new[$0] }) {
      for index in unit.columns {
        fields.append(
          FieldChange(column: table.columns[index].number, before: old[index], after: new[index]))
      }
    }
    guard !fields.isEmpty else { return }
    try append(
      RowChange(
        table: table.number, operation: .update, key: table.rowKey(of: new), fields: fields))
  }

  /// A row that a REPLACE may have removed: what comes next for it tells whether it did.
  private mutating func addSuspect(_ entry: LogEntry, _ table: TableSchema) throws {
    guard let image = try image(entry.id, table) else { return }
    let next = try db.firstValues(
      """
      SELECT op FROM thuan_log WHERE id = (
        SELECT min(later.id) FROM thuan_log this, temp.thuan_later later
        WHERE this.id = ? AND later.tbl = this.tbl AND later.key = this.key AND later.id > this.id)
      """, [.integer(entry.id)])
    let operation = next?[0].integer.map { Int($0) }
    if operation == LogEntry.insert {
      let logged = try asLogged(image, before: entry, table)
      replaced[entry.table, default: [:]][entry.key] = (image, logged)
      if try isUntracked(entry) {
        untracked.insert(LoggedPlace(table: entry.table, key: entry.key))
      }
    } else if operation == nil, try table.read(table.rowKey(of: image), in: db) == nil {
      try addDelete(table, image)
    }
  }

  /// A row as the log says that it was, which is not as it was where somebody wrote to it past the
  /// triggers.
  private func asLogged(
    _ image: [Value], before entry: LogEntry, _ table: TableSchema
  ) throws -> [Value] {
    var written: [Int: Value] = [:]
    try db.each(
      """
      SELECT entry.op, entry.col, entry.new FROM temp.thuan_later later
        JOIN thuan_log entry ON entry.id = later.id
      WHERE later.tbl = ? AND later.key = ? AND later.id < ? AND entry.op <> 4
      ORDER BY later.id DESC
      """, [.integer(Int64(entry.table)), entry.key, .integer(entry.id)]
    ) { row in
      guard row[0] == .integer(Int64(LogEntry.update)), let column = row[1].integer else {
        return false
      }
      if written[Int(column)] == nil { written[Int(column)] = row[2] }
      return true
    }
    return zip(table.columns, image).map { column, value in written[column.number] ?? value }
  }

  /// Whether a row has no marks although nothing in the log made it: that happened past the triggers.
  private func isUntracked(_ entry: LogEntry) throws -> Bool {
    try db.exists(
      """
      SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM thuan_shadow WHERE tbl = ?1 AND key = ?2)
        AND NOT EXISTS (
          SELECT 1 FROM temp.thuan_later later JOIN thuan_log made ON made.id = later.id
          WHERE later.tbl = ?1 AND later.key = ?2 AND later.id < ?3 AND made.op = 1)
      """, [.integer(Int64(entry.table)), entry.key, .integer(entry.id)])
  }

  /// What nobody says the end of could grow until it could not be sent: then it is cut between rows.
  private mutating func append(_ change: RowChange) throws {
    var bytes = isSizeExact ? change.encodedBytes : change.travelBytes
    if size + bytes > SyncLimits.rowChangeBytes, current?.isFound ?? true, !changes.isEmpty {
      if !isSizeExact {
        isSizeExact = true
        size = changes.reduce(0) { $0 + $1.encodedBytes }
        bytes = change.encodedBytes
      }
      if size + bytes > SyncLimits.rowChangeBytes { try cut(current) }
    }
    changes.append(change)
    size += bytes
  }

  // MARK: Values

  /// The values with which a row was made: those it has now, or had when it was deleted, less the
  /// updates in between.
  private func valuesAtInsert(_ entry: LogEntry, _ table: TableSchema) throws -> [Value]? {
    var undone: [Int: Value] = [:]
    var values: [Value]?
    if hasLaterEntries {
      try db.each(
        """
        SELECT \(LogEntry.columns) FROM thuan_log WHERE op <> 1 AND id IN (
          SELECT later.id FROM thuan_log this, temp.thuan_later later
          WHERE this.id = ? AND later.tbl = this.tbl AND later.key = this.key
            AND later.id > this.id) ORDER BY id
        """, [.integer(entry.id)]
      ) { row in
        let entry = LogEntry(row)
        guard entry.operation == LogEntry.update else {
          values = try image(entry.id, table)
          return false
        }
        if let column = entry.column, undone[column] == nil { undone[column] = entry.old }
        return true
      }
    }
    let key = try RowKey(stored: entry.key, columns: table.key.count)
    guard var values = try values ?? table.read(key, in: db) else { return nil }
    for (column, value) in undone {
      if let index = table.index(number: column) { values[index] = value }
    }
    return values
  }

  private func image(_ id: Int64, _ table: TableSchema) throws -> [Value]? {
    try store.image(id, table, db)
  }

  // MARK: Change sets

  /// The oldest state of the hub's that shows in the rows of this change set: where a pull had to hold
  /// a row back, whoever wrote to it did not see what came.
  private func heldBase() throws -> Int64 {
    guard hasHeldRows else { return .max }
    return try changes.reduce(.max) { oldest, change in
      let row = try db.firstValues(
        "SELECT cursor FROM thuan_held WHERE tbl = ? AND key = ?",
        [.integer(Int64(change.table)), change.key.stored])
      return min(oldest, row?[0].integer ?? .max)
    }
  }

  /// Makes a change set of the changes so far: what a transaction of the library's own wrote, or what
  /// was found, or what other programs wrote.
  private mutating func close(_ transaction: LoggedTransaction?) throws {
    try flushUpdate()
    try cut(transaction)
  }

  private mutating func cut(_ transaction: LoggedTransaction?) throws {
    defer { (changes, size, isSizeExact, lastTime, renames) = ([], 0, false, nil, []) }
    guard !changes.isEmpty else { return }
    let wall = transaction?.wallMilliseconds ?? lastTime.map { $0 * 1000 } ?? wallMilliseconds
    if transaction == nil { clock = clock.next(wallMilliseconds: wall) }
    let author = Authorship(
      base: min(transaction?.base ?? base, try heldBase()),
      officer: transaction?.officer ?? officer, wallMilliseconds: wall,
      stamp: transaction?.stamp ?? clock,
      isForeign: transaction?.isFound ?? true, isFound: transaction?.isFound ?? false)
    try write(try waiting.part(changes, renames: renames, by: author), author)
  }

  private mutating func write(_ changes: [RowChange], _ author: Authorship) throws {
    guard !changes.isEmpty else { return }
    var changeSet = ChangeSet(
      stream: stream, sequence: sequence + 1, previous: previous,
      schemaVersion: store.schema.version, base: try point(of: author), stamp: author.stamp,
      wallMilliseconds: author.wallMilliseconds, officer: author.officer,
      isForeign: author.isForeign, changes: changes)
    changeSet.isFound = author.isFound
    if sequence == 0 { changeSet.continues = try store.origin(db) }
    let body = changeSet.encoded()
    (sequence, previous) = (changeSet.sequence, ChangeSet.hash(of: body))
    try db.run(
      """
      INSERT INTO thuan_outbox (epoch, sequence, hash, body, officer, wall)
      VALUES (?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(Int64(stream.epoch)), .integer(sequence), .blob(previous), .blob(body),
        .text(author.officer), .integer(author.wallMilliseconds),
      ])
  }

  /// The state that was known when something was written; one that proves nothing where there were
  /// several, so that the values that were seen tell what was known.
  private func point(of author: Authorship) throws -> HubPoint {
    if author.hasOneBase { return try store.point(at: author.base, db) }
    let access = try store.point(at: base, db).access
    return HubPoint(sequence: max(1, author.base), number: 0, proof: 0, access: access)
  }
}
