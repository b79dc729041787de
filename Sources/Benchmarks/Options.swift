import Foundation

/// How much is measured, and how often.
struct Scale {
  var rows = 100_000
  /// Each with both sides.
  var rounds = 5
  /// Rows of the stores in which the same sync is to cost the same.
  var flatRows = [1_000, 100_000, 1_000_000]
  /// Numbers of rows between which costs are seen to grow.
  var growthRows = [1_000, 10_000, 100_000]
  /// Changes of a large sync, and as many that it fetches.
  var changes = 10_000
  /// Devices that are connected to a hub whose memory is looked at.
  var connected = 1_000
  /// Devices of a province, and of a nation with one for each commune.
  var devices = 400
  var communes = 10_600

  /// What ends within two minutes.
  static let quick = Scale(
    rows: 5_000, rounds: 3, flatRows: [1_000, 100_000], growthRows: [1_000, 10_000],
    changes: 2_000, connected: 100, devices: 50, communes: 200)
}

/// What the command line asks for.
struct Options {
  private(set) var scale = Scale()
  private(set) var isQuick = false
  private(set) var isJSON = false
  private(set) var sections = Section.usual
  /// The file into which growth is drawn.
  private(set) var chart: String?

  static let usage = String(decoding: PackageResources.usage_txt, as: UTF8.self)

  /// A day's work and a conflict in ten rows want some rows; more than a million is nobody's store.
  private static let rowsAllowed = 30...1_000_000
  private static let roundsAllowed = 1...1_000

  /// Reads the arguments; nothing if they ask for help.
  ///
  /// - Throws: ``BenchError/usage(_:)``
  init?(_ arguments: [String]) throws {
    if arguments.contains(where: { $0 == "--help" || $0 == "-h" }) { return nil }
    var rest = arguments[...]
    var (rows, rounds): (Int?, Int?) = (nil, nil)
    while let option = rest.popFirst() {
      switch option {
      case "--quick": isQuick = true
      case "--json": isJSON = true
      case "--rows": rows = try Self.number(option, rest.popFirst(), in: Self.rowsAllowed)
      case "--rounds": rounds = try Self.number(option, rest.popFirst(), in: Self.roundsAllowed)
      case "--sections": sections = try Self.sections(rest.popFirst())
      case "--svg": chart = try Self.file(option, rest.popFirst())
      default: throw BenchError.usage("unknown option \(option)")
      }
    }
    if isQuick { scale = .quick }
    scale.rows = rows ?? scale.rows
    scale.rounds = rounds ?? scale.rounds
    if chart != nil, !sections.contains(.growth) { sections.append(.growth) }
  }

  private static func number(
    _ option: String, _ text: String?, in allowed: ClosedRange<Int>
  ) throws -> Int {
    guard let number = text.flatMap({ Int($0) }), allowed.contains(number) else {
      throw BenchError.usage(
        "\(option) wants a number from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return number
  }

  private static func sections(_ text: String?) throws -> [Section] {
    let names = (text ?? "").split(separator: ",")
    guard !names.isEmpty else { throw BenchError.usage("--sections wants names") }
    return try names.map { name in
      guard let section = Section(rawValue: String(name)) else {
        throw BenchError.usage("there is no section \(name)")
      }
      return section
    }
  }

  /// Sees to it before anything is measured that the file can be written afterwards.
  private static func file(_ option: String, _ path: String?) throws -> String {
    guard let path, !path.isEmpty, !path.hasPrefix("-") else {
      throw BenchError.usage("\(option) wants a file")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    let isThere = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard !(isThere && isFolder.boolValue), FileManager.default.isWritableFile(atPath: folder)
    else { throw BenchError.usage("\(option): cannot write \(path)") }
    return path
  }
}
