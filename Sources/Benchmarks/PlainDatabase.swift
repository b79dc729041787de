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

  /// What it takes to insert all of the workload's rows into a new file.
  ///
  /// - Parameters:
  ///   - workload: The rows.
  ///   - batches: The same as statements, in the transactions in which they are inserted.
  ///   - isDurable: Whether every commit waits for the disk.
  /// - Returns: Seconds.
  /// - Throws: SQLite's errors, and ``BenchError/wrongResult(_:)``.
  static func secondsToInsert(
    _ workload: Workload, in batches: [ArraySlice<Operation>], isDurable: Bool
  ) throws -> Double {
    let folder = try TemporaryFolder()
    let queue = try open(folder.file("plain.db"), isDurable: isDurable)
    let taken = try seconds { try queue.run(batches) }
    try expect("plainly inserted", try queue.read { try $0.rowCount() }, workload.rows.count)
    return taken
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
