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
}
