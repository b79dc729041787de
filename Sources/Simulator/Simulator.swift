import ArgumentParser
import Foundation
import Simulation

/// Lives many random lives of a hub and its devices, and says where a law was broken.
@main
struct Simulator: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Random lives of a hub and its devices, with faults, each from one seed.")

  @Option(help: "One seed.") var seed: UInt64?
  @Option(help: "How many seeds.") var seeds: UInt64 = 100
  @Option(help: "The first seed.") var from: UInt64 = 1
  @Option(help: "Take every nth seed only.") var stride: UInt64 = 1
  @Option(help: "Actions in a life.") var steps = 200
  @Option(parsing: .upToNextOption, help: "What does not happen, such as stopHub.")
  var without: [Workload.Kind] = []
  @Flag(help: "Print what happens.") var trace = false
  @Flag(help: "Take out of a failing life whatever the failure does not need.") var shrink = false
  @Flag(help: "Live every life twice and compare.") var checkTwice = false
  @Flag(help: "Say how far it has got, for a program that watches.") var progress = false
  @Flag(help: "Go on after a failure.") var keepGoing = false

  func run() throws {
    let simulation = try Simulation()
    var failures = 0
    let first = seed ?? from
    let last = seed ?? (from + seeds - 1)
    for seed in Swift.stride(from: first, through: last, by: Int(stride)) {
      let plan = Workload.plan(seed: seed, steps: steps, without: Set(without))
      let result = live(plan, simulation)
      if progress { say("done \(seed)") }
      guard let violation = result.violation else { continue }
      failures += 1
      say("seed \(seed): \(violation)")
      print("  replay: scripts/simulate --seed \(seed) --steps \(steps) --trace")
      if shrink { printShrunk(plan, violation, simulation) }
      if !keepGoing { break }
    }
    if failures > 0 { throw ExitCode(1) }
  }

  /// Prints at once: whoever watches through a pipe, or ends the program, wants to see it.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private func live(_ plan: Plan, _ simulation: Simulation) -> Simulation.Result {
    if trace { return simulation.run(plan, trace: Trace(isKept: false, prints: true)) }
    if checkTwice { return simulation.runTwice(plan) }
    // The comparison with honest clocks costs a second life; a sample is enough.
    return plan.seed % 8 == 0 ? simulation.runWithHonestClocks(plan) : simulation.run(plan)
  }

  private func printShrunk(_ plan: Plan, _ violation: Violation, _ simulation: Simulation) {
    var shrinker = Shrinker { candidate in
      live(candidate, simulation).violation?.law == violation.law
    }
    let shrunk = shrinker.shrink(plan)
    print(
      "\nThe shortest life found that breaks \(violation.law.rawValue), \(shrunk.devices) devices:")
    for (index, action) in shrunk.actions.enumerated() { print("  \(index + 1). \(action)") }
    print("  then faults stop, everybody syncs, the operator decides everything, everybody syncs")
    if let violation = live(shrunk, simulation).violation { print("  → \(violation)") }
  }
}

extension Workload.Kind: ExpressibleByArgument {}
