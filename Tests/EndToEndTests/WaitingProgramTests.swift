import Foundation
import Testing

/// What cannot be sent, as people see it on both sides, with the real programs.
@Suite(.serialized) struct WaitingProgramTests {
  private let programs: Programs

  init() throws {
    programs = try Programs()
    try programs.prepare(devices: ["an"])
  }

  @Test
  func `an officer and the operator see what cannot be sent, and it is sent once it is mended`()
    throws
  {
    let id = try programs.addSession("an", "Cuộc một")
    let other = try programs.addSession("an", "Cuộc hai")
    #expect(try programs.officer("an", "sync").code == 0)
    try programs.sqlite(
      "an", "UPDATE session SET summary = 'bí mật' || char(0) || 'x' WHERE id = '\(id)'")
    #expect(try programs.officer("an", "session", "edit", other, "--place", "xã").code == 0)
    let sync = try programs.officer("an", "sync")
    #expect(sync.code == 0 && sync.output.contains("Chưa khớp"))
    #expect(sync.output.contains("thuan waiting"))

    let status = try programs.officer("an", "status", "--json").output
    #expect(status.contains(#""in_step":false"#) && status.contains(#""reason":"zero""#))
    #expect(try programs.officer("an", "status").output.contains("thuan waiting"))
    let check = try programs.officer("an", "check")
    #expect(check.code == 4 && check.output.contains("NUL"))
    let listed = try programs.officer("an", "waiting")
    #expect(listed.output.contains("NUL") && listed.output.contains("thuan edit"))
    #expect(try programs.officer("an", "log").output.contains("Không gửi được"))

    for words in [["waiting"], ["waiting", "--json"], ["quarantine"], ["status"]] {
      let said = try programs.run("thuan-hub", words)
      #expect(said.code == 0 && !said.output.contains("bí mật"))
      #expect(
        said.output.contains(
          words[0] == "status" ? ": 1\n" : words[0] == "waiting" ? "an" : "waiting"))
    }
    let json = try programs.hub("waiting", "--json").output
    #expect(json.contains(id) && json.contains(#""column":"summary""#) && json.contains(#""zero""#))
    #expect(try programs.hub("quarantine", "--json").output == "[]\n")

    #expect(try programs.officer("an", "waiting", "dismiss", "99").code == 2)
    #expect(try programs.officer("an", "session", "edit", id, "--summary", "Tóm tắt").code == 0)
    #expect(try programs.officer("an", "sync").output.contains("Khớp"))
    #expect(try programs.hub("waiting", "--json").output == "[]\n")
    #expect(try programs.officer("an", "check").code == 0)
  }

  @Test func `a text with a NUL or in another encoding is refused at every entry`() throws {
    let id = try programs.addSession("an", "Cuộc một")
    let file = programs.folder.appendingPathComponent("note.txt")
    try Data("a\0b".utf8).write(to: file)
    let store = ["--store", programs.store("an")]
    for (value, input) in [("@\(file.path)", ""), ("-", "a\0b")] {
      let edited = try programs.run(
        "thuan", ["session", "edit", id, "--summary", value] + store, input: input)
      #expect(edited.code == 65 && edited.errors.contains("NUL"), "\(edited.errors)")
    }
    try Data([0xFF, 0xFE, 0x54, 0]).write(to: file)
    let edited = try programs.officer("an", "session", "edit", id, "--summary", "@\(file.path)")
    #expect(edited.code == 65 && edited.errors.contains("UTF-8"))
  }

  @Test func `a revoked device stays locked when an older copy of its store is put back`() throws {
    try programs.addSession("an", "Cuộc một")
    #expect(try programs.officer("an", "sync").code == 0)
    let copy = programs.folder.appendingPathComponent("copy.db").path
    #expect(try programs.officer("an", "backup", copy).code == 0)
    #expect(try programs.hub("revoke", "an", "--reason", "mất máy").code == 0)
    _ = try programs.officer("an", "sync")
    #expect(try programs.officer("an", "session", "list").code == 77)
    #expect(try programs.officer("an", "restore", copy).code == 0)
    #expect(try programs.officer("an", "session", "list").code == 77)
    #expect(try programs.officer("an", "status").output.contains("đã khóa"))
  }
}
