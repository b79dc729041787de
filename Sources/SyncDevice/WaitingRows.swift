import GRDB
import SyncCore
import SyncSQLite

/// What a change set says of itself, beside its changes.
struct Authorship {
  /// The cursor that its writer knew.
  var base: Int64
  /// Whether all of it was written in the knowledge of that very state.
  var hasOneBase = true
  var officer: String
  var wallMilliseconds: Int64
  var stamp: HybridTime
  var isForeign: Bool
  var isFound = false
}

/// The rows that cannot travel, and those that wait with them, while the log is being sealed.
///
/// Of what other programs wrote, only the rows wait that cannot travel, with what depends on them: what
/// is written to them later, rows that point to one that the hub does not have, the deletion of a row
/// that one points to there. A transaction of the library's own waits whole or not at all. A row that
/// can travel again is sent as it has come to be; what it was in between stays in the store.
struct WaitingRows {
  private struct Waiting {
    var operation: NetChange.Operation
    var isStuck: Bool
    /// Rows that it points to, and those that it points to at the hub.
    var points: [LoggedPlace]
    var pointed: [LoggedPlace]
  }

  private let schema: SyncSchema
  private let db: Database
  private let wallMilliseconds: Int64
  private var rows: [LoggedPlace: Waiting] = [:]
  private var touched: Set<LoggedPlace> = []
  private var kinds: [Int: [ColumnKind]] = [:]
  private var links: RowLinks?
  /// What keeps the last transaction of the library's own from travelling that was looked at, whatever
  /// else waits; nothing if it can.
  private(set) var refusal: Obstacle?

  init(_ schema: SyncSchema, _ db: Database, wallMilliseconds: Int64) throws {
    self.schema = schema
    self.db = db
    self.wallMilliseconds = wallMilliseconds
    try db.each(
      """
      SELECT tbl, key, operation, reason IS NOT NULL, points, pointed FROM thuan_waiting_row
      WHERE is_found = 0
      """
    ) { row in
      rows[LoggedPlace(table: Int(row[0].integer ?? 0), key: row[1])] = Waiting(
        operation: NetChange.Operation(rawValue: Int(row[2].integer ?? 0)) ?? .nothing,
        isStuck: row[3] == .integer(1), points: Self.places(row[4]), pointed: Self.places(row[5]))
      return true
    }
  }

  /// Takes what has to wait out of what was written together.
  ///
  /// - Parameters:
  ///   - changes: All that was written.
  ///   - renames: Rows that got another key in it: each with the row that it was before.
  ///   - author: Who wrote it, and knowing what.
  /// - Returns: What goes on, in its order.
  /// - Throws: SQLite's errors.
  mutating func part(
    _ changes: [RowChange], renames: [(LoggedPlace, LoggedPlace)], by author: Authorship
  ) throws -> [RowChange] {
    var obstacles: [LoggedPlace: Obstacle] = [:]
    for change in changes {
      if let obstacle = try obstacle(to: change) { obstacles[change.place] = obstacle }
    }
    let isOwn = !author.isForeign && !author.isFound
    if isOwn { try weigh(changes, obstacles) }
    if rows.isEmpty, obstacles.isEmpty, refusal == nil || !isOwn { return changes }
    if author.isFound { return try partFound(changes, obstacles, author) }
    let group = try db.firstValues("SELECT coalesce(max(id), 0) + 1 FROM thuan_waiting")?[0]
    var dependents = try Dependents(changes, renames, linked(), schema, db)
    dependents.hold(Array(obstacles.keys))
    for (place, row) in rows {
      dependents.hold(waiting: place, isNew: row.operation == .insert, pointed: row.pointed)
    }
    if isOwn {
      guard !dependents.held.isEmpty || refusal != nil else { return changes }
      for change in changes { try hold(change, group, tie: group, author) }
      return []
    }
    var tied: Set<LoggedPlace> = []
    for (old, new) in renames where dependents.held.contains(old) { tied.formUnion([old, new]) }
    var going: [RowChange] = []
    for change in changes {
      if dependents.held.contains(change.place) {
        try hold(change, group, tie: tied.contains(change.place) ? group : nil, author)
      } else {
        going.append(change)
      }
    }
    return going
  }

  private mutating func linked() throws -> RowLinks {
    if let links { return links }
    let links = try RowLinks(schema, db)
    self.links = links
    return links
  }

  // MARK: What cannot travel

  private mutating func obstacle(to change: RowChange) throws -> Obstacle? {
    guard let table = schema.table(number: change.table) else { return nil }
    let kinds = try kinds[table.number] ?? table.columnKinds(in: db)
    self.kinds[table.number] = kinds
    return try change.obstacle(in: table) { kinds }
      ?? brokenText(in: change, of: table, kinds)
  }

