import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Testing

/// A store whose identity file is gone, or that the hub has forgotten.
struct LostIdentityTests {
  /// A device that has synced one project and written another since, and has lost its identity.
  private func lostDevice(_ hub: TestHub, _ name: String) async throws -> TestDevice {
    let device = try await hub.device(name)
    try device.add("\(name)-sent")
    try await device.sync()
    try device.add("\(name)-unsent")
    try device.write("UPDATE project SET title = 'changed' WHERE id = '\(name)-sent'")
    try FileManager.default.removeItem(
      atPath: DeviceIdentity.file(besideStore: hub.path(name)))
    return device
  }

  private func enrolAgain(_ device: TestDevice, _ hub: TestHub) async throws -> TestDevice {
    let enrolment = try await enrol(
      store: device.store, path: hub.path(device.officer), client: device.client,
      code: try hub.code(for: device.officer), label: "anew")
    #expect(enrolment.isRenewed == true)
    var renewed = device
    renewed.identity = enrolment.identity
    return renewed
  }

  @Test func `a store without its identity becomes another device and sends what was unsent`()
    async throws
  {
    try await TestHub.run { hub in
      let old = try await lostDevice(hub, "lan")
      let sent = RowKey([.text("lan-sent")])
      let taken = try hub.hub.history(of: "project", sent).count
      let device = try await enrolAgain(old, hub)
      #expect(device.identity.device != old.identity.device)
      try await device.sync()
      // What had its receipt was offered again, and the hub knew it: one entry more, for the change
      // that had not been sent.
      #expect(try hub.hub.history(of: "project", sent).count == taken + 1)
      #expect(try device.projects() == ["lan-sent=changed", "lan-unsent=t"])
      #expect(try device.status().isInStep)
      #expect(try hub.hub.conflicts(openOnly: false).isEmpty)
      #expect(try device.store.events().map(\.kind) == [.reenrolled])
      #expect(try device.store.flaws(wallMilliseconds: wallClock()) == [])
      #expect(try hub.hub.devices().map(\.label) == ["D-lan", "anew"])
      // Life goes on under the new name.
      try device.write("UPDATE project SET title = 'later' WHERE id = 'lan-sent'")
      try await device.sync()
      let other = try await hub.device("minh")
      try await other.sync()
      #expect(try other.projects() == ["lan-sent=later", "lan-unsent=t"])
    }
  }

  @Test func `what had arrived without a receipt is not applied twice`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        var old = try await hub.device("lan")
        try old.add("p1", "a")
        old.client = try HubClient(HubAddress("http://127.0.0.1:\(proxy.port)"), timeouts: .short)
        proxy.set(.cut(after: 0))
        _ = await unavailable { try await old.sync(.push) }
        #expect(try hub.hub.status().rows == ["project": 1])
        #expect(try old.status().waitingChangeSets == 1)
        try FileManager.default.removeItem(
          atPath: DeviceIdentity.file(besideStore: hub.path("lan")))
        old.client = try HubClient(HubAddress(hub.address))
        let device = try await enrolAgain(old, hub)
        try await device.sync()
        #expect(try hub.hub.status().rows == ["project": 1])
        #expect(try hub.hub.conflicts(openOnly: false).isEmpty)
        #expect(try device.projects() == ["p1=a"])
        #expect(try device.status().isInStep)
      }
    }
  }

  @Test func `a device that the hub has forgotten is as good as lost`() async throws {
    try await TestHub.run { hub in
      var device = try await hub.device("lan")
      try device.add("p1")
      device.identity.signingKey = DeviceIdentity.makeSigningKey().secret
      try device.identity.save(besideStore: hub.path("lan"))
      #expect(await unavailable { try await device.sync() } == .refused(Refusal(.unauthorised)))
      let renewed = try await enrolAgain(device, hub)
      try await renewed.sync()
      #expect(try renewed.status().isInStep)
    }
  }

  @Test func `a damaged identity is kept aside and replaced`() async throws {
    try await TestHub.run { hub in
      let device = try await hub.device("lan")
      let file = DeviceIdentity.file(besideStore: hub.path("lan"))
      try Data("{".utf8).write(to: URL(fileURLWithPath: file))
      let renewed = try await enrolAgain(device, hub)
      try await renewed.sync()
      #expect(try renewed.status().isInStep)
      #expect(try String(contentsOfFile: file + ".old", encoding: .utf8) == "{")
    }
  }

  private func addOrphan(to device: TestDevice) throws {
    try device.store.database.writeWithoutTransaction { db in
      try db.execute(
        sql: """
          PRAGMA foreign_keys = OFF;
          INSERT INTO item (id, project_id, name) VALUES ('i1', 'nowhere', 'n');
          PRAGMA foreign_keys = ON
          """)
    }
  }

  @Test func `work in quarantine stays with the store, and its end is noticed`() async throws {
    try await TestHub.run { hub in
      let old = try await hub.device("lan")
      try addOrphan(to: old)
      try await old.sync()
      let work = try #require(try hub.hub.quarantine(openOnly: true).first)
      try FileManager.default.removeItem(
        atPath: DeviceIdentity.file(besideStore: hub.path("lan")))
      let device = try await enrolAgain(old, hub)
      try await device.sync()
      #expect(try device.status().quarantined == 1)
      try hub.hub.dismiss(
        work.number, Ruling(by: "ha", reason: "no", wallMilliseconds: wallClock()))
      try await device.sync()
      #expect(try device.status().quarantined == 0)
      #expect(try device.status().isInStep)
    }
  }

  @Test func `a store that knows one hub is not enrolled at another`() async throws {
    try await TestHub.run { hub in
      let old = try await lostDevice(hub, "lan")
      try await TestHub.run { other in
        await #expect(throws: EnrolmentFailure.otherHub) {
          try await enrol(
            store: old.store, path: hub.path("lan"),
            client: try HubClient(HubAddress(other.address)), code: try other.code(), label: "x")
        }
      }
      #expect(try DeviceIdentity.load(besideStore: hub.path("lan")) == nil)
      let device = try await enrolAgain(old, hub)
      try await device.sync()
      #expect(try device.status().isInStep)
    }
  }

  @Test func `an enrolment anew that was broken off is completed at the next start`() async throws {
    try await TestHub.run { hub in
      let old = try await lostDevice(hub, "lan")
      let minh = try await hub.device("minh")
      // What the disk holds when the program dies right after the answer came.
      let kept = Kept(identity: minh.identity, officer: "minh", officerName: "Minh", unit: "u1")
      try JSONEncoder().encode(kept).write(
        to: URL(fileURLWithPath: hub.path("lan") + ".enrolment"))
      #expect(
        try finishEnrolment(store: old.store, path: hub.path("lan"))?.identity == minh.identity)
      var device = old
      device.identity = minh.identity
      try await device.sync()
      #expect(try hub.hub.conflicts(openOnly: false).isEmpty)
      #expect(try device.status().isInStep)
    }
  }

  private struct Kept: Encodable {
    let identity: DeviceIdentity
    let officer: String
    let officerName: String
    let unit: String
  }
}
