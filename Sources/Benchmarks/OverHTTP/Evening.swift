import Foundation
import GRDB
import SyncClient
import SyncCore
import SyncDevice
import Synchronization

/// Devices that come home in the evening, all with a day's work: they sync at once, over HTTP, with one
/// hub in a process of its own.
final class Evening {
  private static let sessions = 5
  private static let rowsPerDevice = 15

  let hub: HTTPHub
  private let folder: TemporaryFolder
  private let identities: [DeviceIdentity]
  private let units: [String]
  private let atOnce: Int
  private var generator = WorkloadGenerator(seed: 20_261_127)
  /// What all lots took, without what came before each.
  private(set) var seconds = 0.0
  /// What the hub did meanwhile.
  private(set) var work = HTTPHub.Work.none
  /// Attempts of devices that failed and were made again.
  private(set) var failures = 0
  /// What each device's sync took, from the moment at which its lot began to the last answer, pauses
  /// and all.
  private(set) var syncs: [Double] = []
  /// The devices of the last lot, still connected.
  private var connected: [EveningDevice] = []

  /// Lets the devices in, starts the server and brings each device into step with it: that is the
  /// morning.
  ///
  /// - Parameters:
  ///   - devices: How many there are.
  ///   - devicesPerUnit: How many of them hold the same.
  ///   - atOnce: How many sync at the same time; the others wait until those are in step.
  ///   - cores: On how many processors the hub runs; nothing for all.
  /// - Throws: The storage's errors, and as ``Worker``.
  init(devices: Int, devicesPerUnit: Int, atOnce: Int, cores: Int? = nil) async throws {
    allowManyFiles()
    folder = try TemporaryFolder()
    self.atOnce = atOnce
    units = (0..<devices).map { String($0 / devicesPerUnit) }
    let path = folder.file("hub.db")
    let file = try CountryHub(path: path, .byUnit)
    identities = try units.enumerated().map { try file.identity($0.offset, unit: $0.element) }
    hub = try HTTPHub(path: path, .byUnit, cores: cores)
    let template = folder.file("device.db")
    try OwnDevice.store(template, .byUnit).database.close()
    let client = try hub.client()
    for (number, identity) in identities.enumerated() {
      let path = store(number)
      try FileManager.default.copyItem(atPath: template, toPath: path)
      let device = try OwnDevice(identity, .byUnit, path: path)
      try await device.sync(client)
      try device.store.database.close()
    }
  }

  private func store(_ number: Int) -> String { folder.file("device-\(number).db") }

  /// Lets the devices sync, one lot after the other.
  ///
  /// - Parameter limit: No lot begins after so long: an evening that grows without end is known by
  ///   who has not come home.
  /// - Throws: ``BenchError/wrongResult(_:)`` if one is not in step at the end, and what is not the
  ///   network's.
  func run(limit: Duration = .seconds(600)) async throws {
    let began = ContinuousClock.now
    for start in stride(from: 0, to: identities.count, by: atOnce)
    where ContinuousClock.now - began < limit {
      connected = []
      for number in start..<min(start + atOnce, identities.count) {
        let store = try OwnDevice.store(store(number), .byUnit)
        let device = OwnDevice(store: store, identity: identities[number])
        try work(device, unit: units[number])
        connected.append(EveningDevice(own: device, client: try hub.client()))
      }
      let (began, before) = (ContinuousClock.now, try hub.work())
      let runs = try await syncAll(connected)
      seconds += (ContinuousClock.now - began).inSeconds
      work = try work + (hub.work() - before)
      failures += runs.reduce(0) { $0 + $1.failures }
      syncs += runs.map(\.seconds)
    }
  }

  /// How many devices have come into step.
  var home: Int { syncs.count }

  /// Lets the last lot sync once more, and looks whether each device then holds all of its unit.
  ///
  /// Whoever was early cannot have what others brought after him.
  func settle() async throws {
    _ = try await syncAll(connected)
    for (device, unit) in zip(connected, units[..<home].suffix(connected.count)) {
      try device.own.requireRows(units.count { $0 == unit } * Self.rowsPerDevice)
    }
  }

  /// How many connections the hub has; nothing where the system does not tell.
  func connections() throws -> Int? {
    // Not as one file: the kernel says of it that it is empty, and makes it as it is read.
    guard let file = FileHandle(forReadingAtPath: "/proc/net/tcp"),
      let bytes = try file.readToEnd()
    else { return nil }
    let table = String(decoding: bytes, as: UTF8.self)
    // Local address and port, the other end's, and the state: 01 is established.
    let end = String(format: "0100007F:%04X", hub.port)
    return table.split(separator: "\n").count { line in
      let words = line.split(separator: " ")
      return words.count > 3 && words[1] == end && words[3] == "01"
    }
  }

  func end() throws {
    connected = []
    try hub.end(holding: home * Self.rowsPerDevice)
  }

  private func syncAll(_ devices: [EveningDevice]) async throws -> [EveningDevice.Run] {
    try await withThrowingTaskGroup(of: EveningDevice.Run.self) { group in
      let start = ContinuousClock.now
      for device in devices { group.addTask { try await device.sync(since: start) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Writes twenty changes, a transaction each: some sessions, two recommendations each, and another
  /// status for each session.
  private func work(_ device: OwnDevice, unit: String) throws {
    var sessions: [Workload.Row] = []
    for session in 1...Self.sessions {
      for row in generator.session(number: session, recommendations: 2) {
        let row = row.of(unit: unit)
        try device.write([row.insertion])
        if row.table == 0 { sessions.append(row) }
      }
    }
    for session in sessions {
      try device.write([
        Operation(WorkloadTables.all[0].updateStatus, [.text("da_cong_bo"), session.id])
      ])
    }
  }
}

extension Workload.Row {
  /// The same row, as a session of a unit.
  fileprivate func of(unit: String) -> Workload.Row {
    guard let column = WorkloadTables.all[table].columns.firstIndex(of: "unit_code") else {
      return self
    }
    var values = values
    values[column] = .text(unit)
    return Workload.Row(table: table, values: values)
  }
}

/// A device with a connection of its own, which tries until it is in step, as devices do.
private struct EveningDevice: Sendable {
  let own: OwnDevice
  let client: HubClient

  struct Run: Sendable {
    let seconds: Double
    let failures: Int
  }

  private static let attemptsMax = 10

  // When all began counts: whoever waits because this process cannot drive all at once waits too.
  func sync(since start: ContinuousClock.Instant) async throws -> Run {
    var backoff = Backoff()
    while true {
      do {
        try await own.sync(client)
        return Run(seconds: (ContinuousClock.now - start).inSeconds, failures: backoff.failures)
      } catch let unavailable as HubUnavailable
        where unavailable.isTransient && backoff.failures < Self.attemptsMax
      {
        let pause = backoff.failed(random: .random(in: 0..<1))
        try await Task.sleep(for: .milliseconds(pause))
      }
    }
  }
}
