import Foundation
import GRDB
import SyncCore
import SyncDevice

/// What a sync of 100 changes costs hub and devices in stores of different sizes, and what part of it
/// the comparison of digests at its end has; and how the same edits alone grow dearer in plain tables of
/// those sizes, since rows that lie far apart are a page each.
func flatFigures(_ scale: Scale) throws -> [Figure] {
  let provinces = try scale.flatRows.map { try FilledProvince(rows: $0) }
  var figures = Rounds()
  for changes in FilledProvince.Changes.allCases {
    // What the system still has to write of what was done before is no sync's to wait for.
    sync()
    for _ in 0..<warmingSyncs {
      for province in provinces { _ = try province.synchronise(changes) }
    }
    for round in 0..<scale.rounds {
      let taken = try inTurns(
        round, provinces.map { province in { try costs(of: province, changes) } })
      let name = "flat/\(changes.rawValue)"
      figures.add(name, pair(taken.map(\.sync.seconds)), target: 1.3)
      figures.add("\(name)/processor", pair(taken.map(\.sync.processorSeconds)))
      if changes == .edits { figures.add("\(name)/plain", pair(taken.map(\.plain))) }
      for (province, costs) in zip(provinces, taken) {
        figures.add("\(name)/\(province.rows)", .milliseconds, costs.sync.seconds * 1_000)
        figures.add(
          "\(name)/digest/\(province.rows)", .percent, 100 * costs.digest / costs.sync.seconds,
          target: 5)
      }
    }
  }
  return figures.figures
}

/// The store in which it takes longest, against the one in which it takes least.
private func pair(_ costs: [Double]) -> Pair {
  Pair(plain: costs.min() ?? .nan, ours: costs.max() ?? .nan)
}

private let warmingSyncs = 2
/// One sync takes some milliseconds, so the middle one of several is taken for each round.
private let syncsInARound = 9

private func costs(of province: FilledProvince, _ changes: FilledProvince.Changes) throws
  -> (sync: Stopwatch, plain: Double, digest: Double)
{
  var (syncs, plain, digests): ([Stopwatch], [Double], [Double]) = ([], [], [])
  for _ in 0..<syncsInARound {
    syncs.append(try province.synchronise(changes))
    if changes == .edits { plain.append(try province.secondsToEditPlainly()) }
    digests.append(try province.secondsToCompareDigests())
  }
  syncs.sort { $0.seconds < $1.seconds }
  return (syncs[syncsInARound / 2], median(plain), median(digests))
}

/// A hub and two devices that hold some number of rows, which are made as they are written and never
/// held together.
final class FilledProvince {
  /// What a sync brings, a hundred of it.
  enum Changes: String, CaseIterable {
    /// New sessions with their recommendations, each session in a transaction.
    case inserts
    /// Fields of rows anywhere in the store, each in a transaction.
    ///
    /// Last, for what they leave to be written all over a large file keeps the disk busy for a while.
    case edits
  }

  let rows: Int
  private let folder: TemporaryFolder
  private let province: Province
  private let writer: Province.Device
  private let reader: Province.Device
  /// The same rows without triggers.
  private let plain: DatabaseQueue
  /// Recommendations that get changed: more than one sync's, from all parts of the table.
  private var ids: [Value] = []
  private var generator = WorkloadGenerator(seed: 20_261_123)
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
    plain = try PlainDatabase.open(folder.file("plain.db"))
    try fill()
    try copyRows()
    try province.synchronise(writer)
    try province.synchronise(reader)
    for device in [writer, reader] {
      try expect("rows of a filled store", try device.store.read { try $0.rowCount() }, rows)
    }
    precondition(ids.count >= Self.changes, "too few rows to change")
  }

  private func fill() throws {
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

  private func copyRows() throws {
    try plain.writeWithoutTransaction { db in
      try db.execute(
        sql: "ATTACH ? AS filled", arguments: [folder.file("writer.db")])
      for table in ["session", "recommendation"] {
        try db.execute(sql: "INSERT INTO main.\(table) SELECT * FROM filled.\(table)")
      }
      try db.execute(sql: "DETACH filled")
    }
  }

  /// What it takes to write one sync's edits to the plain tables, in one transaction.
  func secondsToEditPlainly() throws -> Double {
    let edits = edit().flatMap { $0 }
    return try seconds { try plain.run([edits[...]]) }
  }

  /// What a sync of both devices takes, devices and hub together: one has made changes, and the other
  /// gets them.
  func synchronise(_ changes: Changes) throws -> Stopwatch {
    var added: [Workload.Row] = []
    switch changes {
    case .edits: try writer.store.run(edit())
    case .inserts:
      let groups = newSessions()
      added = groups.flatMap { $0 }
      try writer.store.run(groups.map { $0.map { Operation($0.kind.insert, $0.values) }[...] })
    }
    var watch = Stopwatch()
    try province.synchronise(writer, &watch)
    let received = try province.synchronise(reader, &watch).received
    try expect("rows received", received, Self.changes)
    // The next one is to find as many rows as this one.
    if !added.isEmpty {
      let deletes = added.reversed().map { Operation($0.kind.delete, [$0.id]) }
      try writer.store.run([deletes[...]])
      for device in [writer, reader] { try province.synchronise(device) }
    }
    return watch
  }

  private func edit() -> [ArraySlice<Operation>] {
    ids.shuffle(using: &random)
    edits += 1
    return ids.prefix(Self.changes).map { id in
      [
        Operation(
          "UPDATE recommendation SET addressed_to = ? WHERE id = ?", [.text("Sở \(edits)"), id])
      ]
    }
  }

  private func newSessions() -> [[Workload.Row]] {
    var groups: [[Workload.Row]] = []
    var count = 0
    while count < Self.changes {
      let recommendations = min(2, Self.changes - count - 1)
      groups.append(generator.session(number: groups.count, recommendations: recommendations))
      count += 1 + recommendations
    }
    return groups
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
