package import SyncCore

/// How one hash after the other covers the hub's history.
///
/// The hub's time is in it: a hub that was put back and is given the same work again has made something
/// else of it. So is what the hub noted when it took a change set in: whose it is, and what became of it.
/// What became of work in quarantine later is for acts to say, which are change sets themselves.
package enum HistoryChain {
  /// The act with which the chain of an older hub began to cover more than bytes and time.
  static let beginning = "chain 2"

  /// So many bytes keep apart what a seal is made from, and what it is, in one column.
  static let saltBytes = 16
  static let sealBytes = 32

  /// No chain of the older rule begins so, since that begins with a hash.
  private static let mark = Array("thuan chain 2".utf8)

  /// What stands for a change set's bytes in the chain.
  ///
  /// - Parameters:
  ///   - salt: Random bytes, kept beside them: with both gone, no guess at the bytes can be tried.
  ///   - hash: The hash of the bytes.
  /// - Returns: The SHA-256 of both.
  package static func seal(_ salt: [UInt8], _ hash: [UInt8]) -> [UInt8] {
    ChangeSet.hash(of: salt + hash)
  }

  /// The hash over a history that goes on with a change set.
  ///
  /// - Parameters:
  ///   - chain: The hash so far.
  ///   - seal: What stands for its bytes.
  ///   - notes: What the hub noted of it.
  /// - Returns: The next hash.
  static func next(after chain: [UInt8], seal: [UInt8], _ notes: Notes) -> [UInt8] {
    ChangeSet.hash(of: mark + chain + seal + encodedValues(notes.values))
  }

  /// The hash by the rule of older hubs.
  package static func former(after chain: [UInt8], _ hash: [UInt8], received: Value) -> [UInt8] {
    ChangeSet.hash(of: chain + hash + encodedValues([received]))
  }

  /// What the hub noted of a change set when it took it in, as it is in the columns.
  struct Notes {
    var device: Value
    var epoch: Value
    var sequence: Value
    var officer: Value
    var wall: Value
    var received: Value
    var isFlagged: Value
    var disposition: Value
    var reason: Value

    fileprivate var values: [Value] {
      [device, epoch, sequence, officer, wall, received, isFlagged, disposition, reason]
    }
  }
}

extension HubStore {
  /// From the next change set on, an older hub's chain covers what it notes of them; that it does is on
  /// record, so that nobody can say later that it never did.
  func beginChain(wallMilliseconds: Int64) throws {
    let last = try connection.first(
      "SELECT seal FROM hub_change_set ORDER BY number DESC LIMIT 1")
    guard let last, last[0] == .null else { return }
    try record(HistoryChain.beginning, by: "", wallMilliseconds: wallMilliseconds)
    try finish()
  }
}
