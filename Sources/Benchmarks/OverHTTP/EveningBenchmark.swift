/// A province's evening: so many devices sync at once with a hub on two processors.
///
/// Four devices share a unit, so each fetches what the others of its unit have brought before it.
func eveningFigures(devices: Int) async throws -> [Figure] {
  let evening = try await Evening(
    devices: devices, devicesPerUnit: min(devices, 4), atOnce: devices, cores: 2)
  try await evening.run()
  let (work, memory) = (evening.work, try evening.hub.worker.memory())
  try await evening.settle()
  try evening.end()
  let name = "evening/\(devices)"
  func share(_ part: Double) -> Figure {
    Figure("\(name)/p\(Int(part * 100))", .seconds, [percentile(evening.syncs, part)])
  }
  return [
    share(0.5), share(0.95), share(0.99),
    Figure("\(name)/last", .seconds, [evening.seconds]),
    Figure("\(name)/requests", .requests, [work.requests]),
    Figure("\(name)/refused", .requests, [work.refused]),
    Figure("\(name)/failed", .requests, [work.failed], target: 0),
    Figure("\(name)/retried", .requests, [Double(evening.failures)], target: 0),
    Figure("\(name)/hub_cpu", .seconds, [work.processorSeconds]),
    Figure("\(name)/hub_memory", .mebibytes, [memory.most / ProcessMemory.mebibyte]),
  ]
}

/// A nation's evening: devices of so many communes, as many at once as this process can drive, to the
/// last; and whether a tenth of them is served any faster.
func nationFigures(communes: Int) async throws -> [Figure] {
  let atOnce = min(400, max(1, communes / 10))
  let few = try await nation(communes: max(1, communes / 10), atOnce: atOnce)
  let many = try await nation(communes: communes, atOnce: atOnce)
  return few.figures + many.figures + [
    Figure("nation/ratio", [Pair(plain: few.secondsPerDevice, ours: many.secondsPerDevice)])
  ]
}

private func nation(communes: Int, atOnce: Int) async throws -> (
  figures: [Figure], secondsPerDevice: Double
) {
  let evening = try await Evening(devices: communes, devicesPerUnit: 1, atOnce: atOnce)
  try await evening.run()
  let (work, memory) = (evening.work, try evening.hub.worker.memory())
  try evening.end()
  let name = "nation/\(communes)"
  return (
    [
      Figure("\(name)/seconds", .seconds, [evening.seconds]),
      Figure("\(name)/not_home", .devices, [Double(communes - evening.home)], target: 0),
      Figure("\(name)/throughput", .devicesPerSecond, [Double(evening.home) / evening.seconds]),
      Figure("\(name)/requests", .requests, [work.requests]),
      Figure("\(name)/failed", .requests, [work.failed], target: 0),
      Figure("\(name)/retried", .requests, [Double(evening.failures)], target: 0),
      Figure("\(name)/hub_cpu", .seconds, [work.processorSeconds]),
      Figure("\(name)/hub_memory", .mebibytes, [memory.most / ProcessMemory.mebibyte]),
    ], evening.seconds / Double(evening.home)
  )
}

/// The value that a share of all values does not exceed.
private func percentile(_ values: [Double], _ share: Double) -> Double {
  let sorted = values.sorted()
  guard let last = sorted.last else { return .nan }
  let place = Int((Double(sorted.count) * share).rounded(.up)) - 1
  return place < 0 ? sorted[0] : min(sorted[place], last)
}
