import GRDB
package import SyncCore
import SyncSQLite

/// A change set that the hub could not take in, as the device knows it.
package struct QuarantineView: Sendable {
  package let state: QuarantineState?
  package let reason: QuarantineReason?
  /// The operator who decided, and why.
  package let decidedBy: String
  package let decidedReason: String
}

extension Lookup {
  /// What the hub says of a quarantined change set; nothing before the next pull.
  package func quarantine(of changeSet: ChangeSet) throws -> QuarantineView? {
    try db.first(
      """
      SELECT state, reason, decided_by, decided_reason FROM thuan_quarantine
      WHERE device = ? AND epoch = ? AND sequence = ?
      """,
      [
        .text(changeSet.stream.device), .integer(Int64(changeSet.stream.epoch)),
        .integer(changeSet.sequence),
      ]
    ).map { row in
      QuarantineView(
        state: row.value(at: 0).text.flatMap(QuarantineState.init),
        reason: row.value(at: 1).text.flatMap(QuarantineReason.init),
        decidedBy: row.value(at: 2).text ?? "", decidedReason: row.value(at: 3).text ?? "")
    }
  }
}
