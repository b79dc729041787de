import Foundation
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Rows that follow another to its scope, a few in each transaction.
struct MovingTests {
  private let scoped: ScopeTests
  private var world: World { scoped.world }

  init() throws {
    scoped = try ScopeTests()
    try scoped.chi.write(
      """
      INSERT INTO finding VALUES ('f01', 's', 'a'), ('f02', 's', 'b'), ('f03', 's', 'c'),
        ('f04', 's', 'd'), ('f05', 's', 'e'), ('f06', 's', 'f'), ('f07', 's', 'g');
      INSERT INTO note VALUES ('k1', 'finding', 'f01', NULL, 'TỐI MẬT'),
        ('k2', 'session', 's', NULL, 'TỐI MẬT'), ('k7', 'finding', 'f07', NULL, 'TỐI MẬT');
      INSERT INTO person VALUES ('p1', 's', '0123');
      """)
    try scoped.chi.sync()
    try scoped.binh.sync()
    try scoped.an.sync()
  }

  private func scopes() throws -> [String: String] {
    try world.hubDatabase.read { connection in
      var scopes: [String: String] = [:]
      try connection.each("SELECT tbl, key, scope FROM hub_row WHERE tbl >= 11 AND sum <> 0", []) {
        scopes["\($0[0]) \($0[1])"] = $0[2].text
        return true
      }
      return scopes
    }
  }

  private func waiting() throws -> Int64 {
    try world.hubDatabase.read {
      try $0.first("SELECT count(*) FROM hub_following")?[0].integer ?? 0
    }
  }

  private func head() throws -> Int64 { try world.hub.status().head }

  private func move(_ sql: String) throws {
    try scoped.chi.write(sql)
    try scoped.chi.sync(.push)
  }

  @Test func `no transaction moves more rows than it may, and each is on record`() throws {
    world.limitMoves(to: 3)
    let before = try head()
    try move("UPDATE session SET unit = 'north' WHERE id = 's'")
    #expect(try head() - before <= 1 + 3)
    #expect(try waiting() > 0)
    #expect(try world.hub.problems().isEmpty)
    #expect(try world.hub.verifyHistory().flaw == nil)
    let moved = try head()
    while try world.hub.goOnMoving(wallMilliseconds: world.now) {}
    #expect(try waiting() == 0)
    let steps = try world.hubDatabase.read { connection in
      var steps: [Int64] = []
      try connection.each("SELECT body FROM hub_record WHERE stream = 0 ORDER BY number", []) {
        guard case .blob(let bytes) = $0[0] else { return true }
        let changeSet = try ChangeSet(decoding: bytes)
        if changeSet.act == "follow" { steps.append(changeSet.base.sequence) }
        return true
      }
      return steps
    }
    // The finding of before, seven, three notes and a person, of which three went at once.
    #expect(steps.last == moved + 9)
    #expect(zip([moved] + steps, steps).allSatisfy { $1 - $0 <= 3 })
    // A letter of the south's office.
    #expect(try scopes().values.filter { $0 == "=south" }.count == 1)
    #expect(try scopes()["14 p1"] == "!north")
    try scoped.chi.sync()
    try scoped.an.sync()
    try scoped.binh.sync()
    try scoped.inStep(scoped.an, scoped.binh, scoped.chi)
    #expect(try scoped.keys("finding", on: scoped.an).count == 9)
    #expect(try world.hub.verifyHistory().flaw == nil)
  }

  @Test func `nobody is sent what has still to follow into what is private`() throws {
    world.limitMoves(to: 1)
    try move("UPDATE session SET secrecy = 'personal' WHERE id = 's'")
    #expect(try scopes()["15 k7"] == "=south")
    let other = try world.device("binh")
    #expect(try !scoped.hears("TỐI MẬT", other))
    #expect(try waiting() == 0)
    try scoped.binh.sync()
    #expect(try scoped.keys("finding", on: scoped.binh) == ["fn"])
    try scoped.inStep(scoped.binh, other)
  }

