package import SyncCore
import SyncSQLite

/// One change of one row in the hub's record.
package struct HistoryEntry: Equatable, Sendable {
  package let table: String
  package let key: RowKey
  /// The hub's number of the change set.
  package let number: Int64
  package let author: ChangeSetAuthor
  package let isForeign: Bool
  package let operation: Operation
  package let fields: [Field]
  /// The conflict that it decided, if it was a decision.
  package let conflict: String?

  package struct Field: Equatable, Sendable {
    package let column: String
    package let before: Value
    package let after: Value
    package let outcome: Outcome
  }
}

extension Hub {
  /// All that ever happened to a row, the oldest first: who, when, on which device, by which
  /// decision.
  package func history(of table: String, _ key: RowKey) throws -> [HistoryEntry] {
    guard let table = schema.table(named: table) else { return [] }
    return try read { store in
      try store.connection.rows(
        "SELECT tbl, key, number, position, outcomes FROM hub_history WHERE tbl = ? AND key = ? ORDER BY number, position",
        [.integer(Int64(table.number)), key.stored]
      ).compactMap { try store.entry($0) }
    }
  }

  /// The last changes of any row, the newest first.
  package func history(limit: Int) throws -> [HistoryEntry] {
    try read { store in
      try store.connection.rows(
        """
        SELECT h.tbl, h.key, h.number, h.position, h.outcomes FROM hub_history h
        WHERE h.number IN (SELECT number FROM hub_change_set ORDER BY number DESC LIMIT ?)
        ORDER BY h.number DESC, h.position DESC LIMIT ?
        """, [.integer(Int64(limit)), .integer(Int64(limit))]
      ).compactMap { try store.entry($0) }
    }
  }

  /// Keys in a table whose stored form contains the given text; for abbreviated ids.
  package func keys(in table: String, containing text: String, limit: Int) throws -> [RowKey] {
    guard let table = schema.table(named: table) else { return [] }
    return try read { store in
      try store.connection.rows(
        "SELECT key FROM hub_row WHERE tbl = ? AND instr(lower(CAST(key AS TEXT)), ?) > 0 LIMIT ?",
        [.integer(Int64(table.number)), .text(text.lowercased()), .integer(Int64(limit))]
      ).map { try RowKey(stored: $0[0], columns: table.key.count) }
    }
  }

  /// The live values of a row by column name; nothing if it does not live.
  package func row(_ table: String, _ key: RowKey) throws -> [(column: String, value: Value)]? {
    guard let table = schema.table(named: table) else { return nil }
    let values = try read { try $0.connection.first(table.selectByKey, key.values) }
    return values.map { zip(table.columns.map(\.name), $0).map { ($0, $1) } }
  }
}

extension HubStore {
  func entry(_ row: [Value]) throws -> HistoryEntry? {
    guard let number = row[2].integer, let position = row[3].integer.map({ Int($0) }),
      let table = row[0].integer.flatMap({ schema.table(number: Int($0)) }),
      let author = try author(number), let stored = try changeSet(number),
      let changeSet = try? ChangeSet(decoding: stored.body),
      changeSet.changes.indices.contains(position)
    else { return nil }
    let outcomes: [Int: Outcome] =
      if case .blob(let bytes) = row[4] { try decodedOutcomes(bytes) } else { [:] }
    let change = changeSet.changes[position]
    let fields = change.fields.compactMap { field -> HistoryEntry.Field? in
      guard let index = table.index(number: field.column) else { return nil }
      let outcome =
        table.columns[index].unit.flatMap { outcomes[table.unitNumber($0)] } ?? outcomes[0]
        ?? .applied
      return HistoryEntry.Field(
        column: table.columns[index].name, before: field.before, after: field.after,
        outcome: outcome)
    }
    let decision = try connection.first(
      "SELECT conflict_id FROM hub_decision WHERE number = ?", [.integer(number)])
    return HistoryEntry(
      table: table.name, key: change.key, number: number, author: author,
      isForeign: changeSet.isForeign, operation: change.operation, fields: fields,
      conflict: decision?[0].text)
  }

  private func decodedOutcomes(_ bytes: [UInt8]) throws -> [Int: Outcome] {
    var reader = WireReader(bytes)
    var outcomes: [Int: Outcome] = [:]
    while !reader.isAtEnd {
      let unit = Int(truncatingIfNeeded: try reader.varint())
      outcomes[unit] = Outcome(rawValue: Int(truncatingIfNeeded: try reader.varint()))
    }
    return outcomes
  }
}
