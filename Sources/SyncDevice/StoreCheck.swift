import GRDB
package import SyncCore
import SyncSQLite

/// Something that is wrong with a store.
package enum StoreFlaw: Equatable, Sendable {
  /// SQLite finds the file damaged.
  case damagedFile(String)
  /// Capture triggers are missing or altered.
  case captureIncomplete([String])
  /// A log entry names something that is not there.
  case logInconsistent(entry: Int64)
  /// A change set is not what its number, its hash or its predecessor say.
  case brokenChain(epoch: Int, sequence: Int64)
  /// Rows differ from their marks: they were written past the triggers.
  case unmarkedRows(table: String, keys: [RowKey])
  /// A column's digest is not the sum of its marks.
  case wrongDigest(table: String, column: String)
}

extension DeviceStore {
  /// Reads everything and says what is wrong.
  ///
  /// Nothing is written.
  ///
  /// - Parameter wallMilliseconds: What the device's clock shows.
  /// - Returns: The flaws, none if the store is whole.
  /// - Throws: SQLite's errors.
  package func flaws(wallMilliseconds: Int64) throws -> [StoreFlaw] {
    var flaws: [StoreFlaw] = []
    try database.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        flaws += try fileFlaws(db)
        flaws += try captureFlaws(db)
        flaws += try logFlaws(db)
        if try setting(.device, db) == .null {
          try set(.device, .text(String(repeating: "0", count: 32)), db)
        }
        try seal(db, wallMilliseconds: wallMilliseconds)
        flaws += try chainFlaws(db)
        flaws += try markFlaws(db)
        flaws += try digestFlaws(db)
        return .rollback
      }
    }
    return flaws
  }

  private func fileFlaws(_ db: Database) throws -> [StoreFlaw] {
    // The hub's values and pending work on top of them can break a CHECK together.
    try db.all("PRAGMA integrity_check").compactMap { $0.value(at: 0).text }
      .filter { $0 != "ok" && !$0.hasPrefix("CHECK constraint failed") }.map { .damagedFile($0) }
  }

  private func captureFlaws(_ db: Database) throws -> [StoreFlaw] {
    let present = try Capture.existing(in: db)
    let wanted = try Capture.triggers(for: schema, in: db)
    let wrong = Set(present.keys).union(wanted.keys).filter { present[$0] != wanted[$0] }
    return wrong.isEmpty ? [] : [.captureIncomplete(wrong.sorted())]
  }

  private func logFlaws(_ db: Database) throws -> [StoreFlaw] {
    var flaws: [StoreFlaw] = []
    var ended: Int64 = 0
    try db.each("SELECT \(LogEntry.columns) FROM thuan_log ORDER BY id") { row in
      let entry = LogEntry(row)
      if entry.operation >= LogEntry.end {
        let first = LoggedTransaction(entry)?.first ?? 0
        if first <= ended || first > entry.id { flaws.append(.logInconsistent(entry: entry.id)) }
        ended = entry.id
      } else if try !isSound(entry, db) {
        flaws.append(.logInconsistent(entry: entry.id))
      }
      return true
    }
    return flaws
  }

  private func isSound(_ entry: LogEntry, _ db: Database) throws -> Bool {
    guard let table = schema.table(number: entry.table),
      (try? RowKey(stored: entry.key, columns: table.key.count)) != nil
    else { return false }
    switch entry.operation {
    case LogEntry.insert: return true
    case LogEntry.update: return table.index(number: entry.column ?? 0) != nil
    case LogEntry.delete, LogEntry.suspect:
      return try db.exists(
        "SELECT 1 FROM \(Capture.imageTable(of: table)) WHERE thuan_log_id = ?",
        [.integer(entry.id)])
    default: return false
    }
  }

  /// Old receipts are forgotten, so the first change set of an epoch that is still here need not be
  /// the first that there was.
  private func chainFlaws(_ db: Database) throws -> [StoreFlaw] {
    var flaws: [StoreFlaw] = []
    var last: (epoch: Int, sequence: Int64, hash: [UInt8])?
    let rows = try db.rows(
      "SELECT epoch, sequence, hash, body FROM thuan_outbox ORDER BY epoch, sequence")
    while let row = try rows.next() {
      let (epoch, sequence): (Int, Int64) = (row[0], row[1])
      guard case .blob(let hash) = row.value(at: 2), case .blob(let body) = row.value(at: 3),
        let changeSet = try? ChangeSet(decoding: body)
      else {
        flaws.append(.brokenChain(epoch: epoch, sequence: sequence))
        last = nil
        continue
      }
      var isWhole =
        ChangeSet.hash(of: body) == hash && changeSet.sequence == sequence
        && changeSet.stream.epoch == epoch
      if let last, last.epoch == epoch {
        isWhole = isWhole && sequence == last.sequence + 1 && changeSet.previous == last.hash
      }
      if !isWhole { flaws.append(.brokenChain(epoch: epoch, sequence: sequence)) }
      last = (epoch, sequence, hash)
    }
    return flaws
  }

  private func markFlaws(_ db: Database) throws -> [StoreFlaw] {
    var keys: [String: [RowKey]] = [:]
    var scrub = Scrub(schema, db)
    while !scrub.isAtEnd {
      for change in try scrub.next(SyncLimits.pageRows) {
        keys[change.table.name, default: []].append(change.key)
      }
    }
    return keys.sorted { $0.key < $1.key }.map { .unmarkedRows(table: $0.key, keys: $0.value) }
  }

  private func digestFlaws(_ db: Database) throws -> [StoreFlaw] {
    let differences = try digests(db).differences(
      from: try digestsOfMarks(db), in: schema, upTo: schema.version)
    return differences.compactMap { place in
      guard let table = schema.table(number: place.table),
        let index = table.index(number: place.column)
      else { return nil }
      return .wrongDigest(table: table.name, column: table.columns[index].name)
    }
  }

  /// Puts right what a store can put right itself: rows that were written past the triggers are
  /// logged, to be sent like any other change, and digests are summed anew.
  ///
  /// - Parameter wallMilliseconds: What the device's clock shows.
  /// - Returns: How many rows have been logged.
  /// - Throws: SQLite's errors.
  package func repair(wallMilliseconds: Int64) throws -> Int {
    try database.write { db in
      let count = try logUntrackedChanges(db, isFound: true, wallMilliseconds: wallMilliseconds)
      try rebuildDigests(db)
      return count
    }
  }
}
