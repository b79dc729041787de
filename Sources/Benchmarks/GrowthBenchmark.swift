import SyncDevice

/// What each cost is with different numbers of rows.
func growthFigures(_ bench: Bench) throws -> [Figure] {
  var figures = Rounds()
  for rows in bench.scale.growthRows {
    let rehearsal =
      try rows == bench.scale.rows ? bench.rehearsal() : Rehearsal(Workload(rows: rows))
    let province = try FilledProvince(rows: rows)
    for round in 0..<bench.scale.rounds {
      try add(rehearsal, province, round, to: &figures)
    }
    let wire = try wireFigures(rehearsal).first { $0.name == "wire/bootstrap/row" }
    figures.add("growth/bootstrap/\(rows)", .bytesPerRow, wire?.value ?? .nan)
  }
  return figures.figures
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
      { try PlainDatabase.secondsToInsert(workload, in: groups, isDurable: false) },
      { try secondsToCapture(workload, groups) },
      { try rehearsal.secondsToIngest(rehearsal.inserts) },
      { try rehearsal.secondsToApply() },
    ])
  for (name, seconds) in zip(["plain", "capture", "ingest", "apply"], taken) {
    figures.add("growth/\(name)/\(rows)", .microsecondsPerRow, seconds * 1e6 / Double(rows))
  }
  let sync = try median((0..<3).map { _ in try province.secondsToSync() })
  figures.add(
    "growth/sync/\(rows)", .microsecondsPerChange, sync * 1e6 / Double(FilledProvince.changes))
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
