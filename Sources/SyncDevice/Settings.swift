import GRDB
import SyncCore
import SyncSQLite

/// Everything that a store keeps one of.
enum Setting: String {
  case device, epoch, incarnation
  /// The last sequence sealed, and the hash of that change set, or of the one in another stream that
  /// this one goes on from.
  case sequence, hash
  /// Where that is, as a `StreamPlace`.
  case continues
  /// The hybrid clock as it was when the log was last sealed or the hub last heard.
  case clock
  /// The officer who is taken to have written what another program wrote.
  case officer
  /// The hub's sequence that the store has applied, and the `HubPoint` where the next page begins.
  case cursor, position
  /// Whether the next pull has to ask for everything.
  case wantsSnapshot
  /// Of the pull under way: what it asked for, and the ``UnreceivedWork`` when it began.
  case pullEpoch, pullCursor, pullOutbox
  /// Of which scopes the rows are that are held here, where it may bring the difference to others only.
  case pullAccesses
  /// The name of the hub that the store belongs to.
  case hub
  /// The schema under which the cursor was reached; a newer schema pulls everything once more.
  case cursorSchema
  /// The last receipts that the hub has signed, as they came.
  case countersigned
  /// Whether the hub has told the device to lock what it holds.
  case isLocked
  /// Hub time of the last answer, device time of it, and the offset between the two clocks.
  case hubTime, lastContact, clockOffset
  /// The last of the hub's own words that has been offered to a hub which was put back; empty before the
  /// first, nothing where there is none to offer.
  case offeredWord
  /// Device time of the last sync that ended with equal digests, and whether it still holds.
  case inStepAt, isInStep
  /// How far the reading of all rows has come; see ``ScrubPosition``.
  case scrub
  /// The state of the file's schema in which capture was found whole; see ``DeviceStore/noteCapture(_:)``.
  case capture
  /// The triggers of others that were last seen, and are silenced: table and name in each line.
  case foreignTriggers
  /// How large envelopes were that got through, where something on the way takes no larger ones.
  case envelopeBytes
}

extension DeviceStore {
  func setting(_ setting: Setting, _ db: Database) throws -> Value {
    try db.firstValues(
      "SELECT value FROM thuan_setting WHERE name = ?", [.text(setting.rawValue)])?[0] ?? .null
  }

  func set(_ setting: Setting, _ value: Value, _ db: Database) throws {
    try db.run(
      "INSERT INTO thuan_setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [.text(setting.rawValue), value])
  }

  func cursor(_ db: Database) throws -> Int64 { try setting(.cursor, db).integer ?? 0 }

  /// A hub state that the store has held, with its proof; without one, if it is not kept any more.
  func point(at sequence: Int64, _ db: Database) throws -> HubPoint {
    let row = try db.firstValues(
      "SELECT number, proof, access FROM thuan_base WHERE sequence = ?", [.integer(sequence)])
    guard let row, let number = row[0].integer, let proof = row[1].integer,
      let access = row[2].integer
    else { return HubPoint(sequence: sequence, number: 0, proof: 0) }
    return HubPoint(
      sequence: sequence, number: number, proof: UInt64(bitPattern: proof),
      access: UInt64(bitPattern: access))
  }

  /// Moves the cursor, and keeps the proof of where it stands for what will be written here.
  func setCursor(_ point: HubPoint, _ db: Database) throws {
    try set(.cursor, .integer(point.sequence), db)
    try db.run(
      "INSERT INTO thuan_base VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        + "number = excluded.number, proof = excluded.proof, access = excluded.access",
      [
        .integer(point.sequence), .integer(point.number),
        .integer(Int64(bitPattern: point.proof)), .integer(Int64(bitPattern: point.access)),
      ])
    try db.run(
      """
      DELETE FROM thuan_base WHERE sequence <
        (SELECT sequence FROM thuan_base ORDER BY sequence DESC LIMIT 1 OFFSET ?)
      """, [.integer(SyncLimits.basesKept)])
  }

  func logEvent(_ kind: StoreEvent, _ detail: String, wallMilliseconds: Int64, _ db: Database)
    throws
  {
    try db.run(
      "INSERT INTO thuan_event (at, kind, detail) VALUES (?, ?, ?)",
      [.integer(wallMilliseconds), .text(kind.rawValue), .text(detail)])
  }
}

/// What can happen to a store that people should be able to look up.
package enum StoreEvent: String, Sendable {
  /// Capture triggers were missing or altered and have been put back.
  case triggersRepaired
  /// Rows had changed past the triggers; the change has been logged.
  case untrackedChanges
  /// The device took a new epoch: it had been restored or cloned.
  case newEpoch
  /// The hub was restored; acknowledged work is offered again.
  case reoffered
  /// The hub's state has been asked for as a whole: it does not know the one that was held here.
  case snapshot
  /// Other scopes are the holder's now: the device took what they hold and let the rest go.
  case accessChanged
  /// Rows were not as the hub has them although nothing was pending; the hub's stand, and what was
  /// found here is before the operator.
  case differencesRepaired
  /// The store was enrolled anew as another device, because its identity was lost.
  case reenrolled
  /// The hub has revoked the device and told it to lock what it holds.
  case locked
  /// Somebody has triggers of his own on what is kept in step; they are silent while rows of the hub's
  /// are put in place.
  case foreignTriggers
  /// A trigger that keeps a table of somebody's own failed while rows of the hub's were put in place,
  /// so none of these has fired.
  case triggersFailed
  /// The hub is at another address, or has another certificate, as it has signed.
  case hubMoved
}
