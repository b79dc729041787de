import Foundation
import Testing

/// Copies that are put back, with real programs and real files (story 6): by our commands, and by
/// people who know `cp`.
@Suite(.serialized) final class RestoreTests {
  private let programs: Programs
  private let files = FileManager.default

  init() throws {
    programs = try Programs()
    try programs.prepare()
  }

  private func path(_ name: String) -> String { programs.folder.appendingPathComponent(name).path }

  private var port: Int { programs.url.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

  private func titles(_ name: String) throws -> [String] {
    let listing = try programs.officer(name, "session", "list", "--json")
    #expect(listing.code == 0)
    return listing.output.matches(of: /"title":"([^"]+)"/).map { String($0.output.1) }.sorted()
  }

  private func rename(_ name: String, _ session: String, _ title: String) throws {
    let edited = try programs.officer(name, "session", "edit", session, "--title", title)
    #expect(edited.code == 0, "\(edited.errors)")
  }

  private func sync(_ names: String...) throws {
    for name in names {
      let sync = try programs.officer(name, "sync")
      #expect(sync.code == 0, "\(name): \(sync.errors)")
    }
  }

  private func expectInStep(_ names: String..., titles expected: [String]) throws {
    for name in names {
      #expect(try titles(name) == expected, "\(name)")
      let status = try programs.officer(name, "status", "--json").output
      #expect(status.contains(#""in_step":true"#), "\(name): \(status)")
      let check = try programs.officer(name, "check")
      #expect(check.code == 0, "\(name): \(check.output)")
    }
    #expect(try programs.hub("check").code == 0)
    #expect(try programs.hub("conflicts", "--json").output == "[]\n")
  }

  /// Copies a store as `cp` does, with what is not folded into it yet.
  private func cp(_ from: String, _ to: String) throws {
    for suffix in ["", "-wal", "-shm"] {
      if files.fileExists(atPath: to + suffix) { try files.removeItem(atPath: to + suffix) }
      guard suffix != "-shm", files.fileExists(atPath: from + suffix) else { continue }
      try files.copyItem(atPath: from + suffix, toPath: to + suffix)
    }
  }

  // MARK: Devices

  @Test func `a backup that is put back gets later work from the hub and goes on`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    try programs.addSession("an", "B")
    let backup = try programs.officer("an", "backup", path("copy.db"))
    #expect(backup.code == 0)
    #expect(backup.output.contains("1 lần ghi chưa gửi"), "\(backup.output)")
    try rename("an", session, "A2")
    try programs.addSession("an", "C")
    try sync("an")

