import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Work that the hub could not take in, taken in with corrected values.
final class AmendTests {
  private let world: World
  private let an: TestDevice
  private let binh: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
    try an.write("INSERT INTO project (id, title, place) VALUES ('p', 'a', 'x')")
    try settle()
    try an.store.database.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF")
    }
  }

  private func settle() throws {
    for device in [an, binh, an] { try device.sync() }
    for device in [an, binh] {
      #expect(try device.status().isInStep)
      for table in world.schema.tables {
        #expect(try device.rows(table.name) == world.hubRows(table.name))
      }
    }
  }

  private var ruling: Ruling {
    Ruling(by: "ha", reason: "theo biên bản", wallMilliseconds: world.now + 500)
  }

  private func only() throws -> QuarantinedWork {
    let waiting = try world.hub.quarantine(openOnly: true)
    #expect(waiting.count == 1)
    return try #require(waiting.first)
  }

  private func title(_ id: String, _ value: SyncCore.Value) -> Correction {
    Correction(table: "project", key: RowKey([.text(id)]), column: "title", value: value)
  }

  @Test func `a bad insert is taken in with the corrected value, and its device gets that`() throws
  {
    try an.write("INSERT INTO project (id, title, place) VALUES ('bad', '', 'y')")
    try an.sync()
    let work = try only()
    #expect(try world.hub.amend(work.number, [title("bad", .text("Tên"))], ruling) == [work.number])
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    try settle()
    #expect(try binh.value("SELECT title || place FROM project WHERE id = 'bad'") == .text("Têny"))
    #expect(try an.status().quarantined == 0)
  }

  @Test func `the bytes stay, and history tells what came and who corrected it`() throws {
    try an.write("INSERT INTO project (id, title, place) VALUES ('bad', '', 'y')")
    try an.sync()
    let work = try only()
    _ = try world.hub.amend(work.number, [title("bad", .text("Tên"))], ruling)
    let kept = try #require(
      try world.hub.quarantine(openOnly: false).first { $0.number == work.number })
    #expect(kept.changeSet == work.changeSet)
    #expect(kept.state == .applied && kept.decidedBy == "ha")
    #expect(kept.decidedReason == "theo biên bản")
    let history = try world.hub.history(of: "project", RowKey([.text("bad")]))
    #expect(history.map(\.author.officer) == ["an", "ha"])
    #expect(history.map(\.operation) == [.insert, .update])
    #expect(history[0].fields.first { $0.column == "title" }?.after == .text(""))
    #expect(history[1].fields.map(\.column) == ["title"])
    #expect(history[1].fields.first?.before == .text(""))
    #expect(history[1].fields.first?.after == .text("Tên"))
    #expect(history[1].conflict == "quarantine:\(work.number)")
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `what waited for it is taken in after it`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.write("UPDATE project SET place = 'later' WHERE id = 'bad'")
    try an.write("INSERT INTO item (id, project_id) VALUES ('i', 'bad')")
    #expect(try an.sync().quarantined == 3)
    let number = try world.hub.quarantine(openOnly: true)[0].number
    #expect(
      try world.hub.amend(number, [title("bad", .text("Tên"))], ruling) == [
        number, number + 1, number + 2,
      ])
    try settle()
    #expect(try binh.value("SELECT place FROM project WHERE id = 'bad'") == .text("later"))
  }

  @Test func `a wrong parent can be put right`() throws {
    try an.write("INSERT INTO item (id, project_id, name) VALUES ('i', 'nowhere', 'n')")
    try an.sync()
    let work = try only()
    #expect(work.reason == .missingParent)
    let right = Correction(
      table: "item", key: RowKey([.text("i")]), column: "project_id", value: .text("p"))
    _ = try world.hub.amend(work.number, [right], ruling)
    try settle()
    #expect(try an.value("SELECT project_id FROM item") == .text("p"))
  }

  @Test func `a correction that does not help changes nothing`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.sync()
    let work = try only()
    let before = try world.hub.status()
    #expect(throws: HubError.self) {
      try world.hub.amend(work.number, [self.title("bad", .text(""))], self.ruling)
    }
    #expect(throws: HubError.choiceDoesNotFit) {
      try world.hub.amend(work.number, [self.title("other", .text("x"))], self.ruling)
    }
    #expect(throws: HubError.choiceDoesNotFit) {
      try world.hub.amend(work.number, [], self.ruling)
    }
    let key = Correction(
      table: "project", key: RowKey([.text("bad")]), column: "id", value: .text("x"))
    #expect(throws: HubError.choiceDoesNotFit) {
      try world.hub.amend(work.number, [key], self.ruling)
    }
    #expect(throws: HubError.notFound) {
      try world.hub.amend(1, [self.title("bad", .text("x"))], self.ruling)
    }
    #expect(try world.hub.status() == before)
    #expect(try only().decidedBy == nil)
    #expect(try an.status().quarantined == 1)
  }

  @Test func `a corrected change is weighed against what others wrote meanwhile`() throws {
    try an.write(
      """
      INSERT INTO project (id, title) VALUES ('bad', '');
      UPDATE project SET title = 'mine', place = 'mine' WHERE id = 'p';
      """)
    try binh.write("UPDATE project SET title = 'theirs' WHERE id = 'p'")
    try binh.sync()
    try an.sync()
    let work = try only()
    let corrections = [title("bad", .text("Tên")), title("p", .text("corrected"))]
    _ = try world.hub.amend(work.number, corrections, ruling)
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.live == [.text("theirs")])
    #expect(conflict.statements.map(\.values) == [[.text("corrected")]])
    try settle()
    #expect(
      try an.value("SELECT title || place FROM project WHERE id = 'p'") == .text("theirsmine"))
  }

  @Test func `what the device goes on writing to the corrected row knows the correction`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.sync()
    _ = try world.hub.amend(try only().number, [title("bad", .text("Tên"))], ruling)
    try settle()
    try an.write("UPDATE project SET title = 'Tên mới' WHERE id = 'bad'")
    try settle()
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try binh.value("SELECT title FROM project WHERE id = 'bad'") == .text("Tên mới"))
  }

  @Test func `the officer's own later correction does not go over the operator's`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('bad', '')")
    try an.write("UPDATE project SET title = 'officer' WHERE id = 'bad'")
    try an.sync()
    let number = try world.hub.quarantine(openOnly: true)[0].number
    _ = try world.hub.amend(number, [title("bad", .text("operator"))], ruling)
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    #expect(conflict.live == [.text("operator")])
    #expect(conflict.statements.map(\.values) == [[.text("officer")]])
    try settle()
  }
}
