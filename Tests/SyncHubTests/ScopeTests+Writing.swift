import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Who may change what, and what is answered to those who may not.
extension ScopeTests {
  // MARK: What is written

  @Test(arguments: [
    ("INSERT INTO session (id, unit) VALUES ('x', 'south')", QuarantineReason.outsideScope),
    ("UPDATE session SET unit = 'south' WHERE id = 'n'", .outsideScope),
    ("UPDATE session SET unit = NULL WHERE id = 'n'", .outsideScope),
    ("UPDATE session SET secrecy = 'personal' WHERE id = 'n'", .outsideScope),
    ("INSERT INTO finding VALUES ('x', 's', 'qua khóa ngoại')", .missingParent),
    ("UPDATE finding SET session_id = 's' WHERE id = 'fn'", .missingParent),
    ("INSERT INTO letter VALUES ('x', 'o2', 'cơ quan khác')", .outsideScope),
    ("INSERT INTO session (id, unit) VALUES ('s', 'north')", .outsideScope),
    ("INSERT INTO person VALUES ('x', 'n', '0')", .outsideScope),
    ("INSERT INTO session (id, unit) VALUES ('x', '=south')", .outsideScope),
    ("INSERT INTO session (id, unit) VALUES ('x', '')", .outsideScope),
  ])
  func `nothing gets outside somebody's scope`(_ sql: String, _ reason: QuarantineReason) throws {
    try an.sync()
    let before = try ["session", "finding", "letter", "person"].map { try world.hubRows($0) }
    // A device that does without checks of its own.
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: an.path, configuration: configuration).write { db in
      try db.execute(sql: sql)
      try db.execute(sql: "INSERT INTO session (id, unit) VALUES ('kept out too', 'north')")
    }
    try an.sync()
    #expect(try quarantine().map(\.reason) == [reason])
    let after = try ["session", "finding", "letter", "person"].map { try world.hubRows($0) }
    #expect(before == after)
    try binh.sync()
    try inStep(binh)
  }

  @Test func `a row that was there and one that was not are answered alike`() throws {
    try chi.write("INSERT INTO session (id, unit) VALUES ('zulu', 'south')")
    try chi.sync()
    var answers: [String] = []
    for key in ["zulu", "nowhere"] {
      let change = RowChange(
        table: 11, operation: .update, key: RowKey([.text(key)]),
        fields: [FieldChange(column: 3, before: .null, after: .text("t"))])
      answers.append(try pushed([change]).replacing(key, with: "KEY"))
      let child = row("finding", "f-\(key)", [2: .text(key), 3: .text("t")])
      answers.append(try pushed([child]).replacing(key, with: "KEY"))
    }
    #expect(answers[0] == answers[2] && answers[1] == answers[3], "\(answers)")
    #expect(try world.hub.quarantine(openOnly: true).count == 4)
  }

  /// Hands in, as another device of An's, what no store of ours would write.
  ///
  /// - Returns: The receipt's reason.
  private func pushed(
    _ changes: [RowChange], after lie: (inout ChangeSet) -> Void = { _ in }
  ) throws -> String {
    try #require(try pushed([changes], after: lie).first)
  }

  private func pushed(
    _ transactions: [[RowChange]], after lie: (inout ChangeSet) -> Void = { _ in }
  ) throws -> [String] {
    let device = try world.device("an")
    try device.sync()
    try device.write("INSERT INTO session (id, unit) VALUES ('any', 'north')")
    var changeSet = try #require(
      try device.store.changeSets(wallMilliseconds: world.now).first
    ).changeSet
    var bodies: [[UInt8]] = []
    for changes in transactions {
      changeSet.changes = RowChanges(changes)
      lie(&changeSet)
      bodies.append(changeSet.encoded())
      changeSet.previous = ChangeSet.hash(of: changeSet.encoded())
      changeSet.sequence += 1
    }
    let envelope = Envelope(
      schemaVersion: 1, stream: changeSet.stream, wallMilliseconds: world.now, changeSets: bodies)
    let bytes = try envelope.encoded { try device.identity.sign($0) }
    let reply = try PushReply(decoding: device.answer(.push(bytes)))
    return reply.receipts.map(\.reason)
  }

  @Test func `what may be read only is not changed`() throws {
    grants.give("an", reading: ["north", "south"], writing: [])
    try an.sync()
    try an.write("UPDATE session SET title = 'sửa' WHERE id = 's'")
    try an.write("INSERT INTO finding VALUES ('x', 'n', 'thêm')")
    try an.sync()
    #expect(try quarantine().map(\.reason) == [.readOnly, .readOnly])
    for work in try quarantine() { try world.hub.dismiss(work.number, ruling) }
    try an.sync()
    #expect(try keys("finding", on: an) == ["fn", "fs"])
    try inStep(an)
  }

  @Test func `rows may come in any order, children first`() throws {
    try an.sync()
    try an.store.write(by: Author(officer: "an", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "PRAGMA defer_foreign_keys = ON")
      try db.execute(sql: "INSERT INTO finding VALUES ('f', 'x', 'trước')")
      try db.execute(sql: "INSERT INTO session (id, unit) VALUES ('x', 'north')")
    }
    try an.sync()
    #expect(try quarantine().isEmpty)
    try binh.sync()
    #expect(try keys("finding", on: binh) == ["f", "fn", "fs"])
    try inStep(an, binh)
  }

  @Test func `a key that somebody could not see in use is a question and no overwriting`() throws {
    try an.sync()
    try an.write("INSERT INTO session (id, unit, title) VALUES ('s', 'south', 'trùng')")
    grants.give("an", reading: ["north", "south"], writing: ["north", "south"])
    try an.sync()
    #expect(try world.hubRows("session").map { $0[2] } == [.text("lúa"), .text("BÍ MẬT")])
    #expect(try world.hub.conflicts(openOnly: true).map(\.unit) == ["title"])
  }

  // MARK: What an attacker found

  @Test func `a row that moves to and fro in one change set takes its children along once`() throws
  {
    for device in [an, binh] { try device.sync() }
    let findings = (0..<50).map { "('f\($0)', 'n', 't')" }.joined(separator: ", ")
    try binh.write("INSERT INTO finding VALUES \(findings)")
    try binh.sync()
    let before = try world.hub.status().head
    let flips = (0..<40).map {
      "UPDATE session SET unit = '\($0.isMultiple(of: 2) ? "south" : "north")' WHERE id = 'n'"
    }
    try binh.write(
      flips.joined(separator: "; ") + "; UPDATE session SET unit = 'south' WHERE id = 'n'")
    try binh.sync()
    #expect(try world.hub.status().head - before < 150)
    try an.sync()
    #expect(try keys("finding", on: an).isEmpty)
    try inStep(an, binh)
  }

  @Test func `a deleted row elsewhere stays deleted though somebody points to it`() throws {
    try binh.sync()
    try binh.write("DELETE FROM finding WHERE id = 'fs'; DELETE FROM session WHERE id = 's'")
    try binh.sync()
    let child = row("finding", "x", [2: .text("s"), 3: .text("t")])
    #expect(try pushed([child]) == "missingParent: finding x → session s")
    #expect(try world.hubRows("session").count == 1)
  }

  @Test func `a false word about what was held tells nothing`() throws {
    try an.sync()
    var answers: [String] = []
    for key in ["s", "nowhere"] {
      let change = RowChange(
        table: 11, operation: .update, key: RowKey([.text(key)]),
        fields: [FieldChange(column: 3, before: .null, after: .text("t"))])
      answers.append(try pushed([change], after: { $0.base.access = 0 }))
    }
    #expect(answers == ["unknownRow: session s", "unknownRow: session nowhere"])
  }

  @Test func `nobody writes in the name of somebody else`() throws {
    grants.give("an", reading: ["north"], writing: ["north"], naming: ["an"])
    let honest = row("session", "x", [2: .text("north")])
    #expect(try pushed([honest]) == "")
    let other = row("session", "y", [2: .text("north")])
    #expect(try pushed([other], after: { $0.officer = "chi" }) == "otherOfficer")
    // A store that was his before goes on with what he wrote.
    try an.sync()
    try an.write("INSERT INTO session (id, unit) VALUES ('z', 'north')")
    try an.sync()
    try an.write("INSERT INTO session (id, unit) VALUES ('zz', 'north')")
    let anew = try world.renew(an)
    try anew.sync()
    #expect(try quarantine().map(\.reason) == [.otherOfficer])
  }

  @Test func `what waits for a hidden row is told nothing when that changes`() throws {
    let child = row("finding", "x", [2: .text("s"), 3: .text("t")])
    #expect(try pushed([child]) == "missingParent: finding x → session s")
    let before = try world.hubRows("finding").count
    let waiting = try #require(
      try world.hubDatabase.read { connection in
        try connection.first("SELECT sequence FROM hub_row WHERE tbl = 3", [])
      })
    try chi.sync()
    try chi.write("UPDATE session SET title = 'khác' WHERE id = 's'")
    try chi.sync()
    let after = try #require(
      try world.hubDatabase.read { connection in
        try connection.first("SELECT sequence FROM hub_row WHERE tbl = 3", [])
      })
    #expect(waiting == after)
    #expect(try world.hubRows("finding").count == before)
  }

  @Test func `a row that comes back may point where its reviver sees nothing`() throws {
    let policies =
      Self.policies + """

        table task 16
          id 1 key
          finding_id 2 operator
          letter_id 3 operator
          scope finding_id of finding
        """
    let sql =
      Self.sql + """
        CREATE TABLE task (
          id TEXT NOT NULL PRIMARY KEY, finding_id TEXT REFERENCES finding (id),
          letter_id TEXT REFERENCES letter (id)
        ) STRICT;
        CREATE TABLE step (id TEXT NOT NULL PRIMARY KEY, task_id TEXT REFERENCES task (id)) STRICT;
        """
    let world = try World(
      schema: SyncSchema(
        parsing: policies + """

          table step 17
            id 1 key
            task_id 2 operator
            scope task_id of task
          """, version: 1),
      migrations: [Migration(name: "scoped-v1", sql: sql)], policy: grants)
    let (an, chi) = (try world.device("an"), try world.device("chi"))
    try world.hub.commit(
      [row("office", "o2", [2: .text("south")])], by: "ha", wallMilliseconds: world.now)
    try chi.sync()
    try chi.write(
      """
      INSERT INTO session (id, unit) VALUES ('n', 'north');
      INSERT INTO finding VALUES ('fn', 'n', 't');
      INSERT INTO letter VALUES ('ls', 'o2', 'thư');
      INSERT INTO task VALUES ('t', 'fn', 'ls');
      """)
    try chi.sync()
    try an.sync()
    try chi.write("DELETE FROM task")
    try chi.sync()
    try an.write("INSERT INTO step VALUES ('b', 't')")
    try an.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try world.hubRows("task").count == 1)
    // And what he leaves as it was he need not see.
    try an.write("UPDATE task SET finding_id = 'fn' WHERE id = 't'")
    try an.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
  }

  @Test func `what is built on a guess is answered alike too`() throws {
    var answers: [String] = []
    for key in ["fs", "nowhere"] {
      let delete = RowChange(
        table: 12, operation: .delete, key: RowKey([.text(key)]),
        fields: [FieldChange(column: 2, before: .text("s"), after: .null)])
      let insert = row("finding", key, [2: .text("nosession"), 3: .text("t")])
      answers.append(contentsOf: try pushed([[delete], [insert]]))
    }
    #expect(answers[0].prefix(10) == answers[2].prefix(10))
    #expect(answers[1].prefix(7) == answers[3].prefix(7), "\(answers)")
  }

  @Test func `a wish about what only the hub writes goes to nobody but the operator`() throws {
    for device in [an, chi] { try device.sync() }
    let change = RowChange(
      table: 10, operation: .update, key: RowKey([.text("o1")]),
      fields: [FieldChange(column: 2, before: .text("north"), after: .text("quảng cáo"))])
    #expect(try pushed([change]) == "hubOnlyTable: office o1")
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    #expect(try !hears("quảng cáo", binh))
  }

  @Test func `notes are held with what they are about, however deep`() throws {
    for device in [an, binh] { try device.sync() }
    try binh.write(
      """
      INSERT INTO note VALUES ('a', 'session', 's', 'north', 'BÍ MẬT 4');
      INSERT INTO note VALUES ('b', 'finding', 'fn', 'north', 'ghi');
      """)
    try binh.sync()
    #expect(try !hears("BÍ MẬT", an))
    #expect(try keys("note", on: an) == ["b"])
    try chi.sync()
    try chi.write("UPDATE session SET secrecy = 'sensitive' WHERE id = 'n'")
    try chi.sync()
    try an.sync()
    #expect(try keys("note", on: an).isEmpty)
    try inStep(an)
  }

  @Test func `a note may come before what it is about, and may outlive it`() throws {
    try binh.sync()
    try binh.write("INSERT INTO note VALUES ('a', 'session', 'z', 'south', 'trước')")
    try binh.sync()
    #expect(try quarantine().map(\.reason) == [.missingParent])
    try binh.write("INSERT INTO session (id, unit) VALUES ('z', 'south')")
    try binh.sync()
    #expect(try quarantine().isEmpty)
    try binh.write("DELETE FROM session WHERE id = 'z'")
    for device in [binh, an, chi, binh, an, chi] { try device.sync() }
    _ = try world.hub.compact(ruling)
    #expect(try world.hub.problems().isEmpty)
    #expect(try keys("note", on: binh) == ["a"])
    #expect(try keys("note", on: an).isEmpty)
  }

  @Test func `honest work on a row that has moved since is not called unknown`() throws {
    try an.sync()
    try an.write("UPDATE finding SET text = 'sửa' WHERE id = 'fn'")
    try an.write("INSERT INTO finding VALUES ('mới', 'n', 'thêm')")
    try chi.sync()
    try chi.write("UPDATE session SET unit = 'south' WHERE id = 'n'")
    try chi.sync()
    try an.sync()
    #expect(try quarantine().map(\.reason) == [.scopeWithdrawn, .scopeWithdrawn])
  }

  @Test func `a device that has never pulled is told nothing of what has left`() throws {
    for device in [an, binh] { try device.sync() }
    try binh.write("UPDATE session SET unit = 'south' WHERE id = 'n'")
    try binh.sync()
    let other = try world.device("an")
    let page = try PullPage(
      decoding: other.answer(.pull(PullRequest(epoch: 1, cursor: 0, position: .zero))))
    #expect(!page.rows.contains { $0.kind == .evicted })
  }

  @Test func `a row that is moved to one that comes after it goes where that is`() throws {
    try chi.sync()
    try an.sync()
    // A program that looks at foreign keys when it is done.
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: chi.path, configuration: configuration).write { db in
      try db.execute(sql: "UPDATE finding SET session_id = 'later' WHERE id = 'fn'")
      try db.execute(sql: "INSERT INTO session (id, unit) VALUES ('later', 'south')")
    }
    try chi.sync()
    try an.sync()
    try binh.sync()
    #expect(try keys("finding", on: an).isEmpty)
    #expect(try keys("finding", on: binh).contains("fn"))
    try inStep(an, binh, chi)
  }

  @Test func `a row that is noted where it does not belong is seen and moved`() throws {
    try an.sync()
    try world.hubDatabase.write { connection in
      try connection.run("UPDATE session SET unit = 'north' WHERE id = 's'", [])
    }
    #expect(try world.hub.problems().contains { $0.contains("session s") })
    _ = try world.hub.repair(ruling)
    #expect(try world.hub.problems().isEmpty)
    try an.sync()
    try inStep(an)
  }
}
