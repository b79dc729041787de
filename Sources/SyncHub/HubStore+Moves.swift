import SyncCore
import SyncSQLite

/// A row that has gone to another scope, and how far those have come that are to follow it.
struct Following {
  let table: TableSchema
  let key: RowKey
  /// Which of the kinds of dependents that its table has is next.
  var kind = 0
  /// The last of them that has been looked at; nothing at the beginning.
  var after: RowKey?
  /// Whether the row has just been made: only what came before it and names it can belong to it.
  var isNew = false
  /// The next of them, in the order of their keys, as far as they have been read.
  var next: ArraySlice<RowKey> = []
  /// Whether there are no more of the kind behind those.
  var isRead = false

  init(_ table: TableSchema, _ key: RowKey) {
    self.table = table
    self.key = key
  }

  /// Goes on to the next kind.
  mutating func endKind() {
    kind += 1
    (after, next, isRead) = (nil, [], false)
  }
}

/// What a row takes along when it goes to another scope.
///
/// One transaction looks at so many rows at most, as others wait for it. What is left is noted in it
/// (`hub_following`), and later ones go on. Until they have come to the end no device is told anything:
/// see ``Hub/readPlaced(_:_:)``.
extension HubStore {
  /// Takes what belongs to a row along, once it stands as it is to stand: its conflicts, and the rows
  /// whose scope is its own.
  ///
  /// - Parameters:
  ///   - table: The row's table.
  ///   - key: Its key.
  ///   - isNew: Whether it has just been made.
  ///   - digests: Where the digests' changes are noted.
  /// - Throws: The storage's errors.
  func follow(
    _ table: TableSchema, _ key: RowKey, isNew: Bool = false, digests: inout ScopedDigests
  ) throws {
    if isNew {
      let mayBeNamed = schema.scopeDependents(of: table).contains { $0.condition != nil }
      guard try mayBeNamed ? hasUnplaced() : hasUnplacedQuestions() else { return }
    }
    try moveConflicts(of: table, key)
    guard try connection.first(table.selectByKey, key.values) != nil else { return }
    var row = Following(table, key)
    row.isNew = isNew
    try keep(carry(row, digests: &digests))
  }

  private func hasUnplaced() throws -> Bool {
    try connection.first("SELECT 1 FROM hub_row WHERE scope = '?' LIMIT 1") != nil
  }

  /// Whether questions wait for their rows.
  ///
  /// Devices bring them back to a hub that was put back, in any order. It is asked once in a transaction,
  /// as those that bring rows bring no questions without them.
  func hasUnplacedQuestions() throws -> Bool {
    if let known = transaction.hasUnplacedQuestions { return known }
    let has =
      try connection.first(
        "SELECT 1 FROM hub_row WHERE scope = '?' AND tbl < ? LIMIT 1",
        [.integer(Int64(SyncSchema.firstTableNumber))]) != nil
    transaction.hasUnplacedQuestions = has
    return has
  }

  /// Brings a row to the scope that its values give it now, and takes along what belongs to it.
  ///
  /// - Returns: Whether it was in another.
  func move(_ table: TableSchema, _ key: RowKey, digests: inout ScopedDigests) throws -> Bool {
    guard try moveRow(table, key, digests: &digests) else { return false }
    try keep(carry(Following(table, key), digests: &digests))
    return true
  }

  /// Brings a row to where it belongs while others are still on their way: what somebody may do must not
  /// hang on how far they have come.
  ///
  /// What it belongs to, and what that does, is brought there first.
  func bringToPlace(_ table: TableSchema, _ key: RowKey, digests: inout ScopedDigests) throws {
    var rows = [(table, key)]
    var count = 0
    while count < rows.count {
      let (table, key) = rows[count]
      count += 1
      guard let rule = table.scope, let values = try connection.first(table.selectByKey, key.values)
      else { continue }
      for source in rule.sources(for: values) {
        guard case .row(let name) = source.meaning, let parent = schema.table(named: name) else {
          continue
        }
        rows.append((parent, RowKey([values[source.column]])))
      }
    }
    for (table, key) in rows.reversed() { _ = try move(table, key, digests: &digests) }
  }

