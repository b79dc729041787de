import GRDB
package import SyncCore
package import SyncSQLite
import Synchronization

/// The hub's storage in an SQLite file.
package struct SQLiteHubDatabase: HubDatabase {
  private let database: any DatabaseWriter
  private let schema: SyncSchema
  private let lookout = TriggerLookout()

  /// Opens the file, makes it if need be, and brings it up to the newest schema.
  ///
  /// - Parameters:
  ///   - path: Where the file is; nothing for one in memory.
  ///   - migrations: The application's schema, in order.
  ///   - schema: The merge policies that belong to it.
  /// - Throws: ``HubError/writtenByNewerProgram``, `SchemaError` and SQLite's errors.
  package init(path: String?, migrations: [Migration], schema: SyncSchema) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    // The hub checks links itself, where it can bring a parent back; see ``Ingest``.
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      // What a savepoint would undo is kept in memory: a file for every change set costs more than it.
      // And a change set touches more trees than two megabytes of pages hold; with a log as large,
      // what devices that come one after the other all touch is copied into the file once.
      try db.execute(
        sql: """
          PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000
          """)
    }
    if let path {
      database = try DatabasePool(path: path, configuration: configuration)
    } else {
      database = try DatabaseQueue(configuration: configuration)
    }
    try database.logAhead(isDurable: true)
    let migrator = DatabaseMigrator(Self.ownMigrations + migrations)
    if try database.read({ try migrator.hasBeenSuperseded($0) }) {
      throw HubError.writtenByNewerProgram
    }
    try migrator.migrate(database)
    try database.read { try schema.check(against: $0) }
    self.schema = schema
  }

  private static let ownMigrations = [
    Migration(name: "thuan-hub-v1-hub", embedded: PackageResources.v1_hub_sql),
    Migration(name: "thuan-hub-v1-published", embedded: PackageResources.v1_published_sql),
    Migration(name: "thuan-hub-v2-words", embedded: PackageResources.v2_words_sql),
    Migration(name: "thuan-hub-v2-hub-words", embedded: PackageResources.v2_hub_words_sql),
    Migration(name: "thuan-hub-v2-scope", embedded: PackageResources.v2_scope_sql),
    Migration(name: "thuan-hub-v2-record", embedded: PackageResources.v2_record_sql),
    Migration(name: "thuan-hub-v2-waiting", embedded: PackageResources.v2_waiting_sql),
    Migration(name: "thuan-hub-v2-moves", embedded: PackageResources.v2_moves_sql),
    Migration(name: "thuan-hub-v2-past-words", embedded: PackageResources.v2_past_words_sql),
    Migration(name: "thuan-hub-v2-shown", embedded: PackageResources.v2_shown_sql),
  ]

  private static let ownTables = Set(ownMigrations.flatMap(\.tables))

  package func write<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try database.write { try run(body, in: $0) }
  }

  package func writeMuch<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try database.writeWithoutTransaction { db in
      // One change set may touch every page of the file, and is undone by what those were.
      try db.execute(sql: "PRAGMA temp_store = FILE")
      defer { try? db.execute(sql: "PRAGMA temp_store = MEMORY") }
      var result: T?
      try db.inTransaction {
        result = try run(body, in: db)
        return .commit
      }
      guard let result else { throw HubError.notCommitted }
      return result
    }
  }

  private func run<T>(_ body: (any HubConnection) throws -> T, in db: Database) throws -> T {
    let triggers = try lookout.triggers(in: db) { try foreignTriggers($0) }
    let connection = try SQLiteConnection(db, triggers)
    let result = try body(connection)
    try connection.restoreTriggers()
    return result
  }

  package func read<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try database.read { try body(SQLiteConnection($0)) }
  }

  /// Triggers of others that fire, or would, when the hub writes.
  package func foreignTriggers() throws -> [ForeignTrigger] {
    try database.read { try foreignTriggers($0) }
  }

  private func foreignTriggers(_ db: Database) throws -> [ForeignTrigger] {
    try schema.foreignTriggers(in: db, engine: Self.ownTables)
  }

  /// Tables in the file that nobody has declared.
  package func undeclaredTables() throws -> [String] {
    try database.read { try schema.undeclaredTables(in: $0, engine: Self.ownTables) }
  }

  package func links(in schema: SyncSchema) throws -> [TableLink] {
    try database.read { db in try schema.tables.flatMap { try $0.links(in: schema, db) } }
  }

  package func defaults(in schema: SyncSchema) throws -> [Int: [SyncCore.Value]] {
    try database.read { try schema.defaults(in: $0) }
  }

  package func fitted(_ schema: SyncSchema) throws -> SyncSchema {
    try database.read { try schema.fitted(to: $0) }
  }

  package func kinds(in schema: SyncSchema) throws -> [Int: [ColumnKind]] {
    try database.read { db in
      Dictionary(
        uniqueKeysWithValues: try schema.tables.map { ($0.number, try $0.columnKinds(in: db)) })
    }
  }

  /// Writes a copy of the file as it is now, while others go on writing.
  ///
  /// - Parameter path: Where the copy is to be; there must be nothing yet.
  /// - Throws: SQLite's errors.
  package func backup(to path: String) throws {
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "VACUUM INTO ?", arguments: [path])
    }
  }

  /// SQLite's own findings about the file: broken pages, and links between declared tables that lead
  /// nowhere.
  package func problems() throws -> [String] {
    try database.read { db in
      let broken = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let orphans = try schema.tables.flatMap { table in
        try Row.fetchAll(db, sql: "PRAGMA foreign_key_check(\(quoted(table.name)))")
          .filter { schema.table(namedInSQL: $0["parent"]) != nil }
          .map {
            "\($0["table"] as String): a row points to a missing row of \($0["parent"] as String)"
          }
      }
      return broken + orphans
    }
  }
}

