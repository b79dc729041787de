import Foundation
import SyncCore
import SyncDevice
import Testing

@testable import Benchmarks

/// What the engine may take, in counts that are the same on every machine: `budgets.txt` has them.
///
/// A count above its budget is a regression. One far below it is a budget to be lowered: then the next
/// regression shows.
struct BudgetTests {
  private static let budgets: [String: Double] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("budgets.txt")
    let lines = ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n")
    return Dictionary(
      uniqueKeysWithValues: lines.filter { !$0.hasPrefix("#") }.compactMap { line in
        let parts = line.split(separator: " ")
        return parts.count < 2 ? nil : Double(parts[1]).map { (String(parts[0]), $0) }
      })
  }()

  private func hold(_ name: String, _ value: Double) throws {
    let budget = try #require(Self.budgets[name], "budgets.txt has no \(name)")
    #expect(value <= budget, "\(name) takes \(value)")
    #expect(value >= budget * 0.8, "\(name) takes \(value) only: lower its budget")
  }

  /// Frames in a write-ahead log: pages that have been written.
  private func pages(_ path: String) throws -> Double {
    let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
    return Double((size ?? 0) / (4096 + 24))
  }

  @Test func `statements and pages for a row are within their budgets`() throws {
    #expect(StatementCount.begin())
    let workload = Workload(rows: 300)
    let folder = try TemporaryFolder()
    let hubPath = folder.file("hub.db")
    let province = try Province(hubAt: hubPath)
    let (path, other) = (folder.file("a.db"), folder.file("b.db"))
    let writer = try province.device(province.enrol(1), storeAt: path, isDurable: false)
    let reader = try province.device(province.enrol(2), storeAt: other, isDurable: false)
    try province.synchronise(writer)
    try province.synchronise(reader)
    func taken(_ path: String, _ body: () throws -> Void) throws -> (Double, Double) {
      let (statements, pages) = (StatementCount.of(path).statements, try self.pages(path))
      try body()
      return (
        Double(StatementCount.of(path).statements - statements) / Double(workload.rows.count),
        (try self.pages(path) - pages) / Double(workload.rows.count)
      )
    }
    let capture = try taken(path) {
      try writer.store.run(workload.operations(of: .insert).batches(of: 3))
    }
    try hold("capture/statements", capture.0)
    try hold("capture/pages", capture.1)
    let ingest = try taken(hubPath) { try province.synchronise(writer, directions: [.push]) }
    try hold("ingest/statements", ingest.0)
    try hold("ingest/pages", ingest.1)
    let apply = try taken(other) { try province.synchronise(reader) }
    try hold("apply/statements", apply.0)
    try hold("apply/pages", apply.1)
  }

  @Test func `bytes that travel are within their budgets`() throws {
    let figures = try wireFigures(Bench(Self.scale).rehearsal())
    for name in ["wire/bootstrap/row", "wire/update", "wire/update/alone", "wire/day"] {
      let figure = try #require(figures.first { $0.name == name })
      try hold(name, figure.value)
    }
  }

  @Test func `what a sync asks is within its budgets`() async throws {
    let figures = try await Section.requests.figures(Bench(Self.scale))
    for name in ["requests/idle", "bytes/idle", "requests/10", "bytes/10"] {
      let figure = try #require(figures.first { $0.name == name })
      try hold(name, figure.value)
    }
  }

  private static let scale = Scale(
    rows: 1_500, rounds: 1, flatRows: [300, 600], growthRows: [300, 600], changes: 30, connected: 3,
    devices: 4, communes: 10)
}
