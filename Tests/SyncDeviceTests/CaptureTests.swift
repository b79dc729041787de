import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncSQLite
import TestSupport
import Testing

/// What the change log must not miss, whoever writes and however.
struct CaptureTests {
  private let world: World
  private let device: TestDevice

  init() throws {
    world = try World()
    device = try world.device("an")
  }

  /// Runs SQL in the stock shell, as a program that knows nothing of us.
  private func shell(_ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", device.path, sql]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  /// The change sets that wait to be sent, oldest first.
  private func pending() throws -> [ChangeSet] {
    _ = try device.status()
    return try device.store.read { db in
      try Row.fetchAll(db, sql: "SELECT body FROM thuan_outbox ORDER BY position").map { row in
        guard case .blob(let bytes) = row.value(at: 0) else { throw WireError.truncated }
        return try ChangeSet(decoding: bytes)
      }
    }
  }

  private func changes() throws -> [RowChange] { try pending().flatMap(\.changes) }

  private func field(_ change: RowChange, _ column: Int) -> FieldChange? {
    change.fields.first { $0.column == column }
  }

  @Test func `one transaction of ours is one change set, with its officer and its time`() throws {
    try device.write(
      """
      INSERT INTO project (id, title) VALUES ('p', 'a');
      INSERT INTO item (id, project_id, name) VALUES ('i', 'p', 'x');
      """)
    try device.write("UPDATE project SET title = 'b' WHERE id = 'p'")
    let sets = try pending()
    #expect(sets.map(\.changes.count) == [2, 1])
    #expect(sets.map(\.officer) == ["an", "an"])
    #expect(sets.map(\.sequence) == [1, 2])
    #expect(sets[1].previous == ChangeSet.hash(of: sets[0].encoded()))
    #expect(sets.allSatisfy { !$0.isForeign && $0.wallMilliseconds > 0 })
    #expect(
      sets[1].changes[0].fields == [FieldChange(column: 2, before: .text("a"), after: .text("b"))])
  }

