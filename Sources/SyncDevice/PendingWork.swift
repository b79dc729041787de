import GRDB
import SyncCore
import SyncSQLite

/// What lies over the hub's rows on this device: work without a receipt, work in quarantine, and what
/// cannot be sent.
struct PendingWork {
  private var rows: [Int: [RowKey: Set<Int>]] = [:]
  private var deleted: [Int: Set<RowKey>] = [:]
  private var madeAnew: [Int: Set<RowKey>] = [:]

  /// Where in the outbox it can stand: what lies there and has been `settled` lies over nothing.
  ///
  /// Each part by the index that was made for it: for both together SQLite would read all that the
  /// device has sent for ninety days.
  static let positions = """
    SELECT position FROM thuan_outbox WHERE disposition IS NULL
    UNION ALL SELECT position FROM thuan_outbox WHERE disposition = 4 AND settled = 0
    """

  /// - Parameters:
  ///   - schema: The store's schema.
  ///   - db: The store.
  ///   - unreceived: Change sets that count even if they have a receipt by now.
  /// - Throws: SQLite's errors.
  init(_ schema: SyncSchema, _ db: Database, or unreceived: UnreceivedWork? = nil) throws {
    let unreceivedToo = unreceived.map { " UNION ALL \($0.positions)" } ?? ""
    let bodies = try db.rows(
      """
      SELECT body FROM thuan_outbox
      WHERE settled = 0 AND position IN (\(Self.positions)\(unreceivedToo))
      ORDER BY position
      """, unreceived?.arguments ?? [])
    while let row = try bodies.next() {
      guard case .blob(let body) = row.value(at: 0) else { continue }
      // What was found here is nobody's word: the hub's takes its place. So it does for what has been
      // damaged and names no rows any more.
      guard let changeSet = try? ChangeSet(decoding: body), !changeSet.isFound else { continue }
      for change in changeSet.changes {
        add(change.operation, change.table, change.key, change.fields.lazy.map(\.column))
      }
    }
    // Whatever of a row waits came after all of it that was sealed.
    try db.each(
      "SELECT tbl, key, op, columns FROM thuan_waiting WHERE state = 0 AND is_found = 0 ORDER BY id"
    ) { row in
      guard let table = row[0].integer.map({ Int($0) }),
        let keyColumns = schema.table(number: table)?.key.count,
        let operation = row[2].integer.flatMap({ SyncCore.Operation(rawValue: Int($0)) }),
        case .blob(let list) = row[3]
      else { return true }
      add(
        operation, table, try RowKey(stored: row[1], columns: keyColumns),
        try decodedValues(list).compactMap { $0.integer.map { Int($0) } })
      return true
    }
  }

  private mutating func add(
    _ operation: SyncCore.Operation, _ table: Int, _ key: RowKey, _ columns: some Sequence<Int>
  ) {
    if operation == .delete {
      deleted[table, default: []].insert(key)
      madeAnew[table]?.remove(key)
      rows[table]?.removeValue(forKey: key)
    } else {
      // A change of a row says that it was there: the hub had brought it back.
      let wasDeleted = deleted[table]?.remove(key) != nil
      if wasDeleted, operation == .insert {
        madeAnew[table, default: []].insert(key)
      }
      rows[table, default: [:]][key, default: []].formUnion(columns)
    }
  }

  func isDeleted(_ table: Int, _ key: RowKey) -> Bool { deleted[table]?.contains(key) ?? false }

  /// Whether the row was deleted and made again here: nothing of the one before is in it, not even where
  /// the new one is empty.
  func isMadeAnew(_ table: Int, _ key: RowKey) -> Bool { madeAnew[table]?.contains(key) ?? false }

  /// Wire numbers of the row's columns that are not to be touched; nothing if there is no work.
  func columns(_ table: Int, _ key: RowKey) -> Set<Int>? { rows[table]?[key] }
}

/// The change sets that had no receipt when a pull began, and all that came after.
///
/// They may get one before the last page comes, and are newer then than what an earlier page says.
struct UnreceivedWork {
  private let last: Int64
  /// Runs of positions in the outbox, each by its first and its last.
  private let runs: [(Int64, Int64)]

  /// - Parameters:
  ///   - db: The store.
  ///   - standing: How far the present stream had come when the pull's first page was asked for: a
  ///     receipt may have come since, while the answer was on its way.
  /// - Throws: SQLite's errors.
  init(_ db: Database, since standing: StreamStanding?) throws {
    last = try db.first("SELECT max(position) FROM thuan_outbox")?[0] ?? 0
    var runs: [(Int64, Int64)] = []
    let rows = try db.rows(
      """
      SELECT position FROM thuan_outbox WHERE disposition IS NULL
      UNION SELECT position FROM thuan_outbox WHERE epoch = ? AND sequence > ?
      ORDER BY position
      """,
      [
        .integer(Int64(standing?.epoch ?? -1)), .integer(standing?.acknowledged ?? 0),
      ])
    while let row = try rows.next() {
      let position: Int64 = row[0]
      if let run = runs.last, run.1 == position - 1 {
        runs[runs.count - 1].1 = position
      } else {
        runs.append((position, position))
      }
    }
    self.runs = runs
  }

  /// Reads what ``encoded`` gives; nothing if it is no such value.
  init?(decoding value: Value) {
    guard case .blob(let bytes) = value, let values = try? decodedValues(bytes) else { return nil }
    let numbers = values.compactMap(\.integer)
    guard !numbers.isEmpty, numbers.count % 2 == 1 else { return nil }
    last = numbers[0]
    runs = stride(from: 1, to: numbers.count, by: 2).map { (numbers[$0], numbers[$0 + 1]) }
  }

  var encoded: Value { .blob(encodedValues(arguments)) }

  /// Where it stands in the outbox, given the ``arguments``.
  var positions: String {
    "SELECT position FROM thuan_outbox WHERE position > ?"
      + String(repeating: " OR position BETWEEN ? AND ?", count: runs.count)
  }

  var arguments: [Value] {
    [.integer(last)] + runs.flatMap { [Value.integer($0.0), .integer($0.1)] }
  }
}
