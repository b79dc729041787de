import SyncDevice

/// What is drawn.
enum GrowthCost: String {
  case plain, capture, ingest, apply, sync, bootstrap

  var label: String {
    switch self {
    case .plain: "plain insert, 3 in a transaction"
    case .capture: "the same through a store"
    case .ingest: "taking in at the hub"
    case .apply: "applying on a device"
    case .sync: "sync of 100 changes"
    case .bootstrap: "first pull on the wire"
    }
  }

  func name(_ rows: Int) -> String { "growth/\(rawValue)/\(rows)" }
}

/// What each cost is with different numbers of rows, all of them in every round: what the machine does
/// meanwhile shall not pass for growth.
func growthFigures(_ bench: Bench) throws -> [Figure] {
  let lives = try bench.scale.growthRows.map { rows in
    (
      rehearsal: try rows == bench.scale.rows ? bench.rehearsal() : Rehearsal(Workload(rows: rows)),
      province: try FilledProvince(rows: rows)
    )
  }
  var rounds = Rounds()
  for round in 0..<bench.scale.rounds {
    for life in lives { try add(life.rehearsal, life.province, round, to: &rounds) }
  }
  for (rehearsal, province) in lives {
    rounds.add(
      GrowthCost.bootstrap.name(province.rows), .bytesPerRow,
      Double(try bootstrapBytes(rehearsal)) / Double(province.rows))
  }
  return rounds.figures
}

private func add(
  _ rehearsal: Rehearsal, _ province: FilledProvince, _ round: Int, to figures: inout Rounds
) throws {
  let workload = rehearsal.workload
  let rows = workload.rows.count
  let groups = workload.insertsByGroup()
  let taken = try inTurns(
    round,
    [
      { try PlainInserts.seconds(workload, in: groups, isDurable: false) },
      { try secondsToCapture(workload, groups) },
      { try Reception.seconds(rehearsal.inserts, of: workload) },
      { try rehearsal.secondsToApply() },
    ])
  for (cost, seconds) in zip([GrowthCost.plain, .capture, .ingest, .apply], taken) {
    figures.add(cost.name(rows), .microsecondsPerRow, seconds * 1e6 / Double(rows))
  }
  let sync = try median((0..<3).map { _ in try province.synchronise(.edits).seconds })
  figures.add(
    GrowthCost.sync.name(rows), .microsecondsPerChange, sync * 1e6 / Double(FilledProvince.changes))
}

/// What it takes to insert all rows through a store, a session and its recommendations in each
/// transaction.
private func secondsToCapture(
  _ workload: Workload, _ groups: [ArraySlice<Operation>]
) throws -> Double {
  let folder = try TemporaryFolder()
  let store = try openStore(folder.file("store.db"), isDurable: false)
  let taken = try seconds { try store.run(groups) }
  try expect("captured", try store.read { try $0.rowCount() }, workload.rows.count)
  return taken
}
