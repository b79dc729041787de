import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// What was written past the triggers, and rows that are older than the engine.
struct ScrubTests {
  private let world: World
  private let an: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
  }

  /// Runs SQL in the stock shell with triggers switched off, which no file can forbid.
  private func shellWithoutTriggers(_ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", an.path, ".dbconfig enable_trigger off", sql]
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  @Test func `what was written with triggers switched off is found, and is a question`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try shellWithoutTriggers(
      """
      UPDATE project SET place = 'there'; INSERT INTO project (id, title) VALUES ('q', 'b');
      INSERT INTO item VALUES ('i', 'p', 'x', 1);
      """)
    for _ in 0..<3 { try an.sync() }
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.kind == .differenceFound && conflict.unit == "place")
    #expect(conflict.statements.map(\.values) == [[.text("there")]])
    // Nobody is known to have written it, so the hub's value stands meanwhile, here too.
    #expect(try an.value("SELECT place FROM project WHERE id = 'p'") == .null)
    #expect(try world.hub.row("project", RowKey([.text("q")])) != nil)
    #expect(try world.hub.row("item", RowKey([.text("i")])) != nil)
    #expect(try an.store.events().map(\.kind).contains(.untrackedChanges))
    #expect(try an.status().isInStep)
  }

  @Test func `a row that waits and is changed past the triggers waits as it has come to be`() throws
  {
    try shellWithoutTriggers("SELECT 1")
    try an.store.database.write {
      try $0.execute(
        sql: """
          INSERT INTO project (id, title) VALUES ('p', CAST(x'61ff' AS TEXT)), ('q', CAST(x'62ff' AS TEXT))
          """)
    }
    try an.sync()
    #expect(try an.status().waiting.rows.count == 2)
    try shellWithoutTriggers(
      "DELETE FROM project WHERE id = 'p'; UPDATE project SET title = 'b' WHERE id = 'q'")
    for _ in 0..<2 { try an.sync() }
    #expect(try an.status().isInStep)
    #expect(try world.hub.quarantine(openOnly: false).isEmpty)
    #expect(try world.hubRows("project").map { $0[0] } == [.text("q")])
  }

  @Test func `a row that is gone past the triggers before it was read holds nothing up`() throws {
    try an.store.database.write {
      try $0.execute(
        sql:
          "INSERT INTO project (id, title) VALUES ('p', 'a'); UPDATE project SET title = 'b' || char(0)"
      )
    }
    try an.write("UPDATE project SET place = 'x'; INSERT INTO item VALUES ('i', 'p', 't', 0)")
    try shellWithoutTriggers("DELETE FROM project")
    try an.sync()
    #expect(try an.status().waiting == WaitingWork())
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.missingParent])
    // What can be sent no more stays in the store.
    #expect(try an.store.changeSets(wallMilliseconds: world.now).count { !$0.isSealed } > 0)
  }

  @Test func `each sync reads on where the last one stopped, until all has been read`() throws {
    try an.write(
      """
      WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO project (id, title) SELECT printf('p%04d', i), 'a' FROM n
      """)
    try an.sync()
    try shellWithoutTriggers("UPDATE project SET title = 'b' WHERE id = 'p0450'")
    var syncs = 0
    while try world.hub.conflicts(openOnly: true).isEmpty {
      try an.sync()
      syncs += 1
      try #require(syncs < 10)
    }
    #expect(syncs > 1)
  }

  @Test func `rows that are older than the engine are sent like any others`() throws {
    let path = world.folder.appendingPathComponent("old.db").path
    let old = try DatabaseQueue(path: path)
    try DatabaseMigrator(ToySchema.migrations).migrate(old)
    try old.write { try $0.execute(sql: "INSERT INTO project (id, title) VALUES ('p', 'a')") }
    try old.close()
    let store = try world.open(path)
    try store.enrol(an.identity, officer: "an", epoch: 7, wallMilliseconds: world.now)
    let device = TestDevice(
      world: world, store: store, identity: an.identity, officer: "an", epoch: 7, path: path)
    try device.sync()
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[1].value == .text("a"))
    #expect(try device.status().isInStep)
  }

  @Test func `rows that a migration inserts on a device are sent, and a hub hands out its own`()
    throws
  {
    let more = ToySchema.policies + "\ntable place 20\n  id 1 key\n  name 2 operator\n"
    let schema = try SyncSchema(parsing: more, version: 2)
    let migrations =
      ToySchema.migrations + [
        Migration(
          name: "toy-v2",
          sql: """
            CREATE TABLE place (id TEXT NOT NULL PRIMARY KEY, name TEXT) STRICT;
            INSERT INTO place VALUES ('here', 'x');
            """)
      ]
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    let newer = try World(schema: schema, migrations: migrations)
    let binh = try newer.device("binh")
    try binh.sync()
    #expect(try newer.hubRows("place").count == 1)
    #expect(try binh.status().isInStep)
    let chi = try newer.device("chi")
    try chi.sync()
    #expect(try chi.rows("place").count == 1)
    #expect(try chi.status().isInStep)
    #expect(try newer.hub.conflicts(openOnly: true).isEmpty)
  }

  /// Takes the triggers away, as a table that is rebuilt does, and writes without them.
  private func writeWithoutTriggers(_ sql: String) throws {
    try an.store.database.write { db in
      for name in try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      {
        try db.execute(sql: "DROP TRIGGER \(name)")
      }
      try db.execute(sql: sql)
    }
  }

  @Test(arguments: [
    (logged: "DELETE FROM project", missed: "INSERT INTO project (id, title) VALUES ('p', 'b')"),
    ("UPDATE project SET place = 'x'", "DELETE FROM project"),
    ("UPDATE project SET place = 'x'", "UPDATE project SET id = 'q'"),
  ])
  func `what the log says of a row hides nothing that was done to it after`(
    _ sql: (logged: String, missed: String)
  ) throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try an.write(sql.logged)
    try writeWithoutTriggers(sql.missed)
    let reopened = try world.device(an, at: an.path)
    for _ in 0..<3 { try reopened.sync() }
    #expect(try reopened.rows("project") == world.hubRows("project"))
    #expect(try reopened.status().isInStep)
  }

  @Test func `what a pull would write over is found before it is gone`() throws {
    let binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try binh.sync()
    try shellWithoutTriggers(
      """
      UPDATE project SET title = 'past'; INSERT INTO project (id, title) VALUES ('q', 'mine');
      """)
    try binh.write(
      "UPDATE project SET title = 'b'; INSERT INTO project (id, title) VALUES ('q', 'c')")
    try binh.sync()
    try an.sync(.pull)
    for _ in 0..<3 { try an.sync() }
    let statements = try world.hub.conflicts(openOnly: true).flatMap { $0.statements.map(\.values) }
    #expect(Set(statements) == [[.text("past")], [.text("mine")]])
    #expect(try an.rows("project") == world.hubRows("project"))
  }

  @Test func `a row made past the triggers and then edited arrives whole`() throws {
    try shellWithoutTriggers("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.write("UPDATE project SET place = 'x'")
    for _ in 0..<3 { try an.sync() }
    #expect(try an.rows("project") == world.hubRows("project"))
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[1].value == .text("a"))
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try an.status().isInStep)
  }

  @Test func `a row made past the triggers and then replaced arrives whole`() throws {
    try shellWithoutTriggers("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'x')")
    try an.write("REPLACE INTO project (id, title, place) VALUES ('p', 'b', 'x')")
    for _ in 0..<3 { try an.sync() }
    #expect(try an.rows("project") == world.hubRows("project"))
    #expect(try an.value("SELECT title || place FROM project") == .text("bx"))
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    let written = try world.hub.history(of: "project", RowKey([.text("p")])).flatMap(\.fields)
    #expect(written.map(\.before).contains(.text("a")))
    #expect(try an.status().isInStep)
  }

  @Test func `what was written past the triggers is found though an insert of it was ignored`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try shellWithoutTriggers(
      """
      INSERT INTO project (id, title) VALUES ('q', 'b');
      UPDATE project SET place = 'x' WHERE id = 'p';
      """)
    try an.write("INSERT OR IGNORE INTO project (id) VALUES ('p'), ('q')")
    try an.sync(.push)
    #expect(try world.hubRows("project").count == 2)
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.differenceFound])
  }

  @Test func `a device that may only push sends what was written past its triggers too`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try shellWithoutTriggers("UPDATE project SET title = 'past'")
    try an.sync(.push)
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.differenceFound])
  }

  @Test func `what overwrote a value past the triggers is sent by a device that may only push`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try an.write("UPDATE project SET title = 'b'")
    try shellWithoutTriggers("UPDATE project SET title = 'past'")
    try an.sync(.push)
    let written = try world.hub.history(of: "project", RowKey([.text("p")])).flatMap(\.fields)
    #expect(written.map(\.after).contains(.text("b")))
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.differenceFound])
  }
}
