import SyncCore
import SyncSQLite

/// Where rows belong, and what follows when that changes.
extension HubStore {
  /// The scope that a row's values give it.
  func scope(of table: TableSchema, _ values: [Value]) throws -> Scope {
    guard let rule = table.scope else { return .shared }
    guard let source = rule.source(for: values) else { return .nobody }
    let scope = try scope(source.meaning, values[source.column])
    guard rule.isPrivate(values) else { return scope }
    return scope.name.map { .named($0, isPrivate: true) } ?? .nobody
  }

  private func scope(_ meaning: ScopeRule.Meaning, _ value: Value) throws -> Scope {
    switch meaning {
    case .name: return .named(value.scopeName)
    case .row(let name):
      guard let parent = schema.table(named: name) else { return .nobody }
      return try notedScope(parent.number, RowKey([value])) ?? .nobody
    case .cell(let name, let cell):
      guard let parent = schema.table(named: name), let column = parent.index(named: cell),
        let row = try connection.first(parent.selectByKey, [value]), row[column] != .null
      else { return .nobody }
      return .named(row[column].scopeName)
    }
  }

  /// The scope under which a row has been noted; nothing if it is not known.
  func notedScope(_ table: Int, _ key: RowKey) throws -> Scope? {
    try connection.first(
      "SELECT scope FROM hub_row WHERE tbl = ? AND key = ?",
      [.integer(Int64(table)), key.stored])?[0].text.map { Scope(stored: $0) }
  }

  /// Notes that a row has left a scope: devices that hold it there let it go.
  func noteExit(from scope: Scope, _ table: Int, _ key: RowKey, sequence: Int64) throws {
    if scope == .nobody { return }
    try connection.run(
      """
      INSERT INTO hub_exit (tbl, key, scope, sequence) VALUES (?, ?, ?, ?)
      ON CONFLICT (tbl, key, scope) DO UPDATE SET sequence = excluded.sequence
      """,
      [.integer(Int64(table)), key.stored, .text(scope.stored), .integer(sequence)])
  }

  /// Whether a row has left one of somebody's scopes since a sequence.
  func hasLeft(_ table: Value, _ key: Value, since sequence: Int64, _ reader: Reader) throws -> Bool
  {
    try connection.rows(
      "SELECT scope FROM hub_exit WHERE tbl = ? AND key = ? AND sequence > ?",
      [table, key, .integer(sequence)]
    ).contains { reader.reads(Scope(stored: $0[0].text ?? "")) }
  }

  // MARK: Moves

  /// Takes what belongs to a row along when the row's scope has changed: its conflicts, and the rows
  /// whose scope is its own.
  func moveDependents(
    of table: TableSchema, _ key: RowKey, old: RowState, new: RowState,
    digests: inout ScopedDigests
  ) throws {
    if old.scope != new.scope { try moveConflicts(of: table, key, to: new.scope) }
    for dependent in schema.scopeDependents(of: table) {
      let isMoved =
        dependent.cell.map { old.values[$0] != new.values[$0] } ?? (old.scope != new.scope)
      guard isMoved, let child = schema.table(number: dependent.table) else { continue }
      var columns = [dependent.column]
      var arguments = key.values
      if let condition = dependent.condition {
        columns.append(condition.column)
        arguments.append(condition.value)
      }
      let conditions = columns.map { "\(quoted(child.columns[$0].name)) = ?" }
      let rows = try connection.rows(
        "SELECT \(child.columnList) FROM \(quoted(child.name)) WHERE "
          + conditions.joined(separator: " AND "), arguments)
      for values in rows {
        try moveRow(child, child.rowKey(of: values), digests: &digests)
      }
    }
  }

  /// Brings a row to the scope that its values give it now.
  ///
  /// - Returns: Whether it was in another.
  @discardableResult
  private func moveRow(_ table: TableSchema, _ key: RowKey, digests: inout ScopedDigests) throws
    -> Bool
  {
    guard let old = try row(table, key), !old.isDeleted else { return false }
    var new = old
    new.scope = try scope(of: table, old.values)
    guard new.scope != old.scope else { return false }
    let sequence = try nextSequence()
    new.sentWhole = sequence
    try noteExit(from: old.scope, table.number, key, sequence: sequence)
    try writeMetadata(new, table, key, sequence: sequence)
    digests.replace(table, key, old: old, new: new)
    try moveDependents(of: table, key, old: old, new: new, digests: &digests)
    return true
  }

