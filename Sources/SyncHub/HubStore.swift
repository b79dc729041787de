import SyncCore
import SyncSQLite

/// The hub's SQL: rows, their metadata, digests, change sets.
///
/// Everything runs in the caller's transaction.
struct HubStore {
  let connection: any HubConnection
  let schema: SyncSchema
  let links: [TableLink]
  let transaction: HubTransaction

  init(
    _ connection: any HubConnection, _ schema: SyncSchema, _ links: [TableLink],
    _ randomness: HubRandomness, movedRows: Int = SyncLimits.movedRows
  ) {
    self.connection = connection
    self.schema = schema
    self.links = links
    transaction = HubTransaction(randomness, movedRows: movedRows)
  }

  enum Setting: String {
    /// The hub's name, which it keeps for good.
    case hub
    /// The secret of the key by which devices know it.
    case key
    /// The hub's life since its last restore.
    case timeline
    /// Where it is, as it has said last: an `AddressStatement`.
    case address
    /// The last sequence given to a row.
    case sequence
    /// The schema under which digests were last taken.
    case schemaVersion
    /// Whether rows are where declarations that name numbers put them.
    case numbers
    /// The last row that was read again, as its table's number and its key.
    case scrub
    /// The hub's time when something was written last to see whether anything can be.
    case written
    /// Up to which sequence it has been forgotten what was deleted.
    case horizon
    /// The record's number of the last time that happened.
    case compacted
    /// The schema under which it was noted where all statements point.
    case namesVersion
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
    if let last = transaction.lastSequence { return last }
    let last = try setting(.sequence).integer ?? 0
    transaction.lastSequence = last
    return last
  }

  func nextSequence() throws -> Int64 {
    let next = try head() + 1
    transaction.lastSequence = next
    transaction.hasMovedSequence = true
    return next
  }

  /// Writes down how far sequences and digests have come.
  ///
  /// To be called once, at the end of a write transaction.
  /// What moves sequences is in the record, or nobody could prove what state a sequence names.
  func finish() throws {
    try writeBundle()
    try saveDigests()
    guard let last = transaction.lastSequence else { return }
    precondition(
      !transaction.hasMovedSequence || transaction.hasRecord,
      "sequences moved without a change set")
    try set(.sequence, .integer(last))
  }

  /// The last change set, and the chain of hashes up to it.
  func lastChangeSet() throws -> (number: Int64, chain: [UInt8]) {
    if let record = transaction.record { return record }
    let record = try storedChangeSet()
    transaction.record = record
    return record
  }

  func note(_ entry: HistoryEntryDraft, chain: [UInt8]) {
    transaction.record = (entry.number, chain)
    transaction.entry = entry
    transaction.hasRecord = true
  }

