import Crypto
import SyncCore
import SyncSQLite

/// Keeps the published conflicts in step with the candidates in the rows' states.
///
/// A row's state is the truth; what is written here is what people and devices see of it.
struct ConflictBook {
  private let store: HubStore
  private let wallMilliseconds: Int64

  init(_ store: HubStore, wallMilliseconds: Int64) {
    self.store = store
    self.wallMilliseconds = wallMilliseconds
  }

  /// Opens, extends or closes the conflicts of a row as its state demands.
  func update(_ table: TableSchema, _ key: RowKey, from old: RowState?, to new: RowState) throws {
    if old == nil, new.units.isEmpty, new.deletions.isEmpty { return }
    for (index, unit) in table.units.enumerated() {
      let before = waiting(index, of: old)
      let state = new.units[index]
      let now = waiting(index, of: new)
      if before == now { continue }
      try publish(
        table, key, unit: unit.name, kind: kind(of: unit, now), base: state?.base ?? [],
        candidates: now)
    }
    let before = old?.deletions ?? []
    if before != new.deletions {
      try publish(
        table, key, unit: PublishedTables.rowUnit,
        kind: new.deletions.contains { $0.kind == .refused } ? .notAllowed : .deletedEdited,
        base: [], candidates: new.deletions)
    }
  }

  /// What waits of a unit: nothing while the row is gone, though it may come back.
  private func waiting(_ index: Int, of state: RowState?) -> [Candidate] {
    guard let state, !state.isDeleted else { return [] }
    return state.units[index]?.candidates ?? []
  }

  private func kind(of unit: MergeUnit, _ candidates: [Candidate]) -> ConflictKind {
    if candidates.contains(where: { $0.kind == .refused }) { return .notAllowed }
    if candidates.contains(where: { $0.kind == .found }) { return .differenceFound }
    if case .workflow = unit.policy { return .statusDiverged }
    return .value
  }

  private func publish(
    _ table: TableSchema, _ key: RowKey, unit: String, kind: ConflictKind, base: [Value],
    candidates: [Candidate]
  ) throws {
    let open = try openConflict(table.name, key, unit)
    guard let open else {
      if candidates.isEmpty { return }
      let id = try insert(kind, table.name, key, unit, otherKey: .null, base: base)
      try writeCandidates(id, candidates)
      return
    }
    let state: ConflictState = candidates.isEmpty ? .superseded : open.state
    try store.connection.run(
      "UPDATE thuan_conflict SET state = ?, kind = ?, version = version + 1 WHERE id = ?",
      [
        .text(state.rawValue), .text(candidates.isEmpty ? open.kind : kind.rawValue),
        .text(open.id),
      ])
    if !candidates.isEmpty { try writeCandidates(open.id, candidates) }
    try store.publishConflict(.text(open.id))
  }

  private func openConflict(_ table: String, _ key: RowKey, _ unit: String) throws -> (
    id: String, state: ConflictState, kind: String
  )? {
    guard
      let row = try store.connection.first(
        """
        SELECT id, state, kind FROM thuan_conflict
        WHERE table_name = ? AND row_key = ? AND unit = ? AND other_key IS NULL
          AND state IN ('open', 'reopened')
        """, [.text(table), key.stored, .text(unit)]),
      let id = row[0].text, let state = row[1].text.flatMap(ConflictState.init)
    else { return nil }
    return (id, state, row[2].text ?? "")
  }

  private func insert(
    _ kind: ConflictKind, _ table: String, _ key: RowKey, _ unit: String, otherKey: Value,
    base: [Value]
  ) throws -> String {
    let sequence = try store.nextSequence()
    let id = conflictID(table, key, unit, sequence)
    try store.connection.run(
      """
      INSERT INTO thuan_conflict (id, kind, table_name, row_key, unit, other_key, base, state,
        version, opened_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'open', 1, ?)
      """,
      [
        .text(id), .text(kind.rawValue), .text(table), key.stored, .text(unit), otherKey,
        base.isEmpty ? .null : .blob(encodedValues(base)), .integer(wallMilliseconds),
      ])
    try showFormerDecision(id)
    try store.transaction.raised.append(
      RaisedQuestion(
        kind: kind, table: table, key: key, unit: unit,
        otherKey: otherKey == .null ? nil : RowKey(stored: otherKey, columns: key.values.count)))
    return id
  }