  private func moveConflicts(of table: TableSchema, _ key: RowKey, to scope: Scope) throws {
    let conflicts = try connection.rows(
      "SELECT id FROM thuan_conflict WHERE table_name = ? AND row_key = ?",
      [.text(table.name), key.stored])
    for conflict in conflicts {
      try publish(PublishedTables.conflict, RowKey([conflict[0]]), in: scope)
      let candidates = try connection.rows(
        "SELECT position FROM thuan_candidate WHERE conflict_id = ?", [conflict[0]])
      for candidate in candidates {
        try publish(PublishedTables.candidate, RowKey([conflict[0], candidate[0]]), in: scope)
      }
    }
  }

  /// Gives a row its scope that pointed to one which came later in the same change set.
  ///
  /// Nobody has seen it yet, so it needs no new place in what devices pull.
  ///
  /// - Returns: Whether it has one now.
  func settleScope(_ table: TableSchema, _ key: RowKey, digests: inout ScopedDigests) throws -> Bool
  {
    guard let old = try row(table, key), !old.isDeleted, old.scope == .nobody else { return false }
    var new = old
    new.scope = try scope(of: table, old.values)
    if new.scope == .nobody { return false }
    try connection.run(
      "UPDATE hub_row SET scope = ? WHERE tbl = ? AND key = ?",
      [.text(new.scope.stored), .integer(Int64(table.number)), key.stored])
    digests.replace(table, key, old: old, new: new)
    try moveConflicts(of: table, key, to: new.scope)
    return true
  }

  /// Brings all rows to the scopes that their values give them.
  func moveMisplacedRows() throws {
    // Parents may be declared after their children.
    for _ in schema.tables {
      var hasMoved = false
      for table in schema.tables where table.scope != nil {
        for (key, _) in try misplacedRows(of: table) {
          var digests = ScopedDigests()
          if try moveRow(table, key, digests: &digests) { hasMoved = true }
          try add(digests)
        }
      }
      if !hasMoved { return }
    }
  }

  /// Rows that are noted under another scope than their values give them.
  func misplacedRows(of table: TableSchema) throws -> [(key: RowKey, noted: Scope)] {
    var misplaced: [(key: RowKey, noted: Scope)] = []
    try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
      let key = table.rowKey(of: values)
      if let noted = try notedScope(table.number, key), try noted != scope(of: table, values) {
        misplaced.append((key, noted))
      }
      return true
    }
    return misplaced
  }

  /// Puts a conflict where whoever holds its row pulls it.
  func publishConflict(_ id: Value) throws {
    try publish(PublishedTables.conflict, RowKey([id]), in: scope(ofConflict: id))
  }

  func publishCandidate(_ conflict: Value, _ position: Value) throws {
    try publish(
      PublishedTables.candidate, RowKey([conflict, position]), in: scope(ofConflict: conflict))
  }

  private func scope(ofConflict id: Value) throws -> Scope {
    guard
      let row = try connection.first(
        "SELECT table_name, row_key FROM thuan_conflict WHERE id = ?", [id]),
      let table = row[0].text.flatMap({ schema.table(named: $0) })
    else { return .nobody }
    let key = try RowKey(stored: row[1], columns: table.key.count)
    return try notedScope(table.number, key) ?? .nobody
  }

  /// Puts a row of the hub's own tables where devices of a scope pull it.
  func publish(_ table: Int, _ key: RowKey, in scope: Scope) throws {
    let sequence = try nextSequence()
    if let before = try notedScope(table, key), before != scope {
      try noteExit(from: before, table, key, sequence: sequence)
    }
    try connection.run(
      """
      INSERT INTO hub_row (tbl, key, sequence, scope, sum, meta) VALUES (?, ?, ?, ?, 0, x'')
      ON CONFLICT (tbl, key) DO UPDATE SET sequence = excluded.sequence, scope = excluded.scope
      """,
      [.integer(Int64(table)), key.stored, .integer(sequence), .text(scope.stored)])
  }
}

extension Value {
  fileprivate var scopeName: String {
    switch self {
    case .text(let text): text
    case .integer(let number): String(number)
    default: encodedValues([self]).map { String($0, radix: 16) }.joined(separator: ".")
    }
  }
}
