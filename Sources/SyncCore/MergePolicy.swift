/// How two concurrent values of a merge unit become one, or a question to the operator.
package enum MergePolicy: Sendable, Equatable {
  /// The hub's value stays live, the incoming one becomes a candidate of a conflict.
  case `operator`
  /// The later hybrid time wins; a flagged clock never wins alone.
  case lastWriter
  /// Three-way by paragraph, then by word; the operator decides where the same words changed.
  case text
  /// Comma-separated tags: a union of both sides' additions, less both sides' removals.
  case set
  /// Further along the declared order wins; sides that part go to the operator.
  case workflow(PartialOrder)
  /// The higher value wins: of the declared ranking, or in SQLite's order.
  case maximum([String])
  /// The lower value wins.
  case minimum([String])
  /// Only the hub sets it; a row that a device makes starts with the given value.
  case hubOnly(initial: Value)
  /// Never changes after the row was made.
  case immutable
}

/// How rows of a table live and die.
package enum RowPolicy: String, Sendable {
  /// Delete against update is a conflict; the row stays alive until the operator confirms.
  case tracked
  /// Link rows: an addition wins over a concurrent removal.
  case set
  /// Rows are only ever added.
  case appendOnly
  /// Reference data: only the hub adds, changes or removes rows.
  case hubOnly
}

/// A declared order in which some values come after others and some cannot be compared.
package struct PartialOrder: Sendable, Equatable {
  /// For each value, all values that come after it.
  private let later: [String: Set<String>]

  /// The order in which each chain's values follow one another; nothing if it runs in a circle.
  package init?(chains: [[String]]) {
    var next: [String: Set<String>] = [:]
    for chain in chains {
      for value in chain { next[value, default: []].formUnion([]) }
      for (earlier, after) in zip(chain, chain.dropFirst()) {
        next[earlier, default: []].insert(after)
      }
    }
    var closure: [String: Set<String>] = [:]
    for start in next.keys {
      var reached: Set<String> = []
      var waiting = Array(next[start, default: []])
      while let value = waiting.popLast() {
        if reached.insert(value).inserted { waiting.append(contentsOf: next[value, default: []]) }
      }
      if reached.contains(start) { return nil }
      closure[start] = reached
    }
    later = closure
  }

  package func comes(_ value: String, after other: String) -> Bool {
    later[other]?.contains(value) ?? false
  }
}
