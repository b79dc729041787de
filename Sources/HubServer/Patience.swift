import SyncCore

/// Makes wrong secrets slow to try.
///
/// Who has the right one is never kept waiting.
struct GuessBrake {
  private var failures = 0
  private var lastFailure: ContinuousClock.Instant?

  private static let shortestPause = Duration.milliseconds(250)
  private static let longestPause = Duration.seconds(4)

  /// Counts a wrong secret and says how long its answer has to wait.
  mutating func failed(at now: ContinuousClock.Instant) -> Duration {
    if let lastFailure, lastFailure.duration(to: now) > .seconds(60) { failures = 0 }
    lastFailure = now
    failures = min(failures + 1, 1_000)
    // People mistype a code a few times; only after that does it grow.
    return min(Self.shortestPause * max(1, failures - 8), Self.longestPause)
  }
}

/// Ends bodies that arrive so slowly that they can only be meant to hold a connection.
struct BodyPace {
  private let start = ContinuousClock.now
  private static let grace = Duration.seconds(60)
  /// Slower than any mobile link that would ever finish.
  private static let bytesPerSecondMin = 256

  func check(_ bytes: Int) throws {
    let allowed = Self.grace + .seconds(bytes / Self.bytesPerSecondMin)
    if start.duration(to: .now) > allowed { throw Refusal(.unavailable, detail: "too slow") }
  }
}
