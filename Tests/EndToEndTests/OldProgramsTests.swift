import Foundation
import Testing

/// Where the programs of commit 42e305b are, if they are.
private enum OldPrograms {
  static let place = ProcessInfo.processInfo.environment["THUAN_OLD_PROGRAMS"]
  static var areThere: Bool {
    place.map { FileManager.default.isExecutableFile(atPath: $0 + "/thuan-hub") } ?? false
  }
}

/// The programs of commit 42e305b, which are in use, beside those of this tree: real processes, and each
/// other's files.
///
/// scripts/old-programs says where they are, and builds them; scripts/test names them if they are left out.
@Suite(
  .serialized, .enabled(if: OldPrograms.areThere, "scripts/old-programs has not built them"))
final class OldProgramsTests {
  private let new: Programs
  private let old: Programs

  init() throws {
    new = try Programs()
    old = Programs(
      in: URL(fileURLWithPath: try #require(OldPrograms.place), isDirectory: true), beside: new)
  }

  private func path(_ name: String) -> String { new.folder.appendingPathComponent(name).path }

  private func sync(_ name: String, by programs: Programs) throws {
    let sync = try programs.officer(name, "sync")
    #expect(sync.code == 0, "\(name): \(sync.output)\(sync.errors)")
  }

  /// Whose turn it is first lacks what the others bring.
  private func settle(_ devices: (name: String, by: Programs)...) throws {
    for _ in 0..<2 { for device in devices { try sync(device.name, by: device.by) } }
  }

  private func edit(_ name: String, _ session: String, _ words: String..., by programs: Programs)
    throws
  {
    let edited = try programs.run(
      "thuan", ["session", "edit", session] + words + ["--store", programs.store(name)])
    #expect(edited.code == 0, "\(edited.errors)")
  }

  private func titles(_ name: String, by programs: Programs) throws -> [String] {
    let listing = try programs.officer(name, "session", "list", "--json")
    #expect(listing.code == 0, "\(listing.errors)")
    return listing.output.matches(of: /"title":"([^"]+)"/).map { String($0.output.1) }.sorted()
  }

  private func expectInStep(_ name: String, by programs: Programs, titles expected: [String]) throws
  {
    #expect(try titles(name, by: programs) == expected, "\(name)")
    let status = try programs.officer(name, "status", "--json").output
    #expect(status.contains(#""in_step":true"#), "\(name): \(status)")
    let check = try programs.officer(name, "check")
    #expect(check.code == 0, "\(name): \(check.output)")
  }

  /// The ids of what waits for the operator.
  private func questions() throws -> [String] {
    try new.hub("conflicts", "--json").output.matches(of: /"id":"([0-9a-f]+)","kind"/)
      .map { String($0.output.1) }
  }

  private func decide(_ choice: String...) throws {
    let question = try #require(try questions().first)
    let decided = try new.run(
      "thuan-hub", ["resolve", question] + choice + ["--reason", "theo danh sách"])
    #expect(decided.code == 0, "\(decided.errors)")
    #expect(try questions().isEmpty)
  }

  // MARK: Officers' programs of before

  @Test func `an officer's program of before enrols, records, and hears what others do and decide`()
    throws
  {
    try new.makeHub()
    try new.startHub()
    #expect(try old.officer("an", "enrol", new.url, try new.code(for: "an")).code == 0)
    try sync("an", by: old)
    try new.enrol("binh")
    let session = try old.addSession("an", "Cuộc một", "--attendance", "10")
    try old.officer(
      "an", "finding", "add", session, "--kind", "delay", "--text", "Chậm chi trả 4 tháng")
    try settle(("an", old), ("binh", new))
    try edit("binh", session, "--place", "Hội trường", by: new)
    try settle(("binh", new), ("an", old))
    #expect(try old.officer("an", "show", session).output.contains("Hội trường"))

    try edit("an", session, "--attendance", "23", by: old)
    try edit("binh", session, "--attendance", "26", by: new)
    try settle(("an", old), ("binh", new))
    #expect(try old.officer("an", "conflicts").output.contains("26"))
    try decide("--take", "1")
    try settle(("an", old), ("binh", new))
    #expect(try old.officer("an", "show", session).output.contains("26"))
    for (name, programs) in [("an", old), ("binh", new)] {
      try expectInStep(name, by: programs, titles: ["Cuộc một"])
    }
    try edit("an", session, "--title", "Cuộc hai", by: old)
    try new.officer(
      "binh", "finding", "add", session, "--kind", "delay", "--text", "Thiếu biên lai")
    try settle(("an", old), ("binh", new), ("an", old))
    for (name, programs) in [("an", old), ("binh", new)] {
      try expectInStep(name, by: programs, titles: ["Cuộc hai"])
    }
    #expect(try new.hub("check", "--history").code == 0)
  }

  @Test func `an officer's program of before comes back into step when copies were put back`()
    throws
  {
    try new.makeHub()
    try new.startHub()
    let port = new.port
    #expect(try old.officer("an", "enrol", new.url, try new.code(for: "an")).code == 0)
    try sync("an", by: old)
    try new.enrol("binh")
    try old.addSession("an", "A")
    try settle(("an", old), ("binh", new))
    #expect(try old.officer("an", "backup", path("an.copy")).code == 0)
    #expect(try new.hub("backup", path("hub.copy")).code == 0)
    try old.addSession("an", "B")
    try new.addSession("binh", "C")
    try settle(("an", old), ("binh", new))

    #expect(try old.officer("an", "restore", path("an.copy"), "--replace").code == 0)
    try old.addSession("an", "D")
    try settle(("an", old), ("binh", new))
    for (name, programs) in [("an", old), ("binh", new)] {
      try expectInStep(name, by: programs, titles: ["A", "B", "C", "D"])
    }
    new.killHub()
    let restored = try new.hub("restore", path("hub.copy"), "--reason", "đĩa hỏng")
    #expect(restored.code == 0, "\(restored.errors)")
    try new.startHub(port: port)
    try settle(("binh", new), ("an", old))
    // The device that wrote B was put back to before it, so nobody holds that work any more.
    for (name, programs) in [("an", old), ("binh", new)] {
      try expectInStep(name, by: programs, titles: ["A", "C", "D"])
    }
    #expect(try new.hub("check").code == 0)
  }

  // MARK: Files of before

  @Test func `a hub goes on from the folder of the program before it, questions, proof and all`()
    throws
  {
    try old.prepare()
    let session = try old.addSession("an", "A", "--attendance", "10")
    try settle(("an", old), ("binh", old))
    try edit("an", session, "--attendance", "23", by: old)
    try edit("binh", session, "--attendance", "26", by: old)
    try settle(("an", old), ("binh", old))
    let head = try #require(
      try old.hub("check", "--history").output.firstMatch(of: /[0-9]+:[0-9a-f]{16,}/)
    ).output
    let port = old.port
    old.killHub()
    try edit("an", session, "--place", "Hội trường", by: old)

    try new.startHub(port: port)
    #expect(try new.hub("check", "--history", "--head", String(head)).code == 0)
    try decide("--take", "1")
    try settle(("an", old), ("binh", new))
    for (name, programs) in [("an", old), ("binh", new)] {
      #expect(try programs.officer(name, "show", session).output.contains("Hội trường"))
      try expectInStep(name, by: programs, titles: ["A"])
    }
    #expect(try new.hub("check", "--history", "--head", String(head)).code == 0)
  }

