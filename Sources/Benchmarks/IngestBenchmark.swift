/// What the hub's taking in costs: who sends it, decoding, merging, history, receipts.
///
/// New rows are compared with plain inserts of the same rows, as many in a transaction as an envelope
/// brings, into a file as durable as the hub's; edits that meet another device's with the new rows.
func ingestFigures(_ rehearsal: Rehearsal, rounds: Int) throws -> [Figure] {
  let batches = rehearsal.insertsByEnvelope()
  let edits = try rehearsal.concurrentEdits()
  let rows = Double(rehearsal.workload.rows.count)
  var figures = Rounds()
  for round in 0..<rounds {
    let taken = try inTurns(
      round,
      [
        {
          try PlainDatabase.secondsToInsert(rehearsal.workload, in: batches, isDurable: true)
        },
        { try rehearsal.secondsToIngest(rehearsal.inserts) },
        { try rehearsal.secondsToIngest(edits.merging) },
        { try rehearsal.secondsToIngest(edits.conflicting) },
      ])
    figures.add("ingest/insert", Pair(plain: taken[0], ours: taken[1]), target: 4)
    figures.add("ingest/merge", Pair(plain: taken[1], ours: taken[2]), target: 1.5)
    figures.add("ingest/conflict", Pair(plain: taken[1], ours: taken[3]), target: 2)
    figures.add("ingest/insert/speed", .rowsPerSecond, rows / taken[1])
  }
  return figures.figures
}

/// What a device's part of a first pull costs, against inserts of the same rows in one transaction
/// into a file as durable as the device's.
func applyFigures(_ rehearsal: Rehearsal, rounds: Int) throws -> [Figure] {
  let inserts = rehearsal.workload.operations(of: .insert)
  let pairs = try (0..<rounds).map { round in
    let taken = try inTurns(
      round,
      [
        {
          try PlainDatabase.secondsToInsert(rehearsal.workload, in: [inserts[...]], isDurable: true)
        },
        rehearsal.secondsToApply,
      ])
    return Pair(plain: taken[0], ours: taken[1])
  }
  return [Figure("apply/insert", pairs, target: 2)]
}
