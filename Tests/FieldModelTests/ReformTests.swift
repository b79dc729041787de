import FieldModel
import Foundation
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Story 8, on the real units: on 1 July 2025 xã Phong Phú is split, districts are no more, and an
/// officer has not heard of it.
@Suite(.enabled(if: RealUnits.areThere, "the units' lists are not there"))
struct ReformTests {
  private let world: World
  /// Of Phong Phú (22978), Phan Dũng (22975), Phan Rí Cửa (22972), and the province.
  private let khai: TestDevice
  private let dung: TestDevice
  private let cua: TestDevice
  private let province: TestDevice

  init() throws {
    world = try World(
      schema: FieldSchema.load(), migrations: FieldSchema.migrations, rules: FieldRules.all,
      policy: FieldAccess())
    world.now = Self.morning(of: "2025-06-12")
    let units = try UnitImport.plan(
      [RealUnits.before], for: world.hub, firstDay: nil)
    try world.hub.commit(units.changes, by: "ha", wallMilliseconds: world.now)
    try world.hub.commit(
      FrontOrganisations.plan(for: world.hub).changes, by: "ha", wallMilliseconds: world.now)
    for (officer, unit, role) in [
      ("khai", "22978@0", Role.fieldOfficer), ("dung", "22975@0", .fieldOfficer),
      ("cua", "22972@0", .fieldOfficer), ("tinh", "60@0", .viewer),
      ("huyen", "595@0", .fieldOfficer),
    ] {
      try Self.employ(officer, unit, role, in: world)
    }
    try world.hub.commit(
      [
        Self.row(
          "organisation", "ubnd-tuy-phong",
          [
            "org_type": .text("peoples_committee"), "unit_id": .text("595@0"),
            "name_vi": .text("UBND huyện Tuy Phong"), "number_series": .text("per_type"),
          ], in: world)
      ], by: "ha", wallMilliseconds: world.now)
    khai = try world.device("khai")
    dung = try world.device("dung")
    cua = try world.device("cua")
    province = try world.device("tinh")
    for device in [khai, dung, cua] { try device.sync() }
    try record()
  }

  private static func morning(of day: String) -> Int64 {
    Int64(CivilDay.number(of: day) ?? 0) * 86_400_000 + 3_600_000
  }

  private static func row(
    _ table: String, _ id: String, _ values: [String: Value], in world: World
  ) throws -> RowChange {
    RowChange(
      inserting: values, into: try #require(world.schema.table(named: table)),
      key: RowKey([.text(id)]))
  }

  private static func employ(
    _ officer: String, _ unit: String, _ role: Role, in world: World, from: String = "2025-01-01"
  ) throws {
    let grant = OfficerGrant(
      id: "g-\(officer)", officer: officer, role: role, unit: unit, validFrom: from)
    try world.hub.commit(
      [
        row(
          "officer", officer,
          ["display_name": .text(officer), "org_id": .text("front-\(unit)")], in: world),
        grant.giving(world.schema),
      ], by: "ha", wallMilliseconds: world.now)
  }

