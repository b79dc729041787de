import SyncCore
import SyncSQLite

/// The end of a hub's history: how many change sets it has, and the hash over all of them.
///
/// Kept somewhere else, it proves later that nothing before it was altered, removed or reordered;
/// whoever can write to the hub's file could otherwise make a new chain for a new history.
package struct HistoryHead: Equatable, Sendable, CustomStringConvertible {
  package let number: Int64
  /// SHA-256; empty for a hub that has nothing yet.
  package let chain: [UInt8]

  package init(number: Int64, chain: [UInt8]) {
    self.number = number
    self.chain = chain
  }

  /// The number and the hash in hexadecimal digits: `1204:9f86d0…`.
  package var description: String {
    let digits = chain.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    return "\(number):\(digits.joined())"
  }

  /// Reads what ``description`` gives; nothing if it is no such text.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int64(parts[0]), number >= 0 else { return nil }
    let digits = Array(parts[1])
    guard digits.count == (number == 0 ? 0 : 64), digits.allSatisfy(\.isHexDigit) else {
      return nil
    }
    var chain: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let byte = UInt8(String(digits[index...index + 1]), radix: 16) else { return nil }
      chain.append(byte)
    }
    self.init(number: number, chain: chain)
  }
}

/// The first place where a hub's history is not what came.
package struct HistoryFlaw: Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// The change set's number is not the next one: something before it has been removed.
    case missing
    /// Its bytes are not those that its hash was made of.
    case altered
    /// Its hash or the time when it came do not fit the chain: it has been altered, or its place has.
    case outOfChain
    /// It is filed in another stream or at another place than it says itself.
    case misfiled
    /// It does not go on from the one before it in its device's own chain.
    case outOfStream
    /// The history ends before it, and should not: by what the books say of a stream's end, or a head
    /// that was taken down.
    case cutOff
    /// It is not what it was when the head was taken down.
    case otherThanHead
  }

  package let kind: Kind
  package let number: Int64

  package init(_ kind: Kind, _ number: Int64) {
    self.kind = kind
    self.number = number
  }
}

extension Hub {
  /// Reads the whole history and proves that nothing in it was altered, removed or reordered.
  ///
  /// It takes one pass; beside one change set at a time, one hash for every stream is held.
  ///
  /// - Parameter heads: What was taken down of it before.
  /// - Returns: The present head, and the first flaw, if there is one.
  /// - Throws: The storage's errors.
  package func verifyHistory(against heads: [HistoryHead] = []) throws -> (
    head: HistoryHead, flaw: HistoryFlaw?
  ) {
    try read { store in
      var verifier = HistoryVerifier(heads)
      try store.connection.each(HistoryVerifier.select, []) { row in
        verifier.read(row)
        return verifier.flaw == nil
      }
      if verifier.flaw == nil { verifier.finish(try store.streamEnds()) }
      let (last, chain) = try store.lastChangeSet()
      return (HistoryHead(number: last, chain: chain), verifier.flaw)
    }
  }
}

extension HubStore {
  /// The last sequence and hash of every stream that has any.
  fileprivate func streamEnds() throws -> [Int64: HistoryVerifier.StreamEnd] {
    var ends: [Int64: HistoryVerifier.StreamEnd] = [:]
    try connection.each(
      "SELECT id, last_sequence, last_hash FROM hub_stream WHERE last_sequence > 0", []
    ) { row in
      guard let id = row[0].integer, let sequence = row[1].integer, case .blob(let hash) = row[2]
      else { return true }
      ends[id] = .init(sequence: sequence, hash: hash)
      return true
    }
    return ends
  }
}

/// One pass over the history, oldest first.
private struct HistoryVerifier {
  struct StreamEnd {
    let sequence: Int64
    let hash: [UInt8]
  }

  static let select = """
    SELECT c.number, c.stream, c.sequence, c.hash, c.body, c.received_at, c.chain, s.device, s.epoch
    FROM hub_record c LEFT JOIN hub_stream s ON s.id = c.stream ORDER BY c.number
    """

  private(set) var head = HistoryHead(number: 0, chain: [])
  private(set) var flaw: HistoryFlaw?
  private var ends: [Int64: StreamEnd] = [:]
  private let heads: [HistoryHead]

  init(_ heads: [HistoryHead]) { self.heads = heads }

  mutating func read(_ row: [Value]) {
    guard let number = row[0].integer, let stream = row[1].integer, let sequence = row[2].integer,
      case .blob(let hash) = row[3], case .blob(let body) = row[4], case .blob(let chain) = row[6]
    else { return }
    flaw =
      flaw(number, hash, body, received: row[5], chain)
      ?? misfiling(number, stream, sequence, body, device: row[7], epoch: row[8])
    head = HistoryHead(number: number, chain: chain)
    ends[stream] = StreamEnd(sequence: sequence, hash: hash)
    if flaw == nil, heads.contains(where: { $0.number == number && $0.chain != chain }) {
      flaw = HistoryFlaw(.otherThanHead, number)
    }
  }

  private func flaw(
    _ number: Int64, _ hash: [UInt8], _ body: [UInt8], received: Value, _ chain: [UInt8]
  ) -> HistoryFlaw? {
    if number != head.number + 1 { return HistoryFlaw(.missing, head.number + 1) }
    if ChangeSet.hash(of: body) != hash { return HistoryFlaw(.altered, number) }
    if HubStore.chain(after: head.chain, hash, received: received) != chain {
      return HistoryFlaw(.outOfChain, number)
    }
    return nil
  }

  /// What was damaged before it came can say nothing of its place.
  private func misfiling(
    _ number: Int64, _ stream: Int64, _ sequence: Int64, _ body: [UInt8], device: Value,
    epoch: Value
  ) -> HistoryFlaw? {
    let last = ends[stream]
    if sequence != (last?.sequence ?? 0) + 1 { return HistoryFlaw(.outOfStream, number) }
    guard let changeSet = try? ChangeSet(decoding: body) else { return nil }
    guard changeSet.sequence == sequence, device.text == changeSet.stream.device,
      epoch.integer == Int64(changeSet.stream.epoch)
    else { return HistoryFlaw(.misfiled, number) }
    if let last, changeSet.previous != last.hash { return HistoryFlaw(.outOfStream, number) }
    return nil
  }

  /// Looks whether anything is missing at the end.
  mutating func finish(_ books: [Int64: StreamEnd]) {
    let isWhole = books.allSatisfy { stream, end in
      ends[stream]?.sequence == end.sequence && ends[stream]?.hash == end.hash
    }
    if !isWhole || heads.contains(where: { $0.number > head.number }) {
      flaw = HistoryFlaw(.cutOff, head.number + 1)
    }
  }
}
