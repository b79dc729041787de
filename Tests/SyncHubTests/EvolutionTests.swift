import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Schemas that grow on one side before the other.
struct EvolutionTests {
  @Test func `an older device works with a newer hub, and catches up when it is updated`() throws {
    let newPolicies =
      ToySchema.policies.replacingOccurrences(
        of: "title 2 operator", with: "title 2 operator\n mood 99 operator since 2")
      + "\ntable extra 90\n id 1 key\n"
    let newMigrations =
      ToySchema.migrations + [
        Migration(
          name: "toy-v2",
          sql: """
            ALTER TABLE project ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';
            CREATE TABLE extra (id TEXT NOT NULL PRIMARY KEY) STRICT;
            """)
      ]
    let newSchema = try SyncSchema(parsing: newPolicies, version: 2)
    let world = try World(schema: newSchema, migrations: newMigrations)
    let new = try world.device("an")
    let path = world.folder.appendingPathComponent("old.db").path
    let store = try DeviceStore(
      path: path, migrations: ToySchema.migrations, schema: ToySchema.schema(),
      wallMilliseconds: world.now)
    let template = try world.device("binh")
    try store.enrol(
      template.identity, officer: "binh", epoch: template.epoch, wallMilliseconds: world.now)
    let old = TestDevice(
      world: world, store: store, identity: template.identity, officer: "binh",
      epoch: template.epoch, path: path)

    try new.write(
      "INSERT INTO project (id, title, mood) VALUES ('p', 'a', 'glad'); INSERT INTO extra VALUES ('x')"
    )
    try new.sync()
    try old.write("INSERT INTO project (id, title) VALUES ('q', 'b')")
    try old.sync()
    try old.write("UPDATE project SET title = 'c' WHERE id = 'p'")
    try old.sync()
    try new.sync()
    #expect(try old.status().isInStep)
    #expect(try new.value("SELECT mood FROM project WHERE id = 'q'") == .text("calm"))
    #expect(try new.value("SELECT title || mood FROM project WHERE id = 'p'") == .text("cglad"))
    try new.write("UPDATE project SET mood = 'tired' WHERE id = 'q'")
    try new.sync()
    try old.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)

    let updated = TestDevice(
      world: world, store: try world.open(path), identity: template.identity, officer: "binh",
      epoch: template.epoch, path: path)
    try updated.sync()
    #expect(try updated.status().isInStep)
    for table in newSchema.tables {
      #expect(try updated.rows(table.name) == world.hubRows(table.name), "\(table.name)")
    }
  }

  @Test func `a column that an older device knows and left empty is empty, whatever its default`()
    throws
  {
    let old = [
      Migration(
        name: "v1",
        sql: "CREATE TABLE a (id TEXT NOT NULL PRIMARY KEY, x TEXT DEFAULT 'd') STRICT")
    ]
    let new = [Migration(name: "v2", sql: "ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'e'")]
    let policies = "table a 10\n id 1 key\n x 2 operator"
    let world = try World(
      schema: try SyncSchema(parsing: policies + "\n y 3 operator since 2", version: 2),
      migrations: old + new)
    let template = try world.device("an")
    let path = world.folder.appendingPathComponent("old.db").path
    let store = try DeviceStore(
      path: path, migrations: old, schema: try SyncSchema(parsing: policies, version: 1),
      wallMilliseconds: world.now)
    try store.enrol(template.identity, officer: "an", epoch: 9, wallMilliseconds: world.now)
    let device = TestDevice(
      world: world, store: store, identity: template.identity, officer: "an", epoch: 9, path: path)
    try device.write("INSERT INTO a (id, x) VALUES ('1', NULL)")
    try device.sync()
    #expect(try world.hubRows("a") == [[.text("1"), .null, .text("e")]])
    #expect(try device.status().isInStep)
  }
}
