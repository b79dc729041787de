import GRDB
import SyncCore
import SyncSQLite

extension DeviceStore {
  /// How far each stream has come of which anything is kept, the present one last.
  func standings(_ db: Database) throws -> [StreamStanding] {
    let present = Int(try setting(.epoch, db).integer ?? 0)
    let epochs = try db.all(
      """
      WITH RECURSIVE kept (epoch) AS (
        SELECT max(epoch) FROM thuan_outbox
        UNION ALL
        SELECT (SELECT max(epoch) FROM thuan_outbox WHERE epoch < kept.epoch) FROM kept
        WHERE kept.epoch IS NOT NULL)
      SELECT epoch FROM kept WHERE epoch IS NOT NULL
      """
    ).map { $0[0] as Int }.filter { $0 != present }
    let device = try setting(.device, db).text
    // Streams that the store wrote as another device are none of this one's.
    let past = try epochs.filter { try writer(of: $0, db) ?? device == device }
      .map { ($0, try firstPosition(of: $0, db)) }.sorted { $0.1 < $1.1 }
    return try (past.map(\.0).suffix(SyncLimits.standings - 1) + [present]).map {
      try standing(epoch: $0, isPresent: $0 == present, db)
    }
  }

  /// The device that wrote a stream; nothing if what is kept of it is damaged.
  private func writer(of epoch: Int, _ db: Database) throws -> String? {
    let row = try db.first(
      "SELECT body FROM thuan_outbox WHERE epoch = ? ORDER BY sequence DESC LIMIT 1",
      [.integer(Int64(epoch))])
    guard case .blob(let body)? = row?.value(at: 0) else { return nil }
    return (try? ChangeSet(decoding: body))?.stream.device
  }

  private func firstPosition(of epoch: Int, _ db: Database) throws -> Int64 {
    try db.first(
      "SELECT position FROM thuan_outbox WHERE epoch = ? ORDER BY sequence LIMIT 1",
      [.integer(Int64(epoch))])?[0] ?? 0
  }

  private func standing(epoch: Int, isPresent: Bool, _ db: Database) throws -> StreamStanding {
    let key = Value.integer(Int64(epoch))
    let last: Int64 =
      try isPresent
      ? setting(.sequence, db).integer ?? 0
      : db.first(
        "SELECT sequence FROM thuan_outbox WHERE epoch = ? ORDER BY sequence DESC LIMIT 1", [key]
      )?[0] ?? 0
    // By the index of what waits, in which a stream's sequences rise: its own would show all that has
    // its receipt.
    let waiting: Int64? = try db.first(
      """
      SELECT sequence FROM thuan_outbox WHERE disposition IS NULL AND +epoch = ?
      ORDER BY position LIMIT 1
      """, [key])?[0]
    let acknowledged = waiting.map { $0 - 1 } ?? last
    var hash: [UInt8] = []
    let row = try db.first(
      "SELECT hash FROM thuan_outbox WHERE epoch = ? AND sequence = ?",
      [key, .integer(acknowledged)])
    if case .blob(let bytes)? = row?.value(at: 0) {
      hash = bytes
    } else if isPresent, acknowledged == last, acknowledged > 0,
      case .blob(let bytes) = try setting(.hash, db)
    {
      hash = bytes
    }
    return StreamStanding(epoch: epoch, sealed: last, acknowledged: acknowledged, hash: hash)
  }

  /// Where the present stream goes on from; nothing for a device's first.
  func origin(_ db: Database) throws -> StreamPlace? {
    guard case .blob(let bytes) = try setting(.continues, db) else { return nil }
    return try StreamPlace(decoding: bytes)
  }

  /// Offers acknowledged work again from a sequence on: the hub does not have it any more.
  ///
  /// - Returns: Whether the store still has that work; if not, only a new epoch helps.
  func reoffer(epoch: Int, from sequence: Int64, wallMilliseconds: Int64) throws -> Bool {
    try database.write { db in
      let place: [Value] = [.integer(Int64(epoch)), .integer(sequence)]
      try db.run(
        """
        UPDATE thuan_outbox SET disposition = NULL, number = NULL, reason = NULL,
          settled = CASE settled WHEN 2 THEN 2 ELSE 0 END
        WHERE epoch = ? AND sequence >= ?
        """, place)
      try set(.isInStep, .integer(0), db)
      try logEvent(
        .reoffered, "\(epoch)/\(sequence)", wallMilliseconds: wallMilliseconds, db)
      return try db.first(
        "SELECT 1 FROM thuan_outbox WHERE epoch = ? AND sequence = ?", place) != nil
    }
  }

  /// Offers acknowledged work again from where a stream begins, whatever stream it is in: the hub has other
  /// work in this one, so what it said of it was in another life.
  ///
  /// What came after goes along, or the older would arrive as the newer; what the hub has of it after all
  /// it knows again.
  func reofferAll(sinceStream epoch: Int, wallMilliseconds: Int64) throws {
    try database.write { db in
      try db.run(
        """
        UPDATE thuan_outbox SET disposition = NULL, number = NULL, reason = NULL,
          settled = CASE settled WHEN 2 THEN 2 ELSE 0 END
        WHERE position >= ?
        """, [.integer(try firstPosition(of: epoch, db))])
      try set(.isInStep, .integer(0), db)
      try logEvent(.reoffered, "\(epoch)/1", wallMilliseconds: wallMilliseconds, db)
    }
  }

