import SyncCore
import SyncSQLite

/// Whether somebody may do what a change set does: every row that it touches has to be in a scope of
/// his before and after.
///
/// What he can know nothing of is answered as if it were not there, so that nobody finds out by trying.
struct Permission {
  private let store: HubStore
  private let reader: Reader

  init(_ store: HubStore, _ reader: Reader) {
    self.store = store
    self.reader = reader
  }

  /// Looks at a row as it is before a change.
  func check(
    _ old: RowState, _ table: TableSchema, _ change: RowChange, _ changeSet: ChangeSet
  ) throws {
    if reader.writes(old.scope) || old.scope.isOfDevice { return }
    let row = "\(table.name) \(change.key)"
    throw try openRejection(old.scope, changeSet, row)
      ?? Ingest.Rejection(
        reason: change.operation == .insert ? .outsideScope : .unknownRow, detail: row)
  }

  /// Looks at a row as the change set leaves it.
  func checkResult(_ table: TableSchema, _ key: RowKey, _ changeSet: ChangeSet) throws {
    guard let scope = try store.notedScope(table.number, key), !reader.writes(scope) else { return }
    if scope.isOfDevice { return }
    let row = "\(table.name) \(key)"
    if let rejection = try openRejection(scope, changeSet, row) { throw rejection }
    guard let parent = try foreignParent(of: table, key) else {
      throw Ingest.Rejection(reason: .outsideScope, detail: row)
    }
    throw Ingest.Rejection(reason: .missingParent, detail: "\(row) → \(parent)")
  }

  /// What may be said of a scope that he has, or had when he wrote it.
  private func openRejection(_ scope: Scope, _ changeSet: ChangeSet, _ row: String) throws
    -> Ingest.Rejection?
  {
    if reader.reads(scope) { return Ingest.Rejection(reason: .readOnly, detail: row) }
    let base = changeSet.base
    guard try base.number > 0 && store.knows(base) && store.held(scope, at: base) else {
      return nil
    }
    return Ingest.Rejection(reason: .scopeWithdrawn, detail: row)
  }

  /// The row that he has nothing to do with and by which a row comes to be in its scope; nothing if
  /// it is the row itself that says so.
  private func foreignParent(of table: TableSchema, _ key: RowKey) throws -> String? {
    guard let values = try store.connection.first(table.selectByKey, key.values),
      let source = table.scope?.source(for: values), case .row(let name) = source.meaning,
      let parent = store.schema.table(named: name)
    else { return nil }
    let parentKey = RowKey([values[source.column]])
    let scope = try store.notedScope(parent.number, parentKey) ?? .nobody
    return reader.reads(scope) ? nil : "\(name) \(parentKey)"
  }
}
