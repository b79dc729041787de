extension RowMerge {
  /// Merges what was said of one unit.
  ///
  /// A unit is always merged whole.
  mutating func merge(
    unit index: Int, before: [Value], after: [Value], into row: inout RowState
  ) {
    let unit = table.units[index]
    var state = row.unit(index)
    defer { if state != row.unit(index) { row.units[index] = state } }
    let live = row.values(of: unit)
    if origin.isAnswered(by: state.answered) {
      outcomes[index] = .merged
      state.sent = sequence
    } else if origin.isFound {
      noteFound(after, live: live, index: index, state: &state)
    } else if agree(after, before), after != live {
      // The writer retyped what was there before: nothing was said, and the writer is put right.
      outcomes[index] = .agreed
      state.sent = sequence
    } else if agree(after, live) {
      outcomes[index] = .agreed
      noteAgreement(after, before: before, live: live, state: &state)
    } else if !mayWrite(unit) {
      question(after, before: before, index: index, .refused, state: &state)
    } else if isNext(after: before, live: live, state) {
      outcomes[index] = .applied
      apply(after, before: before, unit, row: &row, state: &state)
    } else {
      mergeConcurrent(index, before: before, after: after, row: &row, state: &state)
    }
    settle(unit, live: row.values(of: unit), state: &state)
  }

  /// Whether nobody has changed the unit since the writer saw it: by sequences, and by the value where
  /// those say nothing, or where a decision has been taken for what the writer had seen (law L10).
  private func isNext(after before: [Value], live: [Value], _ state: UnitState) -> Bool {
    if origin.knows(state.version) { return true }
    return (!origin.isProven || state.isAsDecided) && agree(before, live)
  }

  /// Nobody has changed the unit since the writer saw it: the new value is live.
  ///
  /// What others said meanwhile without changing it is weighed against the new value now.
  private func apply(
    _ after: [Value], before: [Value], _ unit: MergeUnit, row: inout RowState,
    state: inout UnitState
  ) {
    let others = state.candidates.filter { !isOwnStatement($0) }
    let waiting = others.filter { $0.kind == .value && !origin.knows($0) }
    let unknown = state.absorbed.filter { !origin.knows($0) } + waiting
    state.candidates = others.filter { !waiting.contains($0) }
    state.absorbed = []
    take(after, of: unit, version: version, row: &row, state: &state)
    if origin.isHub { state.decided = sequence }
    let base = state.base.isEmpty ? before : state.base
    for statement in unknown {
      _ = weigh(statement, before: base, unit, row: &row, state: &state)
    }
    state.base = state.candidates.isEmpty ? [] : base
  }

  private mutating func mergeConcurrent(
    _ index: Int, before: [Value], after: [Value], row: inout RowState, state: inout UnitState
  ) {
    dropOwnStatements(&state.candidates)
    dropOwnStatements(&state.absorbed)
    let isAsked = weigh(
      statement(after, in: state), before: before, table.units[index], row: &row, state: &state)
    state.sent = sequence
    outcomes[index] = isAsked ? .conflicted : .merged
  }

  /// Brings a statement and the live value together by the unit's policy.
  ///
  /// - Returns: Whether that takes the operator.
  private func weigh(
    _ statement: Candidate, before: [Value], _ unit: MergeUnit, row: inout RowState,
    state: inout UnitState
  ) -> Bool {
    let live = row.values(of: unit)
    if agree(statement.values, live) {
      absorb(statement, &state)
      return false
    }
    let policy = state.isDecided(before: statement) ? unit.policy.underDecision : unit.policy
    switch combine(policy, before: before, live: live, state.version, statement) {
    case .incoming:
      if state.version.stream > ChangeOrigin.hubStream {
        absorb(Candidate(.value, of: state.version, values: live), &state)
      }
      var version = Version(statement)
      version.sequence = sequence
      take(statement.values, of: unit, version: version, row: &row, state: &state)
    case .live: absorb(statement, &state)
    case .merged(let values):
      var mixed = Version(statement)
      (mixed.sequence, mixed.stream) = (sequence, Version.mixed)
      mixed.stamp = max(statement.stamp, state.version.stamp)
      take(values, of: unit, version: mixed, row: &row, state: &state)
    case .undecided:
      if state.candidates.isEmpty { state.base = before }
      state.candidates.append(statement)
      return true
    }
    return false
  }

  private func absorb(_ statement: Candidate, _ state: inout UnitState) {
    state.absorbed.removeAll { $0.stream == statement.stream }
    state.absorbed.append(statement)
  }

  private func take(
    _ values: [Value], of unit: MergeUnit, version: Version, row: inout RowState,
    state: inout UnitState
  ) {
    row.set(values, of: unit)
    state.version = version
    state.sent = version.sequence
    state.isHeldByWriter = version.stream == origin.stream
  }

  /// The writer says what is live already, perhaps in other bytes.
  ///
  /// While a conflict is open the statement replaces what the writer said before.
  private func noteAgreement(
    _ after: [Value], before: [Value], live: [Value], state: inout UnitState
  ) {
    if after != live { state.sent = sequence }
    dropOwnStatements(&state.candidates)
    dropOwnStatements(&state.absorbed)
    guard !agree(after, before), !origin.knows(state.version) else { return }
    absorb(statement(after, in: state), &state)
    // Of two who agree, the later one's time counts, and one good clock is enough.
    if state.version.isFlagged == origin.isFlagged {
      state.version.stamp = max(state.version.stamp, origin.stamp)
    } else if state.version.isFlagged {
      (state.version.stamp, state.version.isFlagged) = (origin.stamp, false)
    }
  }

  /// What was found on a device and nobody is known to have written goes live over nothing: it is a
  /// question, and the device is put right meanwhile.
  private mutating func noteFound(
    _ found: [Value], live: [Value], index: Int, state: inout UnitState
  ) {
    guard agree(found, live) else {
      question(found, before: [], index: index, .found, state: &state)
      return
    }
    outcomes[index] = .agreed
    if found != live { state.sent = sequence }
  }

  /// Puts values before the operator that do not go live.
  mutating func question(
    _ values: [Value], before: [Value], index: Int, _ kind: Candidate.Kind,
    state: inout UnitState
  ) {
    dropOwnStatements(&state.candidates)
    if state.candidates.isEmpty { state.base = before }
    state.candidates.append(statement(kind, values: values))
    state.sent = sequence
    outcomes[index] = .conflicted
  }

  /// Whether a newer statement takes the place of an older one: its writer's own, but what a person
  /// wrote is no answer to what was found on that person's device.
  private func isOwnStatement(_ statement: Candidate) -> Bool {
    origin.wrote(statement) && (statement.kind == .found) == origin.isFound
  }

  private func dropOwnStatements(_ statements: inout [Candidate]) {
    statements.removeAll { isOwnStatement($0) }
  }

  func mayWrite(_ unit: MergeUnit) -> Bool {
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
    for candidate in all where candidate.kind == .value && !state.isDecided(before: candidate) {
      let isOutranked =
        outranks(unit.policy, live, candidate.values)
        || all.contains { outranks(unit.policy, $0.values, candidate.values) }
      guard isOutranked else { continue }
      state.candidates.removeAll { $0 == candidate }
      absorb(candidate, &state)
    }
    guard state.candidates.allSatisfy({ agree($0.values, live) }) else { return }
    for candidate in state.candidates where candidate.kind == .value { absorb(candidate, &state) }
    state = cleared(state)
  }

  /// A value that the writer wants, and whether the writer knew what has been decided of the unit.
  private func statement(_ values: [Value], in state: UnitState) -> Candidate {
    var statement = statement(.value, values: values)
    statement.isUnaware = !origin.knows(decision: state.decided)
    return statement
  }

  func cleared(_ state: UnitState) -> UnitState {
    var state = state
    state.candidates = []
    state.base = []
    return state
  }
}

extension UnitState {
  /// Whether the live value is the very one that was decided.
  fileprivate var isAsDecided: Bool { decided > 0 && version.sequence == decided }

  /// Whether a person has decided on the unit and a statement was written without knowing it.
  fileprivate func isDecided(before statement: Candidate) -> Bool {
    decided > 0 && statement.isUnaware
  }
}

extension MergePolicy {
  /// What becomes of a statement that does not know a decision: where merging loses nothing of what was
  /// decided it is merged, and otherwise the person who decided is asked again (law L10).
  fileprivate var underDecision: MergePolicy {
    switch self {
    case .text, .set: self
    default: .operator
    }
  }
}

extension Version {
  /// The version that a statement becomes when it goes live.
  fileprivate init(_ statement: Candidate) {
    self.init(
      sequence: statement.sequence, stream: statement.stream, changeSet: statement.changeSet,
      stamp: statement.stamp, isFlagged: statement.isFlagged)
  }
}
