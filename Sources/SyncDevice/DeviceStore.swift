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
      try database.read { try schema.checkTriggers(in: $0) }
    }
    try database.write { db in
      try schema.check(against: db)
      try repairCapture(db, isMigrated: !isUpToDate, wallMilliseconds: wallMilliseconds)
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
  ]

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
        try db.run("UPDATE thuan_capture SET grp = grp + 1, own = 1")
        let last = try lastLogEntry(db)
        let size = try FileSize(db)
        result = try body(db)
        let entries = try lastLogEntry(db) - last
        if entries > 0 {
          let stamp = try clock(db).next(wallMilliseconds: author.wallMilliseconds)
          let bits = Value.integer(Int64(bitPattern: stamp.bits))
          try db.run(
            "INSERT INTO thuan_group SELECT grp, ?, ?, ?, ?, 0 FROM thuan_capture",
            [
              .text(author.officer), bits, .integer(author.wallMilliseconds),
              base.map(Value.integer) ?? .null,
            ])
          try db.run("UPDATE thuan_capture SET grp = grp + 1, own = 0, clock = ?", [bits])
          try refuseUnsendable(db, entries: entries, before: size, author)
        } else {
          try db.run("UPDATE thuan_capture SET grp = grp + 1, own = 0")
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
  /// An insert is a pointer, so its size shows only in how the file has grown, and in what may have
  /// found room in pages that were there. If that could be too much, sealing tells.
  private func refuseUnsendable(
    _ db: Database, entries: Int64, before: FileSize, _ author: Author
  ) throws {
    // A message spends more on a small value than a row does: a few bytes for each.
    let around = entries * Int64(32 + 8 * schema.columnsMax)
    let now = try FileSize(db)
    if now.isSmall, now.bytes + around <= SyncLimits.changeSetBytes { return }
    let grown = max(0, now.bytes - (before.isSmall ? 0 : before.bytes))
    let absorbed = min(entries * now.pageBytes, before.bytes)
    guard grown + absorbed + around > SyncLimits.changeSetBytes else { return }
    try seal(db, wallMilliseconds: author.wallMilliseconds)
    let largest = try db.firstValues(
      "SELECT max(length(body)) FROM thuan_outbox WHERE disposition IS NULL")?[0].integer
    if largest ?? 0 > SyncLimits.changeSetBytes { throw StoreError.transactionTooLarge }
  }

  private func lastLogEntry(_ db: Database) throws -> Int64 {
    try db.firstValues("SELECT max(id) FROM thuan_log")?[0].integer ?? 0
  }

  /// The store's hybrid clock, as it was last read.
  func clock(_ db: Database) throws -> HybridTime {
    let bits = try db.firstValues("SELECT clock FROM thuan_capture")?[0].integer
    return HybridTime(bits: UInt64(bitPattern: bits ?? 0))
  }

  func setClock(_ time: HybridTime, _ db: Database) throws {
    try db.run("UPDATE thuan_capture SET clock = ?", [.integer(Int64(bitPattern: time.bits))])
  }

  /// Ticks the store's hybrid clock.
  func advanceClock(_ db: Database, wallMilliseconds: Int64) throws -> HybridTime {
    let stamp = try clock(db).next(wallMilliseconds: wallMilliseconds)
    try setClock(stamp, db)
    return stamp
  }
}

/// How large a file is; of one that is not small, how much of it is in use.
private struct FileSize {
  let pageBytes: Int64
  let bytes: Int64
  /// Whether all that is in it, and as much again, could be sent at once: then it need not be looked at
  /// more closely, and what makes it large has itself to be looked at.
  let isSmall: Bool

  init(_ db: Database) throws {
    func pragma(_ name: String) throws -> Int64 {
      try db.firstValues(name)?[0].integer ?? 0
    }
    pageBytes = try pragma("PRAGMA page_size")
    let pages = try pragma("PRAGMA page_count")
    isSmall = pages * pageBytes <= SyncLimits.changeSetBytes / 2
    bytes = pageBytes * (isSmall ? pages : pages - (try pragma("PRAGMA freelist_count")))
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
}
