/// What the hub says, with its key, of where it is: an address, and which certificate to trust there.
///
/// A device that knows the hub by its key believes this and nothing else when the hub has moved or has
/// another certificate. An answer that the hub has signed would not do, since whoever sits between can
/// fetch one: the statement names the very place, and the device looks whether it is there.
package struct AddressStatement: Equatable, Sendable {
  /// The hub's name.
  package private(set) var hub: String
  /// Such as `https://hub.example.vn`, without a slash at its end.
  package private(set) var address: String
  /// The certificate in PEM that alone is to be trusted there; empty where an authority vouches for it.
  package private(set) var certificate: String
  /// Higher than that of every statement before: an older one is not taken any more.
  package private(set) var serial: Int64
  /// When it was made, in milliseconds since 1970.
  package private(set) var wallMilliseconds: Int64
  /// The hub's Ed25519 signature of ``signed``.
  package private(set) var signature: [UInt8] = []
  private var unsigned: [UInt8] = []

  /// Makes a statement with what makes the hub's signature.
  package init<Failure>(
    hub: String, address: String, certificate: String, serial: Int64, wallMilliseconds: Int64,
    signing sign: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) {
    self.hub = hub
    self.address = address
    self.certificate = certificate
    self.serial = serial
    self.wallMilliseconds = wallMilliseconds
    var writer = WireWriter()
    writer.string(1, hub)
    writer.string(2, address)
    writer.string(3, certificate)
    writer.unsigned(4, UInt64(max(0, serial)))
    writer.signed(5, wallMilliseconds)
    unsigned = writer.bytes
    signature = try sign(signed)
  }

  /// The bytes that are signed: no other message that the hub signs begins so.
  package var signed: [UInt8] { Array("thuan address\n".utf8) + unsigned }

  package func encoded() -> [UInt8] { ClosingField.close(unsigned, with: signature) }

  /// Reads a statement without judging its signature.
  ///
  /// - Throws: ``WireError`` for anything but a statement.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    (hub, address, certificate, serial, wallMilliseconds) = ("", "", "", 0, 0)
    var reader = WireReader(bytes)
    while let field = try reader.next() {
      switch field {
      case 1: hub = try reader.string()
      case 2: address = try reader.string()
      case 3: certificate = try reader.string()
      case 4: serial = try reader.sequence()
      case 5: wallMilliseconds = try reader.milliseconds()
      case ClosingField.number: signature = try reader.blob()
      default: try reader.skip()
      }
    }
    guard !hub.isEmpty, !address.isEmpty, serial > 0 else { throw .malformed("address statement") }
    unsigned = try ClosingField.bytes(before: signature, in: bytes, of: "address statement")
  }
}

extension AddressStatement {
  private static let mark = "thuan-address:"
  private static let end = ":"
  private static let lineCharacters = 64

  /// The statement as a text that can be sent by any means and pasted.
  package var text: String {
    var rest = Base64URL.text(encoded())[...]
    var lines = [Self.mark]
    while !rest.isEmpty {
      lines.append(String(rest.prefix(Self.lineCharacters)))
      rest = rest.dropFirst(Self.lineCharacters)
    }
    return (lines + [Self.end]).joined(separator: "\n")
  }

  /// Reads a statement out of a text, whatever stands before it and however it is broken into lines.
  ///
  /// - Throws: ``WireError`` if there is none in it.
  package init(text: String) throws(WireError) {
    guard let start = text.firstRange(of: Self.mark)?.upperBound,
      let end = text[start...].firstRange(of: Self.end)?.lowerBound,
      let bytes = Base64URL.bytes(text[start..<end].filter { !$0.isWhitespace })
    else { throw .malformed("address statement") }
    try self.init(decoding: bytes)
  }
}
