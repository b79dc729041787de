import SyncCore
import SyncSQLite

/// Takes one change set in: merges its changes in their order and sees to what follows from them.
///
/// It runs inside a savepoint, so that a change set is in the hub whole or not at all (law L4).
struct Ingest {
  private let store: HubStore
  private let links: [TableLink]
  private let kinds: [Int: [ColumnKind]]
  private let rules: [any HubRule]
  private let permission: Permission?
  private let past: Past
  private let origin: ChangeOrigin
  private let changeSet: ChangeSet
  private var book: ConflictBook
  private var digests = ScopedDigests()
  private var disposition = Receipt.Disposition.applied
  /// The rows that it touches, as they were before; nothing for new ones.
  private var touched: [Int: [RowKey: RowState?]] = [:]
  private var touchedOrder: [(table: TableSchema, key: RowKey)] = []
  /// Rows to which others belong that have to follow them to another scope.
  private var moved: [Int: [RowKey: Move]] = [:]

  private enum Move {
    case made, moved
  }
  /// Whether a row points to one that is still to come, by which its scope is told.
  private var hasUnsettledScopes = false
  /// Whether anything at all waits in quarantine.
  private var hasQuarantine = false
  /// Parents that this change set's rows point to and that have been seen to live.
  private var livingParents: [Int: Set<RowKey>] = [:]
  /// Rows that this change set deletes: as children they keep no parent alive.
  private let deleted: [Int: Set<RowKey>]

  /// Why a change set goes to quarantine, and what about.
  struct Rejection: Error {
    let reason: QuarantineReason
    let detail: String
    /// The row that it lacks, if that is the reason.
    var awaited: AwaitedRow?
  }

  /// A row that may yet come.
  struct AwaitedRow {
    let table: Int
    let key: RowKey
  }

  init(
    _ store: HubStore, links: [TableLink], kinds: [Int: [ColumnKind]], rules: [any HubRule],
    permission: Permission?, past: Past, changeSet: ChangeSet, origin: ChangeOrigin,
    book: ConflictBook
  ) {
    self.store = store
    self.links = links
    self.kinds = kinds
    self.rules = rules
    self.permission = permission
    self.past = past
    self.origin = origin
    self.changeSet = changeSet
    self.book = book
    var deleted: [Int: Set<RowKey>] = [:]
    for change in changeSet.changes where change.operation == .delete {
      deleted[change.table, default: []].insert(change.key)
    }
    self.deleted = deleted
  }

  /// - Returns: The worst of what became of its changes.
  /// - Throws: ``Rejection`` if it has to go to quarantine, and the storage's errors.
  mutating func run() throws -> Receipt.Disposition {
    hasQuarantine = try store.connection.first("SELECT 1 FROM hub_quarantined_row LIMIT 1") != nil
    for (position, change) in changeSet.changes.enumerated() {
      try rejectIfDependent(change)
      try merge(change, position: position)
    }
    for row in touchedOrder { try keepParents(of: row.table, row.key) }
    try settleScopes()
    for row in touchedOrder {
      try permission?.checkResult(
        row.table, row.key, before: touched[row.table.number]?[row.key] ?? nil)
    }
    for row in touchedOrder {
      guard let move = moved[row.table.number]?[row.key] else { continue }
      try store.follow(row.table, row.key, isNew: move == .made, digests: &digests)
    }
    try store.add(digests)
    try checkSoftKeys()
    try checkRules()
    return disposition
  }

  // MARK: One change

  private mutating func merge(_ change: RowChange, position: Int) throws {
    let table = try table(of: change)
    try checkKinds(change, table)
    let old = try store.row(table, change.key)
    if let old, touched[table.number]?[change.key] == nil {
      try permission?.check(old, table, change)
    }
    let sequence = try store.nextSequence()
    let new: RowState
    let outcomes: [Int: Outcome]
    do {
      (new, outcomes) = try RowState.merge(
        old, change, from: try knowledge(of: old), table: table, sequence: sequence,
        hasUnknownChildren: change.operation == .delete && hasChildren(table, change.key))
    } catch let refusal as MergeRefusal {
      throw rejection(refusal, table, change.key)
    }
    try write(new, over: old, table, change.key, sequence: sequence)
    try store.writeHistory(
      table, change.key, number: origin.changeSet, position: position, outcomes: outcomes)
    note(outcomes, change: change)
    touch(table, change.key, old)
  }

  private mutating func touch(_ table: TableSchema, _ key: RowKey, _ old: RowState?) {
    if touched[table.number]?[key] != nil { return }
    touched[table.number, default: [:]][key] = .some(old)
    touchedOrder.append((table, key))
  }

