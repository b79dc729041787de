import Crypto

/// A one-time code that the operator gives to an officer.
///
/// It is never sent: the device says which one it has, and both sides prove to each other that they
/// know it. So whoever listens, or answers in the hub's place, can neither use it nor pass for either.
package struct EnrolmentCode: Equatable, Sendable {
  /// Says which code it is without giving it away.
  package let name: [UInt8]
  /// What both sides prove with.
  package let secret: [UInt8]

  /// - Parameter typed: The code as a person typed it: case, spaces and dashes do not matter.
  package init(typed: String) {
    let code = String(typed.uppercased().filter { $0.isLetter || $0.isNumber })
    name = Array(SHA256.hash(data: Array("thuan code name\0\(code)".utf8)))
    secret = Array(SHA256.hash(data: Array("thuan code secret\0\(code)".utf8)))
  }

  /// A code that is known by its name and secret only.
  package init(name: [UInt8], secret: [UInt8]) {
    self.name = name
    self.secret = secret
  }

  fileprivate func proof(_ role: String, _ bytes: [UInt8]) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(
        for: Array("\(role)\0".utf8) + bytes, using: SymmetricKey(data: secret)))
  }

  fileprivate func isProof(_ proof: [UInt8], _ role: String, _ bytes: [UInt8]) -> Bool {
    HMAC<SHA256>.isValidAuthenticationCode(
      proof, authenticating: Array("\(role)\0".utf8) + bytes, using: SymmetricKey(data: secret))
  }
}

/// A device's request to be let in, with the one-time code the operator gave.
package struct EnrolmentRequest: Equatable, Sendable {
  /// Which code it has: ``EnrolmentCode/name``.
  package private(set) var codeName: [UInt8]
  /// The raw Ed25519 public key that will verify what the device signs.
  package private(set) var publicKey: [UInt8]
  /// What people call the machine.
  package private(set) var label: String
  package private(set) var protocolVersion: Int
  private var proof: [UInt8] = []
  /// All that stands before the proof.
  private var proven: [UInt8] = []

  package init(
    code: EnrolmentCode, publicKey: [UInt8], label: String,
    protocolVersion: Int = SyncLimits.protocolVersion
  ) {
    self.protocolVersion = protocolVersion
    codeName = code.name
    self.publicKey = publicKey
    self.label = label
    proven = unproven
    proof = code.proof("device", proven)
  }

  private var unproven: [UInt8] {
    var writer = WireWriter()
    writer.blob(1, codeName)
    writer.blob(2, publicKey)
    writer.string(3, label)
    writer.unsigned(4, UInt64(protocolVersion))
    return writer.bytes
  }

  /// Whether whoever made it knows the code.
  package func isProven(by code: EnrolmentCode) -> Bool { code.isProof(proof, "device", proven) }

  package func encoded() -> [UInt8] {
    ClosingField.close(proven, with: proof)
  }

  /// Reads a request.
  ///
  /// - Throws: ``WireError`` for anything but a request.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    (codeName, publicKey, label, protocolVersion) = ([], [], "", 0)
    while let field = try reader.next() {
      switch field {
      case 1: codeName = try reader.blob()
      case 2: publicKey = try reader.blob()
      case 3: label = try reader.string()
      case 4: protocolVersion = try reader.count()
      case ClosingField.number: proof = try reader.blob()
      default: try reader.skip()
      }
    }
    guard codeName.count == 32, publicKey.count == 32, proof.count == 32 else {
      throw .malformed("enrolment")
    }
    proven = try ClosingField.bytes(before: proof, in: bytes, of: "enrolment")
  }
}

/// What a device learns when it is let in.
package struct EnrolmentReply: Equatable, Sendable {
  package private(set) var device: String
  package private(set) var officer: String
  package private(set) var officerName: String
  package private(set) var unit: String
  /// Which hub it is, so that a store is never given to another one than it knows.
  package private(set) var hub: String
  /// The raw Ed25519 public key that verifies what the hub signs.
  package private(set) var hubKey: [UInt8]
  /// The certificate in PEM that the device is to trust at the other end of a connection, and no other;
  /// empty where an authority vouches for the hub's.
  package private(set) var certificate: String
  /// The number of the hub's last ``AddressStatement``; none before it is taken any more.
  package private(set) var addressSerial: Int64
  private var proof: [UInt8] = []
  private var proven: [UInt8] = []

  /// An answer with the proof that the hub knows the code and answers this request.
  package init(
    to request: EnrolmentRequest, code: EnrolmentCode, device: String, officer: String,
    officerName: String, unit: String, hub: String, hubKey: [UInt8],
    certificate: String, addressSerial: Int64 = 0
  ) {
    self.addressSerial = addressSerial
    self.device = device
    self.officer = officer
    self.officerName = officerName
    self.unit = unit
    self.hub = hub
    self.hubKey = hubKey
    self.certificate = certificate
    proven = unproven
    proof = code.proof("hub", request.publicKey + proven)
  }

  private var unproven: [UInt8] {
    var writer = WireWriter()
    writer.string(1, device)
    writer.string(3, officer)
    writer.string(4, officerName)
    writer.string(5, unit)
    writer.string(6, hub)
    writer.blob(7, hubKey)
    writer.string(8, certificate)
    writer.unsigned(9, UInt64(max(0, addressSerial)))
    return writer.bytes
  }

  package func encoded() -> [UInt8] { ClosingField.close(proven, with: proof) }

  /// Whether whoever made it knows the code, and answered the request of this key.
  package func isProven(by code: EnrolmentCode, publicKey: [UInt8]) -> Bool {
    code.isProof(proof, "hub", publicKey + proven)
  }

  /// Reads an answer, without judging the proof.
  ///
  /// - Throws: ``WireError`` for anything but an answer to an enrolment.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    (device, officer, officerName, unit, hub, certificate) = ("", "", "", "", "", "")
    addressSerial = 0
    hubKey = []
    while let field = try reader.next() {
      switch field {
      case 1: device = try reader.string()
      case 3: officer = try reader.string()
      case 4: officerName = try reader.string()
      case 5: unit = try reader.string()
      case 6: hub = try reader.string()
      case 7: hubKey = try reader.blob()
      case 8: certificate = try reader.string()
      case 9: addressSerial = try reader.sequence()
      case ClosingField.number: proof = try reader.blob()
      default: try reader.skip()
      }
    }
    guard !device.isEmpty, hubKey.count == 32, proof.count == 32 else {
      throw .malformed("answer to an enrolment")
    }
    proven = try ClosingField.bytes(before: proof, in: bytes, of: "answer to an enrolment")
  }
}
