import SyncCore
package import SyncHub

/// R3: a session is closed while one of its recommendations is unfinished.
package struct ClosedUnfinished: HubRule {
  package static let name = "closedUnfinished"
  private static let finished: Set<String> = [
    "verified", "resolved", "rejected", "withdrawn", "transferred",
  ]

  package init() {}

  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] {
    try rows.flatMap { row -> [[Value]] in
      switch row.table.name {
      case "recommendation":
        try view.rows(
          "SELECT id FROM session WHERE status = 'closed' AND id = ?", [row["session_id"] ?? .null])
      case "recommendation_target":
        try view.rows(Self.sessionOfTarget + "r.id = ?", [row["recommendation_id"] ?? .null])
      case "recommendation_event":
        try view.rows(
          Self.sessionOfTarget
            + "r.id = (SELECT recommendation_id FROM recommendation_target WHERE id = ?)",
          [row["target_id"] ?? .null])
      default: []
      }
    }.map { RowReference("session", RowKey($0)) }
  }

  private static let sessionOfTarget = """
    SELECT s.id FROM recommendation r JOIN session s ON s.id = r.session_id
    WHERE s.status = 'closed' AND\u{20}
    """

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    var findings: [RuleFinding] = []
    for row in rows where row.table.name == "session" && row["status"] == .text("closed") {
      let targets = try view.rows(
        """
        SELECT t.id FROM recommendation r JOIN recommendation_target t ON t.recommendation_id = r.id
        WHERE r.session_id = ? AND t.superseded_by IS NULL
        """, row.key.values)
      for target in targets where try !isFinished(target[0], view) {
        findings.append(.broken(Self.name, row))
        break
      }
    }
    return findings
  }

  private func isFinished(_ target: Value, _ view: HubView) throws -> Bool {
    let status = try view.rows(
      "SELECT status FROM recommendation_target_status WHERE target_id = ?", [target])
    return status.first?[0].text.map(Self.finished.contains) ?? true
  }
}

/// R8: an addressee answered a recommendation before it was issued to it.
package struct AnsweredBeforeIssue: HubRule {
  package static let name = "answeredBeforeIssue"

  package init() {}

  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] {
    rows.filter { $0.table.name == "recommendation_event" }.compactMap { $0["target_id"] }
      .map { RowReference("recommendation_target", RowKey([$0])) }
  }

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    try rows.filter { row in
      guard row.table.name == "recommendation_target" else { return false }
      return try !view.rows(
        """
        SELECT 1 FROM recommendation_target_status
        WHERE target_id = ? AND answered_on < issued_on
        """, row.key.values
      ).isEmpty
    }.map { .broken(Self.name, $0) }
  }
}

extension RuleFinding {
  /// A rule is broken by one row alone, or by two together.
  static func broken(_ rule: String, _ row: TouchedRow, with other: RowKey? = nil) -> RuleFinding {
    // A pair is the same whichever of the two was touched.
    let pair = [row.key, other ?? row.key].sorted { $0.stored < $1.stored }
    return RuleFinding(
      kind: .ruleBroken, table: row.table.name, key: pair[0], rule: rule, otherKey: pair[1])
  }
}
