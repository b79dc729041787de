import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// What goes wrong between the steps of a sync: answers that are lost or late, two syncs at once,
/// decisions that are taken back.
///
/// Each of these once lost something or left a device out of step.
struct InterleavingTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: world.now) }

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
  }

  private func begin() throws {
    try an.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'here')")
    try settleAll()
  }
  private func settleAll() throws { for _ in 0..<3 { for d in [an, binh] { try d.sync() } } }
  private func conflicts() throws -> [Conflict] { try world.hub.conflicts(openOnly: true) }
  private func pullOnePage(_ d: TestDevice) throws {
    var r = SyncRound(d.store, identity: d.identity, directions: .pull)
    let q = try #require(try r.next(wallMilliseconds: world.now))
    try r.receive(try d.answer(q), wallMilliseconds: world.now)
  }
  private func pushLosingReply(_ d: TestDevice) throws {
    var r = SyncRound(d.store, identity: d.identity, directions: .push)
    let q = try #require(try r.next(wallMilliseconds: world.now))
    _ = try d.answer(q)
  }
  private func same(_ d: TestDevice) throws {
    for t in world.schema.tables {
      let (m, h) = (try d.rows(t.name), try world.hubRows(t.name))
      #expect(
        m.count == h.count && m == h,
        "\(t.name): device \(m.description.prefix(300)) hub \(h.description.prefix(300))")
    }
  }
  private static let big = "hex(zeroblob(600000))"

  @Test func `a row that is deleted, and made again while pages come in, is there`() throws {
    try begin()
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try settleAll()
    try an.write("DELETE FROM item WHERE id = 'i'")
    try an.sync(.push)
    try binh.write("INSERT INTO project (id, prose) VALUES ('big', \(Self.big))")
    try binh.write("INSERT INTO project (id, prose) VALUES ('big2', \(Self.big))")
    try binh.sync(.push)
    try pullOnePage(an)  // the connection breaks after the first page
    try an.write("INSERT INTO item VALUES ('i', 'p', 'again', 2)")
    try settleAll()
    try same(an)
    #expect(try an.status().isInStep)
  }

  @Test func `a pull before the receipt came leaves nothing out of step`() throws {
    try begin()
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    try an.write("UPDATE project SET title = 'c'")
    try pushLosingReply(an)
    try an.sync(.pull)
    try settleAll()
    try same(an)
    #expect(try an.status().isInStep)
  }

  @Test func `what a pull had to hold back is not taken as known`() throws {
    try begin()
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    try an.write("UPDATE project SET title = 'c'")
    try an.sync(.pull)  // or: written while a sync was running
    #expect(try an.value("SELECT title FROM project") == .text("c"))
    try an.write("UPDATE project SET title = 'c2'")
    try settleAll()
    #expect(try conflicts().count == 1)  // 'an' has never seen 'b'
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[1].value == .text("b"))
  }

  @Test func `a revoked device's work holds up nobody else's`() throws {
    try begin()
    try world.hub.revoke(device: an.identity.device, ruling)
    try an.write("UPDATE project SET title = 'stolen'")
    try an.sync(.push)
    try binh.write("UPDATE project SET place = 'there'")
    try binh.sync()
    #expect(try binh.status().quarantined == 0)
  }

  @Test func `a push alone does not make a device in step`() throws {
    try begin()
    #expect(try an.status().isInStep)
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    try an.write("UPDATE project SET title = 'c'")
    try an.sync(.push)  // the pull that should follow fails
    #expect(try an.value("SELECT title FROM project") == .text("c"))
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[1].value == .text("b"))
    #expect(try an.status().isInStep == false)
  }

  @Test func `a field that was cleared past the triggers stays cleared`() throws {
    try begin()
    try an.store.database.write { db in
      for name in try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      {
        try db.execute(sql: "DROP TRIGGER \(name)")
      }
      try db.execute(sql: "UPDATE project SET title = NULL, place = 'there'")
    }
    _ = try world.open(an.path)
    try settleAll()
    #expect(try an.value("SELECT place FROM project") == .text("there"))
    #expect(try an.value("SELECT title FROM project") == .null)
  }

  @Test func `a decision about a field of a row that is gone is not taken back`() throws {
    try begin()
    try binh.write("UPDATE project SET title = 'b'")
    try an.write("UPDATE project SET title = 'c'")
    try binh.sync(); try an.sync()
    let c = try #require(try conflicts().first)
    try world.hub.resolve(c.id, version: c.version, .current, ruling)
    try settleAll()
    try an.write("DELETE FROM project")
    try settleAll()
    do { try world.hub.undo(c.id, ruling) } catch { return }
    let again = try #require(try conflicts().first)
    for choice in [Choice.current, .candidate(1), .keepRow, .deleteRow] {
      do { try world.hub.resolve(again.id, version: again.version, choice, ruling); return } catch {
      }
    }
    Issue.record("no choice closes the conflict")
  }

  @Test func `who knew a decision does not know that it was taken back`() throws {
    let chi = try world.device("chi")
    try begin()
    try binh.write("UPDATE project SET title = 'b'")
    try an.write("UPDATE project SET title = 'c'")
    try binh.sync(); try an.sync()
    let c = try #require(try conflicts().first)
    try world.hub.resolve(c.id, version: c.version, .candidate(1), ruling)
    try settleAll()
    try chi.sync()
    try world.hub.undo(c.id, ruling)
    #expect(try conflicts().count == 1)
    // chi knows the decision, not that it was taken back.
    try chi.write("UPDATE project SET title = 'd'")
    try chi.sync()
    #expect(try conflicts().count == 1)
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[1].value == .text("b"))
  }

  @Test func `two syncs at once leave nothing out of step`() throws {
    try begin()
    try binh.write("INSERT INTO project (id, title) VALUES ('r', 'old')")
    try binh.write("INSERT INTO project (id, prose) VALUES ('big', \(Self.big))")
    try binh.write("INSERT INTO project (id, prose) VALUES ('big2', \(Self.big))")
    try binh.sync()
    var slow = SyncRound(an.store, identity: an.identity, directions: .pull)
    let q = try #require(try slow.next(wallMilliseconds: world.now))
    let answer = try an.answer(q)  // on its way
    try binh.write("UPDATE project SET title = 'new' WHERE id = 'r'")
    try binh.sync()
    try an.sync()  // another process, or the loop
    try slow.receive(answer, wallMilliseconds: world.now)
    try settleAll()
    try same(an)
    #expect(try an.status().isInStep)
  }

  @Test func `a page that comes after another sync is passed over`() throws {
    try begin()
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    var slow = SyncRound(an.store, identity: an.identity, directions: .pull)
    let q = try #require(try slow.next(wallMilliseconds: world.now))
    let answer = try an.answer(q)  // on its way
    try an.sync()
    try an.write("UPDATE project SET title = 'mine'")
    try an.sync()
    try slow.receive(answer, wallMilliseconds: world.now)
    try settleAll()
    #expect(try an.value("SELECT title FROM project") == .text("mine"))
    try same(an)
  }

  @Test func `work dismissed before its receipt came is put right`() throws {
    try begin()
    try an.store.database.write {
      try $0.execute(
        sql:
          "PRAGMA ignore_check_constraints = ON; UPDATE project SET title = ''; PRAGMA ignore_check_constraints = OFF"
      )
    }
    try pushLosingReply(an)
    let work = try #require(try world.hub.quarantine(openOnly: true).first)
    try world.hub.dismiss(work.number, ruling)
    try an.sync(.pull)
    try settleAll()
    try same(an)
  }

  @Test func `a pull that was broken off before an upgrade starts over`() throws {
    let policies = ToySchema.policies.replacingOccurrences(
      of: "\ntable item 11", with: "\n  risk 17 operator\ntable item 11")
    let schema2 = try SyncSchema(parsing: policies, version: 2)
    let m2 = Migration(name: "toy-v2", sql: "ALTER TABLE project ADD COLUMN risk TEXT")
    let w = try World(schema: schema2, migrations: ToySchema.migrations + [m2])
    let d = try w.device("x")
    let y = try w.device("y")
    let path = w.folder.appendingPathComponent("old.db").path
    let old = try DeviceStore(
      path: path, migrations: ToySchema.migrations, schema: ToySchema.schema(), wallMilliseconds: 1)
    try old.enrol(d.identity, officer: "x", epoch: 5, wallMilliseconds: 1)
    let o = TestDevice(
      world: w, store: old, identity: d.identity, officer: "x", epoch: 5, path: path)
    try y.write("INSERT INTO project (id, risk) VALUES ('p', 'high')")
    try y.sync()
    try o.sync()
    try y.write("INSERT INTO project (id, prose) VALUES ('big', \(Self.big))")
    try y.write("INSERT INTO project (id, prose) VALUES ('big2', \(Self.big))")
    try y.sync()
    try pullOnePage(o)
    let new = try DeviceStore(
      path: path, migrations: ToySchema.migrations + [m2], schema: schema2, wallMilliseconds: 1)
    let n = TestDevice(
      world: w, store: new, identity: d.identity, officer: "x", epoch: 5, path: path)
    try n.sync(); try n.sync()
    #expect(try n.value("SELECT risk FROM project WHERE id = 'p'") == .text("high"))
    #expect(try n.status().isInStep)
  }

  @Test func `a question about a row that is gone is closed`() throws {
    try begin()
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try settleAll()
    try an.write("DELETE FROM item WHERE id = 'i'")
    try binh.write(
      "UPDATE item SET name = 'y' WHERE id = 'i'; INSERT INTO item VALUES ('j', 'p', 'z', 1)")
    try binh.sync(); try an.sync()
    let row = try #require(try conflicts().first { $0.unit.isEmpty })
    try world.hub.resolve(row.id, version: row.version, .deleteRow, ruling)
    #expect(try conflicts().map(\.kind) == [])
  }

  @Test func `what was changed past the triggers is found beside what they saw`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")  // logged, not sealed yet
    try an.store.database.write { db in
      for name in try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_schema WHERE type = 'trigger'")
      {
        try db.execute(sql: "DROP TRIGGER \(name)")
      }
      try db.execute(sql: "UPDATE project SET place = 'there'")
    }
    _ = try world.open(an.path)
    try settleAll()
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[2].value == .text("there"))
    #expect(try an.status().isInStep)
  }

  @Test func `a hub that lost more than a device keeps gets the rest under a new epoch`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    // 90 days later the receipts are forgotten; then the hub is restored from before the first push.
    try an.store.database.write {
      try $0.execute(sql: "DELETE FROM thuan_outbox WHERE sequence = 1")
    }
    try world.hubDatabase.write { c in
      try c.run("DELETE FROM hub_history", [])
      try c.run("DELETE FROM hub_change_set WHERE sequence >= 1", [])
      try c.run("DELETE FROM hub_bundle", [])
      try c.run("UPDATE hub_stream SET last_sequence = 0, last_hash = x''", [])
    }
    try an.write("UPDATE project SET title = 'c'")
    for _ in 0..<5 { do { try an.sync() } catch {} }
    #expect(try an.status().waitingChangeSets == 0)
  }

  @Test func `a refusal that comes late makes no device of a whole store`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    var late = SyncRound(an.store, identity: an.identity, directions: .pull)
    let question = try #require(try late.next(wallMilliseconds: world.now))
    try an.write("UPDATE project SET title = 'c'")
    try an.sync()
    do {
      try late.receive(try an.answer(question), wallMilliseconds: world.now)
    } catch let refusal as Refusal {
      try late.receive(refusal, newEpoch: 99, wallMilliseconds: world.now)
    }
    #expect(try an.store.events().isEmpty)
    #expect(try an.status().waitingChangeSets == 0)
  }
}
