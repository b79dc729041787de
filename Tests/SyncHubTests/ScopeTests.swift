import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Synchronization
import TestSupport
import Testing

/// Who is sent what, and who may change what.
struct ScopeTests {
  let world: World
  let grants: Grants
  /// An holds the north, Bình north and south, Chi everything.
  let an: TestDevice
  let binh: TestDevice
  let chi: TestDevice

  init() throws {
    grants = Grants()
    world = try World(
      schema: SyncSchema(parsing: Self.policies, version: 1),
      migrations: [Migration(name: "scoped-v1", sql: Self.sql)], policy: grants)
    grants.give("an", reading: ["north"], writing: ["north"])
    grants.give("binh", reading: ["north", "south"], writing: ["north", "south"])
    an = try world.device("an")
    binh = try world.device("binh")
    chi = try world.device("chi")
    try world.hub.commit(
      [
        row("office", "o1", [2: .text("north")]), row("office", "o2", [2: .text("south")]),
      ], by: "ha", wallMilliseconds: world.now)
    try chi.sync()
    try chi.write(
      """
      INSERT INTO session (id, unit, title) VALUES ('n', 'north', 'lúa'), ('s', 'south', 'BÍ MẬT');
      INSERT INTO finding VALUES ('fn', 'n', 'thấy lúa'), ('fs', 's', 'thấy BÍ MẬT');
      INSERT INTO letter VALUES ('ln', 'o1', 'thư'), ('ls', 'o2', 'thư BÍ MẬT');
      """)
    try chi.sync()
  }

  static let policies = """
    table office 10 rows hubOnly
      id 1 key
      unit 2 hubOnly
    table session 11
      id 1 key
      unit 2 operator
      title 3 operator
      secrecy 4 operator
      scope unit
      private where secrecy = personal, sensitive
    table finding 12
      id 1 key
      session_id 2 operator
      text 3 operator
      scope session_id of session
    table letter 13
      id 1 key
      office_id 2 operator
      text 3 operator
      scope office_id of office.unit
    table person 14
      id 1 key
      session_id 2 operator
      phone 3 operator
      scope session_id of session
      private
    table note 15
      id 1 key
      entity 2 immutable
      entity_id 3 immutable
      unit 4 immutable
      text 5 operator
      scope entity_id of session where entity = session
      scope entity_id of finding where entity = finding
      scope unit
    """

  static let sql = """
    CREATE TABLE office (id TEXT NOT NULL PRIMARY KEY, unit TEXT) STRICT;
    CREATE TABLE session (
      id TEXT NOT NULL PRIMARY KEY, unit TEXT, title TEXT, secrecy TEXT
    ) STRICT;
    CREATE TABLE finding (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id), text TEXT
    ) STRICT;
    CREATE TABLE letter (
      id TEXT NOT NULL PRIMARY KEY, office_id TEXT NOT NULL REFERENCES office (id), text TEXT
    ) STRICT;
    CREATE TABLE person (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id), phone TEXT
    ) STRICT;
    CREATE TABLE note (
      id TEXT NOT NULL PRIMARY KEY, entity TEXT, entity_id TEXT, unit TEXT, text TEXT
    ) STRICT;
    """

  func row(_ table: String, _ key: String, _ fields: [Int: SyncCore.Value]) -> RowChange {
    RowChange(
      table: world.schema.table(named: table)?.number ?? 0, operation: .insert,
      key: RowKey([.text(key)]),
      fields: fields.map { FieldChange(column: $0.key, before: .null, after: $0.value) })
  }

  func keys(_ table: String, on device: TestDevice) throws -> [String] {
    try device.rows(table).compactMap { $0[0].text }
  }

  /// Syncs, and says whether a text was in anything that came.
  func hears(_ text: String, _ device: TestDevice) throws -> Bool {
    let wanted = Array(text.utf8)
    var isHeard = false
    try device.sync(hearing: { answer in
      var bytes = answer
      // In a block no text stands as it is.
      if var page = try? PullPage(decoding: answer) {
        page.isPacked = false
        bytes = page.encoded()
      }
      guard bytes.count >= wanted.count else { return }
      for start in 0...(bytes.count - wanted.count)
      where bytes[start..<(start + wanted.count)].elementsEqual(wanted) { isHeard = true }
    })
    return isHeard
  }

  func quarantine() throws -> [QuarantinedWork] {
    try world.hub.quarantine(openOnly: true)
  }

