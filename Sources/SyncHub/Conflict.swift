package import SyncCore

/// A conflict as an operator sees it.
package struct Conflict: Equatable, Sendable {
  package let id: String
  package let kind: ConflictKind
  package let table: String
  package let key: RowKey
  /// The merge unit's name, or the soft key's or rule's; empty where the row itself is in question.
  package let unit: String
  /// The other row of a suspicion between two.
  package let otherKey: RowKey?
  /// The unit's columns, for which ``base``, ``live`` and the statements hold values in order.
  package let columns: [String]
  package let base: [Value]
  package let live: [Value]
  package let liveAuthor: ChangeSetAuthor?
  package let statements: [Statement]
  package let state: ConflictState
  /// Rises with everything that happens to it; a decision has to name the one that was seen.
  package let version: Int64
  package let openedMilliseconds: Int64
  package let decision: Decision?
  /// What had been decided about the same thing before, where that is a question again.
  package let formerDecision: Decision?

  /// What somebody wrote.
  package struct Statement: Equatable, Sendable {
    package let position: Int
    package let isDeletion: Bool
    package let values: [Value]
    package let author: ChangeSetAuthor
  }

  /// How it was decided.
  package struct Decision: Equatable, Sendable {
    package let choice: String
    package let by: String
    package let atMilliseconds: Int64
    package let reason: String
  }
}

/// Who made a change set, on which device, and when.
package struct ChangeSetAuthor: Equatable, Sendable {
  package let officer: String
  package let officerName: String
  package let device: String
  package let deviceLabel: String
  package let writtenMilliseconds: Int64
  package let receivedMilliseconds: Int64
  /// Whether the device's clock could not be trusted.
  package let isFlagged: Bool
}

extension Hub {
  /// Conflicts, the oldest first.
  package func conflicts(openOnly: Bool) throws -> [Conflict] {
    try read { store in
      let condition = openOnly ? "WHERE state IN ('open', 'reopened')" : ""
      let rows = try store.connection.rows(
        "SELECT id FROM thuan_conflict \(condition) ORDER BY opened_at, id")
      return try rows.compactMap { try $0[0].text.flatMap { try store.conflict($0) } }
    }
  }

  /// One conflict by its id.
  ///
  /// - Throws: ``HubError/notFound``.
  package func conflict(_ id: String) throws -> Conflict {
    guard let conflict = try read({ try $0.conflict(id) }) else { throw HubError.notFound }
    return conflict
  }
}

extension HubStore {
  func conflict(_ id: String) throws -> Conflict? {
    guard
      let row = try connection.first(
        """
        SELECT kind, table_name, row_key, unit, other_key, base, state, version, opened_at,
          choice, decided_by, decided_at, reason FROM thuan_conflict WHERE id = ?
        """, [.text(id)]),
      let kind = row[0].text.flatMap(ConflictKind.init),
      let table = row[1].text.flatMap({ schema.table(named: $0) }),
      let state = row[6].text.flatMap(ConflictState.init)
    else { return nil }
    let key = try RowKey(stored: row[2], columns: table.key.count)
    let unitName = row[3].text ?? ""
    let unit = table.units.firstIndex { $0.name == unitName }
    let columns = (unit.map { table.units[$0].columns } ?? table.columns.indices.map { $0 })
    let rowState = try self.row(table, key)
    let author = try unit.flatMap { index in
      try rowState.flatMap { try self.author($0.unit(index).version.changeSet) }
    }
    let base: [Value] = if case .blob(let bytes) = row[5] { try decodedValues(bytes) } else { [] }
    return Conflict(
      id: id, kind: kind, table: table.name, key: key, unit: unitName,
      otherKey: try row[4] == .null ? nil : RowKey(stored: row[4], columns: table.key.count),
      columns: columns.map { table.columns[$0].name }, base: base,
      live: rowState.map { state in columns.map { state.values[$0] } } ?? [],
      liveAuthor: author, statements: try statements(of: id), state: state,
      version: row[7].integer ?? 0, openedMilliseconds: row[8].integer ?? 0,
      decision: state.isOpen ? nil : Conflict.Decision(row[9...]),
      formerDecision: state.isOpen
        ? try Conflict.Decision(row[9...]) ?? formerDecision(id, table.name, row[2...4]) : nil)
  }

  /// The last decision about what another question was about: the same unit of the same row.
  private func formerDecision(
    _ conflict: String, _ table: String, _ subject: ArraySlice<Value>
  ) throws -> Conflict.Decision? {
    let row = try connection.first(
      """
      SELECT choice, decided_by, decided_at, reason FROM thuan_conflict
      WHERE table_name = ? AND row_key = ? AND unit = ? AND other_key IS ? AND state = 'resolved'
        AND id <> ?
      ORDER BY decided_at DESC LIMIT 1
      """, [.text(table)] + subject + [.text(conflict)])
    return row.flatMap { Conflict.Decision($0[...]) }
  }

  private func statements(of conflict: String) throws -> [Conflict.Statement] {
    try connection.rows(
      """
      SELECT position, kind, content, officer, officer_name, device, device_label, written_at,
        received_at, is_flagged FROM thuan_candidate WHERE conflict_id = ? ORDER BY position
      """, [.text(conflict)]
    ).map { row in
      let values: [Value] =
        if case .blob(let bytes) = row[2] { try decodedValues(bytes) } else { [] }
      return Conflict.Statement(
        position: Int(row[0].integer ?? 0), isDeletion: row[1] == .text("deletion"), values: values,
        author: ChangeSetAuthor(row[3...]))
    }
  }

  /// Who made a change set; nothing if there is no such change set.
  func author(_ changeSet: Int64) throws -> ChangeSetAuthor? {
    try connection.first(
      """
      SELECT c.officer,
        coalesce((SELECT officer_name FROM hub_device o WHERE o.officer = c.officer LIMIT 1), c.officer),
        s.device, coalesce(d.label, s.device), c.wall, c.received_at, c.is_flagged
      FROM hub_change_set c JOIN hub_stream s ON s.id = c.stream
        LEFT JOIN hub_device d ON d.id = s.device
      WHERE c.number = ?
      """, [.integer(changeSet)]
    ).map { ChangeSetAuthor($0[...]) }
  }
}

extension Conflict.Decision {
  /// From the columns choice, by, at, reason; nothing without a choice.
  fileprivate init?(_ row: ArraySlice<Value>) {
    let row = Array(row)
    guard let choice = row[0].text else { return nil }
    self.init(
      choice: choice, by: row[1].text ?? "", atMilliseconds: row[2].integer ?? 0,
      reason: row[3].text ?? "")
  }
}

extension ChangeSetAuthor {
  /// From the columns officer, officer name, device, label, written, received, flagged.
  fileprivate init(_ row: ArraySlice<Value>) {
    let row = Array(row)
    self.init(
      officer: row[0].text ?? "", officerName: row[1].text ?? "", device: row[2].text ?? "",
      deviceLabel: row[3].text ?? "", writtenMilliseconds: row[4].integer ?? 0,
      receivedMilliseconds: row[5].integer ?? 0, isFlagged: row[6] == .integer(1))
  }
}
