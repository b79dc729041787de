import Foundation
import GRDB
package import SyncCore
import SyncSQLite

extension DeviceStore {
  /// Change sets that have no receipt yet, as the next envelope to send; nothing if all have one.
  ///
  /// - Parameters:
  ///   - identity: Who signs.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: The envelope's bytes.
  /// - Throws: SQLite's errors.
  package func nextEnvelope(identity: DeviceIdentity, wallMilliseconds: Int64) throws -> [UInt8]? {
    try database.write { db in
      try seal(db, wallMilliseconds: wallMilliseconds)
      var bodies: [[UInt8]] = []
      var size = 0
      var epoch = 0
      // One alone may be larger.
      lazy var limit = Result { try envelopeBytes(db) }
      var damaged: [(position: Int64, body: [UInt8])] = []
      let rows = try db.rows(
        """
        SELECT epoch, body, hash, sequence, position FROM thuan_outbox WHERE disposition IS NULL
        ORDER BY position
        """)
      while let row = try rows.next() {
        guard case .blob(var body) = row.value(at: 1) else { continue }
        let isWhole = row.value(at: 2) == .blob(ChangeSet.hash(of: body))
        // What came back whole from the hub's side may be damaged here, and be known as that already.
        if !isWhole, DamagedChangeSet(decoding: body)?.sequence != row[3] {
          body = DamagedChangeSet(sequence: row[3], bytes: body).encoded()
        }
        if !bodies.isEmpty, try size + body.count > limit.get() || row[0] != epoch {
          break
        }
        epoch = row[0]
        size += body.count
        bodies.append(body)
        if !isWhole { damaged.append((row[4], body)) }
      }
      try replace(damaged, db)
      guard !bodies.isEmpty else { return nil }
      let envelope = Envelope(
        schemaVersion: schema.version, stream: StreamID(device: identity.device, epoch: epoch),
        wallMilliseconds: wallMilliseconds, changeSets: bodies)
      return try envelope.encoded { try identity.sign($0) }
    }
  }

  /// Stores what the hub said of change sets; from here on they are no longer pending.
  ///
  /// - Parameters:
  ///   - reply: What it said.
  ///   - bytes: The same as it came, kept as the proof of what the hub has taken in.
  ///   - identity: Whose hub has to have signed it.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: `WireError` for receipts that are another hub's, another device's or of other work than
  ///   stands here; nothing is stored then.
  package func store(
    _ reply: PushReply, _ bytes: [UInt8], identity: DeviceIdentity, wallMilliseconds: Int64
  ) throws {
    guard reply.device == identity.device, identity.isOfHub(reply.signature, for: reply.signed)
    else { throw WireError.malformed("receipts that the hub has not signed for this device") }
    try database.write { db in
      try checkReceived(reply, db)
      for receipt in reply.receipts {
        try db.run(
          """
          UPDATE thuan_outbox SET disposition = ?, number = ?, reason = ?, acknowledged_at = ?
          WHERE epoch = ? AND sequence = ? AND disposition IS NULL
          """,
          [
            .integer(Int64(receipt.disposition.rawValue)), .integer(receipt.number),
            .text(receipt.reason), .integer(reply.hubMilliseconds),
            .integer(Int64(reply.epoch)), .integer(receipt.sequence),
          ])
      }
      for receipt in reply.receipts where !receipt.isOfDamage {
        try nameAsTaken(epoch: reply.epoch, receipt.sequence, db)
      }
      if !reply.receipts.isEmpty { try set(.countersigned, .blob(bytes), db) }
      if reply.receipts.contains(where: { $0.reason.hasPrefix(QuarantineReason.revoked.rawValue) })
      {
        try lock(wallMilliseconds: wallMilliseconds, db)
      }
      try set(.clockOffset, .integer(reply.clockOffsetMilliseconds), db)
      // Whether the hub made of it what stands here is for the next pull to find out.
      try set(.isInStep, .integer(0), db)
      try noteContact(hubMilliseconds: reply.hubMilliseconds, wallMilliseconds, db)
      try forgetOldReceipts(hubMilliseconds: reply.hubMilliseconds, db)
    }
  }

