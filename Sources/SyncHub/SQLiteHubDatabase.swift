import GRDB
package import SyncCore
package import SyncSQLite

/// The hub's storage in an SQLite file.
package struct SQLiteHubDatabase: HubDatabase {
  private let database: any DatabaseWriter

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
    try database.read { db in
      try schema.check(against: db)
      try schema.checkTriggers(in: db)
    }
  }

  private static let ownMigrations = [
    Migration(name: "thuan-hub-v1-hub", embedded: PackageResources.v1_hub_sql),
    Migration(name: "thuan-hub-v1-published", embedded: PackageResources.v1_published_sql),
    Migration(name: "thuan-hub-v2-words", embedded: PackageResources.v2_words_sql),
    Migration(name: "thuan-hub-v2-hub-words", embedded: PackageResources.v2_hub_words_sql),
    Migration(name: "thuan-hub-v2-scope", embedded: PackageResources.v2_scope_sql),
    Migration(name: "thuan-hub-v2-record", embedded: PackageResources.v2_record_sql),
  ]

  package func write<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try database.write { try body(SQLiteConnection(database: $0)) }
  }

  package func read<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try database.read { try body(SQLiteConnection(database: $0)) }
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

  /// SQLite's own findings about the file: broken pages, and links that lead nowhere.
  package func problems() throws -> [String] {
    try database.read { db in
      let broken = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
        "\(row["table"] as String): a row points to a missing row of \(row["parent"] as String)"
      }
      return broken + orphans
    }
  }
}

private struct SQLiteConnection: HubConnection {
  let database: Database

  func run(_ sql: String, _ arguments: [SyncCore.Value]) throws {
    do {
      try database.run(sql, arguments)
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
      .map { _, parts in
        let parts = parts.sorted { ($0["seq"] as Int) < ($1["seq"] as Int) }
        let target: String = parts[0]["table"]
        // SQL takes names in any letter case.
        guard let parent = schema.tables.first(where: { $0.name.isSameSQLName(as: target) }) else {
          throw SchemaError("table \(name) points to \(target), which has no merge policy")
        }
        let columns = try parts.map { try index(inSQL: $0["from"]) }
        let targets = try parts.compactMap { try ($0["to"] as String?).map(parent.index(inSQL:)) }
        guard targets.isEmpty || targets == parent.key else {
          throw SchemaError("table \(name) points to columns of \(target) that are not its key")
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

extension String {
  fileprivate func isSameSQLName(as other: String) -> Bool { lowercased() == other.lowercased() }
}
