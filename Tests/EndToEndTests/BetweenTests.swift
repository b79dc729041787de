import GRDB
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Testing

/// What stands between a device and its hub, and means no harm.
struct BetweenTests {
  /// A device that is enrolled and speaks to its hub through something.
  private func run(
    _ body: @Sendable (TestHub, TestDevice, Intermediary) async throws -> Void
  ) async throws {
    try await TestHub.run { hub in
      try await Intermediary.run(to: hub.address) { between, address in
        var device = try await hub.device("lan")
        device.client = try HubClient(HubAddress(address), timeouts: .short)
        try await body(hub, device, between)
      }
    }
  }

  /// A text that nothing makes much smaller.
  private func noise(_ bytes: Int) -> String {
    var random = SystemRandomNumberGenerator()
    return Base64URL.text(
      (0..<(bytes * 3 / 4)).map { _ in UInt8.random(in: 0...255, using: &random) })
  }

  @Test func `what a proxy finds too large is sent in smaller parts, in one attempt`() async throws
  {
    try await run { hub, lan, between in
      var habits = Intermediary.Habits()
      habits.bodyBytesMax = 100_000
      between.set(habits)
      for number in 0..<24 { try lan.add("p\(number)", noise(30_000)) }
      let progress = try await lan.sync()
      #expect(progress.sent == 24)
      #expect(try lan.status().isInStep)
      #expect(try hub.hub.status().rows == ["project": 24])
      // Half of it each time: from 700 kB it takes three refusals.
      #expect(between.bodySizes.count { $0 > 100_000 } == 3)
    }
  }

  @Test func `what was found too large is not tried again at its full size, until it gets through`()
    async throws
  {
    try await run { _, lan, between in
      var habits = Intermediary.Habits()
      habits.bodyBytesMax = 100_000
      between.set(habits)
      for number in 0..<24 { try lan.add("p\(number)", noise(30_000)) }
      try await lan.sync()
      let refused = between.bodySizes.count { $0 > 100_000 }
      for number in 0..<24 { try lan.add("q\(number)", noise(30_000)) }
      try await lan.sync()
      // One refusal, to see whether the limit has been raised.
      #expect(between.bodySizes.count { $0 > 100_000 } == refused + 1)
      between.set(Intermediary.Habits())
      for round in 0..<6 {
        for number in 0..<24 { try lan.add("r\(round)-\(number)", noise(30_000)) }
        try await lan.sync()
      }
      #expect(between.bodySizes.suffix(4).contains { $0 > 500_000 })
    }
  }

