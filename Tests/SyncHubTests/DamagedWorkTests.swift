import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// What a device's disk has damaged before it was sent: it is never work, never lost, never in the way.
struct DamagedWorkTests {
  private let world: World
  private let an: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
  }

  /// The first change set is on its way, whatever happens to those after it.
  private func begin() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try an.sync()
  }

  /// What the disk does to a change set that waits to be sent.
  private func damage(_ sequence: Int, _ expression: String) throws {
    try an.store.database.write { db in
      try db.execute(
        sql: "UPDATE thuan_outbox SET body = CAST(\(expression) AS BLOB) WHERE sequence = ?",
        arguments: [sequence])
    }
  }

  @Test(arguments: ["x'deadbeef'", "x''", "x'00' || body", "replace(body, 'one', 'two')"])
  func `damaged work that comes again is the same work, and holds nothing up`(_ damaged: String)
    throws
  {
    try begin()
    for id in ["one", "good"] {
      try an.write("INSERT INTO project (id, title) VALUES (?, 'one')", [.text(id)])
    }
    _ = try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now)
    try damage(2, damaged)
    let envelope = try #require(
      try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
    // The answer is lost, twice.
    for _ in 0..<2 { _ = try an.answer(.push(envelope)) }
    try an.write("UPDATE project SET place = 'later' WHERE id = 'good'")
    for _ in 0..<3 { try an.sync() }
    #expect(try world.hub.quarantine(openOnly: false).map(\.reason) == [.malformed])
    #expect(try an.status().waitingChangeSets == 0)
    #expect(try world.hub.row("project", RowKey([.text("good")]))?[2].value == .text("later"))
  }

  @Test(arguments: ["x'deadbeef'", "replace(body, 'one', 'two')"])
  func `what the hub has whole stays as it is when its device's copy is damaged`(_ damaged: String)
    throws
  {
    for hasMore in [false, true] {
      let world = try World()
      let an = try world.device("an")
      try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
      try an.sync()
      try an.write("INSERT INTO project (id, title) VALUES ('one', 'one')")
      if hasMore { try an.write("UPDATE project SET place = 'later' WHERE id = 'one'") }
      let envelope = try #require(
        try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
      // The hub has it; that it has, nobody hears.
      _ = try an.answer(.push(envelope))
      try an.store.database.write {
        try $0.execute(
          sql: "UPDATE thuan_outbox SET body = CAST(\(damaged) AS BLOB) WHERE sequence = 2")
      }
      for _ in 0..<3 { try an.sync() }
      #expect(try world.hub.quarantine(openOnly: false).isEmpty)
      #expect(try world.hub.conflicts(openOnly: false).isEmpty)
      #expect(try world.hubRows("project").map { $0[0] } == [.text("one"), .text("p")])
      #expect(try an.rows("project") == world.hubRows("project"))
      #expect(try an.status().isInStep)
      try an.write("UPDATE project SET title = 'b' WHERE id = 'one'")
      try an.sync()
      #expect(try an.status().isInStep)
      #expect(try an.store.events().isEmpty)
    }
  }

  @Test func `damaged work goes out to a hub that was put back from before it too`() throws {
    let copy = world.folder.appendingPathComponent("copy.db").path
    try world.hubDatabase.backup(to: copy)
    try begin()
    try an.write("INSERT INTO project (id, title) VALUES ('one', 'one')")
    _ = try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now)
    try damage(2, "x'deadbeef'")
    try world.restoreHub(from: copy)
    for _ in 0..<3 { try an.sync() }
    #expect(try world.hubRows("project").map { $0[0] } == [.text("p")])
    #expect(try world.hub.quarantine(openOnly: false).map(\.reason) == [.malformed])
    #expect(try an.status().waitingChangeSets == 0)
  }

  @Test func `what is damaged does not pass for work in another stream either`() throws {
    try begin()
    for id in ["one", "good"] {
      try an.write("INSERT INTO project (id, title) VALUES (?, 'one')", [.text(id)])
    }
    var round = SyncRound(an.store, identity: an.identity)
    _ = try round.next(wallMilliseconds: world.now)
    try damage(2, "replace(body, 'one', 'two')")
    for (present, epoch) in [(an.epoch, 500), (500, 501)] {
      try round.receive(
        Refusal(.fork, sequence: 2, epoch: present), newEpoch: epoch, wallMilliseconds: world.now)
      _ = try round.next(wallMilliseconds: world.now)
    }
    let envelope = try #require(
      try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
    _ = try an.answer(.push(envelope))
    for _ in 0..<3 { try an.sync() }
    #expect(try world.hub.quarantine(openOnly: false).map(\.reason) == [.malformed])
    #expect(try an.status().waitingChangeSets == 0)
    #expect(try world.hubRows("project").map { $0[0] } == [.text("good"), .text("p")])
  }
}
