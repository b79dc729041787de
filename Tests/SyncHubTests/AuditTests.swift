import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

struct AuditTests {
  let world: World
  let an: TestDevice
  let binh: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
    binh = try world.device("binh")
  }

  private func ruling(_ reason: String) -> Ruling {
    Ruling(by: "ha", reason: reason, wallMilliseconds: world.now)
  }

  @Test func `every administrative act is on record, with who, when and why`() throws {
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try settle([an, binh])
    try an.write("UPDATE project SET title = 'b'")
    try binh.write("UPDATE project SET title = 'c'")
    try settle([an, binh])
    let conflict = try #require(try world.hub.conflicts(openOnly: true).first)
    try world.hub.resolve(
      conflict.id, version: conflict.version, .current, ruling("theo biên bản"))
    try world.hub.undo(conflict.id, ruling("nhầm"))
    try world.hub.revoke(device: binh.identity.device, ruling("mất máy"))
    let acts = Array(try world.hub.acts(limit: 100).reversed())
    #expect(
      acts.map(\.kind) == [.schema, .issue, .enrol, .issue, .enrol, .decide, .undo, .revoke])
    #expect(acts.map(\.reason).suffix(3) == ["theo biên bản", "nhầm", "mất máy"])
    #expect(acts.suffix(3).allSatisfy { $0.by == "ha" && $0.atMilliseconds > 0 })
    #expect(acts.last?.object == binh.identity.device)
    #expect(acts[2].object == an.identity.device)
    #expect(try world.hub.acts(limit: 1).map(\.kind) == [.revoke])
    #expect(try world.hub.verifyHistory().flaw == nil)
  }

  private func settle(_ devices: [TestDevice]) throws {
    for _ in 0..<2 { for device in devices { try device.sync() } }
  }
}