  /// Notes that other rows may have to go where a row is now; they do so once for the whole change set.
  private mutating func noteMove(
    _ table: TableSchema, _ key: RowKey, from old: RowState?, to new: Scope
  ) {
    let dependents = store.schema.scopeDependents(of: table)
    if let old {
      // Nobody knows where one belonged that had been forgotten; its conflicts may be elsewhere.
      guard old.scope != new || old.isForgotten || dependents.contains(where: { $0.cell != nil })
      else { return }
      moved[table.number, default: [:]][key] = .moved
    } else if dependents.contains(where: { $0.condition != nil }) {
      moved[table.number, default: [:]][key] = .made
    }
  }

  /// Who a row is changed by, and knowing what: its base says nothing of rows that a device did not
  /// hold then.
  private func knowledge(of old: RowState?) throws -> ChangeOrigin {
    guard let old, changeSet.base.number > 0, old.scope != .shared, !old.scope.isOfDevice,
      try !past.held(old.scope)
    else { return origin }
    return origin.unproven
  }

  private mutating func write(
    _ new: RowState, over old: RowState?, _ table: TableSchema, _ key: RowKey, sequence: Int64
  ) throws {
    do {
      let scope = try store.write(
        new, over: old, table, key, sequence: sequence, digests: &digests)
      if scope == .nobody { hasUnsettledScopes = true }
      noteMove(table, key, from: old, to: scope)
    } catch let violation as ConstraintViolation {
      throw Rejection(reason: .constraint, detail: "\(table.name) \(key): \(violation.detail)")
    }
    try book.update(table, key, from: old, to: new)
  }

  /// A row's parent may come after it in one change set.
  private mutating func settleScopes() throws {
    while hasUnsettledScopes {
      hasUnsettledScopes = false
      for row in touchedOrder where row.table.scope != nil {
        if try store.settleScope(row.table, row.key, digests: &digests) {
          hasUnsettledScopes = true
        }
      }
    }
  }

  private mutating func note(_ outcomes: [Int: Outcome], change: RowChange) {
    switch outcomes.values.max() {
    case .conflicted: disposition = .conflicted
    case .merged, .agreed: if disposition == .applied { disposition = .merged }
    default: break
    }
  }

  private func table(of change: RowChange) throws -> TableSchema {
    guard let table = store.schema.table(number: change.table),
      change.key.values.count == table.key.count
    else { throw Rejection(reason: .unknownColumn, detail: "table \(change.table)") }
    return table
  }

  /// Whether the tables can hold every value of a change as it came.
  private func checkKinds(_ change: RowChange, _ table: TableSchema) throws {
    let kinds = kinds[table.number] ?? []
    func check(_ column: Int, _ value: Value, isKey: Bool) throws {
      if !kinds.indices.contains(column) || kinds[column].takes(value), !isKey || value != .null {
        return
      }
      throw Rejection(
        reason: .constraint, detail: "\(table.name) \(change.key): \(table.columns[column].name)")
    }
    for (column, value) in zip(table.key, change.key.values) {
      try check(column, value, isKey: true)
    }
    for field in change.fields where change.operation != .delete {
      guard let column = table.index(number: field.column) else { continue }
      try check(column, field.after, isKey: false)
    }
  }

  private func rejection(_ refusal: MergeRefusal, _ table: TableSchema, _ key: RowKey) -> Rejection
  {
    switch refusal {
    case .unknownRow:
      Rejection(
        reason: .unknownRow, detail: "\(table.name) \(key)",
        awaited: AwaitedRow(table: table.number, key: key))
    case .hubOnlyTable: Rejection(reason: .hubOnlyTable, detail: table.name)
    case .unknownColumn(let column):
      Rejection(reason: .unknownColumn, detail: "\(table.name), column \(column)")
    }
  }

  /// What a device builds on a row of its own that waits in quarantine waits with it.
  ///
  /// Others have never seen that, and are not held up.
  private func rejectIfDependent(_ change: RowChange) throws {
    guard hasQuarantine, !origin.isHubStream else { return }
    // A row that the other one lacks is what it waits for, and does not wait itself.
    let unlessAwaited =
      change.operation == .insert
      ? """
      AND NOT EXISTS (SELECT 1 FROM hub_awaited_row a
        WHERE a.tbl = q.tbl AND a.key = q.key AND a.number = q.number)
      """ : ""
    let row = try store.connection.first(
      """
      SELECT min(q.number) FROM hub_quarantined_row q JOIN hub_change_set c ON c.number = q.number
      WHERE q.tbl = ? AND q.key = ? AND q.number < ? AND c.stream = ? \(unlessAwaited)
      """,
      [
        .integer(Int64(change.table)), change.key.stored, .integer(origin.changeSet),
        .integer(Int64(origin.stream)),
      ])
    if let number = row?[0].integer {
      throw Rejection(reason: .dependent, detail: "change set \(number)")
    }
  }

