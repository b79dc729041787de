import Foundation
import GRDB

/// Writes figures as they come: a table for people, or one JSON object per line.
struct Report {
  private let isJSON: Bool
  private let isQuick: Bool
  private let isColoured: Bool
  private var verdicts = (good: 0, tooHigh: 0)

  /// - Parameters:
  ///   - isJSON: One object on a line for each figure.
  ///   - isQuick: Whether fewer rows and rounds were measured than a figure wants that is quoted.
  ///   - isColoured: Whether the verdicts are coloured; by what standard output is, unless given.
  init(isJSON: Bool, isQuick: Bool, isColoured: Bool = isatty(STDOUT_FILENO) == 1) {
    self.isJSON = isJSON
    self.isQuick = isQuick
    self.isColoured = isColoured
  }

  /// Says on what machine the figures were taken, and how much was measured: a number without it is
  /// noise.
  func begin(_ options: Options) throws {
    let sqlite = try DatabaseQueue().read { db in
      try String.fetchOne(db, sql: "SELECT sqlite_version()")
    }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    say(
      "\(processorName()) · \(cores) cores · "
        + "\(ProcessInfo.processInfo.operatingSystemVersionString) · SQLite \(sqlite ?? "?") · "
        + "load \(contents(of: "/proc/loadavg").prefix(4))")
    let scale = options.scale
    say(
      "\(grouped(scale.rows)) rows, \(scale.rounds) rounds"
        + (isQuick ? "; quick: a full run has more of both, so do not quote these" : ""))
    if !isJSON { print("\n" + Self.heading) }
  }

  func begin(_ title: String) {
    isJSON ? say(title) : print("\n\(title)")
    fflush(nil)
  }

  mutating func add(_ figures: [Figure]) {
    for figure in figures {
      switch figure.isGood {
      case true?: verdicts.good += 1
      case false?: verdicts.tooHigh += 1
      case nil: break
      }
      print(isJSON ? json(figure) : line(figure))
    }
    fflush(nil)
  }

  func end() {
    if !isJSON { print("\n\(verdicts.good) good, \(verdicts.tooHigh) too high") }
  }

  /// Says something that is no figure.
  private func say(_ text: String) {
    if isJSON { FileHandle.standardError.write(Data("\(text)\n".utf8)) } else { print(text) }
  }

  // MARK: One figure

  /// The figure as one JSON object; a baseline is the median of the plain side.
  func json(_ figure: Figure) -> String {
    var fields = [
      ("name", "\"\(figure.name)\""), ("value", number(figure.value)),
      ("unit", "\"\(figure.unit.rawValue)\""), ("target", figure.target.map(number) ?? "null"),
      ("baseline", figure.baseline.map(number) ?? "null"), ("runs", "\(figure.samples.count)"),
      ("min", number(figure.least)), ("max", number(figure.greatest)),
    ]
    if let unit = figure.baselineUnit { fields.append(("baseline_unit", "\"\(unit.rawValue)\"")) }
    if isQuick { fields.append(("quick", "true")) }
    return "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  private func number(_ value: Double) -> String {
    value.isFinite ? String(format: "%.6g", value) : "null"
  }

  private enum Width {
    static let (name, number, unit, target) = (34, 10, 10, 9)
  }

  private static let heading =
    "  " + "".filled(to: Width.name)
    + ["median", "min", "max"].map { $0.aligned(to: Width.number) }.joined() + " "
    + "".filled(to: Width.unit) + "target".aligned(to: Width.target)
    + "            paired with"

  /// The figure as a line of the table.
  func line(_ figure: Figure) -> String {
    let numbers = [figure.value, figure.least, figure.greatest].map {
      short($0).aligned(to: Width.number)
    }
    let unit = figure.unit == .ratio ? "×" : figure.unit.rawValue
    let target = figure.target.map { "≤ " + String(format: "%g", $0) } ?? ""
    let baseline = figure.baseline.map { "\(short($0)) \(figure.baselineUnit?.rawValue ?? "")" }
    let line =
      "  " + figure.name.filled(to: Width.name) + numbers.joined() + " "
      + unit.filled(to: Width.unit) + target.aligned(to: Width.target) + "  "
      + verdict(figure) + (baseline.map { $0.aligned(to: Width.number) } ?? "")
    return line.replacing(/\s+$/, with: "")
  }

  private func verdict(_ figure: Figure) -> String {
    guard let isGood = figure.isGood else { return "".filled(to: 9) }
    let word = (isGood ? "good" : "too high").filled(to: 9)
    return isColoured ? "\u{1B}[\(isGood ? 32 : 31)m\(word)\u{1B}[0m" : word
  }

  /// Three digits or so: more would claim what was not measured.
  private func short(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    if abs(value) >= 1_000 { return grouped(Int(value.rounded())) }
    let places = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    return String(format: "%.\(places)f", value)
  }

  // MARK: The machine

  private func processorName() -> String {
    let line = contents(of: "/proc/cpuinfo").split(separator: "\n").first {
      $0.hasPrefix("model name")
    }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "?"
  }

  private func contents(of path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}

/// A number with its thousands apart.
func grouped(_ number: Int) -> String {
  let digits = Array(String(abs(number)))
  var text = number < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
    text.append(digit)
  }
  return text
}

extension String {
  fileprivate func filled(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }

  fileprivate func aligned(to width: Int) -> String {
    String(repeating: " ", count: max(1, width - count)) + self
  }
}
