import Crypto
package import Foundation
import GRDB
import SyncCore
import SyncSQLite

/// What makes a device itself: its id and its signing key, and the key of the hub that it trusts.
///
/// It is kept beside the database file and not in it, so that a restored or copied database is
/// noticed.
package struct DeviceIdentity: Equatable, Sendable {
  package var device: String
  /// The hub's address.
  package var hub: String
  /// The raw Ed25519 public key of the hub that let the device in: no other is believed.
  package var hubKey: Data
  /// The certificate in PEM that alone is trusted at the other end of a connection; nothing where the
  /// machine's authorities are.
  package var certificate: String?
  /// The number of the hub's last statement about the two; see `AddressStatement`.
  package var addressSerial: Int64
  /// The raw Ed25519 private key, which is made on the device and never leaves this file.
  package var signingKey: Data
  /// Also in the database; if the two differ, one of them is from another day or another machine.
  package var incarnation: String

  package init(
    device: String, hub: String, hubKey: Data, certificate: String? = nil,
    addressSerial: Int64 = 0, signingKey: Data, incarnation: String
  ) {
    self.device = device
    self.hub = hub
    self.hubKey = hubKey
    self.certificate = certificate
    self.addressSerial = addressSerial
    self.signingKey = signingKey
    self.incarnation = incarnation
  }

  package func sign(_ bytes: [UInt8]) throws -> [UInt8] {
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: signingKey)
    return Array(try key.signature(for: bytes))
  }

  /// A new signing key.
  package static func makeSigningKey() -> (secret: Data, publicKey: [UInt8]) {
    let key = Curve25519.Signing.PrivateKey()
    return (key.rawRepresentation, Array(key.publicKey.rawRepresentation))
  }

  /// The public key that belongs to a signing key; nothing if that is none.
  package static func publicKey(of signingKey: Data) -> [UInt8]? {
    (try? Curve25519.Signing.PrivateKey(rawRepresentation: signingKey)).map {
      Array($0.publicKey.rawRepresentation)
    }
  }

  /// Where the identity of the store at a path is kept.
  package static func file(besideStore path: String) -> String { path + ".identity" }

  /// Reads the identity of a store; nothing before enrolment.
  ///
  /// - Throws: `DecodingError` if the file is damaged, and errors of the disk.
  package static func load(besideStore path: String) throws -> DeviceIdentity? {
    let file = file(besideStore: path)
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    return try JSONDecoder().decode(
      DeviceIdentity.self, from: try Data(contentsOf: URL(fileURLWithPath: file)))
  }

  /// Whether there is an identity beside a store that cannot be read.
  package static func isDamaged(besideStore path: String) -> Bool {
    do {
      _ = try load(besideStore: path)
      return false
    } catch {
      return true
    }
  }

  /// Writes the identity so that only the owner can read it, whole or not at all.
  package func save(besideStore path: String) throws {
    let file = Self.file(besideStore: path)
    let temporary = file + ".new"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: try JSONEncoder().encode(self),
        attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown) }
    // One step, whether or not there is one already; Foundation's own ways have two, or fail.
    guard unsafe rename(temporary, file) == 0 else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file])
    }
  }
}

