import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// A device's own words that wait in quarantine, put back over the hub's whole state.
struct OwnWordsTests {
  private static let sql = """
    CREATE TABLE t (id TEXT NOT NULL PRIMARY KEY, v TEXT CHECK (v <> '')) STRICT
    """
  private static let policies = "table t 10\n id 1 key\n v 2 operator"
  private static let grown = Migration(
    name: "v2", sql: "ALTER TABLE t ADD COLUMN w TEXT NOT NULL DEFAULT 'd'")
  private static let grownPolicies = policies + "\n w 3 operator since 2"

  private let world: World
  private let an: TestDevice

  /// A hub that is a version ahead, and a device that is not.
  init() throws {
    let first = Migration(name: "v1", sql: Self.sql)
    world = try World(
      schema: try SyncSchema(parsing: Self.grownPolicies, version: 2),
      migrations: [first, Self.grown])
    let template = try world.device("an")
    let path = world.folder.appendingPathComponent("old.db").path
    let store = try DeviceStore(
      path: path, migrations: [first],
      schema: try SyncSchema(parsing: Self.policies, version: 1), wallMilliseconds: world.now)
    try store.enrol(
      template.identity, officer: "an", epoch: template.epoch, wallMilliseconds: world.now)
    an = TestDevice(
      world: world, store: store, identity: template.identity, officer: "an",
      epoch: template.epoch, path: path)
  }

  private func updated() throws -> TestDevice {
    TestDevice(
      world: world, store: try world.open(an.path), identity: an.identity, officer: "an",
      epoch: an.epoch, path: an.path)
  }

  @Test func `a row that waits in quarantine is made again with what its table has got since`()
    throws
  {
    try an.store.database.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    try an.write("INSERT INTO t VALUES ('1', '')")
    try an.sync()
    #expect(try an.status().quarantined == 1)
    let updated = try updated()
    try updated.sync()
    try updated.sync()
    #expect(try updated.rows("t") == [[.text("1"), .text(""), .text("d")]])
    #expect(try updated.status().quarantined == 1)
    #expect(try updated.store.flaws(wallMilliseconds: world.now).isEmpty)
  }

  @Test(arguments: ["1", "1\0"])
  func `a text that is none and that an older program sent is put back as it was`(_ id: String)
    throws
  {
    // As that program read it: as its bytes.
    let bytes: [UInt8] = Array("a\0b".utf8)
    let key: SyncCore.Value = id.contains("\0") ? .blob(Array(id.utf8)) : .text(id)
    try an.write("INSERT INTO t VALUES ('1', 'x')")
    _ = try an.status()
    try an.store.database.write { db in
      guard case .blob(let body)? = try db.firstValues("SELECT body FROM thuan_outbox")?[0] else {
        return
      }
      var changeSet = try ChangeSet(decoding: body)
      changeSet.changes = [
        RowChange(
          table: 10, operation: .insert, key: RowKey([key]),
          fields: [FieldChange(column: 2, before: .null, after: .blob(bytes))])
      ]
      let encoded = changeSet.encoded()
      let hash = ChangeSet.hash(of: encoded)
      try db.run(
        "UPDATE thuan_outbox SET body = ?, hash = ?", [.blob(encoded), .blob(hash)])
      try db.run("UPDATE thuan_setting SET value = ? WHERE name = 'hash'", [.blob(hash)])
      try db.run("UPDATE thuan_capture SET applying = 1")
      try db.run(
        "UPDATE t SET id = CAST(? AS TEXT), v = CAST(? AS TEXT)",
        [.blob(Array(id.utf8)), .blob(bytes)])
      try db.run("DELETE FROM thuan_shadow")
      try db.run("UPDATE thuan_capture SET applying = 0")
    }
    try an.sync()
    #expect(try an.status().quarantined >= 1)
    let updated = try updated()
    for _ in 0..<3 { try updated.sync() }
    #expect(
      try updated.value("SELECT hex(v) || typeof(v) || hex(id) FROM t")
        == .text("610062text" + hexadecimal(Array(id.utf8)).uppercased()))
  }

  @Test func `a row that cannot be sent and outlives a new version is sent with the new column`()
    throws
  {
    try an.store.database.write {
      try $0.execute(sql: "INSERT INTO t VALUES ('1', CAST(x'610062' AS TEXT))")
    }
    try an.sync()
    let updated = try updated()
    try updated.sync()
    #expect(try updated.rows("t").map { $0[2] } == [.text("d")])
    try updated.store.database.write { try $0.execute(sql: "UPDATE t SET v = 'x'") }
    try updated.sync()
    #expect(try world.hubRows("t") == [[.text("1"), .text("x"), .text("d")]])
    #expect(try updated.status().isInStep)
  }
}
