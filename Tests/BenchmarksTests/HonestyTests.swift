import GRDB
import SyncCore
import SyncDevice
import Testing

@testable import Benchmarks

/// A benchmark that did not do its work has to fail, not to look fast.
struct HonestyTests {
  private let workload = Workload(rows: 60)

  @Test func `plain inserts that leave a row out are found`() throws {
    let inserts = workload.operations(of: .insert)
    _ = try PlainInserts.seconds(workload, in: [inserts[...]], isDurable: false)
    #expect(throws: BenchError.self) {
      try PlainInserts.seconds(
        workload, in: [inserts.dropLast()], isDurable: false)
    }
  }

  @Test func `writes that leave other rows than they should are found`() throws {
    var bench = try CaptureBench(workload)
    for size in CaptureBench.Size.allCases { _ = try bench.run(size, 0) }
    bench.content = try workload.content()
    #expect(throws: BenchError.self) { try bench.run(.hundred, 0) }
  }

  @Test func `a hub that takes in less, other rows, or without a question is found`() throws {
    let rehearsal = try Rehearsal(workload)
    let scene = try rehearsal.concurrentEdits().conflicting
    _ = try Reception.seconds(scene, of: workload)
    var changed = scene
    changed.envelopes = try Tape()
    #expect(throws: BenchError.self) { try Reception.seconds(changed, of: workload) }
    changed = scene
    changed.after = rehearsal.inserts.after
    #expect(throws: BenchError.self) { try Reception.seconds(changed, of: workload) }
    changed = scene
    changed.conflicts += 1
    #expect(throws: BenchError.self) { try Reception.seconds(changed, of: workload) }
  }

  @Test(arguments: [false, true])
  func `plain files wait for the disk where the engine's do`(_ isDurable: Bool) throws {
    let folder = try TemporaryFolder()
    let plain = try PlainDatabase.open(folder.file("plain.db"), isDurable: isDurable)
    let store = try openStore(folder.file("store.db"), isDurable: isDurable)
    func durability(_ database: any DatabaseReader) throws -> Int? {
      try database.read { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }
    #expect(try durability(plain) == (isDurable ? 2 : 1))
    #expect(try durability(store.database) == durability(plain))
  }

  @Test func `contents differ by one row and by one value`() throws {
    let content = try workload.content()
    #expect(try content == workload.content())
    #expect(try content != workload.content { index, _ in index != 7 })
    let changed = try workload.content { index, values in
      if index == 7 { values[1] = .text("?") }
      return true
    }
    #expect(content.rows == changed.rows && content != changed)
  }
}
