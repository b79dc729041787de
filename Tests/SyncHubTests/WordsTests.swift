import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// What the hub decided comes back with whoever holds it, when the hub is put back from a copy (law L10).
struct WordsTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "the list", wallMilliseconds: world.now) }

  init() throws {
    world = try World(hubFile: "hub.db")
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'x')")
    try settle()
  }

  private func settle(_ devices: [TestDevice]? = nil) throws {
    for _ in 0..<3 { for device in devices ?? [an, binh] { try device.sync() } }
  }

  private func copyHub() throws -> String {
    world.now += 1
    let path = world.folder.appendingPathComponent("copy-\(world.now).db").path
    try world.hubDatabase.backup(to: path)
    return path
  }

  private func open() throws -> [Conflict] { try world.hub.conflicts(openOnly: true) }

  private func expectInStep(_ devices: [TestDevice]? = nil) throws {
    for device in devices ?? [an, binh] {
      #expect(try device.status().isInStep)
      #expect(try device.rows("project") == world.hubRows("project"))
    }
    #expect(try world.hub.problems().isEmpty)
  }

  /// Both have written a title, and it was decided on the second's, which `holder` alone has heard of.
  private func decideAfterCopy(heardBy holder: TestDevice, _ choice: Choice = .candidate(1)) throws
    -> String
  {
    let copy = try copyHub()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try an.sync()
    try binh.sync()
    let conflict = try #require(try open().first)
    try world.hub.resolve(conflict.id, version: conflict.version, choice, ruling)
    try holder.sync()
    return copy
  }

  @Test(arguments: [0, 1], [0, 1])
  func `a decision comes back with any device that has heard of it, in either order`(
    _ holder: Int, _ first: Int
  ) throws {
    let devices = [an, binh]
    let copy = try decideAfterCopy(heardBy: devices[holder])
    try world.restoreHub(from: copy)
    try settle([devices[first], devices[1 - first]])
    #expect(try open().isEmpty)
    #expect(try world.hubRows("project")[0][1] == .text("c"))
    let conflict = try #require(try world.hub.conflicts(openOnly: false).first)
    #expect(conflict.state == .resolved && conflict.decision?.by == "ha")
    #expect(conflict.decision?.reason == "the list")
    try expectInStep()
    #expect(try an.value("SELECT state FROM thuan_conflict") == .text("resolved"))
  }

  @Test func `it comes back after the hub was put back twice`() throws {
    let copy = try decideAfterCopy(heardBy: binh, .written([.text("d")]))
    try world.restoreHub(from: copy)
    try settle()
    try world.restoreHub(from: copy)
    try settle()
    #expect(try open().isEmpty)
    #expect(try world.hubRows("project")[0][1] == .text("d"))
    try expectInStep()
  }

  @Test func `what builds on a decision stays above it, and what does not know it asks`() throws {
    let copy = try decideAfterCopy(heardBy: binh)
    try binh.write("UPDATE project SET title = 'c2'")
    try binh.sync()
    try world.restoreHub(from: copy)
    try settle()
    #expect(try world.hubRows("project")[0][1] == .text("c2"))
    #expect(try open().isEmpty)
    try expectInStep()
  }

  @Test func `a decision that the hub has taken back does not come again`() throws {
    let copy = try decideAfterCopy(heardBy: binh)
    let conflict = try #require(try world.hub.conflicts(openOnly: false).first)
    try world.hub.undo(conflict.id, ruling)
    try settle()
    try world.restoreHub(from: copy)
    try settle()
    #expect(try open().count == 1)
    try expectInStep()
  }

  @Test(arguments: [Choice.candidate(1), .current])
  func `a decision that came back can be taken back`(choice: Choice) throws {
    let copy = try decideAfterCopy(heardBy: binh, choice)
    try world.restoreHub(from: copy)
    try settle()
    let conflict = try #require(
      try world.hub.conflicts(openOnly: false).first { $0.state == .resolved })
    let decided = try world.hubRows("project").map { $0[1] }
    try world.hub.undo(conflict.id, ruling)
    try settle()
    #expect(try open().map(\.id) == [conflict.id])
    let again = try world.hub.conflict(conflict.id)
    try world.hub.resolve(again.id, version: again.version, .written([.text("d")]), ruling)
    try settle()
    #expect(try open().isEmpty && world.hubRows("project").map { $0[1] } == [.text("d")])
    #expect(decided != [.text("d")])
    try expectInStep()
  }

  @Test func `what was taken back does not come again with an offer from before`() throws {
    _ = try decideAfterCopy(heardBy: binh)
    let word = try #require(
      try world.hubDatabase.read { try $0.first("SELECT body, signature FROM thuan_word", []) })
    guard case (.blob(let body), .blob(let signature)) = (word[0], word[1]) else { return }
    let offer = WordOffer(words: [.init(bytes: body, signature: signature)], decisions: [])
    let device = try #require(try world.hub.devices().first)
    let conflict = try #require(try world.hub.conflicts(openOnly: false).first)
    try world.hub.undo(conflict.id, ruling)
    #expect(try world.hub.take(offer, from: device, wallMilliseconds: world.now) == 1)
    #expect(try open().count == 1)
    try settle()
    try expectInStep()
  }

  @Test func `a row that was decided to be gone, or to live, is so again`() throws {
    for choice in [Choice.deleteRow, .keepRow] {
      try an.write("INSERT OR IGNORE INTO project (id, title) VALUES ('q', 'a')")
      try settle()
      let copy = try copyHub()
      try an.write("UPDATE project SET title = 'b\(world.now)' WHERE id = 'q'")
      try binh.write("DELETE FROM project WHERE id = 'q'")
      try an.sync()
      try binh.sync()
      let conflict = try #require(try open().first)
      try world.hub.resolve(conflict.id, version: conflict.version, choice, ruling)
      try binh.sync()
      try world.restoreHub(from: copy)
      try settle()
      #expect(try open().isEmpty, "\(choice)")
      #expect(try world.hubRows("project").count == (choice == .deleteRow ? 1 : 2))
      try expectInStep()
    }
  }

  @Test func `an act of the hub's own comes back too`() throws {
    let copy = try copyHub()
    try world.hub.commit(
      [
        RowChange(
          table: 10, operation: .update, key: RowKey([.text("p")]),
          fields: [FieldChange(column: 9, before: .null, after: .text("GS-1"))]),
        RowChange(
          table: 14, operation: .insert, key: RowKey([.text("r")]),
          fields: [FieldChange(column: 2, before: .null, after: .text("region"))]),
      ], by: "ha", wallMilliseconds: world.now)
    try an.sync()
    try world.restoreHub(from: copy)
    try settle()
    #expect(try binh.value("SELECT code FROM project") == .text("GS-1"))
    #expect(try binh.value("SELECT name FROM region") == .text("region"))
    try expectInStep()
  }

  @Test func `nobody but the hub can speak for it`() throws {
    let word = HubWord(
      hub: "t1", number: 99,
      change: RowChange(
        table: 10, operation: .update, key: RowKey([.text("p")]),
        fields: [FieldChange(column: 2, before: .text("a"), after: .text("forged"))]),
      by: "ha", atMilliseconds: world.now)
    let bytes = word.encoded()
    let offer = WordOffer(words: [
      .init(bytes: bytes, signature: try binh.identity.sign(HubWord.signed(bytes)))
    ])
    let device = try #require(try world.hub.devices().first)
    #expect(try world.hub.take(offer, from: device, wallMilliseconds: world.now) == 0)
    #expect(try world.hubRows("project")[0][1] == .text("a"))
  }

  @Test func `a decision that nobody has signed opens the question again and is shown`() throws {
    let copy = try decideAfterCopy(heardBy: binh)
    try binh.store.database.write { try $0.execute(sql: "DELETE FROM thuan_word") }
    try world.restoreHub(from: copy)
    try settle()
    let conflict = try #require(try open().first)
    #expect(conflict.state == .reopened)
    #expect(conflict.formerDecision?.by == "ha" && conflict.formerDecision?.choice == "candidate")
    try world.hub.resolve(conflict.id, version: conflict.version, .current, ruling)
    try settle()
    try expectInStep()
  }
}
