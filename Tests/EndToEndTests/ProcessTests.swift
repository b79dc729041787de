import Foundation
import Testing

/// The real programs as real processes, killed with -9 at any moment.
@Suite(.serialized) final class ProcessTests {
  private let folder: URL
  private let programs: URL
  private var server: Process?
  private var url = ""

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "thuan-processes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
  }

  deinit {
    server?.kill()
    try? FileManager.default.removeItem(at: folder)
  }

  private func process(_ program: String, _ arguments: [String], output: Any? = nil) -> Process {
    let process = Process()
    process.executableURL = programs.appendingPathComponent(program)
    process.arguments = arguments
    process.environment = [
      "THUAN_HUB": folder.appendingPathComponent("hub").path, "THUAN_OPERATOR": "ha", "LANG": "vi",
      "HOME": folder.path, "PATH": "/usr/bin:/bin",
    ]
    process.standardOutput = output ?? FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    return process
  }

  /// Runs a program to its end.
  @discardableResult
  private func run(_ program: String, _ arguments: String...) throws -> (
    code: Int32, output: String
  ) {
    let pipe = Pipe()
    let process = process(program, arguments, output: pipe)
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  private func startHub(port: Int = 0) throws {
    let log = folder.appendingPathComponent("serve.log")
    try Data().write(to: log)
    let process = process(
      "thuan-hub", ["serve", "--port", String(port)], output: try FileHandle(forWritingTo: log))
    try process.run()
    server = process
    for _ in 0..<100 {
      let text = try String(contentsOf: log, encoding: .utf8)
      if let match = text.firstMatch(of: /http:\/\/[0-9.]+:[0-9]+/) {
        url = String(match.output)
        return
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
    Issue.record("the hub did not start")
  }

  private func store(_ name: String) -> String { folder.appendingPathComponent(name + ".db").path }

  private func enrol(_ name: String) throws {
    let issued = try run(
      "thuan-hub", "enrol", "--name", name, "--unit", "60", "--label", name, "--json")
    let code = try #require(issued.output.firstMatch(of: /"code":"([^"]+)"/))
    #expect(try run("thuan", "enrol", url, String(code.output.1), "--store", store(name)).code == 0)
    #expect(try run("thuan", "sync", "--store", store(name)).code == 0)
  }

  private func prepare() throws {
    let units = folder.appendingPathComponent("units.csv")
    try "code,name_vi,kind,parent_code,tier\n60,Tỉnh Bình Thuận,province,,province\n".write(
      to: units, atomically: true, encoding: .utf8)
    #expect(try run("thuan-hub", "init").code == 0)
    #expect(try run("thuan-hub", "import", "units", units.path).code == 0)
    #expect(try run("thuan-hub", "import", "organisations", "--generate-front").code == 0)
    try startHub()
    try enrol("an")
    try enrol("binh")
  }

  private func add(_ name: String, _ title: String) -> [String] {
    [
      "session", "add", "--kind", "monitoring", "--form", "team", "--title", title, "--unit",
      "60@0",
      "--lead", "front-60@0", "--store", store(name), "--json",
    ]
  }

  private func titles(_ name: String) throws -> [String] {
    let listing = try run("thuan", "session", "list", "--json", "--store", store(name))
    #expect(listing.code == 0)
    return listing.output.matches(of: /"title":"([^"]+)"/).map { String($0.output.1) }.sorted()
  }

  @Test func `whatever is killed and whenever, what was committed is there at the end`() throws {
    try prepare()
    let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
    var promised: [String] = []
    for round in 0..<24 {
      let name = round.isMultiple(of: 2) ? "an" : "binh"
      let title = "Cuộc \(round)"
      if round % 3 == 0 {
        // Killed in the middle of writing: it is there whole, or not at all.
        let writer = process("thuan", add(name, title))
        try writer.run()
        Thread.sleep(forTimeInterval: Double.random(in: 0...0.15))
        writer.kill()
      } else if try run(
        "thuan", "session", "add", "--kind", "monitoring", "--form", "team",
        "--title", title, "--unit", "60@0", "--lead", "front-60@0", "--store", store(name)
      ).code == 0 {
        promised.append(title)
      }
      let sync = process("thuan", ["sync", "--store", store(name)])
      try sync.run()
      Thread.sleep(forTimeInterval: Double.random(in: 0...0.2))
      if round % 4 == 3 {
        server?.kill()
        sync.waitUntilExit()
        try startHub(port: port)
      } else {
        sync.kill()
      }
    }
    for _ in 0..<2 {
      for name in ["an", "binh"] {
        #expect(try run("thuan", "sync", "--store", store(name)).code == 0)
      }
    }
    let held = try titles("an")
    #expect(try titles("binh") == held)
    #expect(Set(promised).isSubset(of: held))
    #expect(Set(held).count == held.count)
    for name in ["an", "binh"] {
      #expect(try run("thuan", "check", "--store", store(name)).code == 0)
      let status = try run("thuan", "status", "--json", "--store", store(name)).output
      #expect(status.contains(/"in_step": ?true/), "\(status)")
    }
    #expect(try run("thuan-hub", "check").code == 0)
  }

  @Test func `exit codes tell a script what went wrong`() throws {
    try prepare()
    server?.kill()
    #expect(try run("thuan", "sync", "--store", store("an")).code == 69)
    #expect(try run("thuan", "show", "zzzz1234", "--store", store("an")).code == 2)
    #expect(try run("thuan", "nonsense").code == 64)
    #expect(
      try run(
        "thuan", "session", "add", "--kind", "monitoring", "--form", "team", "--title", " ",
        "--unit", "60@0", "--lead", "front-60@0", "--store", store("an")
      ).code == 65)
    try Data("no database".utf8).write(to: URL(fileURLWithPath: store("text")))
    #expect(try run("thuan", "status", "--store", store("text")).code == 66)
    #expect(try run("thuan-hub", "conflict", "00000000").code == 2)
  }
}

extension Process {
  /// Ends the process at once, as a flat battery would.
  fileprivate func kill() {
    guard isRunning else { return }
    let killer = Process()
    killer.executableURL = URL(fileURLWithPath: "/bin/kill")
    killer.arguments = ["-9", String(processIdentifier)]
    try? killer.run()
    killer.waitUntilExit()
    waitUntilExit()
  }
}
