import SyncCore
import SyncSQLite

/// Rows that others point to: they live as long as one does, and their deletion is a question then.
extension Ingest {
  /// Whether something points to a row that keeps it from being deleted unasked: another row, a
  /// statement that waits, or one that was outranked and that whoever deletes did not know.
  ///
  /// - Parameters:
  ///   - parent: The row's table.
  ///   - key: Its key.
  ///   - deleter: Who wants it gone, and knowing what.
  ///   - goes: Whether a row goes with it.
  /// - Returns: Whether anything does.
  /// - Throws: The storage's errors.
  func isNamed(
    _ parent: TableSchema, _ key: RowKey, unknownTo deleter: ChangeOrigin,
    unless goes: (RowPlace) -> Bool = { _ in false }
  ) throws -> Bool {
    for link in store.links where link.parent == parent.number {
      guard let child = store.schema.table(number: link.child) else { continue }
      let condition = link.childColumns.map { "\(quoted(child.columns[$0].name)) = ?" }
      var found = false
      try store.connection.each(
        "SELECT \(child.columnList) FROM \(quoted(child.name)) WHERE "
          + condition.joined(separator: " AND "), key.values
      ) { values in
        found = !goes(RowPlace(table: child.number, key: child.rowKey(of: values)))
        return !found
      }
      if found { return true }
    }
    return try store.statements(naming: parent, key).contains { by, naming in
      !goes(by) && (naming.isWaiting || !deleter.knows(naming.statement))
    }
  }

  /// A live row, and what has been said of it, keeps the rows alive that it points to: one that somebody
  /// deleted comes back, and its deletion becomes a question for the operator.
  ///
  /// So does what those point to, without an end to how deep that goes.
  mutating func keepParents() throws {
    var back: [Int] = []
    for index in touched.indices { try keepParents(ofRowAt: index, &back) }
    var next = 0
    while next < back.count {
      next += 1
      try keepParents(ofRowAt: back[next - 1], &back)
    }
  }

  /// Does it for one of the touched rows, by where it is, and says where rows are that have come back.
  private mutating func keepParents(ofRowAt index: Int, _ back: inout [Int]) throws {
    if touched.isDeleted(at: index) { return }
    if store.links(of: touched.table(at: index).number).isEmpty { return }
    let row = try touched.row(at: index)
    for (place, isOwn) in named(by: row) {
      if let index = try keep(place, namedBy: row, isOwn: isOwn) { back.append(index) }
    }
  }

  /// What a row points to, and what was said of it; each with whether that is this writer's word.
  private func named(by row: TouchedState) -> [(place: RowPlace, isOwn: Bool)] {
    let links = store.links(of: row.table.number)
    if links.isEmpty { return [] }
    let before = Set(row.isConsequence ? [] : row.before?.parents(links) ?? [])
    // Where a row that comes back points is nobody's word here.
    let live = row.now.parents(links).map { ($0, !row.isConsequence && !before.contains($0)) }
    let isBack = row.before?.isDeleted ?? false
    let said = row.now.namingStatements(row.table, links).compactMap { naming in
      let isOwn = naming.statement.changeSet == origin.changeSet
      return isOwn || naming.isWaiting || isBack ? (naming.named, isOwn) : nil
    }
    return live + said
  }

  /// - Returns: Where in ``touched`` a row is that has come back.
  private mutating func keep(
    _ place: RowPlace, namedBy row: TouchedState, isOwn: Bool
  ) throws -> Int? {
    guard let parent = store.schema.table(number: place.table) else { return nil }
    if isOwn { try permission?.checkLink(parent, place.key, from: row.text) }
    if livingParents.contains(place) { return nil }
    if try isLiving(parent, place) {
      if livingParents.count == Self.parentsKept { livingParents = [] }
      livingParents.insert(place)
      return nil
    }
    guard let old = try store.row(parent, place.key), let deletion = old.deletion else {
      throw Rejection(
        reason: .missingParent, detail: "\(row.text) → \(parent.name) \(place.key)",
        awaited: AwaitedRow(table: parent.number, key: place.key))
    }
    try permission?.checkRevival(old, parent, place.key, from: row.text)
    return try revive(parent, place.key, old, deletion)
  }

  /// So many are remembered to have been seen.
  private static let parentsKept = 4_096

  private func isLiving(_ table: TableSchema, _ place: RowPlace) throws -> Bool {
    if let index = touched.index(of: place) { return !touched.isDeleted(at: index) }
    return try store.connection.first(table.selectByKey, place.key.values) != nil
  }

