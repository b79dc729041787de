import Foundation
import Testing

/// The operator takes in, with a corrected value, what the hub could not.
@Suite(.serialized) struct QuarantineAmendTests {
  private static let id = "018f0000-0000-7000-8000-0000deadbeef"

  /// A device that has written a session which no constraint allows.
  private func prepared() throws -> (Programs, number: String) {
    let programs = try Programs()
    try programs.prepare(devices: ["an"])
    try programs.sqlite(
      "an",
      """
      PRAGMA ignore_check_constraints = ON;
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, attendance_total)
      VALUES ('\(Self.id)', 'monitoring', 'team', 'front-60@0', '60@0', 'Giám sát', -5);
      """)
    #expect(try programs.officer("an", "sync").code == 0)
    let listed = try programs.hub("quarantine", "--json")
    let number = try #require(listed.output.firstMatch(of: /"number":(\d+)/)).output.1
    return (programs, String(number))
  }

  private func amend(_ programs: Programs, _ number: String, _ set: String...) throws
    -> Programs.Result
  {
    try programs.run(
      "thuan-hub",
      ["quarantine", "amend", number, "--set"] + set + ["--reason", "theo danh sách ký tên"])
  }

  @Test func `a bad insert is taken in with the corrected value, and its device learns it`() throws
  {
    let (programs, number) = try prepared()
    let amended = try amend(programs, number, "session/deadbeef.attendance_total=26")
    #expect(amended.code == 0, "\(amended.errors)")
    #expect(amended.output.contains("Số người dự: -5 → 26"), "\(amended.output)")
    #expect(try programs.hub("quarantine", "--json").output == "[]\n")
    #expect(try programs.officer("an", "sync").output.contains("Khớp với máy chủ tỉnh"))
    let shown = try programs.officer("an", "show", "deadbeef", "--json").output
    #expect(shown.contains(#""attendance_total":26"#), "\(shown)")
    let log = try programs.hub("log", "deadbeef").output
    #expect(log.contains("-5 → 26") && log.contains("theo danh sách ký tên"), "\(log)")
    #expect(log.contains("an") && log.contains("ha"), "\(log)")
    #expect(try programs.hub("check").code == 0)
    #expect(try programs.officer("an", "check").code == 0)
    #expect(try programs.officer("an", "log").output.contains("Đã được nhận"))
  }

  @Test func `where there is one record only, the column is enough`() throws {
    let (programs, number) = try prepared()
    #expect(try amend(programs, number, "attendance_total=26", "title=Giám sát 2").code == 0)
    #expect(try programs.hub("log", "deadbeef").output.contains("Giám sát 2"))
  }

  @Test func `what cannot be right is refused, and it goes on waiting`() throws {
    let (programs, number) = try prepared()
    for (set, code) in [
      ("session/deadbeef.attendance_total=-1", 65), ("session/deadbeef.attendance_total=x", 65),
      ("session/deadbeef.nothing=1", 65), ("session/00000000.title=x", 2), ("title", 64),
      ("session/deadbeef.id=x", 65),
    ] as [(String, Int32)] {
      let refused = try amend(programs, number, set)
      #expect(refused.code == code, "\(set): \(refused.errors)")
      #expect(!refused.errors.contains("constraint"), "\(refused.errors)")
    }
    #expect(try amend(programs, "999", "title=x").code == 2)
    #expect(try programs.hub("quarantine", "amend", number, "--set", "title=x").code == 64)
    #expect(try programs.hub("quarantine", "--json").output.contains(#""number":\#(number)"#))
    #expect(try programs.hub("check").code == 0)
  }
}
