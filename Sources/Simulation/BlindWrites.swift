import SyncCore
import SyncDevice
import SyncHub

/// Nobody's word is replaced or deleted by somebody who never saw it, unless the operator is asked.
///
/// This is what merging is for, looked at from outside: what has been shown on a device is all that
/// its officers can have known.
final class Shown {
  private var values: [Oracle.Place: Set<Value>] = [:]

  func note(_ difference: RowDifference) {
    guard let new = difference.new else { return }
    for (index, column) in difference.table.columns.enumerated() where column.unit != nil {
      values[place(difference, column.number), default: []].insert(new[index])
    }
  }

  func contains(_ difference: RowDifference, column: Int, _ value: Value) -> Bool {
    values[place(difference, column)]?.contains(value) ?? false
  }

  private func place(_ difference: RowDifference, _ column: Int) -> Oracle.Place {
    Oracle.Place(table: difference.table.number, key: difference.key, column: column)
  }
}

extension World {
  /// Looks at what a push has changed at the hub.
  ///
  /// Where copies were put back, decisions were made or work lies in quarantine, what a device knows
  /// is more than what it shows, and nothing is said.
  func checkBlindWrites(_ difference: RowDifference, from sender: String) throws {
    guard difference.table.rows != .set, !hasRecovered, !decidesAll, let old = difference.old else {
      return
    }
    let row = "\(difference.table.name) \(difference.key)"
    guard !decidedRows.contains(row) else { return }
    let senders = devices.filter { $0.identity.device == sender }
    for (index, column) in difference.table.columns.enumerated() {
      let place = Oracle.Place(
        table: difference.table.number, key: difference.key, column: column.number)
      guard let unit = column.unit, old[index] != .null, old[index] != difference.new?[index],
        lateValues[place] != old[index],
        difference.new == nil || difference.table.units[unit].policy == .operator,
        !senders.contains(where: {
          $0.shown.contains(difference, column: column.number, old[index])
        })
      else { continue }
      if try isBuried(difference, by: senders) { continue }
      let text = difference.new.map { "replaced by \($0[index])" } ?? "deleted"
      throw Violation(
        law: .conservation,
        what: "\(row).\(column.name): \(old[index]) was \(text) by \(senders[0].name), "
          + "which never saw it, and nobody was asked")
    }
  }

  /// A row that comes to life may hold what somebody wrote and deleted in one breath: nobody but its
  /// writer knows it, and its writer has no use for it.
  func noteLateValues(_ difference: RowDifference, from sender: String) {
    guard let new = difference.new else { return }
    let senders = devices.filter { $0.identity.device == sender }
    for (index, column) in difference.table.columns.enumerated() where column.unit != nil {
      let isKnown = senders.contains {
        $0.shown.contains(difference, column: column.number, new[index])
      }
      let place = Oracle.Place(
        table: difference.table.number, key: difference.key, column: column.number)
      lateValues[place] = isKnown ? nil : new[index]
    }
  }

  /// Whether a row lives again whose deletion its writer knew: that was its values' last word, and the
  /// operator is asked about it.
  private func isBuried(_ difference: RowDifference, by senders: [SimulatedDevice]) throws -> Bool {
    let cursors = try senders.compactMap { device in
      try attempt(on: device) { try $0.status(wallMilliseconds: wall(device)).cursor }
    }
    let metadata = try hub.read { connection in
      try connection.first(
        "SELECT meta FROM hub_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(difference.table.number)), difference.key.stored])
    }
    guard case .blob(let bytes) = metadata?.first else { return false }
    let state = try RowState(metadata: bytes, live: difference.new, table: difference.table)
    return state.deletions.contains { deletion in
      cursors.contains { deletion.sequence <= $0 }
    }
  }
}
