import Foundation
import Testing

/// The shape of the source: layers, and sizes that a reader can hold.
struct TidyTests {
  private let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

  private func files(in target: String) throws -> [URL] {
    let folder = sources.appendingPathComponent(target)
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    return paths.filter { $0.hasSuffix(".swift") && !$0.contains("Generated") }
      .map { folder.appendingPathComponent($0) }
  }

  private func imports(of target: String) throws -> Set<String> {
    var names: Set<String> = []
    for file in try files(in: target) {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(of: /(?m)^(?:package )?import (\w+)/) {
        names.insert(String(match.output.1))
      }
    }
    return names
  }

  @Test func `nothing imports what stands above it`() throws {
    #expect(try imports(of: "SyncCore") == ["Crypto"])
    let shell: Set = [
      "SyncClient", "HubServer", "Hummingbird", "AsyncHTTPClient", "FieldModel", "Terminal",
      "ArgumentParser", "Logging",
    ]
    for target in ["SyncSQLite", "SyncDevice", "SyncHub"] {
      #expect(try imports(of: target).isDisjoint(with: shell), "\(target)")
    }
    #expect(try !imports(of: "SyncDevice").contains("SyncHub"))
    #expect(try !imports(of: "SyncHub").contains("SyncDevice"))
    #expect(try !imports(of: "SyncClient").contains("SyncHub"))
    #expect(try !imports(of: "HubServer").contains("SyncDevice"))
    #expect(
      try imports(of: "FieldModel").isDisjoint(with: ["SyncClient", "HubServer", "Terminal"]))
  }

  @Test func `no file is longer than five hundred lines`() throws {
    for target in try FileManager.default.contentsOfDirectory(atPath: sources.path) {
      for file in try files(in: target) {
        let lines = try String(contentsOf: file, encoding: .utf8).split(
          separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 500, "\(file.lastPathComponent)")
      }
    }
  }

  @Test func `the core reads no clock and draws no random number`() throws {
    for target in ["SyncCore", "SyncSQLite", "SyncHub"] {
      for file in try files(in: target) {
        let text = try String(contentsOf: file, encoding: .utf8)
        for word in ["Date()", ".random(", "UUID()", "Task {", "async "] {
          #expect(!text.contains(word), "\(file.lastPathComponent): \(word)")
        }
      }
    }
  }
}
