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
  private let decision: Decision?
  private let past: Past
  private let origin: ChangeOrigin
  private let changeSet: ChangeSet
  private var book: ConflictBook
  private var digests = ScopedDigests()
  private var disposition = Receipt.Disposition.applied
  /// The rows that it touches, in the order in which it first does.
  private var touched: [Touched] = []
  /// Where they are in ``touched``.
  private var places: [Place: Int] = [:]

  private struct Place: Hashable {
    let table: Int
    let key: RowKey
  }

  private struct Touched {
    let table: TableSchema
    let key: RowKey
    /// The row before; nothing if it is new.
    let before: RowState?
    var now: RowState
    /// Whether others belong to it that have to follow it to another scope.
    var move: Move?
  }

  private enum Move {
    case made, moved
  }
  /// Whether a row points to one that is still to come, by which its scope is told.
  private var hasUnsettledScopes = false
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

  /// What an operator has decided about the row that a change set of the hub's changes, in place of what
  /// merging would make of it.
  ///
  /// It comes in by the same door as everything else (law L11).
  struct Decision {
    let outcomes: [Int: Outcome]
    /// The row afterwards; the version is the decision's.
    let outcome: (RowState, Version) -> RowState
  }

  /// A row that may yet come.
  struct AwaitedRow {
    let table: Int
    let key: RowKey
  }

  init(
    _ store: HubStore, links: [TableLink], kinds: [Int: [ColumnKind]], rules: [any HubRule],
    permission: Permission?, decision: Decision?, past: Past, changeSet: ChangeSet,
    origin: ChangeOrigin, book: ConflictBook
  ) {
    self.store = store
    self.links = links
    self.kinds = kinds
    self.rules = rules
    self.permission = permission
    self.decision = decision
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
    for (position, change) in changeSet.changes.enumerated() {
      try rejectIfDependent(change)
      try merge(change, position: position)
    }
    for row in touched where !row.now.isDeleted { try keepParents(of: row) }
    try settleScopes()
    for row in touched {
      try permission?.checkResult(row.table, row.key, row.now, before: row.before)
    }
    try noteWhatMayBeLost()
    for row in touched {
      guard let move = row.move else { continue }
      try store.follow(row.table, row.key, isNew: move == .made, digests: &digests)
    }
    try checkSoftKeys()
    try checkRules()
    // Last, when nothing of it can be undone any more.
    store.add(digests)
    return disposition
  }

  /// Notes rows that a device may have to let go again.
  ///
  /// It may put some where the state that it holds has none: its holder has been given a scope since. If
  /// that is taken away again before it pulls, nothing else tells it to let them go.
  private func noteWhatMayBeLost() throws {
    if changeSet.base.access == 0 || origin.isHubStream { return }
    var kept: [Scope: Bool] = [:]
    for row in touched {
      let scope = row.now.scope
      let isKept = try kept[scope] ?? past.keeps(scope)
      kept[scope] = isKept
      if !isKept {
        try store.noteExit(fromDevice: changeSet.stream.device, row.table.number, row.key)
      }
    }
  }

  // MARK: One change

  private mutating func merge(_ change: RowChange, position: Int) throws {
    let table = try table(of: change)
    try checkKinds(change, table)
    let place = Place(table: table.number, key: change.key)
    let known = places[place]
    let old = try known.map { touched[$0].now } ?? store.row(table, change.key)
    if known == nil, let old { try permission?.check(old, table, change) }
    let sequence = try store.nextSequence()
    let (new, outcomes) = try outcome(of: change, table, old, sequence: sequence)
    if known == nil {
      places[place] = touched.count
      touched.append(Touched(table: table, key: change.key, before: old, now: new))
    }
    try write(new, over: old, table, change.key, sequence: sequence)
    let isPlainCreation = old == nil && change.operation == .insert && outcomes.isPlain
    if !isPlainCreation {
      try store.writeHistory(
        table, change.key, number: origin.changeSet, position: position, outcomes: outcomes)
    }
    note(outcomes)
  }

  /// What becomes of a row, by merging or as it has been decided.
  private func outcome(
    of change: RowChange, _ table: TableSchema, _ old: RowState?, sequence: Int64
  ) throws -> (RowState, [Int: Outcome]) {
    let hasChildren = try change.operation == .delete && hasChildren(table, change.key)
    if let decision, let old {
      if hasChildren { throw Rejection(reason: .constraint, detail: Self.hasChildren) }
      return (decision.outcome(old, Version(origin, sequence: sequence)), decision.outcomes)
    }
    do {
      return try RowState.merge(
        old, change, from: try knowledge(of: old), table: table, sequence: sequence,
        hasUnknownChildren: hasChildren)
    } catch let refusal as MergeRefusal {
      throw rejection(refusal, table, change.key)
    }
  }

  /// The detail of a rejection where a deletion has been confirmed of a row to which others point.
  static let hasChildren = "children"

  /// Notes that other rows may have to go where a row is now; they do so once for the whole change set.
  private func move(_ table: TableSchema, from old: RowState?, to new: Scope) -> Move? {
    let dependents = store.schema.scopeDependents(of: table)
    if dependents.isEmpty, old == nil { return nil }
    guard let old else { return dependents.contains { $0.condition != nil } ? .made : nil }
    // Nobody knows where one belonged that had been forgotten; its conflicts may be elsewhere.
    let hasMoved =
      old.scope != new || old.isForgotten || dependents.contains { $0.cell != nil }
    return hasMoved ? .moved : nil
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
      let now = try store.write(
        new, over: old, table, key, sequence: sequence, digests: &digests)
      if now.scope == .nobody || pointsElsewhere(table, from: old, to: now) {
        hasUnsettledScopes = true
      }
      if let index = places[Place(table: table.number, key: key)] {
        touched[index].now = now
        if let move = move(table, from: old, to: now.scope) { touched[index].move = move }
      }
    } catch let violation as ConstraintViolation {
      throw Rejection(reason: .constraint, detail: "\(table.name) \(key): \(violation.detail)")
    }
    try book.update(table, key, from: old, to: new)
  }

  /// Whether a row belongs to another one than before, which may still be to come.
  private func pointsElsewhere(_ table: TableSchema, from old: RowState?, to new: RowState) -> Bool
  {
    guard let old, !new.isDeleted, let rule = table.scope else { return false }
    return rule.sources(for: new.values).contains { source in
      if case .name = source.meaning { return false }
      return old.values[source.column] != new.values[source.column]
    }
  }

  /// A row's parent may come after it in one change set.
  private mutating func settleScopes() throws {
    while hasUnsettledScopes {
      hasUnsettledScopes = false
      for index in touched.indices where touched[index].table.scope != nil {
        let row = touched[index]
        // It may have followed a row that came back.
        let noted = try store.notedScope(row.table.number, row.key)
        touched[index].now.scope = noted ?? row.now.scope
        guard
          let scope = try store.settleScope(
            row.table, row.key, touched[index].now, digests: &digests)
        else { continue }
        touched[index].now.scope = scope
        hasUnsettledScopes = true
      }
    }
  }

  private mutating func note(_ outcomes: [Int: Outcome]) {
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
    func takes(_ column: Int, _ value: Value) -> Bool {
      !kinds.indices.contains(column) || kinds[column].takes(value)
    }
    for (column, value) in zip(table.key, change.key.values) {
      if !takes(column, value) || value == .null { throw misfit(change, table, column) }
    }
    if change.operation == .delete { return }
    // By index, since a field taken out of its array is two values copied, for every value that comes.
    for index in change.fields.indices {
      guard let column = table.index(number: change.fields[index].column) else { continue }
      if !takes(column, change.fields[index].after) { throw misfit(change, table, column) }
    }
  }

  private func misfit(_ change: RowChange, _ table: TableSchema, _ column: Int) -> Rejection {
    Rejection(
      reason: .constraint, detail: "\(table.name) \(change.key): \(table.columns[column].name)")
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
    guard !origin.isHubStream, try store.hasQuarantine() else { return }
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

  /// A row, and its links that have not been looked at yet.
  private struct Linked {
    let row: Touched
    /// Whether it came back: where it points is nobody's word here.
    var isRevived = false
    var links: ArraySlice<TableLink>
  }

  /// A live row keeps the rows it points to alive: one that somebody deleted comes back, and its
  /// deletion becomes a question for the operator.
  ///
  /// What comes back keeps its own parents: in a list of what is left to do, since how deep that goes is
  /// for the data to say, and no stack is as deep.
  private mutating func keepParents(of row: Touched) throws {
    let own = links(of: row.table)
    if own.isEmpty { return }
    var open = [Linked(row: row, links: own)]
    while var next = open.popLast() {
      guard let link = next.links.popFirst() else { continue }
      open.append(next)
      guard let revived = try keepParent(by: link, of: next.row, isRevived: next.isRevived) else {
        continue
      }
      open.append(Linked(row: revived, isRevived: true, links: links(of: revived.table)))
    }
  }

  private func links(of table: TableSchema) -> ArraySlice<TableLink> {
    links.filter { $0.child == table.number }[...]
  }

  /// - Returns: The row that a link points to, if it had to be brought back.
  private mutating func keepParent(
    by link: TableLink, of row: Touched, isRevived: Bool
  ) throws -> Touched? {
    let (values, before) = (row.now.values, row.before)
    let key = RowKey(link.childColumns.map { values[$0] })
    if key.values.contains(.null) { return nil }
    guard let parent = store.schema.table(number: link.parent) else { return nil }
    lazy var name = "\(row.table.name) \(row.key)"
    let isNew = before.map { old in link.childColumns.contains { old.values[$0] != values[$0] } }
    if !isRevived, isNew ?? true { try permission?.checkLink(parent, key, from: name) }
    if livingParents[link.parent]?.contains(key) == true { return nil }
    if try isLiving(parent, key) {
      livingParents[link.parent, default: []].insert(key)
      return nil
    }
    guard let old = try store.row(parent, key), let deletion = old.deletion else {
      throw Rejection(
        reason: .missingParent, detail: "\(name) → \(parent.name) \(key)",
        awaited: AwaitedRow(table: parent.number, key: key))
    }
    try permission?.checkRevival(old, parent, key, from: name)
    let now = try revive(parent, key, old, deletion)
    return Touched(table: parent, key: key, before: nil, now: now)
  }

  private func isLiving(_ table: TableSchema, _ key: RowKey) throws -> Bool {
    if let index = places[Place(table: table.number, key: key)] {
      return !touched[index].now.isDeleted
    }
    return try store.connection.first(table.selectByKey, key.values) != nil
  }

  private mutating func revive(
    _ table: TableSchema, _ key: RowKey, _ old: RowState, _ deletion: Version
  ) throws -> RowState {
    let sequence = try store.nextSequence()
    var new = old
    new.deletion = nil
    new.sentWhole = sequence
    new.deletions.append(Candidate(.deletion, of: deletion, values: []))
    try write(new, over: old, table, key, sequence: sequence)
    try store.follow(table, key, digests: &digests)
    hasUnsettledScopes = true
    disposition = .conflicted
    return new
  }

  // MARK: Keys and rules

  private mutating func checkSoftKeys() throws {
    for row in touched where !row.table.softKeys.isEmpty {
      let values = row.now.isDeleted ? nil : row.now.values
      for softKey in row.table.softKeys {
        try book.checkDuplicates(row.table, row.key, values: values, softKey)
      }
    }
  }

  private mutating func checkRules() throws {
    guard !rules.isEmpty else { return }
    let view = HubView(connection: store.connection)
    // A deleted row as it was last.
    let last = touched.map { TouchedRow(table: $0.table, key: $0.key, values: $0.now.values) }
    var known = Set(last.map { RowReference($0.table.name, $0.key) })
    var examined = last.map { ($0.table, $0.key) }
    var rows = zip(touched, last).filter { !$0.0.now.isDeleted }.map(\.1)
    for rule in rules {
      for row in try rule.concerned(by: last, in: view) where known.insert(row).inserted {
        guard let table = store.schema.table(named: row.table) else { continue }
        examined.append((table, row.key))
        if let values = try store.connection.first(table.selectByKey, row.key.values) {
          rows.append(TouchedRow(table: table, key: row.key, values: values))
        }
      }
    }
    let findings = try rules.flatMap { try $0.findings(about: rows, in: view) }
    for finding in findings { try book.raise(finding) }
    for (table, key) in examined { try book.closeSuspicions(about: table, key, but: findings) }
  }
}

extension [Int: Outcome] {
  /// Whether a row was made as it was written, and nothing more can be said of it.
  fileprivate var isPlain: Bool { count == 1 && self[Outcome.row] == .applied }
}

extension Version {
  fileprivate init(_ origin: ChangeOrigin, sequence: Int64) {
    self.init(
      sequence: sequence, stream: origin.stream, changeSet: origin.changeSet, stamp: origin.stamp,
      isFlagged: origin.isFlagged)
  }
}

extension ChangeOrigin {
  var isHubStream: Bool { stream == Self.hubStream }
}
