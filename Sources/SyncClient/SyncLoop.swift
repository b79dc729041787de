import SyncCore
package import SyncDevice

/// Keeps a store in step with its hub until it is cancelled.
///
/// It looks at how things stand, never at what has happened, so nothing is missed by a program that
/// slept or started late.
package struct SyncLoop: Sendable {
  /// What there is to tell a person.
  package enum Event: Sendable {
    case started
    case finished(SyncProgress, isInStep: Bool, nextInMilliseconds: Int64)
    case failed(any Error, failures: Int, nextInMilliseconds: Int64)
  }

  private let store: DeviceStore
  private let identity: DeviceIdentity
  private let client: HubClient
  private let follow: @Sendable (HubUnavailable) async throws -> (DeviceIdentity, HubClient)?
  private let intervalMilliseconds: Int64
  private let now: @Sendable () -> Int64
  private let report: @Sendable (Event) -> Void

  /// Prepares a loop; ``run()`` starts it.
  ///
  /// - Parameters:
  ///   - store: The device's store.
  ///   - identity: The identity kept beside it.
  ///   - client: The hub.
  ///   - intervalMilliseconds: The pause after an attempt that went well.
  ///   - now: The device's clock, in milliseconds since 1970.
  ///   - follow: Where to go on after what stood in the way, if the hub has moved.
  ///   - report: Called with everything that happens.
  package init(
    store: DeviceStore, identity: DeviceIdentity, client: HubClient,
    intervalMilliseconds: Int64 = 60_000, now: @escaping @Sendable () -> Int64 = wallClock,
    follow: @escaping @Sendable (HubUnavailable) async throws -> (DeviceIdentity, HubClient)? =
      { _ in nil },
    report: @escaping @Sendable (Event) -> Void
  ) {
    self.store = store
    self.identity = identity
    self.client = client
    self.intervalMilliseconds = intervalMilliseconds
    self.now = now
    self.follow = follow
    self.report = report
  }

  /// Syncs, waits, and begins again.
  ///
  /// - Throws: `CancellationError`, and nothing else: no failure is the last word.
  @concurrent
  package func run() async throws -> Never {
    var backoff = Backoff()
    var (identity, client) = (identity, client)
    while true {
      try Task.checkCancellation()
      report(.started)
      let pause: Int64
      do {
        do { pause = try await attempt(identity, client) } catch let error as HubUnavailable {
          guard let place = try await follow(error) else { throw error }
          (identity, client) = place
          pause = try await attempt(identity, client)
        }
        backoff.succeeded()
      } catch {
        // An error that came out of a cancelled attempt is the cancellation's.
        try Task.checkCancellation()
        pause = backoff.failed(random: .random(in: 0..<1))
        report(.failed(error, failures: backoff.failures, nextInMilliseconds: pause))
      }
      try await Task.sleep(for: .milliseconds(pause))
    }
  }

  /// - Returns: How long to wait for the next attempt.
  private func attempt(_ identity: DeviceIdentity, _ client: HubClient) async throws -> Int64 {
    let progress = try await synchronise(
      store: store, identity: identity, client: client, now: now)
    let status = try store.status(wallMilliseconds: now())
    // What was written while the attempt was under way goes out at once.
    let pause =
      status.waitingChangeSets > 0
      ? SyncLimits.backoffMilliseconds.lowerBound : intervalMilliseconds
    report(.finished(progress, isInStep: status.isInStep, nextInMilliseconds: pause))
    return pause
  }
}
