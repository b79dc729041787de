/// One thing that was measured, as often as there were rounds.
struct Figure {
  enum Unit: String {
    case ratio
    case percent = "%"
    case seconds = "s"
    case milliseconds = "ms"
    case microsecondsPerRow = "µs/row"
    case microsecondsPerChange = "µs/change"
    case nanosecondsPerCell = "ns/cell"
    case rowsPerSecond = "rows/s"
    case bytes
    case bytesPerRow = "bytes/row"
    case bytesPerCell = "bytes/cell"
    case mebibytes = "MiB"
    case requests
    case devices
    case devicesPerSecond = "devices/s"
  }

  let name: String
  let unit: Unit
  /// The highest value that is still good; nothing where the figure only informs.
  let target: Double?
  private(set) var samples: [Double]
  /// What the other side took in each round, in a unit of its own.
  private(set) var baselines: [Double] = []
  private(set) var baselineUnit: Unit?

  init(_ name: String, _ unit: Unit, _ samples: [Double], target: Double? = nil) {
    self.name = name
    self.unit = unit
    self.samples = samples
    self.target = target
  }

  /// A figure that is a ratio of pairs.
  init(_ name: String, _ pairs: [Pair], target: Double? = nil) {
    self.init(name, .ratio, [], target: target)
    for pair in pairs { add(pair) }
  }

  mutating func add(_ sample: Double) { samples.append(sample) }

  mutating func add(_ pair: Pair) {
    precondition(baselineUnit == nil || baselineUnit == pair.unit, "one unit for a figure")
    samples.append(pair.ours / pair.plain)
    baselines.append(pair.plain)
    baselineUnit = pair.unit
  }

  var value: Double { median(samples) }
  var least: Double { samples.min() ?? .nan }
  var greatest: Double { samples.max() ?? .nan }
  var baseline: Double? { baselines.isEmpty ? nil : median(baselines) }
  /// Whether the target is kept; nothing where there is none.
  var isGood: Bool? { target.map { value <= $0 } }
}

/// What the engine and the plain side took for the same thing, one after the other.
struct Pair {
  let plain: Double
  let ours: Double
  var unit = Figure.Unit.seconds
}

/// Collects figures round by round, in the order in which they first came.
struct Rounds {
  private(set) var figures: [Figure] = []
  private var places: [String: Int] = [:]

  mutating func add(_ name: String, _ pair: Pair, target: Double? = nil) {
    let place = place(of: Figure(name, [], target: target))
    figures[place].add(pair)
  }

  mutating func add(_ name: String, _ unit: Figure.Unit, _ sample: Double, target: Double? = nil) {
    let place = place(of: Figure(name, unit, [], target: target))
    figures[place].add(sample)
  }

  private mutating func place(of figure: Figure) -> Int {
    if let place = places[figure.name] { return place }
    places[figure.name] = figures.count
    figures.append(figure)
    return figures.count - 1
  }
}

/// The middle value, or the mean of the two in the middle.
func median(_ values: [Double]) -> Double {
  guard !values.isEmpty else { return .nan }
  let sorted = values.sorted()
  let middle = sorted.count / 2
  return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
