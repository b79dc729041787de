import FieldModel
import Foundation
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// The stories of the field, on the real schema.
struct StoryTests {
  private func world() throws -> World {
    try World(schema: FieldSchema.load(), migrations: FieldSchema.migrations)
  }

  private func insert(_ table: String, _ values: [(String, Value)], in world: World) throws
    -> RowChange
  {
    let declared = try #require(world.schema.table(named: table))
    let keys = declared.key.map { declared.columns[$0].name }
    return RowChange(
      table: declared.number, operation: .insert,
      key: RowKey(keys.compactMap { name in values.first { $0.0 == name }?.1 }),
      fields: values.filter { !keys.contains($0.0) }.compactMap { name, value in
        declared.index(named: name).map {
          FieldChange(column: declared.columns[$0].number, before: .null, after: value)
        }
      })
  }

  /// The hub's reference data, and a session that both officers have from Monday's sync.
  private func prepared() throws -> (World, hung: TestDevice, binh: TestDevice) {
    let world = try world()
    try world.hub.commit(
      [
        insert(
          "admin_unit",
          [
            ("unit_id", .text("60@0")), ("code", .text("60")), ("name_vi", .text("Bình Thuận")),
            ("kind", .text("province")), ("tier", .text("province")),
          ], in: world),
        insert(
          "organisation",
          [
            ("id", .text("front")), ("org_type", .text("front")), ("unit_id", .text("60@0")),
            ("name_vi", .text("MTTQ huyện Hàm Thuận Bắc")), ("number_series", .text("per_type")),
          ], in: world),
      ], by: "ha", wallMilliseconds: world.now)
    let hung = try world.device("hung")
    let binh = try world.device("binh")
    try hung.sync()
    try hung.write(
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, place, summary, status,
        confidentiality)
      VALUES ('s', 'monitoring', 'team', 'front', '60@0', 'Giám sát tại thôn 1, xã La Dạ',
        'UBND xã La Dạ', 'Thực hiện kế hoạch…' || char(10, 10) || 'Đoàn làm việc với UBND xã.',
        'in_progress', 'normal');
      INSERT INTO session_field VALUES ('s', 'ethnic');
      """)
    try hung.sync()
    try binh.sync()
    return (world, hung, binh)
  }

  private func recordOffline(_ hung: TestDevice, _ binh: TestDevice) throws {
    try hung.write(
      """
      UPDATE session SET held_from = '2023-09-06', attendance_total = 23,
        place = 'Hội trường UBND xã La Dạ', status = 'held', title = 'Giám sát tại xã La Dạ (thôn 1)',
        summary = summary || char(10, 10) || 'Kiến nghị bổ sung vốn.';
      INSERT INTO session_field VALUES ('s', 'new_rural');
      INSERT INTO finding (id, session_id, kind, text) VALUES ('F1', 's', 'shortcoming', 'f1');
      """)
    let nfd = "Giám sát tại thôn 1, xã La Dạ".decomposedStringWithCanonicalMapping
    try binh.write(
      """
      UPDATE session SET held_from = '2023-09-07', attendance_total = 26,
        place = 'Nhà văn hóa thôn 1', status = 'held', title = '\(nfd)',
        summary = replace(summary, 'Thực hiện kế hoạch…', 'Thực hiện Kế hoạch 07/KH-MTTQ-BTT.');
      INSERT INTO session_field VALUES ('s', 'social');
      DELETE FROM session_field WHERE field = 'ethnic';
      INSERT INTO finding (id, session_id, kind, text) VALUES ('F2', 's', 'delay', 'f2');
      """)
  }

  @Test func `two officers, one session: two conflicts and the same rows in both orders`() throws {
    var outcomes: [[[Value]]] = []
    for isHungFirst in [true, false] {
      let (world, hung, binh) = try prepared()
      try recordOffline(hung, binh)
      for device in isHungFirst ? [hung, binh] : [binh, hung] { try device.sync() }
      let conflicts = try world.hub.conflicts(openOnly: true)
      #expect(conflicts.map(\.unit).sorted() == ["attendance_total", "held"])
      for conflict in conflicts {
        let isHeld = conflict.unit == "held"
        let said = Set([conflict.live[0]] + conflict.statements.map { $0.values[0] })
        #expect(
          said
            == (isHeld
              ? [.text("2023-09-06"), .text("2023-09-07")] : [.integer(23), .integer(26)]))
        let choice: Choice =
          isHeld
          ? .written([.text("2023-09-06"), .text("2023-09-07")]) : .written([.integer(26)])
        try world.hub.resolve(
          conflict.id, version: conflict.version, choice,
          Ruling(by: "ha", reason: "theo danh sách ký tên", wallMilliseconds: world.now))
      }
      for device in [hung, binh, hung] { try device.sync() }
      try check(world, hung, binh)
      outcomes.append(
        try ["session", "session_field", "finding"].flatMap { try world.hubRows($0) })
    }
    #expect(outcomes[0] == outcomes[1])
  }

  private func check(_ world: World, _ hung: TestDevice, _ binh: TestDevice) throws {
    for device in [hung, binh] {
      for table in world.schema.tables {
        #expect(try device.rows(table.name) == world.hubRows(table.name), "\(table.name)")
      }
      #expect(try device.status().isInStep)
      let session =
        "SELECT held_from || ' ' || held_to || ' ' || attendance_total || ' ' || place FROM session"
      #expect(
        try device.value(session) == .text("2023-09-06 2023-09-07 26 Nhà văn hóa thôn 1"))
      #expect(
        try device.value("SELECT title FROM session") == .text("Giám sát tại xã La Dạ (thôn 1)"))
      #expect(
        try device.value("SELECT summary FROM session")
          == .text(
            "Thực hiện Kế hoạch 07/KH-MTTQ-BTT.\n\nĐoàn làm việc với UBND xã.\n\nKiến nghị bổ sung vốn."
          ))
      #expect(
        try device.rows("session_field").map { $0[1] } == [.text("new_rural"), .text("social")])
      #expect(try device.rows("finding").map { $0[0] } == [.text("F1"), .text("F2")])
    }
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }
}
