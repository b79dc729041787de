import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice

/// How often a sync asks and how many bytes travel for it, both ways, with all headers.
func requestFigures(many: Int) async throws -> [Figure] {
  let few = try await fewChanges()
  let rows = try await manyChanges(many, "rows", areThere: false) { device, changes in
    try device.insert(changes)
  }
  let statuses = try await manyChanges(many, "statuses", areThere: true) { device, rows in
    for row in rows { try device.write([row.newStatus]) }
  }
  return few + rows + statuses
}

private let fewCount = 10

/// A sync with nothing to say, and one with ten changes, each a transaction of its own.
private func fewChanges() async throws -> [Figure] {
  let rows = Workload(rows: 300).rows
  let station = try await Station(rows: rows)
  try await station.device.sync(station.client)
  _ = station.traffic.take()
  try await station.device.sync(station.client)
  let idle = station.traffic.take()
  let changed = rows.suffix(fewCount)
  for row in changed { try station.device.write([row.newStatus]) }
  try await station.device.sync(station.client)
  let ten = station.traffic.take()
  let values = changed.count * Workload.Row.newStatusBytes
  try await station.end(holding: rows.count)
  return [
    Figure("requests/idle", .requests, [Double(idle.requests)], target: 1),
    Figure("bytes/idle", .bytes, [Double(idle.bytes)], target: 600),
    Figure("bytes/idle/sent", .bytes, [Double(idle.bytesSent)]),
    Figure("requests/10", .requests, [Double(ten.requests)], target: 2),
    Figure("bytes/10", .bytes, [Double(ten.bytes - values)], target: 2_048),
    Figure("bytes/10/sent", .bytes, [Double(ten.bytesSent)]),
  ]
}

/// A sync of many changes that has as many to fetch.
///
/// - Parameters:
///   - count: How many.
///   - name: What the changes are.
///   - areThere: Whether the rows that are changed are there before.
///   - change: Makes the changes on a device.
/// - Returns: The figures.
/// - Throws: ``BenchError/wrongResult(_:)``, and what syncing throws.
private func manyChanges(
  _ count: Int, _ name: String, areThere: Bool, _ change: (OwnDevice, [Workload.Row]) throws -> Void
) async throws -> [Figure] {
  let rows = Workload(rows: 2 * count + 2).rows
  let middle = rows[count...].firstIndex { $0.table == 0 } ?? count
  let station = try await Station(rows: areThere ? rows : [])
  try await station.device.sync(station.client)
  let other = try OwnDevice(station.other, .whole)
  try await other.sync(station.client)
  try change(other, Array(rows[..<middle]))
  try await other.sync(station.client)
  try change(station.device, Array(rows[middle...]))
  _ = station.traffic.take()
  let progress = try await station.device.sync(station.client)
  let traffic = station.traffic.take()
  try expect("rows that came", progress.received, middle)
  try station.device.requireRows(rows.count)
  try await station.end(holding: rows.count)
  return [
    Figure(
      "requests/\(count)/\(name)", .requests, [Double(traffic.requests)], target: 12),
    Figure("bytes/\(count)/\(name)", .bytes, [Double(traffic.bytes)]),
  ]
}

/// A hub's server, a device, and a proxy between them.
private struct Station {
  let device: OwnDevice
  let client: HubClient
  /// Of a second device.
  let other: DeviceIdentity
  private let proxy: CountingProxy
  private let hub: HTTPHub
  private let folder: TemporaryFolder

  init(rows: [Workload.Row]) async throws {
    folder = try TemporaryFolder()
    let path = folder.file("hub.db")
    let file = try CountryHub(path: path, .whole)
    device = try OwnDevice(file.identity(1), .whole)
    other = try file.identity(2)
    if !rows.isEmpty { try file.fill(rows) }
    hub = try HTTPHub(path: path)
    proxy = try await CountingProxy(to: hub.port)
    client = try hub.client(port: proxy.port)
  }

  var traffic: Traffic { proxy.traffic }

  func end(holding rows: Int) async throws {
    try await proxy.close()
    try hub.end(holding: rows)
  }
}

extension Workload.Row {
  /// The row gets a status that none has.
  fileprivate var newStatus: Operation {
    Operation(kind.updateStatus, [.text(Self.status), id])
  }

  fileprivate static var newStatusBytes: Int { status.utf8.count }
  private static let status = "da_tra_loi_mot_phan"
}