  /// A text that is none, in a column that takes anything: it reads as the blob that it would be
  /// elsewhere.
  private func brokenText(
    in change: RowChange, of table: TableSchema, _ kinds: [ColumnKind]
  ) throws -> Obstacle? {
    func isBlob(_ value: Value) -> Bool { if case .blob = value { true } else { false } }
    let columns =
      zip(table.key, change.key.values).filter { isBlob($1) }.map(\.0)
      + (change.operation == .delete
        ? []
        : change.fields.filter { isBlob($0.after) }.compactMap { table.index(number: $0.column) })
    let loose = columns.filter { kinds[$0] == .any }
    if loose.isEmpty { return nil }
    return unsafe try table.withRow(change.key, in: db) { row -> Obstacle? in
      guard let index = loose.first(where: { unsafe row.brokenText(at: $0) != nil }),
        let bytes = unsafe row.brokenText(at: index)
      else { return nil }
      return Obstacle(
        brokenText: bytes, table, change.key, column: table.columns[index].number)
    } ?? nil
  }

  /// Whether a transaction of the library's own could ever be sent: what it writes to a row that waits
  /// replaces nothing that the hub has.
  private mutating func weigh(
    _ changes: [RowChange], _ obstacles: [LoggedPlace: Obstacle]
  ) throws {
    refusal = nil
    var bytes = 0
    for change in changes {
      if rows[change.place] == nil {
        bytes += change.travelBytes
        if let obstacle = obstacles[change.place] { refusal = refusal ?? obstacle }
      } else if let obstacle = try obstacle(to: change.withoutPast) {
        refusal = refusal ?? obstacle
      } else {
        bytes += change.withoutPast.travelBytes
      }
    }
    guard refusal == nil, bytes > SyncLimits.rowChangeBytes else { return }
    let exact = changes.reduce(0) {
      $0 + (rows[$1.place] == nil ? $1 : $1.withoutPast).encodedBytes
    }
    guard exact > SyncLimits.rowChangeBytes, let first = changes.first else { return }
    refusal = Obstacle(
      table: 0, key: first.key, reason: .tooLarge, column: 0, bytes: exact)
  }

  /// What was found is nobody's word, and what it says that the hub cannot hold is for the hub to judge.
  ///
  /// Only too much of it stays here, and what was found of a row that the hub has never heard of: there it
  /// is no difference, and the row waits as it has come to be.
  private mutating func partFound(
    _ changes: [RowChange], _ obstacles: [LoggedPlace: Obstacle], _ author: Authorship
  ) throws -> [RowChange] {
    let group = try db.firstValues("SELECT coalesce(max(id), 0) + 1 FROM thuan_waiting")?[0]
    var foreign = author
    (foreign.isForeign, foreign.isFound) = (true, false)
    return try changes.filter { change in
      if rows[change.place]?.operation == .insert {
        try hold(change, group, tie: nil, foreign)
        return false
      }
      guard let obstacle = obstacles[change.place], obstacle.reason == .tooLarge else {
        return true
      }
      try note(change, group, tie: nil, author)
      try note(obstacle, of: change.place, isFound: true)
      return false
    }
  }

  // MARK: Keeping

  private mutating func hold(
    _ change: RowChange, _ group: Value?, tie: Value?, _ author: Authorship
  ) throws {
    try note(change, group, tie: tie, author)
    try db.run(
      """
      INSERT INTO thuan_waiting_row (tbl, key, is_found, since) VALUES (?, ?, 0, ?)
      ON CONFLICT DO NOTHING
      """, change.place.arguments + [.integer(author.wallMilliseconds)])
    touched.insert(change.place)
    if rows[change.place] == nil {
      rows[change.place] = Waiting(
        operation: change.operation == .insert ? .insert : .update, isStuck: false, points: [],
        pointed: [])
    }
  }

