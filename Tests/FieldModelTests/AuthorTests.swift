import FieldModel
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Who made a record and who noted it is whoever did, or somebody for whom a clerk records; both are named.
struct AuthorTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private let clerk: TestDevice

  init() throws {
    world = try World(
      schema: FieldSchema.load(), migrations: FieldSchema.migrations, rules: FieldRules.all,
      policy: FieldAccess())
    for unit in ["a", "b"] {
      try Self.commit(
        "admin_unit", unit,
        ["code": "1", "name_vi": unit, "kind": "commune", "tier": "commune"], in: world)
      try Self.commit(
        "organisation", "front-\(unit)",
        ["org_type": "front", "unit_id": unit, "name_vi": unit, "number_series": "per_type"],
        in: world)
    }
    for (officer, unit, role) in [
      ("an", "a", Role.fieldOfficer), ("binh", "a", .fieldOfficer), ("thu", "a", .clerk),
      ("xa", "b", .fieldOfficer),
    ] {
      try Self.commit(
        "officer", officer, ["display_name": officer, "org_id": "front-\(unit)"], in: world)
      let grant = OfficerGrant(
        id: "g-\(officer)", officer: officer, role: role, unit: unit, validFrom: "2020-01-01")
      try world.hub.commit(
        [grant.giving(world.schema)], by: "ha", wallMilliseconds: world.now)
    }
    an = try world.device("an")
    binh = try world.device("binh")
    clerk = try world.device("thu")
    for device in [an, binh, clerk] { try device.sync() }
  }

  private static func commit(
    _ table: String, _ id: String, _ values: [String: String], in world: World
  ) throws {
    let row = RowChange(
      inserting: values.mapValues(Value.text),
      into: try #require(world.schema.table(named: table)), key: RowKey([.text(id)]))
    try world.hub.commit([row], by: "ha", wallMilliseconds: world.now)
  }

  private static func note(_ id: String, by officer: String) -> String {
    """
    INSERT INTO note (id, unit_id, entity, entity_id, text, by_user, at)
    VALUES ('\(id)', 'a', 'unit', 'a', 'x', '\(officer)', '2023-11-14T01:00:00Z')
    """
  }

  private func held() throws -> [QuarantinedWork] { try world.hub.quarantine(openOnly: true) }

  @Test func `a note in somebody else's name waits, and says where the name stands`() throws {
    try an.write(Self.note("N1", by: "an"))
    try an.write(Self.note("N2", by: "binh"))
    try an.sync()
    #expect(try world.hubRows("note").count == 1)
    #expect(try held().map(\.reason) == [.otherOfficer])
    let detail = try held()[0].detail
    let words = try #require(QuarantineWords(.otherOfficer, detail: detail).concerns)
    #expect(words.en.contains("“By”"), "\(detail)")
    // Whoever may decide it, does: nothing is lost.
    let ruling = Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
    #expect(try world.hub.retry(held()[0].number, ruling).count == 1)
    #expect(try world.hubRows("note").count == 2)
  }

  @Test func `nor does another program's writing pass in somebody else's name`() throws {
    let shell = try DatabaseQueue(path: an.path)
    try shell.write { db in
      try db.execute(
        sql: """
          INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, created_by)
          VALUES ('S', 'monitoring', 'boards', 'front-a', 'a', 'x', 'binh')
          """)
    }
    try an.sync()
    #expect(try world.hubRows("session").isEmpty)
    #expect(try held().map(\.reason) == [.otherOfficer])
  }

  @Test func `a clerk records for whoever works in the clerk's unit, and both are named`() throws {
    try clerk.write(Self.note("N1", by: "an"))
    try clerk.write(Self.note("N2", by: "thu"))
    try clerk.write(Self.note("N3", by: "xa"))
    try clerk.sync()
    #expect(try world.hubRows("note").map { $0[0] } == [.text("N1"), .text("N2")])
    #expect(try held().map(\.reason) == [.otherOfficer])
    let entries = try ["N1", "N2"].map { id in
      try #require(try world.hub.history(of: "note", RowKey([.text(id)])).first)
    }
    #expect(entries.map(\.author.officer) == ["thu", "thu"])
    #expect(entries.map(\.recordedFor) == ["an", nil])
  }

  @Test func `a row that is put in its own place again goes on naming who made it`() throws {
    try an.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, created_by)
      VALUES ('S', 'monitoring', 'boards', 'front-a', 'a', 'x', 'an')
      """)
    try an.sync()
    try binh.sync()
    try binh.write(
      "REPLACE INTO session SELECT * FROM session; UPDATE session SET title = 'y'")
    try binh.write(
      """
      CREATE TEMP TABLE kept AS SELECT * FROM session; DELETE FROM session;
      INSERT INTO session SELECT * FROM kept; DROP TABLE kept
      """)
    try binh.sync()
    #expect(try held().isEmpty)
    let row = try #require(try world.hub.row("session", RowKey([.text("S")])))
    #expect(row.first { $0.column == "title" }?.value == .text("y"))
  }
}
