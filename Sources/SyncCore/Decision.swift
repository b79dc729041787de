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

extension UnitState {
  /// Puts the statements of an earlier state on the table again, beside those that have come since.
  fileprivate mutating func reopen(_ earlier: UnitState) {
    if !earlier.base.isEmpty { base = earlier.base }
    candidates = earlier.candidates + candidates.filter { !earlier.candidates.contains($0) }
    absorbed = earlier.absorbed + absorbed.filter { !earlier.absorbed.contains($0) }
  }
}
