/// What stands in the place of a change set whose bytes the disk has changed.
///
/// It must not pass for work, and it must not be lost or hold up what comes after it. So it begins with
/// a byte that begins no message, says which change set of its stream it was, by which the hub knows it
/// when it comes again, and has all bytes that are left.
package struct DamagedChangeSet: Equatable, Sendable {
  package let sequence: Int64
  /// What is left of it.
  package let bytes: [UInt8]

  package init(sequence: Int64, bytes: [UInt8]) {
    self.sequence = sequence
    self.bytes = bytes
  }

  /// No field of a message has the number 0.
  private static let mark: UInt8 = 0

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.raw([Self.mark])
    writer.varint(UInt64(sequence))
    writer.raw(bytes)
    return writer.bytes
  }

  /// Reads what ``encoded()`` gives; nothing if the bytes are no such thing.
  package init?(decoding encoded: [UInt8]) {
    guard let (sequence, rest) = Self.read(encoded) else { return nil }
    self.init(sequence: sequence, bytes: Array(rest))
  }

  /// Which change set of its stream it was of which ``encoded()`` gives the bytes, without a copy of them;
  /// nothing if they are no such thing.
  package static func sequence(in encoded: [UInt8]) -> Int64? { read(encoded)?.sequence }

  private static func read(_ encoded: [UInt8]) -> (sequence: Int64, rest: ArraySlice<UInt8>)? {
    guard encoded.first == mark else { return nil }
    var reader = WireReader(encoded, 1..<encoded.count)
    guard let number = try? reader.varint(), let sequence = Int64(exactly: number), sequence > 0,
      let rest = try? reader.raw(reader.remaining)
    else { return nil }
    return (sequence, rest)
  }
}
