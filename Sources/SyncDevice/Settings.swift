import GRDB
import SyncCore
import SyncSQLite

/// Everything that a store keeps one of.
enum Setting: String {
  case device, epoch, incarnation
  /// The last sequence sealed, and the hash of that change set.
  case sequence, hash
  case clock
  /// The officer who is taken to have written what another program wrote.
  case officer
  /// The hub's sequence that the store has applied, and where the next page begins.
  case cursor, position
  /// Of the pull under way: what it asked for, and the newest change set when it began.
  case pullEpoch, pullCursor, pullOutbox
  case timeline
  /// The schema under which the cursor was reached; a newer schema pulls everything once more.
  case cursorSchema
  /// Hub time of the last answer, device time of it, and the offset between the two clocks.
  case hubTime, lastContact, clockOffset
  /// Device time of the last sync that ended with equal digests, and whether it still holds.
  case inStepAt, isInStep
  /// How far the reading of all rows has come; see ``ScrubPosition``.
  case scrub
}

extension DeviceStore {
  func setting(_ setting: Setting, _ db: Database) throws -> Value {
    try db.first("SELECT value FROM thuan_setting WHERE name = ?", [.text(setting.rawValue)])?
      .value(at: 0) ?? .null
  }

  func set(_ setting: Setting, _ value: Value, _ db: Database) throws {
    try db.run(
      "INSERT INTO thuan_setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      [.text(setting.rawValue), value])
  }

  func cursor(_ db: Database) throws -> Int64 { try setting(.cursor, db).integer ?? 0 }

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
}