  private func record() throws {
    func session(_ id: String, _ unit: String, _ title: String, _ day: String) -> String {
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, status, held_from)
      VALUES ('\(id)', 'monitoring', 'boards', 'front-\(unit)', '\(unit)', '\(title)', 'held', '\(day)');
      """
    }
    try khai.write(
      session("S", "22978@0", "Giám sát thi công đường thôn Nha Mé", "2025-06-12") + """
        INSERT INTO finding (id, session_id, kind, text) VALUES ('F', 'S', 'delay', 'chậm');
        INSERT INTO recommendation (id, session_id, kind, text) VALUES ('R', 'S', 'remedy', 'sửa');
        INSERT INTO recommendation_target (id, recommendation_id, org_id, due_basis, due_on, is_lead)
        VALUES ('A', 'R', 'ubnd-tuy-phong', 'agreed', '2025-07-12', 1);
        INSERT INTO recommendation_event (id, target_id, kind, happened_on, recorded_by, recorded_at)
        VALUES ('E', 'A', 'issued', '2025-06-12', 'khai', '2025-06-12T01:00:00Z');
        """)
    try dung.write(session("D", "22975@0", "Giám sát ở Phan Dũng", "2025-06-10"))
    try cua.write(session("C", "22972@0", "Giám sát ở Phan Rí Cửa", "2025-06-11"))
    for device in [khai, dung, cua] { try device.sync() }
  }

  @discardableResult
  private func reform(_ assignments: [String: [String]]) throws -> UnitReform {
    world.now = Self.morning(of: "2025-07-01")
    var number = 0
    let reform = try UnitReform.plan(
      UnitReform.Sources(
        units: [RealUnits.all], succession: RealUnits.succession, assignments: assignments),
      on: "2025-07-01", for: world.hub
    ) {
      number += 1
      return "new-\(number)"
    }
    try world.hub.commit(
      reform.changes, by: "ha", act: "reform 2025-07-01", wallMilliseconds: world.now)
    return reform
  }

  private func sessions(on device: TestDevice) throws -> [String] {
    try device.rows("session").compactMap { $0[0].text }
  }

  private func text(_ sql: String, at device: TestDevice) throws -> String? {
    try device.value(sql).text
  }

  private func conflicts(_ rule: String) throws -> [Conflict] {
    try world.hub.conflicts(openOnly: true).filter { $0.unit == rule }
  }

  private let khaiStays = ["22978@0": ["22978@20250701"]]

  @Test func `before it, everybody holds his own unit's records and no more`() throws {
    try province.sync()
    #expect(try sessions(on: khai) == ["S"])
    #expect(try sessions(on: dung) == ["D"])
    #expect(try sessions(on: cua) == ["C"])
    #expect(try sessions(on: province) == ["C", "D", "S"])
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `units, organisations and grants go on, and what people decide is left to them`()
    throws
  {
    let reform = try reform([:])
    #expect(reform.newUnits == 125)
    #expect(reform.closedUnits == 360)
    #expect(Set(reform.undecided.map(\.officer)) == ["khai", "huyen"])
    #expect(reform.splitUnits.contains("22978@0"))
    #expect(Set(reform.grants.map(\.unit)) == ["22978@20250701", "22972@20250701", "68@20250701"])
    let heirs = try world.hubRows("organisation_succession").filter {
      $0[1] == .text("front-22978@0")
    }
    #expect(
      heirs.map { $0[2] } == [.text("front-22972@20250701"), .text("front-22978@20250701")])
    #expect(heirs.map { $0[4] } == [.integer(0), .integer(0)])
    #expect(try conflicts(AddresseeGone.name).map(\.key) == [RowKey([.text("A")])])
    #expect(try self.reform([:]).changes.isEmpty)
  }

  @Test func `work done offline under the old unit arrives, and is asked about`() throws {
    try khai.write(
      "INSERT INTO finding (id, session_id, kind, text) VALUES ('F2', 'S', 'delay', 'chưa gửi')")
    try reform(khaiStays)
    world.now = Self.morning(of: "2025-07-03")
    try khai.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, status, held_from)
      VALUES ('T', 'monitoring', 'team', 'front-22978@0', '22978@0', 'Tại UBND xã Phong Phú', 'held',
        '2025-07-03')
      """)
    world.now = Self.morning(of: "2025-07-10")
    try khai.sync()
    try khai.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try text("SELECT unit_id FROM session WHERE id = 'S'", at: khai) == "22978@0")
    #expect(try khai.rows("finding").map { $0[0] } == [.text("F"), .text("F2")])
    // Wider by Phan Dũng, and by nothing of Phan Rí Cửa.
    #expect(try sessions(on: khai) == ["D", "S", "T"])
    #expect(try khai.status().isInStep)
    let question = try #require(try conflicts(UnitOfTheDay.name).first)
    #expect(question.key == RowKey([.text("T")]))
    try world.hub.resolve(
      question.id, version: question.version,
      .amend(question.key, ["unit_id": .text("22978@20250701")]),
      Ruling(by: "ha", reason: "thôn 1", wallMilliseconds: world.now))
    for device in [khai, cua] { try device.sync() }
    #expect(try sessions(on: khai) == ["D", "S", "T"])
    #expect(try sessions(on: cua) == ["C"])
    try province.sync()
    let count = """
      SELECT group_concat(unit_id || ' ' || n) FROM
        (SELECT unit_id, count(*) AS n FROM session GROUP BY unit_id ORDER BY unit_id)
      """
    #expect(
      try text(count, at: province) == "22972@0 1,22975@0 1,22978@0 1,22978@20250701 1")
  }

  @Test func `of a split unit an heir reads what was named for it, and changes none of it`() throws
  {
    try khai.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, status, held_from)
      VALUES ('K', 'monitoring', 'boards', 'front-22978@0', '22978@0', 'Ở thôn khác', 'held', '2025-06-12')
      """)
    try khai.sync()
    try reform(khaiStays)
    for device in [cua, dung, khai] { try device.sync() }
    #expect(try sessions(on: cua) == ["C"])
    let part = UnitPart(
      unit: "22978@0", name: "thôn Nha Mé", heir: "22972@20250701", access: .open)
    try world.hub.commit(
      part.giving(in: world.hub), by: "ha", wallMilliseconds: world.now)
    let placement = try PartPlacement.plan(
      [RowReference("session", RowKey([.text("S")]))], into: "thôn Nha Mé", takingLinked: false,
      for: world.hub)
    try world.hub.commit(placement.changes, by: "ha", wallMilliseconds: world.now)
    for device in [cua, dung, khai] { try device.sync() }
    #expect(try sessions(on: cua) == ["C", "S"])
    #expect(try sessions(on: dung) == ["D"])
    #expect(try sessions(on: khai) == ["D", "K", "S"])
    try cua.write("UPDATE session SET place = 'sửa' WHERE id = 'S'")
    try cua.write("UPDATE session SET place = 'của mình' WHERE id = 'C'")
    try cua.sync()
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.readOnly])
    #expect(try text("SELECT place FROM session WHERE id = 'C'", at: cua) == "của mình")
  }

  @Test func `a recommendation goes to another addressee by a decision, under its old term`() throws
  {
    try reform(khaiStays)
    let question = try #require(try conflicts(AddresseeGone.name).first)
    var number = 0
    let ruling = Ruling(
      by: "ha", reason: "Nha Mé thuộc Phan Rí Cửa", wallMilliseconds: world.now)
    let transfer = try Transfer.plan(
      question.key, to: RowKey([.text("peoples_committee-22972@20250701")]), ruling, for: world.hub
    ) {
      number += 1
      return "n\(number)"
    }
    try world.hub.commit(transfer.changes, by: "ha", wallMilliseconds: world.now)
    #expect(try conflicts(AddresseeGone.name).isEmpty)
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    try khai.sync()
    #expect(
      try text(
        "SELECT group_concat(status || ' ' || due_on, ', ') FROM recommendation_target_status s JOIN recommendation_target t ON t.id = s.target_id ORDER BY s.target_id",
        at: khai) == "transferred 2025-07-12, issued 2025-07-12")
    #expect(
      try text("SELECT text FROM recommendation_event WHERE kind = 'transferred'", at: khai)
        == "Chuyển từ UBND huyện Tuy Phong sang Ủy ban nhân dân xã Phan Rí Cửa: Nha Mé thuộc Phan Rí Cửa"
    )
    #expect(throws: TransferProblem.transferredAlready) {
      try Transfer.plan(
        question.key, to: RowKey([.text("peoples_committee-22978@20250701")]), ruling,
        for: world.hub
      ) { "x" }
    }
  }

  @Test func `what was withdrawn after a reform is not given again by the same reform`() throws {
    try reform(khaiStays)
    let given = try #require(
      try OfficerGrant.all(in: world.hub).first {
        $0.officer == "dung" && $0.unit == "22978@20250701"
      })
    let change = try #require(try given.ending(with: "2025-06-30", world.schema))
    try world.hub.commit([change], by: "ha", wallMilliseconds: world.now)
    #expect(try reform(khaiStays).grants.isEmpty)
    #expect(try given.ending(with: "2030-01-01", world.schema) != nil)
    var ended = given
    ended.validTo = "2026-03-31"
    #expect(try ended.ending(with: "2026-11-26", world.schema) == nil)
  }

  @Test func `who was granted an old unit late goes on like everybody`() throws {
    world.now = Self.morning(of: "2025-11-01")
    try Self.employ("muon", "22975@0", .fieldOfficer, in: world, from: "2025-11-01")
    let reform = try reform(khaiStays)
    let grant = try #require(reform.grants.first { $0.officer == "muon" })
    #expect(grant.unit == "22978@20250701" && grant.validFrom == "2025-11-01")
  }

  @Test func `a unit that goes on beside one that got a part of it keeps its records`() throws {
    let succession = try Self.row(
      "unit_succession", "test",
      [
        "old_unit_id": .text("22972@0"), "new_unit_id": .text("22975@0"),
        "relation": .text("part"), "effective_date": .text("2025-01-01"),
      ], in: world)
    try world.hub.commit([succession], by: "ha", wallMilliseconds: world.now)
    try dung.sync()
    #expect(try sessions(on: dung) == ["D"])
  }

  @Test func `grants count on their days only, and not for who has left`() throws {
    var grant = OfficerGrant(
      id: "later", officer: "dung", role: .viewer, unit: "22972@0", validFrom: "2025-06-20",
      validTo: "2025-06-21")
    try world.hub.commit([grant.giving(world.schema)], by: "ha", wallMilliseconds: world.now)
    try dung.sync()
    #expect(try sessions(on: dung) == ["D"])
    world.now = Self.morning(of: "2025-06-21")
    try dung.sync()
    #expect(try sessions(on: dung) == ["C", "D"])
    world.now = Self.morning(of: "2025-06-22")
    try dung.sync()
    #expect(try sessions(on: dung) == ["D"])
    grant.validTo = nil
    let officer = RowChange(
      of: try #require(world.schema.table(named: "officer")), key: RowKey([.text("dung")]),
      from: [:], to: ["disabled_at": .text("2025-06-22T01:00:00Z")])
    try world.hub.commit([try #require(officer)], by: "ha", wallMilliseconds: world.now)
    try dung.sync()
    #expect(try sessions(on: dung).isEmpty)
    #expect(try !dung.rows("admin_unit").isEmpty)
  }

  @Test func `what is private of people and of sessions stays where a grant says so`() throws {
    try khai.write(
      """
      INSERT INTO person (id, unit_id, display_name) VALUES ('P', '22978@0', 'Ông Sáu');
      INSERT INTO person_private (person_id, phone) VALUES ('P', '0901234567');
      UPDATE session SET confidentiality = 'sensitive' WHERE id = 'S';
      INSERT INTO note (id, unit_id, entity, entity_id, text, by_user, at)
      VALUES ('N', '22978@0', 'session', 'S', 'kín', 'khai', '2025-06-12T01:00:00Z');
      """)
    try khai.sync()
    try province.sync()
    #expect(try sessions(on: province) == ["C", "D"])
    #expect(try province.rows("person").count == 1)
    #expect(try province.rows("person_private").isEmpty && province.rows("note").isEmpty)
    #expect(try sessions(on: khai) == ["S"])
    #expect(try khai.rows("note").count == 1 && khai.status().isInStep)
  }
}

/// The official lists beside the project.
private enum RealUnits {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/domain/data").standardizedFileURL

  static var areThere: Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(versions).path)
  }

  private static let versions = "unit_versions.csv"

  static var all: CSVTable {
    get throws {
      try table(text(versions), required: UnitImport.requiredColumns)
    }
  }

  /// The same list as it was before anybody spoke of a reform.
  static var before: CSVTable {
    get throws {
      let lines = try text(versions).split(separator: "\n").filter { !$0.contains(",2025-07-01,") }
      return try table(
        lines.joined(separator: "\n").replacing(",2025-06-30", with: ","),
        required: UnitImport.requiredColumns)
    }
  }

  static var succession: CSVTable {
    get throws {
      let lines = try text("unit_succession.csv").split(separator: "\n")
        .filter { !$0.contains(",2024-12-01,") }
      return try table(lines.joined(separator: "\n"), required: SuccessionImport.requiredColumns)
    }
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
      .replacing("\r\n", with: "\n")
  }

  private static func table(_ text: String, required: [String]) throws -> CSVTable {
    try CSVTable(Data(text.utf8), file: versions, required: required)
  }
}
