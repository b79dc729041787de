import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// What is done for each row, or for each change set, is the same however many there are.
struct SquareTests {
  private let world: World
  private let (an, binh): (TestDevice, TestDevice)

  init() throws {
    #expect(StatementCount.begin())
    world = try World(hubFile: "hub.db")
    (an, binh) = (try world.device("an"), try world.device("binh"))
  }

  private func taken(_ body: () throws -> Void) throws -> StatementCount {
    let path = world.folder.appendingPathComponent("hub.db").path
    let before = StatementCount.of(path)
    try body()
    return StatementCount.of(path) - before
  }

  /// Rows in one transaction, their keys beginning with a letter.
  private func insert(_ letter: String, _ count: Int) throws {
    try an.write(
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?)
      INSERT INTO project (id, title) SELECT ? || i, 'title' FROM n
      """, [.integer(Int64(count)), .text(letter)])
  }

  private func delete(_ letter: String) throws {
    try an.write("DELETE FROM project WHERE id GLOB ? || '*'", [.text(letter)])
  }

  /// What it takes to take in rows that are made anew under their keys.
  private func anew(_ letter: String, _ count: Int, forgotten: Bool) throws -> StatementCount {
    try insert(letter, count)
    try an.sync()
    try delete(letter)
    try an.sync()
    if forgotten {
      _ = try world.hub.compact(
        upTo: .max, Ruling(by: "operator", reason: "", wallMilliseconds: world.now))
    }
    try insert(letter, count)
    return try taken { try an.sync([.push]) }
  }

  @Test(arguments: [false, true])
  func `rows made anew have no change set read for each of them`(forgotten: Bool) throws {
    let (few, many) = (
      try anew("a", 50, forgotten: forgotten), try anew("b", 400, forgotten: forgotten)
    )
    #expect(many.reads <= few.reads, "\(few.reads) reads, then \(many.reads)")
    #expect(many.statements < 9 * few.statements)
    let history = try world.hub.history(of: "project", RowKey([.text("b7")]))
    #expect(history.map(\.operation) == [.insert, .delete, .insert])
  }

  private func expectHistory(of count: Int) throws {
    #expect(try world.hub.history(limit: count).count == count)
  }

  @Test func `history shows a change set's rows without reading it for each of them`() throws {
    try insert("a", 50)
    try an.sync()
    let few = try taken { try expectHistory(of: 50) }
    try insert("b", 400)
    try an.sync()
    let many = try taken { try expectHistory(of: 400) }
    #expect(many.reads <= few.reads)
  }

  /// What it takes to take in parents, one after the other, for each of which another change set waits.
  private func parents(_ letter: String, _ count: Int) throws -> StatementCount {
    try binh.store.database.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA foreign_keys = OFF")
    }
    for number in 1...count {
      try binh.write(
        "INSERT INTO item (id, project_id) VALUES (?1, ?1)", [.text("\(letter)\(number)")])
    }
    try binh.sync([.push])
    #expect(try world.hub.quarantine(openOnly: true).count == count)
    for number in 1...count {
      try an.write("INSERT INTO project (id) VALUES (?)", [.text("\(letter)\(number)")])
    }
    let taken = try taken { try an.sync([.push]) }
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    return taken
  }

  @Test func `work that waits is tried again once what it lacks has come, and not before`() throws {
    let (few, many) = (try parents("a", 20), try parents("b", 160))
    #expect(many.statements < 10 * few.statements, "\(few.statements), then \(many.statements)")
    #expect(many.steps < 12 * few.steps, "\(few.steps), then \(many.steps)")
  }
}
