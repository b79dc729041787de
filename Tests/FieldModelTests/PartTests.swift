import FieldModel
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// A unit that was split: what its heirs get of it, and what not.
struct PartTests {
  private let world: World
  /// Of the old unit; of the two that got a part of it; who sees nothing private in the first of them.
  private let old: TestDevice
  private let north: TestDevice
  private let south: TestDevice
  private let viewer: TestDevice

  init() throws {
    world = try World(
      schema: FieldSchema.load(), migrations: FieldSchema.migrations, policy: FieldAccess())
    try Self.prepare(world)
    old = try world.device("cu")
    north = try world.device("bac")
    south = try world.device("nam")
    viewer = try world.device("xem")
    try old.sync()
    try old.write(
      """
      INSERT INTO person (id, unit_id, display_name) VALUES ('P', 'cu@0', 'Ông Sáu'), ('Q', 'cu@0', 'Bà Tư');
      INSERT INTO person_private (person_id, phone) VALUES ('P', '0901234567');
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, confidentiality)
      VALUES ('A', 'monitoring', 'boards', 'o-cu', 'cu@0', 'Đường thôn Bắc', 'normal'),
        ('B', 'monitoring', 'boards', 'o-cu', 'cu@0', 'Kênh thôn Nam', 'normal'),
        ('C', 'monitoring', 'boards', 'o-cu', 'cu@0', 'Đơn tố cáo', 'sensitive');
      INSERT INTO finding (id, session_id, kind, text) VALUES ('FA', 'A', 'delay', 'chậm'), ('FC', 'C', 'delay', 'kín');
      INSERT INTO meeting (id, session_id, kind) VALUES ('M', 'A', 'working');
      INSERT INTO attendance (id, meeting_id, person_id, role, present) VALUES ('X', 'M', 'P', 'member', 1);
      INSERT INTO document (id, register_org_id, direction, doc_type, abstract)
      VALUES ('D', 'o-cu', 'in', 'KH', 'Kế hoạch');
      INSERT INTO document_link (document_id, entity, entity_id, part) VALUES ('D', 'session', 'A', 'plan');
      """)
    try old.sync()
    try #require(try world.hub.quarantine(openOnly: true).isEmpty)
  }

  private static func prepare(_ world: World) throws {
    func row(_ table: String, _ key: String, _ values: [String: String]) throws -> RowChange {
      RowChange(
        inserting: values.mapValues(Value.text),
        into: try #require(world.schema.table(named: table)),
        key: RowKey([.text(key)]))
    }
    func unit(_ id: String, from: String? = nil, to: String? = nil) throws -> RowChange {
      var values = ["code": String(id.prefix { $0 != "@" }), "name_vi": id, "tier": "commune"]
      values["kind"] = "commune"
      values["valid_from"] = from
      values["valid_to"] = to
      return try row("admin_unit", id, values)
    }
    func heir(_ id: String) throws -> RowChange {
      try row(
        "unit_succession", "cu>\(id)",
        [
          "old_unit_id": "cu@0", "new_unit_id": id, "relation": "part",
          "effective_date": "2025-07-01",
        ])
    }
    var changes = [
      try unit("cu@0", to: "2025-06-30"), try unit("bac@1", from: "2025-07-01"),
      try unit("nam@1", from: "2025-07-01"), try unit("khac@0"), try heir("bac@1"),
      try heir("nam@1"),
      try row(
        "organisation", "o-cu",
        [
          "org_type": "front", "unit_id": "cu@0", "name_vi": "Mặt trận xã cũ",
          "number_series": "per_type",
        ]),
    ]
    for (officer, unit, role) in [
      ("cu", "cu@0", Role.fieldOfficer), ("bac", "bac@1", .fieldOfficer),
      ("nam", "nam@1", .fieldOfficer), ("xem", "bac@1", .viewer),
    ] {
      changes.append(try row("officer", officer, ["display_name": officer, "org_id": "o-cu"]))
      changes.append(
        try OfficerGrant(
          id: "g-\(officer)", officer: officer, role: role, unit: unit, validFrom: "2020-01-01"
        ).giving(world.schema))
    }
    try world.hub.commit(changes, by: "ha", wallMilliseconds: world.now)
  }

  private func give(_ name: String, to heir: String, _ access: UnitPart.Access) throws {
    let part = UnitPart(unit: "cu@0", name: name, heir: heir, access: access)
    try world.hub.commit(part.giving(in: world.hub), by: "ha", wallMilliseconds: world.now)
  }

  @discardableResult
  private func place(
    _ records: [(String, String)], into part: String?, linked: Bool = false
  ) throws -> PartPlacement {
    let placement = try PartPlacement.plan(
      records.map { RowReference($0, RowKey([.text($1)])) }, into: part, takingLinked: linked,
      for: world.hub)
    try world.hub.commit(placement.changes, by: "ha", wallMilliseconds: world.now)
    return placement
  }

  private func ids(_ table: String, on device: TestDevice) throws -> [String] {
    try device.rows(table).compactMap { $0[0].text }.sorted()
  }

