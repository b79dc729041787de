import GRDB
import SyncCore
import SyncDevice

/// What writing costs under the capture triggers, for the store's own transactions and for those of
/// another program, and how much the log adds to the file.
func captureFigures(_ workload: Workload, rounds: Int) throws -> [Figure] {
  var figures: [Figure] = []
  for (label, size) in [("1", 1), ("100", 100), ("all", workload.rows.count)] {
    var (ratios, sizes) = (Rounds(), [Figure]())
    for round in 0..<rounds {
      for writer in Writer.allCases {
        let (plain, ours) = try alternating(
          round, plain: { try CaptureRun(workload, size: size, writer: nil) },
          ours: { try CaptureRun(workload, size: size, writer: writer) })
        for (index, step) in Workload.Step.allCases.enumerated() {
          let name = "\(writer.rawValue)/\(step.rawValue)/\(label)"
          ratios.add(
            "capture/\(name)",
            Pair(plain: plain.costs[index], parts: [("capture", ours.costs[index])]))
          guard round == 0 else { continue }
          let extra = Double(ours.growth[index] - plain.growth[index])
          let count = workload.operations(of: step).count
          sizes.append(Figure("extra/\(name)", extra / Double(count), .bytesPerRow))
        }
      }
    }
    figures += ratios.figures + sizes
  }
  return figures
}

/// Who writes into a store.
private enum Writer: String, CaseIterable {
  /// The application, through the library.
  case own
  /// Another program, through SQLite alone.
  case foreign
}

/// One pass over the workload's three steps in a new file.
private struct CaptureRun {
  /// For each step, what it cost and by how many bytes the file has grown.
  private(set) var costs: [Cost] = []
  private(set) var growth: [Int] = []

  init(_ workload: Workload, size: Int, writer: Writer?) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("store.db")
    switch writer {
    case .own:
      let store = try openStore(path)
      try measure(workload, size: size, store.database) { try store.run($0) }
    case .foreign:
      try openStore(path).database.close()
      let queue = try PlainDatabase.open(path)
      try measure(workload, size: size, queue) { try queue.run($0) }
    case nil:
      let queue = try PlainDatabase.open(path)
      try measure(workload, size: size, queue) { try queue.run($0) }
    }
  }

  private mutating func measure(
    _ workload: Workload, size: Int, _ database: any DatabaseWriter,
    _ run: ([ArraySlice<Operation>]) throws -> Void
  ) throws {
    for step in Workload.Step.allCases {
      let batches = workload.operations(of: step).batches(of: size)
      let before = try database.usedBytes()
      var cost = Cost()
      try cost.timing { try run(batches) }
      costs.append(cost)
      growth.append(try database.usedBytes() - before)
    }
    try database.close()
  }
}

/// Opens a device's store over workload W's tables.
func openStore(_ path: String) throws -> DeviceStore {
  try DeviceStore(
    path: path, migrations: WorkloadTables.migrations, schema: try WorkloadTables.schema(),
    wallMilliseconds: 1_764_000_000_000, isDurable: false)
}

extension DeviceStore {
  /// Runs each batch as one transaction of an officer.
  func run(_ batches: [ArraySlice<Operation>]) throws {
    var wall: Int64 = 1_764_000_000_000
    for batch in batches {
      wall += 1
      try write(by: Author(officer: "officer", wallMilliseconds: wall)) { db in
        for operation in batch { try operation.run(in: db) }
      }
    }
  }
}
