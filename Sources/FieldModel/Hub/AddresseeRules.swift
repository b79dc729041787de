import SyncCore
package import SyncHub

/// An open recommendation is addressed to an organisation that is no more: somebody has to say who
/// answers for it now, each time (story 8).
package struct AddresseeGone: HubRule {
  package static let name = "addresseeGone"
  private static let finished: Set<String> = [
    "verified", "resolved", "rejected", "withdrawn", "transferred",
  ]

  package init() {}

  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] {
    try rows.flatMap { row -> [RowReference] in
      switch row.table.name {
      case "organisation":
        try view.rows("SELECT id FROM recommendation_target WHERE org_id = ?", row.key.values)
          .map { RowReference("recommendation_target", RowKey($0)) }
      case "recommendation_event":
        row["target_id"].map { [RowReference("recommendation_target", RowKey([$0]))] } ?? []
      default: []
      }
    }
  }

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    try rows.filter { row in
      guard row.table.name == "recommendation_target", row["superseded_by"] == .null,
        let organisation = row["org_id"], organisation != .null,
        try !view.rows(
          "SELECT 1 FROM organisation WHERE id = ? AND active_to IS NOT NULL", [organisation]
        ).isEmpty
      else { return false }
      let status = try view.rows(
        "SELECT status FROM recommendation_target_status WHERE target_id = ?", row.key.values)
      return status.first?[0].text.map { !Self.finished.contains($0) } ?? true
    }.map { .broken(Self.name, $0) }
  }
}
