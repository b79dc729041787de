import Foundation

/// Adds up seconds on the wall, and those of this process on all processors.
struct Stopwatch {
  private(set) var seconds = 0.0
  /// Neither the disk nor what else the machine does is in it.
  private(set) var processorSeconds = 0.0

  /// Runs something and adds what it took.
  mutating func time<T>(_ body: () throws -> T) rethrows -> T {
    let (start, processorStart) = (ContinuousClock.now, processorTime())
    defer {
      seconds += (ContinuousClock.now - start).inSeconds
      processorSeconds += processorTime() - processorStart
    }
    return try body()
  }
}

/// Processor seconds of this process so far.
private func processorTime() -> Double {
  var usage = rusage()
  // RUSAGE_SELF is 0 everywhere; systems disagree on its type only.
  unsafe getrusage(0, &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// What something takes.
func seconds(_ body: () throws -> Void) rethrows -> Double {
  var watch = Stopwatch()
  try watch.time(body)
  return watch.seconds
}

/// Runs all sides of a comparison, in turns from the first and from the last, so that none always
/// comes upon the machine as the other has left it.
///
/// - Parameters:
///   - round: Counted from nought.
///   - sides: The plain one first.
/// - Returns: What each gave, in the order of the sides.
/// - Throws: What a side throws.
func inTurns<Result>(_ round: Int, _ sides: [() throws -> Result]) throws -> [Result] {
  if round.isMultiple(of: 2) { return try sides.map { try $0() } }
  return try sides.reversed().map { try $0() }.reversed()
}

/// Runs what all sides do part by part, in turns, so that what the machine does meanwhile meets all of
/// them alike.
///
/// - Parameters:
///   - round: Counted from nought.
///   - sides: What each does, in its order. A side with fewer parts than others has them spread.
/// - Throws: What a side throws.
func interleave(_ round: Int, _ sides: [[() throws -> Void]]) throws {
  let turns = sides.map(\.count).max() ?? 0
  for turn in 0..<turns {
    _ = try inTurns(
      round + turn,
      sides.map { parts in
        {
          for part in parts[turn * parts.count / turns..<(turn + 1) * parts.count / turns] {
            try part()
          }
        }
      })
  }
}
