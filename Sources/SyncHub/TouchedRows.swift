import SyncCore
import SyncSQLite

/// A row that a change set touches.
struct TouchedState {
  let table: TableSchema
  let key: RowKey
  /// The row before; nothing if it is new.
  let before: RowState?
  var now: RowState
  /// The row as the tables have it; nothing if they have none.
  var stored: RowState?
  /// What the tables refused ``now`` for: a later change may put it right.
  var violation: ConstraintViolation?
  /// Whether no change names it, and it only follows from one that does.
  var isConsequence = false
  /// Whether others belong to it that have to follow it to another scope.
  var move: Move?

  enum Move: UInt8 {
    case made, moved
  }

  var place: RowPlace { RowPlace(table: table.number, key: key) }
  var text: String { "\(table.name) \(key)" }
}

/// The rows that a change set touches, in the order in which it first does.
///
/// What is known of a row takes many times the bytes that it came in. So it is held whole only as long as
/// that is little altogether; from then on there is a note of each row, and what it is now is read again
/// from the tables.
struct TouchedRows {
  private let store: HubStore
  private let changes: RowChanges
  private var index = PlaceIndex()
  private var whole: [TouchedState] = []
  /// For each row the change that touched it first; ``none`` for what only follows.
  private var positions: [UInt32] = []
  private var bytes = 0
  private var notes: [Note] = []
  /// Whether rows are noted, and not held whole any more.
  private var isNoted = false
  /// Keys of rows that no change names.
  private var otherKeys: [Int: RowKey] = [:]
  /// What rows were before, as ``noteBefore(_:_:)`` puts it.
  private var before: [UInt8] = []
  /// Rows that the tables do not hold as they are now.
  private var refused: [Int: (now: [UInt8], violation: ConstraintViolation)] = [:]
  private var scopes: [Scope] = []
  private var scopeNumbers: [Scope: UInt32] = [:]

  private static let none = UInt32.max
  /// So much may what is held whole take.
  private static let bytesMax = 4 << 20
  /// About what a state takes beside its values.
  private static let stateBytes = 1_024

  /// What is noted of a row: 24 bytes, for there may be a million.
  private struct Note {
    /// The table's place in the schema.
    var table: UInt32
    /// Where in ``TouchedRows/before`` its past is; ``TouchedRows/none`` for a new row.
    var before: UInt32
    var scope: UInt32
    var isDeleted: Bool
    var isConsequence: Bool
    var move: TouchedState.Move?
  }

  init(_ store: HubStore, _ changes: RowChanges) {
    self.store = store
    self.changes = changes
  }

  var count: Int { positions.count }
  var indices: Range<Int> { 0..<count }

  /// Where a row is; nothing if it has not been touched.
  func index(of place: RowPlace) -> Int? {
    index.first(of: place) { index in
      table(at: index).number == place.table && key(at: index) == place.key
    }
  }

  // MARK: What is known without reading

  func table(at index: Int) -> TableSchema {
    if !isNoted { return whole[index].table }
    return store.schema.tables[Int(notes[index].table)]
  }

  func key(at index: Int) -> RowKey {
    if !isNoted { return whole[index].key }
    if let key = otherKeys[index] { return key }
    return changes[Int(positions[index])].key
  }

  func isConsequence(at index: Int) -> Bool {
    isNoted ? notes[index].isConsequence : whole[index].isConsequence
  }

  func isNew(at index: Int) -> Bool {
    isNoted ? notes[index].before == Self.none : whole[index].before == nil
  }

  func isDeleted(at index: Int) -> Bool {
    isNoted ? notes[index].isDeleted : whole[index].now.isDeleted
  }

  func scope(at index: Int) -> Scope {
    isNoted ? scopes[Int(notes[index].scope)] : whole[index].now.scope
  }

  func move(at index: Int) -> TouchedState.Move? {
    isNoted ? notes[index].move : whole[index].move
  }

  /// The first row that the tables still refuse, with what for.
  func firstRefused() -> (index: Int, violation: ConstraintViolation)? {
    if !isNoted {
      return whole.indices.lazy.compactMap { index in
        whole[index].violation.map { (index, $0) }
      }.first
    }
    return refused.min { $0.key < $1.key }.map { ($0.key, $0.value.violation) }
  }

