/// When and by whom a value came to be live at the hub.
package struct Version: Equatable, Sendable {
  /// The hub's sequence at which it became live.
  package var sequence: Int64
  /// The hub's number of the stream that wrote it: 0 is the hub itself, and ``mixed`` a value that
  /// several streams made together, which none of them knows.
  package var stream: Int
  /// The hub's number of the change set that brought it.
  package var changeSet: Int64
  package var stamp: HybridTime
  package var isFlagged: Bool

  package static let mixed = -1

  package init(
    sequence: Int64, stream: Int, changeSet: Int64, stamp: HybridTime, isFlagged: Bool
  ) {
    self.sequence = sequence
    self.stream = stream
    self.changeSet = changeSet
    self.stamp = stamp
    self.isFlagged = isFlagged
  }
}

/// What somebody wrote that is not live and waits for the operator.
package struct Candidate: Equatable, Sendable {
  package enum Kind: Int, Sendable {
    /// Another value of the unit.
    case value = 1
    /// The wish that the row be gone.
    case deletion = 2
    /// A value of a unit that its writer may not change.
    case refused = 3
    /// A value that was found on a device and that nobody is known to have written.
    case found = 4
  }

  package var kind: Kind
  package var stream: Int
  /// The hub's number of the change set that brought it.
  package var changeSet: Int64
  /// The unit's values; empty for a deletion.
  package var values: [Value]
  /// The hub's sequence under which it came.
  package var sequence: Int64
  package var stamp: HybridTime
  package var isFlagged: Bool
  /// Whether its writer did not know what had been decided of the unit by then (law L10).
  package var isUnaware = false

  package init(
    kind: Kind, stream: Int, changeSet: Int64, values: [Value], sequence: Int64,
    stamp: HybridTime, isFlagged: Bool
  ) {
    self.kind = kind
    self.stream = stream
    self.changeSet = changeSet
    self.values = values
    self.sequence = sequence
    self.stamp = stamp
    self.isFlagged = isFlagged
  }

  /// What a version's writer said, as a statement of its own.
  package init(_ kind: Kind, of version: Version, values: [Value]) {
    self.init(
      kind: kind, stream: version.stream, changeSet: version.changeSet, values: values,
      sequence: version.sequence, stamp: version.stamp, isFlagged: version.isFlagged)
  }
}

/// The words of a stream up to a sequence, which a decision has answered.
package struct AnsweredWords: Equatable, Sendable {
  package let stream: Int
  package let last: Int64

  package init(stream: Int, last: Int64) {
    self.stream = stream
    self.last = last
  }
}

/// What the hub knows of one merge unit of a row beside its live values.
package struct UnitState: Equatable, Sendable {
  package var version: Version
  /// The sequence from which devices have to be sent the unit: that of ``version``, or a later one
  /// where a device pushed something else and has to be put right.
  package var sent: Int64
  /// The sequence of the last decision about the unit; 0 without one.
  ///
  /// It stays when somebody who knew the decision has written since: who did not still has to ask (law
  /// L10).
  package var decided: Int64 = 0
  /// The number of the hub's last word about the unit from a life that is gone, and what that had answered:
  /// it may come after the word.
  package var word: Int64 = 0
  package var answered: [AnsweredWords] = []
  /// The values before the first change that conflicts; empty without a conflict.
  package var base: [Value] = []
  package var candidates: [Candidate] = []
  /// Statements that asked nobody anything: they agreed with what was live, or were outranked.
  ///
  /// Who moves the live value on without knowing them is concurrent with them all the same.
  package var absorbed: [Candidate] = []
  /// Whether the device that wrote the live value holds it still.
  ///
  /// One that was put right in the meantime does not, and has to be sent its own word when that
  /// goes live after all.
  package var isHeldByWriter = true

  package init(version: Version, sent: Int64) {
    self.version = version
    self.sent = sent
  }
}

