package import SyncCore
import SyncSQLite

/// What an operator decides about a conflict.
package enum Choice: Equatable, Sendable {
  /// What is live stays.
  case current
  /// The statement at this position becomes live.
  case candidate(Int)
  /// These values become live, in the order of the unit's columns.
  case written([Value])
  /// The row lives on.
  case keepRow
  /// The row's deletion is confirmed.
  case deleteRow
  /// Both rows of a suspicion stay as they are.
  case both
  /// One row of a suspicion gets other values, such as another number: column names and values.
  case amend(RowKey, [String: Value])

  var name: String {
    switch self {
    case .current: "current"
    case .candidate: "candidate"
    case .written: "written"
    case .keepRow: "keep"
    case .deleteRow: "delete"
    case .both: "both"
    case .amend: "amend"
    }
  }
}

/// Who decides, why, and when.
package struct Ruling: Equatable, Sendable {
  package let by: String
  package let reason: String
  package let wallMilliseconds: Int64

  package init(by: String, reason: String, wallMilliseconds: Int64) {
    self.by = by
    self.reason = reason
    self.wallMilliseconds = wallMilliseconds
  }
}

extension Hub {
  /// Settles a conflict.
  ///
  /// The decision is an ordinary change of the hub's that flows to everyone.
  ///
  /// - Parameters:
  ///   - id: The conflict's id.
  ///   - version: The version that was shown to whoever decides.
  ///   - choice: What is decided.
  ///   - ruling: By whom, why and when.
  /// - Throws: ``HubError/versionChanged(_:)`` if something has come in since it was shown, and
  ///   other ``HubError``s; nothing is changed then.
  package func resolve(_ id: String, version: Int64, _ choice: Choice, _ ruling: Ruling) throws {
    try write { store in
      guard let conflict = try store.conflict(id) else { throw HubError.notFound }
      guard conflict.state.isOpen else { throw HubError.alreadyDecided }
      guard conflict.version == version else { throw HubError.versionChanged(conflict.version) }
      guard let table = schema.table(named: conflict.table) else { throw HubError.notFound }
      let desk = Desk(hub: self, store: store, table: table, conflict: conflict, ruling: ruling)
      switch choice {
      case .current, .candidate, .written: try desk.decideUnit(choice)
      case .keepRow, .deleteRow: try desk.decideRow(choice)
      case .both: try desk.accept()
      case .amend(let key, let values): try desk.amend(key, values)
      }
    }
  }

  /// Takes the last decision about a conflict back: it is open again with all its statements.
  ///
  /// - Throws: ``HubError/notFound`` if it has not been decided.
  package func undo(_ id: String, _ ruling: Ruling) throws {
    try write { store in
      guard let conflict = try store.conflict(id), conflict.state == .resolved,
        let table = schema.table(named: conflict.table)
      else { throw HubError.notFound }
      let desk = Desk(hub: self, store: store, table: table, conflict: conflict, ruling: ruling)
      try desk.undo()
    }
  }
}

/// Where one decision about one conflict is carried out.
private struct Desk {
  let hub: Hub
  let store: HubStore
  let table: TableSchema
  let conflict: Conflict
  let ruling: Ruling

