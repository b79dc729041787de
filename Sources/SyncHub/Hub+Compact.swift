import SyncCore
import SyncSQLite

/// What a compaction has done.
package struct Compaction: Equatable, Sendable {
  /// Deleted rows of which the hub keeps no tombstone any more.
  package let tombstones: Int
  /// The sequence up to which devices have to have come, or take the hub's whole state.
  package let horizon: Int64
}

extension Hub {
  /// Forgets the tombstones of rows that were deleted long enough ago.
  ///
  /// Every device that may still sync has passed them. What the rows held stays in the record of
  /// change sets (law L1), and from there a row comes back if somebody turns out to have edited it.
  ///
  /// - Parameters:
  ///   - horizon: The sequence up to which to forget, though a device may not have come so far: it
  ///     takes the hub's whole state then, with its pending work on top. Without it, as far as all
  ///     active devices have come.
  ///   - ruling: Who does it, why and when.
  /// - Returns: What was forgotten.
  /// - Throws: The storage's errors.
  package func compact(upTo horizon: Int64? = nil, _ ruling: Ruling) throws -> Compaction {
    try write { store in
      let head = try store.head()
      let horizon = min(head, try horizon ?? store.passedByAll() ?? head)
      // In the record, so that a page tells by its proof whether it was made before or after.
      let number = try store.record("compact \(horizon)", ruling)
      let count = try store.forgetTombstones(upTo: horizon)
      let hasExits = try store.forgetExits(upTo: horizon)
      try store.forgetWords(before: ruling.wallMilliseconds - SyncLimits.retentionMilliseconds)
      let known = try store.horizon() ?? 0
      guard count > 0 || hasExits else { return Compaction(tombstones: 0, horizon: known) }
      try store.set(.horizon, .integer(max(known, horizon)))
      store.transaction.horizon = nil
      try store.set(.compacted, .integer(number))
      return Compaction(tombstones: count, horizon: max(known, horizon))
    }
  }
}

extension HubStore {
  /// The sequence that every active device has come to; nothing if there is none.
  ///
  /// Devices that hold nothing yet need no tombstones.
  fileprivate func passedByAll() throws -> Int64? {
    try connection.first(
      "SELECT min(cursor) FROM hub_device WHERE state = 'active' AND cursor > 0")?[0].integer
  }

  /// - Returns: Whether there were any.
  fileprivate func forgetExits(upTo horizon: Int64) throws -> Bool {
    let first = try connection.first(
      "SELECT 1 FROM hub_exit WHERE sequence <= ? LIMIT 1", [.integer(horizon)])
    try connection.run("DELETE FROM hub_exit WHERE sequence <= ?", [.integer(horizon)])
    return first != nil
  }

  fileprivate func forgetTombstones(upTo horizon: Int64) throws -> Int {
    let rows = try connection.rows(
      """
      SELECT tbl, key FROM hub_row r WHERE sum = 0 AND sequence <= ? AND NOT EXISTS (
        SELECT 1 FROM hub_following f WHERE f.tbl = r.tbl AND f.key = r.key)
      """, [.integer(horizon)])
    let published = try PublishedTables.schemas()
    var count = 0
    for row in rows {
      guard let number = row[0].integer.map({ Int($0) }),
        let table = schema.table(number: number) ?? published.first(where: { $0.number == number })
      else { continue }
      let key = try RowKey(stored: row[1], columns: table.key.count)
      if try connection.first(table.selectByKey, key.values) != nil { continue }
      if schema.table(number: number) != nil {
        try keepCreation(of: self.row(table, key), table, key)
      }
      try connection.run("DELETE FROM hub_row WHERE tbl = ? AND key = ?", [row[0], row[1]])
      count += 1
    }
    return count
  }

  /// A deleted row whose tombstone has been forgotten, as far as the record tells: its last values,
  /// and that it was deleted by the horizon.
  func forgottenRow(_ table: TableSchema, _ key: RowKey) throws -> RowState? {
    guard let horizon = try horizon() else { return nil }
    for (number, position) in try lastPlaces(of: table, key) {
      guard let read = try readChangeSet(number),
        read.changeSet.changes.indices.contains(position),
        read.changeSet.changes[position].operation == .delete
      else { continue }
      var values = Array(repeating: Value.null, count: table.columns.count)
      for (index, value) in zip(table.key, key.values) { values[index] = value }
      for field in read.changeSet.changes[position].fields {
        if let index = table.index(number: field.column) { values[index] = field.before }
      }
      // When it was made is not known any more: whoever had not come to the horizon did not know it.
      var version = Version(
        sequence: horizon - 1, stream: read.stream, changeSet: number,
        stamp: read.changeSet.stamp, isFlagged: read.isFlagged)
      var state = RowState(values: values, created: version)
      version.sequence = horizon
      state.deletion = version
      state.scope = try scope(of: table, values) ?? .nobody
      state.isForgotten = true
      return state
    }
    return nil
  }
}
