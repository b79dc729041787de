/// Runs lives: a plan in, what became of the laws out.
///
/// Not to be used from two threads, or twice in one process at a time: there is one disk.
package final class Simulation {
  private let templates: Templates

  package init() throws { templates = try Templates() }

  /// What became of one life.
  package struct Result {
    package let plan: Plan
    package let violation: Violation?
    /// How many actions were done before the laws were broken.
    package let steps: Int
  }

  /// Lives a plan through.
  ///
  /// - Parameters:
  ///   - plan: What happens.
  ///   - trace: Where it is noted.
  /// - Returns: The first law that was broken, if any.
  package func run(_ plan: Plan, trace: Trace = Trace(isKept: false)) -> Result {
    live(plan, trace, hasHonestClocks: false).result
  }

  private func live(
    _ plan: Plan, _ trace: Trace, hasHonestClocks: Bool
  ) -> (result: Result, outcome: Outcome?) {
    var steps = 0
    do {
      let world = try World(plan, templates, trace, hasHonestClocks: hasHonestClocks)
      defer { world.close() }
      for action in plan.actions {
        try world.perform(action)
        steps += 1
      }
      try world.settle()
      let outcome = try world.outcome()
      trace.note("end: \(outcome.rows.joined(separator: "\n"))")
      return (Result(plan: plan, violation: nil, steps: steps), outcome)
    } catch let violation as Violation {
      trace.note("BROKEN \(violation)")
      return (Result(plan: plan, violation: violation, steps: steps), nil)
    } catch {
      let violation = Violation(law: .unexpected, what: "\(error)")
      trace.note("BROKEN \(violation)")
      return (Result(plan: plan, violation: violation, steps: steps), nil)
    }
  }

  /// Lives a plan twice and compares the traces.
  package func runTwice(_ plan: Plan) -> Result {
    let (first, second) = (Trace(isKept: true), Trace(isKept: true))
    let result = run(plan, trace: first)
    _ = run(plan, trace: second)
    guard first.lines != second.lines else { return result }
    let line = zip(first.lines, second.lines).first { $0 != $1 }
    let violation = Violation(
      law: .determinism, what: "\(line?.0 ?? "") against \(line?.1 ?? "")")
    return Result(plan: plan, violation: violation, steps: result.steps)
  }

  /// Lives a plan once as it is and once with clocks that are right: whatever no clock may decide
  /// has to come out the same (law L9).
  package func runWithHonestClocks(_ plan: Plan) -> Result {
    let silent = Trace(isKept: false)
    let asIs = live(plan, silent, hasHonestClocks: false)
    guard !plan.usesClocks, let crooked = asIs.outcome else { return asIs.result }
    guard let honest = live(plan, silent, hasHonestClocks: true).outcome, honest != crooked else {
      return asIs.result
    }
    let differences =
      honest.rows.filter { !crooked.rows.contains($0) }
      + honest.conflicts.filter { !crooked.conflicts.contains($0) }
    let violation = Violation(
      law: .clocks, what: "with honest clocks only: \(differences.joined(separator: "\n  "))")
    return Result(plan: plan, violation: violation, steps: plan.actions.count)
  }
}