  @Test func `what somebody may write hangs on no row's having followed yet`() throws {
    world.limitMoves(to: 1)
    try move("UPDATE session SET unit = 'north' WHERE id = 's'")
    let late = try world.device("an")
    try late.sync()
    try move("UPDATE session SET unit = 'south' WHERE id = 's'")
    #expect(try scopes()["12 f07"] == "=north")
    try late.write("UPDATE finding SET text = 'spät' WHERE id = 'f07'")
    try late.write("INSERT INTO note VALUES ('kk', 'finding', 'f06', NULL, 'spät')")
    try late.sync(.push)
    #expect(try waiting() > 0)
    #expect(try scoped.quarantine().map(\.reason) == [.scopeWithdrawn, .scopeWithdrawn])
    try move("INSERT INTO note VALUES ('kc', 'finding', 'f05', NULL, 'x')")
    #expect(try scopes()["15 kc"] == "=south")
    #expect(try waiting() > 0)
  }

  @Test func `a hub that is started anew, or put back, goes on with a move`() throws {
    world.limitMoves(to: 1)
    try move("UPDATE session SET unit = 'north' WHERE id = 's'")
    let copy = world.folder.appendingPathComponent("copy.db").path
    try world.hubDatabase.backup(to: copy)
    try world.reopenHub()
    #expect(try waiting() > 0)
    try scoped.an.sync()
    #expect(try scoped.keys("finding", on: scoped.an).count == 9)
    try world.restoreHub(from: copy)
    #expect(try waiting() > 0)
    try scoped.chi.sync()
    try scoped.an.sync()
    #expect(try waiting() == 0)
    try scoped.inStep(scoped.an, scoped.chi)
  }

  @Test func `in whatever order rows move, change and go, all end where they would at once`() throws
  {
    let steps = [
      "UPDATE session SET unit = 'north' WHERE id = 's#'",
      "UPDATE session SET secrecy = 'personal' WHERE id = 's#'",
      "UPDATE session SET unit = 'east', secrecy = NULL WHERE id = 's#'",
      "DELETE FROM note WHERE entity_id = 'f2#'; DELETE FROM finding WHERE id = 'f2#'",
      "UPDATE finding SET session_id = 'n' WHERE id = 'f3#'",
      "INSERT INTO note VALUES ('new#', 'finding', 'f3#', NULL, 'x')",
    ]
    let setUp = """
      INSERT INTO session (id, unit) VALUES ('s#', 'south');
      INSERT INTO finding VALUES ('f1#', 's#', 'a'), ('f2#', 's#', 'b'), ('f3#', 's#', 'c');
      INSERT INTO note VALUES ('k1#', 'finding', 'f1#', NULL, 'x'),
        ('k2#', 'finding', 'f2#', NULL, 'x'), ('k3#', 'session', 's#', NULL, 'x');
      INSERT INTO person VALUES ('p#', 's#', '1')
      """
    var orders: [[String]] = []
    for first in steps {
      for second in steps where second != first {
        for third in steps where third != first && third != second {
          orders.append([setUp, first, second, third])
        }
      }
    }
    let other = try MovingTests()
    world.limitMoves(to: 1)
    for side in [self, other] {
      for phase in 0..<4 {
        for (number, order) in orders.enumerated() {
          try side.scoped.chi.write(order[phase].replacing("#", with: "-\(number)"))
        }
        try side.scoped.chi.sync(.push)
        _ = try side.world.hub.goOnMoving(wallMilliseconds: side.world.now)
        _ = try side.world.hub.compact(upTo: side.head(), side.scoped.ruling)
      }
    }
    #expect(try waiting() > 50)
    #expect(try world.hub.problems().isEmpty)
    while try world.hub.goOnMoving(wallMilliseconds: world.now) {}
    #expect(try other.waiting() == 0)
    #expect(try scopes() == other.scopes())
    #expect(try world.hub.problems().isEmpty)
    for side in [self, other] {
      for device in [side.scoped.chi, side.scoped.binh] { try device.sync() }
    }
    #expect(try scoped.binh.rows("note") == other.scoped.binh.rows("note"))
    #expect(try scoped.binh.rows("finding") == other.scoped.binh.rows("finding"))
    try scoped.inStep(scoped.chi, scoped.binh)
  }
}
