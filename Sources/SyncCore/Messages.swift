/// A run of change sets of one stream, signed by its device: an HTTP body and a file alike.
package struct Envelope: Equatable, Sendable {
  package var protocolVersion = SyncLimits.protocolVersion
  package var schemaVersion: Int
  package var stream: StreamID
  /// What the device's clock showed when the envelope was closed.
  package var wallMilliseconds: Int64
  /// The encoded change sets, in order; kept as bytes so that their hashes hold.
  package var changeSets: [[UInt8]]
  /// The bytes that are signed, and the Ed25519 signature of them.
  ///
  /// Empty until it is signed. They keep the whole message: see ``forgetSigned()``.
  package private(set) var signed: ArraySlice<UInt8> = []
  package private(set) var signature: [UInt8] = []

  package init(
    schemaVersion: Int, stream: StreamID, wallMilliseconds: Int64, changeSets: [[UInt8]]
  ) {
    self.schemaVersion = schemaVersion
    self.stream = stream
    self.wallMilliseconds = wallMilliseconds
    self.changeSets = changeSets
  }

  /// The envelope as bytes, closed by what `sign` makes of all that stands before the signature.
  package func encoded<Failure>(
    signing sign: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) -> [UInt8] {
    var writer = WireWriter()
    writer.unsigned(1, UInt64(protocolVersion))
    writer.unsigned(2, UInt64(schemaVersion))
    writer.string(3, stream.device)
    writer.unsigned(4, UInt64(stream.epoch))
    writer.signed(5, wallMilliseconds)
    let block = PackedChangeSets.pack(changeSets, of: stream)
    let bytes = changeSets.reduce(0) { $0 + $1.count }
    if block.count < bytes {
      writer.blob(7, block)
      writer.unsigned(8, UInt64(bytes))
    } else {
      for changeSet in changeSets { writer.presentBlob(6, changeSet) }
    }
    return ClosingField.close(writer.bytes, with: try sign(writer.bytes))
  }

  /// Lets the message go that it was read from, once its signature has been judged.
  package mutating func forgetSigned() { signed = [] }

  /// How many bytes the change sets take that come out of an envelope's block; 0 if it has none.
  ///
  /// - Throws: ``WireError`` for anything but an envelope.
  package static func blockBytes(in bytes: [UInt8]) throws(WireError) -> Int {
    var reader = WireReader(bytes)
    var blockBytes = 0
    while let field = try reader.next() {
      if field == 8 { blockBytes = try reader.count() } else { try reader.skip() }
    }
    return blockBytes
  }

  /// Reads an envelope without judging its signature.
  ///
  /// - Throws: ``WireError`` for anything but an envelope.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var (device, epoch, version) = ("", 0, 0)
    var (block, blockBytes) = (WireReader?.none, 0)
    self.init(
      schemaVersion: 0, stream: StreamID(device: "", epoch: 0), wallMilliseconds: 0, changeSets: [])
    while let field = try reader.next() {
      switch field {
      case 1: version = try reader.count()
      case 2: schemaVersion = try reader.count()
      case 3: device = try reader.string()
      case 4: epoch = try reader.count()
      case 5: wallMilliseconds = try reader.milliseconds()
      // More than are taken are as many as make that known: an empty one takes two bytes.
      case 6 where changeSets.count <= SyncLimits.envelopeChangeSets:
        changeSets.append(try reader.blob())
      case 7: block = try reader.message()
      case 8: blockBytes = try reader.count()
      case ClosingField.number: signature = try reader.blob()
      default: try reader.skip()
      }
    }
    protocolVersion = version
    stream = StreamID(device: device, epoch: epoch)
    guard version > 0, !device.isEmpty else { throw .malformed("envelope") }
    if let block {
      guard changeSets.isEmpty else { throw .malformed("envelope") }
      guard blockBytes <= SyncLimits.bodyBytes else { throw .tooLarge("envelope") }
      changeSets = try PackedChangeSets(block, of: stream, room: blockBytes).bodies
    }
    signed = try ClosingField.slice(before: signature, in: bytes, of: "envelope")
  }
}

/// What the hub says of one change set, for ever.
package struct Receipt: Equatable, Sendable {
  package enum Disposition: Int, Sendable {
    case applied = 1
    case merged = 2
    case conflicted = 3
    case quarantined = 4
  }

  package var sequence: Int64
  package var disposition: Disposition
  /// The hub's own number of the change set.
  package var number: Int64
  /// Why it lies in quarantine, as a code of ``QuarantineReason`` and what it concerns.
  package var reason: String
  /// With ``Disposition/conflicted``, where the receipt is given once more: whether nobody has to decide
  /// about it any longer.
  package var isSettled = false

  package init(sequence: Int64, disposition: Disposition, number: Int64, reason: String) {
    self.sequence = sequence
    self.disposition = disposition
    self.number = number
    self.reason = reason
  }
}

