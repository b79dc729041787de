import Foundation
import Testing

/// The real programs as real processes, killed with -9 at any moment.
@Suite(.serialized) struct ProcessTests {
  private let programs: Programs

  init() throws { programs = try Programs() }

  private func titles(_ name: String) throws -> [String] {
    let listing = try programs.officer(name, "session", "list", "--json")
    #expect(listing.code == 0)
    return listing.output.matches(of: /"title":"([^"]+)"/).map { String($0.output.1) }.sorted()
  }

  @Test func `whatever is killed and whenever, what was committed is there at the end`() throws {
    try programs.prepare()
    let port = try #require(programs.url.split(separator: ":").last.flatMap { Int($0) })
    var promised: [String] = []
    for round in 0..<24 {
      let name = round.isMultiple(of: 2) ? "an" : "binh"
      let title = "Cuộc \(round)"
      if round % 3 == 0 {
        // Killed in the middle of writing: it is there whole, or not at all.
        let writer = programs.process(
          "thuan", Programs.session(title) + ["--store", programs.store(name)])
        try writer.run()
        Thread.sleep(forTimeInterval: Double.random(in: 0...0.15))
        writer.kill()
      } else if try programs.run(
        "thuan", Programs.session(title) + ["--store", programs.store(name)]
      ).code == 0 {
        promised.append(title)
      }
      let sync = programs.process("thuan", ["sync", "--store", programs.store(name)])
      try sync.run()
      Thread.sleep(forTimeInterval: Double.random(in: 0...0.2))
      if round % 4 == 3 {
        programs.killHub()
        sync.waitUntilExit()
        try programs.startHub(port: port)
      } else {
        sync.kill()
      }
    }
    for _ in 0..<2 {
      for name in ["an", "binh"] {
        #expect(try programs.officer(name, "sync").code == 0)
      }
    }
    let held = try titles("an")
    #expect(try titles("binh") == held)
    #expect(Set(promised).isSubset(of: held))
    #expect(Set(held).count == held.count)
    for name in ["an", "binh"] {
      #expect(try programs.officer(name, "check").code == 0)
      let status = try programs.officer(name, "status", "--json").output
      #expect(status.contains(/"in_step": ?true/), "\(status)")
    }
    #expect(try programs.hub("check").code == 0)
  }

  @Test func `a text that is too long to travel is refused before it is written`() throws {
    try programs.prepare(devices: ["an"])
    let file = programs.folder.appendingPathComponent("long.txt")
    try String(repeating: "dài ", count: 1 << 20).write(to: file, atomically: true, encoding: .utf8)
    let refused = try programs.run(
      "thuan",
      Programs.session("Dài") + ["--summary", "@\(file.path)", "--store", programs.store("an")])
    #expect(refused.code == 65)
    #expect(refused.errors.contains("4 MB"), "\(refused.errors)")
    #expect(try titles("an").isEmpty)
    try programs.addSession("an", "Ngắn")
    let sent = try programs.officer("an", "sync")
    #expect(sent.output.contains("Khớp với máy chủ tỉnh"), "\(sent.output)")
  }

  @Test func `exit codes tell a script what went wrong`() throws {
    try programs.prepare()
    programs.killHub()
    #expect(try programs.officer("an", "sync").code == 69)
    #expect(try programs.officer("an", "show", "zzzz1234").code == 2)
    #expect(try programs.run("thuan", "nonsense").code == 64)
    #expect(
      try programs.run(
        "thuan", Programs.session(" ") + ["--store", programs.store("an")]
      ).code == 65)
    try Data("no database".utf8).write(to: URL(fileURLWithPath: programs.store("text")))
    #expect(try programs.officer("text", "status").code == 66)
    #expect(try programs.hub("conflict", "00000000").code == 2)
  }
}
