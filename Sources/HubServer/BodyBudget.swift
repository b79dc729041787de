import SyncCore
import Synchronization

/// How much memory the bodies of all requests under way may take together.
///
/// Each is bounded by itself; but what one connection may hold, a thousand may not.
final class BodyBudget: Sendable {
  private let left: Mutex<Int>

  init(bytes: Int) { left = Mutex(bytes) }

  /// Takes so many bytes.
  ///
  /// - Throws: `Refusal` if they are not there; devices try again later.
  func take(_ bytes: Int) throws {
    let isThere = left.withLock { left in
      if left < bytes { return false }
      left -= bytes
      return true
    }
    if !isThere { throw Refusal(.unavailable, detail: "busy") }
  }

  func giveBack(_ bytes: Int) { left.withLock { $0 += bytes } }
}

/// A body that comes in, whose memory is given back when nobody holds it any more.
struct HeldBody: Sendable {
  private final class Lease: Sendable {
    let budget: BodyBudget
    let bytes = Mutex(0)

    init(_ budget: BodyBudget) { self.budget = budget }
    deinit { budget.giveBack(bytes.withLock { $0 }) }
  }

  private let lease: Lease
  private(set) var bytes: [UInt8] = []

  init(_ budget: BodyBudget) { lease = Lease(budget) }

  /// An empty one out of the same budget.
  func another() -> HeldBody { HeldBody(lease.budget) }

  /// Holds room for what will be made of it.
  ///
  /// - Throws: `Refusal` if it is not there at the moment.
  func reserve(_ bytes: Int) throws {
    try lease.budget.take(bytes)
    lease.bytes.withLock { $0 += bytes }
  }

  /// - Throws: `Refusal` if there is no memory for it at the moment.
  mutating func append(_ more: some Collection<UInt8>) throws {
    try reserve(more.count)
    bytes.append(contentsOf: more)
  }
}
