import SyncCore
import SyncSQLite

/// Where in the record a change of a row stands, and what became of it.
struct HistoryPlace {
  let number: Int64
  /// The index of the change in its change set.
  let position: Int
  /// By the numbers of units; 0 is the row itself.
  let outcomes: [Int: Outcome]
}

/// Which changes touched which rows.
///
/// What made a row as it was written is not noted apart: the row's own state names the change set
/// (``RowState/created``). That is one write less for every new row. It is noted once the state is about
/// to forget it.
extension HubStore {
  /// Notes a change of a row.
  func writeHistory(
    _ table: TableSchema, _ key: RowKey, number: Int64, position: Int, outcomes: [Int: Outcome]
  ) throws {
    var writer = WireWriter()
    for (unit, outcome) in outcomes.sorted(by: { $0.key < $1.key }) {
      // Unit -1 is the row itself, and 0 no column's number.
      writer.varint(unit < 0 ? 0 : UInt64(table.unitNumber(unit)))
      writer.varint(UInt64(outcome.rawValue))
    }
    try connection.run(
      "INSERT INTO hub_history VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      [
        .integer(Int64(table.number)), key.stored, .integer(number), .integer(Int64(position)),
        .blob(writer.bytes),
      ])
  }

  /// Notes what made a row, unless its next state still says it.
  func keepCreation(
    of old: RowState?, _ table: TableSchema, _ key: RowKey, unlessIn new: RowState? = nil
  ) throws {
    guard let old, !old.isForgotten, old.created != new?.created,
      let position = try creation(old.created, table, key)
    else { return }
    try writeHistory(
      table, key, number: old.created.changeSet, position: position,
      outcomes: [Outcome.row: .applied])
  }

  /// Every change of a row, the oldest first.
  func places(of table: TableSchema, _ key: RowKey) throws -> [HistoryPlace] {
    var places = try connection.rows(
      """
      SELECT number, position, outcomes FROM hub_history WHERE tbl = ? AND key = ?
      ORDER BY number, position
      """, [.integer(Int64(table.number)), key.stored]
    ).compactMap { try place($0) }
    if let created = try created(table, key),
      let position = try creation(created, table, key),
      !places.contains(where: { $0.number == created.changeSet && $0.position == position })
    {
      let next = places.firstIndex { ($0.number, $0.position) > (created.changeSet, position) }
      places.insert(
        HistoryPlace(number: created.changeSet, position: position, outcomes: [0: .applied]),
        at: next ?? places.endIndex)
    }
    return places
  }

  /// What became of the changes of a change set, by their positions.
  func outcomes(of number: Int64, _ changeSet: ChangeSet) throws -> [Int: [Int: Outcome]] {
    var outcomes: [Int: [Int: Outcome]] = [:]
    for (position, change) in changeSet.changes.enumerated() {
      guard let table = schema.table(number: change.table) else { continue }
      let noted = try connection.first(
        "SELECT number, position, outcomes FROM hub_history WHERE tbl = ? AND key = ? AND number = ? AND position = ?",
        [
          .integer(Int64(change.table)), change.key.stored, .integer(number),
          .integer(Int64(position)),
        ])
      if let noted, let place = try place(noted) {
        outcomes[position] = place.outcomes
      } else if change.operation == .insert,
        try created(table, change.key)?.changeSet == number,
        changeSet.creation(of: change.table, change.key) == position
      {
        outcomes[position] = [0: .applied]
      }
    }
    return outcomes
  }

  private func place(_ row: [Value]) throws -> HistoryPlace? {
    guard let number = row[0].integer, let position = row[1].integer.map({ Int($0) }),
      case .blob(let bytes) = row[2]
    else { return nil }
    var reader = WireReader(bytes)
    var outcomes: [Int: Outcome] = [:]
    while !reader.isAtEnd {
      let unit = Int(truncatingIfNeeded: try reader.varint())
      outcomes[unit] = Outcome(rawValue: Int(truncatingIfNeeded: try reader.varint()))
    }
    return HistoryPlace(number: number, position: position, outcomes: outcomes)
  }

  private func created(_ table: TableSchema, _ key: RowKey) throws -> Version? {
    guard
      let noted = try connection.first(
        "SELECT meta FROM hub_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), key.stored]), case .blob(let bytes) = noted[0]
    else { return nil }
    return try RowState(metadata: bytes, live: nil, table: table).created
  }

  /// The position of the change that made a row; nothing for one that no change set made.
  private func creation(_ created: Version, _ table: TableSchema, _ key: RowKey) throws -> Int? {
    guard created.changeSet > 0, let stored = try changeSet(created.changeSet) else { return nil }
    return try? ChangeSet(decoding: stored.body).creation(of: table.number, key)
  }
}

extension ChangeSet {
  fileprivate func creation(of table: Int, _ key: RowKey) -> Int? {
    changes.firstIndex { $0.operation == .insert && $0.table == table && $0.key == key }
  }
}
