import SyncCore
import SyncDevice

/// A list that is imported in one transaction, deleted, and imported again under the same keys.
final class Remaking {
  private let workload: Workload
  private let folder: TemporaryFolder
  private let province: Province
  private let device: Province.Device

  init(_ workload: Workload) throws {
    self.workload = workload
    folder = try TemporaryFolder()
    province = try Province(hubAt: folder.file("hub.db"))
    device = try province.device(
      province.enrol(1), storeAt: folder.file("store.db"), isDurable: false)
  }

  /// What the hub takes to take the rows in when they first come, and when they are made anew.
  ///
  /// - Throws: ``BenchError/wrongResult(_:)`` if the hub holds something else at the end.
  func seconds() throws -> (new: Double, anew: Double) {
    let new = try secondsToTakeIn(workload.operations(of: .insert))
    // Recommendations before the sessions that they point to.
    let deletes = workload.rows.reversed().map { Operation($0.kind.delete, [$0.id]) }
    _ = try secondsToTakeIn(deletes)
    try expect("rows left", try province.content().rows, 0)
    let anew = try secondsToTakeIn(workload.operations(of: .insert))
    try expect("the hub's rows", try province.content(), try workload.content())
    return (new, anew)
  }

  /// Writes in one transaction, and sends it; only the hub's part is timed.
  private func secondsToTakeIn(_ operations: [Operation]) throws -> Double {
    try device.store.run([operations[...]])
    var watch = Stopwatch()
    var round = SyncRound(device.store, identity: device.identity, directions: .push)
    while let request = try round.next(wallMilliseconds: Province.start) {
      let signed = try province.sign(request, by: device.identity)
      let answer = try watch.time { try province.answer(request, signed) }
      try round.receive(answer, wallMilliseconds: Province.start)
    }
    return watch.seconds
  }
}
