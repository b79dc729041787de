import FieldModel
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Every merge policy on a field of the real schema: what two officers who did not know of each
/// other end up with.
struct PolicyTests {
  /// How a story about one field ends.
  private struct Ending {
    var value: Value
    var conflicts: [ConflictKind] = []
  }

  /// Plays two concurrent statements on the same session in both orders of arrival.
  private func play(
    _ setup: String, hung: String, binh: String, read: String
  ) throws -> [Ending] {
    try [true, false].map { isHungFirst in
      let world = try World(schema: FieldSchema.load(), migrations: FieldSchema.migrations)
      try world.hub.commit(
        Reference.changes(in: world.schema), by: "ha", wallMilliseconds: world.now)
      let devices = [try world.device("hung"), try world.device("binh")]
      for device in devices { try device.sync() }
      try devices[0].write(Reference.session + setup)
      for device in devices { try device.sync() }
      try devices[0].write(hung)
      try devices[1].write(binh)
      for device in isHungFirst ? devices : devices.reversed() { try device.sync() }
      for device in devices { try device.sync() }
      let values = try devices.map { try $0.value(read) }
      #expect(values[0] == values[1])
      for device in devices { #expect(try device.status().isInStep) }
      return Ending(
        value: values[0], conflicts: try world.hub.conflicts(openOnly: true).map(\.kind))
    }
  }

  /// Both orders end alike, with this value and these conflicts.
  private func expect(_ endings: [Ending], _ value: Value, _ conflicts: [ConflictKind] = []) {
    for ending in endings {
      #expect(ending.value == value)
      #expect(ending.conflicts == conflicts)
    }
  }

  @Test func `place goes to the last writer`() throws {
    expect(
      try play(
        "", hung: "UPDATE session SET place = 'A'", binh: "UPDATE session SET place = 'B'",
        read: "SELECT place FROM session"), .text("B"))
  }

  @Test func `a summary merges by paragraph`() throws {
    expect(
      try play(
        "UPDATE session SET summary = 'một' || char(10, 10) || 'hai';",
        hung: "UPDATE session SET summary = 'một!' || char(10, 10) || 'hai'",
        binh: "UPDATE session SET summary = 'một' || char(10, 10) || 'hai?'",
        read: "SELECT summary FROM session"), .text("một!\n\nhai?"))
  }

  @Test func `keywords are a set`() throws {
    expect(
      try play(
        "UPDATE session SET keywords = 'đất, rừng';",
        hung: "UPDATE session SET keywords = 'đất, rừng, biển'",
        binh: "UPDATE session SET keywords = 'rừng'", read: "SELECT keywords FROM session"),
      .text("biển, rừng"))
  }

  @Test func `a status that is further along wins`() throws {
    expect(
      try play(
        "", hung: "UPDATE session SET status = 'held'",
        binh: "UPDATE session SET status = 'reported'", read: "SELECT status FROM session"),
      .text("reported"))
  }

  @Test func `held against cancelled is the operator's`() throws {
    let endings = try play(
      "", hung: "UPDATE session SET status = 'held'",
      binh: "UPDATE session SET status = 'cancelled', status_reason = 'bão'",
      read: "SELECT status FROM session")
    #expect(endings.map(\.conflicts) == [[.statusDiverged], [.statusDiverged]])
    #expect(endings.map(\.value) == [.text("held"), .text("cancelled")])
  }

  @Test func `the stricter confidentiality wins`() throws {
    expect(
      try play(
        "", hung: "UPDATE session SET confidentiality = 'sensitive'",
        binh: "UPDATE session SET confidentiality = 'internal'",
        read: "SELECT confidentiality FROM session"), .text("sensitive"))
  }

  @Test func `the earlier documented date of a notice wins`() throws {
    expect(
      try play(
        "INSERT INTO session_target (id, session_id, target_text) VALUES ('t', 's', 'UBND xã');",
        hung: "UPDATE session_target SET notice_sent_on = '2023-08-20'",
        binh: "UPDATE session_target SET notice_sent_on = '2023-08-18'",
        read: "SELECT notice_sent_on FROM session_target"), .text("2023-08-18"))
  }

  @Test func `a due date that was agreed outranks one by practice, and keeps its basis`() throws {
    let setup = """
      INSERT INTO recommendation (id, session_id, kind, text) VALUES ('r', 's', 'remedy', 'x');
      INSERT INTO recommendation_target (id, recommendation_id, addressee_text)
        VALUES ('a', 'r', 'UBND huyện');
      """
    expect(
      try play(
        setup,
        hung: """
          UPDATE recommendation_target SET due_on = '2023-11-30', due_basis = 'agreed'
          """,
        binh: """
          UPDATE recommendation_target SET due_on = '2023-11-10', due_basis = 'practice'
          """, read: "SELECT due_on || due_basis FROM recommendation_target"),
      .text("2023-11-30agreed"))
  }

  @Test func `only the hub gives a session its code`() throws {
    let endings = try play(
      "", hung: "UPDATE session SET hub_code = 'GS-1'", binh: "UPDATE session SET place = 'B'",
      read: "SELECT hub_code FROM session")
    expect(endings, .null, [.notAllowed])
  }

  @Test func `an opinion that was noted does not change`() throws {
    let setup = """
      INSERT INTO meeting (id, session_id, kind) VALUES ('m', 's', 'working');
      INSERT INTO opinion (id, meeting_id, text, noted_by, noted_at)
        VALUES ('o', 'm', 'như đã nói', 'x', '2023-09-06T03:00:00Z');
      """
    expect(
      try play(
        setup, hung: "UPDATE opinion SET text = 'khác'", binh: "DELETE FROM opinion",
        read: "SELECT text FROM opinion"), .text("như đã nói"), [.notAllowed, .notAllowed])
  }

  @Test func `two leaders of one meeting, and one person twice, are for the operator`() throws {
    let setup = """
      INSERT INTO meeting (id, session_id, kind) VALUES ('m', 's', 'working');
      INSERT INTO person (id, unit_id, display_name) VALUES ('p', '60@0', 'An');
      INSERT INTO person (id, unit_id, display_name) VALUES ('q', '60@0', 'Bình');
      """
    expect(
      try play(
        setup,
        hung: """
          INSERT INTO attendance (id, meeting_id, person_id, role) VALUES ('1', 'm', 'p', 'leader')
          """,
        binh: """
          INSERT INTO attendance (id, meeting_id, person_id, role) VALUES ('2', 'm', 'q', 'leader');
          INSERT INTO attendance (id, meeting_id, person_id, role) VALUES ('3', 'm', 'p', 'member')
          """, read: "SELECT count(*) FROM attendance"), .integer(3), [.duplicate, .duplicate])
  }

  @Test func `one document number for two papers is for the operator, and both live`() throws {
    func document(_ id: String) -> String {
      """
      INSERT INTO document (id, register_org_id, direction, issuing_org_id, doc_type, year,
        number_int, abstract, status)
      VALUES ('\(id)', 'front', 'out', 'front', 'KH', 2023, 7, 'kế hoạch', 'numbered')
      """
    }
    let endings = try play(
      "", hung: document("d"), binh: document("e"), read: "SELECT count(*) FROM document")
    for ending in endings {
      #expect(ending.value == .integer(2))
      #expect(Set(ending.conflicts) == [.duplicate])
    }
  }
}

/// A unit, an organisation and a session to hang things on.
private enum Reference {
  static func changes(in schema: SyncSchema) -> [RowChange] {
    [
      change(
        schema, "admin_unit", "60@0",
        ["code": "60", "name_vi": "Bình Thuận", "kind": "province", "tier": "province"]),
      change(
        schema, "organisation", "front",
        [
          "org_type": "front", "unit_id": "60@0", "name_vi": "MTTQ", "number_series": "per_type",
        ]),
    ]
  }

  private static func change(
    _ schema: SyncSchema, _ name: String, _ id: String, _ values: [String: String]
  ) -> RowChange {
    let table = schema.table(named: name)
    let fields = (table?.columns ?? []).compactMap { column in
      values[column.name].map {
        FieldChange(column: column.number, before: .null, after: .text($0))
      }
    }
    return RowChange(
      table: table?.number ?? 0, operation: .insert, key: RowKey([.text(id)]), fields: fields)
  }

  static let session = """
    INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, status, confidentiality)
    VALUES ('s', 'monitoring', 'team', 'front', '60@0', 'Giám sát', 'in_progress', 'normal');
    """
}
