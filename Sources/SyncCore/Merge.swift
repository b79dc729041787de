/// Where a change comes from, as far as merging has to know.
package struct ChangeOrigin: Equatable, Sendable {
  /// The hub's number of the stream; 0 is the hub itself, whose changes are never concurrent.
  package let stream: Int
  /// The hub's number of the change set.
  package let changeSet: Int64
  /// The hub's sequence that the writer had applied.
  package let base: Int64
  package let stamp: HybridTime
  package let isFlagged: Bool

  package init(stream: Int, changeSet: Int64, base: Int64, stamp: HybridTime, isFlagged: Bool) {
    self.stream = stream
    self.changeSet = changeSet
    self.base = base
    self.stamp = stamp
    self.isFlagged = isFlagged
  }

  package static let hubStream = 0
  var isHub: Bool { stream == Self.hubStream }

  func knows(_ version: Version, settled: [Int]) -> Bool {
    isHub || version.sequence <= base || version.stream == stream || settled.contains(stream)
  }
}

/// What became of one merge unit of a change, or of the row as a whole.
package enum Outcome: Int, Comparable, Sendable {
  /// The hub already held the same.
  case agreed = 1
  /// It became live as it was written.
  case applied = 2
  /// It became part of a merged value, or another value won by the declared policy.
  case merged = 3
  /// It waits for the operator as a candidate.
  case conflicted = 4

  package static func < (left: Outcome, right: Outcome) -> Bool { left.rawValue < right.rawValue }
}

/// Why a change cannot be merged at all; the change set goes to quarantine.
package enum MergeRefusal: Error, Equatable {
  /// It changes a row that never reached the hub.
  case unknownRow
  /// It adds a row to a table that only the hub fills.
  case hubOnlyTable
  /// It names a column that the hub does not know.
  case unknownColumn(Int)
}

extension RowState {
  /// Merges one change into a row: exact, three-way, and a function of its arguments alone.
  ///
  /// Whether somebody else has changed a unit is decided by sequences, never by clocks: a change
  /// knows what is not newer than its base, and what its own stream wrote before it.
  ///
  /// - Parameters:
  ///   - state: The row as the hub knows it; nothing if it has never seen it.
  ///   - change: What somebody did to the row.
  ///   - origin: Who, and knowing what.
  ///   - table: The table's policies.
  ///   - sequence: The hub's sequence under which the outcome becomes visible.
  ///   - hasUnknownChildren: For a delete: whether rows point to this one that the writer did not
  ///     know or did not delete.
  /// - Returns: The row afterwards and what became of each unit; unit -1 is the row itself.
  /// - Throws: ``MergeRefusal`` if the change cannot be merged; nothing is changed then.
  package static func merge(
    _ state: RowState?, _ change: RowChange, from origin: ChangeOrigin, table: TableSchema,
    sequence: Int64, hasUnknownChildren: Bool = false
  ) throws(MergeRefusal) -> (state: RowState, outcomes: [Int: Outcome]) {
    var merge = RowMerge(table: table, origin: origin, sequence: sequence)
    let state =
      switch change.operation {
      case .insert: try merge.insert(change, into: state)
      case .update: try merge.update(change, of: state)
      case .delete: try merge.delete(state, hasUnknownChildren: hasUnknownChildren)
      }
    return (state, merge.outcomes)
  }
}

/// One run of the merge: the arguments that do not change, and the outcomes so far.
struct RowMerge {
  let table: TableSchema
  let origin: ChangeOrigin
  let sequence: Int64
  var outcomes: [Int: Outcome] = [:]

  static let row = -1

  var version: Version {
    Version(
      sequence: sequence, stream: origin.stream, changeSet: origin.changeSet,
      stamp: origin.stamp, isFlagged: origin.isFlagged)
  }

  // MARK: Rows

  mutating func insert(_ change: RowChange, into state: RowState?) throws(MergeRefusal) -> RowState {
    if table.rows == .hubOnly, !origin.isHub { throw .hubOnlyTable }
    let values = try written(change)
    guard var state else { return made(values) }
    if let deletion = state.deletion {
      if origin.knows(deletion, settled: state.settledDeletions) { return made(values) }
      revive(&state, from: deletion)
    }
    dropOwnDeletion(&state)
    outcomes[Self.row] = .agreed
    for (index, unit) in table.units.enumerated() {
      let after = unit.columns.map { values[$0] }
      merge(unit: index, before: after.map { _ in .null }, after: after, into: &state)
    }
    return state
  }

