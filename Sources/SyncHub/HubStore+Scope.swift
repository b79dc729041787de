import SyncCore
import SyncSQLite

/// Where rows belong, and what follows when that changes.
extension HubStore {
  /// The scope that a row's values give it; nothing if it points to a row that is not known.
  func scope(of table: TableSchema, _ values: [Value]) throws -> Scope? {
    guard let rule = table.scope else { return .shared }
    let all = try rule.sources(for: values).map { try scope($0, values) }
    guard let first = all.first else { return .nobody }
    guard let scope = first else { return nil }
    let isPrivate = rule.isPrivate(values) || all.contains { $0?.isPrivate == true }
    return isPrivate ? scope.madePrivate ?? .nobody : scope
  }

  /// The scope that one source gives a row; nothing if it points to a row that is not known.
  func scope(_ source: ScopeRule.Source, _ values: [Value]) throws -> Scope? {
    let value = values[source.column]
    let part = source.part.flatMap { values[$0] == .null ? nil : values[$0].scopeName }
    switch source.meaning {
    case .name: return .named(value.scopeName, part: part)
    case .row(let name):
      guard let parent = schema.table(named: name) else { return .nobody }
      return try notedScope(parent.number, RowKey([value]))
    case .cell(let name, let cell):
      guard let parent = schema.table(named: name), let column = parent.index(named: cell) else {
        return .nobody
      }
      guard let row = try connection.first(parent.selectByKey, [value]) else { return nil }
      return row[column] == .null ? .nobody : .named(row[column].scopeName, part: part)
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

  /// Notes that a device may hold a row that its holder has nothing to do with, or soon may not: it lets
  /// it go unless it is sent the row's scope.
  func noteExit(fromDevice device: String, _ table: Int, _ key: RowKey) throws {
    let row = try connection.first(
      "SELECT sequence, scope FROM hub_row WHERE tbl = ? AND key = ?",
      [.integer(Int64(table)), key.stored])
    guard let sequence = row?[0].integer, let scope = row?[1].text else { return }
    if [.shared, .device(device)].contains(Scope(stored: scope)) { return }
    try noteExit(from: .device(device), table, key, sequence: sequence)
  }

  /// Puts a row's conflicts where the row is.
  func moveConflicts(of table: TableSchema, _ key: RowKey) throws {
    try moveWords(of: table, key)
    let conflicts = try connection.rows(
      "SELECT id FROM thuan_conflict WHERE table_name = ? AND (row_key = ? OR other_key = ?)",
      [.text(table.name), key.stored, key.stored])
    for conflict in conflicts {
      let scope = try place(ofConflict: conflict[0])
      if try notedScope(PublishedTables.conflict, RowKey([conflict[0]])) == scope { continue }
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
  /// If it had none until then nobody has seen it yet, and it needs no new place in what devices pull.
  ///
  /// - Returns: Its scope, if it has come to have another.
  func settleScope(
    _ table: TableSchema, _ key: RowKey, _ old: RowState, digests: inout ScopedDigests
  ) throws -> Scope? {
    if old.isDeleted { return nil }
    guard old.scope == .nobody else {
      return try move(table, key, digests: &digests) ? notedScope(table.number, key) : nil
    }
    var new = old
    new.scope = try scope(of: table, old.values) ?? .nobody
    if new.scope == .nobody { return nil }
    try connection.run(
      "UPDATE hub_row SET scope = ? WHERE tbl = ? AND key = ?",
      [.text(new.scope.stored), .integer(Int64(table.number)), key.stored])
    digests.replace(table, old: old, new: new, marks: table.marks(of: new.values))
    try moveConflicts(of: table, key)
    return new.scope
  }

  /// Puts a conflict where whoever holds its row pulls it.
  func publishConflict(_ id: Value) throws {
    try publish(PublishedTables.conflict, RowKey([id]), in: place(ofConflict: id))
  }

  func publishCandidate(_ conflict: Value, _ position: Value) throws {
    try publish(
      PublishedTables.candidate, RowKey([conflict, position]), in: place(ofConflict: conflict))
  }

  /// Who holds a conflict: whoever holds its row, and of two rows both; nothing if a row has been
  /// forgotten.
  func scope(ofConflict id: Value) throws -> Scope? {
    guard
      let row = try connection.first(
        "SELECT table_name, row_key, other_key FROM thuan_conflict WHERE id = ?", [id]),
      let table = row[0].text.flatMap({ schema.table(named: $0) })
    else { return .nobody }
    let scopes = try [row[1], row[2]].filter { $0 != .null }.map { key -> Scope? in
      let scope = try notedScope(table.number, RowKey(stored: key, columns: table.key.count))
      // What only one device has to be told of is no row any more.
      return scope?.isOfDevice == true ? nil : scope
    }
    if scopes.contains(nil) { return nil }
    return Set(scopes).count == 1 ? scopes[0] : .nobody
  }

  /// The same, or where it is noted if its row has been forgotten.
  private func place(ofConflict id: Value) throws -> Scope {
    try scope(ofConflict: id) ?? notedScope(PublishedTables.conflict, RowKey([id])) ?? .nobody
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
