import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Synchronization
import Testing

struct SyncOverHTTPTests {
  @Test func `what one device writes, the other shows`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      try lan.add("p1", "Giám sát cấp giấy chứng nhận")
      try lan.write("INSERT INTO item VALUES ('i1', 'p1', 'Tổ 3')")
      #expect(try await lan.sync().sent == 2)
      #expect(try await minh.sync().received == 2)
      #expect(try minh.projects() == lan.projects())
      #expect(try lan.status().isInStep)
      #expect(try minh.status().isInStep)
    }
  }

  @Test func `two edits of one field become a conflict that both devices see`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let minh = try await hub.device("minh")
      try lan.add("p1", "one")
      try await lan.sync()
      try await minh.sync()
      try lan.write("UPDATE project SET title = 'two'")
      try minh.write("UPDATE project SET title = 'three'")
      try await lan.sync()
      #expect(try await minh.sync().conflicted == 1)
      try await lan.sync()
      #expect(try lan.projects() == ["p1=two"])
      #expect(try minh.projects() == ["p1=two"])
      #expect(try lan.status().openConflicts == 1)
      #expect(try minh.status().openConflicts == 1)
    }
  }

  @Test func `an envelope that is sent twice gets the same receipts and changes nothing`()
    async throws
  {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      for number in 0..<5 { try lan.add("p\(number)") }
      let envelope = try #require(
        try lan.store.nextEnvelope(identity: lan.identity, wallMilliseconds: wallClock()))
      let first = try await lan.client.perform(.push(envelope), as: lan.identity)
      let before = try hub.hub.status()
      let second = try await lan.client.perform(.push(envelope), as: lan.identity)
      #expect(try PushReply(decoding: first).receipts == PushReply(decoding: second).receipts)
      #expect(try hub.hub.status() == before)
    }
  }

  @Test func `a sync with nothing to do changes nothing`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      try await lan.sync()
      let before = try hub.hub.status()
      #expect(try await lan.sync() == SyncProgress())
      #expect(try hub.hub.status() == before)
    }
  }

  @Test func `a pull that breaks off in the middle goes on where it stopped`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let total = SyncLimits.pageRows * 5 / 2
      try lan.write(
        """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(total))
        INSERT INTO project (id, title) SELECT 'p' || i, 'title ' || i FROM n
        """)
      try await lan.sync()
      try await FaultyProxy.run(to: hub.port) { proxy in
        let minh = try await hub.device("minh", through: proxy.port)
        let pages = Mutex(0)
        let broken = await unavailable {
          try await minh.sync { _ in
            pages.withLock { $0 += 1 }
            proxy.set(.cut(after: 5_000))
          }
        }
        guard case .interrupted = broken else {
          Issue.record("\(String(describing: broken))")
          return
        }
        #expect(pages.withLock { $0 } == 1)
        #expect(try minh.projects().isEmpty, "half a pull is not shown")
        proxy.set(.none)
        #expect(try await minh.sync().received == total - SyncLimits.pageRows)
        #expect(try minh.projects() == lan.projects())
        #expect(try minh.status().isInStep)
      }
    }
  }

  @Test func `work larger than one envelope goes out in several`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let text = String(repeating: "x", count: 800_000)
      for number in 0..<6 { try lan.add("p\(number)", text) }
      let pushes = Mutex(0)
      try await lan.sync(.push) { _ in pushes.withLock { $0 += 1 } }
      #expect(pushes.withLock { $0 } == 3)
      #expect(try hub.hub.status().rows == ["project": 6])
    }
  }

  @Test func `a cloned store parts from its twin and nothing is lost`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      try await lan.sync()
      let copy = hub.folder.appendingPathComponent("copy.db").path
      try await lan.store.database.writeWithoutTransaction { db in
        try db.execute(sql: "VACUUM INTO '\(copy)'")
      }
      let store = try DeviceStore(
        path: copy, migrations: SmallSchema.migrations, schema: try SmallSchema.load(),
        wallMilliseconds: wallClock())
      let twin = TestDevice(
        store: store, identity: lan.identity, client: lan.client, officer: "lan")
      try lan.add("p2", "from the laptop")
      try twin.add("p3", "from the clone")
      try await lan.sync()
      try await twin.sync()
      try await lan.sync()
      #expect(try lan.projects() == ["p1=t", "p2=from the laptop", "p3=from the clone"])
      #expect(try twin.projects() == lan.projects())
    }
  }
}