  mutating func update(_ change: RowChange, of state: RowState?) throws(MergeRefusal) -> RowState {
    guard var state else { throw .unknownRow }
    var before = state.values
    var after = state.values
    var touched: Set<Int> = []
    for field in change.fields {
      guard let column = table.index(number: field.column) else {
        throw .unknownColumn(field.column)
      }
      guard let unit = table.columns[column].unit else { continue }
      (before[column], after[column]) = (field.before, field.after)
      touched.insert(unit)
    }
    if let deletion = state.deletion { revive(&state, from: deletion) }
    dropOwnDeletion(&state)
    for index in touched.sorted() {
      let columns = table.units[index].columns
      merge(
        unit: index, before: columns.map { before[$0] }, after: columns.map { after[$0] },
        into: &state)
    }
    return state
  }

  mutating func delete(_ state: RowState?, hasUnknownChildren: Bool) throws(MergeRefusal)
    -> RowState
  {
    guard var state else { throw .unknownRow }
    if state.isDeleted {
      outcomes[Self.row] = .agreed
      return state
    }
    let isAllowed = origin.isHub || (table.rows != .appendOnly && table.rows != .hubOnly)
    if isAllowed, !hasUnknownChildren, knowsAll(state) {
      state.deletion = version
      state.deletions = []
      for index in state.units.keys { state.units[index].map { state.units[index] = cleared($0) } }
      outcomes[Self.row] = .applied
      return state
    }
    state.sentWhole = sequence
    if table.rows == .set, isAllowed, !hasUnknownChildren {
      outcomes[Self.row] = .merged
      return state
    }
    dropOwnDeletion(&state)
    state.deletions.append(candidate(isAllowed ? .deletion : .refused, values: []))
    outcomes[Self.row] = .conflicted
    return state
  }

  /// A row that is new to everybody.
  private mutating func made(_ values: [Value]) -> RowState {
    var state = RowState(values: values, created: version)
    outcomes[Self.row] = .applied
    guard !origin.isHub else { return state }
    for (index, unit) in table.units.enumerated() {
      guard case .hubOnly(let initial) = unit.policy else { continue }
      let wanted = unit.columns.map { values[$0] }
      let start = unit.columns.map { _ in initial }
      if wanted == start { continue }
      state.set(start, of: unit)
      var unitState = state.unit(index)
      refuse(wanted, before: start, index: index, state: &unitState)
      state.units[index] = unitState
    }
    return state
  }

  /// Brings back a row that somebody deleted without knowing of this change. In a set an addition
  /// simply wins; elsewhere the deletion becomes a candidate.
  private func revive(_ state: inout RowState, from deletion: Version) {
    state.deletion = nil
    state.sentWhole = sequence
    guard table.rows != .set, !origin.isHub else { return }
    state.deletions.append(
      Candidate(
        kind: .deletion, stream: deletion.stream, changeSet: deletion.changeSet, values: [],
        stamp: deletion.stamp, isFlagged: deletion.isFlagged))
  }

  private func dropOwnDeletion(_ state: inout RowState) {
    state.deletions.removeAll { $0.stream == origin.stream }
  }

  private func knowsAll(_ state: RowState) -> Bool {
    let settled = state.settledDeletions
    guard origin.knows(state.created, settled: settled) else { return false }
    return state.units.values.allSatisfy { unit in
      origin.knows(unit.version, settled: settled)
        && (origin.isHub || unit.candidates.allSatisfy { $0.stream == origin.stream })
    }
  }

  private func written(_ change: RowChange) throws(MergeRefusal) -> [Value] {
    var values = Array(repeating: Value.null, count: table.columns.count)
    for (column, value) in zip(table.key, change.key.values) { values[column] = value }
    for field in change.fields {
      guard let column = table.index(number: field.column) else {
        throw .unknownColumn(field.column)
      }
      values[column] = field.after
    }
    return values
  }

  private func candidate(_ kind: Candidate.Kind, values: [Value]) -> Candidate {
    Candidate(
      kind: kind, stream: origin.stream, changeSet: origin.changeSet, values: values,
      stamp: origin.stamp, isFlagged: origin.isFlagged)
  }

