package import SyncCore

/// Another value for one field of a change set that waits in quarantine.
package struct Correction: Equatable, Sendable {
  package let table: String
  package let key: RowKey
  package let column: String
  package let value: Value

  package init(table: String, key: RowKey, column: String, value: Value) {
    self.table = table
    self.key = key
    self.column = column
    self.value = value
  }
}

extension Hub {
  /// Takes a change set out of quarantine with corrected values, and after it those that were
  /// waiting with it.
  ///
  /// The bytes that came stay as they are, and history shows what they say. The correction is a
  /// change set of the hub's own, with who decided it and why, and flows to everyone.
  ///
  /// - Parameters:
  ///   - number: The hub's number of the change set.
  ///   - corrections: The fields that get other values.
  ///   - ruling: By whom, why and when.
  ///   - accepted: As in ``Hub/resolve(_:version:_:_:accepting:)``.
  /// - Returns: The numbers of the change sets that have been taken in.
  /// - Throws: ``HubError/notFound`` if it does not lie in quarantine,
  ///   ``HubError/choiceDoesNotFit`` if it writes no such field,
  ///   ``HubError/refusedByConstraint(_:)`` if it cannot be taken in so either, and
  ///   ``HubError/wouldAsk(_:)`` if it raises questions that were not accepted; nothing is changed
  ///   then.
  package func amend(
    _ number: Int64, _ corrections: [Correction], _ ruling: Ruling,
    accepting accepted: Set<RaisedQuestion>? = nil
  ) throws -> [Int64] {
    try write { store in
      guard !corrections.isEmpty else { throw HubError.choiceDoesNotFit }
      guard try store.isQuarantined(number), let stored = try store.changeSet(number),
        let changeSet = try? ChangeSet(decoding: stored.body)
      else { throw HubError.notFound }
      let corrected = try corrections.reduce(changeSet) { try $0.corrected($1, schema) }
      let origin = try store.origin(of: changeSet, number: number, isFlagged: stored.isFlagged)
      let verdict = try merge(
        corrected, from: origin, store, wallMilliseconds: ruling.wallMilliseconds)
      if verdict.disposition == .quarantined { throw HubError.refusedByConstraint(verdict.text) }
      try sign(corrections, of: changeSet, number, stream: origin.stream, store, ruling)
      try store.setQuarantine(changeSet, number, .applied, nil, "", ruling)
      try store.takeBack(changeSet)
      var taken = [number]
      for waiting in try store.dependents(after: number)
      where try store.isQuarantined(waiting) && takeIn(waiting, store, ruling) {
        taken.append(waiting)
      }
      for number in taken {
        try retryWhatAwaited(number, store, wallMilliseconds: ruling.wallMilliseconds)
      }
      try store.checkQuestions(accepted)
      return taken
    }
  }

  /// Makes the corrected values the hub's own: in its stream, in history, and on their way to every
  /// device, first of all to the one that wrote something else.
  private func sign(
    _ corrections: [Correction], of original: ChangeSet, _ number: Int64, stream: Int,
    _ store: HubStore, _ ruling: Ruling
  ) throws {
    var rows: [(table: TableSchema, change: RowChange, units: Set<Int>)] = []
    for change in original.changes {
      guard let table = schema.table(number: change.table) else { continue }
      let columns = corrections.filter { $0.table == table.name && $0.key == change.key }
        .compactMap { table.index(named: $0.column) }
      let units = Set(columns.compactMap { table.columns[$0].unit })
      let isKnown = rows.contains {
        $0.table.number == table.number && $0.change.key == change.key
      }
      if !units.isEmpty, !isKnown { rows.append((table, change, units)) }
    }
    let changes = rows.map { row in
      row.change.correction(corrections, units: row.units, row.table)
    }
    let (_, own) = try store.insertOwn(
      changes, by: ruling.by, act: "amend \(number): \(ruling.reason)",
      wallMilliseconds: ruling.wallMilliseconds)
    for (position, row) in rows.enumerated() {
      guard var state = try store.row(row.table, row.change.key) else { continue }
      let sequence = try store.nextSequence()
      for index in row.units {
        var unit = state.unit(index)
        // Where somebody else's value is live, the corrected one waits beside it as a statement.
        guard unit.version.changeSet == number, unit.version.stream == stream else { continue }
        unit.version = Version(
          sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: own,
          stamp: HybridTime(milliseconds: ruling.wallMilliseconds), isFlagged: false)
        unit.sent = sequence
        unit.decided = sequence
        state.units[index] = unit
      }
      try store.writeMetadata(state, row.table, row.change.key, sequence: sequence)
      try store.writeHistory(
        row.table, row.change.key, number: own, position: position,
        outcomes: Dictionary(uniqueKeysWithValues: row.units.map { ($0, .applied) }))
    }
    for change in changes { try store.publishWord(of: change, own, ruling, signedBy: key) }
    try store.recordAmendment(of: number, by: own, ruling)
  }
}

