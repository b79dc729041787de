import Foundation
import Simulation
import Testing

/// One after the other: there is one simulated disk in a process.
@Suite(.serialized) struct SimulationTests {
  private static let lives = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Lives")

  @Test func `a few lives break no law`() throws {
    let simulation = try Simulation()
    for seed: UInt64 in 1...20 {
      let result = simulation.run(Workload.plan(seed: seed, steps: 120))
      #expect(result.violation == nil, "seed \(seed)")
    }
  }

  @Test func `the same seed gives the same life`() throws {
    let simulation = try Simulation()
    for seed: UInt64 in 1...5 {
      #expect(simulation.runTwice(Workload.plan(seed: seed, steps: 120)).violation == nil)
    }
  }

  @Test func `no life that once broke a law breaks one again`() throws {
    let simulation = try Simulation()
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.lives, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files.sorted(by: { $0.path < $1.path }) {
      let plan = try Scenario(contentsOf: file).plan
      #expect(simulation.run(plan).violation == nil, "\(file.lastPathComponent)")
    }
  }
}
