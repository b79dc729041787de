package import GRDB
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
}
