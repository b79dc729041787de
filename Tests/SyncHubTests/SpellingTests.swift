import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Values that a schema or its policies spell in another type than the column's.
struct SpellingTests {
  private static let old = [
    Migration(name: "v1", sql: "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, v TEXT) STRICT")
  ]
  private static let policies = "table t 10\n id 1 key\n v 2 operator"

  /// What a hub at version 2 makes of a row of a device that is still at version 1, and whether that
  /// device, once it is updated, comes into step.
  private func filledIn(_ column: String) throws -> SyncCore.Value {
    let schema = try SyncSchema(
      parsing: Self.policies + "\n w 3 operator since 2", version: 2)
    let new = [Migration(name: "v2", sql: "ALTER TABLE t ADD COLUMN w \(column)")]
    let world = try World(schema: schema, migrations: Self.old + new)
    let template = try world.device("an")
    let path = world.folder.appendingPathComponent("old.db").path
    let store = try DeviceStore(
      path: path, migrations: Self.old,
      schema: SyncSchema(parsing: Self.policies, version: 1), wallMilliseconds: world.now)
    try store.enrol(template.identity, officer: "an", epoch: 9, wallMilliseconds: world.now)
    let device = TestDevice(
      world: world, store: store, identity: template.identity, officer: "an", epoch: 9, path: path)
    try device.write("INSERT INTO t VALUES ('1', 'a')")
    try device.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty, "\(column)")
    let updated = TestDevice(
      world: world, store: try world.open(path), identity: template.identity, officer: "an",
      epoch: 9, path: path)
    try updated.sync()
    #expect(try updated.status().isInStep, "\(column)")
    #expect(try updated.rows("t") == world.hubRows("t"), "\(column)")
    #expect(try world.hub.problems().isEmpty, "\(column)")
    return try world.hubRows("t").first?[2] ?? .null
  }

  @Test func `a default is filled in as its column holds it, however it is spelt`() throws {
    let spellings: [(String, SyncCore.Value)] = [
      ("REAL DEFAULT 0", .real(0)), ("REAL NOT NULL DEFAULT 1", .real(1)),
      ("TEXT DEFAULT 0", .text("0")), ("INTEGER DEFAULT '7'", .integer(7)),
      ("TEXT NOT NULL DEFAULT \"abc\"", .text("abc")), ("TEXT DEFAULT abc", .text("abc")),
      ("INTEGER DEFAULT TRUE", .integer(1)), ("REAL DEFAULT -1", .real(-1)),
      ("ANY DEFAULT '7'", .text("7")), ("BLOB DEFAULT x'00ff'", .blob([0, 255])),
      ("TEXT DEFAULT 'it''s'", .text("it's")),
    ]
    for (column, value) in spellings { #expect(try filledIn(column) == value, "\(column)") }
  }

  @Test func `a default that is an expression is filled in too`() throws {
    let world = try World(
      schema: try SyncSchema(
        parsing: Self.policies + "\n w 3 operator since 2\n x 4 operator since 2", version: 2),
      migrations: [
        Migration(
          name: "v1",
          sql: """
            CREATE TABLE t (
              id TEXT NOT NULL PRIMARY KEY, v TEXT, w TEXT DEFAULT (1 + 2), x TEXT DEFAULT ('a' || 'b')
            ) STRICT
            """)
      ])
    let defaults = try world.hubDatabase.defaults(in: world.schema)
    #expect(defaults[10] == [.null, .null, .text("3"), .text("ab")])
  }

  @Test func `a later column whose default it cannot hold is refused by name, with the way out`()
    throws
  {
    let schema = try SyncSchema(
      parsing: Self.policies + "\n w 3 operator since 2", version: 2)
    let new = [Migration(name: "v2", sql: "ALTER TABLE t ADD COLUMN w INTEGER DEFAULT 'some'")]
    let message =
      "column t.w: its default, 'some', is no value that it can hold; give it one of its own type"
    #expect(throws: SchemaError(message)) {
      try World(schema: schema, migrations: Self.old + new)
    }
  }

  /// Devices of officers who hold the unit `u`, of which one is let see what is private.
  private struct Units: AccessPolicy {
    func access(
      of device: HubDevice, in view: HubView, wallMilliseconds: Int64
    ) throws -> Access {
      let open: Set<Scope> = [.named("u")]
      let all = open.union([.named("u", isPrivate: true)])
      return device.officer == "chief"
        ? Access(reading: all, writing: nil) : Access(reading: open, writing: open)
    }
  }

  /// The scopes under which a hub notes rows that hold some values, all of them of unit `u`.
  private func scopes(
    _ column: String, _ rule: String, _ values: [SyncCore.Value]
  ) throws -> [String?] {
    let world = try World(
      schema: try SyncSchema(
        parsing: "table t 10\n id 1 key\n unit 2 operator\n level 3 operator\n \(rule)", version: 1),
      migrations: [
        Migration(
          name: "v1",
          sql:
            "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, unit TEXT, level \(column)) STRICT")
      ], policy: Units())
    let (chief, clerk) = (try world.device("chief"), try world.device("clerk"))
    for (index, value) in values.enumerated() {
      try chief.write(
        "INSERT INTO t VALUES (?, 'u', ?)", [.integer(Int64(index)), value])
    }
    try chief.sync()
    try clerk.sync()
    let noted = try world.hubDatabase.read { connection in
      var noted: [String?] = []
      try connection.each("SELECT scope FROM hub_row WHERE tbl = 10 ORDER BY key", []) {
        noted.append($0[0].text)
        return true
      }
      return noted
    }
    #expect(try clerk.rows("t").count == noted.count { $0 == "=u" })
    #expect(try world.hub.problems().isEmpty)
    return noted
  }

  @Test func `what is private is so by a value however its column holds it`() throws {
    let rule = "scope unit\n private where level = 1, 007, 1.5"
    let isPrivate = ["!u", "!u", "!u", "=u"]
    #expect(
      try scopes("TEXT", rule, [.text("1"), .text("007"), .text("1.5"), .text("7")]) == isPrivate)
    #expect(
      try scopes("INTEGER", rule, [.integer(1), .integer(7), .integer(1), .integer(2)])
        == isPrivate)
    #expect(try scopes("REAL", rule, [.real(1), .real(7), .real(1.5), .real(2)]) == isPrivate)
    #expect(
      try scopes("ANY", rule, [.text("1"), .integer(1), .real(1), .text("one")]) == isPrivate)
  }

  @Test func `a scope is one by a value however its column holds it`() throws {
    let rule = "scope unit where level = 1"
    #expect(try scopes("TEXT", rule, [.text("1"), .text("2")]) == ["=u", "?"])
    #expect(try scopes("REAL", rule, [.real(1), .real(2)]) == ["=u", "?"])
    #expect(try scopes("INTEGER", rule, [.integer(1), .integer(2)]) == ["=u", "?"])
  }

  @Test func `a hub that noted private rows as open ones brings them to their scope when it opens`()
    throws
  {
    let schema = try SyncSchema(
      parsing: """
        table t 10
          id 1 key
          unit 2 operator
          level 3 operator
          scope unit
          private where level = 1
        """, version: 1)
    let migrations = [
      Migration(
        name: "v1",
        sql: "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, unit TEXT, level TEXT) STRICT")
    ]
    let world = try World(
      schema: schema, migrations: migrations, policy: Units(), hubFile: "hub.db")
    let clerk = try world.device("clerk")
    let chief = try world.device("chief")
    try chief.write("INSERT INTO t VALUES ('a', 'u', '1'), ('b', 'u', '2')")
    try chief.sync()
    // As an earlier version of this program left it.
    try world.hubDatabase.write { connection in
      try connection.run("UPDATE hub_row SET scope = '=u' WHERE tbl = 10", [])
      try connection.run("DELETE FROM hub_setting WHERE name = 'numbers'", [])
      try connection.run(
        "INSERT INTO hub_digest SELECT '=u', tbl, col, 0 FROM hub_digest WHERE scope = '!u' "
          + "ON CONFLICT DO NOTHING", [])
      try connection.run(
        "UPDATE hub_digest SET sum = sum + (SELECT o.sum FROM hub_digest o WHERE o.scope = '!u' "
          + "AND o.tbl = hub_digest.tbl AND o.col = hub_digest.col) WHERE scope = '=u'", [])
      try connection.run("UPDATE hub_digest SET sum = 0 WHERE scope = '!u'", [])
    }
    try clerk.sync()
    #expect(try clerk.rows("t").count == 2)
    let copy = world.folder.appendingPathComponent("copy.db").path
    try world.hubDatabase.backup(to: copy)
    try world.restoreHub(from: copy)
    try clerk.sync()
    #expect(try clerk.rows("t").map { $0[0] } == [.text("b")])
    #expect(try clerk.status().isInStep)
    #expect(try world.hub.problems().isEmpty)
  }

  @Test
  func `rows of a soft key that only some take part in are found however the column holds it`()
    throws
  {
    let world = try World(
      schema: try SyncSchema(
        parsing:
          "table t 10\n id 1 key\n n 2 operator\n kind 3 operator\n unique n (n) where kind = 1",
        version: 1),
      migrations: [
        Migration(
          name: "v1",
          sql: "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, n INTEGER, kind TEXT) STRICT")
      ])
    let an = try world.device("an")
    try an.write("INSERT INTO t VALUES ('a', 5, '1'), ('b', 5, '1'), ('c', 5, '2')")
    try an.sync()
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.duplicate])
  }

  @Test func `what a row begins with is what its column holds of it`() throws {
    let world = try World(
      schema: try SyncSchema(
        parsing: "table t 10\n id 1 key\n a 2 hubOnly 1\n b 3 hubOnly 1\n c 4 hubOnly 007",
        version: 1),
      migrations: [
        Migration(
          name: "v1",
          sql: "CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, a TEXT, b REAL, c TEXT) STRICT")
      ])
    let an = try world.device("an")
    try an.write("INSERT INTO t VALUES ('x', '1', 1.0, '007'), ('y', NULL, NULL, NULL)")
    try an.sync()
    #expect(
      try world.hubRows("t").map { Array($0.dropFirst()) }
        == Array(repeating: [.text("1"), .real(1), .text("007")], count: 2))
    #expect(try an.status().isInStep)
    #expect(try world.hub.problems().isEmpty)
  }
}
