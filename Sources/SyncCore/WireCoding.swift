/// What can be wrong with bytes that came from elsewhere.
package enum WireError: Error, Equatable {
  /// The bytes end before the message does.
  case truncated
  /// The bytes are no message of the named kind.
  case malformed(String)
  /// A limit of ``SyncLimits`` is exceeded.
  case tooLarge(String)
}

/// Writes Protocol Buffers, field by field, after `Schema/wire/thuan.proto`.
///
/// A codec of our own: the messages are few, the core imports nothing for it, and it costs a third of
/// generated code to write and about half to read (`scripts/bench --codec` compares). An independent
/// implementation reads its golden bytes in the tests.
package struct WireWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// One that will write about so many bytes, and is not to move them meanwhile.
  init(expecting count: Int) { bytes.reserveCapacity(count) }

  package mutating func varint(_ value: UInt64) {
    var value = value
    while value > 0x7F {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(value))
  }

  private mutating func tag(_ field: Int, _ wireType: UInt64) {
    varint(UInt64(field) << 3 | wireType)
  }

  /// An unsigned or boolean field; zero is left out, as proto3 does.
  package mutating func unsigned(_ field: Int, _ value: UInt64) {
    guard value != 0 else { return }
    tag(field, 0)
    varint(value)
  }

  package mutating func flag(_ field: Int, _ value: Bool) { unsigned(field, value ? 1 : 0) }

  /// A `sint64` field in zigzag form; zero is left out.
  package mutating func signed(_ field: Int, _ value: Int64) {
    unsigned(field, zigzag(value))
  }

  /// A `fixed64` field; zero is left out.
  package mutating func fixed(_ field: Int, _ value: UInt64) {
    guard value != 0 else { return }
    tag(field, 1)
    appendFixed(value)
  }

  private mutating func appendFixed(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  package mutating func string(_ field: Int, _ value: String) {
    guard !value.isEmpty else { return }
    presentString(field, value)
  }

  private mutating func presentString(_ field: Int, _ value: String) {
    tag(field, 2)
    varint(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  package mutating func blob(_ field: Int, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    presentBlob(field, value)
  }

  /// A `bytes` field that is written even when it is empty: an element of a list.
  package mutating func presentBlob(_ field: Int, _ value: [UInt8]) {
    tag(field, 2)
    varint(UInt64(value.count))
    bytes.append(contentsOf: value)
  }

  /// A packed list of small numbers.
  package mutating func packed(_ field: Int, _ values: some Collection<Int>) {
    guard !values.isEmpty else { return }
    message(field) { writer in
      for value in values { writer.varint(UInt64(value)) }
    }
  }

  /// A message within this one.
  ///
  /// Its length is put in front once it is known.
  package mutating func message(_ field: Int, _ body: (inout WireWriter) -> Void) {
    tag(field, 2)
    let start = bytes.count
    bytes.append(0)
    body(&self)
    var length = UInt64(bytes.count - start - 1)
    var prefix: [UInt8] = []
    while length > 0x7F {
      prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    if prefix.isEmpty {
      bytes[start] = UInt8(length)
    } else {
      prefix.append(UInt8(length))
      bytes.replaceSubrange(start...start, with: prefix)
    }
  }

  /// Bytes that are no field.
  mutating func raw(_ more: some Collection<UInt8>) { bytes.append(contentsOf: more) }

  /// Bytes that are no field, after their number.
  mutating func sized(_ more: [UInt8]) {
    varint(UInt64(more.count))
    raw(more)
  }

  /// A number of either sign that is no field.
  mutating func zigzagged(_ value: Int64) { varint(zigzag(value)) }

  package mutating func value(_ field: Int, _ value: Value) {
    tag(field, 2)
    valueContent(value)
  }

  /// A value without its field's number: its length and what it is.
  mutating func valueContent(_ value: Value) {
    switch value {
    case .null: bytes.append(0)
    case .integer(let integer):
      let number = zigzag(integer)
      bytes.append(UInt8(1 + Self.length(of: number)))
      tag(2, 0)
      varint(number)
    case .real(let real):
      bytes.append(9)
      tag(3, 1)
      appendFixed(real.bitPattern)
    case .text(let text):
      contentHead(4, text.utf8.count)
      bytes.append(contentsOf: text.utf8)
    case .blob(let blob):
      contentHead(5, blob.count)
      bytes.append(contentsOf: blob)
    }
  }

  /// The same for a text's bytes.
  mutating func textContent(_ text: UnsafeBufferPointer<UInt8>) {
    contentHead(4, text.count)
    unsafe bytes.append(contentsOf: text)
  }

  private mutating func contentHead(_ field: Int, _ count: Int) {
    varint(UInt64(1 + Self.length(of: UInt64(count)) + count))
    tag(field, 2)
    varint(UInt64(count))
  }

  private static func length(of varint: UInt64) -> Int {
    max(1, (64 - varint.leadingZeroBitCount + 6) / 7)
  }

  /// A field whose content and its length have been written already.
  mutating func lengthPrefixed(_ field: Int, _ content: ArraySlice<UInt8>) {
    tag(field, 2)
    bytes.append(contentsOf: content)
  }
}

/// Numbers of either sign so that small ones are short.
func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

func unzigzag(_ value: UInt64) -> Int64 {
  Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
}

/// Reads Protocol Buffers defensively: every count is checked against the bytes that are there,
/// and nothing that comes from outside can trap.
package struct WireReader {
  private let bytes: [UInt8]
  private(set) var position: Int
  let end: Int
  private var wireType: UInt64 = 0

  package init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count)
  }

  /// Reads what begins somewhere in some bytes.
  package init(_ bytes: [UInt8], from start: Int) { self.init(bytes, start..<bytes.count) }

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  package var isAtEnd: Bool { position >= end }
  /// The bytes that are left.
  var remaining: Int { end - position }

  /// The number of the next field, or nothing at the end of the message.
  package mutating func next() throws(WireError) -> Int? {
    guard position < end else { return nil }
    let tag = try varint()
    wireType = tag & 7
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw .malformed("tag") }
    return Int(tag >> 3)
  }

  package mutating func varint() throws(WireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      guard position < end else { throw .truncated }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte <= 1 else { throw .malformed("varint") }
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
  }

  package mutating func unsigned() throws(WireError) -> UInt64 {
    try expect(0)
    return try varint()
  }

  package mutating func flag() throws(WireError) -> Bool { try unsigned() != 0 }

  /// A number that has to fit a non-negative `Int`.
  package mutating func count() throws(WireError) -> Int {
    guard let count = Int(exactly: try unsigned()) else { throw .malformed("number") }
    return count
  }

  /// A number that has to fit a non-negative `Int64`, such as a sequence.
  package mutating func sequence() throws(WireError) -> Int64 {
    guard let count = Int64(exactly: try unsigned()) else { throw .malformed("number") }
    return count
  }

  package mutating func signed() throws(WireError) -> Int64 {
    unzigzag(try unsigned())
  }

  /// What a clock showed, in milliseconds since 1970, or the difference of two.
  ///
  /// No clock shows a time 285,000 years off. Without the bound, the difference of two could overflow.
  package mutating func milliseconds() throws(WireError) -> Int64 {
    let time = try signed()
    guard time.magnitude <= 1 << 53 else { throw .malformed("time") }
    return time
  }

  package mutating func fixed() throws(WireError) -> UInt64 {
    try expect(1)
    guard end - position >= 8 else { throw .truncated }
    var value: UInt64 = 0
    for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
    position += 8
    return value
  }

  package mutating func blob() throws(WireError) -> [UInt8] { Array(bytes[try range()]) }

  package mutating func string() throws(WireError) -> String {
    let range = try range()
    let text = unsafe bytes.withUnsafeBufferPointer { bytes in
      unsafe String(exactly: UnsafeBufferPointer(rebasing: bytes[range]))
    }
    guard let text else { throw .malformed("text that is not UTF-8") }
    return text
  }

  package mutating func message() throws(WireError) -> WireReader { WireReader(bytes, try range()) }

  package mutating func packed() throws(WireError) -> [Int] {
    var list = try message()
    var numbers: [Int] = []
    while list.position < list.end {
      guard let number = Int(exactly: try list.varint()) else { throw .malformed("number") }
      numbers.append(number)
    }
    return numbers
  }

  package mutating func value() throws(WireError) -> Value {
    try Self.value(try message())
  }

  /// A value without its field's number.
  mutating func valueContent() throws(WireError) -> Value { try Self.value(try sized()) }

  private static func value(_ message: WireReader) throws(WireError) -> Value {
    var reader = message
    var value = Value.null
    while let field = try reader.next() {
      switch field {
      case 2: value = .integer(try reader.signed())
      case 3: value = .real(Double(bitPattern: try reader.fixed()))
      case 4: value = .text(try reader.string())
      case 5: value = .blob(try reader.blob())
      default: try reader.skip()
      }
    }
    return value
  }

  // MARK: What is no field

  mutating func byte() throws(WireError) -> UInt8 {
    guard position < end else { throw .truncated }
    position += 1
    return bytes[position - 1]
  }

  mutating func raw(_ count: Int) throws(WireError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= end - position else { throw .truncated }
    position += count
    return bytes[position - count..<position]
  }

  mutating func number(upTo limit: Int) throws(WireError) -> Int {
    guard let number = Int(exactly: try varint()), number <= limit else {
      throw .malformed("number")
    }
    return number
  }

  mutating func zigzagged() throws(WireError) -> Int64 {
    unzigzag(try varint())
  }

  /// Bytes after their number.
  mutating func sized() throws(WireError) -> WireReader {
    let count = try number(upTo: .max)
    guard count <= end - position else { throw .truncated }
    position += count
    return WireReader(bytes, position - count..<position)
  }

  /// Passes over a field that this version does not know.
  package mutating func skip() throws(WireError) {
    switch wireType {
    case 0: _ = try varint()
    case 1: _ = try fixed()
    case 2: _ = try range()
    case 5:
      guard end - position >= 4 else { throw .truncated }
      position += 4
    default: throw .malformed("wire type")
    }
  }

  private mutating func range() throws(WireError) -> Range<Int> {
    try expect(2)
    let length = try varint()
    guard length <= UInt64(end - position) else { throw .truncated }
    let start = position
    position += Int(length)
    return start..<position
  }

  private func expect(_ type: UInt64) throws(WireError) {
    guard wireType == type else { throw .malformed("wire type") }
  }
}
