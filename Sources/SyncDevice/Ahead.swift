import Dispatch
import Synchronization

/// A value that is worked out on another thread while this one goes on.
///
/// It must come from what it is made of alone, so that it makes no difference when.
final class Ahead<Output: Sendable>: Sendable {
  private let queue = DispatchQueue(label: "Ahead", qos: .userInitiated)
  private let result = Mutex<Result<Output, any Error>>(.failure(CancellationError()))

  /// - Parameter work: What makes it.
  init(_ work: @escaping @Sendable () throws -> Output) {
    queue.async { [self] in
      let made = Result(catching: work)
      result.withLock { $0 = made }
    }
  }

  /// The value, once it is there.
  ///
  /// - Throws: What its making threw.
  func value() throws -> Output {
    // Waiting on the queue lends its thread this one's priority.
    try queue.sync { try result.withLock { try $0.get() } }
  }
}
