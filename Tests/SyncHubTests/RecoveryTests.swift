import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Copies that are put back, on either side: nothing is lost, nothing is applied twice, and nobody is
/// asked about his own words.
struct RecoveryTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: world.now) }

  init() throws {
    world = try World(hubFile: "hub.db")
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'here')")
    try settle([an, binh])
  }

  private func settle(_ devices: [TestDevice]) throws {
    for _ in 0..<3 { for device in devices { try device.sync() } }
  }

  private func expectInStep(_ devices: [TestDevice]) throws {
    for device in devices {
      #expect(try device.status().isInStep, "\(device.path)")
      #expect(try device.store.flaws(wallMilliseconds: world.now).isEmpty)
      for table in world.schema.tables {
        #expect(try device.rows(table.name) == world.hubRows(table.name), "\(table.name)")
      }
    }
    #expect(try world.hub.problems().isEmpty)
  }

  private func title() throws -> Value? {
    try world.hub.row("project", RowKey([.text("p")]))?[1].value
  }

  private func backUpHub(_ name: String) throws -> String {
    let path = world.folder.appendingPathComponent(name).path
    try world.hubDatabase.backup(to: path)
    return path
  }

  // MARK: Devices

  @Test func `a device that was put back gets its own later work from the hub`() throws {
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try an.sync()
    let restored = try world.device(an, at: copy)
    try restored.sync()
    #expect(try restored.value("SELECT title FROM project") == .text("b"))
    try restored.write("UPDATE project SET title = 'c'")
    try settle([restored, binh])
    try expectInStep([restored, binh])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  @Test func `work that a copy holds without its receipt is not applied twice`() throws {
    try an.write("UPDATE project SET title = 'b'")
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let restored = try world.device(an, at: copy)
    // Written before anybody notices, on top of what the copy shows.
    try restored.write("UPDATE project SET place = 'there'")
    try settle([restored, binh])
    try expectInStep([restored, binh])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try restored.value("SELECT place FROM project") == .text("there"))
  }

  @Test func `what a restored device writes over work it never saw is a question`() throws {
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    let restored = try world.device(an, at: copy)
    try restored.write("UPDATE project SET title = 'z'")
    try settle([restored, binh])
    try expectInStep([restored, binh])
    #expect(try title() == .text("b"))
    #expect(try world.hub.conflicts(openOnly: true).map(\.statements.count) == [1])
  }

  @Test func `two machines that go on from one store are two streams, and both work`() throws {
    try an.write("UPDATE project SET title = 'b'")
    let clone = try world.device(an, at: try an.copy("clone.db"))
    try an.write("UPDATE project SET place = 'one'")
    try clone.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try an.sync()
    try clone.sync(.pull)
    try clone.sync()
    try an.write("UPDATE project SET title = 'c'")
    try clone.write("UPDATE item SET name = 'y'")
    try settle([clone, an, binh])
    try expectInStep([an, clone, binh])
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try title() == .text("c"))
    #expect(try binh.value("SELECT name FROM item") == .text("y"))
  }

  @Test func `a device that was put back twice applies nothing twice`() throws {
    try an.write("UPDATE project SET title = 'b'")
    let first = try an.copy("first.db")
    let second = try an.copy("second.db")
    try an.write("UPDATE project SET place = 'x'")
    try an.sync()
    let once = try world.device(an, at: first)
    try once.write("UPDATE project SET title = 'c'")
    try settle([once, binh])
    let twice = try world.device(an, at: second)
    try settle([twice, binh])
    try expectInStep([twice, binh])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  // MARK: The hub

  @Test func `a hub that was put back gets what it lost from the devices`() throws {
    let copy = try backUpHub("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try settle([an, binh])
    try binh.write("UPDATE item SET name = 'y'")
    try settle([an, binh])
    try world.restoreHub(from: copy)
    // The device that knows least comes first.
    try settle([binh, an])
    try expectInStep([an, binh])
    #expect(try title() == .text("b"))
    #expect(try binh.value("SELECT name FROM item") == .text("y"))
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try an.store.events().map(\.kind).contains(.reoffered))
  }

  @Test func `what others wrote in a life of the hub that is gone is not shown for ever`() throws {
    let copy = try backUpHub("copy.db")
    let chi = try world.device("chi")
    try chi.write("INSERT INTO project (id, title) VALUES ('q', 'lost')")
    try settle([chi, an])
    #expect(try an.rows("project").count == 2)
    // The machine that wrote it is gone as well, and so is the hub's memory of it.
    try world.restoreHub(from: copy)
    try binh.write("UPDATE project SET title = 'b'")
    try settle([binh, an])
    try expectInStep([an, binh])
    #expect(try an.rows("project").count == 1)
  }

  @Test func `a device that held rows back notices that the hub is not what it was`() throws {
    let copy = try backUpHub("copy.db")
    let chi = try world.device("chi")
    try chi.sync()
    try an.write("UPDATE project SET place = 'mine'")
    try chi.write("UPDATE project SET title = 'c', place = 'there'")
    try binh.write("UPDATE project SET title = 'b'")
    try settle([binh, chi])
    try an.sync(.pull)
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(1))
    // The machines that disagreed are gone as well.
    try world.restoreHub(from: copy)
    try settle([an])
    try expectInStep([an])
    #expect(try an.value("SELECT title || place FROM project") == .text("amine"))
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(0))
  }

  @Test func `a clock that was years ahead does not make devices forget what a hub may ask for`()
    throws
  {
    let copy = try backUpHub("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    let years: Int64 = 10 * 365 * 86_400_000
    world.now += years
    try an.write("UPDATE project SET place = 'there'")
    try an.sync()
    world.now -= years
    try world.restoreHub(from: copy)
    try settle([an, binh])
    try expectInStep([an, binh])
    #expect(try title() == .text("b"))
  }

  @Test func `a sequence that was given out twice hides nothing`() throws {
    let copy = try backUpHub("copy.db")
    try an.write("UPDATE project SET place = 'x'")
    try settle([an, binh])
    try world.restoreHub(from: copy)
    // The hub goes on, and has come further than it ever was, before the first device returns.
    let chi = try world.device("chi")
    for title in ["b", "c", "d"] {
      try chi.write("UPDATE project SET title = '\(title)' WHERE id = 'p'")
      try chi.write("INSERT INTO project (id, title) VALUES ('\(title)', 'new')")
      try chi.sync()
    }
    try binh.write("UPDATE project SET title = 'e'")
    try settle([binh, an, chi])
    try expectInStep([an, binh, chi])
    #expect(try an.rows("project").count == 4)
    #expect(try an.value("SELECT place FROM project WHERE id = 'p'") == .text("x"))
    // binh had seen 'a' only: what chi wrote since is another's word.
    #expect(try world.hub.conflicts(openOnly: true).count == 1)
  }

  @Test func `both sides put back at once come together`() throws {
    let hubCopy = try backUpHub("hubcopy.db")
    try an.write("UPDATE project SET title = 'b'")
    try settle([an, binh])
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET place = 'x'")
    try an.sync()
    try world.restoreHub(from: hubCopy)
    let restored = try world.device(an, at: copy)
    try restored.write("UPDATE project SET place = 'y'")
    try settle([binh, restored])
    try expectInStep([restored, binh])
    #expect(try title() == .text("b"))
    #expect(try restored.value("SELECT place FROM project") == .text("y"))
  }

  @Test func `a device that the hub has forgotten offers all its work under a new name`() throws {
    let copy = try backUpHub("copy.db")
    let chi = try world.device("chi")
    try chi.sync()
    try chi.write("UPDATE project SET title = 'b'")
    try chi.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try settle([chi, an])
    try world.restoreHub(from: copy)
    #expect(throws: Refusal.self) { try chi.sync() }
    let renewed = try world.renew(chi)
    try renewed.write("UPDATE project SET title = 'c'; UPDATE item SET name = 'y'")
    try settle([an, renewed, binh])
    try expectInStep([an, binh, renewed])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
  }

  @Test func `a device that is enrolled anew applies nothing twice`() throws {
    try an.write("UPDATE project SET title = 'b'")
    try settle([an, binh])
    try binh.write("UPDATE project SET title = 'c'")
    try settle([binh])
    let renewed = try world.renew(an)
    try renewed.write("UPDATE project SET place = 'x'")
    try settle([renewed, binh])
    try expectInStep([renewed, binh])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  @Test func `a hub that is given the same work a second time has made something else of it`()
    throws
  {
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    try an.write("UPDATE project SET title = 'c'")
    let copy = try backUpHub("copy.db")
    try an.sync()
    world.now += 60_000
    try world.restoreHub(from: copy)
    try settle([an, binh])
    try expectInStep([an, binh])
    let opened = try world.hub.conflicts(openOnly: true).map(\.openedMilliseconds)
    #expect(try an.value("SELECT opened_at FROM thuan_conflict") == .integer(opened[0]))
  }

  @Test func `what waited for a row at a hub that was put back is told to its writer alone`() throws
  {
    let grants = Grants()
    let world = try World(policy: grants, hubFile: "scoped.db")
    for officer in ["an", "binh"] { grants.give(officer, reading: ["north"], writing: ["north"]) }
    let (an, binh) = (try world.device("an"), try world.device("binh"))
    let copy = world.folder.appendingPathComponent("scoped.copy").path
    try world.hubDatabase.backup(to: copy)
    try an.write("INSERT INTO project (id, title) VALUES ('q', 'a')")
    try settle([an, binh])
    try world.restoreHub(from: copy)
    try binh.write("INSERT INTO item VALUES ('i', 'q', 'x', 1)")
    try binh.sync()
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.missingParent])
    try settle([an, binh])
    let (own, others) = (
      try binh.value("SELECT group_concat(device || state) FROM thuan_quarantine"),
      try an.value("SELECT group_concat(device || state) FROM thuan_quarantine")
    )
    #expect(own == .text(binh.identity.device + "applied"))
    #expect(others == .null)
    for device in [an, binh] { #expect(try device.status().isInStep) }
  }

  // MARK: Both

  @Test
  func `work that only a copy has its receipts for is offered again when all else was put back`()
    throws
  {
    let hubCopy = try backUpHub("hubcopy.db")
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try an.sync()
    let clone = try world.device(an, at: try an.copy("clone.db"))
    try world.restoreHub(from: hubCopy)
    // Goes on under the name that the clone has, too, and under the numbers of what is gone.
    let restored = try world.device(an, at: copy)
    try restored.write("UPDATE project SET first_day = '2026-01-01'")
    try restored.sync()
    try clone.write("UPDATE project SET place = 'there'")
    try settle([clone, restored, binh])
    try expectInStep([clone, restored, binh])
    #expect(try title() == .text("b"))
    #expect(try binh.value("SELECT place || first_day FROM project") == .text("there2026-01-01"))
    #expect(try binh.value("SELECT name FROM item") == .text("x"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  @Test func `what a copy wrote under a name that it has left is offered again, too`() throws {
    let hubCopy = try backUpHub("hubcopy.db")
    let copy = try an.copy("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    let clone = try world.device(an, at: try an.copy("clone.db"))
    try an.write("UPDATE project SET place = 'here, too'")
    try an.sync()
    try clone.write("UPDATE project SET title = 'c'")
    try clone.sync()
    try world.restoreHub(from: hubCopy)
    let restored = try world.device(an, at: copy)
    try restored.write("UPDATE project SET first_day = '2026-01-01'")
    try restored.sync()
    try settle([clone, restored, binh])
    try expectInStep([clone, restored, binh])
    #expect(try title() == .text("c"))
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    let written = try world.hub.history(of: "project", RowKey([.text("p")])).flatMap(\.fields)
    #expect(written.contains { $0.after == .text("b") })
  }

  // MARK: Twice in a row

  /// What `an` goes on with from a copy of its store, while the hub is put back to before the copy and
  /// then to after it.
  private struct Twice {
    let restored: TestDevice
    let later: String
  }

  /// The hub and then a device are put back, and the device's new words take the places in its stream
  /// that others have in a later copy of the hub.
  private func putBackBoth() throws -> Twice {
    let first = try backUpHub("first.db")
    let copy = try an.copy("an.db")
    try an.write("UPDATE project SET title = 'b'")
    try settle([an, binh])
    let later = try backUpHub("later.db")
    try world.restoreHub(from: first)
    let restored = try world.device(an, at: copy)
    try restored.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try restored.write("INSERT INTO item VALUES ('j', 'p', 'y', 2)")
    try restored.sync()
    return Twice(restored: restored, later: later)
  }

  @Test func `a place in a stream that was given out twice hides no work`() throws {
    let twice = try putBackBoth()
    try world.restoreHub(from: twice.later)
    try settle([binh, twice.restored])
    try expectInStep([binh, twice.restored])
    #expect(try world.hubRows("item").count == 2)
    #expect(try title() == .text("b"))
  }

  @Test func `nor where the stream has been left since`() throws {
    let twice = try putBackBoth()
    try twice.restored.store.beginEpoch(world.nextEpoch(), wallMilliseconds: world.now)
    try twice.restored.write("INSERT INTO item VALUES ('k', 'p', 'z', 3)")
    try twice.restored.sync()
    try world.restoreHub(from: twice.later)
    try settle([binh, twice.restored])
    try expectInStep([binh, twice.restored])
    #expect(try world.hubRows("item").count == 3)
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
  }

  @Test func `nor where the later copy has as much of the stream as the device`() throws {
    let first = try backUpHub("first.db")
    let copy = try an.copy("an.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let later = try backUpHub("later.db")
    try world.restoreHub(from: first)
    let restored = try world.device(an, at: copy)
    try restored.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try restored.sync()
    try restored.store.beginEpoch(world.nextEpoch(), wallMilliseconds: world.now)
    try restored.write("INSERT INTO item VALUES ('k', 'p', 'z', 3)")
    try restored.sync()
    try world.restoreHub(from: later)
    try settle([binh, restored])
    try expectInStep([binh, restored])
    #expect(try world.hubRows("item").count == 2)
  }

  @Test func `a hub that is put back twice before others have come gets all from everybody`() throws
  {
    let first = try backUpHub("first.db")
    try an.write("UPDATE project SET title = 'b'")
    try settle([an, binh])
    let second = try backUpHub("second.db")
    try binh.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try settle([an, binh])
    for copy in [first, second, first] {
      try world.restoreHub(from: copy)
      try an.write("INSERT INTO item VALUES ('\(world.now)', 'p', 'y', NULL)")
      try an.sync()
    }
    try settle([an, binh])
    try expectInStep([an, binh])
    #expect(try world.hubRows("item").count == 4)
    #expect(try title() == .text("b"))
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  @Test func `work in quarantine comes again to a hub that was put back twice`() throws {
    let first = try backUpHub("first.db")
    try an.store.database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try settle([an])
    let second = try backUpHub("second.db")
    let waiting = try #require(try world.hub.quarantine(openOnly: true).first)
    try world.hub.dismiss(waiting.number, ruling)
    for copy in [first, second, first] {
      try world.restoreHub(from: copy)
      try settle([an, binh])
      #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.constraint])
    }
  }

  @Test func `what lay in quarantine under a former name comes again with the rest`() throws {
    try an.store.database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    let copy = try backUpHub("first.db")
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.sync()
    var renewed = try world.renew(an)
    try renewed.sync()
    #expect(try renewed.status().quarantined == 1)
    try world.restoreHub(from: copy)
    renewed = try world.renew(renewed)
    try settle([renewed, binh])
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.constraint])
    #expect(try renewed.status().quarantined == 1)
  }

  // MARK: Revoked

  @Test func `a device that knows it is revoked is so again at a hub that was put back`() throws {
    let copy = try backUpHub("copy.db")
    try world.hub.revoke(device: an.identity.device, ruling)
    #expect(throws: Refusal.self) { try an.sync() }
    #expect(try an.store.isLocked())
    try an.write("UPDATE project SET title = 'b'")
    try world.restoreHub(from: copy)
    #expect(throws: Refusal.self) { try an.sync() }
    let device = try #require(
      try world.hub.devices().first { $0.id == an.identity.device })
    #expect(device.isRevoked && device.revocation?.by == an.identity.device)
    // It was held revoked before anything of it was taken in, and nothing is lost.
    #expect(try title() == .text("a"))
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.revoked])
    #expect(try world.hub.acts(limit: 1).map(\.kind) == [.revokedBefore])
    #expect(try an.status().waitingChangeSets == 0)
    try an.sync(.push)
    #expect(try world.hub.acts(limit: 9).count { $0.kind == .revokedBefore } == 1)
  }

  @Test func `a revoked device's work is offered again to a hub that was put back twice`() throws {
    let copy = try backUpHub("copy.db")
    try an.write("UPDATE project SET title = 'b'")
    try an.sync()
    try world.hub.revoke(device: an.identity.device, ruling)
    #expect(throws: Refusal.self) { try an.sync() }
    for _ in 0..<2 {
      try world.restoreHub(from: copy)
      #expect(throws: Refusal.self) { try an.sync() }
      #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.revoked])
      #expect(try world.hub.devices().filter(\.isRevoked).count == 1)
    }
  }
}
