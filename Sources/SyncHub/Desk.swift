import SyncCore
import SyncSQLite

/// Where one decision about one conflict is carried out.
struct Desk {
  let hub: Hub
  let store: HubStore
  let table: TableSchema
  let conflict: Conflict
  let ruling: Ruling

  func decide(_ choice: Choice) throws {
    switch choice {
    case .current, .candidate, .written: try decideUnit(choice)
    case .keepRow, .deleteRow: try decideRow(choice)
    case .both: try accept()
    case .amend(let key, let values): try amend(key, values)
    }
  }

  private func decideUnit(_ choice: Choice) throws {
    guard let index = table.units.firstIndex(where: { $0.name == conflict.unit }),
      conflict.otherKey == nil, let old = try store.row(table, conflict.key), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    let unit = table.units[index]
    let live = old.values(of: unit)
    let final = try values(for: choice, live: live)
    guard final.count == unit.columns.count else { throw HubError.choiceDoesNotFit }
    let fields = zip(unit.columns, zip(live, final)).map {
      FieldChange(column: table.columns[$0].number, before: $1.0, after: $1.1)
    }
    let change = RowChange(
      table: table.number, operation: .update, key: conflict.key, fields: fields)
    try carryOut(change, over: old, choice, unit: index) { state, version in
      state.decide(unit: index, values: final, version: version, table: table)
    }
  }

  private func values(for choice: Choice, live: [Value]) throws -> [Value] {
    switch choice {
    case .candidate(let position):
      guard let statement = conflict.statements.first(where: { $0.position == position }),
        !statement.isDeletion
      else { throw HubError.choiceDoesNotFit }
      return statement.values
    case .written(let values): return values
    default: return live
    }
  }

  private func decideRow(_ choice: Choice) throws {
    guard conflict.unit == PublishedTables.rowUnit, conflict.otherKey == nil,
      let old = try store.row(table, conflict.key), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    let isConfirmed = choice == .deleteRow
    let fields = zip(table.columns, old.values).filter {
      isConfirmed && $0.unit != nil && $1 != .null
    }
    .map { FieldChange(column: $0.number, before: $1, after: .null) }
    let change = RowChange(
      table: table.number, operation: isConfirmed ? .delete : .update, key: conflict.key,
      fields: fields)
    try carryOut(change, over: old, choice, unit: Outcome.row) { state, version in
      state.decideDeletion(isConfirmed: isConfirmed, version: version)
    }
  }

  /// Both rows of a suspicion stay.
  private func accept() throws {
    guard conflict.otherKey != nil else { throw HubError.choiceDoesNotFit }
    let number = try store.record(
      "both \(conflict.id)", by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
    try record(.both, number: number, sequence: 0, before: [])
    try close(.both)
    let change = RowChange(
      table: table.number, operation: .update, key: conflict.key, fields: [])
    try publish(.both, change, number)
  }

  private func amend(_ key: RowKey, _ values: [String: Value]) throws {
    guard let otherKey = conflict.otherKey, key == conflict.key || key == otherKey,
      let old = try store.row(table, key), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    try close(.amend(key, values))
    let number = try update(key, old: old, to: values, .amend(key, values))
    try record(
      .amend(key, values), number: number, sequence: 0, before: encoded(old, key: key, values))
  }

  /// Changes a row on the hub's behalf, by the same merge as everything.
  private func update(
    _ key: RowKey, old: RowState, to values: [String: Value], _ choice: Choice?
  ) throws -> Int64 {
    var fields: [FieldChange] = []
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let index = table.index(named: name), table.columns[index].unit != nil else {
        throw HubError.choiceDoesNotFit
      }
      fields.append(
        FieldChange(column: table.columns[index].number, before: old.values[index], after: value))
    }
    return try takeIn(
      RowChange(table: table.number, operation: .update, key: key, fields: fields), choice)
  }

  // MARK: Carrying out

