import Foundation
import GRDB
import SyncCore
import SyncSQLite

/// Workload W, the same for the same size.
///
/// Sessions of a people's council and two recommendations each; then a new status for every row, in
/// random order; then the deletion of a tenth of the rows.
struct Workload {
  /// A row to insert; `table` is an index into ``WorkloadTables/all``.
  struct Row {
    let table: Int
    let values: [Value]
    var id: Value { values[0] }
  }

  private(set) var rows: [Row] = []
  private(set) var updates: [Operation] = []
  private(set) var deletes: [Operation] = []
  private(set) var inserts: [Operation] = []
  private(set) var upserts: [Operation] = []
  /// The bytes of all values, and nothing around them.
  private(set) var rawBytes = 0

  /// The three parts of the workload, in their order.
  enum Step: String, CaseIterable {
    case insert, update, delete
  }

  init(rows count: Int) {
    var generator = WorkloadGenerator(seed: 20_261_123)
    var groups: [Range<Int>] = []
    let sessions = max(1, count / 3)
    for session in 0..<sessions {
      let first = rows.count
      let recommendations = session == sessions - 1 ? count - first - 1 : 2
      rows += generator.session(number: session + 1, recommendations: recommendations)
      groups.append(first..<rows.count)
    }
    for row in rows { for value in row.values { rawBytes += value.rawBytes } }
    inserts = rows.map { Operation(WorkloadTables.all[$0.table].insert, $0.values) }
    upserts = rows.map { Operation(WorkloadTables.all[$0.table].upsert, $0.values) }
    updates = rows.indices.shuffled(using: &generator.random).map { index in
      let (row, table) = (rows[index], WorkloadTables.all[rows[index].table])
      let status = generator.status(of: row.table, otherThan: row.values[table.status])
      return Operation(table.updateStatus, [status, row.id])
    }
    deletes = groups.shuffled(using: &generator.random).prefix(max(1, count / 30))
      .flatMap { group in group.dropFirst() + [group.lowerBound] }
      .map { Operation(WorkloadTables.all[rows[$0].table].delete, [rows[$0].id]) }
  }

  /// The statements of a step as an application writes them.
  func operations(of step: Step) -> [Operation] {
    switch step {
    case .insert: inserts
    case .update: updates
    case .delete: deletes
    }
  }

  /// The statements of a step as somebody writes them who received the rows.
  func received(_ step: Step) -> [Operation] {
    step == .insert ? upserts : operations(of: step)
  }
}

/// One statement with its arguments, bound beforehand so that only the running is measured.
struct Operation {
  private let sql: String
  private let arguments: StatementArguments

  init(_ sql: String, _ values: [Value]) {
    self.sql = sql
    arguments = StatementArguments(values.map(\.databaseValue))
  }

  func run(in db: Database) throws {
    let statement = try db.cachedStatement(sql: sql)
    statement.setUncheckedArguments(arguments)
    try statement.execute()
  }
}

extension Array {
  /// The elements in runs of the given length.
  func batches(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}

extension Value {
  fileprivate var rawBytes: Int {
    switch self {
    case .null: 0
    case .integer, .real: 8
    case .text(let text): text.utf8.count
    case .blob(let blob): blob.count
    }
  }
}
