import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub

/// A hub in a file, with the durability it has in earnest, and devices, without a network between.
final class Province {
  private let folder: TemporaryFolder
  private let hub: Hub
  private var wallMilliseconds: Int64 = 1_764_100_000_000

  /// One device of the province.
  struct Device {
    let store: DeviceStore
    fileprivate let identity: DeviceIdentity
  }

  init() throws {
    folder = try TemporaryFolder()
    let schema = try WorkloadTables.schema()
    let database = try SQLiteHubDatabase(
      path: folder.file("hub.db"), migrations: WorkloadTables.migrations, schema: schema)
    hub = try Hub(
      database, schema: schema, timeline: "bench", secret: (1...32).map { $0 },
      wallMilliseconds: wallMilliseconds)
  }

  /// A new device with an empty store.
  func device(_ number: Int) throws -> Device {
    let key = DeviceIdentity.makeSigningKey()
    let code = EnrolmentCode(typed: "CODE\(number)")
    try hub.issue(
      code,
      for: EnrolmentGrant(officer: "officer", officerName: "Officer", unit: "", label: ""),
      wallMilliseconds: wallMilliseconds)
    let reply = try EnrolmentReply(
      decoding: hub.enrol(
        EnrolmentRequest(code: code, publicKey: key.publicKey, label: "device"),
        device: String(repeating: String(number), count: 32), wallMilliseconds: wallMilliseconds))
    let identity = DeviceIdentity(
      device: reply.device, hub: "", hubKey: Data(reply.hubKey), signingKey: key.secret,
      incarnation: "\(number)")
    let store = try openStore(folder.file("device-\(number).db"))
    try store.enrol(
      identity, officer: reply.officer, epoch: number, wallMilliseconds: wallMilliseconds)
    return Device(store: store, identity: identity)
  }

  /// Brings a device's work to the hub, until every change set has its receipt stored.
  ///
  /// - Parameters:
  ///   - device: Whose work.
  ///   - keep: Is shown every envelope.
  /// - Returns: What the first envelope cost, in which the log is sealed; the others; the hub's
  ///   part; and the storing of receipts.
  /// - Throws: What the device or the hub throws.
  func push(_ device: Device, keep: ([UInt8]) -> Void = { _ in }) throws
    -> [(name: String, cost: Cost)]
  {
    var (seal, envelopes, reception, receipts) = (Cost(), Cost(), Cost(), Cost())
    var next = try seal.timing { try envelope(of: device) }
    while let bytes = next {
      let answer = try reception.timing {
        try self.answer(.push(bytes), to: device)
      }
      try receipts.timing {
        let reply = try PushReply(decoding: answer)
        try device.store.store(
          reply, answer, identity: device.identity, wallMilliseconds: wallMilliseconds)
      }
      keep(bytes)
      next = try envelopes.timing { try envelope(of: device) }
    }
    return [
      ("seal", seal), ("envelopes", envelopes), ("hub", reception), ("receipts", receipts),
    ]
  }

  private func answer(_ request: SyncRequest, to device: Device) throws -> [UInt8] {
    let signed = try device.identity.signRequest(
      to: request.path, body: request.body, nonce: String(wallMilliseconds),
      hubMilliseconds: wallMilliseconds)
    return try hub.answer(
      request.body, to: request.path,
      from: hub.admit(signed, wallMilliseconds: wallMilliseconds),
      wallMilliseconds: wallMilliseconds)
  }

  private func envelope(of device: Device) throws -> [UInt8]? {
    wallMilliseconds += 1
    return try device.store.nextEnvelope(
      identity: device.identity, wallMilliseconds: wallMilliseconds)
  }

  /// Brings a device into step with the hub.
  ///
  /// - Parameters:
  ///   - device: Who pulls.
  ///   - keep: Is shown every page.
  /// - Returns: The hub's part and the device's.
  /// - Throws: ``BenchError/wrongResult(_:)`` if the device is not in step at the end.
  func pull(_ device: Device, keep: ([UInt8]) -> Void = { _ in }) throws
    -> [(name: String, cost: Cost)]
  {
    var (pages, apply) = (Cost(), Cost())
    var isLast = false
    while !isLast {
      wallMilliseconds += 1
      let asked = try apply.timing(device.store.nextPull)
      let bytes = try pages.timing {
        try answer(asked, to: device)
      }
      isLast = try apply.timing {
        try device.store.receive(page: bytes, for: asked, wallMilliseconds: wallMilliseconds)?
          .isLast ?? true
      }
      keep(bytes)
    }
    guard try device.store.status(wallMilliseconds: wallMilliseconds).isInStep else {
      throw BenchError.wrongResult("the device is not in step with the hub")
    }
    return [("hub", pages), ("device", apply)]
  }
}