/// All that the hub knows of a row: what ``RowState/merge(_:from:table:sequence:hasUnknownChildren:)``
/// works on.
package struct RowState: Equatable, Sendable {
  /// A value for every column of the table; the last ones while the row is deleted.
  package var values: [Value]
  package var created: Version
  /// The sequence from which devices have to be sent the row whole.
  package var sentWhole: Int64
  /// When and by whom the row was deleted; nothing while it lives.
  package var deletion: Version?
  /// Units that have changed since the row was made, by their index in the table.
  package var units: [Int: UnitState] = [:]
  /// Deletions that wait for the operator.
  package var deletions: [Candidate] = []
  /// The sequence of the last decision that the row lives on; 0 without one.
  package var decidedToLive: Int64 = 0
  /// The same as ``UnitState/word`` and ``UnitState/answered`` for the question whether the row lives.
  package var lifeWord: Int64 = 0
  package var answeredLife: [AnsweredWords] = []
  /// Streams whose deletion of the row a decision has confirmed: who makes it anew builds on that.
  package var confirmedDeletions: [Int] = []
  /// The scope under which the hub has noted it.
  package var scope = Scope.shared
  /// Whether the hub has noted nothing of it any more and knows it from the record alone.
  package var isForgotten = false

  package init(values: [Value], created: Version) {
    self.values = values
    self.created = created
    sentWhole = created.sequence
  }

  package var isDeleted: Bool { deletion != nil }

  /// Whether the hub never had the row, and only says so to devices that had made it.
  package var hasNeverLived: Bool { deletion?.sequence == created.sequence }

  /// The state of a unit, which until it changes is that of the row's making.
  package func unit(_ index: Int) -> UnitState {
    units[index] ?? UnitState(version: created, sent: created.sequence)
  }

  package func values(of unit: MergeUnit) -> [Value] { unit.columns.map { values[$0] } }

  package mutating func set(_ new: [Value], of unit: MergeUnit) {
    for (column, value) in zip(unit.columns, new) { values[column] = value }
  }
}

extension RowState {
  /// The state without the live values, as bytes for the hub's storage.
  ///
  /// A deleted row's last values are in it, since no table holds them any more.
  package func encodedMetadata(_ table: TableSchema) -> [UInt8] {
    var writer = WireWriter()
    writer.message(1) { created.write(to: &$0) }
    writer.unsigned(2, UInt64(sentWhole))
    if let deletion {
      writer.message(3) { deletion.write(to: &$0) }
      for value in table.inWireOrder(values) { writer.value(4, value) }
    }
    for index in units.keys.sorted() {
      guard let unit = units[index] else { continue }
      writer.message(5) { writer in
        writer.unsigned(1, UInt64(table.unitNumber(index)))
        unit.write(to: &writer)
      }
    }
    for candidate in deletions { writer.message(6) { candidate.write(to: &$0) } }
    writer.packed(7, confirmedDeletions)
    writer.unsigned(8, UInt64(decidedToLive))
    writer.unsigned(9, UInt64(lifeWord))
    for words in answeredLife { writer.message(10) { words.write(to: &$0) } }
    return writer.bytes
  }

  /// Reads a state back.
  ///
  /// - Parameters:
  ///   - metadata: What ``encodedMetadata(_:)`` gave.
  ///   - live: The row's values, if it is not deleted.
  ///   - table: The table as it is declared now; the state may be from an earlier version.
  /// - Throws: ``WireError`` if the bytes are damaged.
  package init(metadata: [UInt8], live: [Value]?, table: TableSchema) throws(WireError) {
    var reader = WireReader(metadata)
    var image: [Value] = []
    self.init(values: [], created: .none)
    while let field = try reader.next() {
      switch field {
      case 1: created = try Version(reading: try reader.message())
      case 2: sentWhole = try reader.sequence()
      case 3: deletion = try Version(reading: try reader.message())
      case 4: image.append(try reader.value())
      case 5:
        let (number, unit) = try UnitState.read(try reader.message())
        if let index = table.unit(number: number) { units[index] = unit }
      case 6: deletions.append(try Candidate(reading: try reader.message()))
      case 7: confirmedDeletions = try reader.packed()
      case 8: decidedToLive = try reader.sequence()
      case 9: lifeWord = try reader.sequence()
      case 10: answeredLife.append(try AnsweredWords(reading: try reader.message()))
      default: try reader.skip()
      }
    }
    values = live ?? table.fromWireOrder(image)
    takeOverOldDecision()
  }
}