/// The hub's answer to a push.
package struct PushReply: Equatable, Sendable {
  package var receipts: [Receipt] = []
  /// The epoch of the stream that the receipts are of.
  package var epoch = 0
  package var hubMilliseconds: Int64 = 0
  /// Hub time less device time, as far as the request tells; nothing within the limit.
  package var clockOffsetMilliseconds: Int64 = 0
  /// Whose stream it is.
  package var device = ""
  /// The hash of the last of these change sets, which stands for all before it in its stream.
  package var lastHash: [UInt8] = []
  /// The bytes that the hub signed, and its Ed25519 signature of them: with both, a device can prove
  /// what the hub has taken in.
  package private(set) var signed: [UInt8] = []
  package private(set) var signature: [UInt8] = []

  package init() {}

  /// The answer as bytes, closed by what `sign` makes of all that stands before the signature.
  package func encoded<Failure>(
    signing sign: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) -> [UInt8] {
    var writer = WireWriter()
    for receipt in receipts {
      writer.message(1) { writer in
        writer.unsigned(1, UInt64(receipt.sequence))
        writer.unsigned(2, UInt64(receipt.disposition.rawValue))
        writer.unsigned(3, UInt64(receipt.number))
        writer.string(4, receipt.reason)
        writer.flag(5, receipt.isSettled)
      }
    }
    writer.signed(2, hubMilliseconds)
    writer.signed(3, clockOffsetMilliseconds)
    writer.unsigned(4, UInt64(epoch))
    writer.string(5, device)
    writer.blob(6, lastHash)
    return ClosingField.close(writer.bytes, with: try sign(writer.bytes))
  }

  /// Reads an answer without judging its signature.
  ///
  /// - Throws: ``WireError`` for anything but an answer to a push.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch field {
      case 1: receipts.append(try Receipt(reading: try reader.message()))
      case 2: hubMilliseconds = try reader.milliseconds()
      case 3: clockOffsetMilliseconds = try reader.milliseconds()
      case 4: epoch = try reader.count()
      case 5: device = try reader.string()
      case 6: lastHash = try reader.blob()
      case ClosingField.number: signature = try reader.blob()
      default: try reader.skip()
      }
    }
    guard hubMilliseconds != 0 else { throw .malformed("answer to a push") }
    signed = try ClosingField.bytes(before: signature, in: bytes, of: "answer to a push")
  }
}

extension Receipt {
  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    var disposition: Disposition?
    self.init(sequence: 0, disposition: .applied, number: 0, reason: "")
    while let field = try reader.next() {
      switch field {
      case 1: sequence = try reader.sequence()
      case 2: disposition = Disposition(rawValue: try reader.count())
      case 3: number = try reader.sequence()
      case 4: reason = try reader.string()
      case 5: isSettled = try reader.flag()
      default: try reader.skip()
      }
    }
    guard let disposition, sequence > 0 else { throw .malformed("receipt") }
    self.disposition = disposition
  }
}

/// A row on its way from the hub to a device.
package struct PulledRow: Equatable, Sendable {
  package enum Kind: Int, Sendable {
    /// The named fields have changed.
    case fields = 1
    /// The row whole; fields that are not named are null.
    case whole = 2
    /// The row has been deleted.
    case deleted = 3
    /// The row has left the device's scope; it lives on elsewhere.
    case evicted = 4
  }

  package var table: Int
  package var kind: Kind
  package var key: RowKey
  /// Wire numbers of the columns, and their values.
  package var columns: [Int]
  package var values: [Value]

  package init(table: Int, kind: Kind, key: RowKey, columns: [Int], values: [Value]) {
    self.table = table
    self.kind = kind
    self.key = key
    self.columns = columns
    self.values = values
  }
}

