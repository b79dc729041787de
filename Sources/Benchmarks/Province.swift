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
    hub = try Hub(database, schema: schema, timeline: "bench")
  }

  /// A new device with an empty store.
  func device(_ number: Int) throws -> Device {
    let key = DeviceIdentity.makeSigningKey()
    try hub.issue(
      code: "CODE\(number)",
      for: EnrolmentGrant(officer: "officer", officerName: "Officer", unit: "", label: ""),
      wallMilliseconds: wallMilliseconds)
    let reply = try hub.enrol(
      EnrolmentRequest(code: "CODE\(number)", publicKey: key.publicKey, label: "device"),
      device: String(repeating: String(number), count: 32), credential: "secret\(number)",
      wallMilliseconds: wallMilliseconds)
    let identity = DeviceIdentity(
      device: reply.device, credential: reply.credential, hub: "", signingKey: key.secret,
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
        let sender = try hub.authenticate(device.identity.credential)
        return try hub.receive(
          envelope: bytes, from: sender, wallMilliseconds: wallMilliseconds
        ).encoded()
      }
      try receipts.timing {
        let reply = try PushReply(decoding: answer)
        try device.store.store(reply, wallMilliseconds: wallMilliseconds)
      }
      keep(bytes)
      next = try envelopes.timing { try envelope(of: device) }
    }
    return [
      ("seal", seal), ("envelopes", envelopes), ("hub", reception), ("receipts", receipts),
    ]
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
      guard case .pull(let request) = asked else { break }
      let bytes = try pages.timing {
        let reader = try hub.authenticate(device.identity.credential)
        return try hub.page(request, for: reader, wallMilliseconds: wallMilliseconds).encoded()
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
