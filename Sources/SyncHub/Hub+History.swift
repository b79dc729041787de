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
  /// For whom it was recorded, where the row that was made names another than its writer.
  package let recordedFor: String?
  package let operation: Operation
  package let fields: [Field]
  /// The conflict that it decided, if it was a decision.
  package let conflict: String?

  package struct Field: Equatable, Sendable {
    package let column: String
    package let before: Value
    package let after: Value
    /// What became of it when it came in.
    package let outcome: Outcome
    /// Whether an operator has to decide about it, now.
    package let isInQuestion: Bool
  }
}

extension Hub {
  /// All that ever happened to a row, the oldest first: who, when, on which device, by which
  /// decision.
  package func history(of table: String, _ key: RowKey) throws -> [HistoryEntry] {
    guard let table = schema.table(named: table) else { return [] }
    return try read { store in
      try store.places(of: table, key).compactMap { try store.entry($0, of: table) }
    }
  }

  /// The last changes of any row, the newest first.
  package func history(limit: Int) throws -> [HistoryEntry] {
    try read { store in
      var entries: [HistoryEntry] = []
      try store.connection.each(
        "SELECT number FROM hub_change_set ORDER BY number DESC LIMIT ?",
        [.integer(Int64(limit))]
      ) { row in
        guard let number = row[0].integer, let read = try store.readChangeSet(number) else {
          return true
        }
        let outcomes = try store.outcomes(of: number, read)
        for position in outcomes.keys.sorted(by: >) where entries.count < limit {
          guard let table = store.schema.table(number: read.changeSet.changes[position].table)
          else {
            continue
          }
          let place = HistoryPlace(
            number: number, position: position, outcomes: outcomes[position] ?? [:])
          if let entry = try store.entry(place, of: table) { entries.append(entry) }
        }
        return entries.count < limit
      }
      return entries
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
  fileprivate func entry(_ place: HistoryPlace, of table: TableSchema) throws -> HistoryEntry? {
    guard let author = try author(place.number),
      let changeSet = try readChangeSet(place.number)?.changeSet,
      changeSet.changes.indices.contains(place.position)
    else { return nil }
    let change = changeSet.changes[place.position]
    let questions =
      try place.outcomes.values.contains(.conflicted) ? openQuestions() : OpenQuestions()
    let fields = change.fields.compactMap { field -> HistoryEntry.Field? in
      guard let index = table.index(number: field.column) else { return nil }
      let outcome =
        table.columns[index].unit.flatMap { place.outcomes[table.unitNumber($0)] }
        ?? place.outcomes[0] ?? .applied
      return HistoryEntry.Field(
        column: table.columns[index].name, before: field.before, after: field.after,
        outcome: outcome,
        isInQuestion: outcome == .conflicted
          && questions.concern(
            changeSet, table.number, change.key,
            unit: table.columns[index].unit.map { table.units[$0].name } ?? "")
      )
    }
    let decision = try connection.first(
      "SELECT conflict_id FROM hub_decision WHERE number = ?", [.integer(place.number)])
    return HistoryEntry(
      table: table.name, key: change.key, number: place.number, author: author,
      isForeign: changeSet.isForeign,
      recordedFor: table.author(namedBy: change, besides: author.officer),
      operation: change.operation, fields: fields,
      conflict: decision?[0].text)
  }
}

extension TableSchema {
  /// Whom a row that is made names as who made it, if that is another than its writer.
  fileprivate func author(namedBy change: RowChange, besides writer: String) -> String? {
    guard change.operation == .insert else { return nil }
    let numbers = authors.map { columns[$0].number }
    return change.fields.lazy.filter { numbers.contains($0.column) }.compactMap(\.after.text)
      .first { $0 != writer }
  }
}
