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
/// to forget it, and without the place in the change set, which nobody could tell without reading all of
/// it: rows that are made anew by the thousand would each have that read once more.
extension HubStore {
  /// Stands for the place of whatever made the row in its change set.
  private static let creation = -1

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
    guard let old, !old.isForgotten, old.created != new?.created, old.created.changeSet > 0 else {
      return
    }
    try writeHistory(
      table, key, number: old.created.changeSet, position: Self.creation,
      outcomes: [Outcome.row: .applied])
  }

  /// Every change of a row, the oldest first.
  func places(of table: TableSchema, _ key: RowKey) throws -> [HistoryPlace] {
    let noted = try connection.rows(
      """
      SELECT number, position, outcomes FROM hub_history WHERE tbl = ? AND key = ?
      ORDER BY number, position
      """, [.integer(Int64(table.number)), key.stored]
    ).compactMap { try place($0) }
    var places = noted.filter { $0.position != Self.creation }
    var creators = noted.filter { $0.position == Self.creation }.map(\.number)
    if let created = try created(table, key) { creators.append(created.changeSet) }
    for number in creators {
      guard let position = try readChangeSet(number)?.creation(of: table.number, key),
        !places.contains(where: { $0.number == number && $0.position == position })
      else { continue }
      let next = places.firstIndex { ($0.number, $0.position) > (number, position) }
      places.insert(
        HistoryPlace(number: number, position: position, outcomes: [0: .applied]),
        at: next ?? places.endIndex)
    }
    return places
  }

  /// Where a row was last changed, the newest first: not where it was made, unless something was there
  /// before.
  func lastPlaces(of table: TableSchema, _ key: RowKey) throws -> [(number: Int64, position: Int)] {
    try connection.rows(
      """
      SELECT number, position FROM hub_history WHERE tbl = ? AND key = ? AND position >= 0
      ORDER BY number DESC, position DESC
      """, [.integer(Int64(table.number)), key.stored]
    ).compactMap { row in
      guard let number = row[0].integer, let position = row[1].integer else { return nil }
      return (number, Int(position))
    }
  }

  /// What became of the changes of a change set, by their positions.
  func outcomes(of number: Int64, _ read: ReadChangeSet) throws -> [Int: [Int: Outcome]] {
    var outcomes: [Int: [Int: Outcome]] = [:]
    for (position, change) in read.changeSet.changes.enumerated() {
      guard let table = schema.table(number: change.table) else { continue }
      if let noted = try noted(change, number, at: position) {
        outcomes[position] = noted.outcomes
      } else if change.operation == .insert,
        read.creation(of: change.table, change.key) == position,
        try created(table, change.key)?.changeSet == number
          || noted(change, number, at: Self.creation) != nil
      {
        outcomes[position] = [0: .applied]
      }
    }
    return outcomes
  }

  private func noted(_ change: RowChange, _ number: Int64, at position: Int) throws -> HistoryPlace?
  {
    try connection.first(
      """
      SELECT number, position, outcomes FROM hub_history
      WHERE tbl = ? AND key = ? AND number = ? AND position = ?
      """,
      [
        .integer(Int64(change.table)), change.key.stored, .integer(number),
        .integer(Int64(position)),
      ]
    ).flatMap { try place($0) }
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
}