extension Hub {
  private static let amendment = "quarantine:"

  /// The quarantined change set that a decision in history is about; nothing where it is about a
  /// conflict.
  package static func amendedNumber(_ decision: String) -> Int64? {
    decision.hasPrefix(amendment) ? Int64(decision.dropFirst(amendment.count)) : nil
  }

  fileprivate static func amendmentName(of number: Int64) -> String { amendment + "\(number)" }
}

extension HubStore {
  fileprivate func recordAmendment(of number: Int64, by own: Int64, _ ruling: Ruling) throws {
    try connection.run(
      """
      INSERT INTO hub_decision (conflict_id, choice, decided_by, decided_at, reason, number,
        sequence, before) VALUES (?, 'amend', ?, ?, ?, ?, 0, x'')
      """,
      [
        .text(Hub.amendmentName(of: number)), .text(ruling.by), .integer(ruling.wallMilliseconds),
        .text(ruling.reason), .integer(own),
      ])
  }
}

extension ChangeSet {
  /// The change set with another value in one field, wherever it writes that.
  fileprivate func corrected(_ correction: Correction, _ schema: SyncSchema) throws -> ChangeSet {
    guard let table = schema.table(named: correction.table),
      let index = table.index(named: correction.column), table.columns[index].unit != nil
    else { throw HubError.choiceDoesNotFit }
    let column = table.columns[index].number
    var corrected = self
    for (position, change) in changes.enumerated()
    where change.table == table.number && change.key == correction.key && change.writes(column) {
      let before = change.fields.first { $0.column == column }?.before ?? .null
      let fields =
        change.fields.filter { $0.column != column }
        + [FieldChange(column: column, before: before, after: correction.value)]
      corrected.changes[position] = RowChange(
        table: change.table, operation: change.operation, key: change.key, fields: fields)
    }
    guard corrected != self else { throw HubError.choiceDoesNotFit }
    return corrected
  }
}

extension RowChange {
  /// Whether the change says something of a column: an insert does of all.
  fileprivate func writes(_ column: Int) -> Bool {
    switch operation {
    case .insert: true
    case .update: fields.contains { $0.column == column }
    case .delete: false
    }
  }

  /// From what was written to what is right, as a change of the corrected units.
  fileprivate func correction(
    _ corrections: [Correction], units: Set<Int>, _ table: TableSchema
  ) -> RowChange {
    let columns = units.sorted().flatMap { table.units[$0].columns }
    let corrected = columns.map { index in
      let number = table.columns[index].number
      let written = fields.first { $0.column == number }?.after ?? .null
      let right = corrections.last {
        $0.table == table.name && $0.key == key && $0.column == table.columns[index].name
      }
      return FieldChange(column: number, before: written, after: right?.value ?? written)
    }
    return RowChange(table: table.number, operation: .update, key: key, fields: corrected)
  }
}
