/// What the hub's taking in costs: who sends it, decoding, merging, history, receipts.
///
/// New rows are compared with plain inserts of the same rows, as many in a transaction as an envelope
/// brings, into a file as durable as the hub's; edits that meet another device's with the new rows, and
/// rows that are deleted and made anew, in one transaction, with the same rows when they first came so. How
/// long others wait while rows follow one to another unit is compared with as many plain updates.
func ingestFigures(_ rehearsal: Rehearsal, rounds: Int) throws -> [Figure] {
  let batches = rehearsal.insertsByEnvelope()
  let edits = try rehearsal.concurrentEdits()
  let workload = rehearsal.workload
  let list = Workload(rows: min(workload.rows.count, remadeRowsMax))
  var figures = Rounds()
  for round in 0..<rounds {
    let plain = try PlainInserts(workload, in: batches, isDurable: true)
    let hubs = try [rehearsal.inserts, edits.merging, edits.conflicting].map {
      try Reception($0, of: workload)
    }
    try interleave(round, [plain.parts] + hubs.map(\.parts))
    let taken = try [plain.seconds()] + hubs.map { try $0.seconds() }
    figures.add("ingest/insert", Pair(plain: taken[0], ours: taken[1]), target: 4)
    figures.add("ingest/merge", Pair(plain: taken[1], ours: taken[2]), target: 1.5)
    figures.add("ingest/conflict", Pair(plain: taken[1], ours: taken[3]), target: 2)
    figures.add("ingest/insert/speed", .rowsPerSecond, Double(workload.rows.count) / taken[1])
    let remade = try Remaking(list).seconds()
    figures.add("ingest/anew", Pair(plain: remade.new, ours: remade.anew), target: 2)
    let moved = try Moving(rows: min(workload.rows.count, movedRowsMax)).run()
    figures.add("ingest/moved/wait", Pair(plain: moved.plain, ours: moved.longest), target: 4)
    figures.add("ingest/moved/wait/longest", .seconds, moved.longest, target: 1)
    figures.add("ingest/moved", Pair(plain: moved.plain, ours: moved.whole))
  }
  return figures.figures
}

/// As many as somebody imports at once; if one cost more where there are more, it would show.
private let remadeRowsMax = 10_000
/// More rows than any record has to follow it.
private let movedRowsMax = 100_000

/// What a device's part of a first pull costs, against inserts of the same rows in one transaction
/// into a file as durable as the device's.
func applyFigures(_ rehearsal: Rehearsal, rounds: Int) throws -> [Figure] {
  let inserts = rehearsal.workload.operations(of: .insert)
  let pairs = try (0..<rounds).map { round in
    let taken = try inTurns(
      round,
      [
        {
          try PlainInserts.seconds(rehearsal.workload, in: [inserts[...]], isDurable: true)
        },
        rehearsal.secondsToApply,
      ])
    return Pair(plain: taken[0], ours: taken[1])
  }
  return [Figure("apply/insert", pairs, target: 2)]
}