extension RowState {
  /// Of a living row, states of older programs name those whose deletions a decision has settled, and
  /// not when; it was not after the row was last sent whole.
  private mutating func takeOverOldDecision() {
    if isDeleted || confirmedDeletions.isEmpty { return }
    confirmedDeletions = []
    decidedToLive = max(decidedToLive, sentWhole)
  }
}

extension Version {
  fileprivate static let none = Version(
    sequence: 0, stream: 0, changeSet: 0, stamp: .zero, isFlagged: false)

  fileprivate func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(sequence))
    writer.signed(2, Int64(stream))
    writer.fixed(3, stamp.bits)
    writer.flag(4, isFlagged)
    writer.unsigned(5, UInt64(changeSet))
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self = .none
    while let field = try reader.next() {
      switch field {
      case 1: sequence = try reader.sequence()
      case 2: stream = Int(try reader.signed())
      case 3: stamp = HybridTime(bits: try reader.fixed())
      case 4: isFlagged = try reader.flag()
      case 5: changeSet = try reader.sequence()
      default: try reader.skip()
      }
    }
  }
}

extension AnsweredWords {
  fileprivate func write(to writer: inout WireWriter) {
    writer.signed(1, Int64(stream))
    writer.unsigned(2, UInt64(last))
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    var (stream, last) = (0, Int64(0))
    while let field = try reader.next() {
      switch field {
      case 1: stream = Int(try reader.signed())
      case 2: last = try reader.sequence()
      default: try reader.skip()
      }
    }
    self.init(stream: stream, last: last)
  }
}

extension Candidate {
  fileprivate func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(kind.rawValue))
    writer.signed(2, Int64(stream))
    writer.unsigned(3, UInt64(changeSet))
    for value in values { writer.value(4, value) }
    writer.fixed(5, stamp.bits)
    writer.flag(6, isFlagged)
    writer.unsigned(7, UInt64(sequence))
    writer.flag(8, isUnaware)
  }

  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(.value, of: .none, values: [])
    while let field = try reader.next() {
      switch field {
      case 1:
        guard let known = Kind(rawValue: try reader.count()) else { throw .malformed("candidate") }
        kind = known
      case 2: stream = Int(try reader.signed())
      case 3: changeSet = try reader.sequence()
      case 4: values.append(try reader.value())
      case 5: stamp = HybridTime(bits: try reader.fixed())
      case 6: isFlagged = try reader.flag()
      case 7: sequence = try reader.sequence()
      case 8: isUnaware = try reader.flag()
      default: try reader.skip()
      }
    }
  }
}

extension UnitState {
  fileprivate func write(to writer: inout WireWriter) {
    writer.message(2) { version.write(to: &$0) }
    writer.unsigned(3, UInt64(sent))
    for value in base { writer.value(5, value) }
    for candidate in candidates { writer.message(6) { candidate.write(to: &$0) } }
    for statement in absorbed { writer.message(7) { statement.write(to: &$0) } }
    writer.flag(8, !isHeldByWriter)
    writer.unsigned(9, UInt64(decided))
    writer.unsigned(10, UInt64(word))
    for words in answered { writer.message(11) { words.write(to: &$0) } }
  }

  fileprivate static func read(_ message: WireReader) throws(WireError) -> (Int, UnitState) {
    var reader = message
    var index = 0
    var settled: [Int] = []
    var unit = UnitState(version: .none, sent: 0)
    while let field = try reader.next() {
      switch field {
      case 1: index = try reader.count()
      case 2: unit.version = try Version(reading: try reader.message())
      case 3: unit.sent = try reader.sequence()
      case 4: settled = try reader.packed()
      case 5: unit.base.append(try reader.value())
      case 6: unit.candidates.append(try Candidate(reading: try reader.message()))
      case 7: unit.absorbed.append(try Candidate(reading: try reader.message()))
      case 8: unit.isHeldByWriter = !(try reader.flag())
      case 9: unit.decided = try reader.sequence()
      case 10: unit.word = try reader.sequence()
      case 11: unit.answered.append(try AnsweredWords(reading: try reader.message()))
      default: try reader.skip()
      }
    }
    // Older programs noted whom a decision had settled, until somebody wrote again.
    if !settled.isEmpty, unit.decided == 0 { unit.decided = unit.version.sequence }
    return (index, unit)
  }
}