  /// Brings a row to the scope that its values give it now, with its conflicts.
  private func moveRow(
    _ table: TableSchema, _ key: RowKey, digests: inout ScopedDigests
  ) throws -> Bool {
    guard let old = try row(table, key), !old.isDeleted else { return false }
    var new = old
    new.scope = try scope(of: table, old.values) ?? old.scope
    guard new.scope != old.scope else { return false }
    let sequence = try nextSequence()
    new.sentWhole = sequence
    try noteExit(from: old.scope, table.number, key, sequence: sequence)
    let marks = table.marks(of: new.values)
    try writeMetadata(new, table, key, sum: marks.reduce(0, &+), sequence: sequence)
    digests.replace(table, old: old, new: new, marks: marks)
    try moveConflicts(of: table, key)
    return true
  }

  /// Lets rows follow one that has moved, and others follow those, as many as this transaction may look
  /// at.
  ///
  /// - Returns: The rows whose dependents have not all followed; the given one is the first if it is
  ///   among them.
  private func carry(_ row: Following, digests: inout ScopedDigests) throws -> [Following] {
    var open = [row]
    while transaction.movesLeft > 0, var row = open.popLast() {
      let dependents = schema.scopeDependents(of: row.table)
      guard row.kind < dependents.count else { continue }
      let dependent = dependents[row.kind]
      guard let child = schema.table(number: dependent.table),
        !row.isNew || dependent.condition != nil
      else {
        row.endKind()
        open.append(row)
        continue
      }
      if row.next.isEmpty, !row.isRead { try readFollowers(of: &row, limit: transaction.movesLeft) }
      guard let key = row.next.popFirst() else {
        row.endKind()
        open.append(row)
        continue
      }
      row.after = key
      open.append(row)
      transaction.movesLeft -= 1
      if try moveRow(child, key, digests: &digests) { open.append(Following(child, key)) }
    }
    return open.filter { $0.kind < schema.scopeDependents(of: $0.table).count }
  }

  /// Reads the keys of those that are to follow next.
  private func readFollowers(of row: inout Following, limit: Int) throws {
    let dependent = schema.scopeDependents(of: row.table)[row.kind]
    guard let child = schema.table(number: dependent.table) else { return }
    var conditions = ["\(quoted(child.columns[dependent.column].name)) = ?"]
    var arguments = row.key.values
    if let condition = dependent.condition {
      conditions.append("\(quoted(child.columns[condition.column].name)) = ?")
      arguments.append(condition.value)
    }
    let key = child.key.map { quoted(child.columns[$0].name) }.joined(separator: ", ")
    if let after = row.after {
      let places = Array(repeating: "?", count: child.key.count).joined(separator: ", ")
      conditions.append("(\(key)) > (\(places))")
      arguments += after.values
    }
    let rows = try connection.rows(
      "SELECT \(key) FROM \(quoted(child.name)) WHERE \(conditions.joined(separator: " AND ")) "
        + "ORDER BY \(key) LIMIT ?", arguments + [.integer(Int64(limit))])
    row.next = rows.map { RowKey($0) }[...]
    row.isRead = rows.count < limit
  }

  // MARK: What is left

  /// Whether rows are still on their way to other scopes.
  func hasFollowing() throws -> Bool {
    if let known = transaction.hasFollowing { return known }
    let has = try connection.first("SELECT 1 FROM hub_following LIMIT 1") != nil
    transaction.hasFollowing = has
    return has
  }

  /// A row whose dependents have not all followed, and the next of those; nothing if there is none.
  func nextFollowing(limit: Int) throws -> Following? {
    guard let noted = try connection.first("SELECT tbl, key FROM hub_following LIMIT 1"),
      let table = noted[0].integer.flatMap({ schema.table(number: Int($0)) }),
      var row = try following(table, RowKey(stored: noted[1], columns: table.key.count))
    else { return nil }
    if row.kind < schema.scopeDependents(of: table).count {
      try readFollowers(of: &row, limit: limit)
    }
    return row
  }

