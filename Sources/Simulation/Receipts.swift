import GRDB
import SyncCore
import SyncDevice
import SyncSQLite

extension Oracle {
  /// Remembers what a push has brought that the hub has answered: those change sets may have receipts.
  func noteReceipts(for envelope: [UInt8]) throws {
    for body in try Envelope(decoding: envelope).changeSets {
      receipted.insert(ChangeSet.hash(of: body))
    }
  }
}

extension World {
  /// A device stores receipts of its own work, and of none other (law L7): whatever comes late, what
  /// the hub has never answered for is still to be sent.
  func checkReceipts(of device: SimulatedDevice, from reply: [UInt8]) throws {
    let sequences = try PushReply(decoding: reply).receipts.map(\.sequence)
    guard let first = sequences.first, let last = sequences.last else { return }
    let unanswered = try attempt(on: device) { store in
      try store.read { try self.unanswered(first...last, $0) }
    }
    guard let unanswered, let what = unanswered.first else { return }
    throw Violation(
      law: .honestStatus, what: "\(device.name) has a receipt for \(what) that nobody gave")
  }

  private func unanswered(_ sequences: ClosedRange<Int64>, _ db: Database) throws -> [String] {
    var found: [String] = []
    let rows = try db.rows(
      """
      SELECT epoch, sequence, hash, body FROM thuan_outbox
      WHERE disposition IS NOT NULL AND sequence BETWEEN ? AND ?
      """, [.integer(sequences.lowerBound), .integer(sequences.upperBound)])
    while let row = try rows.next() {
      // What the disk has damaged since is no longer what was sent.
      guard case .blob(let hash) = row.value(at: 2), !oracle.receipted.contains(hash),
        case .blob(let body) = row.value(at: 3), ChangeSet.hash(of: body) == hash
      else { continue }
      found.append("\(row.value(at: 0)) \(row.value(at: 1))")
    }
    return found
  }
}