extension DeviceIdentity: Codable {
  private enum CodingKeys: String, CodingKey {
    case device, hub, hubKey, certificate, addressSerial, signingKey, incarnation, check
  }

  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(device, forKey: .device)
    try values.encode(hub, forKey: .hub)
    try values.encode(hubKey, forKey: .hubKey)
    try values.encodeIfPresent(certificate, forKey: .certificate)
    if addressSerial != 0 { try values.encode(addressSerial, forKey: .addressSerial) }
    try values.encode(signingKey, forKey: .signingKey)
    try values.encode(incarnation, forKey: .incarnation)
    try values.encode(check, forKey: .check)
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      device: try values.decode(String.self, forKey: .device),
      hub: try values.decode(String.self, forKey: .hub),
      hubKey: try values.decode(Data.self, forKey: .hubKey),
      certificate: try values.decodeIfPresent(String.self, forKey: .certificate),
      addressSerial: try values.decodeIfPresent(Int64.self, forKey: .addressSerial) ?? 0,
      signingKey: try values.decode(Data.self, forKey: .signingKey),
      incarnation: try values.decode(String.self, forKey: .incarnation))
    let noted = try values.decodeIfPresent(String.self, forKey: .check)
    // Older programs note none.
    guard noted == nil || noted == check, !device.isEmpty, hubKey.count == 32,
      Self.publicKey(of: signingKey) != nil
    else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "a damaged identity"))
    }
  }

  /// By which damage shows: a changed key would pass for another hub's or for another device's.
  ///
  /// The hub's address is not in it; it is known by its key.
  private var check: String {
    var writer = WireWriter()
    writer.string(1, device)
    writer.blob(2, Array(hubKey))
    writer.string(3, certificate ?? "")
    writer.blob(4, Array(signingKey))
    writer.string(5, incarnation)
    return hexadecimal(SHA256.hash(data: writer.bytes).prefix(8))
  }
}

extension DeviceStore {
  /// Makes the store the given device's.
  ///
  /// What was written before enrolment is sent like the rest. A store that was another device's
  /// offers everything that it keeps as its own: the hub knows what it has already, and one that was
  /// put back from an older copy gets what it has lost, under the only name that it still lets in.
  ///
  /// - Parameters:
  ///   - identity: The device's identity.
  ///   - officer: Who uses it; other programs' writes count as this officer's.
  ///   - epoch: A random number that no other incarnation of the device has.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: SQLite's errors.
  package func enrol(
    _ identity: DeviceIdentity, officer: String, epoch: Int, wallMilliseconds: Int64
  ) throws {
    try database.write { db in
      try seal(db, wallMilliseconds: wallMilliseconds)
      let former = try setting(.device, db).text
      try moveUnsentWork(
        to: StreamID(device: identity.device, epoch: epoch), officer: officer,
        withReceived: former != nil && former != identity.device, db)
      if let former, former != identity.device {
        // Pages that were asked for as the former device leave out what that one wrote.
        try discardStagedPages(db)
        try set(.isInStep, .integer(0), db)
        try logEvent(
          .reenrolled, "\(former) → \(identity.device)", wallMilliseconds: wallMilliseconds, db)
      }
      if former != identity.device { try set(.isLocked, .null, db) }
      try set(.device, .text(identity.device), db)
      try set(.officer, .text(officer), db)
      try set(.incarnation, .text(identity.incarnation), db)
    }
  }

  /// The device and officer that the store belongs to; nothing before enrolment.
  package func owner() throws -> (device: String, officer: String)? {
    try read { db in
      guard let device = try setting(.device, db).text, let officer = try setting(.officer, db).text
      else { return nil }
      return (device, officer)
    }
  }

  /// The name of the hub that the store has pulled from; nothing before the first pull.
  package func hub() throws -> String? { try read { db in try setting(.hub, db).text } }

  /// Keeps where the hub is now, beside the store and in its log.
  ///
  /// - Parameters:
  ///   - identity: The identity with the new place, as the hub has signed it.
  ///   - path: The store's file.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: SQLite's errors, and those of the disk.
  package func keep(
    movedHub identity: DeviceIdentity, besideStore path: String, wallMilliseconds: Int64
  ) throws {
    try identity.save(besideStore: path)
    try database.write { db in
      try logEvent(.hubMoved, identity.hub, wallMilliseconds: wallMilliseconds, db)
    }
  }

  /// Whether the file and the identity beside it belong to one life of the device.
  package func isSameIncarnation(as identity: DeviceIdentity) throws -> Bool {
    try read { db in try setting(.incarnation, db) == .text(identity.incarnation) }
  }
}