  @Test
  func `one transaction that is too large is named, and nothing else waits but what is behind`()
    async throws
  {
    try await run { hub, lan, between in
      var habits = Intermediary.Habits()
      habits.bodyBytesMax = 100_000
      between.set(habits)
      let minh = try await hub.device("minh")
      try minh.add("from-minh")
      try await minh.sync()
      try lan.add("before")
      try lan.add("large", noise(200_000))
      try lan.add("behind")
      let failure = await unavailable { try await lan.sync() }
      guard case .tooLarge(let body) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(body.server == "between/1")
      let work = try #require(body.work)
      #expect(work.largest?.table == "project")
      #expect(work.largest?.key == RowKey([.text("large")]))
      #expect(work.bytes > 200_000)
      #expect(try #require(body.bytes) > 100_000)
      #expect(try lan.status().waitingChangeSets == 2)
      #expect(try lan.projects().contains("from-minh=t"))
      #expect(try hub.hub.status().rows == ["project": 2])
      between.set(Intermediary.Habits())
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }

  @Test func `a connection that large bodies break carries them in parts`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        for number in 0..<24 { try lan.add("p\(number)", noise(30_000)) }
        proxy.set(.breakRequests(after: 300_000))
        try await lan.sync(.push)
        #expect(try hub.hub.status().rows == ["project": 24])
        try lan.add("large", noise(600_000))
        guard case .tooLarge(let body) = await unavailable({ try await lan.sync() }) else {
          Issue.record("not told")
          return
        }
        #expect(body.isBrokenOff && body.work?.largest?.key == RowKey([.text("large")]))
        proxy.set(.none)
        try await lan.sync()
        #expect(try lan.status().isInStep)
      }
    }
  }

  @Test(arguments: [true, false])
  func `bodies that are decompressed or compressed on the way come through`(decompresses: Bool)
    async throws
  {
    try await run { hub, lan, between in
      var habits = Intermediary.Habits()
      (habits.decompressesRequests, habits.decompressesAnswers) = (decompresses, decompresses)
      (habits.compressesRequests, habits.compressesAnswers) = (!decompresses, !decompresses)
      between.set(habits)
      for number in 0..<50 { try lan.add("p\(number)", "Giám sát việc thực hiện chính sách") }
      try await lan.sync()
      #expect(try lan.status().isInStep)
      let minh = try await hub.device("minh")
      for number in 0..<50 { try minh.add("m\(number)", "Giám sát việc thực hiện chính sách") }
      try await minh.sync()
      try await lan.sync()
      #expect(try lan.projects() == minh.projects() || lan.projects().count == 100)
    }
  }

  @Test(arguments: [
    ["content-encoding"], ["accept-encoding"], ["authorization"],
    ["authorization", "content-encoding", "accept-encoding"],
  ])
  func `requests whose headers are taken out on the way come through`(names: [String]) async throws
  {
    try await run { _, lan, between in
      var habits = Intermediary.Habits()
      habits.removedFromRequests = Set(names)
      between.set(habits)
      for number in 0..<50 { try lan.add("p\(number)", "Giám sát việc thực hiện chính sách") }
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }

  @Test(arguments: [
    ["content-encoding"], ["authentication-info"], ["content-type", "content-digest"],
  ])
  func `answers whose headers are taken out on the way come through`(names: [String]) async throws {
    try await run { hub, lan, between in
      let minh = try await hub.device("minh")
      for number in 0..<50 { try minh.add("m\(number)", "Giám sát việc thực hiện chính sách") }
      try await minh.sync()
      var habits = Intermediary.Habits()
      habits.removedFromAnswers = Set(names)
      between.set(habits)
      try lan.add("p1")
      try await lan.sync()
      #expect(try lan.status().isInStep)
      #expect(try lan.projects().count == 51)
    }
  }

  @Test func `what no other way spares is called by its name`() async throws {
    try await run { _, lan, between in
      try lan.add("p1")
      func failure(_ change: (inout Intermediary.Habits) -> Void) async -> HubUnavailable? {
        var habits = Intermediary.Habits()
        change(&habits)
        between.set(habits)
        return await unavailable { try await lan.sync() }
      }
      let own = [HTTPContract.spareAuthorizationHeader, HTTPContract.spareAnswerHeader].map {
        $0.lowercased()
      }
      let credentials = await failure { $0.removedFromRequests = ["authorization", own[0]] }
      #expect(credentials == .altered(.header("Authorization")))
      let proof = await failure { $0.removedFromAnswers = ["authentication-info", own[1]] }
      #expect(proof == .altered(.header("Authentication-Info")))
      #expect(await failure { $0.garblesRequests = true } == .altered(.requestBody))
      #expect(await failure { $0.garblesAnswers = true } == .altered(.answerBody))
      let twice = await failure { $0.times = 2 }
      guard case .refused(let refusal) = twice else {
        Issue.record("\(String(describing: twice))")
        return
      }
      #expect(refusal.code == .stale && refusal.isRepeated)
      for status in [502, 503, 504] {
        #expect(await failure { $0.status = status } == .gateway(status))
      }
      #expect(await failure { $0.status = 407 } == .proxy(.wantsPassword))
      between.set(Intermediary.Habits())
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }
}
