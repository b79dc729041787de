import GRDB
import SyncDevice

/// What it costs to bring the workload from one device to the hub and on to another device.
///
/// A push is compared with upserts of the same rows in transactions of 100, into a file that is as
/// durable as the hub's; a pull with upserts in one transaction, into a file as durable as the
/// device's.
func syncFigures(_ workload: Workload, rounds: Int) throws -> [Figure] {
  var figures: [Figure] = []
  for size in [100, 1] {
    var ratios = Rounds()
    for round in 0..<rounds {
      let (plain, ours) = try alternating(
        round, plain: { try plainRun(workload) }, ours: { try syncRun(workload, size: size) })
      for (step, plain, ours) in zip3(Workload.Step.allCases, plain, ours) {
        ratios.add("push/\(step.rawValue)/\(size)", Pair(plain: plain.push, parts: ours.push))
        ratios.add("pull/\(step.rawValue)/\(size)", Pair(plain: plain.pull, parts: ours.pull))
      }
    }
    figures += ratios.figures
  }
  return figures
}

private typealias Parts = [(name: String, cost: Cost)]

private func zip3<First, Second, Third>(
  _ first: [First], _ second: [Second], _ third: [Third]
) -> [(First, Second, Third)] {
  zip(first, zip(second, third)).map { ($0, $1.0, $1.1) }
}

private func syncRun(_ workload: Workload, size: Int) throws -> [(push: Parts, pull: Parts)] {
  let province = try Province()
  let (writer, reader) = (try province.device(1), try province.device(2))
  let costs = try Workload.Step.allCases.map { step in
    try writer.store.run(workload.operations(of: step).batches(of: size))
    return (push: try province.push(writer), pull: try province.pull(reader))
  }
  let wanted = workload.rows.count - workload.deletes.count
  let count = try reader.store.read { db in
    try Int.fetchOne(
      db, sql: "SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM recommendation)")
  }
  guard count == wanted else { throw BenchError.wrongResult("\(count ?? 0) rows of \(wanted)") }
  return costs
}

private func plainRun(_ workload: Workload) throws -> [(push: Cost, pull: Cost)] {
  let folder = try TemporaryFolder()
  let hub = try PlainDatabase.open(folder.file("hub.db"), isDurable: true)
  let device = try PlainDatabase.open(folder.file("device.db"))
  return try Workload.Step.allCases.map { step in
    let operations = workload.received(step)
    var (push, pull) = (Cost(), Cost())
    try push.timing { try hub.run(operations.batches(of: 100)) }
    try pull.timing { try device.run(operations.batches(of: operations.count)) }
    return (push, pull)
  }
}
