import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// What other programs write and nobody can send: it waits with what depends on it, and holds up
/// nothing else (laws L6 and L12).
struct WaitingTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
  }

  /// What another program does in one transaction.
  private func shell(_ sql: String) throws {
    try an.store.database.write { try $0.execute(sql: sql) }
  }

  private func hub(_ sql: String) throws -> SyncCore.Value {
    try world.hubDatabase.read { try $0.first(sql, [])?[0] ?? .null }
  }

  private func waiting() throws -> WaitingWork { try an.status().waiting }

  /// So many bytes of a letter, as SQL.
  private func text(_ letter: String, _ megabytes: Int) -> String {
    "replace(hex(zeroblob(\(megabytes * 500_000))), '0', '\(letter)')"
  }

  private func expectInStep() throws {
    try an.sync()
    try binh.sync()
    for device in [an, binh] { #expect(try device.status().isInStep) }
    for table in world.schema.tables {
      #expect(try an.rows(table.name) == world.hubRows(table.name), "\(table.name)")
      #expect(try binh.rows(table.name) == world.hubRows(table.name), "\(table.name)")
    }
    #expect(try waiting() == WaitingWork())
    #expect(try world.hub.waitingOnDevices().isEmpty)
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try an.store.flaws(wallMilliseconds: world.now).isEmpty)
  }

  @Test func `a text that is too large with the one it replaces waits alone, until it is mended`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a'), ('q', 'b')")
    try shell("UPDATE project SET prose = \(text("x", 35)) WHERE id = 'p'")
    try an.sync()
    #expect(try an.status().isInStep)
    try shell(
      """
      UPDATE project SET prose = \(text("y", 35)) WHERE id = 'p';
      UPDATE project SET place = 'same transaction' WHERE id = 'q'
      """)
    try an.write("UPDATE project SET title = 'behind' WHERE id = 'q'")
    try an.sync()
    #expect(
      try hub("SELECT title || place FROM project WHERE id = 'q'")
        == .text("behindsame transaction"))
    #expect(try hub("SELECT substr(prose, 1, 1) FROM project WHERE id = 'p'") == .text("x"))
    #expect(try !an.status().isInStep)
    let row = try #require(try waiting().rows.first)
    #expect(row.obstacle.key == RowKey([.text("p")]) && row.obstacle.reason == .tooLarge)
    #expect(row.obstacle.column == 4 && row.obstacle.bytes > 70_000_000)
    let report = try #require(try world.hub.waitingOnDevices().first)
    #expect(report.device.id == an.identity.device && report.report.count == 1)
    #expect(report.report.rows.first?.obstacle == row.obstacle)

    try shell("UPDATE project SET prose = 'short' WHERE id = 'p'")
    try expectInStep()
    #expect(try hub("SELECT prose FROM project WHERE id = 'p'") == .text("short"))
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
    // What it was meanwhile is nowhere else.
    let kept = try an.store.changeSets(wallMilliseconds: world.now).filter { !$0.isSealed }
    let values = kept.flatMap(\.changeSet.changes).flatMap(\.fields).map(\.after)
    #expect(values.contains { $0.text?.utf8.count == 35_000_000 })
  }

  @Test(arguments: ["CAST(x'610062' AS TEXT)", "CAST(x'61ff62' AS TEXT)"])
  func `a new row with a text that is none waits with its children, and the rest goes on`(
    _ broken: String
  ) throws {
    try shell(
      """
      INSERT INTO project (id, title, prose) VALUES ('p', 'a', \(broken));
      INSERT INTO project (id, title) VALUES ('q', 'b');
      INSERT INTO item VALUES ('i', 'p', 'x', 1), ('j', 'q', 'y', 2);
      INSERT INTO tag VALUES ('p', 'w'), ('q', 'w');
      """)
    try an.sync()
    try binh.sync()
    #expect(try binh.rows("project").map { $0[0] } == [.text("q")])
    #expect(try binh.rows("item").map { $0[0] } == [.text("j")])
    #expect(try binh.rows("tag").count == 1)
    #expect(try waiting().rows.map(\.obstacle.column) == [4])
    #expect(try waiting().dependents == 2)
    #expect(try world.hub.waitingOnDevices().map(\.report.dependents) == [2])
    #expect(try world.hub.quarantine(openOnly: false).isEmpty)
    try an.write("UPDATE project SET prose = 'mended' WHERE id = 'p'")
    let numbers = try an.store.changeSets(wallMilliseconds: world.now).filter(\.isSealed).count
    try expectInStep()
    #expect(try binh.value("SELECT prose FROM project WHERE id = 'p'") == .text("mended"))
    #expect(numbers == 2)
  }

  @Test func `a transaction of our own that builds on what waits, waits whole and is sent whole`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('q', 'b')")
    try an.sync()
    try shell("INSERT INTO project (id, prose) VALUES ('p', CAST(x'610062' AS TEXT))")
    try an.write(
      """
      INSERT INTO item VALUES ('i', 'p', 'x', 1);
      UPDATE project SET title = 'with it' WHERE id = 'q'
      """)
    // What builds on that builds on what waits.
    try an.write("UPDATE project SET place = 'later' WHERE id = 'q'")
    try an.write("INSERT INTO project (id) VALUES ('free')")
    try an.sync()
    #expect(try hub("SELECT title FROM project WHERE id = 'q'") == .text("b"))
    #expect(try hub("SELECT count(*) FROM project") == .integer(2))
    #expect(
      try an.value("SELECT title || place FROM project WHERE id = 'q'") == .text("with itlater"))
    // Others' words on what waits are held back meanwhile, and not lost.
    try binh.sync()
    try binh.write("UPDATE project SET weight = 7 WHERE id = 'q'")
    try binh.sync()
    try an.sync()
    try shell("UPDATE project SET prose = 'x' WHERE id = 'p'")
    try expectInStep()
    #expect(
      try hub("SELECT title || place || weight FROM project WHERE id = 'q'")
        == .text("with itlater7.0"))
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
  }

  @Test func `what somebody else wrote meanwhile is put before the operator, not written over`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try binh.sync()
    try shell("UPDATE project SET title = CAST(x'610062' AS TEXT) WHERE id = 'p'")
    try an.sync()
    try binh.write("UPDATE project SET title = 'b' WHERE id = 'p'")
    try binh.sync()
    try an.sync()
    try an.write("UPDATE project SET title = 'c' WHERE id = 'p'")
    try an.sync()
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.live == [.text("b")] && conflict.statements.map(\.values) == [[.text("c")]])
  }

  @Test func `rows that wait and are deleted leave nothing behind but what they were`() throws {
    try shell("INSERT INTO project (id, prose) VALUES ('p', CAST(x'610062' AS TEXT))")
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try an.sync()
    try an.write("DELETE FROM item; DELETE FROM project")
    try expectInStep()
    #expect(try world.hubRows("project").isEmpty)
    #expect(try an.store.changeSets(wallMilliseconds: world.now).count { !$0.isSealed } > 0)
  }

  @Test func `a row that the hub has and that is deleted while it waits is deleted there`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try shell("UPDATE project SET prose = CAST(x'610062' AS TEXT)")
    try an.sync()
    try shell("DELETE FROM project")
    try expectInStep()
    #expect(try world.hubRows("project").isEmpty)
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
  }

  @Test func `a row that gets another key while it waits is not gone in between`() throws {
    try an.write(
      "INSERT INTO project (id, title) VALUES ('p', 'a'); INSERT INTO item VALUES ('i', 'p', 'x', 1)"
    )
    try an.sync()
    try shell(
      """
      PRAGMA defer_foreign_keys = ON;
      UPDATE item SET project_id = 'q';
      UPDATE project SET id = 'q', prose = CAST(x'610062' AS TEXT)
      """)
    try an.sync()
    try binh.sync()
    #expect(try binh.rows("project").map { $0[0] } == [.text("p")])
    #expect(try binh.value("SELECT project_id FROM item") == .text("p"))
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
    try shell("UPDATE project SET prose = NULL")
    try expectInStep()
    #expect(try binh.rows("project").map { $0[0] } == [.text("q")])
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
  }

  @Test func `a parent is not deleted at the hub while its child waits to leave it`() throws {
    try an.write(
      """
      INSERT INTO project (id) VALUES ('p'), ('q');
      INSERT INTO item VALUES ('i', 'p', 'x', 1)
      """)
    try an.sync()
    try shell(
      """
      UPDATE item SET project_id = 'q', name = CAST(x'610062' AS TEXT);
      DELETE FROM project WHERE id = 'p'
      """)
    try an.sync()
    #expect(try world.hubRows("project").count == 2)
    try shell("UPDATE item SET name = 'y'")
    try expectInStep()
    #expect(try world.hubRows("project").map { $0[0] } == [.text("q")])
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
  }

  @Test func `keys that are no texts wait too, of one column and of several`() throws {
    try shell(
      """
      INSERT INTO project (id, title) VALUES (CAST(x'700071' AS TEXT), 'a');
      INSERT INTO project (id, title) VALUES (CAST(x'70ff' AS TEXT), 'b');
      INSERT INTO project (id) VALUES ('p');
      INSERT INTO tag VALUES ('p', CAST(x'77ff' AS TEXT)), ('p', CAST(x'770078' AS TEXT)), ('p', 'w');
      """)
    try an.sync()
    try an.sync()
    #expect(try world.hubRows("project").map { $0[0] } == [.text("p")])
    #expect(try world.hubRows("tag").map { $0[1] } == [.text("w")])
    #expect(try waiting().rows.count == 4)
    #expect(try world.hub.waitingOnDevices().map(\.report.count) == [4])
    try shell(
      """
      DELETE FROM tag WHERE word <> 'w';
      UPDATE project SET id = 'r' WHERE title = 'a';
      DELETE FROM project WHERE title = 'b'
      """)
    try expectInStep()
    #expect(try world.hubRows("project").map { $0[0] } == [.text("p"), .text("r")])
  }

  @Test(arguments: [true, false])
  func `a copy that sends what waited is sent what the other had written before it`(
    beginsTogether: Bool
  ) throws {
    let writer = beginsTogether ? an : binh
    try writer.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    if !beginsTogether { for device in [binh, an] { try device.sync() } }
    try shell("UPDATE project SET prose = CAST(x'610062' AS TEXT)")
    let clone = try world.device(an, at: try an.copy("clone.db"))
    try an.write("INSERT INTO entry VALUES ('e', 'p', 'b')")
    let mending = "UPDATE project SET prose = 'a b'"
    try an.write(mending)
    world.now -= 1000
    try clone.write(mending)
    try an.sync()
    let progress = try clone.sync()
    #expect(progress.repaired == 0)
    #expect(try clone.rows("entry") == world.hubRows("entry"))
    try expectInStep()
  }

  @Test func `what waits outlives a hub that is put back, and a device that is`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    let hubCopy = world.folder.appendingPathComponent("hub-copy.db").path
    try world.hubDatabase.backup(to: hubCopy)
    try shell(
      """
      UPDATE project SET prose = CAST(x'610062' AS TEXT);
      INSERT INTO project (id, prose) VALUES ('q', CAST(x'610062' AS TEXT))
      """)
    try an.sync()
    try binh.write("INSERT INTO project (id, title) VALUES ('later', 'b')")
    try binh.sync()
    try an.sync()
    let copy = try an.copy("copy.db")
    try world.restoreHub(from: hubCopy)
    for _ in 0..<3 {
      try an.sync()
      try binh.sync()
    }
    #expect(try an.rows("project").count == 3)
    #expect(try waiting().rows.count == 2)
    #expect(try world.hub.waitingOnDevices().map(\.report.count) == [2])

    let restored = try world.device(an, at: copy)
    for _ in 0..<2 { try restored.sync() }
    #expect(try restored.status().waiting.rows.count == 2)
    try restored.store.database.write { try $0.execute(sql: "UPDATE project SET prose = 'x'") }
    for _ in 0..<2 { try restored.sync() }
    #expect(try restored.status().isInStep)
    #expect(try restored.rows("project") == world.hubRows("project"))
    #expect(try world.hub.waitingOnDevices().isEmpty)
  }

  @Test func `a row that is dismissed is off both lists, waits, and is sent once it can be`() throws
  {
    try shell("INSERT INTO project (id, prose) VALUES ('p', CAST(x'610062' AS TEXT))")
    try an.sync()
    let number = try #require(try waiting().rows.first?.number)
    #expect(try an.store.dismissWaiting(number))
    #expect(try !an.store.dismissWaiting(number))
    try an.sync()
    #expect(try waiting().listed.isEmpty && waiting().rows.count == 1)
    #expect(try world.hub.waitingOnDevices().isEmpty)
    #expect(try !an.status().isInStep)
    #expect(try an.rows("project").count == 1)
    try shell("UPDATE project SET prose = 'x'")
    try expectInStep()
  }

  @Test func `many rows that wait are told by their number, and long keys by their beginning`()
    throws
  {
    try shell(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO project (id, prose) SELECT printf('%0500d', i), CAST(x'610062' AS TEXT) FROM n;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
      INSERT INTO project (id, prose) SELECT 'good' || i, 'x' FROM n
      """)
    try an.sync()
    #expect(try world.hubRows("project").count == 500)
    let report = try #require(try world.hub.waitingOnDevices().first?.report)
    #expect(report.count == 500 && report.rows.count == SyncLimits.waitingReported)
    guard case .pull(let request) = try an.store.nextPull() else { return }
    #expect(request.encoded().count < 32_000)
    try shell("UPDATE project SET prose = 'x'")
    try expectInStep()
    #expect(try world.hubRows("project").count == 1_000)
  }

  @Test func `what another program wrote together is together at the hub up to what can be sent`()
    throws
  {
    let rows = { (count: Int) in
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
      INSERT INTO project (id, title, prose) SELECT 'p' || i, 't', printf('%.6000c', 'x') FROM n
      """
    }
    try shell(rows(8_000))
    #expect(try an.status().waitingChangeSets == 1)
    try shell("DELETE FROM project")
    try expectInStep()
  }

  @Test func `texts of some megabytes go on working`() throws {
    try an.write("INSERT INTO project (id, prose) VALUES ('p', \(text("x", 5)))")
    try an.write("UPDATE project SET prose = \(text("y", 5))")
    try shell("UPDATE project SET prose = \(text("z", 5))")
    try expectInStep()
  }

  @Test func `a row that was too large in all before it was deleted is deleted at the hub`() throws
  {
    try an.write("INSERT INTO project (id) VALUES ('p')")
    try shell("UPDATE project SET prose = \(text("x", 40))")
    try an.sync()
    try shell("UPDATE project SET picture = zeroblob(40000000)")
    try an.sync()
    #expect(try an.status().isInStep)
    try shell("DELETE FROM project")
    try an.sync()
    #expect(try world.hubRows("project").isEmpty)
    #expect(try an.status().isInStep)
    #expect(try world.hub.conflicts(openOnly: false).isEmpty)
  }
}
