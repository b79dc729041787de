package import SyncCore

/// What a sync asks of the hub next.
package enum SyncRequest: Equatable, Sendable {
  case push([UInt8])
  case pull(PullRequest)
  case compare(ComparisonRequest)
  case offer(WordOffer)
}

/// What a sync has done so far.
package struct SyncProgress: Equatable, Sendable {
  package var sent = 0
  /// Of what was sent, what an operator has to decide about: as the receipts say, and once a pull is
  /// through, as it is then.
  package var conflicted = 0
  package var quarantined = 0
  package var received = 0
  /// Ranges of keys in which rows were not as the hub has them, and are again.
  package var repaired = 0

  package init() {}
}

/// One attempt to come into step with the hub: it says what to send, and is told what came back.
///
/// It does no I/O but the store's and knows no clock, so a simulator can drive it as a network
/// would. One attempt is one value: whatever breaks off, the next attempt starts from the store.
package struct SyncRound {
  /// Which ways a sync goes.
  package struct Directions: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let push = Directions(rawValue: 1)
    package static let pull = Directions(rawValue: 2)
  }

  private let store: DeviceStore
  private let identity: DeviceIdentity
  private let directions: Directions
  private var remaining: Directions
  private var hasBegun = false
  /// Whether the store is locked and the hub has not been told so yet in this attempt.
  private var hasToTell = false
  private var lastRequest: SyncRequest?
  private var recoveries = 0
  /// Whether a comparison has settled something since the last pull.
  private var hasSettled = false
  /// What the receipts said is in conflict.
  private var questions: [(epoch: Int, sequence: Int64)] = []
  /// What the hub's clock and this device's showed when the hub said what time it is.
  private var clocks: (hub: Int64, own: Int64)?
  package private(set) var progress = SyncProgress()

  /// How often one attempt answers a gap or a fork before it gives up until the next.
  private static let recoveriesMax = 8

  package init(
    _ store: DeviceStore, identity: DeviceIdentity, directions: Directions = [.push, .pull]
  ) {
    self.store = store
    self.identity = identity
    self.directions = directions
    remaining = directions
  }

  /// The next request, or nothing if this attempt is complete.
  package mutating func next(wallMilliseconds: Int64) throws -> SyncRequest? {
    lastRequest = try decide(wallMilliseconds: wallMilliseconds)
    return lastRequest
  }

  private mutating func decide(wallMilliseconds: Int64) throws -> SyncRequest? {
    if !hasBegun {
      hasBegun = true
      try store.scrubSlice(wallMilliseconds: wallMilliseconds)
      hasToTell = try store.isLocked()
    }
    // A hub that was put back takes in nothing of a revoked device's before it knows again that it is one.
    if hasToTell { return try store.nextPull() }
    if remaining.contains(.push) {
      if let envelope = try store.nextEnvelope(
        identity: identity, wallMilliseconds: wallMilliseconds)
      {
        return .push(envelope)
      }
      remaining.remove(.push)
      if progress.sent > 0 { try store.raiseEnvelopeBytes() }
    }
    if remaining.contains(.pull) {
      if let offer = try store.nextOffer() { return .offer(offer) }
      return try store.nextPull()
    }
    guard directions.contains(.pull) else { return nil }
    return try store.nextComparison().map { .compare($0) }
  }

  /// Signs the last request for this moment.
  ///
  /// - Parameters:
  ///   - request: What ``next(wallMilliseconds:)`` gave.
  ///   - nonce: A random text that is never used again.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: What goes along with it.
  /// - Throws: SQLite's errors, and `CryptoKitError` if the identity's key is none.
  package func sign(
    _ request: SyncRequest, nonce: String, wallMilliseconds: Int64
  ) throws -> SignedRequest {
    try identity.signRequest(
      to: request.path, body: request.body, nonce: nonce,
      hubMilliseconds: hubTime(wallMilliseconds: wallMilliseconds))
  }

  /// What time it is at the hub: as it has just said, or as the store reckons from the last contact.
  package func hubTime(wallMilliseconds: Int64) throws -> Int64 {
    guard let clocks else { return try store.hubTime(wallMilliseconds: wallMilliseconds) }
    return clocks.hub &+ (wallMilliseconds &- clocks.own)
  }

  /// Takes in the answer to the last request.
  ///
  /// - Throws: `WireError` if the bytes are no such answer; nothing has been changed then.
  package mutating func receive(_ bytes: [UInt8], wallMilliseconds: Int64) throws {
    hasToTell = false
    switch lastRequest {
    case .push:
      let reply = try PushReply(decoding: bytes)
      try store.store(reply, bytes, identity: identity, wallMilliseconds: wallMilliseconds)
      progress.sent += reply.receipts.count
      questions += reply.receipts.filter { $0.disposition == .conflicted && !$0.isSettled }
        .map { (reply.epoch, $0.sequence) }
      progress.conflicted = questions.count
      progress.quarantined += reply.receipts.count { $0.disposition == .quarantined }
      if reply.receipts.isEmpty { throw WireError.malformed("answer to a push") }
    case .pull:
      guard let lastRequest,
        let page = try store.receive(
          page: bytes, for: lastRequest, wallMilliseconds: wallMilliseconds)
      else { break }
      progress.received += page.rowCount
      if page.isLast, try store.read({ try store.releasedCursor($0) }) == nil {
        remaining.remove(.pull)
        progress.conflicted = try store.inQuestion(questions)
      }
    case .compare(let request):
      let differed = try store.read { try store.hasDifferences($0) }
      let isRepaired = try store.receive(
        comparison: try ComparisonReply(decoding: bytes), for: request,
        wallMilliseconds: wallMilliseconds)
      if isRepaired { progress.repaired += 1 }
      if try isRepaired || differed && !store.read({ try store.hasDifferences($0) }) {
        hasSettled = true
      }
      // What was found goes out at once, and the pull after it compares again, whichever of the
      // comparisons found it: only that pull can say that all is in step.
      if try hasSettled && store.nextComparison() == nil, recoveries < Self.recoveriesMax {
        hasSettled = false
        recoveries += 1
        remaining = directions
      }
    case .offer:
      _ = try WordOffer.count(inReply: bytes)
      try store.noteOffered()
    case nil: break
    }
    lastRequest = nil
  }

  /// What became of a push that was too much for somebody.
  package enum Reduction: Equatable, Sendable {
    /// The next one carries less.
    case smaller
    /// It was one transaction, which cannot be cut (law L4): it stays here, and what was written after
    /// it, and this attempt goes on without sending.
    case single(OversizedWork)
    /// The last request was no push.
    case notAPush
  }

  /// Sends less at once from here on, since somebody on the way does not take as much.
  ///
  /// - Parameter minimum: Pushes of fewer bytes are left as they are: their size is not the reason.
  /// - Returns: What is done instead; ``Reduction/notAPush`` too for a push of fewer bytes than that.
  /// - Throws: SQLite's errors.
  package mutating func sendLess(ifAbove minimum: Int = 0) throws -> Reduction {
    guard case .push(let bytes) = lastRequest, bytes.count > minimum,
      let bodies = try? Envelope(decoding: bytes).changeSets, let first = bodies.first
    else { return .notAPush }
    lastRequest = nil
    if bodies.count == 1 {
      remaining.remove(.push)
      return .single(OversizedWork(first, store.schema))
    }
    try store.keepEnvelopes(upTo: bodies.reduce(0) { $0 + $1.count } / 2)
    return .smaller
  }

  /// Takes in the hub's refusal of the last request.
  ///
  /// - Parameters:
  ///   - refusal: What the hub said.
  ///   - newEpoch: A random number, used if this store has to part from another one's stream.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: The refusal itself if there is nothing that the device can do about it.
  package mutating func receive(_ refusal: Refusal, newEpoch: Int, wallMilliseconds: Int64) throws {
    recoveries += 1
    guard recoveries <= Self.recoveriesMax else { throw refusal }
    let hasTold = hasToTell
    if refusal.code != .stale { hasToTell = false }
    switch refusal.code {
    case .gap:
      // One that comes late is about what has been offered again since: its receipts hold.
      guard let lastRequest, try store.isWaiting(for: lastRequest) else { break }
      if try store.hasOtherWork(before: refusal) {
        try leave(refusal.epoch, for: newEpoch, wallMilliseconds: wallMilliseconds)
        break
      }
      let isKnown = try store.reoffer(
        epoch: refusal.epoch, from: refusal.sequence, wallMilliseconds: wallMilliseconds)
      // What was written under a former name goes out under the present one.
      if try !isKnown || !store.isOwnStream(refusal.epoch) {
        try store.beginEpoch(newEpoch, wallMilliseconds: wallMilliseconds)
      }
    case .fork: try part(after: refusal, newEpoch: newEpoch, wallMilliseconds: wallMilliseconds)
    case .stale:
      // Only what it has to sign anew; where it stands has not changed.
      clocks = (refusal.hubMilliseconds, wallMilliseconds)
      return
    case .revoked:
      try store.lock(wallMilliseconds: wallMilliseconds)
      // What is recorded here may be handed in all the same.
      if !hasTold { throw refusal }
    case .snapshotNeeded where isDifferent(from: refusal): try store.beginPullAnew()
    case .snapshotNeeded:
      try store.askForSnapshot(reason: refusal.detail, wallMilliseconds: wallMilliseconds)
    case .notFound where lastRequest?.path == HTTPContract.wordsPath:
      // A hub of an older program takes no words.
      try store.forgoOffering()
    default: throw refusal
    }
    remaining.formUnion(directions)
    lastRequest = nil
  }

  /// Whether something else has become the holder's while pages of the difference came.
  private func isDifferent(from refusal: Refusal) -> Bool {
    guard refusal.detail == Refusal.otherScopes, case .pull(let request) = lastRequest else {
      return false
    }
    return request.difference == .goesOn
  }

  /// The hub has something else than this store in the store's own stream.
  ///
  /// If that is about work that has its receipt, the receipt is of another life of the hub: all that
  /// is kept of the stream is offered anew, and what the hub has of it after all it knows again. A
  /// refusal that came late, about a stream that the store has left or a sequence that has its receipt
  /// meanwhile, says nothing.
  private func part(after refusal: Refusal, newEpoch: Int, wallMilliseconds: Int64) throws {
    let standings = try store.read { try store.standings($0) }
    guard let stream = standings.first(where: { $0.epoch == refusal.epoch }) else { return }
    let isPresent = stream == standings.last
    var isOther = try !isPresent || store.hasOtherWork(before: refusal)
    switch lastRequest {
    case .pull(let request):
      guard request.standings.contains(stream) else { return }
      if refusal.sequence == stream.acknowledged {
        isOther = true
      } else if !isPresent || refusal.sequence <= stream.sealed {
        return
      }
    case .push where !isPresent:
      guard let lastRequest, try store.isWaiting(for: lastRequest) else { return }
    default: if refusal.sequence <= stream.acknowledged { return }
    }
    if isOther { return try leave(stream.epoch, for: newEpoch, wallMilliseconds: wallMilliseconds) }
    try store.beginEpoch(newEpoch, wallMilliseconds: wallMilliseconds)
  }

  /// Gives a stream up in which the hub has other work: all of it is offered in another.
  private func leave(_ epoch: Int, for newEpoch: Int, wallMilliseconds: Int64) throws {
    try store.reofferAll(sinceStream: epoch, wallMilliseconds: wallMilliseconds)
    try store.beginEpoch(newEpoch, wallMilliseconds: wallMilliseconds)
  }
}
