import GRDB
import SyncDevice
import SyncSQLite

/// Who writes into a store.
enum Writer: String, CaseIterable {
  /// The application, through the library.
  case own
  /// Another program, through SQLite alone.
  case foreign
}

/// A file into which the workload is written.
final class CaptureFile {
  let database: any DatabaseWriter
  private(set) var steps: [CaptureBench.Step] = []
  private let store: DeviceStore?
  private let folder: TemporaryFolder
  private var bytesBefore = 0

  /// A transaction of the store's own is refused if it could not be sent in one go, which is at about
  /// a hundred thousand of these rows, written or deleted whole.
  private static let sendableRows = 50_000
  private static let slices = 10

  /// Makes it.
  ///
  /// - Parameter writer: Who writes into a store; nothing for tables without triggers.
  /// - Throws: SQLite's errors.
  init(_ writer: Writer?) throws {
    folder = try TemporaryFolder()
    let path = folder.file("store.db")
    let opened = try writer.map { _ in try openStore(path, isDurable: false) }
    store = writer == .own ? opened : nil
    if writer == .foreign { try opened?.database.close() }
    database = try store?.database ?? PlainDatabase.open(path)
  }

  deinit { try? database.close() }

  /// The step's transactions, some in each slice.
  func slices(
    of operations: [Operation], _ step: Workload.Step, _ size: CaptureBench.Size
  ) -> [[ArraySlice<Operation>]] {
    let isSendable = store == nil || step == .update || operations.count < Self.sendableRows
    let most = isSendable ? operations.count : Self.sendableRows
    let batches =
      switch size {
      case .one: operations.batches(of: 1)
      case .hundred: operations.batches(of: 100)
      case .all: operations.batches(of: most)
      }
    let length = (batches.count + Self.slices - 1) / Self.slices
    return batches.batches(of: length).map(Array.init)
  }

  func begin(_ operations: Int) throws {
    // Or one side would fold into the file what it wrote in the step before, and the other not.
    _ = try database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
    bytesBefore = try database.usedBytes()
    steps.append(CaptureBench.Step(operations: operations))
  }

  func write(_ batches: [ArraySlice<Operation>], _ size: CaptureBench.Size) throws {
    let last = steps.count - 1
    if let store, size == .all {
      try store.run(batches, &steps[last])
    } else if let store {
      steps[last].seconds += try seconds { try store.run(batches) }
    } else {
      steps[last].seconds += try seconds { try database.run(batches) }
    }
  }

  func end() throws { steps[steps.count - 1].bytes = try database.usedBytes() - bytesBefore }
}

extension DeviceStore {
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
