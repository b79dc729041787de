import FieldModel
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// What holds on each device and not of the union, on the real schema.
final class FieldRuleTests {
  private let world: World
  private let hung: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World(
      schema: FieldSchema.load(), migrations: FieldSchema.migrations, rules: FieldRules.all)
    hung = try world.device("hung")
    binh = try world.device("binh")
    try world.hub.commit(
      [
        insert(
          "admin_unit", "u",
          ["code": "60", "name_vi": "Bình Thuận", "kind": "province", "tier": "province"]),
        insert(
          "organisation", "o",
          [
            "org_type": "front", "unit_id": "u", "name_vi": "MTTQ", "number_series": "joint",
            "active_to": "2025-06-30",
          ]),
        insert(
          "organisation", "o2",
          ["org_type": "front", "unit_id": "u", "name_vi": "MTTQ 2", "number_series": "per_type"]),
        insert(
          "organisation", "o3",
          ["org_type": "front", "unit_id": "u", "name_vi": "MTTQ 3", "number_series": "per_type"]),
      ], by: "ha", wallMilliseconds: world.now)
    try hung.sync()
    try hung.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, status, held_from)
        VALUES ('s', 'criticism', 'conference', 'o', 'u', 'Phản biện', 'held', '2023-09-06');
      INSERT INTO recommendation (id, session_id, kind, text) VALUES ('r', 's', 'remedy', 'k');
      INSERT INTO recommendation_target (id, recommendation_id, org_id, is_lead)
        VALUES ('t', 'r', 'o2', 1);
      INSERT INTO person (id, unit_id, display_name) VALUES ('p', 'u', 'Lan');
      INSERT INTO meeting (id, session_id, kind, held_on, place)
        VALUES ('m1', 's', 'working', '2023-09-06', 'Hội trường xã Phú Quí');
      INSERT INTO meeting (id, session_id, kind, held_on, place)
        VALUES ('m2', 's', 'working', '2023-09-06', 'Nhà văn hóa thôn 1');
      """)
    try hung.sync()
    try binh.sync()
  }

  private func insert(_ table: String, _ id: String, _ values: [String: String]) throws -> RowChange
  {
    let declared = try #require(world.schema.table(named: table))
    return RowChange(
      table: declared.number, operation: .insert, key: RowKey([.text(id)]),
      fields: try values.sorted { $0.key < $1.key }.map { name, value in
        let index = try #require(declared.index(named: name))
        return FieldChange(
          column: declared.columns[index].number, before: .null, after: .text(value))
      })
  }

  /// What is asked of the operator: rule, and the records in question.
  private func questions() throws -> [String] {
    for device in [hung, binh, hung] { try device.sync() }
    #expect(try world.hub.problems().isEmpty)
    for device in [hung, binh] { #expect(try device.status().isInStep) }
    return try world.hub.conflicts(openOnly: true).map { conflict in
      let other = conflict.otherKey.map { $0 == conflict.key ? "" : "+\($0)" } ?? ""
      return "\(conflict.unit) \(conflict.table) \(conflict.key)\(other)"
    }.sorted()
  }

  private func event(_ id: String, _ kind: String, _ day: String) -> String {
    """
    INSERT INTO recommendation_event (id, target_id, kind, happened_on, recorded_by, recorded_at)
      VALUES ('\(id)', 't', '\(kind)', '\(day)', 'x', '\(day)T00:00:00Z');
    """
  }

  private func paper(_ id: String, _ type: String, _ day: String, number: Int = 1) -> String {
    """
    INSERT INTO document (id, register_org_id, direction, issuing_org_id, doc_type, year,
      number_int, issued_on, abstract)
      VALUES ('\(id)', 'o', 'out', 'o', '\(type)', 2023, \(number), '\(day)', 'Về việc');
    INSERT INTO document_link VALUES ('\(id)', 'session', 's', '\(type)');
    """
  }

  @Test func `what the units began with is right`() throws {
    #expect(try questions().isEmpty)
  }

  @Test func `R1: two heads of one team`() throws {
    try hung.write("INSERT INTO person (id, unit_id, display_name) VALUES ('q', 'u', 'Minh')")
    try hung.write(
      "INSERT INTO attendance (id, meeting_id, person_id, role) VALUES ('a', 'm1', 'p', 'leader')")
    try binh.sync()
    try binh.write(
      "INSERT INTO attendance (id, meeting_id, person_id, role) SELECT 'b', 'm1', 'p', 'leader'")
    #expect(
      try questions() == ["leader attendance a+b", "person attendance a+b"])
  }

  @Test func `R2: two lead addressees`() throws {
    try binh.write(
      """
      INSERT INTO recommendation_target (id, recommendation_id, org_id, is_lead)
        VALUES ('t2', 'r', 'o3', 1)
      """)
    #expect(try questions() == ["lead recommendation_target t+t2"])
  }

  @Test func `R3: a closed session has an unfinished recommendation, until it is finished`() throws
  {
    try hung.write(event("e1", "issued", "2023-09-10"))
    try binh.write("UPDATE session SET status = 'closed' WHERE id = 's'")
    #expect(try questions() == ["closedUnfinished session s"])
    try hung.write(event("e2", "resolved", "2023-10-10"))
    #expect(try questions().isEmpty)
    // And one that is added to a session that was closed in the meantime.
    try hung.write(
      "INSERT INTO recommendation_target (id, recommendation_id, org_id) VALUES ('t3', 'r', 'o3')")
    #expect(try questions() == ["closedUnfinished session s"])
    try hung.write("DELETE FROM recommendation_target WHERE id = 't3'")
    #expect(try questions().isEmpty)
  }

  @Test func `an open recommendation is addressed to an organisation that is no more`() throws {
    try hung.write(event("e1", "issued", "2023-09-10"))
    try binh.write(
      "INSERT INTO recommendation_target (id, recommendation_id, org_id) VALUES ('t4', 'r', 'o')")
    #expect(try questions() == ["addresseeGone recommendation_target t4"])
    try binh.write(
      """
      INSERT INTO recommendation_event (id, target_id, kind, happened_on, recorded_by, recorded_at)
      VALUES ('e4', 't4', 'withdrawn', '2023-09-11', 'binh', '2023-09-11T01:00:00Z')
      """)
    #expect(try questions().isEmpty)
  }

  @Test func `R4: a session is held after its own result report`() throws {
    try hung.write(paper("d", "BC", "2023-09-20"))
    #expect(try questions().isEmpty)
    try binh.write("UPDATE session SET held_from = '2023-10-06' WHERE id = 's'")
    #expect(try questions() == ["reportBeforeHeld session s"])
    try hung.write("UPDATE document SET issued_on = '2023-10-20', symbol = 'x' WHERE id = 'd'")
    #expect(try questions().isEmpty)
  }

  @Test func `R5: a paper is signed when its issuer was no more`() throws {
    try hung.write(paper("d", "BC", "2025-07-01"))
    #expect(try questions() == ["issuerOfTheDay document d"])
    try hung.write("UPDATE document SET issued_on = '2025-06-30' WHERE id = 'd'")
    #expect(try questions().isEmpty)
  }

  @Test func `R6: a session is held in a unit that was not there`() throws {
    try world.hub.commit(
      [
        insert(
          "admin_unit", "v",
          [
            "code": "61", "name_vi": "Mới", "kind": "province", "tier": "province",
            "valid_from": "2025-07-01",
          ])
      ], by: "ha", wallMilliseconds: world.now)
    try hung.sync()
    try hung.write("UPDATE session SET unit_id = 'v' WHERE id = 's'")
    #expect(try questions() == ["unitOfTheDay session s"])
  }

  @Test func `R7: criticism is sent before the conference was held`() throws {
    try hung.write(paper("d", "PB", "2023-09-01"))
    #expect(try questions() == ["criticismBeforeHeld session s"])
    try binh.write("DELETE FROM document_link WHERE document_id = 'd'")
    #expect(try questions().isEmpty)
  }

  @Test func `R8: a recommendation is answered before it was issued`() throws {
    try hung.write(event("e1", "issued", "2023-09-20"))
    try binh.write(event("e2", "answered_accept", "2023-09-10"))
    #expect(try questions() == ["answeredBeforeIssue recommendation_target t"])
    try binh.write(
      """
      INSERT INTO recommendation_event (id, target_id, kind, happened_on, recorded_by, recorded_at,
        voids) VALUES ('e3', 't', 'voided', '2023-09-21', 'x', '2023-09-21T00:00:00Z', 'e2')
      """)
    #expect(try questions().isEmpty)
  }

  @Test func `R11: one person is paid at two places on one day`() throws {
    try hung.write(
      """
      INSERT INTO attendance (id, meeting_id, person_id, role, paid_days)
        VALUES ('a', 'm1', 'p', 'member', 1)
      """)
    try binh.write(
      """
      INSERT INTO attendance (id, meeting_id, person_id, role, paid_days)
        VALUES ('b', 'm2', 'p', 'member', 0.5)
      """)
    #expect(try questions() == ["paidTwice attendance a+b"])
    // The same place, as somebody else spells it.
    try hung.write("UPDATE meeting SET place = 'hội trường xã Phú Quý' WHERE id = 'm2'")
    #expect(try questions().isEmpty)
    try hung.write("UPDATE meeting SET place = 'UBND xã' WHERE id = 'm2'")
    #expect(try questions() == ["paidTwice attendance a+b"])
    try hung.write("UPDATE meeting SET held_on = '2023-09-07' WHERE id = 'm2'")
    #expect(try questions().isEmpty)
  }

  @Test func `U1: a number is used twice in a series that all types share`() throws {
    try hung.write(paper("d", "BC", "2023-09-20", number: 7))
    try binh.write(paper("e", "KL", "2023-09-21", number: 7))
    #expect(try questions() == ["jointSeries document d+e"])
    try binh.write("UPDATE document SET number_int = 8 WHERE id = 'e'")
    #expect(try questions().isEmpty)
  }

  @Test func `every rule and key has words of its own`() throws {
    let unknown = FieldRules.sentence(of: "nothing", in: "nothing")
    for rule in FieldRules.all {
      let name = (rule as? PaperBeforeSession)?.name ?? Self.name(of: rule)
      #expect(FieldRules.sentence(of: name, in: "session") != unknown, "\(name)")
    }
    for table in world.schema.tables {
      for key in table.softKeys {
        #expect(
          FieldRules.sentence(of: key.name, in: table.name) != unknown, "\(table.name) \(key.name)")
      }
    }
  }

  private static func name(of rule: any HubRule) -> String {
    switch rule {
    case is DuplicateSessions: DuplicateSessions.name
    case is UnitOfTheDay: UnitOfTheDay.name
    case is ClosedUnfinished: ClosedUnfinished.name
    case is IssuerOfTheDay: IssuerOfTheDay.name
    case is AnsweredBeforeIssue: AnsweredBeforeIssue.name
    case is PaidTwice: PaidTwice.name
    case is JointSeries: JointSeries.name
    case is AddresseeGone: AddresseeGone.name
    default: ""
    }
  }
}
