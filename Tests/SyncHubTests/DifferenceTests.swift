import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Differences that nobody's work explains: they are found, narrowed down, put right and reported, and
/// neither side's value is lost.
struct DifferenceTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: world.now) }

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write(
      "INSERT INTO project (id, title, prose) VALUES ('p', 'a', 'one'), ('q', 'x', NULL)")
    try settle()
  }

  private func settle() throws {
    for _ in 0..<3 { for device in [an, binh] { try device.sync() } }
  }

  private func expectInStep() throws {
    for device in [an, binh] {
      #expect(try device.status().isInStep)
      #expect(try device.store.flaws(wallMilliseconds: world.now).isEmpty)
      for table in world.schema.tables {
        #expect(try device.rows(table.name) == world.hubRows(table.name), "\(table.name)")
      }
    }
    #expect(try world.hub.problems().isEmpty)
  }

  private func atHub(_ sql: String) throws {
    try world.hubDatabase.write { try $0.run(sql, []) }
  }

  /// What the engine itself has got wrong on a device, with marks that fit the wrong rows.
  private func onDevice(_ sql: String) throws {
    try an.store.database.write { db in
      try db.execute(
        sql: """
          PRAGMA ignore_check_constraints = ON;
          UPDATE thuan_capture SET applying = 1; \(sql); UPDATE thuan_capture SET applying = 0;
          """)
    }
  }

  private func written(_ table: String, _ key: String) throws -> [Value] {
    try world.hub.history(of: table, RowKey([.text(key)])).flatMap(\.fields).flatMap {
      [$0.before, $0.after]
    }
  }

  @Test func `a value that the disk has changed at the hub is itself again`() throws {
    try atHub("UPDATE project SET title = 'damaged' WHERE id = 'p'")
    #expect(try !world.hub.problems().isEmpty)
    let found = try world.hub.scrub(limit: 100, wallMilliseconds: world.now)
    #expect(found.map(\.isRestored) == [true])
    #expect(try world.hubRows("project")[0][1] == .text("a"))
    #expect(try written("project", "p").contains(.text("damaged")))
    try settle()
    try expectInStep()
  }

  @Test func `a row that is gone from the hub's table is there again`() throws {
    try binh.write("UPDATE project SET place = 'there' WHERE id = 'p'")
    try settle()
    try atHub("DELETE FROM project WHERE id = 'p'")
    #expect(try world.hub.repair(ruling).map(\.isRestored) == [true])
    try settle()
    try expectInStep()
    #expect(try world.hubRows("project")[0][2] == .text("there"))
  }

  @Test func `where the hub cannot tell what a value was, devices put theirs before the operator`()
    throws
  {
    try an.write("UPDATE project SET prose = 'one\n\ntwo' WHERE id = 'p'")
    try binh.write("UPDATE project SET prose = 'zero\n\none' WHERE id = 'p'")
    try settle()
    let merged = try world.hubRows("project")[0][3]
    try atHub("UPDATE project SET prose = 'damaged' WHERE id = 'p'")
    try settle()
    try expectInStep()
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.kind == .differenceFound)
    #expect(conflict.statements.map(\.values).contains([merged]))
    #expect(conflict.live == [.text("damaged")])
    try world.hub.resolve(conflict.id, version: conflict.version, .candidate(1), ruling)
    try settle()
    try expectInStep()
    #expect(try an.rows("project")[0][3] == merged)
  }

  @Test func `a row that a device has lost is sent again`() throws {
    try onDevice("DELETE FROM project WHERE id = 'q'; DELETE FROM thuan_shadow WHERE key = 'q'")
    #expect(try !an.store.flaws(wallMilliseconds: world.now).isEmpty)
    try onDevice("DELETE FROM thuan_digest")
    try settle()
    try expectInStep()
    #expect(try an.store.events().map(\.kind).contains(.differencesRepaired))
  }

  @Test func `one row among thousands is found with few questions`() throws {
    try binh.write(
      """
      WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO project (id, title) SELECT printf('p%05d', i), 'a' FROM n
      """)
    try settle()
    try onDevice(
      """
      DELETE FROM project WHERE id = 'p01234'; DELETE FROM thuan_shadow WHERE key = 'p01234';
      DELETE FROM thuan_digest
      """)
    var round = SyncRound(an.store, identity: an.identity)
    var questions = 0
    while let request = try round.next(wallMilliseconds: world.now) {
      if case .compare = request { questions += 1 }
      try round.receive(try an.answer(request), wallMilliseconds: world.now)
    }
    #expect((2...4).contains(questions))
    #expect(round.progress.repaired == 1)
    try settle()
    try expectInStep()
  }

  // MARK: Compaction

  @Test func `what was deleted is forgotten once every device has passed it`() throws {
    try an.write("DELETE FROM project WHERE id = 'q'")
    try an.sync()
    #expect(try world.hub.compact(ruling).tombstones == 0)
    try settle()
    #expect(try world.hub.compact(ruling).tombstones == 1)
    try settle()
    try expectInStep()
    #expect(try written("project", "q").contains(.text("x")))
  }

  @Test func `a device that comes too late for a deletion takes the whole state`() throws {
    try an.write("DELETE FROM project WHERE id = 'q'; UPDATE project SET title = 'b'")
    try an.sync()
    let head = try world.hub.status().head
    #expect(try world.hub.compact(upTo: head, ruling).tombstones == 1)
    try binh.write("UPDATE project SET place = 'mine' WHERE id = 'p'")
    try binh.sync()
    #expect(try binh.rows("project").count == 1)
    try settle()
    try expectInStep()
    #expect(try an.value("SELECT title || place FROM project") == .text("bmine"))
  }

  @Test func `work on a row whose deletion has been forgotten brings it back as a question`() throws
  {
    try an.write("DELETE FROM project WHERE id = 'q'")
    try an.sync()
    _ = try world.hub.compact(upTo: try world.hub.status().head, ruling)
    try binh.write("UPDATE project SET place = 'mine' WHERE id = 'q'")
    try settle()
    try expectInStep()
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.deletedEdited])
    #expect(try an.value("SELECT title || place FROM project WHERE id = 'q'") == .text("xmine"))
  }

  @Test func `an insert by somebody who never saw a forgotten row is a question`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('z', 'gone')")
    try an.sync()
    try an.write("DELETE FROM project WHERE id = 'z'")
    try an.sync()
    _ = try world.hub.compact(upTo: try world.hub.status().head, ruling)
    try binh.write("INSERT INTO project (id, title) VALUES ('z', 'mine')")
    try settle()
    try expectInStep()
    // Two words, and whether the row lives: none of it is settled by who came last.
    #expect(
      Set(try world.hub.conflicts(openOnly: true).map(\.kind)) == [.deletedEdited, .value])
  }

  @Test func `the whole state comes through in pages after a compaction`() throws {
    world.limitPages(to: 2)
    try an.write(
      "DELETE FROM project WHERE id = 'q'; INSERT INTO project (id) VALUES ('r'), ('s'), ('t')")
    try an.sync()
    _ = try world.hub.compact(upTo: try world.hub.status().head, ruling)
    try settle()
    try expectInStep()
  }

  @Test func `a compaction between two pages of the whole state lets it begin again`() throws {
    world.limitPages(to: 2)
    try an.write("INSERT INTO project (id) VALUES ('r'), ('s'), ('t')")
    try settle()
    let chi = try world.device("chi")
    var round = SyncRound(chi.store, identity: chi.identity)
    let question = try #require(try round.next(wallMilliseconds: world.now))
    try round.receive(try chi.answer(question), wallMilliseconds: world.now)
    // What the first page brought is deleted, and the deletion forgotten, before the second.
    try an.write("DELETE FROM project")
    try an.sync()
    _ = try world.hub.compact(upTo: try world.hub.status().head, ruling)
    for _ in 0..<3 { try chi.sync() }
    #expect(try chi.rows("project") == world.hubRows("project"))
    #expect(try chi.status().isInStep)
  }

  /// What a question holds, and how much the hub has on record.
  private func growth() throws -> [Int] {
    let conflicts = try world.hub.conflicts(openOnly: true)
    return [
      try world.hub.status().changeSets, conflicts.count,
      conflicts.map(\.statements.count).max() ?? 0,
      conflicts.map { Int($0.version) }.max() ?? 0,
    ]
  }

  @Test(arguments: [
    "UPDATE project SET title = 'odd' WHERE id = 'p'",
    "UPDATE project SET title = 'odd', starts = '1', ends = '2' WHERE id = 'p'",
    "DELETE FROM project WHERE id = 'q'", "UPDATE project SET prose = NULL",
  ])
  func `a difference that is a question already makes no further work, and is put right`(
    _ sql: String
  ) throws {
    try onDevice(sql)
    try an.sync()
    try settle()
    let first = try growth()
    #expect(first[1] >= 1)
    try expectInStep()
    for _ in 0..<3 {
      try onDevice(sql)
      #expect(try !an.store.flaws(wallMilliseconds: world.now).isEmpty)
      try an.sync()
      try an.sync()
      #expect(try growth() == first)
      try expectInStep()
    }
  }

  @Test func `while such a difference is there, a device does not say that it is in step`() throws {
    try onDevice("UPDATE project SET title = 'odd' WHERE id = 'p'")
    try an.sync()
    try settle()
    try onDevice("UPDATE project SET title = 'odd' WHERE id = 'p'")
    try an.sync([.push])
    #expect(try !an.status().isInStep)
    try an.sync()
    try expectInStep()
  }

  @Test func `once it has been decided on, the same difference is a question again`() throws {
    try onDevice("UPDATE project SET title = 'odd' WHERE id = 'p'")
    try an.sync()
    try settle()
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    try world.hub.resolve(conflict.id, version: conflict.version, .current, ruling)
    try settle()
    try onDevice("UPDATE project SET title = 'odd' WHERE id = 'p'")
    try settle()
    #expect(try world.hub.conflicts(openOnly: true).count == 1)
    try expectInStep()
  }
}
