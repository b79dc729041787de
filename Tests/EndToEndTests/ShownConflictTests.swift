import Foundation
import Testing

/// Deciding by the programs, in which a conflict is looked at in one run and decided in another.
@Suite(.serialized)
final class ShownConflictTests {
  private let programs: Programs
  private let conflict: String

  /// Three have written different numbers; the third has not synced yet.
  init() throws {
    programs = try Programs()
    try programs.makeHub()
    try programs.startHub()
    for name in ["an", "binh", "chi"] { try programs.enrol(name) }
    let session = try programs.addSession("an", "Giám sát ba", "--attendance", "10")
    for name in ["an", "binh", "chi"] {
      #expect(try programs.officer(name, "sync").code == 0)
    }
    for (name, number) in [("an", "23"), ("binh", "26"), ("chi", "29")] {
      #expect(
        try programs.officer(name, "session", "edit", session, "--attendance", number).code == 0)
    }
    for name in ["an", "binh"] { #expect(try programs.officer(name, "sync").code == 0) }
    // Which conflict it is, somebody else looks up.
    let listed = try programs.hub("conflicts", "--json", "--by", "trực ban")
    conflict = String(try #require(listed.output.firstMatch(of: /"id":"([0-9a-f]+)"/)).output.1)
  }

  private func decide(_ more: String...) throws -> Int32 {
    try programs.run(
      "thuan-hub",
      ["resolve", conflict, "--current", "--reason", "theo danh sách", "--by", "ha"] + more
    ).code
  }

  @Test func `a statement that came after the operator had looked is not decided unseen`() throws {
    let shown = try programs.hub("conflicts", "--by", "ha")
    #expect(shown.output.contains("26") && !shown.output.contains("29"))
    try programs.officer("chi", "sync")
    #expect(try decide() == 3)
    #expect(try decide() == 0)
  }

  @Test func `nobody decides what only somebody else was shown, unless he says which version`()
    throws
  {
    #expect(try decide() == 3)
    try programs.officer("chi", "sync")
    #expect(try decide("--version", "1") == 3)
    #expect(try decide("--version", "2") == 0)
  }

  @Test func `what was shown before the hub was put back has to be looked at again`() throws {
    #expect(try programs.hub("conflict", conflict, "--by", "ha").code == 0)
    let copy = programs.folder.appendingPathComponent("copy").path
    #expect(try programs.hub("backup", copy).code == 0)
    programs.killHub()
    #expect(try programs.hub("restore", copy, "--reason", "đĩa hỏng").code == 0)
    #expect(try decide() == 3)
    #expect(try decide() == 0)
  }
}