/// Knows which triggers of others are in a file, while SQLite's count of changes to its schema stands:
/// any program may add one at any time.
private final class TriggerLookout: Sendable {
  private let known = Mutex<(schema: Int64, triggers: [ForeignTrigger])?>(nil)

  func triggers(
    in db: Database, _ look: (Database) throws -> [ForeignTrigger]
  ) throws -> [ForeignTrigger] {
    let schema = try db.firstValues("PRAGMA schema_version")?[0].integer ?? 0
    if let known = known.withLock({ $0 }), known.schema == schema { return known.triggers }
    let triggers = try look(db)
    known.withLock { $0 = (schema, triggers) }
    return triggers
  }
}

private final class SQLiteConnection: HubConnection {
  private let database: Database
  private let triggers: [ForeignTrigger]
  private var silenced: SilencedTriggers?

  /// - Parameters:
  ///   - database: A connection, within a transaction.
  ///   - triggers: Those of others, of which some are to be silent until
  ///     ``restoreTriggers()``.
  /// - Throws: SQLite's errors.
  init(_ database: Database, _ triggers: [ForeignTrigger] = []) throws {
    self.database = database
    self.triggers = triggers
    if triggers.isEmpty { return }
    silenced = try SilencedTriggers(triggers.filter(\.isSilenced), in: database)
  }

  func restoreTriggers() throws { try silenced?.restore(in: database) }

  func run(_ sql: String, _ arguments: [SyncCore.Value]) throws {
    do {
      do { try database.run(sql, arguments) } catch let error as DatabaseError {
        // It may be a trigger that keeps a table of somebody's own: nobody's work hangs on that.
        guard try silenced?.silence(triggers, in: database) == true else { throw error }
        try database.run(sql, arguments)
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
      throw ConstraintViolation(detail: error.message ?? "constraint")
    }
  }

  func each(
    _ sql: String, _ arguments: [SyncCore.Value], _ body: ([SyncCore.Value]) throws -> Bool
  ) throws {
    try database.each(sql, arguments, body)
  }

  func attempt<T>(_ body: () throws -> T) throws -> T {
    // Not GRDB's, which prepares its three statements anew each time.
    try database.run("SAVEPOINT attempt")
    do {
      let result = try body()
      try database.run("RELEASE attempt")
      return result
    } catch {
      // SQLite itself may have rolled the whole transaction back by now.
      if database.isInsideTransaction {
        try database.run("ROLLBACK TO attempt")
        try database.run("RELEASE attempt")
      }
      throw error
    }
  }
}

extension TableSchema {
  fileprivate func links(in schema: SyncSchema, _ db: Database) throws -> [TableLink] {
    let rows = try Row.fetchAll(db, sql: "PRAGMA foreign_key_list(\(quoted(name)))")
    return try Dictionary(grouping: rows) { $0["id"] as Int }.sorted { $0.key < $1.key }
      .compactMap { _, parts in
        let parts = parts.sorted { ($0["seq"] as Int) < ($1["seq"] as Int) }
        let target: String = parts[0]["table"]
        // What nobody has declared takes no part, and who points to it is none of the hub's business.
        guard let parent = schema.table(namedInSQL: target) else { return nil }
        let columns = try parts.map { try index(inSQL: $0["from"]) }
        let targets = try parts.compactMap { try ($0["to"] as String?).map(parent.index(inSQL:)) }
        guard targets.isEmpty || targets == parent.key else {
          throw SchemaError(
            "table \(name) points to columns of \(target) that are not its key; point to the key")
        }
        return TableLink(child: number, childColumns: columns, parent: parent.number)
      }
  }

  private func index(inSQL column: String) throws -> Int {
    guard let index = columns.firstIndex(where: { $0.name.isSameSQLName(as: column) }) else {
      throw SchemaError("table \(name) has no column \(column)")
    }
    return index
  }
}

extension SyncSchema {
  /// A table by its name as SQL takes it, in any letter case.
  fileprivate func table(namedInSQL name: String) -> TableSchema? {
    tables.first { $0.name.isSameSQLName(as: name) }
  }
}

extension String {
  fileprivate func isSameSQLName(as other: String) -> Bool { lowercased() == other.lowercased() }
}
