/// A state of the hub that can be proved: what a device holds, and what a change was made upon.
///
/// A sequence alone says nothing once a hub has been put back from a copy, because the sequences
/// that follow are given out a second time. The proof tells the two lives apart: it comes from a chain
/// of hashes over everything that the hub ever took in.
package struct HubPoint: Hashable, Sendable {
  /// The hub's sequence whose rows are held.
  package var sequence: Int64
  /// The last change set that the hub had taken in by then, by the hub's own number.
  package var number: Int64
  /// The first eight bytes of the hub's chain of hashes at that change set.
  package var proof: UInt64
  /// Of which scopes the state is: see ``Access/version``.
  package var access: UInt64

  package init(sequence: Int64, number: Int64, proof: UInt64, access: UInt64 = 0) {
    self.sequence = sequence
    self.number = number
    self.proof = proof
    self.access = access
  }

  /// Nothing at all.
  package static let zero = HubPoint(sequence: 0, number: 0, proof: 0)
}

extension HubPoint {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads a point.
  ///
  /// - Throws: ``WireError`` if the bytes are none.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    try self.init(reading: WireReader(bytes))
  }

  func write(to writer: inout WireWriter) {
    writer.unsigned(1, UInt64(sequence))
    writer.unsigned(2, UInt64(number))
    writer.fixed(3, proof)
    writer.fixed(4, access)
  }

  init(reading message: WireReader) throws(WireError) {
    var reader = message
    self = .zero
    while let field = try reader.next() {
      switch field {
      case 1: sequence = try reader.sequence()
      case 2: number = try reader.sequence()
      case 3: proof = try reader.fixed()
      case 4: access = try reader.fixed()
      default: try reader.skip()
      }
    }
  }
}
