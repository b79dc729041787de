package import SyncCore

/// What a device has said that it cannot send.
package struct DeviceWaiting: Equatable, Sendable {
  package let device: HubDevice
  package let report: WaitingReport
  /// The hub's time when it said so first in these words.
  package let reportedMilliseconds: Int64
}

extension Hub {
  /// What waits on devices because it cannot travel, as they said when they last pulled.
  package func waitingOnDevices() throws -> [DeviceWaiting] {
    try read { store in
      let devices = try store.devices(where: "id IN (SELECT device FROM hub_waiting)", [])
      return try devices.compactMap { device in
        let row = try store.connection.first(
          "SELECT report, reported_at FROM hub_waiting WHERE device = ?", [.text(device.id)])
        guard let row, case .blob(let bytes) = row[0],
          let report = try? WaitingReport(decoding: bytes)
        else { return nil }
        return DeviceWaiting(
          device: device, report: report, reportedMilliseconds: row[1].integer ?? 0)
      }
    }
  }
}

extension HubStore {
  /// Notes what a device says that it cannot send, in place of what it said before.
  func noteWaiting(_ report: WaitingReport?, of device: String, wallMilliseconds: Int64) throws {
    let noted = try connection.first(
      "SELECT report FROM hub_waiting WHERE device = ?", [.text(device)])?[0]
    guard let report else {
      if noted == nil { return }
      return try connection.run("DELETE FROM hub_waiting WHERE device = ?", [.text(device)])
    }
    let said = Value.blob(report.encoded())
    if noted == said { return }
    try connection.run(
      """
      INSERT INTO hub_waiting VALUES (?, ?, ?) ON CONFLICT (device) DO UPDATE SET
        report = excluded.report, reported_at = excluded.reported_at
      """, [.text(device), said, .integer(wallMilliseconds)])
  }
}
