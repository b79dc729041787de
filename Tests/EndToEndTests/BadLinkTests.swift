import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

struct BadLinkTests {
  @Test func `an answer lost after the hub has committed costs nothing`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        try lan.add("p1")
        let before = try hub.hub.status().changeSets
        proxy.set(.cut(after: 0))
        let lost = await unavailable { try await lan.sync() }
        guard case .interrupted = lost else {
          Issue.record("\(String(describing: lost))")
          return
        }
        #expect(try hub.hub.status().changeSets == before + 1, "the hub has it")
        #expect(try lan.status().waitingChangeSets == 1, "the device does not know")
        try await lan.sync()
        #expect(try hub.hub.status().changeSets == before + 1)
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test func `wherever answers are cut, the next attempts bring both sides together`() async throws
  {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        let minh = try await hub.device("minh", through: proxy.port)
        var random = TestRandom(seed: 7)
        let rounds = 25
        let before = try hub.hub.status().changeSets
        for round in 0..<rounds {
          try lan.add("a\(round)")
          try minh.add("b\(round)")
          for device in [lan, minh] {
            proxy.set(.cut(after: Int.random(in: 0..<900, using: &random)))
            if let broken = await unavailable({ try await device.sync() }) {
              #expect(broken.isTransient, "\(broken)")
            }
          }
        }
        proxy.set(.none)
        for device in [lan, minh, lan] { try await device.sync() }
        #expect(proxy.fired > rounds)
        #expect(try hub.hub.status().changeSets == before + 2 * rounds)
        #expect(try lan.projects().count == 2 * rounds)
        #expect(try minh.projects() == lan.projects())
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test func `bytes garbled on the way are never stored`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      for number in 0..<8 { try lan.add("p\(number)", "a title of some length") }
      try await lan.sync()
      try await FaultyProxy.run(to: hub.port) { proxy in
        let minh = try await hub.device("minh", through: proxy.port)
        var random = TestRandom(seed: 11)
        for _ in 0..<40 {
          proxy.set(.garble(at: Int.random(in: 0..<900, using: &random)))
          _ = await unavailable { try await minh.sync() }
          let projects = try minh.projects()
          #expect(try projects.isEmpty || projects == lan.projects())
        }
        proxy.set(.none)
        try await minh.sync()
        #expect(try minh.projects() == lan.projects())
        #expect(try minh.status().isInStep)
      }
    }
  }

  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 20\r\n\r\n<html>Đăng nhập</html>",
    "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: http://127.0.0.1:9/login\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\noops",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/vnd.thuan+protobuf\r\nContent-Length: 4\r\n\r\nhaha",
    "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Type: application/vnd.thuan+protobuf\r\nContent-Length: 0\r\n\r\n",
  ])
  func `a stranger's answer is not taken for the hub's`(_ answer: String) async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        try lan.add("p1")
        proxy.set(.answer(answer))
        let failure = await unavailable { try await lan.sync() }
        guard case .notAHub = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(try lan.status().waitingChangeSets == 1)
        proxy.set(.none)
        try await lan.sync()
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test func `a page that ends early is not taken for the whole`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        var page = PullPage()
        page.hub = "t"
        page.rows = [
          PulledRow(
            table: 10, kind: .whole, key: RowKey([.text("x")]), columns: [2],
            values: [.text("never written")])
        ]
        page.isLast = true
        // Cut inside the row, with a length that fits: only the message itself can tell.
        let bytes = page.encoded().dropLast(8)
        let head =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: \(HTTPContract.mediaType)\r\n"
          + "Content-Length: \(bytes.count)\r\n\r\n"
        proxy.set(.answer(head + String(decoding: bytes, as: UTF8.self)))
        guard case .notAHub = await unavailable({ try await lan.sync(.pull) }) else {
          Issue.record("taken")
          return
        }
        #expect(try lan.projects().isEmpty)
      }
    }
  }

  @Test func `a hub that never answers is given up after a while`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        var lan = try await hub.device("lan", through: proxy.port)
        var timeouts = HubClient.Timeouts()
        timeouts.idleMilliseconds = 300
        lan.client = try HubClient(lan.client.address, timeouts: timeouts)
        proxy.set(.silence)
        #expect(await unavailable { try await lan.sync() } == .timeout)
      }
    }
  }

  @Test func `a hub that is not there is unreachable`() async throws {
    try await TestHub.run { hub in
      var lan = try await hub.device("lan")
      try lan.add("p1")
      for address in ["http://127.0.0.1:1", "http://no-such-host.invalid"] {
        lan.client = try HubClient(HubAddress(address), timeouts: .short)
        let failure = await unavailable { try await lan.sync() }
        guard case .unreachable = failure else {
          Issue.record("\(address): \(String(describing: failure))")
          return
        }
      }
      #expect(try lan.status().waitingChangeSets == 1)
    }
  }

  @Test func `plain HTTP where encryption was expected is called so`() async throws {
    try await TestHub.run { hub in
      var lan = try await hub.device("lan")
      lan.client = try HubClient(HubAddress("https://127.0.0.1:\(hub.port)"), timeouts: .short)
      #expect(
        await unavailable { try await lan.sync() } == .wrongScheme(isEncrypted: false))
    }
  }

  @Test func `a sync that is cancelled ends at once and leaves the store whole`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        try lan.add("p1")
        proxy.set(.silence)
        let task = Task { try await lan.sync() }
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(start.duration(to: .now) < .seconds(1))
        proxy.set(.none)
        try await lan.sync()
        #expect(try lan.status().isInStep)
      }
    }
  }
}