  /// Goes on where ``nextFollowing(limit:)`` or the last call has stopped, as far as one transaction may.
  ///
  /// - Returns: Where it has stopped; nothing if that has to be looked up.
  func goOn(_ row: Following, wallMilliseconds: Int64) throws -> Following? {
    guard let noted = try following(row.table, row.key), noted.kind == row.kind,
      noted.after == row.after
    else { return nil }
    try connection.run(
      "DELETE FROM hub_following WHERE tbl = ? AND key = ?",
      [.integer(Int64(row.table.number)), row.key.stored])
    var digests = ScopedDigests()
    let left = try carry(row, digests: &digests)
    try keep(left)
    add(digests)
    if transaction.hasMovedSequence {
      try record("follow", by: "", wallMilliseconds: wallMilliseconds)
    }
    return left.first {
      $0.table.number == row.table.number && $0.key == row.key && !$0.next.isEmpty
    }
  }

  /// Whether a row is noted where it does not belong because it is still to follow another.
  func isToFollow(_ table: TableSchema, _ key: RowKey) throws -> Bool {
    guard try hasFollowing(), let rule = table.scope,
      let values = try connection.first(table.selectByKey, key.values)
    else { return false }
    return try rule.sources(for: values).contains { source in
      guard let parent = source.table.flatMap({ schema.table(named: $0) }) else { return false }
      return try following(parent, RowKey([values[source.column]])) != nil
    }
  }

  private func following(_ table: TableSchema, _ key: RowKey) throws -> Following? {
    guard
      let noted = try connection.first(
        "SELECT kind, after FROM hub_following WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), key.stored])
    else { return nil }
    var row = Following(table, key)
    row.kind = Int(noted[0].integer ?? 0)
    let dependents = schema.scopeDependents(of: table)
    if noted[1] != .null, row.kind < dependents.count,
      let child = schema.table(number: dependents[row.kind].table)
    {
      row.after = try RowKey(stored: noted[1], columns: child.key.count)
    }
    return row
  }

  private func keep(_ rows: [Following]) throws {
    for row in rows {
      transaction.hasFollowing = true
      try connection.run(
        """
        INSERT INTO hub_following VALUES (?, ?, ?, ?)
        ON CONFLICT (tbl, key) DO UPDATE SET kind = excluded.kind, after = excluded.after
        """,
        [
          .integer(Int64(row.table.number)), row.key.stored, .integer(Int64(row.kind)),
          row.after?.stored ?? .null,
        ])
    }
  }

  // MARK: All rows

  /// Brings all rows to the scopes that their values give them.
  func moveMisplacedRows() throws {
    // Parents may be declared after their children.
    for _ in schema.tables {
      var hasMoved = false
      for table in schema.tables where table.scope != nil {
        for (key, _) in try misplacedRows(of: table) {
          var digests = ScopedDigests()
          if try moveRow(table, key, digests: &digests) { hasMoved = true }
          add(digests)
        }
      }
      if !hasMoved { break }
    }
    try connection.run("DELETE FROM hub_following", [])
    transaction.hasFollowing = false
  }

  /// Brings rows to their scopes once where declarations name numbers: earlier versions of this program
  /// did not know those in a column of texts, and handed out what is private.
  func adoptNumbers() throws {
    if try setting(.numbers) == .integer(1) { return }
    let isAsked = schema.tables.filter { $0.scope?.namesNumbers == true }
    if try isAsked.contains(where: { try !misplacedRows(of: $0).isEmpty }) {
      // It comes with the program, at no time of its own.
      try record("schema \(schema.version)", by: "", wallMilliseconds: 0)
      try moveMisplacedRows()
    }
    try set(.numbers, .integer(1))
    try finish()
  }

  /// Rows that are noted under another scope than their values give them.
  func misplacedRows(of table: TableSchema) throws -> [(key: RowKey, noted: Scope)] {
    var misplaced: [(key: RowKey, noted: Scope)] = []
    try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
      let key = table.rowKey(of: values)
      // What points to a row that has been forgotten stays where it was.
      if let noted = try notedScope(table.number, key),
        let scope = try scope(of: table, values), noted != scope
      {
        misplaced.append((key, noted))
      }
      return true
    }
    return misplaced
  }
}
