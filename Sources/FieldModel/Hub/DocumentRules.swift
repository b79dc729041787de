import SyncCore
package import SyncHub

/// R4 and R7: a paper that tells what came of a session is dated before the session was held.
package struct PaperBeforeSession: HubRule {
  package let name: String
  private let type: String

  /// R4: the report on the results.
  package static let report = PaperBeforeSession(name: "reportBeforeHeld", type: "BC")
  /// R7: the document of social criticism.
  package static let criticism = PaperBeforeSession(name: "criticismBeforeHeld", type: "PB")

  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] {
    var sessions: [RowReference] = []
    for row in rows {
      switch row.table.name {
      case "document" where row["doc_type"] == .text(type):
        sessions += try view.rows(
          "SELECT entity_id FROM document_link WHERE document_id = ? AND entity = 'session'",
          row.key.values
        ).map { RowReference("session", RowKey($0)) }
      case "document_link" where row["entity"] == .text("session"):
        if let id = row["entity_id"] { sessions.append(RowReference("session", RowKey([id]))) }
      default: break
      }
    }
    return sessions
  }

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    try rows.filter { row in
      guard row.table.name == "session", let day = row["held_from"], day != .null else {
        return false
      }
      return try !view.rows(
        """
        SELECT 1 FROM document_link l JOIN document d ON d.id = l.document_id
        WHERE l.entity = 'session' AND l.entity_id = ? AND d.doc_type = ? AND d.issued_on < ?
          AND d.status <> 'cancelled'
        """, row.key.values + [.text(type), day]
      ).isEmpty
    }.map { .broken(name, $0) }
  }
}

/// R5: a paper is signed on a day on which the organisation that issues it was not there.
package struct IssuerOfTheDay: HubRule {
  package static let name = "issuerOfTheDay"

  package init() {}

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    try rows.filter { row in
      guard row.table.name == "document", let issuer = row["issuing_org_id"], issuer != .null,
        let day = row["issued_on"], day != .null
      else { return false }
      return try view.rows(
        """
        SELECT 1 FROM organisation WHERE id = ?
          AND coalesce(active_from, '0') <= ? AND coalesce(active_to, '9999') >= ?
        """, [issuer, day, day]
      ).isEmpty
    }.map { .broken(Self.name, $0) }
  }
}

/// U1, where an organisation numbers all types of paper in one series: the soft key sees only twins
/// of one type.
package struct JointSeries: HubRule {
  package static let name = "jointSeries"

  package init() {}

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    var findings: [RuleFinding] = []
    for row in rows where row.table.name == "document" {
      let number = ["issuing_org_id", "year", "number_int"].compactMap { row[$0] }
      guard !number.contains(.null), let suffix = row["number_suffix"], let type = row["doc_type"]
      else { continue }
      let twins = try view.rows(
        """
        SELECT d.id FROM document d JOIN organisation o ON o.id = d.issuing_org_id
        WHERE d.issuing_org_id = ? AND d.year = ? AND d.number_int = ? AND d.number_suffix = ?
          AND d.doc_type <> ? AND o.number_series = 'joint'
        """, number + [suffix, type])
      findings += twins.map { .broken(Self.name, row, with: RowKey($0)) }
    }
    return findings
  }
}
