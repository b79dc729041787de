import GRDB
package import SyncCore
import SyncSQLite

extension DeviceStore {
  /// Prepares to find where the hub holds something else although nothing is pending.
  ///
  /// First everything here is read again: what the marks did not say is found that way, and what the
  /// digests did not say of the marks.
  func beginComparison(with hub: ColumnDigests, wallMilliseconds: Int64, _ db: Database) throws {
    try logUntrackedChanges(db, isFound: true, wallMilliseconds: wallMilliseconds)
    try rebuildDigests(db)
    if try hasPendingWork(db) { return }
    let differences = try digests(db).differences(from: hub, in: schema, upTo: schema.version)
    if try differences.isEmpty && !hasDifferences(db) {
      try set(.isInStep, .integer(1), db)
      try set(.inStepAt, .integer(wallMilliseconds), db)
    }
    for (table, range) in try rangesOfDifferences(db) { try compare(table, range, db) }
    for table in Set(differences.map(\.table)).sorted() {
      try compare(table, KeyRange(), db)
    }
  }

  /// Has the hub asked about a range of keys.
  func compare(_ table: Int, _ range: KeyRange, _ db: Database) throws {
    try db.run(
      "INSERT INTO thuan_comparison (tbl, after, up_to) VALUES (?, ?, ?)",
      [.integer(Int64(table)), range.after ?? .null, range.upTo ?? .null])
  }

  /// The next range to ask the hub about; nothing if there is none, or something is pending by now.
  package func nextComparison() throws -> ComparisonRequest? { try read { try nextComparison($0) } }

  func nextComparison(_ db: Database) throws -> ComparisonRequest? {
    guard
      let row = try db.first(
        "SELECT tbl, after, up_to FROM thuan_comparison ORDER BY id DESC LIMIT 1"),
      try !hasPendingWork(db)
    else { return nil }
    let ends = [row.value(at: 1), row.value(at: 2)].map { $0 == .null ? nil : $0 }
    return ComparisonRequest(
      position: try point(at: try cursor(db), db), table: row[0],
      range: KeyRange(after: ends[0], upTo: ends[1]))
  }

  /// Takes in what the hub holds in a range.
  ///
  /// - Returns: Whether rows have been put right.
  func receive(
    comparison reply: ComparisonReply, for request: ComparisonRequest, wallMilliseconds: Int64
  ) throws -> Bool {
    var isRepaired = false
    try placing(wallMilliseconds: wallMilliseconds) { silence in
      isRepaired = try receive(
        comparison: reply, for: request, silence, wallMilliseconds: wallMilliseconds)
    }
    return isRepaired
  }

  private func receive(
    comparison reply: ComparisonReply, for request: ComparisonRequest, _ silence: Silence,
    wallMilliseconds: Int64
  ) throws -> Bool {
    var isRepaired = false
    try withoutForeignKeys { db in
      guard try nextComparison(db) == request, let table = schema.table(number: request.table)
      else { return }
      try db.run("DELETE FROM thuan_comparison WHERE id = (SELECT max(id) FROM thuan_comparison)")
      switch reply.content {
      case .moved: try db.run("DELETE FROM thuan_comparison")
      case .parts(let parts): try compare(parts, in: request.range, table, db)
      case .rows(let rows):
        isRepaired = try compare(
          rows, in: request.range, table, silence, wallMilliseconds: wallMilliseconds, db)
        try forgetDifferences(in: request.range, table, db)
      }
    }
    return isRepaired
  }

  private func compare(
    _ parts: [ComparisonReply.Part], in range: KeyRange, _ table: TableSchema, _ db: Database
  ) throws {
    var after = range.after
    for part in parts {
      let inner = KeyRange(after: after, upTo: part.upTo)
      var sum: UInt64 = 0
      try eachMarkedRow(in: inner, table, db) { _, marks in
        sum = marks.reduce(sum) { $0 &+ $1 }
      }
      if sum != part.sum { try compare(table.number, inner, db) }
      after = part.upTo
    }
  }

