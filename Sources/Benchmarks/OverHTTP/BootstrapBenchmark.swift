import Foundation
import SyncClient
import SyncDevice

/// What it takes a new device to come into step over HTTP, from making its store and enrolling to the
/// last row, against plain inserts of the same rows in one transaction.
func bootstrapFigures(_ workload: Workload, rounds: Int) async throws -> [Figure] {
  let folder = try TemporaryFolder()
  let path = folder.file("hub.db")
  let codes = (0..<rounds).map { "NEW\($0)" }
  try {
    let hub = try CountryHub(path: path, .whole)
    for code in codes { try hub.issue(code) }
    try hub.fill(workload.rows)
  }()
  let hub = try HTTPHub(path: path)
  let inserts = workload.operations(of: .insert)
  let content = try workload.content()
  var figure = Figure("bootstrap", [], target: 4)
  for (round, code) in codes.enumerated() {
    let file = folder.file("device-\(round).db")
    func plain() throws -> Double {
      try PlainInserts.seconds(workload, in: [inserts[...]], isDurable: false)
    }
    // In turns the one and the other first, so that none always finds the machine as the other left it.
    let before = round.isMultiple(of: 2) ? try plain() : nil
    let ours = try await bootstrap(file, code, hub, content)
    figure.add(Pair(plain: try before ?? plain(), ours: ours))
  }
  try hub.end(holding: workload.rows.count)
  return [figure]
}

/// - Returns: Seconds.
private func bootstrap(
  _ path: String, _ code: String, _ hub: HTTPHub, _ content: Content
) async throws -> Double {
  let start = ContinuousClock.now
  let store = try OwnDevice.store(path, .whole)
  let client = try hub.client()
  let enrolment = try await enrol(
    store: store, path: path, client: client, code: code, label: "device")
  let device = OwnDevice(store: store, identity: enrolment.identity)
  try await device.sync(client)
  let took = (ContinuousClock.now - start).inSeconds
  try expect("rows of a new device", store.read { try $0.content() }, content)
  return took
}
