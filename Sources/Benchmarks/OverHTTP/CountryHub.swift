import Foundation
import SyncCore
import SyncDevice
import SyncHub

/// A hub in a file that holds workload W's tables, opened beside no server or within one.
struct CountryHub {
  /// Who holds what.
  enum Division: String {
    /// Everybody holds everything.
    case whole
    /// Each officer holds the sessions of the unit for which the device was let in.
    case byUnit
  }

  let hub: Hub

  /// Opens the file, and makes it if it is not there.
  init(path: String, _ division: Division) throws {
    let schema = try division.schema()
    let database = try SQLiteHubDatabase(
      path: path, migrations: WorkloadTables.migrations, schema: schema)
    hub = try Hub(
      database, schema: schema, policy: division.policy, timeline: "bench",
      secret: (1...32).map { $0 }, randomness: SystemRandomNumberGenerator(),
      wallMilliseconds: now())
  }

  /// Issues a one-time code for an officer of a unit.
  func issue(_ code: String, unit: String = "") throws {
    let officer = EnrolmentGrant(
      officer: "officer", officerName: "Officer", unit: unit, label: "device")
    try hub.issue(EnrolmentCode(typed: code), for: officer, wallMilliseconds: now())
  }

  /// Lets a device in, without a network.
  ///
  /// - Parameters:
  ///   - number: Which one it is.
  ///   - unit: What its officer holds.
  /// - Returns: Who the device is.
  /// - Throws: `Refusal`, and the storage's errors.
  func identity(_ number: Int, unit: String = "") throws -> DeviceIdentity {
    let key = DeviceIdentity.makeSigningKey()
    try issue("CODE\(number)", unit: unit)
    let request = EnrolmentRequest(
      code: EnrolmentCode(typed: "CODE\(number)"), publicKey: key.publicKey, label: "device")
    let digits = String(number)
    let reply = try EnrolmentReply(
      decoding: hub.enrol(
        request, device: String(repeating: "0", count: 32 - digits.count) + digits,
        wallMilliseconds: now()))
    return DeviceIdentity(
      device: reply.device, hub: "", hubKey: Data(reply.hubKey), signingKey: key.secret,
      incarnation: digits)
  }

  /// Takes in what a device has written, as if it had come over the network.
  func takeIn(_ device: OwnDevice) throws {
    while let bytes = try device.store.nextEnvelope(
      identity: device.identity, wallMilliseconds: now())
    {
      let request = SyncRequest.push(bytes)
      let signed = try device.identity.signRequest(
        to: request.path, body: bytes, nonce: UUID().uuidString, hubMilliseconds: now())
      let answer = try hub.answer(
        bytes, to: request.path, from: hub.admit(signed, wallMilliseconds: now()),
        wallMilliseconds: now())
      try device.store.store(
        try PushReply(decoding: answer), answer, identity: device.identity,
        wallMilliseconds: now())
    }
  }

  /// Fills the hub with rows that another device has written, a session with what belongs to it at a time.
  func fill(_ rows: [Workload.Row]) throws {
    let writer = try OwnDevice(identity(Self.writer), .whole)
    try writer.insert(rows)
    try takeIn(writer)
    try requireRows(rows.count)
  }

  private static let writer = 99_999_999

  /// - Throws: ``BenchError/wrongResult(_:)`` if the hub does not hold so many rows.
  func requireRows(_ wanted: Int) throws {
    try expect("rows at the hub", hub.status().rows.values.reduce(0, +), wanted)
  }
}

/// What the clock shows, in milliseconds since 1970: signatures are good for some minutes only.
func now() -> Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded()) }

extension CountryHub.Division {
  /// The policies, with what tells a row's scope where it matters.
  func schema() throws -> SyncSchema {
    guard self == .byUnit else { return try WorkloadTables.schema() }
    // A declaration of scope follows the columns that it speaks of.
    let policies =
      WorkloadTables.policies.replacing(
        "table recommendation 11\n", with: "  scope unit_code\ntable recommendation 11\n")
      + "\n  scope session_id of session"
    return try SyncSchema(parsing: policies, version: 1)
  }

  fileprivate var policy: any AccessPolicy {
    switch self {
    case .whole: OpenAccess()
    case .byUnit: UnitAccess()
    }
  }
}

/// An officer sees and changes what is of the unit for which the device was let in.
private struct UnitAccess: AccessPolicy {
  func access(
    of device: HubDevice, in view: HubView, wallMilliseconds: Int64
  ) throws -> Access {
    let scopes: Set = [Scope.named(device.unit)]
    return Access(reading: scopes, writing: scopes)
  }
}
