/// A device's request to be let in, with the one-time code the operator gave.
package struct EnrolmentRequest: Equatable, Sendable {
  package var code: String
  /// The raw Ed25519 public key that will verify the device's envelopes.
  package var publicKey: [UInt8]
  /// What people call the machine.
  package var label: String
  package var protocolVersion = SyncLimits.protocolVersion

  package init(code: String, publicKey: [UInt8], label: String) {
    self.code = code
    self.publicKey = publicKey
    self.label = label
  }

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.string(1, code)
    writer.blob(2, publicKey)
    writer.string(3, label)
    writer.unsigned(4, UInt64(protocolVersion))
    return writer.bytes
  }

  /// Reads a request.
  ///
  /// - Throws: ``WireError`` for anything but a request.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    self.init(code: "", publicKey: [], label: "")
    protocolVersion = 0
    while let field = try reader.next() {
      switch field {
      case 1: code = try reader.string()
      case 2: publicKey = try reader.blob()
      case 3: label = try reader.string()
      case 4: protocolVersion = try reader.count()
      default: try reader.skip()
      }
    }
    guard !code.isEmpty, publicKey.count == 32 else { throw .malformed("enrolment") }
  }
}

/// What a device learns when it is let in.
package struct EnrolmentReply: Equatable, Sendable {
  package var device: String
  /// The secret that opens the hub for this device alone.
  package var credential: String
  package var officer: String
  package var officerName: String
  package var unit: String
  /// Which hub it is, so that a store is never given to another one than it knows; empty from a hub
  /// that does not say.
  package var hub: String

  package init(
    device: String, credential: String, officer: String, officerName: String, unit: String,
    hub: String = ""
  ) {
    self.hub = hub
    self.device = device
    self.credential = credential
    self.officer = officer
    self.officerName = officerName
    self.unit = unit
  }

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.string(1, device)
    writer.string(2, credential)
    writer.string(3, officer)
    writer.string(4, officerName)
    writer.string(5, unit)
    writer.string(6, hub)
    return writer.bytes
  }

  /// Reads an answer.
  ///
  /// - Throws: ``WireError`` for anything but an answer to an enrolment.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    self.init(device: "", credential: "", officer: "", officerName: "", unit: "")
    while let field = try reader.next() {
      switch field {
      case 1: device = try reader.string()
      case 2: credential = try reader.string()
      case 3: officer = try reader.string()
      case 4: officerName = try reader.string()
      case 5: unit = try reader.string()
      case 6: hub = try reader.string()
      default: try reader.skip()
      }
    }
    guard !device.isEmpty, !credential.isEmpty else { throw .malformed("answer to an enrolment") }
  }
}
