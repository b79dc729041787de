import SyncCore
import SyncHub
import SyncSQLite

/// What has changed in a row at the hub.
struct HubDifference {
  let row: RowDifference
  /// The scopes that it was in and is in, as far as it was and is there.
  let from: Scope?
  let to: Scope?
}

/// The hub's rows as of every state that it ever had: a sum of the rows' hashes for each, by the
/// newest sequence in it; apart for every scope.
///
/// Only what changed is read, so it can be asked after every step.
final class HubMirror {
  private let newest: SchemaVersion
  private let oldest: SchemaVersion
  private struct Place: Hashable {
    let table: Int
    let key: RowKey
  }
  private var rows: [Place: (scope: Scope, values: [Value])] = [:]
  /// For each version of the schema and each scope: the sum over the columns that the version has.
  private var sums: [[Scope: UInt64]] = [[:], [:]]
  private(set) var sequence: Int64 = 0
  /// Where it stood when tombstones were last forgotten: whoever is there misses nothing.
  private(set) var horizon: Int64 = 0
  /// More than one at a sequence where tombstones after it have been forgotten.
  private var states: [Int64: [[[Scope: UInt64]]]] = [0: [[[:], [:]]]]

  init(_ versions: [SchemaVersion]) {
    oldest = versions[0]
    newest = versions[1]
  }

  /// Forgets everything: the hub is not what it was, or its rows have more columns.
  func reset(isSameHub: Bool = false) {
    (rows, sums, sequence, states) = ([:], [[:], [:]], 0, [0: [[[:], [:]]]])
    if !isSameHub { horizon = 0 }
  }

  /// The hashes of the states that a device with some access may hold at a cursor; nothing if the hub
  /// had none there.
  func sums(at cursor: Int64, version: Int, _ access: Access) -> [UInt64]? {
    states[cursor]?.map { state in
      state[version - 1].reduce(0) { access.holds($1.key) ? $0 &+ $1.value : $0 }
    }
  }

  /// The hub has forgotten tombstones: its rows are the same, at the newest sequence that is left.
  func noteCompaction(_ connection: any HubConnection) throws {
    horizon = max(horizon, sequence)
    try connection.each("SELECT coalesce(max(sequence), 0) FROM hub_row", []) {
      sequence = $0[0].integer ?? 0
      return false
    }
    states[sequence, default: []].append(sums)
  }

  func values(_ table: Int, _ key: RowKey) -> [Value]? {
    rows[Place(table: table, key: key)]?.values
  }

  /// The scope of a live row.
  func scope(_ table: Int, _ key: RowKey) -> Scope? { rows[Place(table: table, key: key)]?.scope }

  /// Reads what has changed since it was last asked.
  ///
  /// - Returns: The changed rows of the application's tables.
  func refresh(_ connection: any HubConnection, version: Int) throws -> [HubDifference] {
    let schema = version == 1 ? oldest : newest
    var changed: [(table: Int, key: Value, sequence: Int64, scope: Scope)] = []
    try connection.each(
      "SELECT tbl, key, sequence, scope FROM hub_row WHERE sequence > ? ORDER BY sequence",
      [.integer(sequence)]
    ) {
      changed.append(
        (Int($0[0].integer ?? 0), $0[1], $0[2].integer ?? 0, Scope(stored: $0[3].text ?? "")))
      return true
    }
    var differences: [HubDifference] = []
    for change in changed {
      guard
        let table = schema.schema.table(number: change.table)
          ?? schema.published.first(where: { $0.number == change.table })
      else { continue }
      let key = try RowKey(stored: change.key, columns: table.key.count)
      var new: [Value]?
      try connection.each(table.selectByKey, key.values) {
        new = $0
        return false
      }
      let old = replace(table, key, new, in: change.scope)
      if table.number >= SyncSchema.firstTableNumber, old?.values != new {
        differences.append(
          HubDifference(
            row: RowDifference(table: table, key: key, old: old?.values, new: new),
            from: old?.scope, to: new.map { _ in change.scope }))
      }
      sequence = change.sequence
    }
    if !changed.isEmpty { states[sequence, default: []].append(sums) }
    return differences
  }

  private func replace(_ table: TableSchema, _ key: RowKey, _ new: [Value]?, in scope: Scope)
    -> (scope: Scope, values: [Value])?
  {
    let place = Place(table: table.number, key: key)
    let old = rows[place]
    rows[place] = new.map { (scope, $0) }
    for (index, version) in [oldest, newest].enumerated() {
      let width =
        table.number < SyncSchema.firstTableNumber
        ? table.columns.count : version.schema.table(number: table.number)?.columns.count
      guard let width else { continue }
      if let old {
        sums[index][old.scope, default: 0] &-= hashOfRow(table.number, old.values.prefix(width))
      }
      if let new { sums[index][scope, default: 0] &+= hashOfRow(table.number, new.prefix(width)) }
    }
    return old
  }
}

/// A hash of a row that is the same in every process.
func hashOfRow(_ table: Int, _ values: some Sequence<Value>) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(table)
  func add(_ word: UInt64) {
    hash = (hash ^ word) &* 0x9e37_79b9_7f4a_7c15
    hash ^= hash >> 29
  }
  for value in values {
    switch value {
    case .null: add(1)
    case .integer(let integer): add(2 &+ UInt64(bitPattern: integer) &* 8)
    case .real(let real): add(real.bitPattern ^ 3)
    case .text(let text):
      add(4 &+ UInt64(text.utf8.count) << 8)
      for byte in text.utf8 { add(UInt64(byte)) }
    case .blob(let blob):
      add(5 &+ UInt64(blob.count) << 8)
      for byte in blob.prefix(64) { add(UInt64(byte)) }
    }
  }
  return hash ^ (hash >> 32)
}

extension Rows {
  /// The sum of the rows' hashes: see ``HubMirror``.
  func sum(
    _ tables: [TableSchema], where isCounted: (TableSchema) -> Bool = { _ in true }
  ) -> UInt64 {
    var sum: UInt64 = 0
    for (index, table) in tables.enumerated() where isCounted(table) {
      for row in self.tables[index] { sum &+= hashOfRow(table.number, row) }
    }
    return sum
  }
}