  // MARK: Rows

  /// All that is known of a row.
  ///
  /// Of what it was before, only what tells where it pointed and belonged.
  func row(at index: Int) throws -> TouchedState {
    if !isNoted { return whole[index] }
    let (note, table, key) = (notes[index], table(at: index), key(at: index))
    let stored = try store.row(table, key)
    let now = try refused[index].map { try RowState(noted: $0.now, table) } ?? stored
    guard var now else { throw WireError.malformed("row") }
    now.scope = scope(at: index)
    let before =
      note.before == Self.none ? nil : try noted(at: Int(note.before), table)
    return TouchedState(
      table: table, key: key, before: before, now: now,
      stored: refused[index] == nil ? now : stored, violation: refused[index]?.violation,
      isConsequence: note.isConsequence, move: note.move)
  }

  /// Some rows from one on: all that are left, or as many as may be held whole.
  func rows(from start: Int) throws -> [TouchedState] {
    if !isNoted { return Array(whole[start...]) }
    var (rows, bytes): ([TouchedState], Int) = ([], 0)
    while start + rows.count < count, rows.isEmpty || bytes < Self.bytesMax {
      let row = try row(at: start + rows.count)
      bytes += Self.bytes(of: row)
      rows.append(row)
    }
    return rows
  }

  /// Notes what a row is now.
  ///
  /// - Parameters:
  ///   - row: The row.
  ///   - index: Where it is; nothing if it has not been touched before.
  ///   - position: The change that touches it; nothing where it only follows from one.
  /// - Returns: Where it is.
  mutating func put(_ row: TouchedState, at index: Int?, by position: Int? = nil) -> Int {
    let place = index ?? count
    if index == nil {
      self.index.append(row.place)
      positions.append(position.map { UInt32($0) } ?? Self.none)
    }
    if isNoted {
      note(row, at: place)
      return place
    }
    if index == nil { whole.append(row) } else { whole[place] = row }
    bytes += Self.bytes(of: row)
    if bytes > Self.bytesMax { makeNotes() }
    return place
  }

  private static func bytes(of row: TouchedState) -> Int {
    row.now.values.reduce(stateBytes) { $0 + $1.approximateBytes }
      + (row.before?.values.reduce(0) { $0 + $1.approximateBytes } ?? 0)
  }

  private mutating func makeNotes() {
    let rows = whole
    whole = []
    isNoted = true
    notes.reserveCapacity(changes.count)
    for (index, row) in rows.enumerated() { note(row, at: index) }
  }

  private mutating func note(_ row: TouchedState, at index: Int) {
    if let violation = row.violation {
      refused[index] = (row.now.noted(row.table), violation)
    } else {
      refused[index] = nil
    }
    let scope = number(of: row.now.scope)
    if index < notes.count {
      notes[index].scope = scope
      notes[index].isDeleted = row.now.isDeleted
      notes[index].move = row.move
      return
    }
    if positions[index] == Self.none { otherKeys[index] = row.key }
    let table = store.schema.tables.firstIndex { $0.number == row.table.number } ?? 0
    let before = row.before.map { noteBefore($0, row.table) } ?? Self.none
    notes.append(
      Note(
        table: UInt32(table), before: before,
        scope: scope, isDeleted: row.now.isDeleted, isConsequence: row.isConsequence,
        move: row.move))
  }

  private mutating func number(of scope: Scope) -> UInt32 {
    if let number = scopeNumbers[scope] { return number }
    let number = UInt32(scopes.count)
    scopes.append(scope)
    scopeNumbers[scope] = number
    return number
  }

  // MARK: The past

  /// Keeps of what a row was where it pointed, what was said of that, and where it belonged.
  private mutating func noteBefore(_ state: RowState, _ table: TableSchema) -> UInt32 {
    let links = Set(store.links(of: table.number).flatMap(\.childColumns))
    let columns = links.union(table.scope?.sources(for: state.values).map(\.column) ?? [])
    var past = state
    past.values = state.values.indices.map { columns.contains($0) ? state.values[$0] : .null }
    past.units = state.units.filter { !links.isDisjoint(with: table.units[$0.key].columns) }
    past.deletions = []
    let start = UInt32(before.count)
    let noted = past.noted(table)
    var writer = WireWriter()
    writer.presentBlob(1, noted)
    before += writer.bytes
    return start
  }