  private func note(
    _ change: RowChange, _ group: Value?, tie: Value?, _ author: Authorship
  ) throws {
    let columns = change.fields.map { Value.integer(Int64($0.column)) }
    try db.run(
      """
      INSERT INTO thuan_waiting (tbl, key, op, columns, change, grp, tie, base, officer, wall, stamp,
        schema_version, is_foreign, is_found) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      change.place.arguments + [
        .integer(Int64(change.operation.rawValue)), .blob(encodedValues(columns)),
        .blob(change.encoded()), group ?? .null, tie ?? .null, .integer(author.base),
        .text(author.officer), .integer(author.wallMilliseconds),
        .integer(Int64(bitPattern: author.stamp.bits)), .integer(Int64(schema.version)),
        .integer(author.isForeign ? 1 : 0),
        .integer(author.isFound ? 1 : 0),
      ])
  }

  /// Notes why a row cannot travel; one that was taken off the list is on it again for another reason.
  private func note(
    _ obstacle: Obstacle?, of place: LoggedPlace, isFound: Bool = false
  ) throws {
    let noted: [Value] =
      obstacle.map {
        [
          .integer(Int64($0.reason.rawValue)), .integer(Int64($0.column)),
          .integer(Int64($0.bytes)),
        ]
      } ?? [.null, .null, .null]
    try db.run(
      """
      INSERT INTO thuan_waiting_row (tbl, key, is_found, since, reason, col, bytes)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        is_dismissed = is_dismissed AND reason IS excluded.reason AND col IS excluded.col
          AND bytes IS excluded.bytes,
        reason = excluded.reason, col = excluded.col, bytes = excluded.bytes
      """,
      place.arguments + [.integer(isFound ? 1 : 0), .integer(wallMilliseconds)] + noted)
  }

  // MARK: Going on

  /// What need not wait any more, as it has come to be, in as few change sets as can be sent.
  ///
  /// - Returns: The changes of each, and what it says of itself; nothing where nothing has changed.
  /// - Throws: SQLite's errors.
  mutating func release() throws -> [(changes: [RowChange], author: Authorship)] {
    if touched.isEmpty { return [] }
    for place in touched { try reckon(place) }
    let stuck = try stuckRows()
    let free = Set(rows.keys).subtracting(stuck)
    if free.isEmpty { return [] }
    let (ordered, author) = try wayOn(of: free)
    var released: [(changes: [RowChange], author: Authorship)] = []
    var size = 0
    for place in ordered {
      let (changes, count) = try net(of: place)
      for change in changes {
        let bytes = change.encodedBytes
        if released.isEmpty || size + bytes > SyncLimits.rowChangeBytes {
          released.append(([], author))
          size = 0
        }
        released[released.count - 1].changes.append(change)
        size += bytes
      }
      try conclude(place, isSentAsWritten: count == 1)
    }
    return released
  }

  /// Looks at what a row's changes come to.
  private mutating func reckon(_ place: LoggedPlace) throws {
    let (changes, _) = try net(of: place)
    var obstacle: Obstacle?
    var points: [LoggedPlace] = []
    var pointed: [LoggedPlace] = []
    let table = schema.table(number: place.table)
    let live = try table.flatMap {
      try $0.read(RowKey(stored: place.key, columns: $0.key.count), in: db)
    }
    for change in changes {
      obstacle = try obstacle ?? self.obstacle(to: change)
      points += try linked().after(change) { live }
      pointed += try linked().before(change) { live }
    }
    let operation = Self.operation(of: changes)
    rows[place] = Waiting(
      operation: operation, isStuck: obstacle != nil, points: points, pointed: pointed)
    try note(obstacle, of: place)
    try db.run(
      """
      UPDATE thuan_waiting_row SET operation = ?, points = ?, pointed = ?
      WHERE tbl = ? AND key = ? AND is_found = 0
      """,
      [.integer(Int64(operation.rawValue)), Self.list(points), Self.list(pointed)]
        + place.arguments)
  }

  private static func operation(of changes: [RowChange]) -> NetChange.Operation {
    guard let first = changes.first else { return .nothing }
    if changes.count > 1 { return .remake }
    return NetChange.Operation(rawValue: first.operation.rawValue) ?? .nothing
  }

  private func net(of place: LoggedPlace) throws -> (changes: [RowChange], count: Int) {
    guard let table = schema.table(number: place.table) else { return ([], 0) }
    let key = try RowKey(stored: place.key, columns: table.key.count)
    let live = try table.read(key, in: db)
    var net = NetChange(table, key)
    var count = 0
    try db.each(
      """
      SELECT change, schema_version FROM thuan_waiting
      WHERE tbl = ? AND key = ? AND state = 0 AND is_found = 0 ORDER BY id
      """, place.arguments
    ) { row in
      guard case .blob(let bytes) = row[0] else { return true }
      net.add(try RowChange(decoding: bytes), under: Int(row[1].integer ?? 0))
      count += 1
      return true
    }
    if let live { net.fillIn(from: live) }
    // Gone past the triggers before its beginning had been read, it is nothing that could be sent or mended.
    if live == nil, net.operation == .update { return ([], 0) }
    return (net.changes, count)
  }

  /// All rows that have to wait on: those that cannot travel, and what depends on them.
  private func stuckRows() throws -> Set<LoggedPlace> {
    var pointing: [LoggedPlace: [LoggedPlace]] = [:]
    for (place, row) in rows {
      for parent in row.points { pointing[parent, default: []].append(place) }
    }
    var ties: [Value: [LoggedPlace]] = [:]
    var tiesOf: [LoggedPlace: [Value]] = [:]
    try db.each(
      "SELECT tie, tbl, key FROM thuan_waiting WHERE state = 0 AND tie IS NOT NULL"
    ) { row in
      let place = LoggedPlace(table: Int(row[1].integer ?? 0), key: row[2])
      ties[row[0], default: []].append(place)
      tiesOf[place, default: []].append(row[0])
      return true
    }
    var stuck = Set(rows.filter { $0.value.isStuck }.keys)
    var open = Array(stuck)
    while let place = open.popLast(), let row = rows[place] {
      var others = row.operation == .insert ? pointing[place] ?? [] : []
      others += row.pointed.filter { rows[$0]?.operation == .delete }
      for tie in tiesOf[place] ?? [] { others += ties.removeValue(forKey: tie) ?? [] }
      for other in others where rows[other] != nil && stuck.insert(other).inserted {
        open.append(other)
      }
    }
    return stuck
  }

  /// Rows in the order in which they were first written, and what is said of them together.
  ///
  /// What was written together only goes out as it was written. Of several at once nobody knew the same
  /// state, so what each knew is left to the values that it saw.
  private func wayOn(of free: Set<LoggedPlace>) throws -> ([LoggedPlace], Authorship) {
    var ordered: [LoggedPlace] = []
    var seen: Set<LoggedPlace> = []
    var author: Authorship?
    try db.each(
      """
      SELECT tbl, key, base, officer, wall, stamp, is_foreign FROM thuan_waiting
      WHERE state = 0 AND is_found = 0 ORDER BY id
      """
    ) { row in
      let place = LoggedPlace(table: Int(row[0].integer ?? 0), key: row[1])
      guard free.contains(place) else { return true }
      if seen.insert(place).inserted { ordered.append(place) }
      let one = Authorship(
        base: row[2].integer ?? 0, officer: row[3].text ?? "",
        wallMilliseconds: row[4].integer ?? 0,
        stamp: HybridTime(bits: UInt64(bitPattern: row[5].integer ?? 0)),
        isForeign: row[6] == .integer(1))
      guard var all = author else {
        author = one
        return true
      }
      if all.base != one.base { all.hasOneBase = false }
      all.base = min(all.base, one.base)
      if !one.isForeign || all.isForeign { all.officer = one.officer }
      all.isForeign = all.isForeign || one.isForeign
      (all.wallMilliseconds, all.stamp) = (one.wallMilliseconds, max(all.stamp, one.stamp))
      author = all
      return true
    }
    let nobody = Authorship(
      base: 0, officer: "", wallMilliseconds: wallMilliseconds, stamp: .zero, isForeign: true)
    return (ordered, author ?? nobody)
  }

  /// A row waits no more; what was only in between stays.
  private mutating func conclude(_ place: LoggedPlace, isSentAsWritten: Bool) throws {
    let changes = "thuan_waiting WHERE tbl = ? AND key = ? AND state = 0 AND is_found = 0"
    if isSentAsWritten {
      try db.run("DELETE FROM \(changes)", place.arguments)
    } else {
      try db.run(
        "UPDATE thuan_waiting SET state = 1 WHERE tbl = ? AND key = ? AND state = 0 AND is_found = 0",
        place.arguments)
    }
    try db.run(
      "DELETE FROM thuan_waiting_row WHERE tbl = ? AND key = ? AND is_found = 0",
      place.arguments)
    rows[place] = nil
  }

  // MARK: Lists of rows

  private static func list(_ places: [LoggedPlace]) -> Value {
    .blob(encodedValues(places.flatMap { [.integer(Int64($0.table)), $0.key] }))
  }

  private static func places(_ list: Value) -> [LoggedPlace] {
    guard case .blob(let bytes) = list, let values = try? decodedValues(bytes),
      values.count.isMultiple(of: 2)
    else { return [] }
    return stride(from: 0, to: values.count, by: 2).map {
      LoggedPlace(table: Int(values[$0].integer ?? 0), key: values[$0 + 1])
    }
  }
}

extension RowChange {
  var place: LoggedPlace { LoggedPlace(table: table, key: key.stored) }

  /// The same without the values that it replaces.
  fileprivate var withoutPast: RowChange {
    RowChange(
      table: table, operation: operation, key: key,
      fields: fields.map { FieldChange(column: $0.column, before: .null, after: $0.after) })
  }
}

extension LoggedPlace {
  fileprivate var arguments: [Value] { [.integer(Int64(table)), key] }
}
