import SyncCore
import Synchronization

extension Hub {
  /// Goes on with rows that are on their way to another scope, some thousand of them, a transaction for
  /// every few: between those others get their turn.
  ///
  /// - Parameter wallMilliseconds: The hub's time.
  /// - Returns: Whether there may be more.
  /// - Throws: The storage's errors.
  package func goOnMoving(wallMilliseconds: Int64) throws -> Bool {
    try moving.inTurn {
      // Those that are next are read while nobody is kept from writing.
      let limit = movedRows * Self.transactionsRead
      guard var row = try read({ try $0.nextFollowing(limit: limit) }) else { return false }
      for _ in 0..<Self.transactionsRead {
        let left = try write { try $0.goOn(row, wallMilliseconds: wallMilliseconds) }
        guard let left else { break }
        row = left
      }
      return true
    }
  }

  private static let transactionsRead = 20

  /// Reads a state in which no row is on its way to another scope: whoever is told of one that is may be
  /// told what is not his.
  ///
  /// - Parameters:
  ///   - wallMilliseconds: The hub's time.
  ///   - body: Reads.
  /// - Returns: What `body` returns.
  /// - Throws: The storage's errors, and what `body` throws.
  func readPlaced<T>(_ wallMilliseconds: Int64, _ body: (HubStore) throws -> T) throws -> T {
    while true {
      let result = try read { store in try store.hasFollowing() ? nil : body(store) }
      if let result { return result }
      while try goOnMoving(wallMilliseconds: wallMilliseconds) {}
    }
  }
}

/// Lets one after the other move rows: all who wait for it wait for the same.
final class Moving: Sendable {
  private let turn = Mutex(())

  func inTurn<T>(_ body: () throws -> T) rethrows -> T { try turn.withLock { _ in try body() } }
}
