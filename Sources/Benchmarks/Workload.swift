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
    var kind: WorkloadTable { WorkloadTables.all[table] }
  }

  /// A row that gets another status.
  struct StatusUpdate {
    let row: Int
    let status: Value
  }

  private(set) var rows: [Row] = []
  /// Each session with its recommendations, as indices of ``rows``: what officers write in one go.
  private(set) var groups: [Range<Int>] = []
  private(set) var updates: [StatusUpdate] = []
  /// Indices of ``rows``; recommendations before their sessions.
  private(set) var deletes: [Int] = []

  /// The three parts of the workload, in their order.
  enum Step: String, CaseIterable {
    case insert, update, delete
  }

  init(rows count: Int) {
    var generator = WorkloadGenerator(seed: 20_261_123)
    let sessions = max(1, count / 3)
    for session in 0..<sessions {
      let first = rows.count
      let recommendations = session == sessions - 1 ? count - first - 1 : 2
      rows += generator.session(number: session + 1, recommendations: recommendations)
      groups.append(first..<rows.count)
    }
    updates = rows.indices.shuffled(using: &generator.random).map { index in
      let (row, table) = (rows[index], WorkloadTables.all[rows[index].table])
      let status = generator.status(of: row.table, otherThan: row.values[table.status])
      return StatusUpdate(row: index, status: status)
    }
    deletes = groups.shuffled(using: &generator.random).prefix(max(1, count / 30))
      .flatMap { group in group.dropFirst() + [group.lowerBound] }
  }

  /// The statements of a step.
  func operations(of step: Step) -> [Operation] {
    switch step {
    case .insert: rows.map { Operation($0.kind.insert, $0.values) }
    case .update:
      updates.map { Operation(rows[$0.row].kind.updateStatus, [$0.status, rows[$0.row].id]) }
    case .delete: deletes.map { Operation(rows[$0].kind.delete, [rows[$0].id]) }
    }
  }

  /// The inserts of each session and its recommendations.
  func insertsByGroup() -> [ArraySlice<Operation>] {
    let inserts = operations(of: .insert)
    return groups.map { inserts[$0] }
  }

  /// What a store holds with all rows in it, once each has been changed.
  ///
  /// - Parameter change: Gets each row's index and its values; returns whether the row is still there.
  /// - Returns: The rows' number and digest.
  /// - Throws: `SchemaError`, which would be this program's mistake.
  func content(changing change: (Int, inout [Value]) -> Bool = { _, _ in true }) throws -> Content {
    let tables = try WorkloadTables.schema().tables
    var content = Content()
    for (index, row) in rows.enumerated() {
      var values = row.values
      if change(index, &values) { content.add(tables[row.table], values) }
    }
    return content
  }

  /// What a store holds when all three steps are done.
  func contentAfterAllSteps() throws -> Content {
    let statuses = Dictionary(uniqueKeysWithValues: updates.map { ($0.row, $0.status) })
    let gone = Set(deletes)
    return try content { index, values in
      values[rows[index].kind.status] = statuses[index] ?? .null
      return !gone.contains(index)
    }
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
