import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Whoever syncs first, the same questions are asked and the same rows live: over all orders of what a
/// few people do to rows that point to one another.
struct OrderTests {
  private let world: World
  private let officers: [TestDevice]

  init() throws {
    world = try World(
      schema: SyncSchema(parsing: Self.policies, version: 1),
      migrations: [Migration(name: "order-v1", sql: Self.sql)])
    officers = try ["an", "binh", "chi"].map(world.device)
  }

  /// `target_id` is a link that nobody is asked about.
  private static let policies = """
    table session 10
      id 1 key
      title 2 operator
      low 3 operator
      high 4 operator
    table finding 11
      id 1 key
      session_id 2 operator
      target_id 3 max
      text 4 operator
    table remark 12
      id 1 key
      finding_id 2 operator
    """

  private static let sql = """
    CREATE TABLE session (
      id TEXT NOT NULL PRIMARY KEY, title TEXT, low INTEGER, high INTEGER, CHECK (low <= high)
    ) STRICT;
    CREATE TABLE finding (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id),
      target_id TEXT REFERENCES session (id), text TEXT
    ) STRICT;
    CREATE TABLE remark (
      id TEXT NOT NULL PRIMARY KEY, finding_id TEXT NOT NULL REFERENCES finding (id)
    ) STRICT;
    """

  /// What somebody does in one transaction, to the rows of one life: `#` stands for its number.
  private static let deeds = [
    "UPDATE finding SET session_id = 'b#' WHERE id = 'f#'",
    "UPDATE finding SET session_id = 'c#' WHERE id = 'f#'",
    "DELETE FROM session WHERE id = 'c#'",
    "INSERT INTO finding VALUES ('g#', 'c#', NULL, 'g')",
    "UPDATE finding SET target_id = 'b#' WHERE id = 'f#'",
    "UPDATE finding SET target_id = 'c#' WHERE id = 'f#'",
    "DELETE FROM session WHERE id = 'b#'",
    "DELETE FROM finding WHERE id = 'f#'",
    "DELETE FROM finding WHERE id = 'g#'",
    "INSERT INTO remark VALUES ('r#', 'f#')",
    "DELETE FROM remark WHERE id = 'r#'",
    "UPDATE finding SET text = 'khác' WHERE id = 'f#'",
    "INSERT INTO session (id, title) VALUES ('c#', 'C again')",
  ]

  private static let beginning = """
    INSERT INTO session (id, title) VALUES ('a#', 'A'), ('b#', 'B'), ('c#', 'C');
    INSERT INTO finding VALUES ('f#', 'a#', NULL, 'f');
    """

  private typealias Script = [String]

  /// What can be done one after the other on a device that holds the beginning.
  private func scripts(of deeds: some Collection<String>, _ length: Int) throws -> [Script] {
    let database = try DatabaseQueue()
    var all: [Script] = [[]]
    for _ in 0..<length { all = all.flatMap { script in deeds.map { script + [$0] } } }
    return try all.filter { script in
      try database.write { db in
        try db.execute(sql: "DROP TABLE IF EXISTS remark; DROP TABLE IF EXISTS finding")
        try db.execute(sql: "DROP TABLE IF EXISTS session; \(Self.sql) \(Self.beginning)")
        do {
          for deed in script {
            try db.execute(sql: deed)
            if db.changesCount == 0 { return false }
          }
          return true
        } catch is DatabaseError { return false }
      }
    }
  }

  /// The orders in which so many steps of each can come, by whose it is.
  private func orders(_ steps: [Int]) -> [[Int]] {
    if steps.allSatisfy({ $0 == 0 }) { return [[]] }
    return steps.indices.filter { steps[$0] > 0 }.flatMap { who in
      var rest = steps
      rest[who] -= 1
      return orders(rest).map { [who] + $0 }
    }
  }

  private struct Life: Hashable {
    let scripts: [Script]
    let order: [Int]
  }

  /// Lives all lives at one hub, each with rows of its own, and says what has become of each.
  private func live(_ lives: [Life]) throws -> [String] {
    let all = lives.indices.map { Self.beginning.replacing("#", with: ".\($0)") }
    try officers[0].write(all.joined())
    for officer in officers { try officer.sync() }
    // One step of each life after the other, since lives have nothing to do with each other.
    for step in 0..<(lives.map(\.order.count).max() ?? 0) {
      for (who, officer) in officers.enumerated() {
        for (number, life) in lives.enumerated()
        where life.order.indices.contains(step) && life.order[step] == who {
          let done = life.order.prefix(step).count { $0 == who }
          try officer.write(life.scripts[who][done].replacing("#", with: ".\(number)"))
        }
        try officer.sync(.push)
      }
    }
    return try outcomes(lives.count)
  }