  /// Whether the hub has other work than this store before the place that a refusal is about, as far as it
  /// says so and the store still knows.
  func hasOtherWork(before refusal: Refusal) throws -> Bool {
    if refusal.detail.isEmpty { return false }
    let row = try read { db in
      try db.first(
        "SELECT hash FROM thuan_outbox WHERE epoch = ? AND sequence = ?",
        [.integer(Int64(refusal.epoch)), .integer(refusal.sequence - 1)])
    }
    guard case .blob(let hash)? = row?.value(at: 0) else { return false }
    return hexadecimal(hash) != refusal.detail
  }

  /// Whether the store wrote a stream as the device that it is now.
  func isOwnStream(_ epoch: Int) throws -> Bool {
    try read { db in
      let device = try setting(.device, db).text
      return try writer(of: epoch, db) ?? device == device
    }
  }

  /// Takes a new epoch: this store shares its past with another that has gone on under the old one.
  ///
  /// What has no receipt is offered under the new epoch.
  package func beginEpoch(_ epoch: Int, wallMilliseconds: Int64) throws {
    try database.write { db in
      try beginEpoch(epoch, wallMilliseconds: wallMilliseconds, db)
    }
  }

  func beginEpoch(_ epoch: Int, wallMilliseconds: Int64, _ db: Database) throws {
    try seal(db, wallMilliseconds: wallMilliseconds)
    let device = try setting(.device, db).text ?? ""
    try moveUnsentWork(to: StreamID(device: device, epoch: epoch), db)
    try discardStagedPages(db)
    try set(.isInStep, .integer(0), db)
    try logEvent(.newEpoch, String(epoch), wallMilliseconds: wallMilliseconds, db)
  }

  /// Makes all work without a receipt the beginning of another stream, which goes on from where this
  /// one has receipts.
  ///
  /// Work that was written before the store belonged to anybody becomes the given officer's.
  ///
  /// - Parameters:
  ///   - stream: The other stream.
  ///   - officer: Whose work it is where nobody is named.
  ///   - withReceived: Whether what has its receipt is offered again too, save what lies in quarantine.
  ///   - db: The store.
  /// - Throws: SQLite's errors.
  func moveUnsentWork(
    to stream: StreamID, officer: String = "", withReceived: Bool = false, _ db: Database
  ) throws {
    var (origin, hash) = try lastReceived(db)
    if withReceived {
      try db.run(
        """
        UPDATE thuan_outbox SET disposition = NULL, number = NULL, reason = NULL
        WHERE disposition <> 4
        """)
    }
    try set(.continues, origin.map { .blob($0.encoded()) } ?? .null, db)
    let rows = try db.all(
      "SELECT position, body, hash FROM thuan_outbox WHERE disposition IS NULL ORDER BY position")
    // Sequences of the old stream must not stand in the way of the new one's.
    try db.run("UPDATE thuan_outbox SET sequence = -position WHERE disposition IS NULL")
    var sequence: Int64 = 0
    for row in rows {
      guard case .blob(var body) = row.value(at: 1) else { continue }
      sequence += 1
      let isWhole = row.value(at: 2) == .blob(ChangeSet.hash(of: body))
      if isWhole, var changeSet = try? ChangeSet(decoding: body) {
        changeSet.stream = stream
        (changeSet.sequence, changeSet.previous, changeSet.continues) = (sequence, hash, origin)
        if changeSet.officer.isEmpty { changeSet.officer = officer }
        (body, origin) = (changeSet.encoded(), nil)
      } else {
        // What is damaged stays as it is, and in its place.
        let left = isWhole ? DamagedChangeSet(decoding: body)?.bytes : nil
        body = DamagedChangeSet(sequence: sequence, bytes: left ?? body).encoded()
      }
      hash = ChangeSet.hash(of: body)
      try db.run(
        """
        UPDATE thuan_outbox SET epoch = ?, sequence = ?, hash = ?, body = ?,
          officer = CASE officer WHEN '' THEN ? ELSE officer END
        WHERE position = ?
        """,
        [
          .integer(Int64(stream.epoch)), .integer(sequence), .blob(hash), .blob(body),
          .text(officer), row.value(at: 0),
        ])
    }
    try set(.epoch, .integer(Int64(stream.epoch)), db)
    try set(.sequence, .integer(sequence), db)
    try set(.hash, .blob(hash), db)
  }

  /// The last change set of the present stream that has a receipt, or the one in another stream that
  /// it goes on from, and its hash.
  private func lastReceived(_ db: Database) throws -> (StreamPlace?, [UInt8]) {
    let stream = StreamID(
      device: try setting(.device, db).text ?? "",
      epoch: Int(try setting(.epoch, db).integer ?? 0))
    var sequence = try setting(.sequence, db).integer ?? 0
    var hash: [UInt8] = if case .blob(let bytes) = try setting(.hash, db) { bytes } else { [] }
    let waiting = try db.first(
      """
      SELECT sequence, body FROM thuan_outbox WHERE disposition IS NULL AND +epoch = ?
      ORDER BY position LIMIT 1
      """, [.integer(Int64(stream.epoch))])
    if let waiting, case .blob(let bytes) = waiting.value(at: 1) {
      sequence = waiting[0] - 1
      hash = (try? ChangeSet(decoding: bytes))?.previous ?? []
    }
    if stream.device.isEmpty { return (nil, []) }
    if sequence > 0 { return (StreamPlace(stream: stream, sequence: sequence), hash) }
    return (try origin(db), hash)
  }
}