    let restored = try programs.officer("an", "restore", path("copy.db"))
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(restored.output.contains("Khôi phục") || restored.output.contains("khôi phục"))
    #expect(restored.output.contains("thuan sync"))
    #expect(try titles("an") == ["A", "B"])
    let aside = try files.contentsOfDirectory(atPath: programs.folder.path)
      .filter { $0.hasPrefix("an-2") }
    #expect(aside.count == 1)
    try programs.addSession("an", "D")
    try sync("an", "binh", "an")
    try expectInStep("an", "binh", titles: ["A2", "B", "C", "D"])
    #expect(try programs.officer("an", "status").output.contains("khôi phục hoặc sao chép"))
    #expect(try programs.officer("an", "log").output.contains("Khôi phục từ bản sao lưu"))
  }

  @Test func `a backup holds no key, and nobody can sync with it alone`() throws {
    try programs.addSession("an", "A")
    try sync("an")
    #expect(try programs.officer("an", "backup", path("copy.db")).code == 0)
    let mode = try files.attributesOfItem(atPath: path("copy.db"))[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let identity = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(fileURLWithPath: programs.store("an") + ".identity")))
    let parts = try #require(identity as? [String: Any])
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path("copy.db")))
    let secret = try #require(parts["incarnation"] as? String)
    #expect(bytes.range(of: Data(secret.utf8)) == nil)
    let key = try #require((parts["signingKey"] as? String).flatMap { Data(base64Encoded: $0) })
    #expect(bytes.range(of: key) == nil)
    #expect(try programs.run("thuan", "sync", "--store", path("copy.db")).code == 77)
    // Nothing is overwritten, by either command.
    #expect(try programs.officer("an", "backup", path("copy.db")).code == 65)
  }

  @Test func `a store with unsent work is replaced only by those who say so`() throws {
    #expect(try programs.officer("an", "backup", path("copy.db")).code == 0)
    try programs.addSession("an", "A")
    let refused = try programs.officer("an", "restore", path("copy.db"))
    #expect(refused.code == 65)
    #expect(refused.errors.contains("1 lần ghi chưa gửi"), "\(refused.errors)")
    #expect(try titles("an") == ["A"])
    #expect(try programs.officer("an", "restore", path("copy.db"), "--replace").code == 0)
    #expect(try titles("an").isEmpty)
    // What was put aside can be brought back, and is sent then.
    let aside = try #require(
      try files.contentsOfDirectory(atPath: programs.folder.path).first {
        $0.hasPrefix("an-2") && $0.hasSuffix(".db")
      })
    #expect(try programs.officer("an", "restore", path(aside)).code == 0)
    try sync("an", "binh")
    try expectInStep("an", "binh", titles: ["A"])
  }

  @Test func `a store that was put back with cp is noticed at the next sync`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    try cp(programs.store("an"), path("copy.db"))
    try rename("an", session, "A2")
    try programs.addSession("an", "B")
    try sync("an", "binh")
    try cp(path("copy.db"), programs.store("an"))
    try programs.addSession("an", "C")
    let noticed = try programs.officer("an", "sync")
    #expect(noticed.code == 0)
    #expect(noticed.errors.contains("khôi phục hoặc sao chép"), "\(noticed.errors)")
    try sync("binh", "an")
    try expectInStep("an", "binh", titles: ["A2", "B", "C"])
  }

  @Test func `a backup that was put back with cp is noticed when it is opened`() throws {
    try programs.addSession("an", "A")
    try sync("an")
    #expect(try programs.officer("an", "backup", path("copy.db")).code == 0)
    try programs.addSession("an", "B")
    try sync("an")
    try cp(path("copy.db"), programs.store("an"))
    let status = try programs.officer("an", "status")
    #expect(status.code == 0)
    #expect(status.output.contains("khôi phục hoặc sao chép"), "\(status.output)")
    try sync("an", "binh")
    try expectInStep("an", "binh", titles: ["A", "B"])
  }

  @Test func `a clone on a second machine and the first go on side by side`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    try programs.addSession("an", "B")
    try cp(programs.store("an"), programs.store("clone"))
    try files.copyItem(
      atPath: programs.store("an") + ".identity", toPath: programs.store("clone") + ".identity")
    try rename("an", session, "A2")
    try programs.addSession("clone", "C")
    try sync("an", "clone", "an", "clone")
    try programs.addSession("an", "D")
    try programs.addSession("clone", "E")
    try sync("clone", "an", "clone", "binh")
    try expectInStep("an", "binh", "clone", titles: ["A2", "B", "C", "D", "E"])
  }

  @Test func `an identity of another device is said, and does not stop recording`() throws {
    try files.removeItem(atPath: programs.store("an") + ".identity")
    try files.copyItem(
      atPath: programs.store("binh") + ".identity", toPath: programs.store("an") + ".identity")
    try programs.addSession("an", "A")
    let sync = try programs.officer("an", "sync")
    #expect(sync.code == 66)
    #expect(sync.errors.contains("thiết bị khác"), "\(sync.errors)")
    #expect(try programs.officer("an", "status").output.contains("thiết bị khác"))
    #expect(try titles("an") == ["A"])
  }

  @Test func `damaged copies and other files are refused, and nothing is touched`() throws {
    try programs.addSession("an", "A")
    try sync("an")
    #expect(try programs.officer("an", "backup", path("copy.db")).code == 0)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path("copy.db")))
    for page in stride(from: 8_192, to: bytes.count, by: 4_096) {
      bytes.replaceSubrange(page..<page + 64, with: Data(repeating: 0xA5, count: 64))
    }
    try bytes.write(to: URL(fileURLWithPath: path("damaged.db")))
    try Data("no database at all".utf8).write(to: URL(fileURLWithPath: path("text.db")))
    try bytes.prefix(10_000).write(to: URL(fileURLWithPath: path("cut.db")))
    #expect(try programs.hub("backup", path("hub.copy")).code == 0)
    programs.killHub()
    for name in ["damaged.db", "text.db", "cut.db", "hub.copy", "missing.db"] {
      let device = try programs.officer("an", "restore", path(name))
      #expect(device.code == 66, "\(name): \(device.errors)")
      if name == "hub.copy" { continue }
      let hub = try programs.hub("restore", path(name), "--reason", "r")
      #expect(hub.code == 66, "\(name): \(hub.errors)")
    }
    #expect(try programs.hub("restore", path("copy.db"), "--reason", "r").code == 66)
    try programs.startHub(port: port)
    try sync("an", "binh")
    try expectInStep("an", "binh", titles: ["A"])
  }

  // MARK: The hub

  @Test func `a hub that is put back gets from the devices what they had sent since`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    let backup = try programs.hub("backup", path("hub.copy"))
    #expect(backup.code == 0, "\(backup.errors)")
    try rename("an", session, "A2")
    try programs.addSession("binh", "B")
    try sync("an", "binh", "an")
    try programs.enrol("chi")

    let refused = try programs.hub("restore", path("hub.copy"), "--reason", "ổ đĩa hỏng")
    #expect(refused.code == 75)
    #expect(refused.errors.contains("thuan-hub serve"), "\(refused.errors)")
    programs.killHub()
    let restored = try programs.hub("restore", path("hub.copy"), "--reason", "ổ đĩa hỏng")
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(restored.output.contains("chi (chi)"), "\(restored.output)")
    #expect(restored.output.contains("Số văn bản"))
    try programs.startHub(port: port)

    // Work goes on before anybody has noticed.
    try programs.addSession("an", "C")
    let noticed = try programs.officer("binh", "sync")
    #expect(noticed.code == 0)
    #expect(noticed.errors.contains("Máy chủ tỉnh được khôi phục"), "\(noticed.errors)")
    try sync("an", "binh")
    try expectInStep("an", "binh", titles: ["A2", "B", "C"])
    #expect(try programs.officer("chi", "sync").code == 77)
  }

  @Test func `a hub that was put back with cp is made whole as well`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    let hub = path("hub/hub.db")
    programs.killHub()
    try cp(hub, path("hub.copy"))
    try programs.startHub(port: port)
    try rename("an", session, "A2")
    try programs.addSession("binh", "B")
    try sync("an", "binh", "an")
    programs.killHub()
    try cp(path("hub.copy"), hub)
    try programs.startHub(port: port)
    try programs.addSession("binh", "C")
    try sync("binh", "an", "binh")
    try expectInStep("an", "binh", titles: ["A2", "B", "C"])
  }

  private func ids(_ words: String...) throws -> [String] {
    try programs.run("thuan-hub", words + ["--json"]).output.matches(of: /"id":"([^"]+)"/)
      .map { String($0.output.1) }
  }

  private func revoked() throws -> Int {
    try programs.hub("devices", "--json").output.matches(of: /"state":"revoked"/).count
  }

  @Test func `what was taken away after a backup is taken away again when it is put back`() throws {
    #expect(try programs.hub("backup", path("hub.copy")).code == 0)
    let grants = try ids("grants")
    #expect(grants.count == 2)
    #expect(try programs.hub("revoke", "binh", "--reason", "mất máy").code == 0)
    #expect(try programs.hub("withdraw", grants[0], "--reason", "chuyển việc").code == 0)
    programs.killHub()
    let restored = try programs.hub("restore", path("hub.copy"), "--reason", "r", "--json")
    #expect(restored.code == 0, "\(restored.errors)")
    #expect(restored.output.contains("\"withdrawn\":[\"\(grants[0])\"]"), "\(restored.output)")
    #expect(try revoked() == 1)
    #expect(try ids("grants") == [grants[1]])
    #expect(try programs.hub("check", "--history").code == 0)
  }

  @Test func `without the hub that was there whoever restores says what was taken away`() throws {
    #expect(try programs.hub("backup", path("hub.copy")).code == 0)
    let (devices, grants) = (try ids("devices"), try ids("grants"))
    programs.killHub()
    for file in ["hub.db", "hub.db-wal", "hub.db-shm"] {
      try? FileManager.default.removeItem(atPath: path("hub/\(file)"))
    }
    // Nobody can be asked: it says so, lists them, and goes on.
    let silent = try programs.hub("restore", path("hub.copy"), "--reason", "r")
    #expect(silent.code == 0, "\(silent.errors)")
    #expect(silent.output.contains("không hỏi được ai"), "\(silent.output)")
    for name in ["an, an", "binh, binh"] { #expect(silent.output.contains(name)) }
    #expect(try revoked() == 0)

    let unknown = try programs.hub(
      "restore", path("hub.copy"), "--reason", "r", "--revoked", "nobody")
    #expect(unknown.code == 2, "\(unknown.output)")
    let told = try programs.hub(
      "restore", path("hub.copy"), "--reason", "r", "--revoked", devices[1], "--withdrawn",
      grants[0])
    #expect(told.code == 0, "\(told.errors)")
    #expect(told.output.contains("Đã thu hồi lại"), "\(told.output)")
    #expect(try revoked() == 1)
    #expect(try ids("grants") == [grants[1]])
  }

  // MARK: Repairs and compaction

  @Test func `a value that the disk has changed at the hub is listed and put right`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    try programs.sqlite("hub/hub", "UPDATE session SET title = 'hỏng' WHERE id = '\(session)'")
    #expect(try programs.hub("check").code == 4)
    let repaired = try programs.hub("check", "--repair")
    #expect(repaired.code == 0, "\(repaired.errors)")
    #expect(repaired.output.contains("Đã lấy lại từ lịch sử"), "\(repaired.output)")
    try sync("an", "binh")
    try expectInStep("an", "binh", titles: ["A"])
  }

  @Test func `a row that was changed past the triggers is listed and logged`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    try programs.sqlite(
      "an",
      """
      UPDATE thuan_capture SET applying = 1;
      UPDATE session SET title = 'lén' WHERE id = '\(session)';
      UPDATE thuan_capture SET applying = 0
      """)
    #expect(try programs.officer("an", "check").code == 4)
    let repaired = try programs.officer("an", "check", "--repair")
    #expect(repaired.code == 0, "\(repaired.output)")
    #expect(repaired.output.contains("Đã sửa"), "\(repaired.output)")
    #expect(try programs.officer("an", "check").code == 0)
    try sync("an", "binh", "an")
    #expect(try titles("an") == titles("binh"))
    #expect(try programs.hub("log").output.contains("lén"))
  }

  @Test func `compaction says who is left behind before it leaves anybody`() throws {
    let session = try programs.addSession("an", "A")
    try sync("an", "binh")
    #expect(try programs.officer("an", "session", "delete", session, "--yes").code == 0)
    // The hub learns how far a device has come when it asks for more.
    try sync("an", "an")
    let head = try #require(
      try programs.hub("status", "--json").output.firstMatch(of: /"head":([0-9]+)/)
    ).output.1
    let asked = try programs.hub("compact", "--leave-behind", "\(head)", "--reason", "r")
    #expect(asked.code == 64)
    #expect(asked.errors.contains("binh"), "\(asked.errors)")
    #expect(!asked.errors.contains("an, an"), "\(asked.errors)")
    let done = try programs.hub("compact", "--leave-behind", "\(head)", "--reason", "r", "--yes")
    #expect(done.code == 0, "\(done.errors)")
    let snapshot = try programs.officer("binh", "sync")
    #expect(snapshot.errors.contains("toàn bộ dữ liệu"), "\(snapshot.errors)")
    try sync("an")
    try expectInStep("an", "binh", titles: [])
    #expect(try programs.hub("compact", "--leave-behind", "hôm qua", "--reason", "r").code == 64)
  }
}
