import Foundation
import Testing

/// What an officer sees whose identity file is gone.
@Suite(.serialized) struct LostIdentityProcessTests {
  @Test(arguments: [nil, "", "{"] as [String?])
  func `a store whose identity is lost says so, goes on recording, and is enrolled anew`(
    _ damaged: String?
  ) throws {
    let programs = try Programs()
    try programs.prepare(devices: ["an"])
    try programs.addSession("an", "Đã gửi")
    #expect(try programs.officer("an", "sync").code == 0)
    let identity = programs.store("an") + ".identity"
    if let damaged {
      try damaged.write(toFile: identity, atomically: true, encoding: .utf8)
    } else {
      try FileManager.default.removeItem(atPath: identity)
    }
    try programs.addSession("an", "Chưa gửi")
    let sync = try programs.officer("an", "sync")
    #expect(sync.code == 77)
    let trouble =
      damaged == nil
      ? "Mất tệp danh tính" : "Tệp danh tính của máy bị hỏng hoặc không đọc được (\(identity))"
    #expect(sync.errors.contains(trouble), "\(sync.errors)")
    let status = try programs.officer("an", "status")
    #expect(status.code == 0)
    #expect(status.output.contains(trouble), "\(status.output)")
    #expect(status.output.contains("1 lần ghi"), "\(status.output)")
    #expect(try programs.officer("an", "check").code == 4)

    let again = try programs.officer("an", "enrol", programs.url, try programs.code(for: "an 2"))
    #expect(again.code == 0, "\(again.errors)")
    #expect(again.output.contains("thiết bị mới"), "\(again.output)")
    let sent = try programs.officer("an", "sync")
    #expect(sent.code == 0, "\(sent.output)")
    #expect(sent.output.contains("Khớp với máy chủ tỉnh"), "\(sent.output)")
    #expect(try programs.officer("an", "check").code == 0)
    let log = try programs.officer("an", "log").output
    #expect(log.contains("ghi danh lại"), "\(log)")
  }

  @Test func `a device that the hub knows is not enrolled twice`() throws {
    let programs = try Programs()
    try programs.prepare(devices: ["an"])
    let again = try programs.officer("an", "enrol", programs.url, try programs.code(for: "an 2"))
    #expect(again.code == 65)
    #expect(again.errors.contains("đã ghi danh rồi"), "\(again.errors)")
    // The code is still good.
    #expect(try programs.officer("an", "sync").code == 0)
  }
}
