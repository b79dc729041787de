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
  @Option(help: "Live the life in a file that --save has written.") var life: String?
  @Option(help: "Write a failing life, as short as was found, to a file.") var save: String?
  @Option(help: "What the life shows, for the file.") var about: String?
  @Flag(help: "Print what happens.") var trace = false
  @Flag(help: "Take out of a failing life whatever the failure does not need.") var shrink = false
  @Flag(help: "Live every life twice and compare.") var checkTwice = false
  @Flag(help: "Say how far it has got, for a program that watches.") var progress = false
  @Flag(help: "Go on after a failure.") var keepGoing = false

  func run() throws {
    let simulation = try Simulation()
    if let life {
      let plan = try Scenario(contentsOf: URL(fileURLWithPath: life)).plan
      try judge(plan, "scripts/simulate --life \(life)", simulation)
      return
    }
    var failure: (any Error)?
    let first = seed ?? from
    let last = seed ?? (from + seeds - 1)
    for seed in Swift.stride(from: first, through: last, by: Int(stride)) {
      let plan = Workload.plan(seed: seed, steps: steps, without: Set(without))
      do {
        try judge(plan, "scripts/simulate --seed \(seed) --steps \(steps)", simulation)
      } catch { failure = error }
      if failure != nil, !keepGoing { break }
    }
    if let failure { throw failure }
  }

  /// Lives a life, and says so if it breaks a law.
  ///
  /// - Throws: `ExitCode` then.
  private func judge(_ plan: Plan, _ command: String, _ simulation: Simulation) throws {
    let result = live(plan, simulation)
    if progress { say("done \(plan.seed)") }
    guard let violation = result.violation else { return }
    say("seed \(plan.seed): \(violation)")
    print("  replay: \(command) --trace")
    if shrink || save != nil {
      let shrunk = shorten(plan, violation, simulation)
      if shrink { show(shrunk, violation, simulation) }
      if let save {
        let scenario = Scenario(about: about ?? "\(violation)", plan: shrunk)
        try scenario.write(to: URL(fileURLWithPath: save))
      }
    }
    throw ExitCode(1)
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

  private func shorten(_ plan: Plan, _ violation: Violation, _ simulation: Simulation) -> Plan {
    var shrinker = Shrinker { candidate in
      live(candidate, simulation).violation?.law == violation.law
    }
    return shrinker.shrink(plan)
  }

  private func show(_ shrunk: Plan, _ violation: Violation, _ simulation: Simulation) {
    print(
      "\nThe shortest life found that breaks \(violation.law.rawValue), \(shrunk.devices) devices:")
    for (index, action) in shrunk.actions.enumerated() { print("  \(index + 1). \(action)") }
    print("  then faults stop, everybody syncs, the operator decides everything, everybody syncs")
    if let violation = live(shrunk, simulation).violation { print("  → \(violation)") }
  }
}

extension Workload.Kind: ExpressibleByArgument {}
