import Crypto

/// What was done to one row.
package enum Operation: Int, Sendable {
  case insert = 1
  case update = 2
  case delete = 3
}

/// One field of a change: what the officer saw, and what the officer wrote.
package struct FieldChange: Equatable, Sendable {
  /// The column's wire number.
  package let column: Int
  /// The value before; null for an insert.
  package let before: Value
  /// The value after; null for a delete.
  package let after: Value

  package init(column: Int, before: Value, after: Value) {
    self.column = column
    self.before = before
    self.after = after
  }
}

/// A change of one row.
///
/// An insert and a delete name every field that is not null; an update names the merge units it
/// touches, whole.
package struct RowChange: Equatable, Sendable {
  /// The table's wire number.
  package let table: Int
  package let operation: Operation
  package let key: RowKey
  package let fields: [FieldChange]

  package init(table: Int, operation: Operation, key: RowKey, fields: [FieldChange]) {
    self.table = table
    self.operation = operation
    self.key = key
    self.fields = fields
  }
}

/// The stream of change sets that one incarnation of a device writes.
package struct StreamID: Hashable, Sendable {
  /// The device's id: 32 hexadecimal digits.
  package let device: String
  package let epoch: Int

  package init(device: String, epoch: Int) {
    self.device = device
    self.epoch = epoch
  }
}

/// A change set's place in a stream.
package struct StreamPlace: Equatable, Sendable {
  package var stream: StreamID
  package var sequence: Int64

  package init(stream: StreamID, sequence: Int64) {
    self.stream = stream
    self.sequence = sequence
  }
}

extension StreamPlace {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  func write(to writer: inout WireWriter) {
    writer.string(1, stream.device)
    writer.unsigned(2, UInt64(stream.epoch))
    writer.unsigned(3, UInt64(sequence))
  }

  /// Reads a place.
  ///
  /// - Throws: ``WireError`` if the bytes are none.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    try self.init(reading: WireReader(bytes))
  }

  init(reading message: WireReader) throws(WireError) {
    var reader = message
    var (device, epoch, sequence) = ("", 0, Int64(0))
    while let field = try reader.next() {
      switch field {
      case 1: device = try reader.string()
      case 2: epoch = try reader.count()
      case 3: sequence = try reader.sequence()
      default: try reader.skip()
      }
    }
    self.init(stream: StreamID(device: device, epoch: epoch), sequence: sequence)
  }
}

/// One local transaction, as it travels.
package struct ChangeSet: Equatable, Sendable {
  package var stream: StreamID
  /// 1, 2, 3 … without a gap within the stream.
  package var sequence: Int64
  /// The SHA-256 of the change set before it, or of the one that the stream goes on from; empty for
  /// the first of all.
  package var previous: [UInt8]
  /// In the first of a stream that goes on from another: from where.
  package var continues: StreamPlace?
  package var schemaVersion: Int
  /// The hub's state that the device had applied when the change was made.
  package var base: HubPoint
  package var stamp: HybridTime
  /// What the device's own clock showed, in milliseconds since 1970.
  package var wallMilliseconds: Int64
  /// The id of the officer who made it.
  package var officer: String
  /// Whether it was written past the store's own functions, by another program.
  package var isForeign: Bool
  /// Whether nobody is known to have written it: rows that were found to differ from their marks
  /// although triggers were whole, by a writer that had switched them off or by a fault of the disk.
  package var isFound = false
  /// What the hub did, where that is more than the changes say; empty in a device's.
  package var act = ""
  package var changes: RowChanges

  package init(
    stream: StreamID, sequence: Int64, previous: [UInt8], schemaVersion: Int, base: HubPoint,
    stamp: HybridTime, wallMilliseconds: Int64, officer: String, isForeign: Bool,
    changes: [RowChange]
  ) {
    self.stream = stream
    self.sequence = sequence
    self.previous = previous
    self.schemaVersion = schemaVersion
    self.base = base
    self.stamp = stamp
    self.wallMilliseconds = wallMilliseconds
    self.officer = officer
    self.isForeign = isForeign
    self.changes = RowChanges(changes)
  }

  /// The SHA-256 by which the next change set names this one.
  package static func hash(of encoded: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: encoded)) }

  /// Whether another change set is the same transaction, offered in another place of some stream:
  /// a device that was restored or enrolled anew offers again what it has no receipt for.
  package func isSameWork(as other: ChangeSet) -> Bool {
    (stamp, wallMilliseconds, isForeign, isFound) == (
      other.stamp, other.wallMilliseconds, other.isForeign, other.isFound
    ) && base == other.base && changes == other.changes
  }
}

