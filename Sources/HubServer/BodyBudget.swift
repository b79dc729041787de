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

/// A body that comes in.
///
/// The room that it takes is given back when nobody holds it any more; its bytes go to whoever takes them.
final class HeldBody: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var room = 0
  }

  private let budget: BodyBudget
  private let state = Mutex(State())

  init(_ budget: BodyBudget) { self.budget = budget }
  deinit { budget.giveBack(state.withLock { $0.room }) }

  /// An empty one out of the same budget.
  func another() -> HeldBody { HeldBody(budget) }

  var count: Int { state.withLock { $0.bytes.count } }

  /// The bytes, which stay here.
  var bytes: [UInt8] { state.withLock { $0.bytes } }

  /// The bytes, which are nobody else's from then on; the room stays taken.
  func takeBytes() -> [UInt8] {
    state.withLock { state in
      defer { state.bytes = [] }
      return state.bytes
    }
  }

  /// Holds room for what will be made of it.
  ///
  /// - Throws: `Refusal` if it is not there at the moment.
  func reserve(_ bytes: Int) throws {
    try budget.take(bytes)
    state.withLock { $0.room += bytes }
  }

  /// Makes room at once for so many bytes, so that none is made twice.
  func expect(_ bytes: Int) { state.withLock { $0.bytes.reserveCapacity(bytes) } }

  /// - Throws: `Refusal` if there is no memory for it at the moment.
  func append(_ more: some Collection<UInt8> & Sendable) throws {
    try reserve(more.count)
    state.withLock { $0.bytes.append(contentsOf: more) }
  }
}
