package import GRDB
package import SyncCore
package import SyncSQLite

/// An application's SQLite database that logs every change made to it, by whatever program.
///
/// All functions are synchronous and take the time as an argument; what the store does depends on
/// nothing but its file and its arguments.
package struct DeviceStore: Sendable {
  package let schema: SyncSchema
  package let database: any DatabaseWriter

  /// Opens a store, brings it up to the newest schema and makes sure that capture is whole.
  ///
  /// - Parameters:
  ///   - database: The application's database.
  ///   - migrations: The application's schema, in order.
  ///   - schema: The merge policies that belong to it.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: ``StoreError`` if the file was written by a newer program, `SchemaError` if schema and
  ///   policies differ, and SQLite's errors.
  package init(
    _ database: any DatabaseWriter, migrations: [Migration], schema: SyncSchema,
    wallMilliseconds: Int64
  ) throws {
    self.database = database
    self.schema = schema
    let migrator = DatabaseMigrator(Self.ownMigrations + migrations)
    try database.read { db in
      if try migrator.hasBeenSuperseded(db) { throw StoreError.writtenByNewerProgram }
    }
    let isUpToDate = try database.read { try migrator.hasCompletedMigrations($0) }
    if try isUpToDate && database.read({ try isCaptureKnown($0) }) { return }
    if !isUpToDate {
      try database.write { try Capture.removeTriggers(in: $0) }
      try migrator.migrate(database)
    }
    try database.write { db in
      try schema.check(against: db)
      try repairCapture(db, isMigrated: !isUpToDate, wallMilliseconds: wallMilliseconds)
      try noteForeignTriggers(wallMilliseconds: wallMilliseconds, db)
      if !isUpToDate { try discardStagedPages(db) }
      try noteCapture(db)
    }
  }

  /// Opens a store in a file.
  ///
  /// - Parameters:
  ///   - path: Where the file is, or is to be.
  ///   - migrations: The application's schema, in order.
  ///   - schema: The merge policies that belong to it.
  ///   - wallMilliseconds: What the device's clock shows.
  ///   - isDurable: Whether a commit survives a power cut. Without it the last commits may not; the
  ///     store stays whole either way.
  /// - Throws: As ``init(_:migrations:schema:wallMilliseconds:)``.
  package init(
    path: String, migrations: [Migration], schema: SyncSchema, wallMilliseconds: Int64,
    isDurable: Bool = true
  ) throws {
    StatementJournal.keepInMemory()
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    let database = try DatabaseQueue(path: path, configuration: configuration)
    try database.logAhead(isDurable: isDurable)
    try self.init(
      database, migrations: migrations, schema: schema, wallMilliseconds: wallMilliseconds)
  }

  private static let ownMigrations = [
    Migration(name: "thuan-v1-sync", embedded: PackageResources.v1_sync_sql),
    Migration(name: "thuan-v1-published", embedded: PackageResources.v1_published_sql),
    Migration(name: "thuan-v2-words", embedded: PackageResources.v2_words_sql),
    Migration(name: "thuan-v2-schema", embedded: PackageResources.v2_schema_sql),
    Migration(name: "thuan-v2-scope", embedded: PackageResources.v2_scope_sql),
    Migration(name: "thuan-v2-waiting", embedded: PackageResources.v2_waiting_sql),
  ]

  static let ownTables = Set(ownMigrations.flatMap(\.tables))

  /// Reads in one transaction.
  package func read<T>(_ body: (Database) throws -> T) throws -> T {
    try database.unsafeReentrantRead(body)
  }

  /// Writes what one officer does in one go.
  ///
  /// It is committed whole, travels whole, and becomes visible whole everywhere (law L4).
  ///
  /// - Parameters:
  ///   - author: Who does it and when.
  ///   - base: The cursor at which the officer began, where a form was open for a while; without it,
  ///     the change counts as made in full knowledge of what the store holds now.
  ///   - body: The writing.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws; nothing is written then.
  package func write<T>(
    by author: Author, knowing base: Int64? = nil, _ body: (Database) throws -> T
  )
    throws -> T
  {
    try database.unsafeReentrantWrite { db in
      var result: T?
      try db.inTransaction(.immediate) {
        let clock = try clock(db)
        let last = try db.lastLogEntry()
        let pages = db.pagesWritten
        result = try body(db)
        let entries = try refuseBrokenTexts(db, after: last) - last
        if entries > 0 {
          try db.logEnd(
            of: LoggedTransaction(
              first: last + 1, officer: author.officer,
              stamp: clock.next(wallMilliseconds: author.wallMilliseconds),
              wallMilliseconds: author.wallMilliseconds, base: base))
          let spilled = db.pagesWritten - pages
          try refuseUnsendable(db, from: last + 1, entries: entries, spilled: spilled, author)
        }
        return .commit
      }
      guard let result else { throw StoreError.notCommitted }
      return result
    }
  }

  /// A transaction that could never be sent would block all that comes after it, so it is refused
  /// while whoever writes it can still do something about it.
  ///
  /// An insert is a pointer, so its size does not show in the log. What was written is in the cache or
  /// was written out of it; if that is too much, which may have other reasons, it is reckoned up; and if
  /// that is, sealing tells.
  private func refuseUnsendable(
    _ db: Database, from first: Int64, entries: Int64, spilled: Int64, _ author: Author
  ) throws {
    // A message spends more on a small value than a row does: a few bytes for each.
    let around = entries * Int64(32 + 8 * schema.columnsMax)
    func fits(_ bytes: Int64) -> Bool { bytes + around <= SyncLimits.rowChangeBytes }
    let written = try spilled == 0 ? 0 : spilled * pageBytes(db)
    if fits(written + db.cachedBytes) { return }
    if try fits(loggedBytes(from: first, db)) { return }
    guard let obstacle = try seal(db, wallMilliseconds: author.wallMilliseconds) else { return }
    throw obstacle.table == 0 ? StoreError.transactionTooLarge : .cannotTravel(obstacle)
  }

  /// A text that the hub would not take (law L12) is refused while whoever wrote it can still do
  /// something about it: the store would say that it has it, and everything behind it would wait.
  ///
  /// - Parameters:
  ///   - db: The store.
  ///   - last: The log's last entry before the transaction.
  /// - Returns: The log's last entry now.
  /// - Throws: ``StoreError/cannotTravel(_:)`` for such a text, and SQLite's errors.
  private func refuseBrokenTexts(_ db: Database, after last: Int64) throws -> Int64 {
    var end = last
    var filled: Set<Int> = []
    unsafe try db.eachRow(
      "SELECT id, tbl, op, key, col, old, new FROM thuan_log WHERE id > ? ORDER BY id",
      [.integer(last)]
    ) { row in
      end = unsafe row.value(at: 0).integer ?? end
      let number = Int(unsafe row.value(at: 1).integer ?? 0)
      if unsafe row.value(at: 2) == .integer(Int64(LogEntry.insert)) { filled.insert(number) }
      // What stood there before is another program's.
      guard let broken = unsafe row.brokenText(at: 6), unsafe row.brokenText(at: 5) != broken,
        unsafe row.value(at: 2) == .integer(Int64(LogEntry.update)),
        let table = schema.table(number: number)
      else { return }
      let key = try RowKey(stored: unsafe row.value(at: 3), columns: table.key.count)
      let column = Int(unsafe row.value(at: 4).integer ?? 0)
      throw StoreError.cannotTravel(Obstacle(brokenText: broken, table, key, column: column))
    }
    for table in schema.tables where filled.contains(table.number) {
      try refuseBrokenTexts(in: table, after: last, db)
    }
    return end
  }

  /// Looks at rows that were made since an entry of the log: all of a table's at once, where the log
  /// names them by what stands in the table.
  private func refuseBrokenTexts(in table: TableSchema, after last: Int64, _ db: Database) throws {
    let made = "SELECT key FROM thuan_log WHERE id > ? AND op = 1 AND tbl = ?"
    let arguments: [SyncCore.Value] = [.integer(last), .integer(Int64(table.number))]
    if table.key.count == 1 {
      return unsafe try db.eachRow(
        "SELECT \(table.columnList) FROM \(quoted(table.name)) WHERE \(table.keyList) IN (\(made))",
        arguments
      ) { unsafe try refuseBrokenTexts(of: $0, in: table) }
    }
    try db.each(made, arguments) { entry in
      let key = try RowKey(stored: entry[0], columns: table.key.count)
      unsafe try table.withRow(key, in: db) { unsafe try refuseBrokenTexts(of: $0, in: table) }
      return true
    }
  }

  private func refuseBrokenTexts(of row: StoredRow, in table: TableSchema) throws {
    for (index, column) in table.columns.enumerated() {
      if let bytes = unsafe row.brokenText(at: index) {
        throw unsafe StoreError.cannotTravel(
          Obstacle(brokenText: bytes, table, table.rowKey(of: row.values), column: column.number))
      }
      if column.unit == nil, unsafe row.value(at: index) == .null {
        throw unsafe StoreError.cannotTravel(
          Obstacle(
            table: table.number, key: table.rowKey(of: row.values), reason: .outsideColumn,
            column: column.number, bytes: 0))
      }
    }
  }

  private func pageBytes(_ db: Database) throws -> Int64 {
    try db.firstValues("PRAGMA page_size")?[0].integer ?? 0
  }

  /// The store's hybrid clock, as it was last read.
  func clock(_ db: Database) throws -> HybridTime {
    let bits = try setting(.clock, db).integer ?? 0
    let noted = HybridTime(bits: UInt64(bitPattern: bits))
    return try max(noted, db.lastLoggedTransaction()?.stamp ?? noted)
  }

  func setClock(_ time: HybridTime, _ db: Database) throws {
    try set(.clock, .integer(Int64(bitPattern: time.bits)), db)
  }
}

/// Who writes, and what the device's clock shows.
package struct Author: Sendable {
  package let officer: String
  package let wallMilliseconds: Int64

  package init(officer: String, wallMilliseconds: Int64) {
    self.officer = officer
    self.wallMilliseconds = wallMilliseconds
  }
}

/// What can be wrong with a store as a whole.
package enum StoreError: Error, Equatable {
  /// The file has migrations that this program does not know.
  case writtenByNewerProgram
  /// The device has not been enrolled yet.
  case notEnrolled
  /// The store belongs to another hub than the one that answered.
  case otherHub
  /// The transaction was rolled back by the writer.
  case notCommitted
  /// The transaction is too large to be sent whole; nothing of it has been written.
  case transactionTooLarge
  /// A row could never be sent as the transaction leaves it; nothing of it has been written.
  case cannotTravel(Obstacle)
}

extension Obstacle {
  /// A text that is none, in a row's column of the given wire number.
  init(brokenText bytes: [UInt8], _ table: TableSchema, _ key: RowKey, column: Int) {
    self.init(
      table: table.number, key: key, reason: bytes.contains(0) ? .zero : .notUTF8,
      column: column, bytes: bytes.count)
  }
}
