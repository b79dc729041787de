import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Somebody's own triggers and tables in a store's file, or in the hub's.
struct ForeignTriggerTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World(hubFile: "hub.db")
    an = try world.device("an")
    binh = try world.device("binh")
  }

  /// As another program would, with a connection of its own.
  private func elsewhere(_ path: String, _ sql: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: path, configuration: configuration).write { try $0.execute(sql: sql) }
  }

  private var hubPath: String { world.folder.appendingPathComponent("hub.db").path }

  /// Opens the hub once more, over a copy as it is now.
  private func reopenHub() throws {
    let copy = world.folder.appendingPathComponent("copy.db").path
    try world.hubDatabase.backup(to: copy)
    try world.restoreHub(from: copy)
  }

  private func changeSets() throws -> Int { try world.hub.status().changeSets }

  private func work() throws {
    try an.write(
      "INSERT INTO project (id, title, place) VALUES ('p', 'a', 'hall'), ('q', 'b', 'yard')")
    try an.write("INSERT INTO item VALUES ('i', 'p', 'one', 1), ('j', 'p', 'two', 2)")
    try an.sync()
    try binh.sync()
    try an.write(
      "UPDATE project SET place = 'field' WHERE id = 'p'; DELETE FROM item WHERE id = 'j'")
    try an.write("UPDATE item SET name = 'uno'")
    try an.sync()
  }

  private func expectSame() throws {
    for table in world.schema.tables {
      #expect(try binh.rows(table.name) == world.hubRows(table.name), "\(table.name)")
      #expect(try an.rows(table.name) == world.hubRows(table.name), "\(table.name)")
    }
    #expect(try world.hub.problems().isEmpty)
    #expect(try world.hubDatabase.problems().isEmpty)
  }

  private static let own = "CREATE TABLE own (id INTEGER PRIMARY KEY, word TEXT);"

  /// Triggers that write to what is kept in step, each with its name.
  private static let writing: [(String, String)] = [
    (
      "capitals",
      """
      CREATE TRIGGER capitals AFTER UPDATE ON project BEGIN
        UPDATE project SET place = upper(NEW.place) WHERE id = NEW.id; END
      """
    ),
    (
      "early",
      "CREATE TRIGGER early BEFORE INSERT ON Item BEGIN UPDATE PROJECT SET title = 'early'; END"
    ),
    (
      "back",
      """
      CREATE TRIGGER back AFTER DELETE ON item BEGIN
        INSERT OR REPLACE INTO item VALUES (OLD.id, OLD.project_id, 'back', 9); END
      """
    ),
    (
      "more",
      """
      CREATE TRIGGER more AFTER INSERT ON "project" WHEN NEW.place IS NOT NULL BEGIN
        SELECT 1; REPLACE INTO entry VALUES (NEW.id || 'e', NEW.id, 'made'); END
      """
    ),
    (
      "gone",
      "CREATE TRIGGER gone BEFORE UPDATE OF name ON item BEGIN DELETE FROM[item]WHERE id = OLD.id; END"
    ),
    (
      "a \"b\"; -- ' é",
      """
      CREATE TRIGGER "a ""b""; -- ' é" AFTER UPDATE ON project BEGIN
        UPDATE/* a comment; END */ OR IGNORE -- another
          'project' SET title = 'UPDATE nothing SET x' WHERE id = NEW.id; END
      """
    ),
    (
      "begin",
      "CREATE TRIGGER begin UPDATE ON project BEGIN UPDATE `project` SET place = 'begun'; END"
    ),
    (
      "second",
      own + """
        CREATE TRIGGER first AFTER UPDATE ON project BEGIN INSERT INTO own (word) VALUES ('x'); END;
        CREATE TRIGGER second AFTER INSERT ON own BEGIN UPDATE project SET place = NEW.word; END
        """
    ),
    (
      "through",
      """
      CREATE VIEW shown AS SELECT id, place FROM project;
      CREATE TRIGGER instead INSTEAD OF UPDATE ON shown BEGIN
        UPDATE project SET place = NEW.place WHERE id = NEW.id; END;
      CREATE TRIGGER through AFTER UPDATE ON item BEGIN UPDATE shown SET place = 'view'; END
      """
    ),
    (
      "never",
      "CREATE TRIGGER never BEFORE UPDATE ON project BEGIN SELECT RAISE(IGNORE); END"
    ),
    (
      "closed",
      "CREATE TRIGGER closed BEFORE DELETE ON item BEGIN SELECT raise (ABORT, 'closed'); END"
    ),
    (
      "books",
      "CREATE TRIGGER books AFTER UPDATE ON project BEGIN DELETE FROM thuan_shadow; END"
    ),
  ]

  @Test(arguments: writing)
  func
    `a trigger that writes to what is kept in step is silent while the hub's rows are put in place`(
      name: String, sql: String
    ) throws
  {
    try elsewhere(binh.path, sql)
    try work()
    for _ in 0..<2 { try binh.sync() }
    let before = try changeSets()
    for _ in 0..<2 { try binh.sync() }
    #expect(try changeSets() == before)
    try an.sync()
    #expect(try binh.status().isInStep)
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    try expectSame()
    // It is there as it was, and named.
    let silenced = try binh.status().silencedTriggers.map(\.name)
    #expect(silenced.contains(name))
    #expect(
      try binh.value(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name = '"
          + name.replacingOccurrences(of: "'", with: "''") + "'") == .integer(1))
    let store = try world.open(binh.path)
    #expect(try store.events().contains { $0.kind == .foreignTriggers && $0.detail.contains(name) })
    #expect(try store.flaws(wallMilliseconds: world.now).isEmpty)
  }

  @Test func `what such a trigger writes when somebody works is that person's work`() throws {
    try work()
    try binh.sync()
    try elsewhere(binh.path, Self.writing[0].1)
    try binh.write("UPDATE project SET title = 'c' WHERE id = 'p'")
    try binh.sync()
    #expect(try world.hubRows("project").first?[2] == .text("FIELD"))
    try an.sync()
    #expect(try binh.status().isInStep)
    try expectSame()
  }

  @Test func `a trigger that keeps a table of somebody's own fires for the hub's rows`() throws {
    try elsewhere(
      binh.path,
      """
      CREATE VIRTUAL TABLE found USING fts5 (title);
      CREATE TRIGGER put AFTER INSERT ON project BEGIN
        INSERT INTO found (rowid, title) VALUES (NEW.rowid, NEW.title); END;
      CREATE TRIGGER take AFTER DELETE ON project BEGIN DELETE FROM found WHERE rowid = OLD.rowid; END;
      """)
    try work()
    try binh.sync()
    #expect(try binh.value("SELECT count(*) FROM found WHERE found MATCH 'a OR b'") == .integer(2))
    #expect(try binh.status().silencedTriggers.isEmpty)
    #expect(try binh.store.foreignTriggers().map(\.name) == ["put", "take"])
    #expect(try binh.store.undeclaredTables() == ["found"])
    #expect(try binh.status().isInStep)
    try expectSame()
  }

  @Test(arguments: [
    own + "CREATE TRIGGER fails AFTER INSERT ON project BEGIN INSERT INTO own VALUES (1, 'x'); END",
    "CREATE TRIGGER fails AFTER INSERT ON project BEGIN INSERT INTO missing VALUES (1); END",
  ])
  func `one that fails then keeps no sync from its end, on a device or at the hub`(_ sql: String)
    throws
  {
    for path in [binh.path, hubPath] { try elsewhere(path, sql) }
    try work()
    try binh.sync()
    try an.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try binh.status().isInStep)
    #expect(try binh.store.events().contains { $0.kind == .triggersFailed })
    try expectSame()
  }

  @Test(arguments: writing)
  func `a trigger at the hub is silent while the hub writes`(name: String, sql: String) throws {
    try elsewhere(hubPath, sql.replacingOccurrences(of: "thuan_shadow", with: "hub_row"))
    try work()
    for _ in 0..<2 { for device in [binh, an] { try device.sync() } }
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try binh.status().isInStep)
    #expect(try an.status().isInStep)
    try expectSame()
    #expect(try world.hubDatabase.foreignTriggers().filter(\.isSilenced).map(\.name).contains(name))
    try reopenHub()
    try binh.sync()
    #expect(try binh.status().isInStep)
  }

  @Test func `a trigger at the hub that keeps a table of somebody's own fires`() throws {
    try elsewhere(
      hubPath,
      Self.own
        + "CREATE TRIGGER list AFTER INSERT ON project BEGIN INSERT INTO own (word) VALUES (NEW.id); END"
    )
    try work()
    let words = try world.hubDatabase.read { try $0.first("SELECT group_concat(word) FROM own") }
    #expect(words == [.text("p,q")])
    #expect(try world.hubDatabase.undeclaredTables() == ["own"])
    #expect(try world.hubDatabase.foreignTriggers().map(\.isSilenced) == [false])
  }

  @Test func `tables that nobody declared take no part, whatever they point to`() throws {
    let sql = """
      CREATE TABLE note (
        id INTEGER PRIMARY KEY, item_id TEXT NOT NULL REFERENCES item (id) ON DELETE CASCADE);
      CREATE TABLE hold (id TEXT PRIMARY KEY REFERENCES project (id) ON DELETE RESTRICT) STRICT;
      CREATE TABLE thuan_notes (id TEXT);
      CREATE TABLE hub_visit (id TEXT);
      CREATE TABLE "an odd 'name'" (id TEXT UNIQUE);
      """
    for path in [binh.path, hubPath] { try elsewhere(path, sql) }
    try work()
    try binh.sync()
    for path in [binh.path, hubPath] {
      try elsewhere(path, "INSERT INTO note VALUES (1, 'i'); INSERT INTO hold VALUES ('q')")
    }
    try an.write("DELETE FROM item WHERE id = 'i'; DELETE FROM project WHERE id = 'q'")
    try an.sync()
    try binh.sync()
    #expect(try binh.status().isInStep)
    try expectSame()
    // What is in them is nobody's business but theirs.
    #expect(try binh.value("SELECT count(*) FROM note") == .integer(1))
    try reopenHub()
    let store = try world.open(binh.path)
    #expect(
      try store.undeclaredTables()
        == ["an odd 'name'", "hold", "hub_visit", "note", "thuan_notes"])
    try binh.write(
      "INSERT INTO thuan_notes VALUES ('x'); UPDATE project SET title = 'c' WHERE id = 'p'")
    try binh.sync()
    #expect(try world.hubRows("project").first?[1] == .text("c"))
  }

  @Test func `a declared table may point to one that nobody declared`() throws {
    let world = try World(
      schema: try SyncSchema(parsing: "table a 10\n id 1 key\n b_id 2 operator", version: 1),
      migrations: [
        Migration(
          name: "v1",
          sql: """
            CREATE TABLE b (id TEXT NOT NULL PRIMARY KEY) STRICT;
            CREATE TABLE a (
              id TEXT NOT NULL PRIMARY KEY, b_id TEXT REFERENCES b (id) ON DELETE CASCADE) STRICT;
            """)
      ])
    let (one, two) = (try world.device("one"), try world.device("two"))
    try one.write("INSERT INTO b VALUES ('x'); INSERT INTO a VALUES ('1', 'x'), ('2', 'x')")
    try one.sync()
    try two.sync()
    #expect(try two.rows("a").count == 2)
    #expect(try world.hubDatabase.problems().isEmpty)
    try one.write("DELETE FROM b")
    try one.sync()
    try two.sync()
    #expect(try two.rows("a").isEmpty)
    #expect(try two.status().isInStep)
  }
}
