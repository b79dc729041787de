import SyncCore
import SyncDevice
import Testing

@testable import Benchmarks

/// What a device has done before makes nothing dearer that it does today.
struct PastTests {
  private let folder: TemporaryFolder
  private let province: Province
  private let paths: [String]
  private let writer: Province.Device
  private let reader: Province.Device

  private static let rows = 10

  init() throws {
    #expect(StatementCount.begin())
    folder = try TemporaryFolder()
    paths = ["hub.db", "a.db", "b.db"].map(folder.file)
    province = try Province(hubAt: paths[0])
    writer = try province.device(province.enrol(1), storeAt: paths[1], isDurable: false)
    reader = try province.device(province.enrol(2), storeAt: paths[2], isDurable: false)
    let rows = Workload(rows: Self.rows).operations(of: .insert)
    try writer.store.run([rows[...]])
    try province.synchronise(writer)
    try province.synchronise(reader)
  }

  /// Every row's change in a transaction of its own, sent and fetched.
  private func work(_ day: Int) throws {
    let edits = Workload(rows: Self.rows).rows.filter { $0.table == 1 }.map { row in
      Operation(
        "UPDATE recommendation SET addressed_to = ? WHERE id = ?", [.text("Sở \(day)"), row.id])
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

  @Test func `a sync reads as much after sixty days of work as after six`() throws {
    for day in 1...5 { try work(day) }
    let early = try steps(of: 6)
    for day in 7...59 { try work(day) }
    let late = try steps(of: 60)
    for (name, (late, early)) in zip(["hub", "writer", "reader"], zip(late, early)) {
      #expect(Double(late) <= 1.2 * Double(early), "\(name): \(early) steps, then \(late)")
    }
  }
}