  private func carryOut(
    _ change: RowChange, over old: RowState, _ choice: Choice, unit: Int,
    _ decide: @escaping (inout RowState, Version) -> Void
  ) throws {
    // Closed first, or the question would be taken for one that has ended by itself.
    try close(choice)
    var sequence: Int64 = 0
    let number = try takeIn(
      change, choice,
      Ingest.Decision(outcomes: [unit: .applied]) { state, version in
        sequence = version.sequence
        var state = state
        decide(&state, version)
        return state
      })
    try record(
      choice, number: number, sequence: sequence, before: encoded(old, key: conflict.key, [:]))
  }

  /// Takes a change of the hub's own in, as everybody's is.
  ///
  /// - Returns: The hub's number of its change set.
  private func takeIn(
    _ change: RowChange, _ choice: Choice?, _ decision: Ingest.Decision? = nil
  ) throws -> Int64 {
    let (changeSet, number) = try store.insertOwn(
      [change], by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
    let verdict = try hub.merge(
      changeSet, from: .hub(number, changeSet), store, deciding: decision,
      wallMilliseconds: ruling.wallMilliseconds)
    if verdict.disposition == .quarantined { throw HubError.refusedByConstraint(verdict.text) }
    try store.setReceipt(number, verdict.disposition, reason: "")
    if let choice { try publish(choice, change, number) }
    return number
  }

  /// Publishes the decision for devices to keep.
  private func publish(_ choice: Choice, _ change: RowChange, _ number: Int64) throws {
    let decision = HubWord.Decision(
      conflict: conflict.id, kind: conflict.kind.rawValue, unit: conflict.unit,
      otherKey: conflict.otherKey?.stored ?? .null, choice: choice.name, reason: ruling.reason)
    try store.publishWord(of: change, number, deciding: decision, ruling, signedBy: hub.key)
  }

  private func close(_ choice: Choice) throws {
    try store.connection.run(
      """
      UPDATE thuan_conflict SET state = 'resolved', version = version + 1, choice = ?,
        decided_by = ?, decided_at = ?, reason = ? WHERE id = ?
      """,
      [
        .text(choice.name), .text(ruling.by), .integer(ruling.wallMilliseconds),
        .text(ruling.reason), .text(conflict.id),
      ])
    try store.publishConflict(.text(conflict.id))
  }

  private func record(_ choice: Choice, number: Int64, sequence: Int64, before: [UInt8]) throws {
    try store.connection.run(
      """
      INSERT INTO hub_decision (conflict_id, choice, decided_by, decided_at, reason, number,
        sequence, before) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .text(conflict.id), .text(choice.name), .text(ruling.by),
        .integer(ruling.wallMilliseconds), .text(ruling.reason), .integer(number),
        .integer(sequence), .blob(before),
      ])
  }

  // MARK: Taking back

  func undo() throws {
    guard
      let row = try store.connection.first(
        """
        SELECT id, sequence, before FROM hub_decision
        WHERE conflict_id = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1
        """, [.text(conflict.id)]), case .blob(let bytes) = row[2]
    else { throw HubError.notFound }
    try closeTwins()
    try store.forgetWords(aboutConflict: conflict.id)
    try store.connection.run(
      """
      UPDATE thuan_conflict SET state = 'reopened', version = version + 1, choice = NULL,
        decided_by = ?, decided_at = ?, reason = ? WHERE id = ?
      """,
      [
        .text(ruling.by), .integer(ruling.wallMilliseconds), .text(ruling.reason),
        .text(conflict.id),
      ])
    let number =
      try bytes.isEmpty
      ? store.record(
        "undo \(conflict.id)", by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
      : restore(bytes, decidedAt: row[1].integer ?? 0)
    try store.publishConflict(.text(conflict.id))
    try store.connection.run(
      "UPDATE hub_decision SET undone_at = ? WHERE id = ?",
      [.integer(ruling.wallMilliseconds), row[0]])
    try store.connection.run(
      """
      INSERT INTO hub_decision (conflict_id, choice, decided_by, decided_at, reason, number,
        sequence, before, undone_at) VALUES (?, 'undo', ?, ?, ?, ?, 0, x'', ?)
      """,
      [
        .text(conflict.id), .text(ruling.by), .integer(ruling.wallMilliseconds),
        .text(ruling.reason), .integer(number), .integer(ruling.wallMilliseconds),
      ])
  }

  /// A question about the same thing that has opened since goes on in this one.
  private func closeTwins() throws {
    let twins = try store.connection.rows(
      """
      SELECT id, other_key FROM thuan_conflict WHERE table_name = ? AND row_key = ? AND unit = ?
        AND state IN ('open', 'reopened') AND id <> ?
      """,
      [
        .text(conflict.table), conflict.key.stored, .text(conflict.unit), .text(conflict.id),
      ])
    for twin in twins where twin[1] == conflict.otherKey?.stored ?? .null {
      try store.connection.run(
        "UPDATE thuan_conflict SET state = 'superseded', version = version + 1 WHERE id = ?",
        [twin[0]])
      try store.publishConflict(twin[0])
    }
  }

  /// - Returns: The hub's number of the change set that restored the row.
  private func restore(_ bytes: [UInt8], decidedAt: Int64) throws -> Int64 {
    let saved = try SavedRow(decoding: bytes, table: table)
    guard let old = try store.row(table, saved.key) else { throw HubError.notFound }
    if !saved.amended.isEmpty {
      let values = saved.amended.reduce(into: [String: Value]()) { values, name in
        values[name] = table.index(named: name).map { saved.state.values[$0] }
      }
      return try update(saved.key, old: old, to: values, nil)
    }
    let reopen = try reopening(saved.state, old, decidedAt: decidedAt)
    var fields: [FieldChange] = []
    if let unit = table.units.first(where: { $0.name == conflict.unit }) {
      // What the unit comes to does not depend on when.
      let new = reopen(old, old.created)
      fields = unit.columns.map {
        FieldChange(column: table.columns[$0].number, before: old.values[$0], after: new.values[$0])
      }
    }
    return try takeIn(
      RowChange(table: table.number, operation: .update, key: saved.key, fields: fields), nil,
      Ingest.Decision(outcomes: [Outcome.row: .applied], outcome: reopen))
  }

  /// How the row comes back to where it was before the decision.
  private func reopening(_ before: RowState, _ old: RowState, decidedAt: Int64) throws -> (
    RowState, Version
  ) -> RowState {
    if conflict.unit == PublishedTables.rowUnit {
      return { state, version in
        var state = state
        state.reopenDeletion(before: before, version: version)
        return state
      }
    }
    guard let index = table.units.firstIndex(where: { $0.name == conflict.unit }), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    return { state, version in
      var state = state
      state.reopen(
        unit: index, before: before, decidedAt: decidedAt, version: version, table: table)
      return state
    }
  }

  private func encoded(_ state: RowState, key: RowKey, _ amended: [String: Value]) -> [UInt8] {
    SavedRow(key: key, state: state, amended: amended.keys.sorted()).encoded(table)
  }
}

/// A row as it was before a decision.
struct SavedRow {
  let key: RowKey
  let state: RowState
  /// Names of the columns that the decision amended.
  let amended: [String]

  init(key: RowKey, state: RowState, amended: [String]) {
    self.key = key
    self.state = state
    self.amended = amended
  }

  func encoded(_ table: TableSchema) -> [UInt8] {
    var writer = WireWriter()
    writer.value(1, key.stored)
    writer.blob(2, state.encodedMetadata(table))
    for value in table.inWireOrder(state.values) { writer.value(3, value) }
    for name in amended { writer.string(4, name) }
    return writer.bytes
  }

  init(decoding bytes: [UInt8], table: TableSchema) throws {
    var reader = WireReader(bytes)
    var (key, metadata, values, amended) = (Value.null, [UInt8](), [Value](), [String]())
    while let field = try reader.next() {
      switch field {
      case 1: key = try reader.value()
      case 2: metadata = try reader.blob()
      case 3: values.append(try reader.value())
      case 4: amended.append(try reader.string())
      default: try reader.skip()
      }
    }
    self.init(
      key: try RowKey(stored: key, columns: table.key.count),
      state: try RowState(metadata: metadata, live: table.fromWireOrder(values), table: table),
      amended: amended)
  }
}
