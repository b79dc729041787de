import NIOPosix
import SyncCore

/// Does work away from the event loops, which must never wait: SQLite's is synchronous.
func offEventLoop<T: Sendable>(
  _ work: @escaping @Sendable () throws -> T
) async throws -> T {
  try await NIOThreadPool.singleton.runIfActive(work)
}

/// Does one thing after another, and refuses more than a few that wait.
actor Queue {
  private var count = 0
  private var last = Task<Void, Never> {}
  private static let longest = 16

  /// - Throws: `Refusal` if too many wait, and what the work throws.
  func run<T: Sendable>(_ work: @escaping @Sendable () async throws -> T) async throws -> T {
    guard count < Self.longest else { throw Refusal(.unavailable) }
    count += 1
    defer { count -= 1 }
    let before = last
    let task = Task {
      await before.value
      return try await work()
    }
    last = Task { _ = try? await task.value }
    return try await task.value
  }
}