  /// The sequence up to which deleted rows have been forgotten; nothing if none has.
  func horizon() throws -> Int64? {
    if let known = transaction.horizon { return known }
    let horizon = try setting(.horizon).integer
    transaction.horizon = .some(horizon)
    return horizon
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
      let noted = try connection.first(
        "SELECT meta, scope FROM hub_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(table.number)), key.stored]), case .blob(let bytes) = noted[0]
    else { return try forgottenRow(table, key) }
    var state = try RowState(
      metadata: bytes, live: try connection.first(table.selectByKey, key.values), table: table)
    state.scope = Scope(stored: noted[1].text ?? "")
    return state
  }

  /// Brings table, metadata and digests from one state of a row to the next.
  ///
  /// What belongs to it follows with ``follow(_:_:_:digests:)``, once for all that is done to it.
  ///
  /// - Returns: The new state with the row's scope, as it has been written.
  @discardableResult
  func write(
    _ new: RowState, over old: RowState?, _ table: TableSchema, _ key: RowKey, sequence: Int64,
    digests: inout ScopedDigests
  ) throws -> RowState {
    try writeValues(new, over: old, table, key)
    var new = new
    if !new.isDeleted {
      // Where one device alone is told of a row, none lives.
      let before = old.flatMap { $0.scope.isOfDevice ? nil : $0.scope }
      new.scope = try scope(of: table, new.values) ?? before ?? .nobody
    }
    if let old, old.scope != new.scope {
      new.sentWhole = sequence
      try noteExit(from: old.scope, table.number, key, sequence: sequence)
    }
    try keepCreation(of: old, table, key, unlessIn: new)
    try noteNames(table, key, from: old, to: new)
    let marks = new.isDeleted ? [] : table.marks(of: new.values)
    try writeMetadata(new, table, key, sum: marks.reduce(0, &+), sequence: sequence)
    digests.replace(table, old: old, new: new, marks: marks)
    return new
  }

  /// Notes a row's state; the sum of its marks is given where it has been taken already.
  func writeMetadata(
    _ state: RowState, _ table: TableSchema, _ key: RowKey, sum: UInt64? = nil, sequence: Int64
  ) throws {
    let sum = state.isDeleted ? 0 : sum ?? table.mark(of: state.values)
    try connection.run(
      """
      INSERT INTO hub_row (tbl, key, sequence, scope, sum, meta) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (tbl, key) DO UPDATE SET sequence = excluded.sequence, scope = excluded.scope,
        sum = excluded.sum, meta = excluded.meta
      """,
      [
        .integer(Int64(table.number)), key.stored, .integer(sequence), .text(state.scope.stored),
        .integer(Int64(bitPattern: sum)), .blob(state.encodedMetadata(table)),
      ])
  }

  private func writeValues(
    _ new: RowState, over old: RowState?, _ table: TableSchema, _ key: RowKey
  ) throws {
    let wasLive = old.map { !$0.isDeleted } ?? false
    if new.isDeleted {
      guard wasLive else { return }
      try connection.run(table.deleteByKey, key.values)
    } else if let old, wasLive {
      let changed = table.columns.indices.filter { old.values[$0] != new.values[$0] }
      guard !changed.isEmpty else { return }
      try connection.run(
        table.update(changed), changed.map { new.values[$0] } + key.values)
    } else {
      try connection.run(table.insert, new.values)
    }
  }

  /// Takes the digests anew when the schema has grown (a new column may have a default), and takes
  /// rows in that a migration made, or that are older than the hub.
  func adoptSchema() throws {
    let version = Value.integer(Int64(schema.version))
    if try setting(.schemaVersion) == version { return }
    // A schema comes with the program, at no time of its own.
    try record("schema \(schema.version)", by: "", wallMilliseconds: 0)
    for table in schema.tables { try adoptRows(of: table) }
    try moveMisplacedRows()
    try renewMarks()
    try set(.schemaVersion, version)
    try finish()
  }

  /// Notes of every row what it holds now.
  func renewMarks() throws {
    var digests = ScopedDigests()
    for table in schema.tables {
      try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
        let key = table.rowKey(of: values)
        let marks = table.marks(of: values)
        digests.add(table, marks, in: try notedScope(table.number, key) ?? .nobody)
        try connection.run(
          "UPDATE hub_row SET sum = ? WHERE tbl = ? AND key = ?",
          [
            .integer(Int64(bitPattern: marks.reduce(0, &+))), .integer(Int64(table.number)),
            key.stored,
          ])
        return true
      }
    }
    try connection.run("DELETE FROM hub_digest", [])
    transaction.digests = digests
  }

  func adoptRows(of table: TableSchema) throws {
    var unknown: [[Value]] = []
    try connection.each("SELECT \(table.columnList) FROM \(quoted(table.name))", []) { values in
      if try notedScope(table.number, table.rowKey(of: values)) == nil { unknown.append(values) }
      return true
    }
    for values in unknown {
      let sequence = try nextSequence()
      let created = Version(
        sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: 0, stamp: .zero,
        isFlagged: false)
      var state = RowState(values: values, created: created)
      state.scope = .nobody
      try writeMetadata(state, table, table.rowKey(of: values), sequence: sequence)
    }
  }
}

/// A change set as it came in.
struct Arrival {
  var stream: Int
  var id: StreamID
  var sequence: Int64
  var hash: [UInt8]
  var body: [UInt8]
  var officer: String
  var wallMilliseconds: Int64
  var receivedMilliseconds: Int64
  var isFlagged: Bool

  /// What is noted of it while nothing is known but that it came: that it is applied as it is.
  var notes: HistoryChain.Notes {
    HistoryChain.Notes(
      device: .text(id.device), epoch: .integer(Int64(id.epoch)), sequence: .integer(sequence),
      officer: .text(officer), wall: .integer(wallMilliseconds),
      received: .integer(receivedMilliseconds), isFlagged: .integer(isFlagged ? 1 : 0),
      disposition: .integer(Int64(Receipt.Disposition.applied.rawValue)), reason: .text(""))
  }
}