  // MARK: Units

  private mutating func merge(
    unit index: Int, before: [Value], after: [Value], into row: inout RowState
  ) {
    let unit = table.units[index]
    var state = row.unit(index)
    let live = row.values(of: unit)
    defer { if state != row.unit(index) { row.units[index] = state } }
    if after == live {
      outcomes[index] = .agreed
      noteAgreement(after, live: live, state: &state)
      return
    }
    if agree(after, before) {
      // The writer retyped what was there before: nothing was said, and the writer is put right.
      outcomes[index] = .agreed
      state.sent = sequence
      return
    }
    if agree(after, live) {
      outcomes[index] = .agreed
      noteAgreement(after, live: live, state: &state)
      return
    }
    if !mayWrite(unit) {
      refuse(after, before: before, index: index, state: &state)
      return
    }
    if origin.knows(state.version, settled: state.settled) {
      take(after, of: unit, version: version, row: &row, state: &state)
      state.candidates.removeAll { $0.stream == origin.stream }
      outcomes[index] = .applied
    } else {
      mergeConcurrent(index, before: before, live: live, after: after, row: &row, state: &state)
    }
    settle(unit, live: row.values(of: unit), state: &state)
  }

  private mutating func mergeConcurrent(
    _ index: Int, before: [Value], live: [Value], after: [Value], row: inout RowState,
    state: inout UnitState
  ) {
    let unit = table.units[index]
    state.candidates.removeAll { $0.stream == origin.stream }
    switch combine(unit.policy, before: before, live: live, liveVersion: state.version, after: after)
    {
    case .incoming:
      take(after, of: unit, version: version, row: &row, state: &state)
      outcomes[index] = .merged
    case .live:
      state.sent = sequence
      outcomes[index] = .merged
    case .merged(let values):
      var mixed = version
      mixed.stream = Version.mixed
      mixed.stamp = max(version.stamp, state.version.stamp)
      take(values, of: unit, version: mixed, row: &row, state: &state)
      outcomes[index] = .merged
    case .undecided:
      if state.candidates.isEmpty { state.base = before }
      state.candidates.append(candidate(.value, values: after))
      state.sent = sequence
      outcomes[index] = .conflicted
    }
  }

  private func take(
    _ values: [Value], of unit: MergeUnit, version: Version, row: inout RowState,
    state: inout UnitState
  ) {
    row.set(values, of: unit)
    state.version = version
    state.sent = version.sequence
    state.settled = []
  }

  /// The writer says what is live already, perhaps in other bytes. While a conflict is open the
  /// statement replaces what the writer said before.
  private func noteAgreement(_ after: [Value], live: [Value], state: inout UnitState) {
    if after != live { state.sent = sequence }
    guard !state.candidates.isEmpty else { return }
    state.candidates.removeAll { $0.stream == origin.stream }
    if state.candidates.allSatisfy({ agree($0.values, live) }) { state = cleared(state) }
  }

  private mutating func refuse(
    _ wanted: [Value], before: [Value], index: Int, state: inout UnitState
  ) {
    state.candidates.removeAll { $0.stream == origin.stream }
    if state.candidates.isEmpty { state.base = before }
    state.candidates.append(candidate(.refused, values: wanted))
    state.sent = sequence
    outcomes[index] = .conflicted
  }

  private func mayWrite(_ unit: MergeUnit) -> Bool {
    if origin.isHub { return true }
    switch unit.policy {
    case .hubOnly, .immutable: return false
    default: return true
    }
  }

  /// Takes out of an open conflict what needs no operator any more.
  private func settle(_ unit: MergeUnit, live: [Value], state: inout UnitState) {
    guard !state.candidates.isEmpty else { return }
    let all = state.candidates
    state.candidates = all.filter { candidate in
      candidate.kind == .refused
        || !(outranks(unit.policy, live, candidate.values)
          || all.contains { outranks(unit.policy, $0.values, candidate.values) })
    }
    if state.candidates.allSatisfy({ agree($0.values, live) }) { state = cleared(state) }
  }

  private func cleared(_ state: UnitState) -> UnitState {
    var state = state
    state.candidates = []
    state.base = []
    return state
  }
}
