import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Synchronization
import Testing

struct SyncLoopTests {
  @Test func `a loop outlives a hub that is away, and ends when it is told`() async throws {
    try await TestHub.run { hub in
      try await FaultyProxy.run(to: hub.port) { proxy in
        let lan = try await hub.device("lan", through: proxy.port)
        try lan.add("p1")
        proxy.set(.answer("HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"))
        let (events, stream) = AsyncStream.makeStream(of: SyncLoop.Event.self)
        let loop = SyncLoop(
          store: lan.store, identity: lan.identity, client: lan.client, intervalMilliseconds: 50
        ) { stream.yield($0) }
        let task = Task { () async throws -> Void in try await loop.run() }
        var failures: [Int] = []
        var synced = 0
        for await event in events {
          switch event {
          case .started: break
          case .failed(let error, let count, let pause):
            #expect(error is HubUnavailable)
            #expect(SyncLimits.backoffMilliseconds.contains(pause))
            failures.append(count)
            proxy.set(.none)
          case .finished(_, let isInStep, let pause):
            #expect(isInStep)
            #expect(pause == 50)
            synced += 1
            if synced == 1 { try lan.add("p2") }
          }
          if synced == 3 { break }
        }
        #expect(failures == [1])
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try hub.hub.status().rows == ["project": 2])
      }
    }
  }

  @Test func `pauses double up to five minutes and are never the same for all`() {
    let limits = SyncLimits.backoffMilliseconds
    #expect(Backoff.pauseMilliseconds(failures: 1, random: 0) == 1_000)
    #expect(Backoff.pauseMilliseconds(failures: 1, random: 1) == 2_000)
    #expect(Backoff.pauseMilliseconds(failures: 3, random: 0.5) == 6_000)
    for failures in [8, 9, 20, 1_000, .max] {
      #expect(Backoff.pauseMilliseconds(failures: failures, random: 0) >= limits.upperBound * 2 / 5)
      #expect(Backoff.pauseMilliseconds(failures: failures, random: 1) <= limits.upperBound)
    }
    for failures in [.min, -1, 0] {
      #expect(limits.contains(Backoff.pauseMilliseconds(failures: failures, random: .nan)))
    }
    var backoff = Backoff()
    #expect(backoff.failed(random: 0) < backoff.failed(random: 0))
    backoff.succeeded()
    #expect(backoff.failures == 0)
  }
}
