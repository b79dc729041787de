import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Opening, upgrading, and what a store says of itself.
struct StoreTests {
  private let world: World
  private let device: TestDevice

  init() throws {
    world = try World()
    device = try world.device("an")
  }

  private func open(_ path: String, sql: String, policies: String) throws -> DeviceStore {
    try DeviceStore(
      path: path, migrations: [Migration(name: "v1", sql: sql)],
      schema: try SyncSchema(parsing: policies, version: 1), wallMilliseconds: 1)
  }

  @Test func `a store is examined anew only after its schema was changed`() throws {
    func state() throws -> [SyncCore.Value] {
      [
        try device.value("SELECT value FROM thuan_setting WHERE name = 'capture'"),
        try device.value("SELECT schema_version FROM pragma_schema_version"),
      ]
    }
    let first = try state()
    #expect(first[0].text?.hasPrefix("\(first[1].integer ?? -1) ") == true)
    // Nothing is written, so another program may hold the lock.
    let other = try DatabaseQueue(path: device.path)
    try other.inDatabase { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      _ = try world.open(device.path)
      try db.execute(sql: "ROLLBACK; DROP TRIGGER thuan_capture_item_delete")
    }
    let store = try world.open(device.path)
    #expect(try store.flaws(wallMilliseconds: world.now).isEmpty)
    #expect(try state() != first)
  }

  @Test func `a schema and policies that differ are refused by name`() throws {
    let cases = [
      (
        "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY, x TEXT) STRICT", "table a 10\n id 1 key",
        "column a.x has no merge policy; declare one, or take the column out again: "
          + #"ALTER TABLE "a" DROP COLUMN "x""#
      ),
      (
        "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY) STRICT",
        "table a 10\n id 1 key\n x 2 operator",
        "column a.x is declared but does not exist; a migration has to add it"
      ),
      (
        "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY, x TEXT UNIQUE) STRICT",
        "table a 10\n id 1 key\n x 2 operator",
        "table a: uniqueness beyond the key has to be soft; declare a `unique` line instead, and "
          + "make the table anew without it"
      ),
      (
        """
        CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY, x TEXT) STRICT; CREATE UNIQUE INDEX "i x" ON a (x)
        """,
        "table a 10\n id 1 key\n x 2 operator",
        "table a: uniqueness beyond the key has to be soft; declare a `unique` line instead, and "
          + #"take the index out: DROP INDEX "i x""#
      ),
      (
        "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY) STRICT",
        "table a 10\n id 1 key\ntable b 11\n id 1 key",
        "table b is declared but does not exist; a migration has to make it"
      ),
      (
        "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY COLLATE NOCASE) STRICT",
        "table a 10\n id 1 key",
        "column a.id: a key is compared by its bytes, not by NOCASE; make the table anew without "
          + "COLLATE"
      ),
    ]
    for (index, (sql, policies, message)) in cases.enumerated() {
      let path = world.folder.appendingPathComponent("schema\(index).db").path
      #expect(throws: SchemaError(message)) { try open(path, sql: sql, policies: policies) }
    }
  }

  @Test func `a store that a newer program wrote is not touched`() throws {
    try device.store.database.write { db in
      try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('toy-v2')")
    }
    #expect(throws: StoreError.writtenByNewerProgram) { try world.open(device.path) }
  }

  @Test func `a file that is no database is refused as such`() throws {
    let path = world.folder.appendingPathComponent("text.db").path
    try Data("hello, this is no database, whatever its name says".utf8).write(
      to: URL(fileURLWithPath: path))
    #expect(throws: DatabaseError.self) { try world.open(path) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 50)
  }

