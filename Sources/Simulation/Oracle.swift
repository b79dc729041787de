import SyncCore

/// A naive memory, independent of the engine's capture: what anybody ever committed, and where.
///
/// It is told by comparing a device's tables before and after each local transaction.
final class Oracle {
  /// A column of a row, by wire numbers; column 0 is the row's existence.
  struct Place: Hashable {
    let table: Int
    let key: RowKey
    let column: Int
  }

  /// Something that was committed on a device.
  struct Commitment: Hashable, Comparable {
    let device: String
    let place: Place
    /// For column 0: 1 for a row that was made, 0 for one that was deleted.
    let value: Value

    static func < (one: Self, other: Self) -> Bool {
      if one.device != other.device { return one.device < other.device }
      if one.place.table != other.place.table { return one.place.table < other.place.table }
      if one.place.key != other.place.key { return one.place.key.stored < other.place.key.stored }
      if one.place.column != other.place.column { return one.place.column < other.place.column }
      return one.value < other.value
    }
  }

  private(set) var commitments: Set<Commitment> = []
  private var said: [Place: Set<Value>] = [:]
  /// Hashes of the change sets that the hub has answered for.
  var receipted: Set<[UInt8]> = []
  private let tables: [Int: TableSchema]

  init(_ schema: SyncSchema) {
    tables = Dictionary(uniqueKeysWithValues: schema.tables.map { ($0.number, $0) })
  }

  // MARK: Remembering

  /// Remembers what a transaction on a device has done.
  func remember(_ differences: [RowDifference], on device: String) {
    for difference in differences {
      for (place, value) in statements(difference) {
        said[place, default: []].insert(value)
        commitments.insert(Commitment(device: device, place: place, value: value))
      }
    }
  }

  /// Remembers what a transaction says before it is over: if its last word is held back for the
  /// operator, one of these may be live for a while.
  func overhear(_ differences: [RowDifference]) {
    for difference in differences {
      for (place, value) in statements(difference) { said[place, default: []].insert(value) }
    }
  }

  /// Remembers what the hub's people wrote themselves.
  func rememberAtHub(_ table: TableSchema, _ key: RowKey, column: Int, _ value: Value) {
    said[Place(table: table.number, key: key, column: column), default: []].insert(value)
    said[Place(table: table.number, key: key, column: 0), default: []].insert(.integer(1))
  }

  private func statements(_ difference: RowDifference) -> [(Place, Value)] {
    let table = difference.table
    func place(_ column: Int) -> Place {
      Place(table: table.number, key: difference.key, column: column)
    }
    guard let new = difference.new else { return [(place(0), .integer(0))] }
    var all: [(Place, Value)] = []
    if difference.old == nil { all.append((place(0), .integer(1))) }
    for (index, column) in table.columns.enumerated() where column.unit != nil {
      if difference.old.map({ $0[index] != new[index] }) ?? (new[index] != .null) {
        all.append((place(column.number), new[index]))
      }
    }
    return all
  }

  /// What was only on a disk that nobody has any more cannot be asked for.
  func excuse(where isLost: (Commitment) -> Bool) {
    commitments = commitments.filter { !isLost($0) }
  }

  // MARK: L3

  /// Says what of a live row nobody has written, if anything.
  func phantom(_ table: TableSchema, _ key: RowKey, _ values: [Value]) -> String? {
    let made = said[Place(table: table.number, key: key, column: 0)]
    if made?.contains(.integer(1)) != true { return "\(table.name) \(key): nobody made this row" }
    for (index, column) in table.columns.enumerated() {
      guard let unit = column.unit, values[index] != .null else { continue }
      let place = Place(table: table.number, key: key, column: column.number)
      let known = said[place, default: []]
      if known.contains(values[index]) { continue }
      if column.name == "remark", values[index] == .text("none") { continue }
      if isComposed(values[index], of: known, by: table.units[unit].policy) { continue }
      return "\(table.name) \(key).\(column.name): nobody wrote \(values[index])"
    }
    return nil
  }

  /// Whether a merged text or list of tags has nothing in it that was not in something written.
  private func isComposed(_ value: Value, of known: Set<Value>, by policy: MergePolicy) -> Bool {
    guard policy == .text || policy == .set, let text = value.text else { return false }
    let parts = known.reduce(into: Set<Substring>()) { parts, value in
      parts.formUnion(words(value.text ?? ""))
    }
    return words(text).isSubset(of: parts)
  }

  private func words(_ text: String) -> Set<Substring> {
    Set(text.split { $0.isWhitespace || $0 == "," })
  }

  // MARK: L1

  /// What was committed and is nowhere among what is kept.
  ///
  /// - Parameter kept: Change sets that are at the hub or wait on a device, with their device.
  /// - Returns: The commitments, in an order that is the same in every process.
  func missing(from kept: [ChangeSet]) -> [Commitment] {
    var known: Set<Commitment> = []
    for changeSet in kept {
      for change in changeSet.changes { known.formUnion(commitments(of: change, changeSet.stream)) }
    }
    return commitments.subtracting(known).sorted()
  }

  /// What a change keeps of what its device committed.
  func commitments(of change: RowChange, _ stream: StreamID) -> [Commitment] {
    func commitment(_ column: Int, _ value: Value) -> Commitment {
      Commitment(
        device: stream.device,
        place: Place(table: change.table, key: change.key, column: column), value: value)
    }
    switch change.operation {
    // What a field held before is kept as well: it may have come there past the triggers.
    case .delete:
      return [commitment(0, .integer(0)), commitment(0, .integer(1))]
        + change.fields.map { commitment($0.column, $0.before) } + unnamed(change)
    case .update:
      return change.fields.flatMap {
        [commitment($0.column, $0.after), commitment($0.column, $0.before)]
      }
    case .insert:
      return [commitment(0, .integer(1))] + change.fields.map { commitment($0.column, $0.after) }
        + unnamed(change)
    }
    // Fields that an insert or a delete does not name are null.
    func unnamed(_ change: RowChange) -> [Commitment] {
      let named = Set(change.fields.map(\.column))
      return (tables[change.table]?.columns ?? []).filter { !named.contains($0.number) }
        .map { commitment($0.number, .null) }
    }
  }
}
