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
      let sides: [Writer?] = [nil] + Writer.allCases
      let runs = try inTurns(round, sides.map { writer in { try bench.run(size, writer) } })
      for (writer, run) in zip(Writer.allCases, runs.dropFirst()) {
        add(run, against: runs[0], "\(writer.rawValue)", size, to: &figures)
      }
    }
  }
  return figures.figures
}

private func add(
  _ run: CaptureBench.Run, against plain: CaptureBench.Run, _ writer: String,
  _ size: CaptureBench.Size, to figures: inout Rounds
) {
  for (index, step) in Workload.Step.allCases.enumerated() {
    let (ours, theirs) = (run.steps[index], plain.steps[index])
    let name = "\(writer)/\(step.rawValue)/\(size.rawValue)"
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

/// Who writes into a store.
enum Writer: String, CaseIterable {
  /// The application, through the library.
  case own
  /// Another program, through SQLite alone.
  case foreign
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

  struct Run {
    var steps: [Step] = []
  }

  /// A transaction of the store's own is refused if it could not be sent in one go, which is at about
  /// a hundred thousand of these rows.
  private static let sendableRows = 50_000

  private let workload: Workload
  private let operations: [[Operation]]
  /// What has to stand in every file in the end.
  var content: Content

  init(_ workload: Workload) throws {
    self.workload = workload
    operations = Workload.Step.allCases.map(workload.operations(of:))
    content = try workload.contentAfterAllSteps()
  }

  /// Runs all steps in a new file.
  ///
  /// - Parameters:
  ///   - size: How many rows are written in a transaction.
  ///   - writer: Who writes into a store; nothing for the same tables without triggers.
  /// - Returns: What each step took.
  /// - Throws: SQLite's errors; ``BenchError/wrongResult(_:)`` if rows or log are not as they have to be.
  func run(_ size: Size, _ writer: Writer?) throws -> Run {
    let folder = try TemporaryFolder()
    let path = folder.file("store.db")
    if writer == .own {
      let store = try openStore(path, isDurable: false)
      return try run(store.database, isLogged: true) { operations, step in
        let batches = operations.batches(of: rows(size, max: Self.sendableRows))
        if size == .all {
          try store.run(batches, &step)
        } else {
          step.seconds = try seconds { try store.run(batches) }
        }
      }
    }
    if writer == .foreign { try openStore(path, isDurable: false).database.close() }
    let queue = try PlainDatabase.open(path)
    return try run(queue, isLogged: writer != nil) { operations, step in
      let batches = operations.batches(of: rows(size, max: .max))
      step.seconds = try seconds { try queue.run(batches) }
    }
  }

  private func rows(_ size: Size, max limit: Int) -> Int {
    switch size {
    case .one: 1
    case .hundred: 100
    case .all: min(workload.rows.count, limit)
    }
  }

  private func run(
    _ database: any DatabaseWriter, isLogged: Bool,
    _ write: ([Operation], inout Step) throws -> Void
  ) throws -> Run {
    var run = Run()
    for operations in operations {
      var step = Step()
      step.operations = operations.count
      // Or one side would fold into the file what it wrote in the step before, and the other not.
      _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
      let before = try database.usedBytes()
      try write(operations, &step)
      step.bytes = try database.usedBytes() - before
      run.steps.append(step)
    }
    try expect("written", try database.read { try $0.content() }, content)
    let logged = isLogged ? operations.reduce(0) { $0 + $1.count } : 0
    try expect("captured changes", try database.read { try $0.capturedChanges() }, logged)
    try database.close()
    return run
  }
}

extension Database {
  /// How many changes the file says were made to it, in its log and in what is sealed of it.
  fileprivate func capturedChanges() throws -> Int {
    guard try tableExists("thuan_log") else { return 0 }
    var count = try Int.fetchOne(self, sql: "SELECT count(*) FROM thuan_log") ?? 0
    let sealed = try rows("SELECT body FROM thuan_outbox")
    while let row = try sealed.next() {
      guard case .blob(let body) = row.value(at: 0) else { continue }
      count += try ChangeSet(decoding: body).changes.count
    }
    return count
  }
}

/// Opens a device's store over workload W's tables.
func openStore(_ path: String, isDurable: Bool = true) throws -> DeviceStore {
  try DeviceStore(
    path: path, migrations: WorkloadTables.migrations, schema: try WorkloadTables.schema(),
    wallMilliseconds: Province.start, isDurable: isDurable)
}

extension DeviceStore {
  /// Runs each batch as one transaction of an officer.
  func run(_ batches: [ArraySlice<Operation>]) throws {
    var wall = Province.start
    for batch in batches {
      wall += 1
      try write(by: Author(officer: "officer", wallMilliseconds: wall)) { db in
        for operation in batch { try operation.run(in: db) }
      }
    }
  }

  /// Runs each batch as one transaction; where it is sealed at once, what comes between the last
  /// statement and the commit is counted apart.
  fileprivate func run(_ batches: [ArraySlice<Operation>], _ step: inout CaptureBench.Step) throws {
    let bell = CommitBell()
    database.add(transactionObserver: bell)
    defer { database.remove(transactionObserver: bell) }
    for batch in batches {
      var written: ContinuousClock.Instant?
      let taken = try seconds {
        try write(by: Author(officer: "officer", wallMilliseconds: Province.start)) { db in
          for operation in batch { try operation.run(in: db) }
          written = .now
        }
      }
      guard let written, let committing = bell.rung else {
        throw BenchError.wrongResult("a transaction that nobody committed")
      }
      let between = (committing - written).inSeconds
      let isSealed = try read { try $0.first("SELECT 1 FROM thuan_log LIMIT 1") == nil }
      step.seconds += isSealed ? taken - between : taken
      step.sealing += isSealed ? between : 0
    }
  }
}

/// Hears when a transaction is about to be committed.
private final class CommitBell: TransactionObserver {
  private(set) var rung: ContinuousClock.Instant?

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseWillCommit() { rung = .now }
  func databaseDidCommit(_ db: Database) {}
  func databaseDidRollback(_ db: Database) {}
}
