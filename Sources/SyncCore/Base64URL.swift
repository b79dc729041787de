/// Bytes as text of the 64 characters that are safe in headers and addresses, without padding (RFC 4648,
/// section 5).
package enum Base64URL {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    var characters: [UInt8] = []
    var (held, bits): (UInt32, UInt32) = (0, 0)
    for byte in bytes {
      (held, bits) = (held << 8 | UInt32(byte), bits + 8)
      while bits >= 6 {
        bits -= 6
        characters.append(alphabet[Int(held >> bits & 63)])
      }
    }
    if bits > 0 { characters.append(alphabet[Int(held << (6 - bits) & 63)]) }
    return String(decoding: characters, as: UTF8.self)
  }

  /// - Returns: Nothing for a text that ``text(_:)`` does not give.
  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (held, bits): (UInt32, UInt32) = (0, 0)
    for character in text.utf8 {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      (held, bits) = (held << 6 | UInt32(value), bits + 6)
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> bits))
      }
    }
    return Self.text(bytes) == text ? bytes : nil
  }
}