  @Test func `a schema that grows keeps pending work and pulls what it did not know`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try device.sync()
    try device.write("UPDATE project SET title = 'b'")
    let newer = try DeviceStore(
      path: device.path,
      migrations: ToySchema.migrations + [
        Migration(name: "toy-v2", sql: "ALTER TABLE project ADD COLUMN mood TEXT DEFAULT 'calm'")
      ],
      schema: try SyncSchema(
        parsing: ToySchema.policies.replacingOccurrences(
          of: "title 2 operator", with: "title 2 operator\n mood 99 operator"), version: 2),
      wallMilliseconds: world.now)
    let status = try newer.status(wallMilliseconds: world.now)
    #expect(status.waitingChangeSets == 1)
    guard case .pull(let request) = try newer.nextPull() else { return }
    #expect(request.asksTheSame(as: PullRequest(epoch: 0, cursor: 0, position: .zero)))
    try newer.write(by: Author(officer: "an", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "UPDATE project SET mood = 'glad'")
    }
    #expect(try newer.status(wallMilliseconds: world.now).waitingChangeSets == 2)
    // An older hub says so plainly, and the device keeps its work.
    let envelope = try #require(
      try newer.nextEnvelope(identity: device.identity, wallMilliseconds: world.now))
    #expect(throws: Refusal(.schemaNewer, detail: "1")) { try device.answer(.push(envelope)) }
    #expect(try newer.status(wallMilliseconds: world.now).waitingChangeSets == 2)
  }

  @Test func `a store in which a link leads nowhere can be brought up to a newer schema`() throws {
    try device.store.database.writeWithoutTransaction { db in
      try db.execute(
        sql: "PRAGMA foreign_keys = OFF; INSERT INTO item VALUES ('i', 'nowhere', 'x', 1)")
    }
    let more = Migration(name: "toy-v2", sql: "ALTER TABLE project ADD COLUMN mood TEXT")
    _ = try DeviceStore(
      path: device.path, migrations: ToySchema.migrations + [more],
      schema: try SyncSchema(
        parsing: ToySchema.policies.replacingOccurrences(
          of: "title 2 operator", with: "title 2 operator\n mood 99 operator since 2"), version: 2),
      wallMilliseconds: world.now)
  }

  @Test func `opening a store twice changes nothing`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    _ = try device.status()
    let before = try device.store.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") }
    _ = try world.open(device.path)
    #expect(try device.store.read { try Int.fetchOne($0, sql: "PRAGMA schema_version") } == before)
    #expect(
      try device.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM thuan_event") } == 0)
  }

  @Test func `in step is said only with nothing pending and equal digests`() throws {
    #expect(try !device.status().isInStep)
    try device.sync()
    #expect(try device.status().isInStep)
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    #expect(try !device.status().isInStep)
    try device.sync()
    #expect(try device.status().isInStep)
    // A row that the hub's own bookkeeping does not know about: digests no longer agree.
    try world.hubDatabase.write { connection in
      try connection.run("UPDATE hub_digest SET sum = sum + 1 WHERE tbl = 10 AND col = 2", [])
    }
    try device.sync()
    #expect(try !device.status().isInStep)
  }

  @Test func `a form that was opened before a pull conflicts with what the pull brought`() throws {
    let other = try world.device("binh")
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try device.sync()
    try other.sync()
    let opened = try device.status().cursor
    try other.write("UPDATE project SET title = 'b'")
    try other.sync()
    try device.sync()
    try device.store.write(
      by: Author(officer: "an", wallMilliseconds: world.now), knowing: opened
    ) { db in try db.execute(sql: "UPDATE project SET title = 'c'") }
    try device.sync()
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.live == [.text("b")] && conflict.statements.map(\.values) == [[.text("c")]])
  }

  @Test func `a store of another hub is not mixed with this one's rows`() throws {
    try device.sync()
    var page = PullPage()
    page.hub = "another"
    page.isLast = true
    page.hubMilliseconds = 1
    #expect(throws: StoreError.otherHub) {
      try device.store.receive(
        page: page.encoded(), for: device.store.nextPull(), wallMilliseconds: 1)
    }
  }

  @Test func `acknowledged work is kept ninety days by the hub's clock, the newest for ever`()
    throws
  {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try device.sync()
    let kept = {
      try device.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM thuan_outbox") }
    }
    world.now += SyncLimits.retentionMilliseconds - 10_000
    try device.write("UPDATE project SET title = 'b'")
    try device.sync()
    #expect(try kept() == 2)
    world.now += 20_000
    for number in 1..<SyncLimits.retainedChangeSets {
      try device.write("UPDATE project SET title = 'c\(number)'")
    }
    try device.sync()
    #expect(try kept() == SyncLimits.retainedChangeSets)
  }

  @Test func `what is forgotten of a stream is its beginning, so that it can be offered again`()
    throws
  {
    try device.store.database.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    try device.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try device.sync()
    world.now += SyncLimits.retentionMilliseconds + 10_000
    for number in 0..<SyncLimits.retainedChangeSets {
      try device.write("UPDATE project SET title = 'b\(number)' WHERE id = 'p'")
    }
    try device.sync()
    #expect(try device.store.flaws(wallMilliseconds: world.now).isEmpty)
    #expect(
      try device.store.changeSets(wallMilliseconds: world.now).count
        == SyncLimits.retainedChangeSets + 2)
  }

  @Test func `a transaction that could never be sent is refused, and a foreign one is cut`() throws
  {
    let rows = """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 11000)
      INSERT INTO project (id, title, prose) SELECT 'p' || i, 't', printf('%.6000c', 'x') FROM n
      """
    #expect(throws: StoreError.transactionTooLarge) { try device.write(rows) }
    // What is too much in one row is said of it; see RefusedWritingTests.
    #expect(throws: StoreError.self) {
      try device.write("INSERT INTO project (id, prose) VALUES ('p', hex(zeroblob(34000000)))")
    }
    #expect(try device.rows("project").isEmpty)
    try device.store.database.write { try $0.execute(sql: rows) }
    let status = try device.status()
    #expect(status.waitingChangeSets > 1 && status.waitingRows["project"] == 11_000)
    try device.sync()
    #expect(try device.status().isInStep)
  }

  @Test func `a transaction that only touches much is not sealed to see whether it can be sent`()
    throws
  {
    let rows = """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16000)
      INSERT INTO project (id, title, prose) SELECT 'p' || i, 't', printf('%.4000c', 'x') FROM n
      """
    try device.store.database.write { try $0.execute(sql: rows) }
    try device.write("UPDATE project SET title = 'u'")
    let sealed = try device.store.read { try $0.all("SELECT 1 FROM thuan_outbox").count }
    #expect(sealed == 0)
  }

  @Test func `a file that has become larger than a change set may be is not sealed for that`()
    throws
  {
    for number in 1...70 {
      try device.write(
        "INSERT INTO project (id, prose) VALUES ('p\(number)', hex(zeroblob(500000)))")
    }
    let waiting = try device.store.read { db in
      try (
        logged: db.all("SELECT 1 FROM thuan_log").count,
        sealed: db.all("SELECT 1 FROM thuan_outbox").count
      )
    }
    #expect(waiting.logged >= 70 && waiting.sealed == 0)
  }
}