  /// Of every life the questions, and the live rows but for what is in question.
  private func outcomes(_ count: Int) throws -> [String] {
    var outcomes = Array(repeating: Set<String>(), count: count)
    var asked: Set<String> = []
    func place(_ key: RowKey) -> (row: String, life: Int)? {
      let parts = (key.values[0].text ?? "").split(separator: ".")
      return parts.count == 2 ? Int(parts[1]).map { (String(parts[0]), $0) } : nil
    }
    func shown(_ value: SyncCore.Value) -> String {
      value.text.map { String($0.prefix { $0 != "." }) } ?? "–"
    }
    for conflict in try world.hub.conflicts(openOnly: true) {
      guard let (row, life) = place(conflict.key) else { continue }
      asked.insert("\(conflict.table) \(row).\(life) \(conflict.unit)")
      let live = conflict.unit.isEmpty ? [] : [conflict.live.map(shown).joined()]
      let said = conflict.statements.map { $0.values.map(shown).joined() } + live
      outcomes[life].insert(
        "\(conflict.kind.rawValue) \(conflict.table) \(row).\(conflict.unit): \(Set(said).sorted())"
      )
    }
    for table in world.schema.tables {
      for values in try world.hubRows(table.name) {
        guard let (row, life) = place(table.rowKey(of: values)) else { continue }
        let cells = zip(table.columns, values).dropFirst().map { column, value in
          asked.contains("\(table.name) \(row).\(life) \(column.name)") ? "?" : shown(value)
        }
        outcomes[life].insert("\(table.name) \(row)(\(cells.joined(separator: ",")))")
      }
    }
    return outcomes.map { $0.sorted().joined(separator: " · ") }
  }

  /// Lives what each of some people does, in all orders, and compares.
  private func compare(_ people: [[Script]]) throws {
    let lives = people.flatMap { scripts in
      orders(scripts.map(\.count)).map { Life(scripts: scripts, order: $0) }
    }
    let outcomes = try live(lives)
    var first: [[Script]: (order: [Int], outcome: String)] = [:]
    var reported = 0
    for (life, outcome) in zip(lives, outcomes) {
      let other = first[life.scripts] ?? (life.order, outcome)
      first[life.scripts] = other
      if other.outcome == outcome || reported > 20 { continue }
      reported += 1
      Issue.record(
        """
        \(life.scripts)
        \(other.order): \(other.outcome)
        \(life.order): \(outcome)
        """)
    }
    try takeWhatIsOffered()
    #expect(try world.hub.problems().isEmpty)
    for officer in officers {
      try officer.sync()
      #expect(try officer.status().isInStep)
    }
  }

  /// Takes the last statement of each question about a value: none leads nowhere.
  private func takeWhatIsOffered() throws {
    for conflict in try world.hub.conflicts(openOnly: true) where !conflict.unit.isEmpty {
      guard let last = conflict.statements.last else { continue }
      try world.hub.resolve(
        conflict.id, version: conflict.version, .candidate(last.position),
        Ruling(by: "ha", reason: "r", wallMilliseconds: world.now))
    }
  }

  private func pairs(_ some: [Script], _ others: [Script]) -> [[Script]] {
    some.flatMap { one in others.map { [one, $0] } }
  }

  // MARK: One transaction

  /// What an officer's own program, with foreign keys off, writes in one transaction.
  @Test(arguments: [
    ["DELETE FROM session WHERE id = 'a'", "UPDATE finding SET session_id = 'b' WHERE id = 'f'"],
    ["DELETE FROM session WHERE id = 'a'", "DELETE FROM finding WHERE id = 'f'"],
    [
      "DELETE FROM session WHERE id = 'a'", "INSERT INTO session (id, title) VALUES ('a', 'mới')",
    ],
    [
      "INSERT INTO finding VALUES ('g', 'c', NULL, 'g')", "DELETE FROM session WHERE id = 'c'",
      "DELETE FROM finding WHERE id = 'g'",
    ],
  ])
  func `of a transaction the end counts, whatever the order of its statements`(
    _ statements: [String]
  ) throws {
    try officers[0].write(Self.beginning.replacing("#", with: ""))
    for officer in officers { try officer.sync() }
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: officers[0].path, configuration: configuration).write { db in
      for statement in statements { try db.execute(sql: statement) }
    }
    try officers[0].sync()
    #expect(try world.hub.conflicts(openOnly: true).isEmpty)
    for table in world.schema.tables {
      #expect(try world.hubRows(table.name) == officers[0].rows(table.name))
    }
    #expect(try officers[0].status().isInStep)
  }

  @Test func `a row that breaks a rule of its table half way through a transaction is taken in`()
    throws
  {
    try officers[0].write("INSERT INTO session (id, low, high) VALUES ('a', 1, 9)")
    for officer in officers { try officer.sync() }
    try officers[1].write("UPDATE session SET high = 3 WHERE id = 'a'")
    try officers[1].sync()
    try officers[0].store.write(by: Author(officer: "an", wallMilliseconds: world.now)) { db in
      try db.execute(sql: "UPDATE session SET low = 5 WHERE id = 'a'")
      try db.execute(sql: "UPDATE session SET low = 2 WHERE id = 'a'")
    }
    try officers[0].sync()
    #expect(try world.hub.quarantine(openOnly: true).isEmpty)
    let row = try #require(try world.hubRows("session").first)
    #expect(row.suffix(2) == [.integer(2), .integer(3)])
    #expect(try officers[0].status().isInStep)
  }

  // MARK: All orders

  @Test func `one deed against one or two asks the same in every order`() throws {
    let one = try scripts(of: Self.deeds, 1)
    try compare(pairs(one, one + (try scripts(of: Self.deeds, 2))))
  }

  @Test func `two deeds against two ask the same in every order`() throws {
    let two = try scripts(of: Self.deeds.prefix(4), 2)
    try compare(pairs(two, two))
  }

  @Test func `deeds of three people ask the same in every order`() throws {
    let one = try scripts(of: Self.deeds.prefix(8), 1)
    try compare(one.flatMap { first in pairs(one, one).map { [first] + $0 } })
  }
}
