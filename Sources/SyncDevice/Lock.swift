import GRDB
import SyncCore
import SyncSQLite

extension DeviceStore {
  /// The hub has said that the device has been revoked: it may be in a stranger's hands.
  ///
  /// What is recorded stays, and is still sent, since it may be the only copy; programs show none of it.
  package func lock(wallMilliseconds: Int64) throws {
    try database.write { db in try lock(wallMilliseconds: wallMilliseconds, db) }
  }

  func lock(wallMilliseconds: Int64, _ db: Database) throws {
    if try setting(.isLocked, db) == .integer(1) { return }
    try set(.isLocked, .integer(1), db)
    try set(.isInStep, .integer(0), db)
    try logEvent(.locked, "", wallMilliseconds: wallMilliseconds, db)
  }

  /// Whether the hub has told the device to lock what it holds; enrolling anew unlocks it.
  package func isLocked() throws -> Bool {
    try read { db in try setting(.isLocked, db) == .integer(1) }
  }
}