  @Test func `an officer's program goes on from a store of the program before it`() throws {
    try new.makeHub()
    try new.startHub()
    #expect(try old.officer("an", "enrol", new.url, try new.code(for: "an")).code == 0)
    try sync("an", by: old)
    try new.enrol("binh")
    let session = try old.addSession("an", "A")
    try settle(("an", old), ("binh", new))
    try edit("binh", session, "--place", "Hội trường", by: new)
    try sync("binh", by: new)
    try old.addSession("an", "Chưa gửi")
    #expect(try new.officer("an", "status", "--json").output.contains(#""waiting_change_sets":1"#))
    try new.addSession("an", "Mới")
    try settle(("an", new), ("binh", new))
    for name in ["an", "binh"] {
      try expectInStep(name, by: new, titles: ["A", "Chưa gửi", "Mới"])
      #expect(try new.officer(name, "show", session).output.contains("Hội trường"))
    }
  }

  // MARK: A hub of before

  @Test
  func
    `an officer's program works with a hub of before, or says that it is older and loses nothing`()
    throws
  {
    try old.makeHub()
    try old.startHub()
    let port = old.port
    let enrolled = try new.officer("an", "enrol", old.url, try old.code(for: "an"))
    #expect(enrolled.code == 0, "\(enrolled.errors)")
    // The reference data, or the answer that the hub is older.
    let met = try new.officer("an", "sync")
    guard met.code == 0 else {
      #expect(met.code == 77)
      #expect(met.errors.contains("cũ hơn"), "\(met.errors)")
      return
    }
    try new.addSession("an", "A")
    let first = try new.officer("an", "sync")
    try new.addSession("an", "B")
    let second = try new.officer("an", "sync")
    if second.code == 0 {
      #expect(first.code == 0, "\(first.errors)")
      try expectInStep("an", by: new, titles: ["A", "B"])
    } else {
      #expect(second.code == 77)
      #expect(second.errors.contains("cũ hơn"), "\(second.errors)")
      #expect(try titles("an", by: new) == ["A", "B"])
    }
    // Once the hub is as new, nothing is left of it.
    old.killHub()
    try new.startHub(port: port)
    try sync("an", by: new)
    try expectInStep("an", by: new, titles: ["A", "B"])
  }
}
