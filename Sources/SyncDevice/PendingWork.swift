import GRDB
import SyncCore
import SyncSQLite

/// What lies over the hub's rows on this device: work without a receipt, and work in quarantine.
struct PendingWork {
  private var rows: [Int: [RowKey: Set<Int>]] = [:]
  private var deleted: [Int: Set<RowKey>] = [:]

  /// - Parameters:
  ///   - db: The store.
  ///   - position: Change sets after this one in the outbox count even if they have a receipt.
  /// - Throws: SQLite's errors, and `WireError` if the outbox is damaged.
  init(_ db: Database, orAfter position: Int64? = nil) throws {
    let bodies = try db.rows(
      """
      SELECT body FROM thuan_outbox
      WHERE (settled = 0 AND (disposition IS NULL OR disposition = 4)) OR position > ?
      ORDER BY position
      """, [.integer(position ?? .max)])
    while let row = try bodies.next() {
      guard case .blob(let body) = row.value(at: 0) else { continue }
      // What was found here is nobody's word: the hub's takes its place. So it does for what has been
      // damaged and names no rows any more.
      guard let changeSet = try? ChangeSet(decoding: body), !changeSet.isFound else { continue }
      for change in changeSet.changes { add(change) }
    }
  }

  private mutating func add(_ change: RowChange) {
    if change.operation == .delete {
      deleted[change.table, default: []].insert(change.key)
      rows[change.table]?[change.key] = nil
    } else {
      if change.operation == .insert { deleted[change.table]?.remove(change.key) }
      rows[change.table, default: [:]][change.key, default: []].formUnion(
        change.fields.map(\.column))
    }
  }

  func isDeleted(_ table: Int, _ key: RowKey) -> Bool { deleted[table]?.contains(key) ?? false }

  /// Wire numbers of the row's columns that are not to be touched; nothing if there is no work.
  func columns(_ table: Int, _ key: RowKey) -> Set<Int>? { rows[table]?[key] }
}
