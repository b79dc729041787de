/// A value as SQLite stores it, exact to the bit.
///
/// Equality and hashing are *exact* (bytes of a text, bits of a real), because replicas have to
/// hold the same bytes. ``agrees(with:)`` is the softer comparison that merging uses.
package enum Value: Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  /// Whether two values say the same thing: equal, or the same text in another Unicode form.
  package func agrees(with other: Value) -> Bool {
    if case .text(let mine) = self, case .text(let theirs) = other { return mine == theirs }
    return self == other
  }

  /// The text of a text value, nothing for any other kind.
  package var text: String? {
    if case .text(let text) = self { return text }
    return nil
  }

  var isNull: Bool {
    if case .null = self { true } else { false }
  }

  var isInteger: Bool {
    if case .integer = self { true } else { false }
  }

  var isText: Bool {
    if case .text = self { true } else { false }
  }

  /// About how many bytes the value takes in a message.
  package var approximateBytes: Int {
    switch self {
    case .null: 2
    case .integer, .real: 8
    case .text(let text): text.utf8.count + 4
    case .blob(let blob): blob.count + 4
    }
  }

  /// The integer of an integer value, nothing for any other kind.
  package var integer: Int64? {
    if case .integer(let integer) = self { return integer }
    return nil
  }
}

extension Value: Hashable {
  package static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.integer(let left), .integer(let right)): left == right
    case (.real(let left), .real(let right)): left.bitPattern == right.bitPattern
    case (.text(let left), .text(let right)): left.utf8.hasSameBytes(as: right.utf8)
    case (.blob(let left), .blob(let right)): left == right
    default: false
    }
  }

  package func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .integer(let integer): hasher.combine(integer)
    case .real(let real): hasher.combine(real.bitPattern)
    case .text(let text): text.utf8.forEachWord { hasher.combine($0) }
    case .blob(let blob): hasher.combine(blob)
    }
  }
}

extension Value: Comparable {
  /// SQLite's order of values: null, numbers, text by bytes, blobs.
  package static func < (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): left < right
    case (.real(let left), .real(let right)): left < right
    case (.integer(let left), .real(let right)): Double(left) < right
    case (.real(let left), .integer(let right)): left < Double(right)
    case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
    case (.blob(let left), .blob(let right)): left.lexicographicallyPrecedes(right)
    default: left.rank < right.rank
    }
  }

  private var rank: Int {
    switch self {
    case .null: 0
    case .integer, .real: 1
    case .text: 2
    case .blob: 3
    }
  }
}

extension Value: CustomStringConvertible {
  /// The value as a person reads it; a blob as its length.
  package var description: String {
    switch self {
    case .null: "∅"
    case .integer(let integer): String(integer)
    case .real(let real): String(real)
    case .text(let text): text
    case .blob(let blob): "<\(blob.count) B>"
    }
  }
}

/// The values of a row's key columns, in the order of the table's declaration.
package struct RowKey: Hashable, Sendable {
  package let values: [Value]

  package init(_ values: [Value]) { self.values = values }

  /// The form in which bookkeeping tables hold the key: the value itself where the key is one
  /// column, and SQL literals joined by commas (what `quote(a)||','||quote(b)` gives) otherwise.
  package var stored: Value {
    values.count == 1 ? values[0] : .text(values.map(\.literal).joined(separator: ","))
  }

  /// Reads the stored form back.
  ///
  /// Where a key holds bytes that are no text, the list reads as a blob.
  ///
  /// - Throws: ``WireError`` if it is not a list of `columns` SQL literals.
  package init(stored: Value, columns: Int) throws(WireError) {
    if columns == 1 {
      values = [stored]
      return
    }
    var parser: LiteralParser
    switch stored {
    case .text(let text): parser = LiteralParser(Array(text.utf8))
    case .blob(let bytes): parser = LiteralParser(bytes)
    default: throw .malformed("row key")
    }
    values = try parser.list(count: columns)
  }
}

extension RowKey: CustomStringConvertible {
  package var description: String { values.map(\.description).joined(separator: "/") }
}

extension Value {
  /// The value as an SQL literal, spelt as SQLite's `quote()` does.
  fileprivate var literal: String {
    switch self {
    case .null: "NULL"
    case .integer(let integer): String(integer)
    case .real(let real): String(real)
    case .text(let text): doubled("'", in: text)
    case .blob(let blob): "X'" + hexadecimal(blob).uppercased() + "'"
    }
  }
}

/// A text between quotation marks, with those inside it doubled.
///
/// By scalars, as SQL reads it: with a combining mark behind it a quotation mark is another character.
func doubled(_ quote: Unicode.Scalar, in text: String) -> String {
  var quoted = String.UnicodeScalarView([quote])
  for scalar in text.unicodeScalars {
    if scalar == quote { quoted.append(quote) }
    quoted.append(scalar)
  }
  quoted.append(quote)
  return String(quoted)
}

/// Reads the comma-separated SQL literals of a composite key.
private struct LiteralParser {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func list(count: Int) throws(WireError) -> [Value] {
    var values: [Value] = []
    while values.count < count {
      if !values.isEmpty { try expect(UInt8(ascii: ",")) }
      values.append(try literal())
    }
    guard position == bytes.count else { throw .malformed("row key") }
    return values
  }

  private mutating func literal() throws(WireError) -> Value {
    guard position < bytes.count else { throw .truncated }
    switch bytes[position] {
    case UInt8(ascii: "'"):
      let content = try quoted()
      return String(validating: content, as: UTF8.self).map(Value.text) ?? .blob(content)
    case UInt8(ascii: "X"):
      position += 1
      guard let blob = bytesFromHexadecimal(String(decoding: try quoted(), as: UTF8.self)) else {
        throw .malformed("row key")
      }
      return .blob(blob)
    default: return try word()
    }
  }

  private mutating func word() throws(WireError) -> Value {
    let end = bytes[position...].firstIndex(of: UInt8(ascii: ",")) ?? bytes.count
    let word = String(decoding: bytes[position..<end], as: UTF8.self)
    position = end
    if word == "NULL" { return .null }
    if let integer = Int64(word) { return .integer(integer) }
    if let real = Double(word), !real.isNaN { return .real(real) }
    throw .malformed("row key")
  }

  private mutating func quoted() throws(WireError) -> [UInt8] {
    let quote = UInt8(ascii: "'")
    try expect(quote)
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte != quote {
        content.append(byte)
      } else if position < bytes.count, bytes[position] == quote {
        content.append(quote)
        position += 1
      } else {
        return content
      }
    }
    throw .truncated
  }

  private mutating func expect(_ byte: UInt8) throws(WireError) {
    guard position < bytes.count, bytes[position] == byte else { throw .malformed("row key") }
    position += 1
  }
}

/// Bytes as lower-case hexadecimal digits.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes that hexadecimal digits spell, or nothing if they spell none.
package func bytesFromHexadecimal(_ text: String) -> [UInt8]? {
  let digits = text.map(\.hexDigitValue)
  guard digits.count.isMultiple(of: 2) else { return nil }
  var bytes: [UInt8] = []
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let high = digits[index], let low = digits[index + 1] else { return nil }
    bytes.append(UInt8(high << 4 | low))
  }
  return bytes
}