/// One page of what has changed at the hub since a device's cursor.
///
/// A device stages pages and applies them in one transaction when the last has come, so it never
/// shows a state the hub did not have (law L4).
package struct PullPage: Equatable, Sendable {
  /// The hub's name, which it keeps for good.
  package var hub = ""
  package var schemaVersion = 0
  package var rows: [PulledRow] = []
  /// Where the next page begins, and what the hub had taken in when it made this one.
  package var position = HubPoint.zero
  /// Whether the hub had nothing beyond this page when it made it.
  package var isLast = false
  package var hubMilliseconds: Int64 = 0
  /// With the last page: the hub's digests at ``position``.
  package var digests = ColumnDigests()
  /// With the last page, instead of the digests: the device's own as one number, where the hub's are the
  /// same and no row came.
  package var confirmedDigest: UInt64 = 0
  /// Whether the rows travel as one block, for a device that reads such.
  package var isPacked = false
  /// How many rows there are, where only the rest has been read.
  private var unreadRows = 0
  package var rowCount: Int { rows.count + unreadRows }

  package init() {}

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.string(1, hub)
    writer.unsigned(2, UInt64(schemaVersion))
    if !isPacked { for row in rows { writer.message(3) { row.write(to: &$0) } } }
    writer.unsigned(4, UInt64(position.sequence))
    writer.flag(5, isLast)
    writer.signed(6, hubMilliseconds)
    for (column, sum) in digests.sums.sorted(by: { $0.key < $1.key }) {
      writer.message(7) { writer in
        writer.unsigned(1, UInt64(column.table))
        writer.unsigned(2, UInt64(column.column))
        writer.fixed(3, sum)
      }
    }
    writer.unsigned(8, UInt64(position.number))
    writer.fixed(9, position.proof)
    writer.fixed(10, position.access)
    if isPacked { writer.blob(11, PackedRow.block(of: rows)) }
    writer.fixed(12, confirmedDigest)
    // Rows in a block come after what says that the page is the last: without its end it is none.
    writer.flag(13, true)
    return writer.bytes
  }

  /// Reads a page.
  ///
  /// - Parameters:
  ///   - bytes: What ``encoded()`` gave.
  ///   - readsRows: Whether its rows are wanted, or only how many there are.
  /// - Throws: ``WireError`` for anything but a whole page.
  package init(decoding bytes: [UInt8], readsRows: Bool = true) throws(WireError) {
    var isWhole = false
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch field {
      case 1: hub = try reader.string()
      case 2: schemaVersion = try reader.count()
      case 3 where readsRows: rows.append(try PulledRow(reading: try reader.message()))
      case 3:
        unreadRows += 1
        try reader.skip()
      case 4: position.sequence = try reader.sequence()
      case 5: isLast = try reader.flag()
      case 6: hubMilliseconds = try reader.milliseconds()
      case 7: try readDigest(try reader.message())
      case 8: position.number = try reader.sequence()
      case 9: position.proof = try reader.fixed()
      case 10: position.access = try reader.fixed()
      case 11:
        isPacked = true
        let block = try reader.message()
        if readsRows {
          rows += try PackedRow.rows(in: block)
        } else {
          unreadRows += try RowUnpacker<ValueColumn>.count(block)
        }
      case 12: confirmedDigest = try reader.fixed()
      case 13: isWhole = try reader.flag()
      default: try reader.skip()
      }
    }
    // Without rows there is no block to tell by.
    if rowCount == 0 { isPacked = false }
    guard isWhole, !hub.isEmpty else { throw .malformed("page") }
  }

  private mutating func readDigest(_ message: WireReader) throws(WireError) {
    var reader = message
    var (table, column, sum) = (0, 0, UInt64(0))
    while let field = try reader.next() {
      switch field {
      case 1: table = try reader.count()
      case 2: column = try reader.count()
      case 3: sum = try reader.fixed()
      default: try reader.skip()
      }
    }
    digests.sums[.init(table: table, column: column)] = sum
  }
}

extension PulledRow {
  func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(table))
    writer.unsigned(2, UInt64(kind.rawValue))
    for value in key.values { writer.value(3, value) }
    writer.packed(4, columns)
    for value in values { writer.value(5, value) }
  }

  init(reading message: WireReader) throws(WireError) {
    var reader = message
    var kind: Kind?
    var key: [Value] = []
    self.init(table: 0, kind: .fields, key: RowKey([]), columns: [], values: [])
    while let field = try reader.next() {
      switch field {
      case 1: table = try reader.count()
      case 2: kind = Kind(rawValue: try reader.count())
      case 3: key.append(try reader.value())
      case 4: columns.append(contentsOf: try reader.packed())
      case 5: values.append(try reader.value())
      default: try reader.skip()
      }
    }
    guard let kind, !key.isEmpty, columns.count == values.count else { throw .malformed("row") }
    self.kind = kind
    self.key = RowKey(key)
  }
}

extension PackedRow {
  /// A page's rows as one block; nothing for none.
  fileprivate static func block(of rows: [PulledRow]) -> [UInt8] {
    if rows.isEmpty { return [] }
    var packer = RowPacker()
    for row in rows {
      packer.add(
        PackedRow(
          table: row.table, kind: row.kind.rawValue, key: row.key.values, columns: row.columns,
          after: row.values))
    }
    return packer.finish()
  }

  fileprivate static func rows(in block: WireReader) throws(WireError) -> [PulledRow] {
    var unpacker = try RowUnpacker<ValueColumn>(block, room: SyncLimits.bodyBytes)
    var rows: [PulledRow] = []
    while !unpacker.isAtEnd {
      let row = try unpacker.row()
      guard let kind = PulledRow.Kind(rawValue: row.kind), !row.key.isEmpty, row.before.isEmpty,
        row.after.count == row.columns.count
      else { throw .malformed("row") }
      rows.append(
        PulledRow(
          table: row.table, kind: kind, key: RowKey(row.key), columns: row.columns,
          values: row.after))
    }
    return rows
  }
}
