extension RowState {
  /// Settles a unit's open conflict with the decided values.
  package mutating func decide(
    unit index: Int, values: [Value], version: Version, table: TableSchema
  ) {
    var unit = unit(index)
    unit.version = version
    unit.decided = version.sequence
    unit.sent = version.sequence
    unit.candidates = []
    unit.absorbed = []
    unit.base = []
    set(values, of: table.units[index])
    units[index] = unit
  }

  /// Settles the question whether the row lives on.
  package mutating func decideDeletion(isConfirmed: Bool, version: Version) {
    confirmedDeletions = isConfirmed ? Set(deletions.map(\.stream)).sorted() : []
    deletions = []
    sentWhole = version.sequence
    guard isConfirmed else {
      decidedToLive = version.sequence
      return
    }
    deletion = version
    for index in units.keys {
      units[index]?.candidates = []
      units[index]?.base = []
    }
  }

  /// Takes a decision back: the candidates are open again, and if nobody has written since, what
  /// was live before the decision is live again.
  package mutating func reopen(
    unit index: Int, before earlier: RowState, decidedAt: Int64, version: Version,
    table: TableSchema
  ) {
    var unit = unit(index)
    let old = earlier.unit(index)
    if unit.version.sequence == decidedAt {
      set(earlier.values(of: table.units[index]), of: table.units[index])
      unit.version = old.version
      // Whoever knew the decision does not know that it was taken back.
      (unit.version.sequence, unit.version.stream) = (version.sequence, Version.mixed)
    }
    unit.sent = version.sequence
    unit.decided = old.decided
    unit.reopen(old)
    units[index] = unit
  }

  /// Takes a decision about the row's life back: it lives, and its deletion is a question again.
  package mutating func reopenDeletion(before earlier: RowState, version: Version) {
    deletion = nil
    sentWhole = version.sequence
    deletions = earlier.deletions
    confirmedDeletions = []
    decidedToLive = earlier.decidedToLive
    for (index, old) in earlier.units where !old.candidates.isEmpty {
      var unit = unit(index)
      unit.reopen(old)
      units[index] = unit
    }
  }
}

extension RowState {
  /// Takes a decision about a unit over that was made in a life of the hub which is gone.
  ///
  /// What it knew it has answered. What it did not asks again, with the decided value live, unless it
  /// replaced that very value, or a person has spoken since.
  ///
  /// - Parameters:
  ///   - index: The unit.
  ///   - values: What was decided.
  ///   - word: The hub's number of the decision in that life.
  ///   - answered: What it had before it, of each stream.
  ///   - version: The decision's, as it is taken now.
  ///   - builtOn: Change sets that replaced the decided value, by their numbers.
  ///   - table: The row's table.
  ///   - isKnown: Whether the decision knew a change set of this hub's, by its number.
  package mutating func recall(
    unit index: Int, values: [Value], word: Int64, answered: [AnsweredWords], version: Version,
    builtOn: Set<Int64>, table: TableSchema, isKnown: (Int64) -> Bool
  ) {
    var unit = unit(index)
    guard unit.word < word, !isDeleted else { return }
    (unit.word, unit.answered) = (word, answered)
    defer { units[index] = unit }
    let mergeUnit = table.units[index]
    let live = self.values(of: mergeUnit)
    let isLiveKnown = isKnown(unit.version.changeSet)
    if !isLiveKnown,
      builtOn.contains(unit.version.changeSet) || unit.version.stream == ChangeOrigin.hubStream
    {
      unit.decided = max(unit.decided, unit.version.sequence)
      unit.candidates.removeAll { isKnown($0.changeSet) }
      unit.sent = version.sequence
      return
    }
    var open = (unit.candidates + unit.absorbed).filter { !isKnown($0.changeSet) }
    if !isLiveKnown { open.insert(Candidate(.value, of: unit.version, values: live), at: 0) }
    open.removeAll { $0.kind == .value && agree($0.values, values) }
    for position in open.indices { open[position].isUnaware = true }
    if unit.base.isEmpty { unit.base = live }
    (unit.candidates, unit.absorbed) = (open, [])
    if open.isEmpty { unit.base = [] }
    (unit.version, unit.sent, unit.decided) = (version, version.sequence, version.sequence)
    set(values, of: mergeUnit)
    guard let next = unit.candidates.lastIndex(where: { builtOn.contains($0.changeSet) }) else {
      return
    }
    let later = unit.candidates.remove(at: next)
    set(later.values, of: mergeUnit)
    (unit.version.stream, unit.version.changeSet) = (later.stream, later.changeSet)
    if unit.candidates.isEmpty { unit.base = [] }
  }

  /// Takes a decision over whether the row lives, from a life of the hub which is gone.
  ///
  /// - Parameters:
  ///   - isDeletion: Whether it was decided that the row is gone.
  ///   - word: The hub's number of the decision in that life.
  ///   - answered: What it had before it, of each stream.
  ///   - version: The decision's, as it is taken now.
  ///   - isKnown: Whether the decision knew a change set of this hub's, by its number.
  package mutating func recallLife(
    isDeletion: Bool, word: Int64, answered: [AnsweredWords], version: Version,
    isKnown: (Int64) -> Bool
  ) {
    guard lifeWord < word else { return }
    (lifeWord, answeredLife) = (word, answered)
    sentWhole = version.sequence
    if !isDeletion {
      if let deletion, !isKnown(deletion.changeSet) {
        deletions.append(Candidate(.deletion, of: deletion, values: []))
      }
      deletion = nil
      deletions.removeAll { isKnown($0.changeSet) }
      decidedToLive = version.sequence
      return
    }
    if isDeleted { return }
    let isAllKnown =
      isKnown(created.changeSet)
      && units.values.allSatisfy { unit in
        isKnown(unit.version.changeSet) && unit.candidates.allSatisfy { isKnown($0.changeSet) }
      }
    if isAllKnown {
      decideDeletion(isConfirmed: true, version: version)
    } else {
      deletions.append(Candidate(.deletion, of: version, values: []))
    }
  }
}

extension UnitState {
  /// Puts the statements of an earlier state on the table again, beside those that have come since.
  fileprivate mutating func reopen(_ earlier: UnitState) {
    if !earlier.base.isEmpty { base = earlier.base }
    candidates = earlier.candidates + candidates.filter { !earlier.candidates.contains($0) }
    absorbed = earlier.absorbed + absorbed.filter { !earlier.absorbed.contains($0) }
  }
}
