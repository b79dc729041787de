/// Takes out of a failing plan whatever the failure does not need (Zeller's delta debugging).
package struct Shrinker {
  private let fails: (Plan) -> Bool
  private var attemptsLeft: Int

  /// - Parameters:
  ///   - attemptsMax: After how many tries it is good enough.
  ///   - fails: Whether a plan still fails in the way that is looked for.
  package init(attemptsMax: Int = 2000, fails: @escaping (Plan) -> Bool) {
    attemptsLeft = attemptsMax
    self.fails = fails
  }

  /// The shortest plan found that still fails.
  package mutating func shrink(_ plan: Plan) -> Plan {
    var plan = plan
    var length = max(plan.actions.count / 2, 1)
    while true {
      let shorter = removeRuns(of: length, from: plan)
      let isShorter = shorter.actions.count < plan.actions.count
      plan = shorter
      if length == 1 {
        let simpler = simplify(plan)
        if !isShorter && simpler == nil { return plan }
        plan = simpler ?? plan
      }
      length = max(length / 2, 1)
      if attemptsLeft <= 0 { return plan }
    }
  }

  private mutating func removeRuns(of length: Int, from plan: Plan) -> Plan {
    var plan = plan
    var start = plan.actions.count
    while start > 0 {
      start = max(start - length, 0)
      var candidate = plan
      candidate.actions.removeSubrange(start..<min(start + length, plan.actions.count))
      if accepts(candidate) { plan = candidate }
    }
    return plan
  }

  /// Makes single actions smaller: fewer statements, fewer faults.
  ///
  /// - Returns: A simpler plan; nothing if there is none.
  private mutating func simplify(_ plan: Plan) -> Plan? {
    var best: Plan?
    for index in plan.actions.indices {
      for action in (best ?? plan).actions[index].simpler {
        var candidate = best ?? plan
        candidate.actions[index] = action
        if accepts(candidate) {
          best = candidate
          break
        }
      }
    }
    return best
  }

  private mutating func accepts(_ plan: Plan) -> Bool {
    guard attemptsLeft > 0 else { return false }
    attemptsLeft -= 1
    return fails(plan)
  }
}

extension Action {
  /// The same with less in it, in several ways.
  fileprivate var simpler: [Action] {
    switch self {
    case .write(let device, let edit):
      var plain = edit
      (plain.isFromForm, plain.isAbandoned) = (false, false)
      let hasExtras = edit.isFromForm || edit.isAbandoned
      return (hasExtras ? [.write(device: device, plain)] : [])
        + edit.statements.withoutOne.map { statements in
          var shorter = edit
          shorter.statements = statements
          return .write(device: device, shorter)
        }
    case .foreign(let device, let statements):
      return statements.withoutOne.map { .foreign(device: device, $0) }
    case .rebuild(let device, let table, let statements):
      return statements.withoutOne.map { .rebuild(device: device, table: table, $0) }
    case .writePastTriggers(let device, let statements):
      return statements.withoutOne.map { .writePastTriggers(device: device, $0) }
    case .sync(let device, let directions, let faults):
      return faults.indices.filter { faults[$0] != .none }.map { index in
        var fewer = faults
        fewer[index] = .none
        return .sync(device: device, directions, fewer)
      }
        + (faults.last == MessageFault.none
          ? [.sync(device: device, directions, faults.dropLast())] : [])
    default: return []
    }
  }
}

extension [String] {
  /// The two halves of a pair stay together: that they do is what law L4 is about.
  fileprivate var withoutOne: [[String]] {
    count < 2
      ? []
      : indices.filter { !self[$0].contains("INTO pair") }.map { index in
        var fewer = self
        fewer.remove(at: index)
        return fewer
      }
  }
}
