import Foundation

/// Seconds on the wall, and of all processors together.
struct Cost {
  private(set) var wall = 0.0
  private(set) var processor = 0.0

  /// Runs something and adds what it took.
  mutating func timing<T>(_ body: () throws -> T) rethrows -> T {
    let (wallBefore, processorBefore) = (ContinuousClock.now, processorSeconds())
    defer {
      wall += (ContinuousClock.now - wallBefore).inSeconds
      processor += processorSeconds() - processorBefore
    }
    return try body()
  }

  static func + (left: Cost, right: Cost) -> Cost {
    var sum = left
    sum.wall += right.wall
    sum.processor += right.processor
    return sum
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}

/// The engine and plain SQLite, doing the same thing one after the other.
struct Pair {
  let plain: Cost
  /// What the engine's work is made of; its cost is their sum.
  let parts: [(name: String, cost: Cost)]

  var ours: Cost { parts.reduce(Cost()) { $0 + $1.cost } }
}

/// Runs both sides, in turns the one and the other first.
func alternating<Plain, Ours>(
  _ round: Int, plain: () throws -> Plain, ours: () throws -> Ours
) rethrows -> (Plain, Ours) {
  if round.isMultiple(of: 2) {
    let first = try plain()
    return (first, try ours())
  }
  let first = try ours()
  return (try plain(), first)
}

/// Collects the rounds of each figure, in the order in which the figures first came.
struct Rounds {
  private var names: [String] = []
  private var pairs: [String: [Pair]] = [:]

  mutating func add(_ name: String, _ pair: Pair) {
    if pairs[name] == nil { names.append(name) }
    pairs[name, default: []].append(pair)
  }

  var figures: [Figure] { names.map { Figure($0, pairs: pairs[$0, default: []]) } }
}

extension Figure {
  /// The ratio of the best runs of both sides, and the least and greatest ratio of one round.
  init(_ name: String, pairs: [Pair]) {
    let ratios = pairs.map { $0.ours.wall / $0.plain.wall }
    let plain = pairs.map(\.plain.wall).min() ?? 0
    let ours = pairs.map(\.ours.wall).min() ?? 0
    let processor =
      (pairs.map(\.ours.processor).min() ?? 0) / (pairs.map(\.plain.processor).min() ?? 0)
    var details = [
      ("low", ratios.min() ?? 0), ("high", ratios.max() ?? 0), ("cpu", processor),
      ("ours_s", ours), ("plain_s", plain),
    ]
    if let parts = pairs.first?.parts, parts.count > 1 {
      for (index, part) in parts.enumerated() {
        let best = pairs.map { $0.parts[index].cost.wall }.min() ?? 0
        details.append((part.name, best / plain))
      }
    }
    self.init(name, ours / plain, .ratio, details: details)
  }
}

/// Processor seconds of this process so far.
private func processorSeconds() -> Double {
  let usage = resourceUsage()
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// The most memory that this process has held so far.
func peakMebibytes() -> Double {
  #if canImport(Darwin)
  let unit = 1.0
  #else
  let unit = 1024.0
  #endif
  return Double(resourceUsage().ru_maxrss) * unit / 1_048_576
}

private func resourceUsage() -> rusage {
  var usage = rusage()
  // RUSAGE_SELF is 0 everywhere; systems disagree on its type only.
  unsafe getrusage(0, &usage)
  return usage
}
