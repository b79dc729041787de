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

  /// The text that bytes spell, or nothing if they are not UTF-8.
  ///
  /// The standard library's own check costs several times as much: it is generic at run time.
  package init?(exactly bytes: UnsafeBufferPointer<UInt8>) {
    unsafe self.init(decoding: bytes, as: UTF8.self)
    // What is no UTF-8 has been replaced.
    guard unsafe utf8.hasSameBytes(as: bytes) else { return nil }
  }

  init?(exactly bytes: [UInt8]) {
    let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(exactly: $0) }
    guard let text else { return nil }
    self = text
  }
}