  func decideUnit(_ choice: Choice) throws {
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
    try carryOut(change, over: old, choice, outcomes: [index: .applied]) { state, version in
      state.decide(unit: index, values: final, version: version, table: table)
    }
    try checkLinks(of: conflict.key)
    try checkSoftKeys(of: conflict.key)
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

  func decideRow(_ choice: Choice) throws {
    guard conflict.unit == PublishedTables.rowUnit, conflict.otherKey == nil,
      let old = try store.row(table, conflict.key), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    let isConfirmed = choice == .deleteRow
    if isConfirmed, try hasChildren() { throw HubError.refusedByConstraint("children") }
    let fields = zip(table.columns, old.values).filter {
      isConfirmed && $0.unit != nil && $1 != .null
    }
    .map { FieldChange(column: $0.number, before: $1, after: .null) }
    let change = RowChange(
      table: table.number, operation: isConfirmed ? .delete : .update, key: conflict.key,
      fields: fields)
    try carryOut(change, over: old, choice, outcomes: [-1: .applied]) { state, version in
      state.decideDeletion(isConfirmed: isConfirmed, version: version)
    }
    guard isConfirmed else { return }
    try checkSoftKeys(of: conflict.key)
    try ConflictBook(store, wallMilliseconds: ruling.wallMilliseconds)
      .closeSuspicions(about: table, conflict.key, but: [])
  }

  /// Both rows of a suspicion stay.
  func accept() throws {
    guard conflict.otherKey != nil else { throw HubError.choiceDoesNotFit }
    let number = try store.record(
      "both \(conflict.id)", by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
    try record(.both, number: number, sequence: 0, before: [])
    try close(.both)
  }

  func amend(_ key: RowKey, _ values: [String: Value]) throws {
    guard let otherKey = conflict.otherKey, key == conflict.key || key == otherKey,
      let old = try store.row(table, key), !old.isDeleted
    else { throw HubError.choiceDoesNotFit }
    let number = try update(key, old: old, to: values)
    try record(
      .amend(key, values), number: number, sequence: 0, before: encoded(old, key: key, values))
    try close(.amend(key, values))
  }

  /// Changes a row on the hub's behalf, by the same merge as everything.
  private func update(_ key: RowKey, old: RowState, to values: [String: Value]) throws -> Int64 {
    var fields: [FieldChange] = []
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let index = table.index(named: name), table.columns[index].unit != nil else {
        throw HubError.choiceDoesNotFit
      }
      fields.append(
        FieldChange(column: table.columns[index].number, before: old.values[index], after: value))
    }
    let change = RowChange(table: table.number, operation: .update, key: key, fields: fields)
    let (changeSet, number) = try insertOwn([change])
    let verdict = try hub.merge(
      changeSet, from: .hub(number, changeSet), store, wallMilliseconds: ruling.wallMilliseconds)
    if verdict.disposition == .quarantined { throw HubError.refusedByConstraint(verdict.text) }
    try store.setReceipt(number, verdict.disposition, reason: "")
    return number
  }

  // MARK: Carrying out

  private func carryOut(
    _ change: RowChange, over old: RowState, _ choice: Choice, outcomes: [Int: Outcome],
    _ decide: (inout RowState, Version) -> Void
  ) throws {
    let (_, number) = try insertOwn([change])
    let sequence = try store.nextSequence()
    var new = old
    decide(
      &new,
      Version(
        sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: number,
        stamp: HybridTime(milliseconds: ruling.wallMilliseconds), isFlagged: false))
    try write(new, over: old, conflict.key, sequence: sequence)
    try store.writeHistory(
      table, conflict.key, number: number, position: 0, outcomes: outcomes)
    try record(
      choice, number: number, sequence: sequence, before: encoded(old, key: conflict.key, [:]))
    try close(choice)
    if new.isDeleted {
      let book = ConflictBook(store, wallMilliseconds: ruling.wallMilliseconds)
      try book.update(table, conflict.key, from: old, to: new)
    }
  }

  private func insertOwn(_ changes: [RowChange]) throws -> (ChangeSet, number: Int64) {
    try store.insertOwn(changes, by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
  }

  private func write(_ new: RowState, over old: RowState, _ key: RowKey, sequence: Int64) throws {
    var digests = ScopedDigests()
    do {
      try store.write(new, over: old, table, key, sequence: sequence, digests: &digests)
      try store.follow(table, key, digests: &digests)
    } catch let violation as ConstraintViolation {
      throw HubError.refusedByConstraint(violation.detail)
    }
    store.add(digests)
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
      return try update(saved.key, old: old, to: values)
    }
    let sequence = try store.nextSequence()
    var new = old
    let fields: [FieldChange]
    if conflict.unit == PublishedTables.rowUnit {
      new.reopenDeletion(before: saved.state, version: version(sequence, 0))
      fields = []
    } else {
      guard let index = table.units.firstIndex(where: { $0.name == conflict.unit }), !old.isDeleted
      else { throw HubError.choiceDoesNotFit }
      new.reopen(
        unit: index, before: saved.state, decidedAt: decidedAt, version: version(sequence, 0),
        table: table)
      fields = table.units[index].columns.map {
        FieldChange(column: table.columns[$0].number, before: old.values[$0], after: new.values[$0])
      }
    }
    let (_, number) = try insertOwn(
      [RowChange(table: table.number, operation: .update, key: saved.key, fields: fields)])
    try write(new, over: old, saved.key, sequence: sequence)
    try store.writeHistory(
      table, saved.key, number: number, position: 0, outcomes: [-1: .applied])
    try checkLinks(of: saved.key)
    try ConflictBook(store, wallMilliseconds: ruling.wallMilliseconds)
      .update(table, saved.key, from: old, to: new)
    return number
  }

  private func version(_ sequence: Int64, _ number: Int64) -> Version {
    Version(
      sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: number,
      stamp: HybridTime(milliseconds: ruling.wallMilliseconds), isFlagged: false)
  }

  // MARK: Checks

  private func hasChildren() throws -> Bool {
    for link in hub.links where link.parent == table.number {
      guard let child = hub.schema.table(number: link.child) else { continue }
      let condition = link.childColumns.map { "\(quoted(child.columns[$0].name)) = ?" }
      let found = try store.connection.first(
        "SELECT 1 FROM \(quoted(child.name)) WHERE " + condition.joined(separator: " AND "),
        conflict.key.values)
      if found != nil { return true }
    }
    return false
  }

  private func checkLinks(of key: RowKey) throws {
    guard let values = try store.connection.first(table.selectByKey, key.values) else { return }
    for link in hub.links where link.child == table.number {
      let parentKey = link.childColumns.map { values[$0] }
      guard !parentKey.contains(.null), let parent = hub.schema.table(number: link.parent) else {
        continue
      }
      if try store.connection.first(parent.selectByKey, parentKey) == nil {
        throw HubError.refusedByConstraint("\(parent.name) \(RowKey(parentKey))")
      }
    }
  }

  private func checkSoftKeys(of key: RowKey) throws {
    let values = try store.connection.first(table.selectByKey, key.values)
    let book = ConflictBook(store, wallMilliseconds: ruling.wallMilliseconds)
    for softKey in table.softKeys { try book.checkDuplicates(table, key, values: values, softKey) }
  }

  private func encoded(_ state: RowState, key: RowKey, _ amended: [String: Value]) -> [UInt8] {
    SavedRow(key: key, state: state, amended: amended.keys.sorted()).encoded(table)
  }
}

/// A row as it was before a decision.
private struct SavedRow {
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