extension ChangeSet {
  /// The change set as bytes; the same change set always gives the same.
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writeHead(to: &writer)
    for change in changes { writer.message(11) { change.write(to: &$0) } }
    writeEnd(to: &writer)
    return writer.bytes
  }

  /// Writes what stands before the changes.
  func writeHead(to writer: inout WireWriter) {
    writer.string(1, stream.device)
    writer.unsigned(2, UInt64(stream.epoch))
    writer.unsigned(3, UInt64(sequence))
    writer.blob(4, previous)
    writer.unsigned(5, UInt64(schemaVersion))
    writer.unsigned(6, UInt64(base.sequence))
    writer.fixed(7, stamp.bits)
    writer.signed(8, wallMilliseconds)
    writer.string(9, officer)
    writer.flag(10, isForeign)
  }

  /// Writes what stands behind them.
  func writeEnd(to writer: inout WireWriter) {
    writer.unsigned(12, UInt64(base.number))
    writer.fixed(13, base.proof)
    writer.flag(14, isFound)
    writer.string(15, act)
    if let continues { writer.message(16) { continues.write(to: &$0) } }
    writer.fixed(17, base.access)
  }

  /// Reads a change set.
  ///
  /// - Throws: ``WireError`` for anything but a whole change set; fields it does not know are
  ///   passed over (the bytes themselves are what gets stored, so they are not lost).
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var device = ""
    var epoch = 0
    var read = RowChanges.Reading(of: bytes)
    self.init(
      stream: StreamID(device: "", epoch: 0), sequence: 0, previous: [], schemaVersion: 0,
      base: .zero,
      stamp: .zero, wallMilliseconds: 0, officer: "", isForeign: false, changes: [])
    while let field = try reader.next() {
      switch field {
      case 1: device = try reader.string()
      case 2: epoch = try reader.count()
      case 3: sequence = try reader.sequence()
      case 4: previous = try reader.blob()
      case 5: schemaVersion = try reader.count()
      case 6: base.sequence = try reader.sequence()
      case 7: stamp = HybridTime(bits: try reader.fixed())
      case 8: wallMilliseconds = try reader.milliseconds()
      case 9: officer = try reader.string()
      case 10: isForeign = try reader.flag()
      case 11: try read.add(try reader.message())
      case 12: base.number = try reader.sequence()
      case 13: base.proof = try reader.fixed()
      case 14: isFound = try reader.flag()
      case 15: act = try reader.string()
      case 16: continues = try StreamPlace(reading: try reader.message())
      case 17: base.access = try reader.fixed()
      default: try reader.skip()
      }
    }
    stream = StreamID(device: device, epoch: epoch)
    changes = read.changes
    guard sequence > 0 else { throw .malformed("change set") }
  }
}

extension RowChange {
  /// The change as bytes, as it stands in a change set.
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads what ``encoded()`` gives.
  ///
  /// - Throws: ``WireError`` for anything but a change.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    try self.init(reading: WireReader(bytes))
  }

  /// How many bytes the change takes in a change set.
  package var encodedBytes: Int {
    let bytes = encoded().count
    var around = WireWriter()
    around.varint(UInt64(bytes))
    return bytes + around.bytes.count + 1
  }

  func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(table))
    writer.unsigned(2, UInt64(operation.rawValue))
    for value in key.values { writer.value(3, value) }
    writer.packed(4, fields.map(\.column))
    if operation != .insert { for field in fields { writer.value(5, field.before) } }
    if operation != .delete { for field in fields { writer.value(6, field.after) } }
  }

  init(reading message: WireReader) throws(WireError) {
    var reader = message
    var table = 0
    var operation: Operation?
    var key: [Value] = []
    var columns: [Int] = []
    var before: [Value] = []
    var after: [Value] = []
    while let field = try reader.next() {
      switch field {
      case 1: table = try reader.count()
      case 2: operation = Operation(rawValue: try reader.count())
      case 3: key.append(try reader.value())
      case 4: columns.append(contentsOf: try reader.packed())
      case 5: before.append(try reader.value())
      case 6: after.append(try reader.value())
      default: try reader.skip()
      }
    }
    guard let operation, !key.isEmpty else { throw .malformed("row change") }
    if operation == .insert { before = Array(repeating: .null, count: columns.count) }
    if operation == .delete { after = Array(repeating: .null, count: columns.count) }
    guard before.count == columns.count, after.count == columns.count else {
      throw .malformed("row change")
    }
    let fields = columns.indices.map { index in
      FieldChange(column: columns[index], before: before[index], after: after[index])
    }
    self.init(table: table, operation: operation, key: RowKey(key), fields: fields)
  }
}
