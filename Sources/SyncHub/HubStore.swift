import SyncCore
import SyncSQLite

/// The hub's SQL: rows, their metadata, digests, change sets.
///
/// Everything runs in the caller's transaction.
struct HubStore {
  let connection: any HubConnection
  let schema: SyncSchema
  private let sequence = SequenceCounter()

  init(_ connection: any HubConnection, _ schema: SyncSchema) {
    self.connection = connection
    self.schema = schema
  }

  enum Setting: String {
    /// The hub's name, which it keeps for good.
    case hub
    /// The secret of the key by which devices know it.
    case key
    /// The hub's life since its last restore.
    case timeline
    /// The last sequence given to a row.
    case sequence
    /// The schema under which digests were last taken.
    case schemaVersion
    /// The last row that was read again, as its table's number and its key.
    case scrub
    /// Up to which sequence it has been forgotten what was deleted.
    case horizon
    /// The record's number of the last time that happened.
    case compacted
  }

  func setting(_ setting: Setting) throws -> Value {
    try connection.first(
      "SELECT value FROM hub_setting WHERE name = ?", [.text(setting.rawValue)])?[
        0] ?? .null
  }

  func set(_ setting: Setting, _ value: Value) throws {
    try connection.run(
      "INSERT INTO hub_setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [.text(setting.rawValue), value])
  }

  /// The last sequence given out: the head of what devices can pull.
  func head() throws -> Int64 {
    if let last = sequence.last { return last }
    let last = try setting(.sequence).integer ?? 0
    sequence.last = last
    return last
  }

  func nextSequence() throws -> Int64 {
    let next = try head() + 1
    sequence.last = next
    sequence.hasMoved = true
    return next
  }

  /// Writes down how far sequences have come.
  ///
  /// To be called once, at the end of a write transaction.
  /// What moves sequences is in the record, or nobody could prove what state a sequence names.
  func saveSequence() throws {
    guard let last = sequence.last else { return }
    precondition(!sequence.hasMoved || sequence.hasRecord, "sequences moved without a change set")
    try set(.sequence, .integer(last))
  }

  /// The last change set, and the chain of hashes up to it.
  func lastChangeSet() throws -> (number: Int64, chain: [UInt8]) {
    if let record = sequence.record { return record }
    let record = try storedChangeSet()
    sequence.record = record
    return record
  }

  func noteRecord(_ number: Int64, chain: [UInt8]) {
    sequence.record = (number, chain)
    sequence.hasRecord = true
  }

  private func storedChangeSet() throws -> (number: Int64, chain: [UInt8]) {
    let row = try connection.first(
      "SELECT number, chain FROM hub_change_set ORDER BY number DESC LIMIT 1")
    guard let row, let number = row[0].integer, case .blob(let chain) = row[1] else {
      return (0, [])
    }
    return (number, chain)
  }

  /// The proof that goes with a sequence in the state that this transaction sees.
  func point(at sequence: Int64) throws -> HubPoint {
    let (number, chain) = try lastChangeSet()
    return HubPoint(sequence: sequence, number: number, proof: proof(chain))
  }

  /// Whether the hub has ever been in the given state.
  func knows(_ point: HubPoint) throws -> Bool {
    if point.number == 0, point.sequence == 0 { return true }
    guard point.sequence <= (try head()) else { return false }
    let row = try connection.first(
      "SELECT chain FROM hub_change_set WHERE number = ?", [.integer(point.number)])
    guard case .blob(let chain)? = row?[0] else { return false }
    return proof(chain) == point.proof
  }

  private func proof(_ chain: [UInt8]) -> UInt64 {
    chain.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  // MARK: Rows

  /// All that the hub knows of a row; nothing if it never had one.
  func row(_ table: TableSchema, _ key: RowKey) throws -> RowState? {
    guard
      let meta = try connection.first(
        "SELECT meta FROM hub_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), key.stored]), case .blob(let bytes) = meta[0]
    else { return try forgottenRow(table, key) }
    return try RowState(
      metadata: bytes, live: try connection.first(table.selectByKey, key.values), table: table)
  }

  /// Brings table, metadata and digests from one state of a row to the next.
  func write(
    _ new: RowState, over old: RowState?, _ table: TableSchema, _ key: RowKey, sequence: Int64,
    digests: inout ColumnDigests
  ) throws {
    try writeValues(new, over: old, table, key)
    try writeMetadata(new, table, key, sequence: sequence)
    let marker = RowMarker(table: table.number, key: key)
    for (index, column) in table.columns.enumerated() {
      let before = old.map { $0.isDeleted ? Value.null : $0.values[index] } ?? .null
      let after = new.isDeleted ? Value.null : new.values[index]
      if before == after { continue }
      digests.replace(
        .init(table: table.number, column: column.number),
        old: marker.mark(column: column.number, before),
        new: marker.mark(column: column.number, after))
    }
  }

  func writeMetadata(_ state: RowState, _ table: TableSchema, _ key: RowKey, sequence: Int64) throws
  {
    try connection.run(
      """
      INSERT INTO hub_row (tbl, key, sequence, sum, meta) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (tbl, key) DO UPDATE SET sequence = excluded.sequence, sum = excluded.sum,
        meta = excluded.meta
      """,
      [
        .integer(Int64(table.number)), key.stored, .integer(sequence),
        .integer(Int64(bitPattern: state.isDeleted ? 0 : table.mark(of: state.values))),
        .blob(state.encodedMetadata(table)),
      ])
  }

  private func writeValues(
    _ new: RowState, over old: RowState?, _ table: TableSchema, _ key: RowKey
  ) throws {
    let wasLive = old.map { !$0.isDeleted } ?? false
    if new.isDeleted {
      guard wasLive else { return }
      try connection.run(
        "DELETE FROM \(quoted(table.name)) WHERE \(table.keyCondition)", key.values)
    } else if let old, wasLive {
      let changed = table.columns.indices.filter { old.values[$0] != new.values[$0] }
      guard !changed.isEmpty else { return }
      let list = changed.map { "\(quoted(table.columns[$0].name)) = ?" }.joined(separator: ", ")
      try connection.run(
        "UPDATE \(quoted(table.name)) SET \(list) WHERE \(table.keyCondition)",
        changed.map { new.values[$0] } + key.values)
    } else {
      let places = Array(repeating: "?", count: table.columns.count).joined(separator: ", ")
      try connection.run(
        "INSERT INTO \(quoted(table.name)) (\(table.columnList)) VALUES (\(places))", new.values)
    }
  }

  func add(_ changes: ColumnDigests) throws {
    for (column, change) in changes.sums where change != 0 {
      let place: [Value] = [.integer(Int64(column.table)), .integer(Int64(column.column))]
      let old = try connection.first("SELECT sum FROM hub_digest WHERE tbl = ? AND col = ?", place)
      let sum = UInt64(bitPattern: old?[0].integer ?? 0) &+ change
      try connection.run(
        "INSERT INTO hub_digest VALUES (?, ?, ?) ON CONFLICT (tbl, col) DO UPDATE SET sum = excluded.sum",
        place + [.integer(Int64(bitPattern: sum))])
    }
  }

  func digests() throws -> ColumnDigests {
    var digests = ColumnDigests()
    for row in try connection.rows("SELECT tbl, col, sum FROM hub_digest") {
      guard let table = row[0].integer, let column = row[1].integer, let sum = row[2].integer else {
        continue
      }
      digests.sums[.init(table: Int(table), column: Int(column))] = UInt64(bitPattern: sum)
    }
    return digests
  }

  /// The digests that the rows themselves give.
  func digestsOfRows() throws -> ColumnDigests {
    var digests = ColumnDigests()
    for table in schema.tables {
      try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
        digests.add(table, table.rowKey(of: values), values)
        return true
      }
    }
    return digests
  }

  /// Takes the digests anew when the schema has grown (a new column may have a default), and takes
  /// rows in that a migration made, or that are older than the hub.
  func adoptSchema() throws {
    let version = Value.integer(Int64(schema.version))
    if try setting(.schemaVersion) == version { return }
    // A schema comes with the program, at no time of its own.
    try record("schema \(schema.version)", by: "", wallMilliseconds: 0)
    for table in schema.tables { try adoptRows(of: table) }
    try renewMarks()
    try set(.schemaVersion, version)
    try saveSequence()
  }

  /// Notes of every row what it holds now.
  func renewMarks() throws {
    var digests = ColumnDigests()
    for table in schema.tables {
      try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
        let key = table.rowKey(of: values)
        digests.add(table, key, values)
        try connection.run(
          "UPDATE hub_row SET sum = ? WHERE tbl = ? AND key = ?",
          [
            .integer(Int64(bitPattern: table.mark(of: values))), .integer(Int64(table.number)),
            key.stored,
          ])
        return true
      }
    }
    try connection.run("DELETE FROM hub_digest", [])
    try add(digests)
  }

  func adoptRows(of table: TableSchema) throws {
    var unknown: [[Value]] = []
    try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
      let known = try connection.first(
        "SELECT 1 FROM hub_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), table.rowKey(of: values).stored])
      if known == nil { unknown.append(values) }
      return true
    }
    for values in unknown {
      let sequence = try nextSequence()
      let created = Version(
        sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: 0, stamp: .zero,
        isFlagged: false)
      try writeMetadata(
        RowState(values: values, created: created), table, table.rowKey(of: values),
        sequence: sequence)
    }
  }

  /// Puts a row of the hub's own tables where devices pull it.
  func publish(_ table: Int, _ key: RowKey) throws {
    try connection.run(
      """
      INSERT INTO hub_row (tbl, key, sequence, sum, meta) VALUES (?, ?, ?, 0, x'')
      ON CONFLICT (tbl, key) DO UPDATE SET sequence = excluded.sequence
      """, [.integer(Int64(table)), key.stored, .integer(try nextSequence())])
  }
}

/// The sequences given out in one transaction, so that a row does not cost a read and a write.
///
/// What a savepoint undoes leaves a gap, which nobody minds.
private final class SequenceCounter {
  var last: Int64?
  /// Whether this transaction has given out any, and whether it has put a change set on record.
  var hasMoved = false
  var hasRecord = false
  /// The last change set on record.
  var record: (number: Int64, chain: [UInt8])?
}

/// A change set as it came in.
struct Arrival {
  var stream: Int
  var sequence: Int64
  var hash: [UInt8]
  var body: [UInt8]
  var officer: String
  var wallMilliseconds: Int64
  var receivedMilliseconds: Int64
  var isFlagged: Bool
}
