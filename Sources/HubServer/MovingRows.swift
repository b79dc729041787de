import Logging
import ServiceLifecycle
import SyncHub

/// Goes on with rows that are on their way to another scope, so that they come there though nobody calls.
struct MovingRows: Service {
  let hub: Hub
  let logger: Logger
  let now: @Sendable () -> Int64

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        await goOn()
        try await Task.sleep(for: .seconds(1))
      }
    }
  }

  private func goOn() async {
    do {
      while !Task.isCancelled {
        guard try await offEventLoop({ try hub.goOnMoving(wallMilliseconds: now()) }) else {
          return
        }
      }
    } catch {
      // Whoever calls tries again, and so does this.
      logger.warning("moving", metadata: ["error": "\(error)"])
    }
  }
}
