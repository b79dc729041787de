import GRDB
import SyncCore
import SyncSQLite

extension DeviceStore {
  /// Writes a copy of the file as it is now, while others go on writing.
  ///
  /// It is the file with all that is in it: whoever opens it anew must let it take a new epoch, see
  /// ``beginEpoch(_:wallMilliseconds:)``, or the hub will ask for one.
  ///
  /// - Parameter path: Where the copy is to be; there must be nothing yet.
  /// - Throws: SQLite's errors.
  package func backup(to path: String) throws {
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "VACUUM INTO ?", arguments: [path])
    }
  }

  /// Makes the store, which is a copy, no life of its device: whoever opens it beside an identity
  /// begins another.
  package func forgetIncarnation() throws {
    try database.write { db in try set(.incarnation, .null, db) }
  }

  /// Begins another life of the device that the store belongs to: another epoch under another
  /// incarnation, in one step.
  ///
  /// - Parameters:
  ///   - incarnation: The one in the identity beside the store; nothing if there is none.
  ///   - epoch: A random number.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: SQLite's errors.
  package func beginLife(incarnation: String?, epoch: Int, wallMilliseconds: Int64) throws {
    try database.write { db in
      try beginEpoch(epoch, wallMilliseconds: wallMilliseconds, db)
      try set(.incarnation, incarnation.map(Value.text) ?? .null, db)
    }
  }

  /// Begins another life if the identity beside the store is the same device's of another life:
  /// somebody has put back or copied one of the two files by hand.
  ///
  /// Two programs that notice it at once begin one life, not two.
  ///
  /// - Parameters:
  ///   - path: The store's file.
  ///   - incarnation: A random name for the new life.
  ///   - epoch: A random number.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: Whether there was need to.
  /// - Throws: SQLite's errors, and the disk's.
  package func renewLife(
    besideStore path: String, incarnation: String, epoch: Int, wallMilliseconds: Int64
  ) throws -> Bool {
    guard try staleIdentity(besideStore: path) != nil else { return false }
    return try database.write { db in
      guard var identity = try staleIdentity(besideStore: path) else { return false }
      try beginEpoch(epoch, wallMilliseconds: wallMilliseconds, db)
      try set(.incarnation, .text(incarnation), db)
      identity.incarnation = incarnation
      // If the commit fails after this, the two differ still, and the next program begins again.
      try identity.save(besideStore: path)
      return true
    }
  }

  /// The identity beside the store, if it is the same device's of another life.
  private func staleIdentity(besideStore path: String) throws -> DeviceIdentity? {
    guard let identity = (try? DeviceIdentity.load(besideStore: path)) ?? nil,
      try owner()?.device == identity.device, try !isSameIncarnation(as: identity)
    else { return nil }
    return identity
  }
}
