import SyncCore
import SyncSQLite

/// Whether somebody may do what a change set does: every row that it touches has to be in a scope of
/// his before and after.
///
/// What he can know nothing of is answered as if it were not there, so that nobody finds out by trying.
struct Permission {
  private let store: HubStore
  private let reader: Reader
  private let past: Past

  /// Nothing for who may do everything, so that no row of his is looked at.
  init?(_ store: HubStore, _ reader: Reader, _ past: Past) {
    if reader.access.written == nil { return nil }
    self.store = store
    self.reader = reader
    self.past = past
  }

  /// Looks at a row as it is before a change.
  func check(_ old: RowState, _ table: TableSchema, _ change: RowChange) throws {
    let row = "\(table.name) \(change.key)"
    // What only the hub writes is everybody's to read: nobody's wish about it goes to everybody.
    if table.rows == .hubOnly {
      throw Ingest.Rejection(reason: .hubOnlyTable, detail: row)
    }
    if reader.writes(old.scope) || old.scope.isOfDevice { return }
    if let rejection = try openRejection(old.scope, table, change.key, row) { throw rejection }
    if change.operation == .insert {
      // First what would be wrong with it if there were none.
      let values = change.values(in: table)
      for source in table.scope?.sources(for: values) ?? [] { try check(source, values, row) }
      throw Ingest.Rejection(reason: .outsideScope, detail: row)
    }
    throw Ingest.Rejection(
      reason: .unknownRow, detail: row,
      awaited: Ingest.AwaitedRow(table: table.number, key: change.key))
  }

  /// Looks at whom a row that is made names as who made it: the officer who did, or one for whom he may
  /// record.
  ///
  /// What a row said of that before it was taken away it may say again.
  func checkAuthors(
    _ change: RowChange, _ table: TableSchema, before old: RowState?, officer: String
  ) throws {
    guard change.operation == .insert else { return }
    for index in table.authors {
      let column = table.columns[index]
      let field = change.fields.first { $0.column == column.number }
      guard let author = field?.after.text, !reader.access.mayName(author, writtenBy: officer),
        old.map({ $0.values.indices.contains(index) && $0.values[index] == field?.after }) != true
      else { continue }
      throw Ingest.Rejection(
        reason: .otherOfficer, detail: "\(table.name) \(change.key): \(column.name)")
    }
  }

  /// Looks at a row as the change set leaves it.
  func checkResult(_ table: TableSchema, _ key: RowKey, _ now: RowState, before: RowState?) throws {
    if now.scope.isOfDevice { return }
    let row = "\(table.name) \(key)"
    if !now.isDeleted {
      for source in table.scope?.sources(for: now.values) ?? [] {
        // What he has left as it was he need not see.
        if let before, before.values[source.column] == now.values[source.column] { continue }
        try check(source, now.values, row)
      }
    }
    if reader.writes(now.scope) { return }
    throw try openRejection(now.scope, row) ?? Ingest.Rejection(reason: .outsideScope, detail: row)
  }

  /// Looks at a row to which one of his points: he has to see it.
  func checkLink(_ parent: TableSchema, _ key: RowKey, from row: String) throws {
    guard let scope = try store.notedScope(parent.number, key), !reader.reads(scope) else { return }
    throw try missing(parent, key, from: row, scope)
  }

  /// Looks at a deleted row that would come back because one of his points to it.
  func checkRevival(_ old: RowState, _ parent: TableSchema, _ key: RowKey, from row: String) throws
  {
    if !reader.writes(old.scope) { throw try missing(parent, key, from: row, old.scope) }
  }

  private func check(_ source: ScopeRule.Source, _ values: [Value], _ row: String) throws {
    let scope = try store.scope(source, values)
    if let scope, reader.writes(scope) { return }
    guard case .row(let name) = source.meaning, let parent = store.schema.table(named: name) else {
      return
    }
    let key = RowKey([values[source.column]])
    if let scope, reader.reads(scope) { return }
    throw try missing(parent, key, from: row, scope ?? .nobody)
  }

