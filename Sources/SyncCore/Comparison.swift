/// A device's question what the hub holds in a range of a table's keys, where their digests differ.
///
/// Keys are in the form in which both sides keep them, see ``RowKey/stored``, and in SQLite's order.
package struct ComparisonRequest: Equatable, Sendable {
  /// The state that the device compares; the hub has to be in it still.
  package var position: HubPoint
  /// The table's wire number.
  package var table: Int
  package var range: KeyRange

  package init(position: HubPoint, table: Int, range: KeyRange) {
    self.position = position
    self.table = table
    self.range = range
  }
}

/// Keys after one and up to another; without an end where there is none.
package struct KeyRange: Equatable, Sendable {
  package var after: Value?
  package var upTo: Value?

  package init(after: Value? = nil, upTo: Value? = nil) {
    self.after = after
    self.upTo = upTo
  }
}

/// What the hub holds in a range: its rows where they are few, sums over smaller ranges otherwise.
package struct ComparisonReply: Equatable, Sendable {
  /// The end of one of the smaller ranges, and the sum of its rows' marks.
  package struct Part: Equatable, Sendable {
    package var upTo: Value?
    package var sum: UInt64

    package init(upTo: Value?, sum: UInt64) {
      self.upTo = upTo
      self.sum = sum
    }
  }

  package enum Content: Equatable, Sendable {
    /// The hub has moved on: the device pulls first.
    case moved
    case parts([Part])
    /// All rows of the range, whole.
    case rows([PulledRow])
  }

  package var content: Content

  package init(_ content: Content) { self.content = content }
}

extension ComparisonRequest {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.unsigned(1, UInt64(SyncLimits.protocolVersion))
    writer.message(2) { position.write(to: &$0) }
    writer.unsigned(3, UInt64(table))
    if let after = range.after { writer.value(4, after) }
    if let upTo = range.upTo { writer.value(5, upTo) }
    return writer.bytes
  }

  /// Reads a question.
  ///
  /// - Throws: ``WireError`` for anything but one.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var version = 0
    self.init(position: .zero, table: 0, range: KeyRange())
    while let field = try reader.next() {
      switch field {
      case 1: version = try reader.count()
      case 2: position = try HubPoint(reading: try reader.message())
      case 3: table = try reader.count()
      case 4: range.after = try reader.value()
      case 5: range.upTo = try reader.value()
      default: try reader.skip()
      }
    }
    guard version > 0 else { throw .malformed("comparison") }
  }
}

extension ComparisonReply {
  private enum Kind: Int {
    case moved = 1
    case parts = 2
    case rows = 3
  }

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    switch content {
    case .moved: writer.unsigned(1, UInt64(Kind.moved.rawValue))
    case .parts(let parts):
      writer.unsigned(1, UInt64(Kind.parts.rawValue))
      for part in parts {
        writer.message(2) { writer in
          if let upTo = part.upTo { writer.value(1, upTo) }
          writer.fixed(2, part.sum)
        }
      }
    case .rows(let rows):
      writer.unsigned(1, UInt64(Kind.rows.rawValue))
      for row in rows { writer.message(3) { row.write(to: &$0) } }
    }
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: ``WireError`` for anything but one.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var kind: Kind?
    var parts: [Part] = []
    var rows: [PulledRow] = []
    while let field = try reader.next() {
      switch field {
      case 1: kind = Kind(rawValue: try reader.count())
      case 2: parts.append(try Part(reading: try reader.message()))
      case 3: rows.append(try PulledRow(reading: try reader.message()))
      default: try reader.skip()
      }
    }
    switch kind {
    case .moved: content = .moved
    case .parts: content = .parts(parts)
    case .rows: content = .rows(rows)
    case nil: throw .malformed("answer to a comparison")
    }
  }
}

extension ComparisonReply.Part {
  fileprivate init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init(upTo: nil, sum: 0)
    while let field = try reader.next() {
      switch field {
      case 1: upTo = try reader.value()
      case 2: sum = try reader.fixed()
      default: try reader.skip()
      }
    }
  }
}
