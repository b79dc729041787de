import Crypto
import Foundation
import SyncCore
import SyncDevice
import SyncHub

/// Stores that are ready to work, made once per process and copied for every life.
final class Templates {
  /// What the clocks show when a life begins.
  static let start: Int64 = 1_790_000_000_000
  static let hubSecret: [UInt8] = (1...32).map { $0 }

  let versions: [SchemaVersion]
  private var hubs: [Int: StoreImage] = [:]
  private var devices: [Int: StoreImage] = [:]
  private var identities: [Int: DeviceIdentity] = [:]

  init() throws {
    Disk.install()
    versions = [try SchemaVersion(1), try SchemaVersion(2)]
  }

  /// A hub that has enrolled so many devices.
  func hub(devices count: Int) throws -> StoreImage {
    if let image = hubs[count] { return image }
    let path = "/sim/template/hub.db"
    try makeHub(at: path, devices: count)
    let image = StoreImage(of: path)
    Disk.remove(path)
    hubs[count] = image
    return image
  }

  private func makeHub(at path: String, devices count: Int) throws {
    Disk.setTime(Self.start)
    let database = try SQLiteHubDatabase(
      path: path, migrations: versions[0].migrations, schema: versions[0].schema)
    let hub = try Hub(
      database, schema: versions[0].schema, timeline: "t1", secret: Self.hubSecret,
      randomness: SplitMix64(seed: 1), wallMilliseconds: Self.start)
    for index in 0..<count { try enrol(index, at: hub, wallMilliseconds: Self.start) }
  }

  /// Enrols a device at a hub under the identity that its number always has.
  func enrol(_ index: Int, at hub: Hub, wallMilliseconds: Int64) throws {
    let identity = try identity(index)
    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: identity.signingKey)
    let code = EnrolmentCode(typed: "CODE\(index)")
    let officer = Self.officer(of: index)
    try hub.issue(
      code,
      for: EnrolmentGrant(
        officer: officer, officerName: officer, unit: "u\(index % 3)", label: "D\(index)"),
      wallMilliseconds: wallMilliseconds)
    _ = try hub.enrol(
      EnrolmentRequest(
        code: code, publicKey: Array(key.publicKey.rawRepresentation), label: "D\(index)"),
      device: identity.device, wallMilliseconds: wallMilliseconds)
  }

  /// Two devices to an officer.
  static func officer(of index: Int) -> String { ["an", "binh", "chi", "dung"][index / 2 % 4] }

  private static func hubKey() throws -> Data {
    try Curve25519.Signing.PrivateKey(rawRepresentation: hubSecret).publicKey.rawRepresentation
  }

  func identity(_ index: Int) throws -> DeviceIdentity {
    if let identity = identities[index] { return identity }
    var random = SplitMix64(seed: UInt64(index) &+ 77)
    let secret = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let digits = String(index, radix: 16)
    let identity = DeviceIdentity(
      device: String(repeating: "0", count: 32 - digits.count) + digits,
      hub: "", hubKey: try Self.hubKey(), signingKey: Data(secret), incarnation: "i\(index)")
    identities[index] = identity
    return identity
  }

  /// A device that has been enrolled and has done nothing yet.
  func device(_ index: Int) throws -> StoreImage {
    if let image = devices[index] { return image }
    let path = "/sim/template/device.db"
    try makeDevice(index, at: path)
    let image = StoreImage(of: path)
    Disk.remove(path)
    devices[index] = image
    return image
  }

  private func makeDevice(_ index: Int, at path: String) throws {
    Disk.setTime(Self.start)
    let store = try DeviceStore(
      path: path, migrations: versions[0].migrations, schema: versions[0].schema,
      wallMilliseconds: Self.start)
    try store.enrol(
      try identity(index), officer: Self.officer(of: index), epoch: index + 1,
      wallMilliseconds: Self.start)
  }
}