  private func eachMarkedRow(
    in range: KeyRange, _ table: TableSchema, _ db: Database,
    _ body: (SyncCore.Value, [UInt64]) throws -> Void
  ) throws {
    var sql = "SELECT key, marks FROM thuan_shadow WHERE tbl = ?"
    var arguments: [SyncCore.Value] = [.integer(Int64(table.number))]
    if let after = range.after {
      sql += " AND key > ?"
      arguments.append(after)
    }
    if let upTo = range.upTo {
      sql += " AND key <= ?"
      arguments.append(upTo)
    }
    let rows = try db.rows(sql + " ORDER BY key", arguments)
    while let row = try rows.next() {
      guard case .blob(let bytes) = row.value(at: 1) else { continue }
      try body(row.value(at: 0), numbers(in: bytes))
    }
  }

  /// Compares row by row: the hub's stand, what was here is kept as a change set that puts it before
  /// the operator.
  private func compare(
    _ rows: [PulledRow], in range: KeyRange, _ table: TableSchema, _ silence: Silence,
    wallMilliseconds: Int64, _ db: Database
  ) throws -> Bool {
    var theirs: [RowKey: PulledRow] = [:]
    for row in rows { theirs[row.key] = row }
    var keys = Set(theirs.keys)
    try eachMarkedRow(in: range, table, db) { stored, _ in
      keys.insert(try RowKey(stored: stored, columns: table.key.count))
    }
    var different: [(key: RowKey, mine: [SyncCore.Value]?)] = []
    var found: [UntrackedChange] = []
    for key in keys.sorted(by: { $0.stored < $1.stored }) {
      let mine = try table.read(key, in: db)
      let hubs = theirs[key].map { table.values(of: $0) }
      if mine == hubs { continue }
      different.append((key, mine))
      if let change = table.found(key, mine: mine, hubs: hubs) { found.append(change) }
    }
    guard !different.isEmpty else { return false }
    try logFound(found, wallMilliseconds: wallMilliseconds, db)
    let triggers = try withdrawTriggers(silence, withCapture: false, db)
    try db.run("UPDATE thuan_capture SET applying = 1")
    var shadow = ShadowWriter(db)
    for (key, mine) in different {
      if mine != nil { try table.delete(key, in: db) }
      let values = theirs[key].map { table.values(of: $0) }
      if let values { try table.insert(values, in: db) }
      try shadow.update(table, key, values: values)
    }
    try shadow.finish(schema)
    try db.notifyChanges(in: Table(table.name))
    try db.run("UPDATE thuan_capture SET applying = 0")
    try restoreTriggers(triggers, db)
    try logEvent(
      .differencesRepaired,
      different.prefix(20).map { "\(table.name) \($0.key)" }.joined(separator: "\n"),
      wallMilliseconds: wallMilliseconds, db)
    return true
  }
}

extension TableSchema {
  /// All values of a row that came whole.
  func values(of row: PulledRow) -> [SyncCore.Value] {
    values(of: row.key, zip(row.columns, row.values))
  }

  /// All values of a row by its key and the values of columns by their wire numbers; what is not
  /// named is null, and columns that this schema does not know are passed over.
  func values(of key: RowKey, _ fields: some Sequence<(Int, SyncCore.Value)>) -> [SyncCore.Value] {
    var values = Array(repeating: SyncCore.Value.null, count: columns.count)
    for (number, value) in fields {
      if let index = index(number: number) { values[index] = value }
    }
    for (index, value) in zip(self.key, key.values) { values[index] = value }
    return values
  }

  /// What of a row that differs from the hub's has to be kept; nothing where there is nothing here.
  fileprivate func found(_ key: RowKey, mine: [SyncCore.Value]?, hubs: [SyncCore.Value]?)
    -> UntrackedChange?
  {
    guard let mine else { return nil }
    guard let hubs else { return UntrackedChange(table: self, key: key, kind: .appeared) }
    let columns = zip(columns, zip(mine, hubs)).filter { $1.0 != $1.1 }.map(\.0)
    return UntrackedChange(table: self, key: key, kind: .differs(columns))
  }
}
