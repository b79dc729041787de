import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Decisions that are taken back.
struct UndoTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice
  private var ruling: Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: world.now) }

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try settle()
  }

  private func settle() throws {
    for _ in 0..<3 { for device in [an, binh] { try device.sync() } }
  }

  private func open() throws -> [Conflict] { try world.hub.conflicts(openOnly: true) }

  private func expectInStep() throws {
    for device in [an, binh] {
      #expect(try device.status().isInStep)
      #expect(try device.status().openConflicts == open().count)
      #expect(try device.rows("project") == world.hubRows("project"))
    }
  }

  @Test func `a confirmed deletion that is taken back asks the row's other questions again`() throws
  {
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    let chi = try world.device("chi")
    try chi.sync()
    try settle()
    try chi.write("DELETE FROM project")
    try chi.sync()
    let deletion = try #require(try open().first { $0.kind == .deletedEdited })
    try world.hub.resolve(deletion.id, version: deletion.version, .deleteRow, ruling)
    #expect(try open().isEmpty)
    try world.hub.undo(deletion.id, ruling)
    #expect(try Set(open().map(\.kind)) == [.deletedEdited, .value])
    let value = try #require(try open().first { $0.kind == .value })
    #expect(value.statements.map(\.values) == [[.text("c")]])
    try world.hub.resolve(value.id, version: value.version, .candidate(1), ruling)
    try settle()
    try expectInStep()
    #expect(try an.value("SELECT title FROM project") == .text("c"))
  }

  @Test
  func `a decision taken back while the next question is open leaves one with all statements`()
    throws
  {
    let chi = try world.device("chi")
    try chi.sync()
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try settle()
    let first = try #require(try open().first)
    try world.hub.resolve(first.id, version: first.version, .current, ruling)
    try chi.write("UPDATE project SET title = 'd'")
    try chi.sync()
    let second = try #require(try open().first)
    #expect(second.id != first.id)
    try world.hub.undo(first.id, ruling)
    let questions = try open()
    #expect(questions.map(\.id) == [first.id])
    #expect(Set(questions[0].statements.map(\.values)) == [[.text("c")], [.text("d")]])
    try settle()
    try expectInStep()
  }

  @Test func `taking a deletion back undoes nothing that was written since`() throws {
    try binh.write("UPDATE project SET title = 'b'")
    try binh.sync()
    try an.write("DELETE FROM project")
    try an.sync()
    let deletion = try #require(try open().first)
    try world.hub.resolve(deletion.id, version: deletion.version, .deleteRow, ruling)
    try binh.write("UPDATE project SET title = 'c'")
    try binh.sync()
    let again = try #require(try open().first)
    try world.hub.undo(deletion.id, ruling)
    #expect(try open().count == 1)
    _ = again
    try an.write("UPDATE project SET place = 'x'")
    try settle()
    try expectInStep()
    #expect(try an.value("SELECT title FROM project") == .text("c"))
  }
}
