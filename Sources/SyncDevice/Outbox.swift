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
      let rows = try Row.fetchCursor(
        db, sql: "SELECT epoch, body FROM thuan_outbox WHERE disposition IS NULL ORDER BY position")
      while let row = try rows.next() {
        guard case .blob(let body) = row.value(at: 1) else { continue }
        if !bodies.isEmpty, size + body.count > SyncLimits.envelopeBytes || row[0] != epoch {
          break
        }
        epoch = row[0]
        size += body.count
        bodies.append(body)
      }
      guard !bodies.isEmpty else { return nil }
      let envelope = Envelope(
        schemaVersion: schema.version, stream: StreamID(device: identity.device, epoch: epoch),
        wallMilliseconds: wallMilliseconds, changeSets: bodies)
      return try envelope.encoded { try identity.sign($0) }
    }
  }

  /// Stores what the hub said of change sets; from here on they are no longer pending.
  package func store(_ reply: PushReply, wallMilliseconds: Int64) throws {
    try database.write { db in
      let epoch = try setting(.epoch, db)
      for receipt in reply.receipts {
        try db.run(
          """
          UPDATE thuan_outbox SET disposition = ?, number = ?, reason = ?, acknowledged_at = ?
          WHERE epoch = ? AND sequence = ? AND disposition IS NULL
          """,
          [
            .integer(Int64(receipt.disposition.rawValue)), .integer(receipt.number),
            .text(receipt.reason), .integer(reply.hubMilliseconds), epoch,
            .integer(receipt.sequence),
          ])
      }
      try set(.clockOffset, .integer(reply.clockOffsetMilliseconds), db)
      // Whether the hub made of it what stands here is for the next pull to find out.
      try set(.isInStep, .integer(0), db)
      try noteContact(hubMilliseconds: reply.hubMilliseconds, wallMilliseconds, db)
      try forgetOldReceipts(hubMilliseconds: reply.hubMilliseconds, db)
    }
  }

  /// Acknowledged work is kept for a hub that gets restored, by the hub's own clock on both ends.
  private func forgetOldReceipts(hubMilliseconds: Int64, _ db: Database) throws {
    try db.run(
      """
      DELETE FROM thuan_outbox WHERE disposition IS NOT NULL AND acknowledged_at < ?
        AND (disposition <> 4 OR settled = 1)
      """, [.integer(hubMilliseconds - SyncLimits.retentionMilliseconds)])
  }

  /// Offers acknowledged work again from a sequence on: the hub does not have it any more.
  ///
  /// - Returns: Whether the store still has that work; if not, only a new epoch helps.
  func reoffer(from sequence: Int64, wallMilliseconds: Int64) throws -> Bool {
    try database.write { db in
      let known = try db.first(
        "SELECT 1 FROM thuan_outbox WHERE epoch = ? AND sequence = ?",
        [try setting(.epoch, db), .integer(sequence)])
      guard known != nil else { return false }
      try db.run(
        """
        UPDATE thuan_outbox SET disposition = NULL, number = NULL, reason = NULL, settled = 0
        WHERE epoch = ? AND sequence >= ?
        """, [try setting(.epoch, db), .integer(sequence)])
      try logEvent(
        .reoffered, "from sequence \(sequence)", wallMilliseconds: wallMilliseconds, db)
      return true
    }
  }

  /// Takes a new epoch: this store shares its past with another that has gone on under the old one.
  ///
  /// What has no receipt is offered under the new epoch.
  package func beginEpoch(_ epoch: Int, wallMilliseconds: Int64) throws {
    try database.write { db in
      try seal(db, wallMilliseconds: wallMilliseconds)
      let device = try setting(.device, db).text ?? ""
      try moveUnsentWork(to: StreamID(device: device, epoch: epoch), db)
      try discardStagedPages(db)
      try logEvent(.newEpoch, String(epoch), wallMilliseconds: wallMilliseconds, db)
    }
  }

  /// Makes all work without a receipt the beginning of another stream.
  ///
  /// Work that was written before the store belonged to anybody becomes the given officer's.
  func moveUnsentWork(to stream: StreamID, officer: String = "", _ db: Database) throws {
    var (sequence, hash) = (Int64(0), [UInt8]())
    let rows = try db.all(
      "SELECT position, body FROM thuan_outbox WHERE disposition IS NULL ORDER BY position")
    // Sequences of the old stream must not stand in the way of the new one's.
    try db.run("UPDATE thuan_outbox SET sequence = -position WHERE disposition IS NULL")
    for row in rows {
      guard case .blob(let bytes) = row.value(at: 1) else { continue }
      var changeSet = try ChangeSet(decoding: bytes)
      sequence += 1
      changeSet.stream = stream
      (changeSet.sequence, changeSet.previous) = (sequence, hash)
      if changeSet.officer.isEmpty { changeSet.officer = officer }
      let body = changeSet.encoded()
      hash = ChangeSet.hash(of: body)
      try db.run(
        """
        UPDATE thuan_outbox SET epoch = ?, sequence = ?, hash = ?, body = ?, officer = ?
        WHERE position = ?
        """,
        [
          .integer(Int64(stream.epoch)), .integer(sequence), .blob(hash), .blob(body),
          .text(changeSet.officer), row.value(at: 0),
        ])
    }
    try set(.epoch, .integer(Int64(stream.epoch)), db)
    try set(.sequence, .integer(sequence), db)
    try set(.hash, .blob(hash), db)
  }

  func noteContact(hubMilliseconds: Int64, _ wallMilliseconds: Int64, _ db: Database) throws {
    try set(.hubTime, .integer(hubMilliseconds), db)
    try set(.lastContact, .integer(wallMilliseconds), db)
    let clock = HybridTime(bits: UInt64(bitPattern: try setting(.clock, db).integer ?? 0))
    // Never behind what the hub has: what is written next comes after it. The hub's own time is
    // the only one that is taken over, so a device whose clock is years ahead drags nobody along.
    let seen = max(clock, HybridTime(milliseconds: hubMilliseconds))
    try set(.clock, .integer(Int64(bitPattern: seen.bits)), db)
  }
}

