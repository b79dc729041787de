import GRDB
import SyncCore
import SyncDevice
import Testing

@testable import Benchmarks

/// What has been done before makes nothing dearer that is done today.
struct PastTests {
  private let folder: TemporaryFolder
  private let province: Province
  private let paths: [String]
  private let writer: Province.Device
  private let reader: Province.Device

  /// Recommendations that change every day.
  private let edited: [SyncCore.Value]

  init() throws {
    #expect(StatementCount.begin())
    folder = try TemporaryFolder()
    paths = ["hub.db", "a.db", "b.db"].map(folder.file)
    province = try Province(hubAt: paths[0])
    writer = try province.device(province.enrol(1), storeAt: paths[1], isDurable: false)
    reader = try province.device(province.enrol(2), storeAt: paths[2], isDurable: false)
    let workload = Workload(rows: 2_300)
    edited = workload.rows.filter { $0.table == 1 }.prefix(6).map(\.id)
    try writer.store.run([workload.operations(of: .insert)[...]])
    try province.synchronise(writer)
    try province.synchronise(reader)
  }

  /// Some rows' changes, each in a transaction of its own, sent and fetched.
  private func work(_ day: Int) throws {
    let edits = edited.map { id in
      Operation(
        "UPDATE recommendation SET addressed_to = ? WHERE id = ?", [.text("Sở \(day)"), id])
    }
    try writer.store.run(edits.batches(of: 1))
    try province.synchronise(writer)
    try province.synchronise(reader)
  }

  /// What SQLite does in one day at the hub and on both devices.
  private func steps(of day: Int) throws -> [Int] {
    let before = paths.map { StatementCount.of($0).steps }
    try work(day)
    return zip(paths, before).map { StatementCount.of($0).steps - $1 }
  }

  /// Days in which every replica has read all of its rows again, and a device its marks.
  private static let turn = 25

  /// The dearest day of a turn, at the hub and on both devices.
  private func dearest(of days: ClosedRange<Int>) throws -> [Int] {
    let taken = try days.map(steps)
    return paths.indices.map { index in taken.map { $0[index] }.max() ?? 0 }
  }

  private func expectNoGrowth(from early: [Int], to late: [Int]) {
    for (name, (late, early)) in zip(["hub", "writer", "reader"], zip(late, early)) {
      #expect(Double(late) <= 1.1 * Double(early), "\(name): \(early) steps, then \(late)")
    }
  }

  @Test func `a sync reads as much after a season of work as after a month`() throws {
    let early = try dearest(of: 1...Self.turn)
    for day in Self.turn + 1...60 { try work(day) }
    expectNoGrowth(from: early, to: try dearest(of: 61...60 + Self.turn))
  }

  @Test func `a sync reads as much however much has been decided`() throws {
    let early = try dearest(of: 1...Self.turn)
    for path in paths {
      try DatabaseQueue(path: path).write { db in
        for number in 1...2_000 {
          try db.execute(
            sql: """
              INSERT INTO thuan_conflict (id, kind, table_name, row_key, unit, state, version,
                opened_at) VALUES (?, 'values', 'recommendation', ?, 'status', 'decided', 1, ?)
              """, arguments: ["c\(number)", "r\(number)", number])
        }
      }
    }
    expectNoGrowth(from: early, to: try dearest(of: Self.turn + 1...2 * Self.turn))
  }

  @Test func `rows are read again at the same cost wherever in its tables the hub is`() throws {
    let steps = try (1...Self.turn).map { try self.steps(of: $0)[0] }.sorted()
    #expect(Double(steps[Self.turn - 1]) <= 1.2 * Double(steps[Self.turn / 2]), "\(steps)")
  }
}
