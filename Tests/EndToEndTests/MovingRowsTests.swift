import Foundation
import HubServer
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Testing

struct MovingRowsTests {
  private static let policies = """
    table session 10
      id 1 key
      unit 2 operator
      scope unit
    table finding 11
      id 1 key
      session_id 2 operator
      scope session_id of session
    """

  private static let sql = """
    CREATE TABLE session (id TEXT NOT NULL PRIMARY KEY, unit TEXT) STRICT;
    CREATE TABLE finding (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id)
    ) STRICT;
    """

  private static func change(
    _ table: Int, _ key: String, _ operation: SyncCore.Operation, from before: Value = .null,
    _ after: String
  ) -> RowChange {
    RowChange(
      table: table, operation: operation, key: RowKey([.text(key)]),
      fields: [FieldChange(column: 2, before: before, after: .text(after))])
  }

  @Test(.timeLimit(.minutes(1)))
  func `rows follow another to the end while a hub is served, though nobody calls`() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-moving-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let schema = try SyncSchema(parsing: Self.policies, version: 1)
    let (written, note) = AsyncStream.makeStream(of: Int64.self)
    let database = WatchedDatabase(
      inner: try SQLiteHubDatabase(
        path: folder.appendingPathComponent("hub.db").path,
        migrations: [Migration(name: "moving", sql: Self.sql)], schema: schema),
      note: note)
    var hub = try Hub(
      database, schema: schema, timeline: "t",
      secret: Array(DeviceIdentity.makeSigningKey().secret),
      randomness: SystemRandomNumberGenerator(), wallMilliseconds: wallClock())
    hub.movedRows = 2
    let findings = (1...9).map { Self.change(11, "f\($0)", .insert, "s") }
    try hub.commit(
      [Self.change(10, "s", .insert, "north")] + findings, by: "ha", wallMilliseconds: wallClock())
    try hub.commit(
      [Self.change(10, "s", .update, from: .text("north"), "south")], by: "ha",
      wallMilliseconds: wallClock())
    #expect(try database.inSouth() == 3)

    let server = HubServer(
      hub: hub, configuration: HubServer.Configuration(port: 0), logger: CapturedLog().logger(),
      now: wallClock
    ) { _ in }
    let running = Task { try await server.run(stopsOnSignals: false) }
    for await count in written where count == 10 { break }
    running.cancel()
    _ = await running.result
    #expect(try hub.problems().isEmpty)
  }
}

/// A hub's storage that tells after every transaction how many rows are in the south.
private struct WatchedDatabase: HubDatabase {
  let inner: SQLiteHubDatabase
  let note: AsyncStream<Int64>.Continuation

  func inSouth() throws -> Int64 {
    try inner.read {
      try $0.first("SELECT count(*) FROM hub_row WHERE tbl > 9 AND scope = '=south'")?[0].integer
    } ?? 0
  }

  func write<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    let result = try inner.write(body)
    note.yield(try inSouth())
    return result
  }

  func read<T>(_ body: (any HubConnection) throws -> T) throws -> T { try inner.read(body) }

  func links(in schema: SyncSchema) throws -> [TableLink] { try inner.links(in: schema) }

  func fitted(_ schema: SyncSchema) throws -> SyncSchema { try inner.fitted(schema) }

  func defaults(in schema: SyncSchema) throws -> [Int: [Value]] { try inner.defaults(in: schema) }

  func kinds(in schema: SyncSchema) throws -> [Int: [ColumnKind]] { try inner.kinds(in: schema) }
}
