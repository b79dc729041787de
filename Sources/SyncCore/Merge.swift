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
  /// Streams that this one goes on from, each up to a change set: a device that took a new epoch
  /// knows its own earlier words.
  package let ancestors: [Ancestor]
  /// Whether the hub has ever been in the state that the writer says it had applied.
  ///
  /// If not, because the hub was put back from an older copy, ``base`` says nothing. What the writer
  /// saw is then known by its values alone.
  package let isProven: Bool
  /// Whether nobody is known to have written it; see ``ChangeSet/isFound``.
  package let isFound: Bool
  /// The change set's sequence in its stream; 0 where nobody asks.
  package let place: Int64

  /// A stream that another goes on from, up to the change set of the hub's number `last`.
  package struct Ancestor: Equatable, Sendable {
    package let stream: Int
    package let last: Int64

    package init(stream: Int, last: Int64) {
      self.stream = stream
      self.last = last
    }
  }

  package init(
    stream: Int, changeSet: Int64, base: Int64, stamp: HybridTime, isFlagged: Bool,
    ancestors: [Ancestor] = [], isProven: Bool = true, isFound: Bool = false, place: Int64 = 0
  ) {
    self.stream = stream
    self.changeSet = changeSet
    self.base = isProven ? base : 0
    self.stamp = stamp
    self.isFlagged = isFlagged
    self.ancestors = ancestors
    self.isProven = isProven
    self.isFound = isFound
    self.place = place
  }

  /// The same where the base says nothing of a row: what its writer saw is known by its values alone.
  package var unproven: ChangeOrigin {
    ChangeOrigin(
      stream: stream, changeSet: changeSet, base: 0, stamp: stamp, isFlagged: isFlagged,
      ancestors: ancestors, isProven: false, isFound: isFound, place: place)
  }

  package static let hubStream = 0
  var isHub: Bool { stream == Self.hubStream }

  func knows(_ version: Version) -> Bool {
    if isHub { return true }
    if isFound { return false }
    return version.sequence <= base || isOwn(version.stream, version.changeSet)
  }

  /// Whether the writer knew what was decided at a sequence; 0 is no decision.
  func knows(decision sequence: Int64) -> Bool {
    isHub || sequence == 0 || (!isFound && sequence <= base)
  }

  /// Whether it is one of the words that a decision had before it, which has answered it: the decision was
  /// taken again before it came.
  func isAnswered(by answered: [AnsweredWords]) -> Bool {
    !isFound && place > 0 && answered.contains { $0.stream == stream && place <= $0.last }
  }

  /// Whether the writer had seen a statement, or made it.
  package func knows(_ statement: Candidate) -> Bool {
    if isHub { return true }
    if isFound { return false }
    return statement.sequence <= base || wrote(statement)
  }

  func wrote(_ statement: Candidate) -> Bool { isOwn(statement.stream, statement.changeSet) }

  func isOwn(_ version: Version) -> Bool { isOwn(version.stream, version.changeSet) }

  private func isOwn(_ other: Int, _ changeSet: Int64) -> Bool {
    other == stream || ancestors.contains { $0.stream == other && changeSet <= $0.last }
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

  /// What stands for the row itself where outcomes are by unit.
  package static let row = -1
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
      case .delete: try merge.delete(change, of: state, hasUnknownChildren: hasUnknownChildren)
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

  static let row = Outcome.row

  var version: Version {
    Version(
      sequence: sequence, stream: origin.stream, changeSet: origin.changeSet,
      stamp: origin.stamp, isFlagged: origin.isFlagged)
  }

  // MARK: Rows

  mutating func insert(_ change: RowChange, into state: RowState?) throws(MergeRefusal) -> RowState
  {
    if table.rows == .hubOnly, !origin.isHub { throw .hubOnlyTable }
    let values = try written(change)
    guard var state else { return made(values) }
    if state.isDeleted, isAnswered(&state) { return state }
    if let deletion = state.deletion {
      if buildsOn(deletion, of: state) { return made(values, over: state, deletion) }
      revive(&state, from: deletion)
    }
    let isMadeAnew = state.deletions.contains { $0.kind == .deletion && origin.wrote($0) }
    dropOwnDeletion(&state)
    outcomes[Self.row] = .agreed
    for (index, unit) in table.units.enumerated() {
      let after = unit.columns.map { values[$0] }
      let isReplaced = isMadeAnew && mayReplace(index, of: state)
      let before = isReplaced ? state.values(of: unit) : after.map { _ in .null }
      merge(unit: index, before: before, after: after, into: &state)
    }
    return state
  }

  /// Whether a row that its writer deleted, and makes again while the question is open, has nothing left
  /// in a unit of what was there: he knew it, and it was his to take away.
  private func mayReplace(_ index: Int, of state: RowState) -> Bool {
    mayWrite(table.units[index]) && origin.knows(state.unit(index).version)
  }

  mutating func update(_ change: RowChange, of state: RowState?) throws(MergeRefusal) -> RowState {
    guard var state, !state.hasNeverLived else { throw .unknownRow }
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
    if state.isDeleted, isAnswered(&state) { return state }
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

  mutating func delete(_ change: RowChange, of state: RowState?, hasUnknownChildren: Bool)
    throws(MergeRefusal) -> RowState
  {
    guard var state else { throw .unknownRow }
    if let deletion = state.deletion {
      outcomes[Self.row] = .agreed
      // Two who delete the same row do not know of each other, should one of them want it back.
      if !buildsOn(deletion, of: state) { state.deletion?.stream = Version.mixed }
      return state
    }
    if isAnswered(&state) { return state }
    let isAllowed = origin.isHub || (table.rows != .appendOnly && table.rows != .hubOnly)
    if isAllowed, !hasUnknownChildren, knowsAll(state) || saw(state, change) {
      // What waits of its units stays with it: if the row comes back, so do the questions.
      state.deletion = version
      state.deletions = []
      outcomes[Self.row] = .applied
      return state
    }
    state.sentWhole = sequence
    if table.rows == .set, isAllowed, !hasUnknownChildren {
      outcomes[Self.row] = .merged
      return state
    }
    dropOwnDeletion(&state)
    state.deletions.append(statement(isAllowed ? .deletion : .refused, values: []))
    outcomes[Self.row] = .conflicted
    return state
  }

  /// Whether it was decided with this before it whether the row lives; its writer is put right then.
  private mutating func isAnswered(_ state: inout RowState) -> Bool {
    guard origin.isAnswered(by: state.answeredLife) else { return false }
    state.sentWhole = sequence
    outcomes[Self.row] = .merged
    return true
  }

  /// A row that is new to everybody, or takes the place of one that went in the same change set.
  private mutating func made(_ values: [Value], replacing old: RowState? = nil) -> RowState {
    var state = RowState(values: values, created: version)
    outcomes[Self.row] = .applied
    guard !origin.isHub else { return state }
    for (index, unit) in table.units.enumerated() {
      guard case .hubOnly(let initial) = unit.policy else { continue }
      let wanted = unit.columns.map { values[$0] }
      let nothing = unit.columns.map { _ in initial }
      let start = old?.values(of: unit) ?? nothing
      if wanted == start { continue }
      state.set(start, of: unit)
      var unitState = old?.unit(index) ?? state.unit(index)
      unitState.sent = sequence
      if wanted != nothing {
        question(wanted, before: start, index: index, .refused, state: &unitState)
      }
      unitState.isHeldByWriter = false
      state.units[index] = unitState
    }
    return state
  }

  /// A row that is made anew where one has been deleted.
  ///
  /// If that was after the writer's base, he may have pulled the row alive in between, and what the new
  /// one leaves empty came to lie under it: he has to be sent all of it. What only the hub writes stays
  /// where nobody saw the row gone.
  private mutating func made(
    _ values: [Value], over old: RowState, _ deletion: Version
  ) -> RowState {
    let isReplaced = deletion.changeSet == origin.changeSet
    var state = made(values, replacing: isReplaced ? old : nil)
    if deletion.sequence <= origin.base || origin.isOwn(deletion) { return state }
    for index in table.units.indices {
      var unit = state.unit(index)
      unit.isHeldByWriter = false
      state.units[index] = unit
    }
    return state
  }

  /// Brings back a row that somebody deleted without knowing of this change.
  ///
  /// In a set an addition simply wins; elsewhere the deletion becomes a candidate.
  private func revive(_ state: inout RowState, from deletion: Version) {
    state.deletion = nil
    state.sentWhole = sequence
    guard table.rows != .set, !origin.isHub else { return }
    state.deletions.append(Candidate(.deletion, of: deletion, values: []))
  }

  /// A writer who writes to a row has changed his mind about deleting it; what was found on his device
  /// is not his word.
  private func dropOwnDeletion(_ state: inout RowState) {
    if origin.isFound { return }
    state.deletions.removeAll { origin.wrote($0) }
  }

  /// Whether a deletion is what the writer has seen, or said and seen confirmed by others.
  private func buildsOn(_ deletion: Version, of state: RowState) -> Bool {
    origin.knows(deletion) || state.confirmedDeletions.contains(origin.stream)
  }

  /// Whether a deletion names the row as it is, where its base proves nothing.
  private func saw(_ state: RowState, _ change: RowChange) -> Bool {
    guard !origin.isProven, !origin.isFound, origin.knows(decision: state.decidedToLive),
      state.units.values.allSatisfy({ $0.candidates.isEmpty && $0.absorbed.isEmpty })
    else { return false }
    var seen = state.values
    for (index, column) in table.columns.enumerated() where column.unit != nil {
      seen[index] = change.fields.first { $0.column == column.number }?.before ?? .null
    }
    return agree(seen, state.values)
  }

  private func knowsAll(_ state: RowState) -> Bool {
    guard origin.knows(state.created), origin.knows(decision: state.decidedToLive) else {
      return false
    }
    return state.units.values.allSatisfy { unit in
      origin.knows(unit.version)
        && unit.absorbed.allSatisfy { origin.knows($0) }
        && (origin.isHub || unit.candidates.allSatisfy { origin.wrote($0) })
    }
  }

  private func written(_ change: RowChange) throws(MergeRefusal) -> [Value] {
    var values = Array(repeating: Value.null, count: table.columns.count)
    for (column, value) in zip(table.key, change.key.values) { values[column] = value }
    for field in change.fields {
      guard let column = table.index(number: field.column) else {
        throw .unknownColumn(field.column)
      }
      // The key is the change's, whatever the fields say.
      guard table.columns[column].unit != nil else { continue }
      values[column] = field.after
    }
    return values
  }

  func statement(_ kind: Candidate.Kind, values: [Value]) -> Candidate {
    Candidate(kind, of: version, values: values)
  }
}