/// What lies over the hub's rows on this device: work without a receipt, and work in quarantine.
struct PendingWork {
  private var rows: [Int: [RowKey: Set<Int>]] = [:]
  private var deleted: [Int: Set<RowKey>] = [:]

  /// - Parameters:
  ///   - db: The store.
  ///   - position: Change sets after this one in the outbox count even if they have a receipt.
  /// - Throws: SQLite's errors, and `WireError` if the outbox is damaged.
  init(_ db: Database, orAfter position: Int64? = nil) throws {
    let bodies = try Row.fetchCursor(
      db,
      sql: """
        SELECT body FROM thuan_outbox
        WHERE disposition IS NULL OR (disposition = 4 AND settled = 0) OR position > ?
        ORDER BY position
        """, arguments: [position ?? .max])
    while let row = try bodies.next() {
      guard case .blob(let body) = row.value(at: 0) else { continue }
      for change in try ChangeSet(decoding: body).changes { add(change) }
    }
  }

  private mutating func add(_ change: RowChange) {
    if change.operation == .delete {
      deleted[change.table, default: []].insert(change.key)
      rows[change.table]?[change.key] = nil
    } else {
      if change.operation == .insert { deleted[change.table]?.remove(change.key) }
      rows[change.table, default: [:]][change.key, default: []].formUnion(
        change.fields.map(\.column))
    }
  }

  func isDeleted(_ table: Int, _ key: RowKey) -> Bool { deleted[table]?.contains(key) ?? false }

  /// Wire numbers of the row's columns that are not to be touched; nothing if there is no work.
  func columns(_ table: Int, _ key: RowKey) -> Set<Int>? { rows[table]?[key] }
}
