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
    /// Its bytes are not those that its hash was made of, and no act says that they were erased.
    case altered
    /// Its hash, or what the hub noted of it, does not fit the chain: it has been altered, or its place has.
    case outOfChain
    /// It is filed in another stream or at another place than it says itself.
    case misfiled
    /// It does not go on from the one before it in its device's own chain.
    case outOfStream
    /// The history ends before it, and should not: by what the books say of a stream's end, or a head
    /// that was taken down.
    case cutOff
    /// It is said to have been dismissed, and no act says so.
    case unsaid
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

/// What reading a hub's history has proved.
package struct HistoryProof: Equatable, Sendable {
  /// The present head.
  package let head: HistoryHead
  /// The first flaw, if there is one.
  package let flaw: HistoryFlaw?
  /// The first change set of which the chain covers whose it is and what became of it; nothing if it does
  /// of none yet.
  package let covered: Int64?
  /// Change sets whose bytes have been erased by law: an act says so, and the chain holds without them.
  package let erased: [Int64]
}

extension Hub {
  /// Reads the whole history and proves that nothing in it was altered, removed or reordered.
  ///
  /// It takes one pass; beside one change set at a time, one hash for every stream is held.
  ///
  /// - Parameter heads: What was taken down of it before.
  /// - Returns: What that has proved.
  /// - Throws: The storage's errors.
  package func verifyHistory(against heads: [HistoryHead] = []) throws -> HistoryProof {
    try read { store in
      var verifier = HistoryVerifier(heads)
      try store.connection.each(HistoryVerifier.select, []) { row in
        verifier.read(row)
        return verifier.flaw == nil
      }
      if verifier.flaw == nil {
        verifier.finish(try store.streamEnds(), dismissed: try store.dismissedNumbers())
      }
      let (last, chain) = try store.lastChangeSet()
      return HistoryProof(
        head: HistoryHead(number: last, chain: chain), flaw: verifier.flaw,
        covered: verifier.covered, erased: verifier.erased)
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

  /// Change sets that are said to have been dismissed.
  fileprivate func dismissedNumbers() throws -> [Int64] {
    try connection.rows(
      """
      SELECT c.number FROM thuan_quarantine q
        JOIN hub_stream s ON s.device = q.device AND s.epoch = q.epoch
        JOIN hub_change_set c ON c.stream = s.id AND c.sequence = q.sequence
      WHERE q.state = 'dismissed' ORDER BY +c.number
      """
    ).compactMap { $0[0].integer }
  }
}

/// One pass over the history, oldest first.
private struct HistoryVerifier {
  struct StreamEnd {
    let sequence: Int64
    let hash: [UInt8]
  }

  static let select = """
    SELECT r.number, r.stream, r.sequence, r.hash, r.body, r.chain, c.seal, s.device, s.epoch,
      r.officer, r.wall, r.received_at, r.is_flagged, r.disposition, r.reason
    FROM hub_record r JOIN hub_change_set c ON c.number = r.number
      LEFT JOIN hub_stream s ON s.id = r.stream
    ORDER BY r.number
    """

  /// A row of ``select``.
  struct Entry {
    let number: Int64
    let stream: Int64
    let sequence: Int64
    let hash: [UInt8]
    let body: [UInt8]
    let chain: [UInt8]
    /// Nothing where the chain goes by the older rule.
    let seal: [UInt8]?
    let notes: HistoryChain.Notes

    init?(_ row: [Value]) {
      guard let number = row[0].integer, let stream = row[1].integer,
        let sequence = row[2].integer, case .blob(let hash) = row[3],
        case .blob(let body) = row[4], case .blob(let chain) = row[5]
      else { return nil }
      (self.number, self.stream, self.sequence) = (number, stream, sequence)
      (self.hash, self.body, self.chain) = (hash, body, chain)
      seal = if case .blob(let bytes) = row[6] { bytes } else { nil }
      notes = HistoryChain.Notes(
        device: row[7], epoch: row[8], sequence: row[2], officer: row[9], wall: row[10],
        received: row[11], isFlagged: row[12], disposition: row[13], reason: row[14])
    }

    /// Whether its bytes are said to have been erased: its seal is kept in place of what that is made of.
    var isErased: Bool { seal?.count == HistoryChain.sealBytes }
  }

  private(set) var head = HistoryHead(number: 0, chain: [])
  private(set) var flaw: HistoryFlaw?
  private(set) var covered: Int64?
  private(set) var erased: [Int64] = []
  private var ends: [Int64: StreamEnd] = [:]
  /// What the hub did, without why.
  private var acts: Set<String> = []
  private let heads: [HistoryHead]

  init(_ heads: [HistoryHead]) { self.heads = heads }

  mutating func read(_ row: [Value]) {
    guard let entry = Entry(row) else { return }
    let changeSet = entry.isErased ? nil : try? ChangeSet(decoding: entry.body)
    flaw = flaw(entry, act: changeSet?.ownAct) ?? misfiling(entry, changeSet)
    if entry.seal != nil, covered == nil { covered = entry.number }
    if entry.isErased { erased.append(entry.number) }
    if let act = changeSet?.ownAct { acts.insert(String(act.prefix { $0 != ":" })) }
    head = HistoryHead(number: entry.number, chain: entry.chain)
    ends[entry.stream] = StreamEnd(sequence: entry.sequence, hash: entry.hash)
    if flaw == nil,
      heads.contains(where: { $0.number == entry.number && $0.chain != entry.chain })
    {
      flaw = HistoryFlaw(.otherThanHead, entry.number)
    }
  }

  private func flaw(_ entry: Entry, act: String?) -> HistoryFlaw? {
    if entry.number != head.number + 1 { return HistoryFlaw(.missing, head.number + 1) }
    if !entry.isErased, ChangeSet.hash(of: entry.body) != entry.hash {
      return HistoryFlaw(.altered, entry.number)
    }
    return chain(entry, act: act) == entry.chain ? nil : HistoryFlaw(.outOfChain, entry.number)
  }

  /// What the chain has to be; nothing where the rule by which an entry goes is none for its place.
  private func chain(_ entry: Entry, act: String?) -> [UInt8]? {
    guard let kept = entry.seal else {
      if covered != nil { return nil }
      return HistoryChain.former(after: head.chain, entry.hash, received: entry.notes.received)
    }
    // Nobody can say of an older part that it was never covered: the record says where that begins.
    let isBeginning = entry.number == 1 || act == HistoryChain.beginning
    guard covered != nil || isBeginning else { return nil }
    let seal = entry.isErased ? kept : HistoryChain.seal(kept, entry.hash)
    return HistoryChain.next(after: head.chain, seal: seal, entry.notes)
  }

  /// What was damaged before it came can say nothing of its place, nor what has been erased.
  private func misfiling(_ entry: Entry, _ changeSet: ChangeSet?) -> HistoryFlaw? {
    let last = ends[entry.stream]
    if entry.sequence != (last?.sequence ?? 0) + 1 {
      return HistoryFlaw(.outOfStream, entry.number)
    }
    guard let changeSet else { return nil }
    guard changeSet.sequence == entry.sequence,
      entry.notes.device.text == changeSet.stream.device,
      entry.notes.epoch.integer == Int64(changeSet.stream.epoch)
    else { return HistoryFlaw(.misfiled, entry.number) }
    if let last, changeSet.previous != last.hash {
      return HistoryFlaw(.outOfStream, entry.number)
    }
    return nil
  }

  /// Looks whether anything is missing at the end, and whether acts say what only they can.
  mutating func finish(_ books: [Int64: StreamEnd], dismissed: [Int64]) {
    let isWhole = books.allSatisfy { stream, end in
      ends[stream]?.sequence == end.sequence && ends[stream]?.hash == end.hash
    }
    if !isWhole || heads.contains(where: { $0.number > head.number }) {
      flaw = HistoryFlaw(.cutOff, head.number + 1)
      return
    }
    if let number = erased.first(where: { !acts.contains("erase \($0)") }) {
      flaw = HistoryFlaw(.altered, number)
    } else if let number = dismissed.first(where: { !acts.contains("dismiss \($0)") }) {
      flaw = HistoryFlaw(.unsaid, number)
    }
  }
}

extension ChangeSet {
  /// What the hub did by it; nothing for a device's.
  fileprivate var ownAct: String? { stream == StreamID(device: "hub", epoch: 0) ? act : nil }
}
