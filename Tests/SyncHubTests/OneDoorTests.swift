import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Whatever an operator decides passes the checks that a device's change passes (law L11).
struct OneDoorTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: world.now) }

  /// A project named `odd` looks wrong.
  private struct OddTitles: HubRule {
    func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
      rows.filter { row in
        row.table.name == "project"
          && row.table.index(named: "title").map { row.values[$0] } == .text("odd")
      }.map {
        RuleFinding(
          kind: .ruleBroken, table: "project", key: $0.key, rule: "odd", otherKey: $0.key)
      }
    }
  }

  init() throws {
    world = try World(rules: [OddTitles()])
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a'), ('q', 'b'), ('r', 'd')")
    try an.write("INSERT INTO item (id, project_id, name, number) VALUES ('i', 'p', 'n', 1)")
    try settle()
  }

  private func settle() throws {
    for _ in 0..<2 { for device in [an, binh] { try device.sync() } }
  }

  private func open() throws -> [Conflict] { try world.hub.conflicts(openOnly: true) }

  private func expectInStep() throws {
    try settle()
    for device in [an, binh] {
      #expect(try device.status().isInStep)
      for table in ["project", "item"] {
        #expect(try device.rows(table) == world.hubRows(table))
      }
    }
    #expect(try world.hub.problems().isEmpty)
  }

  /// Two write different things into one column.
  private func ask(_ column: String, _ one: String, _ other: String, of table: String) throws
    -> Conflict
  {
    let key = table == "item" ? "i" : "p"
    try an.write("UPDATE \(table) SET \(column) = \(one) WHERE id = '\(key)'")
    try binh.write("UPDATE \(table) SET \(column) = \(other) WHERE id = '\(key)'")
    try settle()
    return try #require(try open().first { $0.unit == column })
  }

  @Test func `a decided value is looked at by the application's rules`() throws {
    let conflict = try ask("title", "'x'", "'y'", of: "project")
    try world.hub.resolve(
      conflict.id, version: conflict.version, .written([.text("odd")]), ruling)
    #expect(try open().map(\.unit) == ["odd"])
    try world.hub.undo(conflict.id, ruling)
    #expect(try open().map(\.unit) == ["title"])
    try expectInStep()
  }

  @Test func `a decision that names a deleted row brings it back and asks about its deletion`()
    throws
  {
    try an.write("INSERT INTO project (id, title) VALUES ('z', 'c')")
    try settle()
    try an.write("DELETE FROM project WHERE id = 'z'")
    try settle()
    let conflict = try ask("project_id", "'q'", "'r'", of: "item")
    try world.hub.resolve(conflict.id, version: conflict.version, .written([.text("z")]), ruling)
    #expect(try open().map(\.kind) == [.deletedEdited])
    try expectInStep()
    #expect(try an.value("SELECT count(*) FROM project WHERE id = 'z'") == .integer(1))
  }

  @Test func `a decision that cannot be is refused in words, and nothing changes`() throws {
    let conflict = try ask("name", "'x'", "'y'", of: "item")
    let rows = try world.hubRows("item")
    #expect(throws: HubError.refusedByConstraint("constraint: item i: name")) {
      try world.hub.resolve(
        conflict.id, version: conflict.version, .written([.blob([1])]), ruling)
    }
    #expect(try world.hub.conflict(conflict.id) == conflict)
    #expect(try world.hubRows("item") == rows)
    #expect(try world.hub.quarantine(openOnly: false).isEmpty)
  }

  @Test func `what a decision would ask is shown first, and decided only if that is accepted`()
    throws
  {
    let conflict = try ask("title", "'x'", "'y'", of: "project")
    let choice = Choice.written([.text("odd")])
    let raised = RaisedQuestion(
      kind: .ruleBroken, table: "project", key: conflict.key, unit: "odd", otherKey: conflict.key)
    #expect(throws: HubError.wouldAsk([raised])) {
      try world.hub.resolve(
        conflict.id, version: conflict.version, choice, ruling, accepting: [])
    }
    #expect(try open().map(\.id) == [conflict.id])
    #expect(try world.hub.conflict(conflict.id).version == conflict.version)
    try world.hub.resolve(
      conflict.id, version: conflict.version, choice, ruling, accepting: [raised])
    #expect(try open().map(\.unit) == ["odd"])
    try expectInStep()
  }

  @Test func `another number for one of two rows that has been taken, too, is asked before`() throws
  {
    try binh.write("INSERT INTO item (id, project_id, number) VALUES ('j', 'p', 1), ('k', 'p', 2)")
    try settle()
    let clash = try #require(try open().first)
    #expect(clash.kind == .duplicate)
    let amend = Choice.amend(RowKey([.text("j")]), ["number": .integer(2)])
    #expect(throws: HubError.self) {
      try world.hub.resolve(clash.id, version: clash.version, amend, ruling, accepting: [])
    }
    try world.hub.resolve(clash.id, version: clash.version, amend, ruling)
    #expect(try open().map(\.kind) == [.duplicate])
    try expectInStep()
  }

  @Test func `an amendment is looked at by the application's rules, and shown first`() throws {
    try an.write("UPDATE project SET title = 'fine' WHERE id = 'q'")
    try an.sync()
    try an.store.write(by: Author(officer: "an", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
      try db.execute(sql: "UPDATE project SET title = '' WHERE id = 'q'")
      try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
    }
    try an.sync()
    let work = try #require(try world.hub.quarantine(openOnly: true).first)
    let odd = [
      Correction(
        table: "project", key: RowKey([.text("q")]), column: "title", value: .text("odd"))
    ]
    #expect(throws: HubError.self) {
      try world.hub.amend(work.number, odd, ruling, accepting: [])
    }
    #expect(try world.hub.quarantine(openOnly: true).count == 1)
    #expect(try world.hub.amend(work.number, odd, ruling) == [work.number])
    #expect(try open().map(\.unit) == ["odd"])
    try expectInStep()
  }

  @Test func `a question that opens again shows what had been decided`() throws {
    let conflict = try ask("title", "'x'", "'y'", of: "project")
    try world.hub.resolve(conflict.id, version: conflict.version, .candidate(1), ruling)
    let chi = try world.device("chi")
    try chi.sync()
    try an.write("UPDATE project SET title = 'z' WHERE id = 'p'")
    try an.sync()
    let again = try #require(try open().first)
    #expect(again.live == [.text("y")] && again.statements.map(\.values) == [[.text("z")]])
    #expect(again.formerDecision?.choice == "candidate" && again.formerDecision?.by == "ha")
  }
}
