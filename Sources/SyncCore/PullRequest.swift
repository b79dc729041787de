/// What a device asks for when it pulls, and where it stands.
///
/// The hub looks at the standing first: a device that was put back from a copy has less of its own
/// stream than the hub, a hub that was put back has less than the device was given receipts for.
/// Either is noticed before a row travels.
package struct PullRequest: Equatable, Sendable {
  /// The epoch of the stream that the device writes now; 0 asks for everything, the device's own
  /// words included.
  package var epoch: Int
  /// The sequence whose state the device holds; 0 asks for the hub's whole state.
  package var cursor: Int64
  /// Where the page begins: the cursor, or the end of the page before, as the hub proved it.
  package var position: HubPoint
  /// What the device holds of its own streams.
  package var standings: [StreamStanding]
  /// What the store wrote as other devices and still waits for a decision about.
  package var former: [FormerWork]
  /// Whether the device reads rows that travel as one block.
  package var readsBlocks = true
  /// The device's digests as one number (``ColumnDigests/combined``); 0 if it says nothing of them.
  package var digest: UInt64 = 0
  /// Whether the device can be told that the hub has other work where it has left a stream, or lacks what
  /// it handed in under a former name.
  ///
  /// A hub that was put back more than once may. Programs of before would be at a loss.
  package var tellsLivesApart = false
  /// Whether the hub has told the device that it is revoked: one that was put back may not know it any more.
  package var isRevoked = false
  /// Whether the device takes only what has changed where its access has, and how far that has come.
  package var difference = DifferenceStep.none
  /// Of which scopes the rows are that the device holds, by ``Access/version``: its state, and rows that
  /// it had to hold back when that was another.
  ///
  /// Empty where that is the ``position``'s.
  package var heldAccesses: [UInt64] = []

  package enum DifferenceStep: Int, Sendable {
    /// The device takes the whole state where its access has changed.
    case none = 0
    /// It asks for the first page.
    case begins = 1
    /// It asks for another, of the access that the ``position`` names.
    case goesOn = 2
  }
  /// What the device cannot send; nothing if there is no such thing.
  package var waiting: WaitingReport?

  package init(
    epoch: Int, cursor: Int64, position: HubPoint, standings: [StreamStanding] = [],
    former: [FormerWork] = []
  ) {
    self.epoch = epoch
    self.cursor = cursor
    self.position = position
    self.standings = standings
    self.former = former
  }

  /// Whether rows may have come already, or may have to go: a later page, or the hub's whole state.
  package var isUnderWay: Bool { cursor == 0 || position.sequence != cursor }

  /// Whether two requests ask for the same page; what a device has sealed since does not matter.
  package func asksTheSame(as other: PullRequest) -> Bool {
    epoch == other.epoch && cursor == other.cursor && position == other.position
      && difference == other.difference && accesses == other.accesses
  }

  /// Of which scopes the rows are that the device holds.
  package var accesses: [UInt64] { heldAccesses.isEmpty ? [position.access] : heldAccesses }
}

/// A change set that a store handed in as another device, before it was enrolled anew.
///
/// Its hash, which nobody else knows, proves that it did: so the store is told what becomes of it.
package struct FormerWork: Equatable, Sendable {
  package var place: StreamPlace
  package var hash: [UInt8]

  package init(place: StreamPlace, hash: [UInt8]) {
    self.place = place
    self.hash = hash
  }
}

/// How far one stream of a device has come, as the device knows it.
package struct StreamStanding: Equatable, Sendable {
  package var epoch: Int
  /// The last sequence that was sealed.
  package var sealed: Int64
  /// The last sequence up to which the device has receipts.
  package var acknowledged: Int64
  /// The hash of the change set at ``acknowledged``; empty if there is none, or none is kept.
  package var hash: [UInt8]

  package init(epoch: Int, sealed: Int64, acknowledged: Int64, hash: [UInt8]) {
    self.epoch = epoch
    self.sealed = sealed
    self.acknowledged = acknowledged
    self.hash = hash
  }
}

extension PullRequest {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.unsigned(1, UInt64(SyncLimits.protocolVersion))
    writer.unsigned(2, UInt64(epoch))
    writer.unsigned(3, UInt64(cursor))
    writer.message(4) { position.write(to: &$0) }
    for standing in standings { writer.message(5) { standing.write(to: &$0) } }
    for work in former { writer.message(6) { work.write(to: &$0) } }
    writer.flag(7, readsBlocks)
    writer.fixed(8, digest)
    if let waiting { writer.message(9) { waiting.write(to: &$0) } }
    writer.unsigned(17, UInt64(difference.rawValue))
    for access in heldAccesses { writer.message(18) { $0.fixed(1, access) } }
    writer.flag(19, tellsLivesApart)
    writer.flag(20, isRevoked)
    return writer.bytes
  }

  /// Reads a request.
  ///
  /// - Throws: ``WireError`` for anything but a request.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var version = 0
    self.init(epoch: 0, cursor: 0, position: .zero)
    readsBlocks = false
    while let field = try reader.next() {
      switch field {
      case 1: version = try reader.count()
      case 2: epoch = try reader.count()
      case 3: cursor = try reader.sequence()
      case 4: position = try HubPoint(reading: try reader.message())
      case 5:
        guard standings.count < SyncLimits.standings else { throw .tooLarge("standings") }
        standings.append(try StreamStanding(reading: try reader.message()))
      case 6:
        guard former.count < SyncLimits.formerWork else { throw .tooLarge("former work") }
        former.append(try FormerWork(reading: try reader.message()))
      case 7: readsBlocks = try reader.flag()
      case 8: digest = try reader.fixed()
      case 9: waiting = try WaitingReport(reading: try reader.message())
      // A step that this hub does not know is none.
      case 17: difference = DifferenceStep(rawValue: try reader.count()) ?? .none
      case 18:
        guard heldAccesses.count < SyncLimits.heldAccesses else { throw .tooLarge("accesses") }
        heldAccesses.append(try Self.access(reading: try reader.message()))
      case 19: tellsLivesApart = try reader.flag()
      case 20: isRevoked = try reader.flag()
      default: try reader.skip()
      }
    }
    guard version > 0 else { throw .malformed("pull request") }
  }
}

extension PullRequest {
  private static func access(reading message: WireReader) throws(WireError) -> UInt64 {
    var reader = message
    var access: UInt64 = 0
    while let field = try reader.next() {
      if field == 1 { access = try reader.fixed() } else { try reader.skip() }
    }
    return access
  }
}

extension FormerWork {
  fileprivate func write(to writer: inout WireWriter) {
    writer.message(1) { place.write(to: &$0) }
    writer.blob(2, hash)
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    var place: StreamPlace?
    var hash: [UInt8] = []
    while let field = try reader.next() {
      switch field {
      case 1: place = try StreamPlace(reading: try reader.message())
      case 2: hash = try reader.blob()
      default: try reader.skip()
      }
    }
    guard let place else { throw .malformed("former work") }
    self.init(place: place, hash: hash)
  }
}

extension StreamStanding {
  fileprivate func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(epoch))
    writer.unsigned(2, UInt64(sealed))
    writer.unsigned(3, UInt64(acknowledged))
    writer.blob(4, hash)
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(epoch: 0, sealed: 0, acknowledged: 0, hash: [])
    while let field = try reader.next() {
      switch field {
      case 1: epoch = try reader.count()
      case 2: sealed = try reader.sequence()
      case 3: acknowledged = try reader.sequence()
      case 4: hash = try reader.blob()
      default: try reader.skip()
      }
    }
  }
}
