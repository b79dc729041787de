import SyncCore

/// Finds out whether anything can be written, for whoever asks, strangers among them: one look at a time,
/// and none where the last has just been good.
actor Readiness {
  private let patience: Duration
  private let look: @Sendable () throws -> Void
  private var underWay: Task<Void, any Error>?
  private var lastGood: ContinuousClock.Instant?

  private static let goodFor = Duration.seconds(1)

  /// - Parameters:
  ///   - patience: How long a look may take: whoever holds the storage longer keeps everybody out.
  ///   - look: Writes something.
  init(patience: Duration, look: @escaping @Sendable () throws -> Void) {
    self.patience = patience
    self.look = look
  }

  /// - Throws: `Refusal` if the storage is held by somebody else, and the storage's errors.
  func check() async throws {
    if let lastGood, lastGood.duration(to: .now) < Self.goodFor { return }
    let task = underWay ?? Task { [look] in try await offEventLoop(look) }
    if underWay == nil {
      underWay = task
      Task { self.ended(await task.result) }
    }
    let (outcomes, outcome) = AsyncStream.makeStream(of: Result<Void, any Error>.self)
    let written = Task { outcome.yield(await task.result) }
    let waiting = Task { [patience] in
      try await Task.sleep(for: patience)
      outcome.yield(.failure(Refusal(.unavailable, detail: "locked")))
    }
    defer {
      written.cancel()
      waiting.cancel()
    }
    for await first in outcomes { return try first.get() }
    throw CancellationError()
  }

  private func ended(_ result: Result<Void, any Error>) {
    underWay = nil
    if case .success = result { lastGood = .now }
  }
}