  private mutating func revive(
    _ table: TableSchema, _ key: RowKey, _ old: RowState, _ deletion: Version
  ) throws -> Int {
    let sequence = try store.nextSequence()
    var new = old
    new.deletion = nil
    new.sentWhole = sequence
    new.deletions.append(Candidate(.deletion, of: deletion, values: []))
    let index = try writeConsequence(new, over: old, table, key, sequence: sequence)
    try store.follow(table, key, digests: &digests)
    hasUnsettledScopes = true
    disposition = .conflicted
    return index
  }

  // MARK: Deletions that nothing stands against any more

  /// Lets deletions go through that wait only because rows pointed to theirs, where this writer, who
  /// knows nothing of them, has taken the last of those away: they would have gone through had they
  /// come after this change set.
  mutating func carryOutIdleDeletions() throws {
    if origin.isHubStream { return }
    var seen: Set<RowPlace> = []
    for index in touched.indices.reversed() where !touched.isNew(at: index) {
      if store.links(of: touched.table(at: index).number).isEmpty { continue }
      var open = Array(placesLeft(by: try touched.row(at: index)))
      while let place = open.popLast() {
        guard seen.insert(place).inserted, let index = try carryOutDeletion(of: place) else {
          continue
        }
        open += placesLeft(by: try touched.row(at: index))
      }
    }
  }

  /// The rows to which a row pointed, or a statement about it, and nothing of it points any more.
  private func placesLeft(by row: TouchedState) -> Set<RowPlace> {
    let links = store.links(of: row.table.number)
    guard !links.isEmpty, let before = row.before, !before.isDeleted else { return [] }
    func named(_ state: RowState) -> Set<RowPlace> {
      if state.isDeleted { return [] }
      return Set(
        state.parents(links) + state.namingStatements(row.table, links).map(\.named))
    }
    return named(before).subtracting(named(row.now))
  }

  /// A change set is read once, however many rows it deletes.
  private mutating func recordedDeletions(in number: Int64) throws -> RecordedDeletions? {
    if let known = recorded[number] { return known }
    let deletions = try store.recordedDeletions(in: number)
    recorded[number] = deletions
    return deletions
  }

  /// - Returns: Where in ``touched`` a row is that has been deleted.
  private mutating func carryOutDeletion(of place: RowPlace) throws -> Int? {
    guard let table = store.schema.table(number: place.table),
      try store.hasOpenDeletion(table, place.key),
      let state = try store.row(table, place.key), !state.isDeleted
    else { return nil }
    let waiting = state.deletions.filter { $0.kind == .deletion }
    for statement in waiting where !origin.knows(statement) {
      guard let word = try recordedDeletions(in: statement.changeSet),
        let change = word.changes[place], try !isNamed(table, place.key, unknownTo: word.origin)
      else { continue }
      var bare = state
      bare.deletions.removeAll { $0 == statement }
      var (new, _) = try RowState.merge(
        bare, change, from: word.past.knowledge(of: state, word.origin), table: table,
        sequence: try store.head() + 1)
      guard new.isDeleted else { continue }
      // Only now is it given out: a sequence that no row has would be a state that nobody can hold.
      let sequence = try store.nextSequence()
      // Two who delete the same row do not know of each other.
      if waiting.count > 1 { new.deletion?.stream = Version.mixed }
      return try writeConsequence(new, over: state, table, place.key, sequence: sequence)
    }
    return nil
  }
}

extension HubStore {
  /// Whether a row's deletion waits for the operator.
  fileprivate func hasOpenDeletion(_ table: TableSchema, _ key: RowKey) throws -> Bool {
    try connection.first(
      """
      SELECT 1 FROM thuan_conflict WHERE row_key = ? AND table_name = ? AND unit = ?
        AND other_key IS NULL AND state IN ('open', 'reopened') LIMIT 1
      """, [key.stored, .text(table.name), .text(PublishedTables.rowUnit)]) != nil
  }

  /// What a change set on record deletes, and what its writer knew.
  fileprivate func recordedDeletions(in number: Int64) throws -> RecordedDeletions? {
    guard let stored = try changeSet(number), let changeSet = try? ChangeSet(decoding: stored.body)
    else { return nil }
    let origin = try origin(of: changeSet, number: number, isFlagged: stored.isFlagged)
    var changes: [RowPlace: RowChange] = [:]
    for change in changeSet.changes where change.operation == .delete {
      changes[RowPlace(table: change.table, key: change.key)] = change
    }
    return RecordedDeletions(
      changes: changes, origin: origin, past: Past(self, changeSet, origin))
  }
}

/// What a change set on record deletes, and what its writer knew.
struct RecordedDeletions {
  let changes: [RowPlace: RowChange]
  let origin: ChangeOrigin
  let past: Past
}
