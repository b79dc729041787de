import GRDB
import SyncCore
import SyncDevice
import SyncSQLite

/// What writing costs under the capture triggers, for the store's own transactions and for those of
/// another program, and how much the log adds to the file.
///
/// Neither side waits for the disk: it would take the same for both, and hide what triggers cost.
func captureFigures(_ workload: Workload, rounds: Int) throws -> [Figure] {
  let bench = try CaptureBench(workload)
  var figures = Rounds()
  for size in CaptureBench.Size.allCases {
    for round in 0..<rounds {
      let (plain, written) = try bench.run(size, round)
      for (writer, steps) in zip(Writer.allCases, written) {
        add(steps, against: plain, writer, size, to: &figures)
      }
    }
  }
  return figures.figures
}

private func add(
  _ steps: [CaptureBench.Step], against plain: [CaptureBench.Step], _ writer: Writer,
  _ size: CaptureBench.Size, to figures: inout Rounds
) {
  for (index, step) in Workload.Step.allCases.enumerated() {
    let (ours, theirs) = (steps[index], plain[index])
    let name = "\(writer.rawValue)/\(step.rawValue)/\(size.rawValue)"
    figures.add(
      "capture/\(name)", Pair(plain: theirs.seconds, ours: ours.seconds),
      target: step.target(size))
    if ours.sealing > 0 {
      figures.add("sealing/\(name)", Pair(plain: theirs.seconds, ours: ours.sealing))
      // What is sealed is in the log no more.
      continue
    }
    let extra = Double(ours.bytes - theirs.bytes)
    switch step {
    case .insert:
      figures.add(
        "log/\(name)", .percent, 100 * extra / Double(theirs.bytes), target: 12)
    case .update:
      figures.add("log/\(name)", .bytesPerRow, extra / Double(ours.operations), target: 120)
    case .delete: break
    }
  }
}

extension Workload.Step {
  /// How many times what the same costs without triggers is still good.
  fileprivate func target(_ size: CaptureBench.Size) -> Double {
    switch self {
    case .insert: size == .all ? 2 : 1.5
    case .update: 1.5
    case .delete: 1.8
    }
  }
}

/// The workload's three steps, to be run in new files.
struct CaptureBench {
  /// How many rows are written in a transaction.
  enum Size: String, CaseIterable {
    case one = "1"
    case hundred = "100"
    case all
  }

  /// What a step took, and what it left.
  struct Step {
    /// Of writing, without what is next.
    var seconds = 0.0
    /// Of sealing, which is no part of capture.
    ///
    /// The store does it at once after a very large transaction of its own, to see that it can be
    /// sent; and for all others when they are.
    var sealing = 0.0
    /// By so many the file has grown.
    var bytes = 0
    var operations = 0
  }

  private let workload: Workload
  private let operations: [[Operation]]
  /// What has to stand in every file in the end.
  var content: Content

  init(_ workload: Workload) throws {
    self.workload = workload
    operations = Workload.Step.allCases.map(workload.operations(of:))
    content = try workload.contentAfterAllSteps()
  }

  /// Runs all steps in new files, one for the same tables without triggers and one for each writer.
  ///
  /// The files get each step in slices, in turns, so that what the machine does meanwhile meets all
  /// of them alike.
  ///
  /// - Parameters:
  ///   - size: How many rows are written in a transaction.
  ///   - round: Says who is the first.
  /// - Returns: What each step took and left, without triggers and for each writer.
  /// - Throws: SQLite's errors; ``BenchError/wrongResult(_:)`` if rows or log are not as they have to be.
  func run(_ size: Size, _ round: Int) throws -> (plain: [Step], written: [[Step]]) {
    let plain = try CaptureFile(nil)
    let written = try Writer.allCases.map { try CaptureFile($0) }
    let files = [plain] + written
    for (step, operations) in zip(Workload.Step.allCases, operations) {
      let parts = files.map { $0.slices(of: operations, step, size) }
      for file in files { try file.begin(operations.count) }
      try interleave(
        round,
        zip(files, parts).map { file, slices in
          slices.map { slice in { try file.write(slice, size) } }
        })
      for file in files { try file.end() }
    }
    for file in files {
      try expect("written", try file.database.read { try $0.content() }, content)
      let logged = file === plain ? 0 : operations.reduce(0) { $0 + $1.count }
      try expect(
        "captured changes", try file.database.read { try $0.capturedChanges() }, logged)
    }
    return (plain.steps, written.map(\.steps))
  }
}

extension Database {
  /// How many changes the file says were made to it, in its log and in what is sealed of it.
  fileprivate func capturedChanges() throws -> Int {
    guard try tableExists("thuan_log") else { return 0 }
    var count = try Int.fetchOne(self, sql: "SELECT count(*) FROM thuan_log WHERE op < 5") ?? 0
    let sealed = try rows("SELECT body FROM thuan_outbox")
    while let row = try sealed.next() {
      guard case .blob(let body) = row.value(at: 0) else { continue }
      count += try ChangeSet(decoding: body).changes.count
    }
    return count
  }
}
