import Foundation
import GRDB
import SyncSQLite

/// The other side of every comparison: a file that GRDB opens, as the engine's stores are opened.
enum PlainDatabase {
  /// Opens a file, with workload W's tables if it is new.
  ///
  /// - Parameters:
  ///   - path: Where the file is.
  ///   - isDurable: Whether every commit waits for the disk, as the hub's do.
  /// - Returns: The open file.
  /// - Throws: SQLite's errors.
  static func open(_ path: String, isDurable: Bool = false) throws -> DatabaseQueue {
    let queue = try DatabaseQueue(path: path)
    // As the engine's stores do it: by a queue's configuration, what it says of durability does not
    // last, and the plain side would not wait for the disk where the hub does.
    try queue.logAhead(isDurable: isDurable)
    try queue.write { db in
      if try !db.tableExists("session") { try db.execute(sql: WorkloadTables.sql) }
    }
    return queue
  }
}

/// Plain inserts of all of a workload's rows into a new file.
final class PlainInserts {
  private let rows: Int
  private let batches: [ArraySlice<Operation>]
  private let folder: TemporaryFolder
  private let queue: DatabaseQueue
  private var watch = Stopwatch()

  /// Prepares the file.
  ///
  /// - Parameters:
  ///   - workload: The rows.
  ///   - batches: The same as statements, in the transactions in which they are inserted.
  ///   - isDurable: Whether every commit waits for the disk.
  /// - Throws: SQLite's errors.
  init(_ workload: Workload, in batches: [ArraySlice<Operation>], isDurable: Bool) throws {
    rows = workload.rows.count
    self.batches = batches
    folder = try TemporaryFolder()
    queue = try PlainDatabase.open(folder.file("plain.db"), isDurable: isDurable)
  }

  /// The writing of every transaction.
  var parts: [() throws -> Void] {
    batches.map { batch in { [self] in try watch.time { try queue.run([batch]) } } }
  }

  /// What it took.
  ///
  /// - Returns: Seconds.
  /// - Throws: ``BenchError/wrongResult(_:)`` if not all rows are there.
  func seconds() throws -> Double {
    try expect("plainly inserted", try queue.read { try $0.rowCount() }, rows)
    return watch.seconds
  }

  /// Writes all of it.
  static func seconds(
    _ workload: Workload, in batches: [ArraySlice<Operation>], isDurable: Bool
  ) throws -> Double {
    let inserts = try PlainInserts(workload, in: batches, isDurable: isDurable)
    for part in inserts.parts { try part() }
    return try inserts.seconds()
  }
}

extension DatabaseWriter {
  /// Runs each batch in a transaction of its own.
  func run(_ batches: [ArraySlice<Operation>]) throws {
    for batch in batches {
      try write { db in for operation in batch { try operation.run(in: db) } }
    }
  }

  /// Bytes of the pages that hold something.
  func usedBytes() throws -> Int {
    try read { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
      return try (pages - free) * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }
  }
}
