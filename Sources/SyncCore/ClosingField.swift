/// The last field of a message that is signed or proven: what it holds is about all bytes before it.
enum ClosingField {
  static let number = 15
  private static let lengthMax = 127

  /// The message with its closing field.
  static func close(_ bytes: [UInt8], with closing: [UInt8]) -> [UInt8] {
    var writer = WireWriter()
    writer.blob(number, closing)
    return bytes + writer.bytes
  }

  /// The bytes that the closing field is about.
  ///
  /// - Throws: ``WireError`` if it does not close the message: one tag byte, a length of one byte, and
  ///   its bytes.
  static func bytes(
    before closing: [UInt8], in message: [UInt8], of what: String
  ) throws(WireError) -> [UInt8] {
    Array(try slice(before: closing, in: message, of: what))
  }

  /// The same without a copy, for a message that may be large; it keeps the message.
  static func slice(
    before closing: [UInt8], in message: [UInt8], of what: String
  ) throws(WireError) -> ArraySlice<UInt8> {
    guard !closing.isEmpty, closing.count <= lengthMax,
      case let trailer = [UInt8(number << 3 | 2), UInt8(closing.count)] + closing,
      message.suffix(trailer.count).elementsEqual(trailer)
    else { throw .malformed("\(what): the signature has to come last") }
    return message.dropLast(trailer.count)
  }
}
