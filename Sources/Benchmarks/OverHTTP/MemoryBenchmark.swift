import Foundation
import SyncClient
import SyncCore
import SyncDevice

/// What device and hub hold in memory beyond what they hold when nothing goes on, each measured in a
/// process of its own.
func memoryFigures(_ workload: Workload, devices: Int) async throws -> [Figure] {
  [
    try await deviceMemory(workload), try await ingestMemory(workload),
  ] + (try await bodyFigures(workload)) + [try await connectionMemory(devices: devices)]
}

/// A new device fetches all rows.
private func deviceMemory(_ workload: Workload) async throws -> Figure {
  let folder = try TemporaryFolder()
  let (path, store) = (folder.file("hub.db"), folder.file("device.db"))
  let file = try CountryHub(path: path, .whole)
  try file.identity(1).save(besideStore: store)
  try file.fill(workload.rows)
  let hub = try HTTPHub(path: path)
  let device = try Worker(.device, [store, CountryHub.Division.whole.rawValue, hub.address])
  _ = try device.answer()
  let added = try await added(to: device) { _ = try device.ask(.sync) }
  try device.end()
  try hub.end(holding: workload.rows.count)
  return Figure("memory/device/bootstrap", .mebibytes, [added], target: 48)
}

/// A device of this process brings all rows, a session with its recommendations at a time.
private func ingestMemory(_ workload: Workload) async throws -> Figure {
  let folder = try TemporaryFolder()
  let path = folder.file("hub.db")
  let device = try OwnDevice(
    CountryHub(path: path, .whole).identity(1), .whole, path: folder.file("device.db"))
  let hub = try HTTPHub(path: path)
  let client = try hub.client()
  try await device.sync(client)
  try device.insert(workload.rows)
  let added = try await added(to: hub.worker) { try await device.sync(client) }
  try hub.end(holding: workload.rows.count)
  return Figure("memory/hub/ingest", .mebibytes, [added], target: 64)
}

/// So many devices are connected, and all have brought and fetched something over their connections.
private func connectionMemory(devices: Int) async throws -> Figure {
  let evening = try await Evening(devices: devices, devicesPerUnit: 1, atOnce: devices)
  try await evening.run()
  // Connections that nobody uses are given up after a while; now all are used again.
  try await evening.settle()
  let connections = try evening.connections()
  try expect("connected devices", connections ?? devices, devices)
  let memory = try evening.hub.worker.memory()
  try evening.end()
  return Figure(
    "memory/hub/\(devices)_devices", .mebibytes, [memory.most / ProcessMemory.mebibyte],
    target: 256)
}

/// By how many mebibytes a process grows while something is done.
func added(to worker: Worker, _ work: () async throws -> Void) async throws -> Double {
  _ = try worker.ask(.forget)
  let idle = try worker.memory().held
  try await work()
  return (try worker.memory().most - idle) / ProcessMemory.mebibyte
}
