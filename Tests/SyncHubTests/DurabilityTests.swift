import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// A commit that has returned survives a power cut, on either side.
struct DurabilityTests {
  private static let full: Int64 = 2

  @Test func `a store syncs its log with every commit, unless it is told not to`() throws {
    let world = try World()
    for isDurable in [true, false] {
      let store = try DeviceStore(
        path: world.folder.appendingPathComponent("\(isDurable).db").path,
        migrations: ToySchema.migrations, schema: try ToySchema.schema(), wallMilliseconds: 1,
        isDurable: isDurable)
      let level = try store.database.writeWithoutTransaction { db in
        try Int64.fetchOne(db, sql: "PRAGMA synchronous")
      }
      #expect(level == (isDurable ? Self.full : 1))
    }
  }

  @Test func `a hub syncs its log before it gives a receipt`() throws {
    let world = try World(hubFile: "hub.db")
    var level: [Value] = []
    try world.hubDatabase.write { connection in
      try connection.each("PRAGMA synchronous", []) {
        level = $0
        return true
      }
    }
    #expect(level == [.integer(Self.full)])
  }
}