  /// Work that is damaged here and that the hub has whole goes by the hash again that it was taken in
  /// under, as the change set after it says, or the stream's end.
  private func nameAsTaken(epoch: Int, _ sequence: Int64, _ db: Database) throws {
    let place: [Value] = [.integer(Int64(clamping: epoch)), .integer(sequence)]
    guard
      try db.exists(
        """
        SELECT 1 FROM thuan_outbox WHERE epoch = ? AND sequence = ? AND substr(body, 1, 1) = x'00'
        """, place)
    else { return }
    let next = try db.firstValues(
      "SELECT body FROM thuan_outbox WHERE epoch = ? AND sequence = ? + 1", place)?[0]
    var hash: Value?
    if case .blob(let body)? = next {
      hash = (try? ChangeSet(decoding: body)).map { .blob($0.previous) }
    } else if try setting(.sequence, db) == place[1], try setting(.epoch, db) == place[0] {
      hash = try setting(.hash, db)
    }
    guard let hash else { return }
    try db.run(
      "UPDATE thuan_outbox SET hash = ? WHERE epoch = ? AND sequence = ?", [hash] + place)
  }

  /// The last hash stands for all change sets before it; a stream that has been left since says
  /// nothing.
  private func checkReceived(_ reply: PushReply, _ db: Database) throws {
    guard let last = reply.receipts.last,
      let row = try db.first(
        "SELECT hash FROM thuan_outbox WHERE epoch = ? AND sequence = ?",
        [.integer(Int64(clamping: reply.epoch)), .integer(last.sequence)]),
      case .blob(let hash) = row.value(at: 0)
    else { return }
    guard reply.lastHash == hash else {
      throw WireError.malformed("receipts of other work than this device's")
    }
  }

  /// What is sent for change sets that the disk has damaged stands in their place from here on, with a
  /// hash by which the hub knows it.
  private func replace(_ damaged: [(position: Int64, body: [UInt8])], _ db: Database) throws {
    for (position, body) in damaged {
      try db.run(
        "UPDATE thuan_outbox SET body = ?, hash = ? WHERE position = ?",
        [.blob(body), .blob(ChangeSet.hash(of: body)), .integer(position)])
    }
  }

  /// Acknowledged work is kept for a hub that gets restored, by the hub's own clock on both ends.
  ///
  /// Only a beginning is forgotten: a stream with a hole could not be offered again. So positions have
  /// none, and how many are kept can be told from the last.
  private func forgetOldReceipts(hubMilliseconds: Int64, _ db: Database) throws {
    try db.run(
      """
      DELETE FROM thuan_outbox WHERE position < min(
        (SELECT max(position) FROM thuan_outbox) - ?,
        coalesce((SELECT min(position) FROM thuan_outbox WHERE disposition IS NULL
          OR (disposition = 4 AND settled = 0) OR acknowledged_at >= ?), 9223372036854775807))
      """,
      [
        .integer(Int64(SyncLimits.retainedChangeSets - 1)),
        .integer(hubMilliseconds - SyncLimits.retentionMilliseconds),
      ])
  }

  func noteContact(hubMilliseconds: Int64, _ wallMilliseconds: Int64, _ db: Database) throws {
    try set(.hubTime, .integer(hubMilliseconds), db)
    try set(.lastContact, .integer(wallMilliseconds), db)
    let clock = try clock(db)
    // Never behind what the hub has: what is written next comes after it. The hub's own time is
    // the only one that is taken over, so a device whose clock is years ahead drags nobody along.
    // A clock that was ahead once does not stay so: order here comes from sequences, not from it.
    let hub = HybridTime(milliseconds: hubMilliseconds)
    let limit = hubMilliseconds + SyncLimits.clockOffsetMilliseconds
    let seen = clock.milliseconds > limit ? hub : max(clock, hub)
    try setClock(seen, db)
  }
}

extension Receipt {
  /// Whether the hub has only what was left of the work.
  fileprivate var isOfDamage: Bool {
    disposition == .quarantined && reason.hasPrefix(QuarantineReason.malformed.rawValue)
  }
}
