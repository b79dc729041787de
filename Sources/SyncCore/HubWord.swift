/// What the hub itself has said of one row: a decision, or another act of its operator's.
///
/// Whoever holds the row holds the word, signed by the hub: one that was put back from a copy takes it from
/// them again, without a person (law L10).
package struct HubWord: Equatable, Sendable {
  /// The hub's name.
  package var hub: String
  /// The hub's number of the change set, in the life of the hub in which it was said.
  package var number: Int64
  package var change: RowChange
  package var by: String
  package var atMilliseconds: Int64
  /// The question that it decides; nothing for an act that answers none.
  package var decision: Decision?
  /// What had been written to the row by then: of each stream of a device's up to a sequence.
  package var known: [StreamPlace]
  /// The same of the hub's own stream, whose sequences another life gives out anew: the first eight bytes,
  /// big-endian, of each change set's hash.
  package var knownOwn: [UInt64]

  /// How a question was decided.
  package struct Decision: Equatable, Sendable {
    /// The conflict's id.
    package var conflict: String
    /// A ``ConflictKind``.
    package var kind: String
    package var unit: String
    /// The other row of a suspicion between two, in its stored form; null for other questions.
    package var otherKey: Value
    package var choice: String
    package var reason: String

    package init(
      conflict: String, kind: String, unit: String, otherKey: Value, choice: String, reason: String
    ) {
      self.conflict = conflict
      self.kind = kind
      self.unit = unit
      self.otherKey = otherKey
      self.choice = choice
      self.reason = reason
    }
  }

  package init(
    hub: String, number: Int64, change: RowChange, by: String, atMilliseconds: Int64,
    decision: Decision? = nil, known: [StreamPlace] = [], knownOwn: [UInt64] = []
  ) {
    self.hub = hub
    self.number = number
    self.change = change
    self.by = by
    self.atMilliseconds = atMilliseconds
    self.decision = decision
    self.known = known
    self.knownOwn = knownOwn
  }

  /// What is signed of a word: nothing else that the hub signs begins so.
  package static func signed(_ bytes: [UInt8]) -> [UInt8] { Array("thuan word\0".utf8) + bytes }
}

extension HubWord {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.string(1, hub)
    writer.unsigned(2, UInt64(number))
    writer.message(3) { change.write(to: &$0) }
    writer.string(4, by)
    writer.signed(5, atMilliseconds)
    if let decision { writer.message(6) { decision.write(to: &$0) } }
    for place in known { writer.message(7) { place.write(to: &$0) } }
    for hash in knownOwn { writer.fixed(8, hash) }
    return writer.bytes
  }

  /// Reads a word.
  ///
  /// - Throws: ``WireError`` for anything but one.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var change: RowChange?
    self.init(
      hub: "", number: 0,
      change: RowChange(table: 0, operation: .update, key: RowKey([]), fields: []),
      by: "", atMilliseconds: 0)
    while let field = try reader.next() {
      switch field {
      case 1: hub = try reader.string()
      case 2: number = try reader.sequence()
      case 3: change = try RowChange(reading: try reader.message())
      case 4: by = try reader.string()
      case 5: atMilliseconds = try reader.milliseconds()
      case 6: decision = try Decision(reading: try reader.message())
      case 7: known.append(try StreamPlace(reading: try reader.message()))
      case 8: knownOwn.append(try reader.fixed())
      default: try reader.skip()
      }
    }
    guard let change else { throw .malformed("word") }
    self.change = change
  }
}

extension HubWord.Decision {
  fileprivate func write(to writer: inout WireWriter) {
    writer.string(1, conflict)
    writer.string(2, kind)
    writer.string(3, unit)
    if otherKey != .null { writer.value(4, otherKey) }
    writer.string(5, choice)
    writer.string(6, reason)
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(conflict: "", kind: "", unit: "", otherKey: .null, choice: "", reason: "")
    while let field = try reader.next() {
      switch field {
      case 1: conflict = try reader.string()
      case 2: kind = try reader.string()
      case 3: unit = try reader.string()
      case 4: otherKey = try reader.value()
      case 5: choice = try reader.string()
      case 6: reason = try reader.string()
      default: try reader.skip()
      }
    }
  }
}

