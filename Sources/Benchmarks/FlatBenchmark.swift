import GRDB
import SyncCore
import SyncDevice

/// What a sync of 100 changes costs hub and devices in stores of different sizes, and what part of it
/// the comparison of digests at its end has.
func flatFigures(_ scale: Scale) throws -> [Figure] {
  let provinces = try scale.flatRows.map { try FilledProvince(rows: $0) }
  var figures = Rounds()
  for _ in 0..<warmingSyncs { for province in provinces { _ = try province.secondsToSync() } }
  for round in 0..<scale.rounds {
    let taken = try inTurns(round, provinces.map { province in { try costs(of: province) } })
    for (province, costs) in zip(provinces, taken) {
      figures.add("flat/sync/\(province.rows)", .milliseconds, costs.sync * 1_000)
    }
    let syncs = taken.map(\.sync)
    let (least, greatest) = (syncs.min() ?? .nan, syncs.max() ?? .nan)
    figures.add("flat/sync", Pair(plain: least, ours: greatest), target: 1.3)
    for (province, costs) in zip(provinces, taken) {
      figures.add(
        "flat/digest/\(province.rows)", .percent, 100 * costs.digest / costs.sync, target: 5)
    }
  }
  return figures.figures
}

private let warmingSyncs = 2
/// One sync takes some milliseconds, so the middle one of several is taken for each round.
private let syncsInARound = 5

private func costs(of province: FilledProvince) throws -> (sync: Double, digest: Double) {
  var (syncs, digests): ([Double], [Double]) = ([], [])
  for _ in 0..<syncsInARound {
    syncs.append(try province.secondsToSync())
    digests.append(try province.secondsToCompareDigests())
  }
  return (median(syncs), median(digests))
}

/// A hub and two devices that hold some number of rows, which are made as they are written and never
/// held together.
final class FilledProvince {
  let rows: Int
  private let folder: TemporaryFolder
  private let province: Province
  private let writer: Province.Device
  private let reader: Province.Device
  /// Recommendations that get changed: more than one sync's, from all parts of the table.
  private var ids: [Value] = []
  private var random = SeededRandom(seed: 100)
  private var edits = 0

  /// What one sync brings.
  static let changes = 100
  private static let idsKept = 5_000
  private static let rowsInATransaction = 3_000

  init(rows: Int) throws {
    self.rows = rows
    folder = try TemporaryFolder()
    province = try Province(hubAt: folder.file("hub.db"))
    // Devices that wait for no disk: it would take the same in every store, and hide what grows.
    writer = try province.device(
      province.enrol(1), storeAt: folder.file("writer.db"), isDurable: false)
    reader = try province.device(
      province.enrol(2), storeAt: folder.file("reader.db"), isDurable: false)
    try fill()
    try province.synchronise(writer)
    try province.synchronise(reader)
    for device in [writer, reader] {
      try expect("rows of a filled store", try device.store.read { try $0.rowCount() }, rows)
    }
    precondition(ids.count >= Self.changes, "too few rows to change")
  }

  private func fill() throws {
    var generator = WorkloadGenerator(seed: 20_261_123)
    var batch: [Operation] = []
    var (written, sessions) = (0, 0)
    let keptEvery = max(1, rows / Self.idsKept)
    while written < rows {
      sessions += 1
      let group = generator.session(number: sessions, recommendations: min(2, rows - written - 1))
      for row in group {
        if row.table == 1, written.isMultiple(of: keptEvery) || keptEvery < 3 { ids.append(row.id) }
        batch.append(Operation(row.kind.insert, row.values))
        written += 1
      }
      if batch.count >= Self.rowsInATransaction || written == rows {
        try writer.store.run([batch[...]])
        batch = []
        try province.synchronise(writer, directions: .push)
      }
    }
  }

  /// What a sync of both devices takes, devices and hub together: one has changed a hundred rows, each
  /// in a transaction, and the other gets them.
  func secondsToSync() throws -> Double {
    ids.shuffle(using: &random)
    edits += 1
    let batches = ids.prefix(Self.changes).map { id in
      [
        Operation(
          "UPDATE recommendation SET addressed_to = ? WHERE id = ?", [.text("Sở \(edits)"), id])
      ]
    }
    try writer.store.run(batches.map { $0[...] })
    var watch = Stopwatch()
    let sent = try province.synchronise(writer, &watch)
    let received = try province.synchronise(reader, &watch)
    try expect("changes sent", sent.sent, Self.changes)
    try expect("rows received", received.received, Self.changes)
    return watch.seconds
  }

  /// What it takes to do alone what both devices and the hub do about digests when a sync ends: the hub
  /// reads its own for the last page, the device reads its own and compares them.
  func secondsToCompareDigests() throws -> Double {
    let schema = try WorkloadTables.schema()
    var differences = 0
    let taken = try seconds {
      for device in [writer, reader] {
        let hub = try province.digests()
        let own = try device.store.read { try device.store.digests($0) }
        differences += own.differences(from: hub, in: schema, upTo: schema.version).count
      }
    }
    try expect("differing digests", differences, 0)
    return taken
  }
}
