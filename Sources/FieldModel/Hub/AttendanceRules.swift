import SyncCore
package import SyncHub

/// R11: one person is paid for two meetings in two places on one day.
package struct PaidTwice: HubRule {
  package static let name = "paidTwice"

  package init() {}

  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] {
    try rows.filter { $0.table.name == "meeting" }.flatMap { meeting in
      try view.rows(
        "SELECT id FROM attendance WHERE meeting_id = ? AND paid_days > 0", meeting.key.values)
    }.map { RowReference("attendance", RowKey($0)) }
  }

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    var findings: [RuleFinding] = []
    for row in rows where row.table.name == "attendance" {
      guard let person = row["person_id"], let days = row["paid_days"], days > .integer(0),
        let meeting = row["meeting_id"],
        let here = try view.rows(Self.meetings + "m.id = ?", [meeting]).first, here[1] != .null
      else { continue }
      let others = try view.rows(
        """
        \(Self.meetings) m.held_on = ? AND m.id <> ? AND m.id IN
          (SELECT meeting_id FROM attendance WHERE person_id = ? AND paid_days > 0)
        """, [here[1], meeting, person])
      for other in others where Self.isElsewhere(other, here) {
        let pay = try view.rows(
          "SELECT id FROM attendance WHERE meeting_id = ? AND person_id = ? AND paid_days > 0",
          [other[0], person])
        findings += pay.map { .broken(Self.name, row, with: RowKey($0)) }
      }
    }
    return findings
  }

  private static let meetings = """
    SELECT m.id, m.held_on, m.place, s.unit_id FROM meeting m JOIN session s ON s.id = m.session_id
    WHERE\u{20}
    """

  /// Whether two meetings were in two units, or at places that are not one however it is spelt.
  private static func isElsewhere(_ one: [Value], _ other: [Value]) -> Bool {
    if one[3] != other[3] { return true }
    guard let here = one[2].text, let there = other[2].text, !here.isEmpty, !there.isEmpty else {
      return false
    }
    return Folding.loosen(here) != Folding.loosen(there)
  }
}
