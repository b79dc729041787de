/// Bytes looked at eight at a time: texts are compared, hashed and read for every value of every row.
extension Collection<UInt8> {
  /// Calls `body` with each eight bytes as a little-endian number; what is missing of the last is zero.
  @inline(__always)
  func forEachWord(_ body: (UInt64) -> Void) {
    let isContiguous: Void? = withContiguousStorageIfAvailable { bytes in
      let bytes = UnsafeRawBufferPointer(bytes)
      var position = 0
      while position + 8 <= bytes.count {
        body(
          UInt64(
            littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
        position += 8
      }
      if position < bytes.count { unsafe body(lastWord(bytes[position...])) }
    }
    if isContiguous == nil { Array(self).forEachWord(body) }
  }

  /// Whether two texts are the same to the byte, which is more than being equal.
  func hasSameBytes(as other: some Collection<UInt8>) -> Bool {
    if count != other.count { return false }
    return withContiguousStorageIfAvailable { left in
      other.withContiguousStorageIfAvailable { right in
        unsafe areSame(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
      }
    }.flatMap { $0 } ?? elementsEqual(other)
  }
}

/// Up to eight bytes as a little-endian number.
@inline(__always)
private func lastWord(_ bytes: some Collection<UInt8>) -> UInt64 {
  var word: UInt64 = 0
  var shift: UInt64 = 0
  for byte in bytes {
    word |= UInt64(byte) << shift
    shift += 8
  }
  return word
}

private func areSame(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
  var position = 0
  while position + 8 <= left.count {
    let (mine, theirs) = unsafe (
      left.loadUnaligned(fromByteOffset: position, as: UInt64.self),
      right.loadUnaligned(fromByteOffset: position, as: UInt64.self)
    )
    if mine != theirs { return false }
    position += 8
  }
  return unsafe left[position...].elementsEqual(right[position...])
}

/// The bytes of a text while it is looked at: an array would count its owners at every look.
@safe
struct TextBytes {
  private let bytes: UnsafeBufferPointer<UInt8>
  var count: Int { unsafe bytes.count }

  init(_ bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

  subscript(place: Int) -> UInt8 {
    precondition(place >= 0 && place < count)
    return unsafe bytes[place]
  }

  /// Eight bytes from a place on, as a little-endian number.
  func eight(_ place: Int) -> UInt64 {
    precondition(place >= 0 && place + 8 <= count)
    return unsafe UInt64(
      littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(
        fromByteOffset: place, as: UInt64.self))
  }
}

extension String {
  /// Shows the bytes of the text.
  func withBytes<Result>(_ body: (TextBytes) -> Result) -> Result {
    let shown = unsafe utf8.withContiguousStorageIfAvailable { unsafe body(TextBytes($0)) }
    if let shown { return shown }
    var text = self
    return text.withUTF8 { unsafe body(TextBytes($0)) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether one of them is zero.
  package var containsZero: Bool {
    var place = 0
    while place + 8 <= count {
      let word = unsafe UnsafeRawBufferPointer(self).loadUnaligned(
        fromByteOffset: place, as: UInt64.self)
      // A byte is zero if taking one away borrows.
      if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 != 0 { return true }
      place += 8
    }
    return unsafe self[place...].contains(0)
  }
}

extension String {
  /// Whether there is a NUL in it.
  package var containsZero: Bool {
    unsafe utf8.withContiguousStorageIfAvailable { unsafe $0.containsZero } ?? utf8.contains(0)
  }
}