  private func syncAll() throws {
    for device in [old, north, south, viewer] {
      try device.sync()
      #expect(try device.status().isInStep)
    }
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `an heir gets nothing of a split unit by itself`() throws {
    try syncAll()
    for heir in [north, south, viewer] {
      #expect(try ids("session", on: heir).isEmpty && ids("person", on: heir).isEmpty)
      #expect(try ids("document", on: heir).isEmpty && ids("person_private", on: heir).isEmpty)
    }
  }

  @Test func `what is put into a part goes to its heir with what belongs to it, and to no other`()
    throws
  {
    try give("thôn Bắc", to: "bac@1", .open)
    try place([("session", "A")], into: "thôn Bắc")
    try syncAll()
    for heir in [north, viewer] {
      #expect(try ids("session", on: heir) == ["A"])
      #expect(try ids("finding", on: heir) == ["FA"] && ids("attendance", on: heir) == ["X"])
      #expect(try ids("person", on: heir).isEmpty && ids("document", on: heir).isEmpty)
    }
    #expect(try ids("session", on: south).isEmpty)
    #expect(try ids("session", on: old) == ["A", "B", "C"])
    // Whoever has the old unit goes on writing it; an heir does not.
    try old.write("UPDATE session SET place = 'hội trường' WHERE id = 'A'")
    try north.write("UPDATE session SET title = 'khác' WHERE id = 'A'")
    for device in [old, north] { try device.sync() }
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.readOnly])
    #expect(try north.value("SELECT place FROM session WHERE id = 'A'").text == "hội trường")
  }

  @Test func `what is private of a part goes to its heir only where that was said`() throws {
    try give("thôn Bắc", to: "bac@1", .open)
    try place([("session", "C"), ("person", "P")], into: "thôn Bắc")
    try syncAll()
    #expect(try ids("session", on: north).isEmpty && ids("person_private", on: north).isEmpty)
    #expect(try ids("person", on: north) == ["P"])
    try give("thôn Bắc", to: "bac@1", .private)
    try syncAll()
    #expect(try ids("session", on: north) == ["C"] && ids("finding", on: north) == ["FC"])
    #expect(try ids("person_private", on: north) == ["P"])
    // His own grant has to include it too.
    #expect(try ids("session", on: viewer).isEmpty && ids("person_private", on: viewer).isEmpty)
    #expect(try ids("person", on: viewer) == ["P"])
  }

  @Test func `a part that is taken back leaves its heir's devices and stays with the old unit`()
    throws
  {
    try give("thôn Bắc", to: "bac@1", .private)
    try give("thôn Bắc", to: "nam@1", .open)
    try place([("session", "A"), ("session", "C")], into: "thôn Bắc")
    try syncAll()
    #expect(try ids("session", on: north) == ["A", "C"])
    #expect(try ids("session", on: south) == ["A"])
    try give("thôn Bắc", to: "bac@1", .none)
    try syncAll()
    #expect(try ids("session", on: north).isEmpty && ids("finding", on: north).isEmpty)
    #expect(try ids("session", on: south) == ["A"])
    #expect(try ids("session", on: old) == ["A", "B", "C"])
    try place([("session", "A")], into: nil)
    try syncAll()
    #expect(try ids("session", on: south).isEmpty)
  }

  @Test func `whoever puts a session into a part hears what else it names`() throws {
    try give("thôn Bắc", to: "bac@1", .open)
    let first = try place([("session", "A")], into: "thôn Bắc")
    #expect(
      Set(first.linked) == [
        RowReference("person", RowKey([.text("P")])),
        RowReference("document", RowKey([.text("D")])),
      ])
    let second = try place([("session", "A")], into: "thôn Bắc", linked: true)
    #expect(second.changes.count == 2 && second.linked.isEmpty)
    try syncAll()
    #expect(try ids("person", on: north) == ["P"] && ids("document", on: north) == ["D"])
    #expect(try ids("document_link", on: north) == ["D"])
    #expect(try ids("person_private", on: north).isEmpty)
  }

  @Test func `what cannot be in a part is said, and nothing changes`() throws {
    #expect(throws: PartProblem.noHeir("khac@0", of: "cu@0", ["bac@1", "nam@1"])) {
      try give("thôn Bắc", to: "khac@0", .open)
    }
    #expect(throws: PartProblem.noPart("thôn Bắc", of: "cu@0", [])) {
      try place([("session", "A")], into: "thôn Bắc")
    }
    try give("thôn Bắc", to: "bac@1", .open)
    #expect(throws: PartProblem.belongsToAnother(table: "finding", RowKey([.text("FA")]))) {
      try place([("finding", "FA")], into: "thôn Bắc")
    }
    #expect(throws: HubError.notFound) { try place([("session", "Z")], into: "thôn Bắc") }
    try syncAll()
    #expect(try ids("session", on: north).isEmpty)
  }

  @Test func `a device cannot put a record into a part`() throws {
    try give("thôn Bắc", to: "bac@1", .open)
    try old.write("UPDATE session SET unit_part = 'thôn Bắc' WHERE id = 'A'")
    try old.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, unit_part)
      VALUES ('E', 'monitoring', 'boards', 'o-cu', 'cu@0', 'mới', 'thôn Bắc')
      """)
    for _ in 0..<2 { for device in [old, north] { try device.sync() } }
    #expect(try ids("session", on: north).isEmpty)
    #expect(
      try old.value("SELECT count(*) FROM session WHERE unit_part IS NOT NULL") == .integer(0))
  }
}
