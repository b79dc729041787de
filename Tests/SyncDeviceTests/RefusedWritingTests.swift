import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncSQLite
import TestSupport
import Testing

/// What the hub could not take in is refused while whoever writes it can still do something about it
/// (law L12).
struct RefusedWritingTests {
  private let device: TestDevice
  private let world: World

  init() throws {
    world = try World()
    device = try world.device("an")
  }

  private func refusal(_ sql: String) -> Obstacle? {
    do {
      try device.write(sql)
      return nil
    } catch StoreError.cannotTravel(let obstacle) {
      return obstacle
    } catch { return nil }
  }

  @Test(arguments: [
    (
      "INSERT INTO project (id, prose) VALUES ('n', CAST(x'610062' AS TEXT))", Obstacle.Reason.zero,
      4
    ),
    ("INSERT INTO project (id, prose) VALUES ('n', CAST(x'61ff' AS TEXT))", .notUTF8, 4),
    ("INSERT INTO project (id) VALUES (CAST(x'610062' AS TEXT))", .zero, 1),
    ("INSERT INTO tag VALUES ('p', CAST(x'610062' AS TEXT))", .zero, 2),
    ("UPDATE project SET place = CAST(x'00' AS TEXT)", .zero, 3),
    ("UPDATE project SET starts = CAST(x'ff' AS TEXT)", .notUTF8, 13),
    ("UPDATE project SET id = CAST(x'610062' AS TEXT)", .zero, 1),
    ("REPLACE INTO project (id, title) VALUES ('p', CAST(x'610062' AS TEXT))", .zero, 2),
    ("UPDATE project SET prose = hex(zeroblob(34000000))", .tooLarge, 4),
  ])
  func `a record that could not travel is refused by its field, and nothing is written`(
    _ sql: String, _ reason: Obstacle.Reason, _ column: Int
  ) throws {
    try device.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    let before = try device.rows("project")
    let obstacle = try #require(refusal(sql))
    #expect(obstacle.reason == reason && obstacle.column == column)
    #expect(try device.rows("project") == before)
    #expect(try device.rows("tag").isEmpty)
    #expect(try device.status().waitingChangeSets == 1)
    #expect(try device.status().waiting == WaitingWork())
  }

  @Test func `what the rest of a transaction does is not written either`() throws {
    #expect(
      refusal(
        """
        INSERT INTO project (id) VALUES ('p');
        INSERT INTO item VALUES ('i', 'p', CAST(x'610062' AS TEXT), 1)
        """)?.table == 11)
    #expect(try device.rows("project").isEmpty)
  }

  @Test func `a field beside one that another program broke can be changed`() throws {
    try device.write("INSERT INTO project (id, starts, ends) VALUES ('p', 'a', 'b')")
    try device.store.database.write {
      try $0.execute(sql: "UPDATE project SET starts = CAST(x'610062' AS TEXT)")
    }
    try device.write("UPDATE project SET ends = 'c', place = 'd'")
    try device.write("UPDATE project SET starts = 'e'")
    #expect(try device.status().waiting == WaitingWork())
  }

  @Test func `columns that take anything take no text that is none`() throws {
    let store = try DeviceStore(
      path: world.folder.appendingPathComponent("loose.db").path,
      migrations: [Migration(name: "v1", sql: "CREATE TABLE a (id PRIMARY KEY, x, y BLOB)")],
      schema: try SyncSchema(
        parsing: "table a 10\n id 1 key\n x 2 operator\n y 3 operator", version: 1),
      wallMilliseconds: 1)
    func write(_ sql: String) throws {
      try store.write(by: Author(officer: "an", wallMilliseconds: 2)) { try $0.execute(sql: sql) }
    }
    try write("INSERT INTO a VALUES ('p', x'610062', x'ff')")
    #expect(throws: StoreError.self) {
      try write("UPDATE a SET x = CAST(x'610062' AS TEXT)")
    }
    try store.database.write { try $0.execute(sql: "UPDATE a SET x = CAST(x'610063' AS TEXT)") }
    #expect(try store.status(wallMilliseconds: 3).waiting.rows.map(\.obstacle.reason) == [.zero])
  }
}