  private func missing(
    _ parent: TableSchema, _ key: RowKey, from row: String, _ scope: Scope
  ) throws -> Ingest.Rejection {
    try openRejection(scope, parent, key, row)
      ?? Ingest.Rejection(
        reason: .missingParent, detail: "\(row) → \(parent.name) \(key)",
        awaited: Ingest.AwaitedRow(table: parent.number, key: key))
  }

  /// What may be said of a row that is, or was when he wrote it, in a scope of his.
  private func openRejection(
    _ scope: Scope, _ table: TableSchema, _ key: RowKey, _ row: String
  ) throws -> Ingest.Rejection? {
    if let rejection = try openRejection(scope, row) { return rejection }
    guard try past.held(rowOf: table.number, key) else { return nil }
    return Ingest.Rejection(reason: .scopeWithdrawn, detail: row)
  }

  private func openRejection(_ scope: Scope, _ row: String) throws -> Ingest.Rejection? {
    if reader.reads(scope) { return Ingest.Rejection(reason: .readOnly, detail: row) }
    guard try past.held(scope) else { return nil }
    return Ingest.Rejection(reason: .scopeWithdrawn, detail: row)
  }
}

/// What somebody held when he wrote a change set.
final class Past {
  private let store: HubStore
  private let base: HubPoint
  private let device: String
  private let isFromHub: Bool
  private let isGiven: () throws -> Bool
  private var wasGiven: Bool?

  init(_ store: HubStore, _ changeSet: ChangeSet, _ origin: ChangeOrigin) {
    self.store = store
    base = changeSet.base
    device = changeSet.stream.device
    isFromHub = origin.isHubStream
    isGiven = {
      try origin.isProven && changeSet.base.number > 0
        && store.wasGiven(changeSet.base.access, to: changeSet.stream, origin.ancestors)
    }
  }

  /// Whether he held the rows of a scope; nobody's word is taken for what he was never given.
  func held(_ scope: Scope) throws -> Bool {
    if isFromHub { return true }
    return try hasState() && store.isHeld(scope, in: base.access)
  }

  /// What somebody knew of a row: his base says nothing of rows that he did not hold then.
  func knowledge(of row: RowState?, _ origin: ChangeOrigin) throws -> ChangeOrigin {
    guard let row, base.number > 0, row.scope != .shared, !row.scope.isOfDevice,
      try !held(row.scope)
    else { return origin }
    return origin.unproven
  }

  /// Whether the state that the device holds has the rows of a scope in it, as far as the hub knows: when
  /// this was written, and by what it has been sent since.
  func keeps(_ scope: Scope) throws -> Bool {
    try store.isHeld(scope, in: base.access) && store.isSent(scope, to: device)
  }

  /// Whether he held a row that has left for another scope since.
  func held(rowOf table: Int, _ key: RowKey) throws -> Bool {
    guard try hasState() else { return false }
    let exits = try store.connection.rows(
      "SELECT scope FROM hub_exit WHERE tbl = ? AND key = ? AND sequence > ?",
      [.integer(Int64(table)), key.stored, .integer(base.sequence)])
    return try exits.contains {
      try store.isHeld(Scope(stored: $0[0].text ?? ""), in: base.access)
    }
  }

  private func hasState() throws -> Bool {
    if let wasGiven { return wasGiven }
    let answer = try isGiven()
    wasGiven = answer
    return answer
  }
}

extension RowChange {
  /// The values of a row that it makes.
  fileprivate func values(in table: TableSchema) -> [Value] {
    var values = Array(repeating: Value.null, count: table.columns.count)
    for (column, value) in zip(table.key, key.values) { values[column] = value }
    for field in fields {
      if let column = table.index(number: field.column) { values[column] = field.after }
    }
    return values
  }
}
