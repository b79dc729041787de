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
    guard encoded.first == Self.mark else { return nil }
    var reader = WireReader(Array(encoded.dropFirst()))
    guard let number = try? reader.varint(), let sequence = Int64(exactly: number), sequence > 0,
      let rest = try? reader.raw(reader.remaining)
    else { return nil }
    self.init(sequence: sequence, bytes: Array(rest))
  }
}
