import Foundation

/// What the engine costs, as ratios against plain SQLite measured side by side in the same run.
@main
struct Benchmarks {
  static func main() {
    do {
      try run()
    } catch {
      FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run() throws {
    guard let options = try Options(Array(CommandLine.arguments.dropFirst())) else {
      print(Options.usage)
      return
    }
    let report = Report(isJSON: options.isJSON)
    try report.machine()
    let workload = Workload(rows: options.rows)
    report.add(
      Figure(
        "workload", Double(workload.rawBytes) / Double(workload.rows.count), .bytesPerRow,
        details: [("rows", Double(workload.rows.count)), ("peak_rss_mib", peakMebibytes())]))
    for section in options.sections {
      report.begin(section.title)
      switch section {
      case .capture: report.add(try captureFigures(workload, rounds: options.rounds))
      case .sync: report.add(try syncFigures(workload, rounds: options.rounds))
      case .wire: report.add(try wireFigures(workload))
      case .codec: report.add(try codecFigures(workload, rounds: options.rounds))
      }
      report.add(Figure("\(section.rawValue)/memory", peakMebibytes(), .peakMebibytes))
    }
  }
}

/// The parts of the benchmark.
enum Section: String, CaseIterable {
  case capture, sync, wire, codec

  var title: String {
    switch self {
    case .capture: "Writing through the capture triggers, against the same tables without"
    case .sync: "Push and pull, against plain upserts of the same rows"
    case .wire: "Bytes on the wire"
    case .codec: "Coding 10 000 cells"
    }
  }
}

/// What the command line asks for.
struct Options {
  private(set) var rows = 20_000
  private(set) var rounds = 3
  private(set) var isJSON = false
  private(set) var sections = Section.allCases

  static let usage = """
    usage: bench [--rows N] [--rounds N] [--sections capture,sync,wire,codec] [--json]
      --rows      rows of workload W: 20000 unless told; 100000 is its own size
      --rounds    pairs of runs, alternating: 3 unless told
      --sections  only these parts
      --json      one JSON object per line and figure
    """

  /// Reads the arguments; nothing if they ask for help.
  ///
  /// - Throws: ``BenchError/usage(_:)``
  init?(_ arguments: [String]) throws {
    var rest = arguments[...]
    func number(_ option: String) throws -> Int {
      guard let number = rest.popFirst().flatMap({ Int($0) }), number > 0 else {
        throw BenchError.usage("\(option) wants a number above zero")
      }
      return number
    }
    while let option = rest.popFirst() {
      switch option {
      case "--rows": rows = max(30, try number(option))
      case "--rounds": rounds = try number(option)
      case "--json": isJSON = true
      case "--sections":
        sections = try (rest.popFirst() ?? "").split(separator: ",").map { name in
          guard let section = Section(rawValue: String(name)) else {
            throw BenchError.usage("no section \(name)")
          }
          return section
        }
      case "--help", "-h": return nil
      default: throw BenchError.usage("unknown option \(option)\n\(Self.usage)")
      }
    }
  }
}

/// What can go wrong with a benchmark.
enum BenchError: Error, CustomStringConvertible {
  case usage(String)
  /// The engine did not do what is being measured; the figures would mean nothing.
  case wrongResult(String)

  var description: String {
    switch self {
    case .usage(let text): text
    case .wrongResult(let text): "wrong result: \(text)"
    }
  }
}