  @Test func `an insert carries the values it was made with, whatever came after it`() throws {
    try device.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'here')")
    try device.write("UPDATE project SET title = 'b' WHERE id = 'p'")
    try device.write("UPDATE project SET title = 'c', place = 'there' WHERE id = 'p'")
    try device.write("DELETE FROM project WHERE id = 'p'")
    let all = try changes()
    #expect(all.map(\.operation) == [.insert, .update, .update, .delete])
    #expect(field(all[0], 2)?.after == .text("a"))
    #expect(field(all[0], 3)?.after == .text("here"))
    #expect(field(all[3], 2)?.before == .text("c"))
  }

  @Test func `what the stock shell writes is logged like anything else`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try shell(
      """
      BEGIN; UPDATE project SET title = 'b' WHERE id = 'p';
      INSERT INTO project (id, title) VALUES ('q', 'z'); COMMIT;
      """)
    try device.write("UPDATE project SET title = 'c' WHERE id = 'p'")
    let sets = try pending()
    #expect(sets.map(\.isForeign) == [false, true, false])
    #expect(sets.map(\.changes.count) == [1, 2, 1])
    #expect(sets[1].officer == "an")
    #expect(sets[1].wallMilliseconds > world.now)  // the shell's own time, which is today's
  }

  @Test func `values that other programs committed one after the other are all kept`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try shell("UPDATE project SET title = 'b' WHERE id = 'p'")
    try shell("UPDATE project SET title = 'c' WHERE id = 'p'")
    let foreign = try #require(try pending().last)
    #expect(foreign.changes.map { field($0, 2)?.after } == [.text("b"), .text("c")])
  }

  @Test func `a REPLACE that takes a row away is logged as what it changed`() throws {
    try device.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'here')")
    try shell("REPLACE INTO project (id, title, place) VALUES ('p', 'b', 'here')")
    let last = try #require(try changes().last)
    #expect(last.operation == .update)
    #expect(last.fields == [FieldChange(column: 2, before: .text("a"), after: .text("b"))])
  }

  @Test func `an UPDATE OR REPLACE of a key logs the victim, the old key and the new`() throws {
    try device.write(
      """
      INSERT INTO region (code, name) VALUES ('a', 'one');
      INSERT INTO region (code, name) VALUES ('b', 'two');
      """)
    try shell("UPDATE OR REPLACE region SET code = 'b' WHERE code = 'a'")
    let last = Array(try changes().suffix(2))
    #expect(last.map(\.operation) == [.delete, .update])
    #expect(last[0].key == RowKey([.text("a")]))
    #expect(last[1].fields == [FieldChange(column: 2, before: .text("two"), after: .text("one"))])
  }

  @Test func `a row that a REPLACE takes away by its rowid is logged as deleted`() throws {
    try device.write(
      """
      INSERT INTO project (id, title) VALUES ('p', 'a');
      INSERT INTO project (id, title) VALUES ('q', 'b');
      INSERT INTO project (id, title) VALUES ('r', 'c');
      """)
    try shell("INSERT OR REPLACE INTO project (rowid, id, title) VALUES (1, 's', 'd')")
    try shell("UPDATE OR REPLACE project SET rowid = 2 WHERE id = 'r'")
    #expect(try device.rows("project").map { $0[0] } == [.text("r"), .text("s")])
    let deletions = try changes().filter { $0.operation == .delete }
    #expect(deletions.map(\.key) == [RowKey([.text("p")]), RowKey([.text("q")])])
    #expect(deletions.map { field($0, 2)?.before } == [.text("a"), .text("b")])
  }

  @Test func `a REPLACE that takes two rows away at once, by key and by rowid, logs both`() throws {
    try device.write(
      """
      INSERT INTO project (id, title) VALUES ('p', 'a');
      INSERT INTO project (id, title) VALUES ('q', 'b');
      """)
    try shell("INSERT OR REPLACE INTO project (rowid, id, title) VALUES (1, 'q', 'c')")
    let last = Array(try changes().suffix(2))
    #expect(last.map(\.operation) == [.delete, .update])
    #expect(last[0].key == RowKey([.text("p")]))
    #expect(last[1].fields == [FieldChange(column: 2, before: .text("b"), after: .text("c"))])
  }

  @Test func `a row whose key is no proper text is logged with the bytes of its key`() throws {
    try shell(
      """
      INSERT INTO project (id, title) VALUES (CAST(x'700071' AS TEXT), 'a');
      INSERT INTO project (id, title) VALUES (CAST(x'70ff' AS TEXT), 'b');
      INSERT INTO project (id) VALUES ('p');
      INSERT INTO tag (project_id, word) VALUES ('p', CAST(x'77ff' AS TEXT));
      UPDATE project SET title = 'c' WHERE title = 'b';
      DELETE FROM project WHERE title = 'c';
      """)
    // What has such a key cannot be sent: it comes after what can.
    let logged = try device.store.changeSets(wallMilliseconds: world.now)
    #expect(try changes().map(\.key) == [RowKey([.text("p")])])
    let all = logged.filter { !$0.isSealed }.sorted { $0.isSettled && !$1.isSettled }
      .flatMap(\.changeSet.changes)
    #expect(all.map(\.operation) == [.insert, .update, .delete, .insert, .insert])
    #expect(
      all.map(\.key) == [
        RowKey([.blob([0x70, 0xFF])]), RowKey([.blob([0x70, 0xFF])]),
        RowKey([.blob([0x70, 0xFF])]), RowKey([.blob([0x70, 0, 0x71])]),
        RowKey([.text("p"), .blob([0x77, 0xFF])]),
      ])
    #expect(field(all[0], 2)?.after == .text("b"))
    #expect(field(all[3], 2)?.after == .text("a"))
  }

  @Test func `an INSERT that is ignored, or becomes an update, is logged as what it did`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try shell("INSERT OR IGNORE INTO project (id, title) VALUES ('p', 'b')")
    #expect(try changes().count == 1)
    try shell(
      "INSERT INTO project (id, title) VALUES ('p', 'c') ON CONFLICT DO UPDATE SET title = excluded.title"
    )
    let all = try changes()
    #expect(all.map(\.operation) == [.insert, .update])
    #expect(field(all[1], 2) == FieldChange(column: 2, before: .text("a"), after: .text("c")))
  }

  @Test func `a changed key is the old row's end and the new row's beginning`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try device.write("UPDATE project SET id = 'q', title = 'b' WHERE id = 'p'")
    let all = try changes()
    #expect(all.map(\.operation) == [.insert, .delete, .insert])
    #expect(field(all[1], 2)?.before == .text("a"))
    #expect(all[2].key == RowKey([.text("q")]))
    #expect(field(all[2], 2)?.after == .text("b"))
  }

  @Test func `composite keys come back from the log as they went in`() throws {
    try device.write(
      """
      INSERT INTO project (id) VALUES ('p''1');
      INSERT INTO tag (project_id, word) VALUES ('p''1', 'đất, ''rừng''');
      DELETE FROM tag;
      """)
    let keys = try changes().suffix(2).map(\.key)
    #expect(keys == Array(repeating: RowKey([.text("p'1"), .text("đất, 'rừng'")]), count: 2))
  }

  @Test func `values come through to the bit`() throws {
    let reals: [Double] = [0.1, 1e308, .leastNonzeroMagnitude, .pi, -0.1 - 0.2, 1 / 3, .infinity]
    for (index, real) in reals.enumerated() {
      try device.write(
        "INSERT INTO project (id, weight, picture, place, prose) VALUES (?, ?, ?, ?, NULL)",
        [.text("p\(index)"), .real(real), .blob([0, 255, UInt8(index)]), .text("")])
    }
    try device.write("UPDATE project SET prose = 'e\u{301} x' WHERE id = 'p0'")
    try device.write("DELETE FROM project WHERE id = 'p3'")
    let all = try changes()
    for (index, real) in reals.enumerated() {
      #expect(field(all[index], 11)?.after == .real(real))
      #expect(field(all[index], 12)?.after == .blob([0, 255, UInt8(index)]))
      #expect(field(all[index], 3)?.after == .text(""))
      #expect(field(all[index], 4) == nil)
    }
    #expect(all[7].fields == [FieldChange(column: 4, before: .null, after: .text("e\u{301} x"))])
    #expect(field(all[8], 11)?.before == .real(.pi))
  }

  @Test func `null, empty and a change of letter case are changes`() throws {
    try device.write("INSERT INTO project (id, place) VALUES ('p', NULL)")
    for place in ["''", "'a'", "'A'", "NULL"] {
      try device.write("UPDATE project SET place = \(place)")
    }
    try device.write("UPDATE project SET place = NULL")
    #expect(
      try changes().dropFirst().map { field($0, 3)?.after }
        == [.text(""), .text("a"), .text("A"), .null])
  }

  @Test func `a group is logged whole when one of its columns changes`() throws {
    try device.write("INSERT INTO project (id, starts, ends) VALUES ('p', '1', '2')")
    try device.write("UPDATE project SET starts = '0'")
    let last = try #require(try changes().last)
    #expect(
      last.fields == [
        FieldChange(column: 13, before: .text("1"), after: .text("0")),
        FieldChange(column: 14, before: .text("2"), after: .text("2")),
      ])
  }

  @Test func `children that a cascade deletes are logged too`() throws {
    let path = world.folder.appendingPathComponent("cascade.db").path
    let migrations = [
      Migration(
        name: "v1",
        sql: """
          CREATE TABLE parent (id TEXT NOT NULL PRIMARY KEY) STRICT;
          CREATE TABLE child (id TEXT NOT NULL PRIMARY KEY,
            parent_id TEXT REFERENCES parent (id) ON DELETE CASCADE) STRICT;
          """)
    ]
    let schema = try SyncSchema(
      parsing: "table parent 10\n id 1 key\ntable child 11\n id 1 key\n parent_id 2 operator",
      version: 1)
    let store = try DeviceStore(
      path: path, migrations: migrations, schema: schema, wallMilliseconds: 1)
    try store.write(by: Author(officer: "an", wallMilliseconds: 1)) { db in
      try db.execute(sql: "INSERT INTO parent VALUES ('p'); INSERT INTO child VALUES ('c', 'p')")
      try db.execute(sql: "DELETE FROM parent")
    }
    _ = try store.status(wallMilliseconds: 2)
    let changes = try store.read { db in
      try Row.fetchAll(db, sql: "SELECT body FROM thuan_outbox").flatMap { row in
        guard case .blob(let bytes) = row.value(at: 0) else { throw WireError.truncated }
        return try ChangeSet(decoding: bytes).changes
      }
    }
    #expect(changes.map(\.operation) == [.insert, .insert, .delete, .delete])
    #expect(changes.map(\.table) == [10, 11, 11, 10])
  }

  @Test func `a transaction that fails leaves neither rows nor log`() throws {
    #expect(throws: (any Error).self) {
      try device.write(
        "INSERT INTO project (id, title) VALUES ('p', 'a'); INSERT INTO project (id, title) VALUES ('q', '')"
      )
    }
    #expect(try pending().isEmpty)
    #expect(try device.rows("project").isEmpty)
  }

  @Test func `triggers that a table rebuild drops are put back, and what they missed is found`()
    throws
  {
    try device.write(
      "INSERT INTO project (id, title) VALUES ('p', 'a'); INSERT INTO project (id) VALUES ('q')")
    #expect(try changes().count == 2)
    try shell(
      """
      PRAGMA foreign_keys = OFF;
      CREATE TABLE other AS SELECT * FROM project;
      DROP TABLE project;
      """ + ToySchema.sql.components(separatedBy: ";").filter { $0.contains("TABLE project") }[0]
        + """
        ; INSERT INTO project SELECT * FROM other; DROP TABLE other;
        UPDATE project SET title = 'b' WHERE id = 'p';
        DELETE FROM project WHERE id = 'q';
        INSERT INTO project (id, title) VALUES ('r', 'new');
        """)
    let reopened = try world.open(device.path)
    let all = try reopened.read { db in
      try Row.fetchAll(db, sql: "SELECT body FROM thuan_outbox ORDER BY position").flatMap { row in
        guard case .blob(let bytes) = row.value(at: 0) else { throw WireError.truncated }
        return try ChangeSet(decoding: bytes).changes
      }
    }
    let missed = all.dropFirst(2).sorted { $0.key.description < $1.key.description }
    #expect(missed.map(\.operation) == [.update, .delete, .insert])
    #expect(missed[0].fields.map(\.after) == [.text("b")])
    try reopened.write(by: Author(officer: "an", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "UPDATE project SET title = 'c' WHERE id = 'p'")
    }
    #expect(try reopened.status(wallMilliseconds: world.now).waitingChangeSets == 3)
  }

  @Test func `one dropped trigger is noticed at the next opening`() throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    #expect(try changes().count == 1)
    try shell(
      "DROP TRIGGER thuan_capture_project_update_0; UPDATE project SET title = 'b'")
    #expect(try changes().count == 1)
    let reopened = try world.open(device.path)
    #expect(try reopened.status(wallMilliseconds: world.now).waitingChangeSets == 2)
  }

  @Test func `rows that come from the hub are nobody's change here`() throws {
    let other = try world.device("binh")
    try other.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try other.sync()
    try device.sync()
    #expect(try device.rows("project").count == 1)
    #expect(try pending().isEmpty)
  }

  @Test
  func `a pull of several pages, for which triggers are taken away, leaves capture as it was`()
    throws
  {
    world.limitPages(to: 1)
    let other = try world.device("binh")
    func pull(_ id: String) throws {
      try other.write(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6)
        INSERT INTO project (id, title) SELECT '\(id)' || i, 'a' FROM n
        """)
      try other.sync()
      try device.sync()
    }
    try pull("p")
    #expect(try device.rows("project").count == 6)
    #expect(try pending().isEmpty)
    #expect(try device.store.flaws(wallMilliseconds: world.now).isEmpty)
    try shell("UPDATE project SET title = 'b' WHERE id = 'p1'")
    #expect(try changes().map(\.operation) == [.update])
    try shell("DROP TRIGGER thuan_capture_project_update_0")
    try pull("q")
    try shell("UPDATE project SET title = 'c' WHERE id = 'p1'")
    let reopened = try world.open(device.path)
    #expect(try reopened.status(wallMilliseconds: world.now).waitingChangeSets == 1)
  }
}
