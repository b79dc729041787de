/// How long to wait after attempts that failed: twice as long each time, up to a limit, and never
/// exactly, so that a whole province that lost its line together does not come back together.
package struct Backoff: Equatable, Sendable {
  /// Attempts that have failed since the last one that succeeded.
  package private(set) var failures = 0

  package init() {}

  package mutating func succeeded() { failures = 0 }

  /// Counts a failure and says how many milliseconds to wait.
  ///
  /// - Parameter random: A random number from 0 up to 1.
  /// - Returns: A pause within ``SyncLimits/backoffMilliseconds``.
  package mutating func failed(random: Double) -> Int64 {
    failures += 1
    return Self.pauseMilliseconds(failures: failures, random: random)
  }

  /// The pause after a number of failures: half of it is certain, half is left to chance.
  package static func pauseMilliseconds(failures: Int, random: Double) -> Int64 {
    let limits = SyncLimits.backoffMilliseconds
    // Beyond twenty doublings the longest pause is reached by far, and shifting stays safe.
    let doublings = min(max(failures, 1), 20)
    let full = min(limits.lowerBound << Int64(doublings), limits.upperBound)
    // A number that is none fails the comparison.
    let chance = random > 0 ? min(random, 1) : 0
    let pause = full / 2 + Int64(Double(full / 2) * chance)
    return min(max(pause, limits.lowerBound), limits.upperBound)
  }
}
