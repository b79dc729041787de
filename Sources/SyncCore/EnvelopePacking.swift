/// Change sets as one block.
///
/// Their bytes are hashed and chained, so they have to come out as they went in: one that would not is
/// put in as it is. What is known is left out: a change set names the one before it, whose bytes are
/// there.
struct PackedChangeSets {
  /// The bytes of each.
  private(set) var bodies: [[UInt8]] = []

  /// What the first row of each change set is: its fields, or its bytes.
  private enum Head {
    static let table = 0
    static let fields = 0
    static let bytes = 1
    static let columns = Array(1...14)
  }

  // MARK: Writing

  /// The block of some change sets of one stream.
  static func pack(_ bodies: [[UInt8]], of stream: StreamID) -> [UInt8] {
    var packer = RowPacker()
    var last: [UInt8]?
    for body in bodies {
      if let changeSet = try? ChangeSet(decoding: body), changeSet.stream == stream,
        changeSet.changes.allSatisfy({ $0.table != Head.table }), changeSet.encoded() == body
      {
        packer.add(head(of: changeSet, after: last))
        for change in changeSet.changes { packer.add(PackedRow(change)) }
      } else {
        packer.add(
          PackedRow(
            table: Head.table, kind: Head.bytes, key: [], columns: [1], after: [.blob(body)]))
      }
      last = body
    }
    return packer.finish()
  }

  private static func head(of changeSet: ChangeSet, after last: [UInt8]?) -> PackedRow {
    let isNamed = last.map { ChangeSet.hash(of: $0) == changeSet.previous } ?? false
    return PackedRow(
      table: Head.table, kind: Head.fields, key: [], columns: Head.columns,
      after: [
        .integer(changeSet.sequence),
        isNamed ? .null : .blob(changeSet.previous),
        .integer(Int64(changeSet.schemaVersion)),
        .integer(changeSet.base.sequence),
        .integer(changeSet.base.number),
        .integer(Int64(bitPattern: changeSet.base.proof)),
        .integer(Int64(bitPattern: changeSet.base.access)),
        .integer(Int64(bitPattern: changeSet.stamp.bits)),
        .integer(changeSet.wallMilliseconds),
        .text(changeSet.officer),
        .integer((changeSet.isForeign ? 1 : 0) | (changeSet.isFound ? 2 : 0)),
        changeSet.act.isEmpty ? .null : .text(changeSet.act),
        changeSet.continues.map { .blob($0.encoded()) } ?? .null,
        .integer(Int64(changeSet.changes.count)),
      ])
  }

  // MARK: Reading

  /// Reads a block.
  ///
  /// - Parameters:
  ///   - block: What ``pack(_:of:)`` gave.
  ///   - stream: The envelope's.
  ///   - room: How many bytes the change sets may take.
  /// - Throws: ``WireError`` for anything else, and for more than that.
  init(_ block: WireReader, of stream: StreamID, room: Int) throws(WireError) {
    // Values are counted roughly there; the change sets are counted here.
    var rows = try RowUnpacker<EncodedColumn>(block, room: 2 * room + 65_536)
    var room = room
    while !rows.isAtEnd {
      let head = try rows.row()
      guard head.table == Head.table else { throw .malformed("change set") }
      if head.kind == Head.bytes, case .blob(let body)? = head.after.first {
        bodies.append(body)
      } else {
        guard head.columns == Head.columns, head.after.count == Head.columns.count else {
          throw .malformed("change set")
        }
        bodies.append(try Self.body(head.after, of: stream, after: bodies.last, &rows, room: room))
      }
      room -= bodies[bodies.count - 1].count
      if room < 0 { throw .tooLarge("envelope") }
    }
  }

  /// A change set's bytes, made of its head and the rows after it without anything between: what they
  /// say takes several times as much.
  private static func body(
    _ head: [Value], of stream: StreamID, after last: [UInt8]?,
    _ rows: inout RowUnpacker<EncodedColumn>, room: Int
  ) throws(WireError) -> [UInt8] {
    let (changeSet, count) = try changeSet(head, of: stream, after: last)
    // Most envelopes have many change sets, and each of them little.
    var writer = count > manyChanges ? WireWriter(expecting: room) : WireWriter()
    changeSet.writeHead(to: &writer)
    for _ in 0..<count { try rows.writeChange(to: &writer) }
    changeSet.writeEnd(to: &writer)
    return writer.bytes
  }

  /// More than one that is not worth making room for has.
  private static let manyChanges = 1_000

  /// A change set but for its changes, and how many those are.
  private static func changeSet(
    _ head: [Value], of stream: StreamID, after last: [UInt8]?
  ) throws(WireError) -> (ChangeSet, changes: Int) {
    func integer(_ index: Int) throws(WireError) -> Int64 {
      guard let integer = head[index].integer else { throw .malformed("change set") }
      return integer
    }
    func text(_ index: Int) throws(WireError) -> String {
      switch head[index] {
      case .text(let text): return text
      case .null: return ""
      default: throw .malformed("change set")
      }
    }
    let previous: [UInt8]
    switch (head[1], last) {
    case (.blob(let hash), _): previous = hash
    case (.null, .some(let last)): previous = ChangeSet.hash(of: last)
    default: throw .malformed("change set")
    }
    let flags = try integer(10)
    var changeSet = ChangeSet(
      stream: stream, sequence: try integer(0), previous: previous,
      schemaVersion: Int(try integer(2)),
      base: HubPoint(
        sequence: try integer(3), number: try integer(4),
        proof: UInt64(bitPattern: try integer(5)), access: UInt64(bitPattern: try integer(6))),
      stamp: HybridTime(bits: UInt64(bitPattern: try integer(7))),
      wallMilliseconds: try integer(8), officer: try text(9), isForeign: flags & 1 != 0,
      changes: [])
    changeSet.isFound = flags & 2 != 0
    changeSet.act = try text(11)
    if case .blob(let place) = head[12] {
      changeSet.continues = try StreamPlace(decoding: place)
    }
    let numbers = [
      Int64(changeSet.schemaVersion), changeSet.base.sequence, changeSet.base.number,
    ]
    guard changeSet.sequence > 0, numbers.allSatisfy({ $0 >= 0 }),
      changeSet.wallMilliseconds.magnitude <= 1 << 53
    else { throw .malformed("change set") }
    return (changeSet, Int(max(0, try integer(13))))
  }
}

extension PackedRow {
  fileprivate init(_ change: RowChange) {
    self.init(
      table: change.table, kind: change.operation.rawValue, key: change.key.values,
      columns: change.fields.map(\.column))
    if change.operation != .insert { before = change.fields.map(\.before) }
    if change.operation != .delete { after = change.fields.map(\.after) }
  }
}
