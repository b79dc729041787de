import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Synchronization
import Testing

/// Devices and a hub, message by message: what the laws promise.
struct SyncTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
  }

  /// Syncs until everybody has everybody's work, and checks laws L2 and L7.
  private func settle(_ devices: [TestDevice]) throws {
    for _ in 0..<2 { for device in devices { try device.sync() } }
    for table in world.schema.tables {
      let rows = try world.hubRows(table.name)
      for device in devices { #expect(try device.rows(table.name) == rows, "\(table.name)") }
    }
    for device in devices { #expect(try device.status().isInStep) }
    #expect(try world.hub.problems().isEmpty)
  }

  private func openConflicts() throws -> [Conflict] { try world.hub.conflicts(openOnly: true) }

  private func begin() throws {
    try an.write(
      "INSERT INTO project (id, title, place, prose) VALUES ('p', 'a', 'here', 'one two three')")
    try settle([an, binh])
  }

  @Test func `an application that observes a table hears of what a pull has brought`() throws {
    let heard = Mutex(0)
    let observation = DatabaseRegionObservation(tracking: Table("project"))
    let observer = observation.start(
      in: binh.store.database, onError: { _ in }, onChange: { _ in heard.withLock { $0 += 1 } })
    defer { observer.cancel() }
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
    try binh.sync()
    #expect(try binh.value("SELECT title FROM project") == .text("a"))
    #expect(heard.withLock { $0 } > 0)
  }

  @Test func `rows travel to the other device and back to nobody`() throws {
    try begin()
    #expect(try binh.value("SELECT title FROM project") == .text("a"))
    #expect(try an.sync().received == 0)
  }

  @Test func `edits of different fields merge, and no conflict opens`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET place = 'there'")
    try settle([an, binh])
    #expect(try an.value("SELECT title || place FROM project") == .text("bthere"))
    #expect(try openConflicts().isEmpty)
  }

  @Test func `edits of one field wait for the operator, who sees both`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let conflict = try #require(try openConflicts().first)
    #expect(conflict.base == [.text("a")] && conflict.live == [.text("b")])
    #expect(conflict.statements.map(\.values) == [[.text("c")]])
    #expect(conflict.statements.map(\.author.officer) == ["binh"])
    #expect(conflict.statements.map(\.author.deviceLabel) == ["D-binh"])
    #expect(try binh.value("SELECT state FROM thuan_conflict") == .text("open"))
    #expect(try binh.value("SELECT officer FROM thuan_candidate") == .text("binh"))
    #expect(try binh.status().openConflicts == 1)
  }

  @Test func `a decision reaches everybody, and can be taken back`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let conflict = try #require(try openConflicts().first)
    let ruling = Ruling(by: "ha", reason: "theo biên bản", wallMilliseconds: world.now)
    try world.hub.resolve(conflict.id, version: conflict.version, .candidate(1), ruling)
    try settle([an, binh])
    #expect(try an.value("SELECT title FROM project") == .text("c"))
    #expect(try an.value("SELECT reason FROM thuan_conflict") == .text("theo biên bản"))
    #expect(try openConflicts().isEmpty)
    try world.hub.undo(conflict.id, ruling)
    try settle([an, binh])
    #expect(try an.value("SELECT title FROM project") == .text("b"))
    #expect(try openConflicts().map(\.state) == [.reopened])
    #expect(try openConflicts().first?.statements.map(\.values) == [[.text("c")]])
    let again = try #require(try openConflicts().first)
    try world.hub.resolve(again.id, version: again.version, .written([.text("d")]), ruling)
    try settle([an, binh])
    #expect(try an.value("SELECT title FROM project") == .text("d"))
  }

  @Test func `a decision on what was seen is refused when more has come in`() throws {
    try begin()
    let chi = try world.device("chi")
    try chi.sync()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try chi.write("UPDATE project SET title = 'd'")
    try an.sync()
    try binh.sync()
    let seen = try #require(try openConflicts().first)
    try chi.sync()
    let ruling = Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
    #expect(throws: HubError.versionChanged(seen.version + 1)) {
      try world.hub.resolve(seen.id, version: seen.version, .current, ruling)
    }
    #expect(try openConflicts().first?.statements.count == 2)
  }

  @Test func `what was built on a settled statement is no new conflict`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try an.sync()
    try binh.sync(.push)
    try binh.write("UPDATE project SET title = 'c2'")
    let conflict = try #require(try openConflicts().first)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .candidate(1),
      Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
    try settle([binh, an])
    #expect(try openConflicts().isEmpty)
    #expect(try an.value("SELECT title FROM project") == .text("c2"))
  }

  @Test func `a row deleted here and edited there stays alive until the operator confirms`() throws
  {
    for order in [[0, 1], [1, 0]] {
      let world = try World()
      let devices = [try world.device("an"), try world.device("binh")]
      try devices[0].write("INSERT INTO project (id, title) VALUES ('p', 'a')")
      for device in devices { try device.sync() }
      try devices[0].write("DELETE FROM project")
      try devices[1].write("UPDATE project SET title = 'b'")
      for index in order { try devices[index].sync() }
      for device in devices { try device.sync() }
      let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
      #expect(conflict.kind == .deletedEdited)
      #expect(conflict.statements.map(\.author.officer) == ["an"])
      for device in devices { #expect(try device.value("SELECT title FROM project") == .text("b")) }
      try world.hub.resolve(
        conflict.id, version: conflict.version, .deleteRow,
        Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
      for device in devices { try device.sync() }
      for device in devices { #expect(try device.rows("project").isEmpty) }
      #expect(try devices[0].status().isInStep)
      try world.hub.undo(
        conflict.id, Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
      for device in devices { try device.sync() }
      for device in devices { #expect(try device.value("SELECT title FROM project") == .text("b")) }
      #expect(try world.hub.conflicts(openOnly: true).count == 1)
    }
  }

  @Test func `a parent deleted here with a new child there stays alive, in either order`() throws {
    for order in [[0, 1], [1, 0]] {
      let world = try World()
      let devices = [try world.device("an"), try world.device("binh")]
      try devices[0].write("INSERT INTO project (id, title) VALUES ('p', 'a')")
      for device in devices { try device.sync() }
      try devices[0].write("DELETE FROM project")
      try devices[1].write("INSERT INTO item (id, project_id) VALUES ('i', 'p')")
      for index in order { try devices[index].sync() }
      for device in devices { try device.sync() }
      #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.deletedEdited])
      for device in devices {
        #expect(try device.rows("project").count == 1)
        #expect(try device.rows("item").count == 1)
        #expect(try device.status().isInStep)
      }
    }
  }

  @Test func `a clock that was ahead and was set right before the sync wins nothing alone`() throws
  {
    try begin()
    let now = world.now
    world.now = now + 20 * 3_600_000
    try an.write("UPDATE project SET place = 'ahead'")
    world.now = now
    try binh.write("UPDATE project SET place = 'there'")
    try settle([binh, an])
    #expect(try openConflicts().map(\.unit) == ["place"])
    #expect(try world.hub.row("project", RowKey([.text("p")]))?[2].value == .text("there"))
    // The store's own clock is back as well: what is written from here on counts again.
    try an.write("UPDATE project SET prose = 'x'")
    try an.sync()
    let last = try #require(try world.hub.history(of: "project", RowKey([.text("p")])).last)
    #expect(!last.author.isFlagged)
  }

  @Test func `link rows are a set: additions win, removals are explicit`() throws {
    try begin()
    try an.write("INSERT INTO tag VALUES ('p', 'x'); INSERT INTO tag VALUES ('p', 'y')")
    try settle([an, binh])
    try an.write("INSERT INTO tag VALUES ('p', 'z')")
    try binh.write("DELETE FROM tag WHERE word = 'x'; INSERT INTO tag VALUES ('p', 'z')")
    try settle([an, binh])
    #expect(try world.hubRows("tag").map { $0[1] } == [.text("y"), .text("z")])
    #expect(try openConflicts().isEmpty)
  }

  @Test func `two rows with one soft key both live, and the clash can be settled`() throws {
    try begin()
    try an.write("INSERT INTO item (id, project_id, number) VALUES ('i', 'p', 7)")
    try binh.write("INSERT INTO item (id, project_id, number) VALUES ('j', 'p', 7)")
    try settle([an, binh])
    let conflict = try #require(try openConflicts().first)
    #expect(conflict.kind == .duplicate && conflict.unit == "number")
    #expect(try world.hubRows("item").count == 2)
    let other = try #require(conflict.otherKey)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .amend(other, ["number": .integer(8)]),
      Ruling(by: "ha", reason: "sổ đăng ký", wallMilliseconds: world.now))
    try settle([an, binh])
    #expect(try openConflicts().isEmpty)
    #expect(try an.value("SELECT group_concat(number) FROM item") == .text("7,8"))
  }

  @Test func `a row made with a value that only the hub may set is put right on its device`() throws
  {
    try an.write("INSERT INTO project (id, code) VALUES ('q', 'mine')")
    try settle([an, binh])
    #expect(try an.value("SELECT code FROM project WHERE id = 'q'") == .null)
  }

  @Test func `what a device may not write is put before the operator, and put right`() throws {
    try begin()
    try an.write("UPDATE project SET code = 'mine', origin = 'x'")
    try settle([an, binh])
    #expect(try openConflicts().map(\.kind) == [.notAllowed, .notAllowed])
    #expect(try an.value("SELECT code FROM project") == .null)
    #expect(
      try openConflicts().flatMap(\.statements).map(\.values).contains([.text("mine")]))
  }

  @Test func `work from before the enrolment is the officer's and is sent like the rest`() throws {
    let path = world.folder.appendingPathComponent("early.db").path
    let store = try world.open(path)
    try store.write(by: Author(officer: "", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "INSERT INTO project (id, title) VALUES ('p', 'early')")
    }
    #expect(try store.status(wallMilliseconds: world.now).waitingChangeSets == 1)
    try store.enrol(
      an.identity, officer: "an", epoch: an.epoch, wallMilliseconds: world.now)
    let early = TestDevice(
      world: world, store: store, identity: an.identity, officer: "an", epoch: an.epoch, path: path)
    try early.sync()
    #expect(try world.hub.history(limit: 1).map(\.author.officer) == ["an"])
  }

  @Test func `a change that breaks a constraint waits in quarantine and blocks nothing`() throws {
    try begin()
    // A title that only an older device's schema would allow: written with checks switched off.
    try an.store.database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.write("UPDATE project SET title = '' WHERE id = 'p'")
    try an.write("INSERT INTO project (id, title) VALUES ('good', 'x')")
    try an.write("UPDATE project SET place = 'y' WHERE id = 'bad'")
    let progress = try an.sync()
    #expect(progress.quarantined == 3 && progress.sent == 4)
    #expect(try world.hubRows("project").map { $0[0] } == [.text("good"), .text("p")])
    #expect(try an.status().quarantined == 3)
    #expect(try !an.status().isInStep)
    // The officer still sees the work; it is not gone because the hub did not take it.
    #expect(try an.value("SELECT place FROM project WHERE id = 'bad'") == .text("y"))
    let waiting = try world.hub.quarantine(openOnly: true)
    #expect(waiting.map(\.reason) == [.constraint, .constraint, .dependent])
    let ruling = Ruling(by: "ha", reason: "trống", wallMilliseconds: world.now)
    #expect(try world.hub.retry(waiting[0].number, ruling).isEmpty)
    for work in waiting { try world.hub.dismiss(work.number, ruling) }
    try settle([an, binh])
    #expect(try an.value("SELECT title FROM project WHERE id = 'p'") == .text("a"))
    #expect(try an.rows("project").count == 2)
  }

  @Test func `a text that is none is kept to the byte, on its device`() throws {
    try begin()
    try an.store.database.write { db in
      try db.execute(
        sql: """
          INSERT INTO project (id, title) VALUES ('nul', CAST(x'610062' AS TEXT));
          INSERT INTO project (id, title) VALUES ('bad', CAST(x'63ff' AS TEXT));
          UPDATE project SET title = CAST(x'6400' AS TEXT) WHERE id = 'p'
          """)
    }
    #expect(try an.sync().quarantined == 0)
    let kept = try an.store.changeSets(wallMilliseconds: world.now).filter { !$0.isSealed }
      .flatMap(\.changeSet.changes).compactMap { change in
        change.fields.first { $0.column == 2 }?.after
      }
    #expect(kept == [.blob([0x61, 0, 0x62]), .blob([0x63, 0xFF]), .blob([0x64, 0])])
  }

  @Test func `an envelope that comes twice gets the same receipts and changes nothing`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    let envelope = try #require(
      try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
    let device = try #require(world.hub.devices().first { $0.id == an.identity.device })
    let first = try world.hub.receive(
      envelope: envelope, from: device, wallMilliseconds: world.now)
    let status = try world.hub.status()
    let second = try world.hub.receive(
      envelope: envelope, from: device, wallMilliseconds: world.now)
    #expect(first == second)
    #expect(try world.hub.status() == status)
  }

  @Test func `a response that was lost after the hub's commit is made good by the next sync`()
    throws
  {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    let envelope = try #require(
      try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
    _ = try an.answer(.push(envelope))
    #expect(try an.status().waitingChangeSets == 1)
    try an.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    #expect(try binh.value("SELECT title FROM project") == .text("c"))
    #expect(try openConflicts().isEmpty)
  }

  @Test func `pages are applied when the last has come, and a break loses none`() throws {
    let count = SyncLimits.pageRows * 2 + 10
    try an.write(
      """
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
      INSERT INTO project (id, title) SELECT 'p' || i, 't' FROM n
      """)
    try an.sync()
    var round = SyncRound(binh.store, identity: binh.identity)
    let request = try #require(try round.next(wallMilliseconds: world.now))
    try round.receive(try binh.answer(request), wallMilliseconds: world.now)
    #expect(try binh.rows("project").isEmpty)
    // Meanwhile a row that was in the first page changes, together with one that was not.
    try an.write("UPDATE project SET title = 'new' WHERE id IN ('p1', 'p\(count)')")
    try an.sync()
    let resumed = try binh.sync()
    #expect(resumed.received < count)
    #expect(try binh.value("SELECT count(*) FROM project") == .integer(Int64(count)))
    #expect(try binh.value("SELECT count(*) FROM project WHERE title = 'new'") == .integer(2))
    #expect(try binh.status().isInStep)
  }

  @Test func `a device that takes page after page is noted once a second, and at the end`() throws {
    world.limitPages(to: 1)
    for id in ["p", "q", "r", "s"] {
      try an.write("INSERT INTO project (id, title) VALUES (?, 't')", [.text(id)])
    }
    try an.sync()
    func lastSeen() throws -> Int64? {
      try world.hub.devices().first { $0.id == binh.identity.device }?.lastSeenMilliseconds
    }
    var round = SyncRound(binh.store, identity: binh.identity)
    var noted: [Int64] = []
    let start = world.now
    while let request = try round.next(wallMilliseconds: world.now) {
      try round.receive(try binh.answer(request), wallMilliseconds: world.now)
      noted.append(try #require(try lastSeen()) - start)
      world.now += 600
    }
    #expect(noted == [0, 0, 1_200, 1_800])
  }

  @Test func `pending work stays on top of what comes from the hub`() throws {
    try begin()
    try binh.write("UPDATE project SET title = 'b', place = 'far'")
    try binh.sync()
    try an.write("UPDATE project SET title = 'mine'")
    try an.sync(.pull)
    #expect(try an.value("SELECT title || place FROM project") == .text("minefar"))
    #expect(try !an.status().isInStep)
    try settle([an, binh])
    #expect(try an.value("SELECT title FROM project") == .text("b"))
    #expect(try openConflicts().first?.statements.map(\.values) == [[.text("mine")]])
  }

  @Test func `text in another Unicode form is no edit, and the writer is put right`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'thôn 1, xã La Dạ')")
    try settle([an, binh])
    try binh.write(
      "UPDATE project SET title = ?",
      [.text("thôn 1, xã La Dạ".decomposedStringWithCanonicalMapping)])
    try an.write("UPDATE project SET title = 'xã La Dạ (thôn 1)'")
    try binh.sync()
    try settle([an, binh])
    #expect(try openConflicts().isEmpty)
    #expect(try binh.value("SELECT title FROM project") == .text("xã La Dạ (thôn 1)"))
  }

  @Test func `a revoked device's work is received into quarantine, and it pulls nothing`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try world.hub.revoke(
      device: an.identity.device,
      Ruling(by: "ha", reason: "mất máy", wallMilliseconds: world.now))
    #expect(throws: Refusal(.revoked)) { try an.sync() }
    #expect(try world.hub.quarantine(openOnly: true).map(\.reason) == [.revoked])
    #expect(try world.hubRows("project").first?[1] == .text("a"))
    #expect(try world.hub.devices().first?.revocation?.reason == "mất máy")
  }

  @Test func `work that builds on dismissed work is judged as what it is`() throws {
    try an.store.database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
    }
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.write("UPDATE project SET place = 'y' WHERE id = 'bad'")
    try an.sync()
    let waiting = try world.hub.quarantine(openOnly: true)
    let ruling = Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
    try world.hub.dismiss(waiting[0].number, ruling)
    #expect(try world.hub.retry(waiting[1].number, ruling).isEmpty)
    let left = try world.hub.quarantine(openOnly: true)
    #expect(left.map(\.reason) == [.unknownRow] && left.map(\.decidedReason) == ["r"])
  }

  @Test func `a suspicion closes when the rule suspects nothing any more`() throws {
    struct SameTitle: HubRule {
      func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding] {
        try rows.flatMap { row in
          try view.rows(
            "SELECT id FROM project WHERE title = ? AND id <> ?", [row.values[1], row.values[0]]
          ).map { other in
            let pair = [row.key, RowKey(other)].sorted { $0.stored < $1.stored }
            return RuleFinding(
              kind: .possibleDuplicate, table: "project", key: pair[0], rule: "title",
              otherKey: pair[1])
          }
        }
      }
    }
    let world = try World(rules: [SameTitle()])
    let an = try world.device("an")
    try an.write(
      "INSERT INTO project (id, title) VALUES ('p', 'a'); INSERT INTO project (id, title) VALUES ('q', 'a')"
    )
    try an.sync()
    #expect(try world.hub.conflicts(openOnly: true).map(\.kind) == [.possibleDuplicate])
    try an.write("UPDATE project SET title = 'b' WHERE id = 'q'")
    try an.sync()
    #expect(try world.hub.conflicts(openOnly: false).map(\.state) == [.superseded])
    #expect(try an.status().openConflicts == 0)
  }

  @Test func `history tells who wrote what, and by which decision`() throws {
    try begin()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let conflict = try #require(try openConflicts().first)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .candidate(1),
      Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
    let history = try world.hub.history(of: "project", RowKey([.text("p")]))
    #expect(history.map(\.author.officer) == ["an", "an", "binh", "ha"])
    #expect(
      history.map { $0.fields.first?.outcome } == [.applied, .applied, .conflicted, .applied])
    #expect(history.last?.conflict == conflict.id)
    #expect(history[2].fields.first?.after == .text("c"))
  }
}