  /// Publishes a question; one that had been decided in a life of the hub that is gone is open again, and
  /// says how it had been.
  func showFormerDecision(_ id: String) throws {
    try store.connection.run(
      """
      UPDATE thuan_conflict SET state = 'reopened', choice = f.choice, decided_by = f.decided_by,
        decided_at = f.decided_at, reason = f.reason, version = version + (version > 1)
      FROM (SELECT * FROM hub_former_decision ORDER BY decided_at DESC) f
      WHERE thuan_conflict.id = ? AND f.table_name = thuan_conflict.table_name
        AND f.row_key = thuan_conflict.row_key AND f.unit = thuan_conflict.unit
        AND f.other_key IS thuan_conflict.other_key
      """, [.text(id)])
    try store.publishConflict(.text(id))
  }

  private func conflictID(_ table: String, _ key: RowKey, _ unit: String, _ sequence: Int64)
    -> String
  {
    var writer = WireWriter()
    writer.string(1, table)
    writer.value(2, key.stored)
    writer.string(3, unit)
    writer.unsigned(4, UInt64(sequence))
    return hexadecimal(SHA256.hash(data: writer.bytes).prefix(8))
  }

  /// Writes who said what.
  ///
  /// Positions keep the order in which the statements reached the hub.
  private func writeCandidates(_ conflict: String, _ candidates: [Candidate]) throws {
    for (position, candidate) in candidates.enumerated() {
      let writer = try writer(of: candidate.changeSet)
      try store.connection.run(
        "DELETE FROM thuan_candidate WHERE conflict_id = ? AND position = ?",
        [.text(conflict), .integer(Int64(position + 1))])
      try store.connection.run(
        """
        INSERT INTO thuan_candidate (conflict_id, position, kind, content, device, epoch, sequence,
          officer, officer_name, device_label, written_at, received_at, is_flagged)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .text(conflict), .integer(Int64(position + 1)), .text(candidate.kind.name),
          .blob(encodedValues(candidate.values)),
        ] + writer)
      try store.publishCandidate(.text(conflict), .integer(Int64(position + 1)))
    }
    let beyond = try store.connection.rows(
      "SELECT position FROM thuan_candidate WHERE conflict_id = ? AND position > ?",
      [.text(conflict), .integer(Int64(candidates.count))])
    for row in beyond {
      try store.connection.run(
        "DELETE FROM thuan_candidate WHERE conflict_id = ? AND position = ?",
        [.text(conflict), row[0]])
      try store.publishCandidate(.text(conflict), row[0])
    }
  }

  /// Who wrote a change set, on what device and when: the columns from `device` to `is_flagged`.
  private func writer(of changeSet: Int64) throws -> [Value] {
    try store.connection.first(
      """
      SELECT s.device, s.epoch, c.sequence, c.officer,
        coalesce((SELECT officer_name FROM hub_device o WHERE o.officer = c.officer LIMIT 1), c.officer),
        coalesce(d.label, s.device), c.wall, c.received_at, c.is_flagged
      FROM hub_change_set c JOIN hub_stream s ON s.id = c.stream
        LEFT JOIN hub_device d ON d.id = s.device
      WHERE c.number = ?
      """, [.integer(changeSet)]) ?? Array(repeating: .null, count: 9)
  }

  // MARK: Suspicions between two rows

  /// Opens a conflict for every other live row with the same soft key, and closes those that the
  /// row's new values have ended.
  func checkDuplicates(
    _ table: TableSchema, _ key: RowKey, values: [Value]?, _ softKey: SoftKey
  ) throws {
    let twins = try values.map { try self.twins(of: $0, table, key, softKey) } ?? []
    for twin in twins { try raise(pair(.duplicate, table.name, key, softKey.name, twin)) }
    try closeSuspicions(
      "kind = 'duplicate' AND unit = ?", [.text(softKey.name)], about: table, key
    ) { _, pair in twins.contains { pair.contains($0.stored) } }
  }

  /// Closes what rules suspected of a row and suspect no longer.
  func closeSuspicions(about table: TableSchema, _ key: RowKey, but findings: [RuleFinding]) throws
  {
    try closeSuspicions("kind IN ('possibleDuplicate', 'ruleBroken')", [], about: table, key) {
      rule, pair in
      findings.contains { $0.rule == rule && pair == [$0.key.stored, $0.otherKey.stored] }
    }
  }

  /// Closes open suspicions that a row is part of, unless they still stand.
  private func closeSuspicions(
    _ condition: String, _ arguments: [Value], about table: TableSchema, _ key: RowKey,
    unless stands: (_ unit: String, _ pair: Set<Value>) -> Bool
  ) throws {
    let open = try store.connection.rows(
      """
      SELECT id, unit, row_key, other_key FROM thuan_conflict WHERE \(condition)
        AND table_name = ? AND state IN ('open', 'reopened') AND (row_key = ? OR other_key = ?)
      """, arguments + [.text(table.name), key.stored, key.stored])
    for row in open where !stands(row[1].text ?? "", [row[2], row[3]]) {
      guard let id = row[0].text else { continue }
      try store.connection.run(
        "UPDATE thuan_conflict SET state = 'superseded', version = version + 1 WHERE id = ?",
        [.text(id)])
      try store.publishConflict(.text(id))
    }
  }

  private func twins(
    of values: [Value], _ table: TableSchema, _ key: RowKey, _ softKey: SoftKey
  ) throws -> [RowKey] {
    if let condition = softKey.condition, !condition.values.contains(values[condition.column]) {
      return []
    }
    let wanted = softKey.columns.map { values[$0] }
    if wanted.contains(.null) { return [] }
    var arguments = wanted
    var conditions = softKey.columns.map { "\(quoted(table.columns[$0].name)) = ?" }
    if let condition = softKey.condition {
      let places = Array(repeating: "?", count: condition.values.count).joined(separator: ", ")
      conditions.append("\(quoted(table.columns[condition.column].name)) IN (\(places))")
      arguments += condition.values
    }
    let rows = try store.connection.rows(
      "SELECT \(table.columnList) FROM \(quoted(table.name)) WHERE "
        + conditions.joined(separator: " AND "), arguments)
    return rows.map { table.rowKey(of: $0) }.filter { $0 != key }
  }

  /// The pair in an order that does not depend on which row came first.
  private func pair(
    _ kind: ConflictKind, _ table: String, _ key: RowKey, _ rule: String, _ other: RowKey
  ) -> RuleFinding {
    let isFirst = key.stored < other.stored
    return RuleFinding(
      kind: kind, table: table, key: isFirst ? key : other, rule: rule,
      otherKey: isFirst ? other : key)
  }

  /// Raises a suspicion, unless it stands already or has been decided on.
  func raise(_ finding: RuleFinding) throws {
    let known = try store.connection.first(
      """
      SELECT 1 FROM thuan_conflict WHERE table_name = ? AND row_key = ? AND unit = ?
        AND other_key = ? AND state <> 'superseded'
      """,
      [.text(finding.table), finding.key.stored, .text(finding.rule), finding.otherKey.stored])
    guard known == nil else { return }
    _ = try insert(
      finding.kind, finding.table, finding.key, finding.rule, otherKey: finding.otherKey.stored,
      base: [])
  }
}

extension Candidate.Kind {
  var name: String {
    switch self {
    case .value: "value"
    case .deletion: "deletion"
    case .refused: "refused"
    case .found: "found"
    }
  }
}
