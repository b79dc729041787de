import Foundation
import GRDB

/// One number, with what it is made of.
struct Figure {
  enum Unit: String {
    case ratio
    case bytesPerRow = "bytes/row"
    case nanosecondsPerCell = "ns/cell"
    case peakMebibytes = "MiB peak RSS"
  }

  let name: String
  let value: Double
  let unit: Unit
  let details: [(name: String, value: Double)]

  init(_ name: String, _ value: Double, _ unit: Unit, details: [(String, Double)] = []) {
    self.name = name
    self.value = value
    self.unit = unit
    self.details = details.map { (name: $0.0, value: $0.1) }
  }
}

/// Writes figures as they come: a table for people, or one JSON object per line.
struct Report {
  private let isJSON: Bool

  init(isJSON: Bool) { self.isJSON = isJSON }

  /// Says on what machine the figures were taken: a number without it is noise.
  func machine() throws {
    let sqlite = try DatabaseQueue().read { db in
      try String.fetchOne(db, sql: "SELECT sqlite_version()")
    }
    let facts = [
      ("cpu", processorName()), ("cores", String(ProcessInfo.processInfo.activeProcessorCount)),
      ("system", ProcessInfo.processInfo.operatingSystemVersionString),
      ("sqlite", sqlite ?? "?"), ("load", String(contents(of: "/proc/loadavg").prefix(4))),
    ]
    if isJSON {
      let fields = facts.map { "\"\($0.0)\":\"\($0.1)\"" }.joined(separator: ",")
      print("{\"figure\":\"machine\",\(fields)}")
    } else {
      print(facts.map { "\($0.0): \($0.1)" }.joined(separator: " · "))
    }
  }

  func begin(_ title: String) {
    if !isJSON { print("\n\(title)") }
  }

  func add(_ figures: [Figure]) { for figure in figures { add(figure) } }

  func add(_ figure: Figure) {
    print(isJSON ? json(figure) : line(figure))
    fflush(nil)
  }

  private func json(_ figure: Figure) -> String {
    let details = figure.details.map { ",\"\($0.name)\":\(short($0.value))" }.joined()
    return "{\"figure\":\"\(figure.name)\",\"value\":\(short(figure.value)),"
      + "\"unit\":\"\(figure.unit.rawValue)\"\(details)}"
  }

  private func line(_ figure: Figure) -> String {
    let name = figure.name.padding(toLength: 29, withPad: " ", startingAt: 0)
    let value =
      String(repeating: " ", count: max(0, 7 - short(figure.value).count))
      + short(figure.value)
    let unit = figure.unit == .ratio ? "×" : " \(figure.unit.rawValue)"
    let details = figure.details.map { "\($0.name) \(short($0.value))" }.joined(separator: "  ")
    return "  \(name)\(value)\(unit)  \(details)"
  }

  /// Three digits or so: more would claim what was not measured.
  private func short(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let places = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : abs(value) >= 1 ? 2 : 3
    return String(format: "%.\(places)f", value)
  }

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
