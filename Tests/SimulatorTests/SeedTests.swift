import Simulation
import Testing

@Suite(.serialized) struct SeedTests {
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
}
