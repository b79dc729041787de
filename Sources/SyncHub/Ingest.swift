import SyncCore
import SyncSQLite

/// Takes one change set in: merges its changes in their order and sees to what follows from them.
///
/// It runs inside a savepoint, so that a change set is in the hub whole or not at all (law L4). What
/// counts is how it leaves the rows, and not by which of its changes in which order: a device's
/// transaction ended so.
struct Ingest {
  let store: HubStore
  private let kinds: [Int: [ColumnKind]]
  private let rules: [any HubRule]
  let permission: Permission?
  private let decision: Decision?
  private let past: Past
  let origin: ChangeOrigin
  private let changeSet: ChangeSet
  /// A change with what its writer's schema left out of it.
  private let filled: (RowChange) -> RowChange
  private var book: ConflictBook
  var digests = ScopedDigests()
  var disposition = Receipt.Disposition.applied
  var touched: TouchedRows
  /// Whether a row points to one that is still to come, by which its scope is told.
  var hasUnsettledScopes = false
  /// Parents that this change set's rows point to and that have been seen to live.
  var livingParents: Set<RowPlace> = []
  /// Change sets whose deletions were looked at again.
  var recorded: [Int64: RecordedDeletions] = [:]
  /// Where in the change set rows are deleted, for good as far as it says: as children they keep no
  /// parent alive.
  private let deletions: LastDeletions

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
    _ store: HubStore, kinds: [Int: [ColumnKind]], rules: [any HubRule],
    permission: Permission?, decision: Decision?, past: Past, changeSet: ChangeSet,
    origin: ChangeOrigin, filled: @escaping (RowChange) -> RowChange, book: ConflictBook
  ) {
    self.store = store
    self.kinds = kinds
    self.rules = rules
    self.permission = permission
    self.decision = decision
    self.past = past
    self.origin = origin
    self.changeSet = changeSet
    self.filled = filled
    self.book = book
    touched = TouchedRows(store, changeSet.changes)
    deletions = LastDeletions(changeSet.changes)
  }

  /// - Returns: The worst of what became of its changes.
  /// - Throws: ``Rejection`` if it has to go to quarantine, and the storage's errors.
  mutating func run() throws -> Receipt.Disposition {
    try bringToPlace()
    try mergeChanges()
    try keepParents()
    try carryOutIdleDeletions()
    try settleScopes()
    try checkResults()
    try noteWhatMayBeLost()
    for index in touched.indices {
      guard let move = touched.move(at: index) else { continue }
      try store.follow(
        touched.table(at: index), touched.key(at: index), isNew: move == .made, digests: &digests)
    }
    try checkSoftKeys()
    try checkRules()
    // Last, when nothing of it can be undone any more.
    store.add(digests)
    return disposition
  }

  /// While rows are on their way to other scopes, brings those that the change set names, and those to
  /// which they are to point, to where they belong.
  private mutating func bringToPlace() throws {
    guard try store.hasFollowing() else { return }
    for change in changeSet.changes {
      guard let table = store.schema.table(number: change.table) else { continue }
      try store.bringToPlace(table, change.key, digests: &digests)
      for (parent, key) in change.named(in: table, store) {
        try store.bringToPlace(parent, key, digests: &digests)
      }
    }
  }

  /// Merges change by change, and deletions last: by then rows that pointed to a deleted one may be
  /// elsewhere, or gone.
  private mutating func mergeChanges() throws {
    for (position, change) in changeSet.changes.enumerated() {
      try rejectIfDependent(change)
      let isLast = deletions[RowPlace(table: change.table, key: change.key)] == position
      if !isLast { try merge(filled(change), position: position) }
    }
    for position in deletions.positions.map({ Int($0) }) {
      let change = changeSet.changes[position]
      let table = try table(of: change)
      let isNamed = try isNamed(table, change.key, unknownTo: origin) { deletions[$0] != nil }
      try merge(change, position: position, isNamed: isNamed)
    }
    if let (index, violation) = touched.firstRefused() {
      let row = try touched.row(at: index)
      throw Rejection(reason: .constraint, detail: "\(row.text): \(violation.detail)")
    }
  }

  private func checkResults() throws {
    guard let permission else { return }
    for index in touched.indices where !touched.isConsequence(at: index) {
      let row = try touched.row(at: index)
      try permission.checkResult(row.table, row.key, row.now, before: row.before)
    }
  }

  /// Notes rows that a device may have to let go again.
  ///
  /// It may put some where the state that it holds has none: its holder has been given a scope since. If
  /// that is taken away again before it pulls, nothing else tells it to let them go.
  private func noteWhatMayBeLost() throws {
    if changeSet.base.access == 0 || origin.isHubStream { return }
    var kept: [Scope: Bool] = [:]
    for index in touched.indices where !touched.isConsequence(at: index) {
      let scope = touched.scope(at: index)
      let isKept = try kept[scope] ?? past.keeps(scope)
      kept[scope] = isKept
      if !isKept {
        try store.noteExit(
          fromDevice: changeSet.stream.device, touched.table(at: index).number,
          touched.key(at: index))
      }
    }
  }

  // MARK: One change

  /// - Parameters:
  ///   - change: What is done to a row.
  ///   - position: Where in the change set it is.
  ///   - isNamed: For a deletion that is the last word: whether something points to the row that its
  ///     writer did not know or did not delete.
  /// - Throws: ``Rejection``, and the storage's errors.
  private mutating func merge(
    _ change: RowChange, position: Int, isNamed: Bool = false
  ) throws {
    let table = try table(of: change)
    try checkKinds(change, table)
    let place = RowPlace(table: table.number, key: change.key)
    let known = touched.index(of: place)
    var row = try known.map { try touched.row(at: $0) }
    let old = try row?.now ?? store.row(table, change.key)
    if known == nil, let old { try permission?.check(old, table, change) }
    try permission?.checkAuthors(change, table, before: old, officer: changeSet.officer)
    let sequence = try store.nextSequence()
    let (new, outcomes) = try outcome(of: change, table, old, isNamed: isNamed, sequence: sequence)
    row =
      row
      ?? TouchedState(
        table: table, key: change.key, before: old, now: new, stored: old)
    if var row {
      try write(new, to: &row, sequence: sequence)
      _ = touched.put(row, at: known, by: position)
    }
    let isPlainCreation = old == nil && change.operation == .insert && outcomes.isPlain
    if !isPlainCreation {
      try store.writeHistory(
        table, change.key, number: origin.changeSet, position: position, outcomes: outcomes)
    }
    note(outcomes)
  }

  /// What becomes of a row, by merging or as it has been decided.
  private func outcome(
    of change: RowChange, _ table: TableSchema, _ old: RowState?, isNamed: Bool, sequence: Int64
  ) throws -> (RowState, [Int: Outcome]) {
    if let decision, let old {
      if isNamed { throw Rejection(reason: .constraint, detail: Self.hasChildren) }
      return (decision.outcome(old, Version(origin, sequence: sequence)), decision.outcomes)
    }
    do {
      return try RowState.merge(
        old, change, from: try knowledge(of: old), table: table, sequence: sequence,
        hasUnknownChildren: isNamed)
    } catch let refusal as MergeRefusal {
      throw rejection(refusal, table, change.key)
    }
  }

  /// The detail of a rejection where a deletion has been confirmed of a row to which others point.
  static let hasChildren = "children"

  /// Writes what follows for a row from what is done to others.
  ///
  /// - Returns: Where in ``touched`` it is.
  mutating func writeConsequence(
    _ new: RowState, over old: RowState, _ table: TableSchema, _ key: RowKey, sequence: Int64
  ) throws -> Int {
    let known = touched.index(of: RowPlace(table: table.number, key: key))
    var row =
      try known.map { try touched.row(at: $0) }
      ?? TouchedState(
        table: table, key: key, before: old, now: new, stored: old, isConsequence: true)
    try write(new, to: &row, sequence: sequence)
    return touched.put(row, at: known)
  }

  /// Notes that other rows may have to go where a row is now; they do so once for the whole change set.
  private func move(
    _ table: TableSchema, from old: RowState?, to new: Scope
  ) throws -> TouchedState.Move? {
    let dependents = store.schema.scopeDependents(of: table)
    guard let old else {
      let mayBeNamed = dependents.contains { $0.condition != nil }
      return try mayBeNamed || store.hasUnplacedQuestions() ? .made : nil
    }
    // Nobody knows where one belonged that had been forgotten; its conflicts may be elsewhere.
    let hasMoved =
      old.scope != new || old.isForgotten || dependents.contains { $0.cell != nil }
    return hasMoved ? .moved : nil
  }

  /// Who a row is changed by, and knowing what: its base says nothing of rows that a device did not
  /// hold then.
  private func knowledge(of old: RowState?) throws -> ChangeOrigin {
    try past.knowledge(of: old, origin)
  }

  /// Writes what has become of a touched row, unless its tables refuse that: then a later change of the
  /// same change set may put it right.
  private mutating func write(
    _ new: RowState, to row: inout TouchedState, sequence: Int64
  ) throws {
    let (table, key, old) = (row.table, row.key, row.stored)
    let now: RowState
    do {
      now = try store.write(new, over: old, table, key, sequence: sequence, digests: &digests)
    } catch let violation as ConstraintViolation {
      (row.now, row.violation) = (new, violation)
      return
    }
    (row.now, row.stored) = (now, now)
    row.violation = nil
    if now.scope == .nobody || pointsElsewhere(table, from: old, to: now) {
      hasUnsettledScopes = true
    }
    if let move = try move(table, from: old, to: now.scope) { row.move = move }
    try book.update(table, key, from: old, to: now)
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
      for index in touched.indices where touched.table(at: index).scope != nil {
        var row = try touched.row(at: index)
        // It may have followed a row that came back.
        let noted = try store.notedScope(row.table.number, row.key)
        row.now.scope = noted ?? row.now.scope
        let scope = try store.settleScope(row.table, row.key, row.now, digests: &digests)
        if let scope {
          row.now.scope = scope
          hasUnsettledScopes = true
        }
        _ = touched.put(row, at: index)
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
    guard let misfit = change.misfit(in: table, kinds[table.number] ?? []) else { return }
    let column = table.index(number: misfit.column).map { table.columns[$0].name } ?? ""
    throw Rejection(reason: .constraint, detail: "\(table.name) \(change.key): \(column)")
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
      SELECT q.number FROM hub_quarantined_row q JOIN hub_change_set c ON c.number = q.number
      WHERE q.tbl = ? AND q.key = ? AND q.number < ? AND c.stream = ? \(unlessAwaited)
      ORDER BY q.number LIMIT 1
      """,
      [
        .integer(Int64(change.table)), change.key.stored, .integer(origin.changeSet),
        .integer(Int64(origin.stream)),
      ])
    if let number = row?[0].integer {
      throw Rejection(reason: .dependent, detail: "change set \(number)")
    }
  }

  // MARK: Keys and rules

  private mutating func checkSoftKeys() throws {
    for index in touched.indices where !touched.table(at: index).softKeys.isEmpty {
      let row = try touched.row(at: index)
      let values = row.now.isDeleted ? nil : row.now.values
      for softKey in row.table.softKeys {
        try book.checkDuplicates(row.table, row.key, values: values, softKey)
      }
    }
  }

  private mutating func checkRules() throws {
    guard !rules.isEmpty else { return }
    let view = HubView(connection: store.connection)
    var known: Set<RowReference> = []
    var others: [(TableSchema, RowKey)] = []
    var findings: [RuleFinding] = []
    var next = 0
    while next < touched.count {
      let slice = try touched.rows(from: next)
      next += slice.count
      // A deleted row as it was last.
      let last = slice.map { TouchedRow(table: $0.table, key: $0.key, values: $0.now.values) }
      var rows = zip(slice, last).filter { !$0.0.now.isDeleted }.map(\.1)
      for rule in rules {
        for row in try rule.concerned(by: last, in: view) {
          guard let table = store.schema.table(named: row.table),
            touched.index(of: RowPlace(table: table.number, key: row.key)) == nil,
            known.insert(row).inserted
          else { continue }
          others.append((table, row.key))
          if let values = try store.connection.first(table.selectByKey, row.key.values) {
            rows.append(TouchedRow(table: table, key: row.key, values: values))
          }
        }
      }
      findings += try rules.flatMap { try $0.findings(about: rows, in: view) }
    }
    for finding in findings { try book.raise(finding) }
    for index in touched.indices {
      try book.closeSuspicions(
        about: touched.table(at: index), touched.key(at: index), but: findings)
    }
    for (table, key) in others { try book.closeSuspicions(about: table, key, but: findings) }
  }
}

extension RowChange {
  /// The rows to which it has its row point, as far as it says.
  fileprivate func named(
    in table: TableSchema, _ store: HubStore
  ) -> [(table: TableSchema, key: RowKey)] {
    var values: [Int: Value] = [:]
    for (column, value) in zip(table.key, key.values) { values[column] = value }
    for field in fields {
      if let index = table.index(number: field.column) { values[index] = field.after }
    }
    var pointers = store.links(of: table.number).map { ($0.parent, $0.childColumns) }
    for source in table.scope?.sources ?? [] {
      guard let parent = source.table.flatMap({ store.schema.table(named: $0) }) else { continue }
      pointers.append((parent.number, [source.column]))
    }
    return pointers.compactMap { number, columns in
      let key = columns.compactMap { values[$0] }
      guard let parent = store.schema.table(number: number), key.count == parent.key.count,
        !key.contains(.null)
      else { return nil }
      return (parent, RowKey(key))
    }
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