  func inStep(_ devices: TestDevice...) throws {
    for device in devices { #expect(try device.status().isInStep, "\(device.officer)") }
    #expect(try world.hub.problems().isEmpty)
  }

  var ruling: Ruling {
    Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
  }

  // MARK: What is sent

  @Test func `a device is sent its units' rows, their children and what is shared, and no more`()
    throws
  {
    #expect(try !hears("BÍ MẬT", an))
    #expect(try keys("session", on: an) == ["n"])
    #expect(try keys("finding", on: an) == ["fn"])
    #expect(try keys("letter", on: an) == ["ln"])
    #expect(try keys("office", on: an) == ["o1", "o2"])
    #expect(try hears("BÍ MẬT", binh))
    try chi.sync()
    #expect(try keys("session", on: binh) == ["n", "s"])
    try inStep(an, binh, chi)
  }

  @Test func `what is changed elsewhere is not sent, and costs no step`() throws {
    try an.sync()
    try binh.sync()
    try binh.write("UPDATE session SET title = 'KHÁC' WHERE id = 's'")
    try binh.sync()
    #expect(try !hears("KHÁC", an))
    try inStep(an, binh)
  }

  @Test func `a row that moves leaves with its children where nobody holds the other unit`() throws
  {
    for device in [an, binh] { try device.sync() }
    try binh.write("UPDATE session SET unit = 'south' WHERE id = 'n'")
    try binh.sync()
    try an.sync()
    #expect(try keys("session", on: an).isEmpty && keys("finding", on: an).isEmpty)
    try binh.write("UPDATE session SET unit = 'north' WHERE id = 's'")
    try binh.sync()
    try an.sync()
    #expect(try keys("session", on: an) == ["s"] && keys("finding", on: an) == ["fs"])
    try chi.sync()
    try inStep(an, binh, chi)
    #expect(try world.hubRows("session").count == 2)
  }

  @Test func `a child that gets another parent goes where that is`() throws {
    for device in [an, binh] { try device.sync() }
    try binh.write("UPDATE finding SET session_id = 's' WHERE id = 'fn'")
    try binh.sync()
    try an.sync()
    #expect(try keys("finding", on: an).isEmpty)
    try inStep(an, binh)
  }

  @Test func `rows follow a reference row that names another unit`() throws {
    for device in [an, binh] { try device.sync() }
    let change = RowChange(
      table: 10, operation: .update, key: RowKey([.text("o2")]),
      fields: [FieldChange(column: 2, before: .text("south"), after: .text("north"))])
    try world.hub.commit([change], by: "ha", wallMilliseconds: world.now)
    try an.sync()
    #expect(try keys("letter", on: an) == ["ln", "ls"])
    try inStep(an)
  }

  @Test func `private rows go only where the grant says`() throws {
    try binh.sync()
    try chi.write("INSERT INTO person VALUES ('b', 'n', '0901234567')")
    try chi.sync()
    #expect(try !hears("0901234567", binh))
    try chi.write("UPDATE session SET secrecy = 'sensitive' WHERE id = 's'")
    try chi.sync()
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n"] && keys("finding", on: binh) == ["fn"])
    grants.give("binh", reading: ["north", "north!", "south!"], writing: [])
    #expect(try hears("0901234567", binh))
    #expect(try keys("session", on: binh) == ["n", "s"] && keys("person", on: binh) == ["b"])
    try inStep(binh)
  }

  @Test func `conflicts are seen by those who hold their row, and go with it`() throws {
    for device in [an, binh] { try device.sync() }
    try an.write("UPDATE session SET title = 'của An' WHERE id = 'n'")
    try binh.write("UPDATE session SET title = 'của Bình' WHERE id = 'n'")
    try binh.write("UPDATE session SET title = 'BÍ MẬT 2' WHERE id = 's'")
    try chi.write("UPDATE session SET title = 'BÍ MẬT 3' WHERE id = 's'")
    for device in [binh, chi, an] { try device.sync() }
    #expect(try !hears("BÍ MẬT", an))
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(1))
    try binh.sync()
    #expect(try binh.value("SELECT count(*) FROM thuan_conflict") == .integer(2))
    try chi.sync()
    try chi.write("UPDATE session SET unit = 'south' WHERE id = 'n'")
    try chi.sync()
    try an.sync()
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(0))
    #expect(try an.value("SELECT count(*) FROM thuan_candidate") == .integer(0))
    try inStep(an)
  }

  // MARK: Grants that change

  @Test func `narrowed and widened again, rows leave and come back, deleted and touched by nobody`()
    throws
  {
    try binh.sync()
    let before = try world.hub.status().changeSets
    grants.give("binh", reading: ["north"], writing: ["north"])
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n"] && keys("finding", on: binh) == ["fn"])
    try inStep(binh)
    grants.give("binh", reading: ["north", "south"], writing: ["north", "south"])
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n", "s"])
    try inStep(binh)
    #expect(try world.hub.status().changeSets == before)
    #expect(try binh.store.changeSets(wallMilliseconds: world.now).isEmpty)
  }

  @Test func `grants count before any data while a pull is under way`() throws {
    world.limitPages(to: 1)
    var round = SyncRound(binh.store, identity: binh.identity, directions: .pull)
    let first = try #require(try round.next(wallMilliseconds: world.now))
    try round.receive(try binh.answer(first), wallMilliseconds: world.now)
    grants.give("binh", reading: ["north"], writing: ["north"])
    let second = try #require(try round.next(wallMilliseconds: world.now))
    #expect(throws: Refusal(.snapshotNeeded, detail: "scope")) { try binh.answer(second) }
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n"])
    try inStep(binh)
  }

  @Test func `what leaves a device's units between the pages of its first pull leaves the device`()
    throws
  {
    world.limitPages(to: 3)
    var round = SyncRound(an.store, identity: an.identity, directions: .pull)
    var hasCome = false
    while !hasCome {
      let page = try an.answer(try #require(try round.next(wallMilliseconds: world.now)))
      hasCome = try PullPage(decoding: page).rows.contains { $0.key == RowKey([.text("n")]) }
      try round.receive(page, wallMilliseconds: world.now)
    }
    try chi.write("UPDATE session SET unit = 'south' WHERE id = 'n'")
    try chi.sync()
    while let request = try round.next(wallMilliseconds: world.now) {
      try round.receive(try an.answer(request), wallMilliseconds: world.now)
    }
    #expect(try keys("session", on: an).isEmpty && keys("finding", on: an).isEmpty)
    try inStep(an)
  }

  @Test func `work under a grant since withdrawn is shown until the operator has taken it in`()
    throws
  {
    try binh.sync()
    try binh.write("UPDATE session SET title = 'đã sửa' WHERE id = 's'")
    try binh.write("INSERT INTO finding VALUES ('fb', 's', 'thêm')")
    grants.give("binh", reading: ["north"], writing: ["north"])
    try binh.sync()
    #expect(try quarantine().map(\.reason) == [.scopeWithdrawn, .scopeWithdrawn])
    #expect(try binh.value("SELECT title FROM session WHERE id = 's'") == .text("đã sửa"))
    #expect(try keys("finding", on: binh) == ["fb", "fn"])
    #expect(try !binh.status().isInStep)
    for work in try quarantine() { _ = try world.hub.retry(work.number, ruling) }
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n"] && keys("finding", on: binh) == ["fn"])
    try inStep(binh)
    try chi.sync()
    #expect(try chi.value("SELECT title FROM session WHERE id = 's'") == .text("đã sửa"))
    #expect(try keys("finding", on: chi) == ["fb", "fn", "fs"])
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
  }

  @Test func `dismissed work outside leaves the device, and the hub as it was`() throws {
    try an.sync()
    try an.write("INSERT INTO session (id, unit, title) VALUES ('x', 'south', 'lạ')")
    try an.write("UPDATE session SET title = 'mới' WHERE id = 'x'")
    try an.sync()
    #expect(try quarantine().map(\.reason) == [.outsideScope, .dependent])
    for work in try quarantine() { try world.hub.dismiss(work.number, ruling) }
    try an.sync()
    #expect(try keys("session", on: an) == ["n"])
    try inStep(an)
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n", "s"])
    try inStep(binh)
  }

  @Test func `a store that is enrolled anew still hears what became of its work`() throws {
    try an.sync()
    try an.write("INSERT INTO session (id, unit, title) VALUES ('x', 'south', 'lạ')")
    try an.sync()
    let anew = try world.renew(an)
    try anew.sync()
    #expect(try keys("session", on: anew) == ["n", "x"])
    for work in try quarantine() { try world.hub.dismiss(work.number, ruling) }
    try anew.sync()
    #expect(try keys("session", on: anew) == ["n"])
    #expect(try anew.status().quarantined == 0)
    try inStep(anew)
  }
}

/// Grants that tests give and take.
final class Grants: AccessPolicy {
  private let given = Mutex<[String: Access]>([:])

  /// A name that ends in an exclamation mark stands for a unit's private rows.
  func give(
    _ officer: String, reading: [String], writing: [String], naming: Set<String>? = nil
  ) {
    func scopes(_ names: [String]) -> Set<Scope> {
      Set(
        names.map {
          $0.hasSuffix("!") ? .named(String($0.dropLast()), isPrivate: true) : .named($0)
        })
    }
    given.withLock {
      $0[officer] =
        Access(reading: scopes(reading), writing: scopes(writing), naming: naming)
    }
  }

  /// Lets an officer do everything again.
  func take(_ officer: String) { given.withLock { $0[officer] = nil } }

  func access(
    of device: HubDevice, in view: HubView, wallMilliseconds: Int64
  ) throws -> Access { given.withLock { $0[device.officer] ?? .everything } }
}