  private func noted(at start: Int, _ table: TableSchema) throws -> RowState {
    var reader = WireReader(before, from: start)
    _ = try reader.next()
    return try RowState(noted: reader.blob(), table)
  }
}

extension RowState {
  /// All of a state as bytes.
  fileprivate func noted(_ table: TableSchema) -> [UInt8] {
    var writer = WireWriter()
    writer.presentBlob(1, encodedMetadata(table))
    for value in values { writer.value(2, value) }
    writer.string(3, scope.stored)
    return writer.bytes
  }

  fileprivate init(noted bytes: [UInt8], _ table: TableSchema) throws {
    var reader = WireReader(bytes)
    var (metadata, values, scope): ([UInt8], [Value], Scope) = ([], [], .shared)
    while let field = try reader.next() {
      switch field {
      case 1: metadata = try reader.blob()
      case 2: values.append(try reader.value())
      case 3: scope = Scope(stored: try reader.string())
      default: try reader.skip()
      }
    }
    try self.init(metadata: metadata, live: values, table: table)
    self.scope = scope
  }
}

/// Where rows are in a list by their places, without a copy of their keys: some twelve bytes for each.
struct PlaceIndex {
  /// One more than where a row is; 0 for nothing.
  private var slots: [UInt32] = Array(repeating: 0, count: 16)
  /// A part of each place's hash.
  private var hashes: [UInt32] = []

  /// Where a row is.
  ///
  /// - Parameters:
  ///   - place: The row.
  ///   - isThere: Whether the row somewhere in the list is this one.
  /// - Returns: The first such place in the list; nothing if it is not in it.
  func first(of place: RowPlace, where isThere: (Int) -> Bool) -> Int? {
    let hash = Self.hash(of: place)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] > 0 {
      let index = Int(slots[slot]) - 1
      if hashes[index] == hash, isThere(index) { return index }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Takes a row in that is not there yet, as the last of the list.
  mutating func append(_ place: RowPlace) {
    hashes.append(Self.hash(of: place))
    if 2 * hashes.count > slots.count {
      slots = Array(repeating: 0, count: 4 * slots.count)
      for index in hashes.indices { enter(index) }
    } else {
      enter(hashes.count - 1)
    }
  }

  private mutating func enter(_ index: Int) {
    var slot = Int(hashes[index]) & (slots.count - 1)
    while slots[slot] > 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(index + 1)
  }

  private static func hash(of place: RowPlace) -> UInt32 {
    UInt32(truncatingIfNeeded: place.hashValue)
  }
}

/// Where in a change set rows are deleted, for good as far as it says.
struct LastDeletions {
  private let changes: RowChanges
  private var index = PlaceIndex()
  /// For each row that is deleted, where first.
  private var first: [UInt32] = []
  /// Where last; ``none`` where something comes after that.
  private var last: [UInt32] = []

  private static let none = UInt32.max

  init(_ changes: RowChanges) {
    self.changes = changes
    guard changes.contains(.delete) else { return }
    for (position, change) in changes.enumerated() {
      let place = RowPlace(table: change.table, key: change.key)
      let isDeletion = change.operation == .delete
      if let known = index(of: place) {
        last[known] = isDeletion ? UInt32(position) : Self.none
      } else if isDeletion {
        index.append(place)
        first.append(UInt32(position))
        last.append(UInt32(position))
      }
    }
  }

  /// Where a row is deleted for good; nothing if it is not.
  subscript(place: RowPlace) -> Int? {
    guard let known = index(of: place), last[known] != Self.none else { return nil }
    return Int(last[known])
  }

  /// Where rows are deleted for good, in their order.
  var positions: [UInt32] { last.filter { $0 != Self.none }.sorted() }

  private func index(of place: RowPlace) -> Int? {
    if first.isEmpty { return nil }
    return index.first(of: place) { index in
      let change = changes[Int(first[index])]
      return change.table == place.table && change.key == place.key
    }
  }
}
