import Dispatch
import Foundation
import Testing

/// The real programs as real processes: a hub's folder, and stores beside it.
final class Programs {
  let folder: URL
  private let binaries: URL
  private let ownsFolder: Bool
  private var server: Process?
  private(set) var url = ""

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "thuan-processes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    binaries = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    ownsFolder = true
  }

  /// Other programs over the same hub's folder and the same stores.
  init(in binaries: URL, beside others: Programs) {
    folder = others.folder
    self.binaries = binaries
    ownsFolder = false
  }

  deinit {
    server?.kill()
    if ownsFolder { try? FileManager.default.removeItem(at: folder) }
  }

  /// How a program ended and what it said.
  struct Result {
    let code: Int32
    let output: String
    let errors: String
  }

  func process(
    _ program: String, _ arguments: [String], output: Any? = nil, errors: Any? = nil,
    variables: [String: String] = [:]
  ) -> Process {
    let process = Process()
    process.executableURL = binaries.appendingPathComponent(program)
    process.arguments = arguments
    process.environment = [
      "THUAN_HUB": folder.appendingPathComponent("hub").path, "THUAN_OPERATOR": "ha", "LANG": "vi",
      "HOME": folder.path, "PATH": "/usr/bin:/bin",
    ].merging(variables) { $1 }
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = errors ?? FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs a program to its end.
  @discardableResult
  func run(
    _ program: String, _ arguments: [String], input: String = "", variables: [String: String] = [:]
  ) throws -> Result {
    let output = Pipe()
    let complaints = folder.appendingPathComponent("errors-\(UUID().uuidString)")
    try Data().write(to: complaints)
    let process = process(
      program, arguments, output: output, errors: try FileHandle(forWritingTo: complaints),
      variables: variables)
    let source = Pipe()
    process.standardInput = source
    try process.run()
    try source.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try source.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let errors = try Data(contentsOf: complaints)
    try FileManager.default.removeItem(at: complaints)
    return Result(
      code: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
      errors: String(decoding: errors, as: UTF8.self))
  }

  /// The same for a program that speaks to something in this process, which has to go on meanwhile.
  func runBeside(
    _ program: String, _ arguments: [String], variables: [String: String] = [:]
  ) async throws -> Result {
    nonisolated(unsafe) let own = self
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Swift.Result { try unsafe own.run(program, arguments, variables: variables) })
      }
    }
  }

  @discardableResult
  func run(_ program: String, _ arguments: String...) throws -> Result {
    try run(program, arguments)
  }

  /// Runs the officer's program on a named store.
  @discardableResult
  func officer(_ name: String, _ arguments: String...) throws -> Result {
    try run("thuan", arguments + ["--store", store(name)])
  }

  /// Runs the operator's program.
  @discardableResult
  func hub(_ arguments: String...) throws -> Result { try run("thuan-hub", arguments) }

  func startHub(port: Int = 0, _ options: [String] = []) throws {
    let log = folder.appendingPathComponent("serve.log")
    try Data().write(to: log)
    try Data().write(to: errorLog)
    let process = process(
      "thuan-hub", ["serve", "--port", String(port)] + options,
      output: try FileHandle(forWritingTo: log),
      errors: try FileHandle(forWritingTo: errorLog))
    try process.run()
    server = process
    for _ in 0..<100 {
      let text = try String(contentsOf: log, encoding: .utf8)
      if let match = text.firstMatch(of: /https?:\/\/[0-9.]+:[0-9]+/) {
        url = String(match.output)
        return
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
    Issue.record("the hub did not start")
  }

  private var errorLog: URL { folder.appendingPathComponent("serve-errors.log") }

  /// What the hub has written to its log since it was started.
  func hubLog() throws -> String { try String(contentsOf: errorLog, encoding: .utf8) }

  func killHub() { server?.kill() }

  func store(_ name: String) -> String { folder.appendingPathComponent(name + ".db").path }

  /// The port at which the hub serves.
  var port: Int { url.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

  /// A one-time code for somebody.
  func code(for name: String, unit: String = "60") throws -> String {
    let issued = try hub("enrol", "--name", name, "--unit", unit, "--label", name, "--json")
    return String(try #require(issued.output.firstMatch(of: /"code":"([^"]+)"/)).output.1)
  }

  func enrol(_ name: String, unit: String = "60") throws {
    #expect(try officer(name, "enrol", url, try code(for: name, unit: unit)).code == 0)
    #expect(try officer(name, "sync").code == 0)
  }

  /// A hub that serves one province and its Front, and devices that are in step with it.
  func prepare(devices: [String] = ["an", "binh"]) throws {
    try makeHub()
    try startHub()
    for device in devices { try enrol(device) }
  }

  /// A hub's folder, with one province and its Front.
  func makeHub() throws {
    let units = folder.appendingPathComponent("units.csv")
    try """
    code,name_vi,kind,parent_code,tier
    60,Tỉnh Bình Thuận,province,,province
    23065,Xã La Dạ,commune,60,commune
    23275,Xã Long Hải,commune,60,commune
    """.write(to: units, atomically: true, encoding: .utf8)
    #expect(try hub("init").code == 0)
    #expect(try hub("import", "units", units.path).code == 0)
    #expect(try hub("import", "organisations", "--generate-front").code == 0)
  }

  /// The words that record a session.
  static func session(_ title: String) -> [String] {
    [
      "session", "add", "--kind", "monitoring", "--form", "team", "--title", title, "--unit",
      "60@0", "--lead", "front-60@0", "--json",
    ]
  }

  /// Records a session.
  ///
  /// - Returns: Its id.
  @discardableResult
  func addSession(_ name: String, _ title: String, _ more: String...) throws -> String {
    let added = try run("thuan", Self.session(title) + more + ["--store", store(name)])
    #expect(added.code == 0, "\(added.errors)")
    return String(try #require(added.output.firstMatch(of: /"id":"([^"]+)"/)).output.1)
  }

  /// Writes with the shell that everybody has.
  func sqlite(_ name: String, _ sql: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/sqlite3")
    process.arguments = [store(name), sql]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

extension Process {
  /// Ends the process at once, as a flat battery would.
  func kill() {
    guard isRunning else { return }
    let killer = Process()
    killer.executableURL = URL(fileURLWithPath: "/bin/kill")
    killer.arguments = ["-9", String(processIdentifier)]
    try? killer.run()
    killer.waitUntilExit()
    waitUntilExit()
  }
}