/// What a device holds of the hub's own words, for a hub that was put back.
package struct WordOffer: Equatable, Sendable {
  package var words: [SignedWord]
  /// Decisions of which it holds no signed word: an older program made them.
  package var decisions: [FormerDecision]

  package init(words: [SignedWord] = [], decisions: [FormerDecision] = []) {
    self.words = words
    self.decisions = decisions
  }

  package struct SignedWord: Equatable, Sendable {
    /// An encoded ``HubWord``.
    package var bytes: [UInt8]
    /// The hub's Ed25519 signature of ``HubWord/signed(_:)``.
    package var signature: [UInt8]

    package init(bytes: [UInt8], signature: [UInt8]) {
      self.bytes = bytes
      self.signature = signature
    }
  }

  /// A decision as it was published; nobody has signed it.
  package struct FormerDecision: Equatable, Sendable {
    package var table: String
    /// The row's key in its stored form.
    package var key: Value
    package var by: String
    package var atMilliseconds: Int64
    package var decision: HubWord.Decision

    package init(
      table: String, key: Value, by: String, atMilliseconds: Int64, decision: HubWord.Decision
    ) {
      self.table = table
      self.key = key
      self.by = by
      self.atMilliseconds = atMilliseconds
      self.decision = decision
    }
  }
}

extension WordOffer {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.unsigned(1, UInt64(SyncLimits.protocolVersion))
    for word in words {
      writer.message(2) { writer in
        writer.blob(1, word.bytes)
        writer.blob(2, word.signature)
      }
    }
    for former in decisions { writer.message(3) { former.write(to: &$0) } }
    return writer.bytes
  }

  /// Reads an offer.
  ///
  /// - Throws: ``WireError`` for anything but one.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var version = 0
    self.init()
    while let field = try reader.next() {
      switch field {
      case 1: version = try reader.count()
      case 2: words.append(try SignedWord(reading: try reader.message()))
      case 3: decisions.append(try FormerDecision(reading: try reader.message()))
      default: try reader.skip()
      }
    }
    guard version > 0 else { throw .malformed("offer of words") }
  }

  /// The answer to an offer: how many of the words are on record now.
  package static func reply(_ count: Int) -> [UInt8] {
    var writer = WireWriter()
    writer.unsigned(1, UInt64(count))
    writer.flag(2, true)
    return writer.bytes
  }

  /// Reads what ``reply(_:)`` gave.
  ///
  /// - Throws: ``WireError`` for anything but that.
  package static func count(inReply bytes: [UInt8]) throws(WireError) -> Int {
    var reader = WireReader(bytes)
    var (count, isWhole) = (0, false)
    while let field = try reader.next() {
      switch field {
      case 1: count = try reader.count()
      case 2: isWhole = try reader.flag()
      default: try reader.skip()
      }
    }
    guard isWhole else { throw .malformed("answer to an offer of words") }
    return count
  }
}

extension WordOffer.SignedWord {
  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(bytes: [], signature: [])
    while let field = try reader.next() {
      switch field {
      case 1: bytes = try reader.blob()
      case 2: signature = try reader.blob()
      default: try reader.skip()
      }
    }
  }
}

extension WordOffer.FormerDecision {
  fileprivate func write(to writer: inout WireWriter) {
    writer.string(1, table)
    writer.value(2, key)
    writer.string(3, by)
    writer.signed(4, atMilliseconds)
    writer.message(5) { decision.write(to: &$0) }
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(
      table: "", key: .null, by: "", atMilliseconds: 0,
      decision: .init(conflict: "", kind: "", unit: "", otherKey: .null, choice: "", reason: ""))
    while let field = try reader.next() {
      switch field {
      case 1: table = try reader.string()
      case 2: key = try reader.value()
      case 3: by = try reader.string()
      case 4: atMilliseconds = try reader.milliseconds()
      case 5: decision = try HubWord.Decision(reading: try reader.message())
      default: try reader.skip()
      }
    }
  }
}
