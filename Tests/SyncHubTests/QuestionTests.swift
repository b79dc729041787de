import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Somebody is told that work is in conflict while an operator has to decide about it, and not after.
struct QuestionTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    for device in [an, binh, an] { try device.sync() }
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
  }

  private func decide() throws {
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .current,
      Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
  }

  private func last(_ device: TestDevice) throws -> LoggedChangeSet {
    try #require(try device.store.changeSets(wallMilliseconds: world.now).last)
  }

  private func field() throws -> HistoryEntry.Field {
    let history = try world.hub.history(of: "project", RowKey([.text("p")]))
    return try #require(history.last { $0.author.officer == "an" }?.fields.first)
  }

  @Test func `a question is told while it is open`() throws {
    try an.write("UPDATE project SET title = 'c'")
    #expect(try an.sync(.push).conflicted == 1)
    #expect(try last(an).isInQuestion)
    try an.sync()
    #expect(try last(an).isInQuestion && field().isInQuestion)
    try decide()
    try an.sync()
    #expect(try last(an).disposition == .conflicted && !last(an).isInQuestion)
    #expect(try field().outcome == .conflicted && !field().isInQuestion)
  }

  @Test func `what was decided while the answer was lost is no question when it comes again`()
    throws
  {
    try an.write("UPDATE project SET title = 'c'")
    let envelope = try #require(
      try an.store.nextEnvelope(identity: an.identity, wallMilliseconds: world.now))
    _ = try an.answer(.push(envelope))
    try decide()
    #expect(try an.sync(.push).conflicted == 0)
    #expect(try an.sync().conflicted == 0)
    #expect(try !last(an).isInQuestion)
  }

  @Test func `a child of a row that was deleted is in question with it`() throws {
    try an.sync()
    try an.write("INSERT INTO item VALUES ('i', 'p', 'x', 1)")
    try binh.write("DELETE FROM project")
    try binh.sync()
    #expect(try an.sync().conflicted == 1)
    #expect(try last(an).isInQuestion)
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .keepRow,
      Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
    try an.sync()
    #expect(try !last(an).isInQuestion)
  }
}
