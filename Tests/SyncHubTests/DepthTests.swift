import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Testing
import TestSupport

/// What is as deep as somebody likes to make it costs the hub time, and never its stack.
struct DepthTests {
  private static let policies = """
    table node 10
      id 1 key
      parent_id 2 operator
      label 3 lastWriter
    table branch 11
      id 1 key
      twig_id 2 operator
    table twig 12
      id 1 key
      branch_id 2 operator
    """
  private static let sql = """
    CREATE TABLE node (
      id TEXT NOT NULL PRIMARY KEY, parent_id TEXT REFERENCES node (id), label TEXT
    ) STRICT;
    CREATE INDEX node_parent ON node (parent_id);
    CREATE TABLE branch (
      id TEXT NOT NULL PRIMARY KEY,
      twig_id TEXT REFERENCES twig (id) DEFERRABLE INITIALLY DEFERRED
    ) STRICT;
    CREATE INDEX branch_twig ON branch (twig_id);
    CREATE TABLE twig (
      id TEXT NOT NULL PRIMARY KEY, branch_id TEXT NOT NULL REFERENCES branch (id)
    ) STRICT;
    CREATE INDEX twig_branch ON twig (branch_id);
    """

  private func world() throws -> World {
    try World(
      schema: SyncSchema(parsing: Self.policies, version: 1),
      migrations: [Migration(name: "deep-v1", sql: Self.sql)])
  }

  @Test func `of thousands of rows taken away at once, the one that somebody builds on stays`()
    throws
  {
    let world = try world()
    let (one, two) = (try world.device("one"), try world.device("two"))
    try one.write(
      """
      WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 6000)
      INSERT INTO node SELECT 'n' || i, CASE WHEN i > 0 THEN 'n0' END, hex(zeroblob(20)) FROM n
      """)
    try one.sync()
    try two.sync()
    #expect(try world.hubRows("node").count == 6_000)
    try one.write("INSERT INTO node VALUES ('leaf', 'n0', NULL)")
    try two.write("DELETE FROM node")
    try one.sync()
    try two.sync()
    try one.sync()
    #expect(try world.hubRows("node").count == 2)
    #expect(try world.hub.conflicts(openOnly: true).map(\.table) == ["node"])
  }

  @Test func `a tree of any depth comes back for a leaf that somebody hung on it`() throws {
    let world = try world()
    let (one, two) = (try world.device("one"), try world.device("two"))
    try one.write(
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)
      INSERT INTO node SELECT 'n' || i, CASE WHEN i > 1 THEN 'n' || (i - 1) END, NULL FROM n
      """)
    try one.sync()
    try two.sync()
    try one.write("DELETE FROM node")
    try two.write("INSERT INTO node VALUES ('leaf', 'n2000', NULL)")
    try one.sync()
    try two.sync()
    try one.sync()
    #expect(try world.hubRows("node").count == 2001)
    #expect(try world.hub.conflicts(openOnly: true).count == 2000)
    #expect(try one.status().isInStep)
    #expect(try two.status().isInStep)
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `a circle through two tables comes back once`() throws {
    let world = try world()
    let (one, two) = (try world.device("one"), try world.device("two"))
    try one.write(
      """
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)
      INSERT INTO branch SELECT 'b' || i, 't' || i FROM n;
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)
      INSERT INTO twig SELECT 't' || i, 'b' || (i % 1000 + 1) FROM n;
      """)
    try one.sync()
    try two.sync()
    try one.write("DELETE FROM twig; DELETE FROM branch")
    try two.write("INSERT INTO twig VALUES ('mine', 'b7')")
    try one.sync()
    try two.sync()
    try one.sync()
    #expect(try world.hubRows("twig").count == 1001)
    #expect(try world.hubRows("branch").count == 1000)
    #expect(try one.status().isInStep)
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `work of which each waits for the next is taken in by the last`() throws {
    let world = try world()
    let (one, two) = (try world.device("one"), try world.device("two"))
    // Another program need not mind what its rows point to.
    try one.store.database.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA foreign_keys = OFF")
    }
    for number in 1...2000 {
      try one.write(
        "INSERT INTO node VALUES (?, ?, NULL)",
        [.text("n\(number)"), .text("n\(number + 1)")])
    }
    try one.sync()
    #expect(try world.hub.quarantine(openOnly: true).count == 2000)
    try two.write("INSERT INTO node VALUES ('n2001', NULL, NULL)")
    try two.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    try one.sync()
    #expect(try one.status().isInStep)
    #expect(try world.hubRows("node").count == 2001)
  }

  @Test func `work that builds on one row again and again is taken in after the first of it`()
    throws
  {
    let world = try world()
    let (one, two) = (try world.device("one"), try world.device("two"))
    try one.store.database.writeWithoutTransaction {
      try $0.execute(sql: "PRAGMA foreign_keys = OFF")
    }
    try one.write("INSERT INTO node VALUES ('child', 'parent', '0')")
    for number in 1...300 {
      try one.write("UPDATE node SET label = ? WHERE id = 'child'", [.text("\(number)")])
    }
    try one.sync()
    #expect(try world.hub.quarantine(openOnly: true).count == 301)
    try two.write("INSERT INTO node VALUES ('parent', NULL, NULL)")
    try two.sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    #expect(try world.hubRows("node").first?[2] == .text("300"))
  }
}