  // MARK: Parents and children

  private func hasChildren(_ parent: TableSchema, _ key: RowKey) throws -> Bool {
    for link in links where link.parent == parent.number {
      guard let child = store.schema.table(number: link.child) else { continue }
      let condition = link.childColumns.map { "\(quoted(child.columns[$0].name)) = ?" }
      var found = false
      try store.connection.each(
        "SELECT \(child.columnList) FROM \(quoted(child.name)) WHERE "
          + condition.joined(separator: " AND "), key.values
      ) { values in
        found = deleted[child.number]?.contains(child.rowKey(of: values)) != true
        return !found
      }
      if found { return true }
    }
    return false
  }

  /// A live row keeps the rows it points to alive: one that somebody deleted comes back, and its
  /// deletion becomes a question for the operator.
  private mutating func keepParents(
    of table: TableSchema, _ key: RowKey, isRevived: Bool = false
  ) throws {
    let links = links.filter { $0.child == table.number }
    guard !links.isEmpty,
      let values = try store.connection.first(table.selectByKey, key.values)
    else { return }
    let row = "\(table.name) \(key)"
    let before = touched[table.number]?[key] ?? nil
    for link in links {
      let parentKey = RowKey(link.childColumns.map { values[$0] })
      if parentKey.values.contains(.null) { continue }
      guard let parent = store.schema.table(number: link.parent) else { continue }
      let isNew = before.map { old in link.childColumns.contains { old.values[$0] != values[$0] } }
      // Where a row that comes back points is nobody's word here.
      if !isRevived, isNew ?? true { try permission?.checkLink(parent, parentKey, from: row) }
      if livingParents[link.parent]?.contains(parentKey) == true { continue }
      if try store.connection.first(parent.selectByKey, parentKey.values) != nil {
        livingParents[link.parent, default: []].insert(parentKey)
        continue
      }
      guard let old = try store.row(parent, parentKey), let deletion = old.deletion else {
        throw Rejection(
          reason: .missingParent, detail: "\(row) → \(parent.name) \(parentKey)",
          awaited: AwaitedRow(table: parent.number, key: parentKey))
      }
      try permission?.checkRevival(old, parent, parentKey, from: row)
      try revive(parent, parentKey, old, deletion)
      try keepParents(of: parent, parentKey, isRevived: true)
    }
  }

  private mutating func revive(
    _ table: TableSchema, _ key: RowKey, _ old: RowState, _ deletion: Version
  ) throws {
    let sequence = try store.nextSequence()
    var new = old
    new.deletion = nil
    new.sentWhole = sequence
    new.deletions.append(Candidate(.deletion, of: deletion, values: []))
    try write(new, over: old, table, key, sequence: sequence)
    try store.follow(table, key, digests: &digests)
    disposition = .conflicted
  }

  // MARK: Keys and rules

  private mutating func checkSoftKeys() throws {
    for row in touchedOrder where !row.table.softKeys.isEmpty {
      let values = try store.connection.first(row.table.selectByKey, row.key.values)
      for softKey in row.table.softKeys {
        try book.checkDuplicates(row.table, row.key, values: values, softKey)
      }
    }
  }

  private mutating func checkRules() throws {
    guard !rules.isEmpty else { return }
    let view = HubView(connection: store.connection)
    var examined = touchedOrder
    var known = Set(examined.map { RowReference($0.table.name, $0.key) })
    let touched = try examined.compactMap { try lastValues(of: $0) }
    for rule in rules {
      for row in try rule.concerned(by: touched, in: view) where known.insert(row).inserted {
        if let table = store.schema.table(named: row.table) { examined.append((table, row.key)) }
      }
    }
    var rows: [TouchedRow] = []
    for (table, key) in examined {
      guard let values = try store.connection.first(table.selectByKey, key.values) else { continue }
      rows.append(TouchedRow(table: table, key: key, values: values))
    }
    let findings = try rules.flatMap { try $0.findings(about: rows, in: view) }
    for finding in findings { try book.raise(finding) }
    for row in examined { try book.closeSuspicions(about: row.table, row.key, but: findings) }
  }

  /// A row as it is, or as it was when it was deleted.
  private func lastValues(of row: (table: TableSchema, key: RowKey)) throws -> TouchedRow? {
    let values =
      try store.connection.first(row.table.selectByKey, row.key.values)
      ?? store.row(row.table, row.key)?.values
    return values.map { TouchedRow(table: row.table, key: row.key, values: $0) }
  }
}

extension ChangeOrigin {
  var isHubStream: Bool { stream == Self.hubStream }
}
