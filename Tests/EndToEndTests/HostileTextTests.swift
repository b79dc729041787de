import Foundation
import Testing

/// What people write into records, names and labels reaches other people's terminals.
@Suite(.serialized) struct HostileTextTests {
  private static let hostile = "\u{1B}[2Jx\u{9B}31my\u{7}\rz\u{202E}đ\u{2066}"

  private func isHarmless(_ text: String) -> Bool {
    !text.unicodeScalars.contains { scalar in
      switch scalar.value {
      case 0x0A: false
      case 0..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
      default: false
      }
    }
  }

  @Test func `nothing that a record says steers the terminal of whoever reads it`() throws {
    let programs = try Programs()
    try programs.prepare(devices: [])
    let hostile = Self.hostile
    let issued = try programs.hub(
      "enrol", "--name", "Lan\(hostile)", "--unit", "60", "--label", "D\(hostile)", "--json")
    let code = try #require(issued.output.firstMatch(of: /"code":"([^"]+)"/)).output.1
    var said = [issued, try programs.officer("lan", "enrol", programs.url, String(code))]
    said.append(try programs.officer("lan", "sync"))
    let id = try programs.addSession("lan", "Cuộc \(hostile)", "--summary", "Ý \(hostile)")
    said.append(try programs.officer("lan", "sync"))
    for json in [[], ["--json"]] {
      for words in [
        ["session", "list"], ["show", id], ["log"], ["log", id], ["search", "cuoc"], ["status"],
        ["conflicts"], ["show", hostile], ["session", "list", hostile], [hostile],
      ] {
        said.append(
          try programs.run("thuan", words + json + ["--store", programs.store("lan")]))
      }
      for words in [
        ["log"], ["log", id], ["devices"], ["conflicts"], ["quarantine"], ["conflict", hostile],
        ["log", hostile], ["--\(hostile)"],
      ] {
        said.append(try programs.run("thuan-hub", words + json))
      }
    }
    #expect(said.contains { $0.output.contains("Cuộc") })
    for result in said {
      #expect(isHarmless(result.output), "\(result.output.debugDescription)")
      #expect(isHarmless(result.errors), "\(result.errors.debugDescription)")
    }
  }
}
