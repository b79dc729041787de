import GRDB
import SyncCore
import SyncHub
import SyncSQLite
import Synchronization

/// A record that goes to another unit, and the rows that are to follow it.
final class Moving {
  private let folder: TemporaryFolder
  private let plain: DatabaseQueue
  private let database: TimedDatabase
  private let hub: Hub
  private let rows: Int

  private static let policies = """
    table session 10
      id 1 key
      unit 2 operator
      scope unit
    table finding 11
      id 1 key
      session_id 2 operator
      text 3 operator
      scope session_id of session
    """

  private static let sql = """
    CREATE TABLE session (id TEXT NOT NULL PRIMARY KEY, unit TEXT) STRICT;
    CREATE TABLE finding (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id), text TEXT
    ) STRICT;
    CREATE INDEX finding_session ON finding (session_id);
    """

  init(rows: Int) throws {
    self.rows = rows
    folder = try TemporaryFolder()
    let schema = try SyncSchema(parsing: Self.policies, version: 1)
    let migrations = [Migration(name: "moving", sql: Self.sql)]
    database = TimedDatabase(
      try SQLiteHubDatabase(path: folder.file("hub.db"), migrations: migrations, schema: schema))
    hub = try Hub(
      database, schema: schema, timeline: "bench", secret: (1...32).map { $0 },
      randomness: SystemRandomNumberGenerator(), wallMilliseconds: Province.start)
    try hub.commit(
      [Self.change(10, "s", .insert, 2, .text("north"))], by: "bench",
      wallMilliseconds: Province.start)
    for start in stride(from: 0, to: rows, by: 10_000) {
      try hub.commit(
        (start..<min(rows, start + 10_000)).map {
          Self.change(11, "finding \($0)", .insert, 2, .text("s"))
        }, by: "bench", wallMilliseconds: Province.start)
    }
    plain = try PlainDatabase.open(folder.file("plain.db"), isDurable: true)
    try plain.write { db in
      try db.execute(sql: "CREATE TABLE finding (id TEXT NOT NULL PRIMARY KEY, unit TEXT) STRICT")
      for number in 0..<rows {
        try db.execute(
          sql: "INSERT INTO finding VALUES (?, 'north')", arguments: ["finding \(number)"])
      }
    }
  }

  private static func change(
    _ table: Int, _ key: String, _ operation: SyncCore.Operation, _ column: Int,
    from before: SyncCore.Value = .null, _ after: SyncCore.Value
  ) -> RowChange {
    RowChange(
      table: table, operation: operation, key: RowKey([.text(key)]),
      fields: [FieldChange(column: column, before: before, after: after)])
  }

  /// What it takes to write another unit to as many rows of a plain table, in one transaction; and, while
  /// as many follow their record at the hub, the longest that others wait to write, and all of it.
  ///
  /// - Throws: ``BenchError/wrongResult(_:)`` if a row has not followed.
  func run() throws -> (plain: Double, longest: Double, whole: Double) {
    let plainly = try seconds {
      try plain.write { try $0.execute(sql: "UPDATE finding SET unit = 'south'") }
    }
    database.longest.forget()
    let whole = try seconds {
      try hub.commit(
        [Self.change(10, "s", .update, 2, from: .text("north"), .text("south"))], by: "bench",
        wallMilliseconds: Province.start)
      while try hub.goOnMoving(wallMilliseconds: Province.start) {}
    }
    let moved = try database.read {
      try $0.first("SELECT count(*) FROM hub_row WHERE tbl > 9 AND scope = '=south'")?[0].integer
    }
    try expect("rows that have followed", moved, Int64(rows + 1))
    return (plainly, database.longest.seconds, whole)
  }
}

/// A hub's storage that notes how long it was ever written to at a stretch.
private struct TimedDatabase: HubDatabase {
  /// The longest time, in seconds.
  final class Longest: Sendable {
    private let noted = Mutex(0.0)

    var seconds: Double { noted.withLock { $0 } }
    func add(_ seconds: Double) { noted.withLock { $0 = max($0, seconds) } }
    func forget() { noted.withLock { $0 = 0 } }
  }

  private let database: SQLiteHubDatabase
  let longest = Longest()

  init(_ database: SQLiteHubDatabase) { self.database = database }

  func write<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    var watch = Stopwatch()
    defer { longest.add(watch.seconds) }
    return try watch.time { try database.write(body) }
  }

  func read<T>(_ body: (any HubConnection) throws -> T) throws -> T { try database.read(body) }
  func links(in schema: SyncSchema) throws -> [TableLink] { try database.links(in: schema) }
  func defaults(in schema: SyncSchema) throws -> [Int: [SyncCore.Value]] {
    try database.defaults(in: schema)
  }
  func fitted(_ schema: SyncSchema) throws -> SyncSchema { try database.fitted(schema) }
  func kinds(in schema: SyncSchema) throws -> [Int: [ColumnKind]] { try database.kinds(in: schema) }
}
