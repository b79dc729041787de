import Foundation
import SyncSQLite

/// What the engine costs, as ratios against plain SQLite measured side by side in the same run.
@main
struct Benchmarks {
  /// As in `sysexits.h`: the command was used incorrectly.
  private static let usageExitCode: Int32 = 64

  static func main() async {
    // As the officer's program does; both sides of every pair have it so.
    StatementJournal.keepInMemory()
    let stopping = TemporaryFolder.removeAllWhenStopped()
    defer { withExtendedLifetime(stopping) { TemporaryFolder.removeAll() } }
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      if try await Role.play(arguments) { return }
      guard let options = try Options(arguments) else {
        print(Options.usage, terminator: "")
        return
      }
      try await run(options)
    } catch {
      FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
      TemporaryFolder.removeAll()
      if case BenchError.usage = error { exit(usageExitCode) }
      exit(1)
    }
  }

  private static func run(_ options: Options) async throws {
    var report = Report(isJSON: options.isJSON, isQuick: options.isQuick)
    try report.begin(options)
    let bench = Bench(options.scale)
    for section in options.sections {
      report.begin(section.title)
      let figures = try await section.figures(bench)
      report.add(figures)
      guard section == .growth, let path = options.chart else { continue }
      let chart = GrowthChart(figures, title: "How costs grow with the number of rows")
      try Data(chart.svg.utf8).write(to: URL(fileURLWithPath: path))
    }
    report.end()
  }
}

/// What can go wrong with a benchmark.
enum BenchError: Error, CustomStringConvertible {
  case usage(String)
  /// The engine did not do what is being measured; the figures would mean nothing.
  case wrongResult(String)

  var description: String {
    switch self {
    case .usage(let text): "\(text)\nSee scripts/bench --help"
    case .wrongResult(let text): "wrong result: \(text)"
    }
  }
}
