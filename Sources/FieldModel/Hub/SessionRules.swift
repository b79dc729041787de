import SyncCore
package import SyncHub

/// U8: two sessions of one unit, held within three days under titles that are alike, may be one
/// session that two organisations recorded.
package struct DuplicateSessions: HubRule {
  package static let name = "sameSession"
  private static let days = 3

  package init() {}

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    var findings: [RuleFinding] = []
    for row in rows where row.table.name == "session" {
      guard let unit = row["unit_id"], let title = row["title"]?.text,
        let first = row["held_from"]?.text, Self.counts(row["status"]),
        let earliest = CivilDay.day(first, plus: -Self.days),
        let latest = CivilDay.day(row["held_to"]?.text ?? first, plus: Self.days)
      else { continue }
      let others = try view.rows(
        """
        SELECT id, title, status FROM session
        WHERE unit_id = ? AND held_from <= ? AND coalesce(held_to, held_from) >= ?
        """, [unit, .text(latest), .text(earliest)])
      for other in others where RowKey([other[0]]) != row.key && Self.counts(other[2]) {
        guard TitleLikeness.of(title, other[1].text ?? "") >= TitleLikeness.threshold else {
          continue
        }
        let pair = [row.key, RowKey([other[0]])].sorted { $0.stored < $1.stored }
        findings.append(
          RuleFinding(
            kind: .possibleDuplicate, table: "session", key: pair[0], rule: Self.name,
            otherKey: pair[1]))
      }
    }
    return findings
  }

  /// Whether a session in this status is counted at all.
  private static func counts(_ status: Value?) -> Bool {
    status != .text("cancelled") && status != .text("duplicate")
  }
}

/// R6: a session is recorded in a unit that was not there on the day it was held.
package struct UnitOfTheDay: HubRule {
  package static let name = "unitOfTheDay"

  package init() {}

  package func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
    var findings: [RuleFinding] = []
    for row in rows where row.table.name == "session" {
      guard let unit = row["unit_id"], let day = row["held_from"], day != .null else { continue }
      let valid = try view.rows(
        """
        SELECT 1 FROM admin_unit WHERE unit_id = ?
          AND coalesce(valid_from, '0') <= ? AND coalesce(valid_to, '9999') >= ?
        """, [unit, day, day])
      if valid.isEmpty {
        findings.append(
          RuleFinding(
            kind: .ruleBroken, table: "session", key: row.key, rule: Self.name, otherKey: row.key))
      }
    }
    return findings
  }
}

extension TouchedRow {
  subscript(_ column: String) -> Value? {
    table.index(named: column).map { values[$0] }
  }
}
