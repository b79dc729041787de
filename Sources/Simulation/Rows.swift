import GRDB
import SyncCore
import SyncHub
import SyncSQLite

/// All rows of some tables, ordered by key: what a replica shows.
struct Rows: Equatable {
  /// Rows by table, in the order in which the tables were given.
  var tables: [[[SyncCore.Value]]]

  private static func selection(of table: TableSchema) -> String {
    "SELECT \(table.columnList) FROM \(table.name) ORDER BY \(table.keyList)"
  }

  init(_ tables: [TableSchema], in db: Database) throws {
    self.tables = try tables.map { table in
      let rows = try db.rows(Self.selection(of: table))
      var all: [[SyncCore.Value]] = []
      while let row = try rows.next() { all.append(row.values()) }
      return all
    }
  }

  init(_ tables: [TableSchema], in connection: any HubConnection) throws {
    self.tables = try tables.map { table in
      var all: [[SyncCore.Value]] = []
      try connection.each(Self.selection(of: table), []) {
        all.append($0)
        return true
      }
      return all
    }
  }

  /// The rows of some of the tables.
  init(_ rows: Rows, _ tables: [TableSchema], only chosen: [TableSchema]) {
    self.tables = zip(tables, rows.tables).filter { table, _ in
      chosen.contains { $0.number == table.number }
    }.map(\.1)
  }

  /// The rows for which a condition on table and key holds.
  func filter(_ tables: [TableSchema], _ isIncluded: (TableSchema, RowKey) -> Bool) -> Rows {
    var rows = self
    for (index, table) in tables.enumerated() {
      rows.tables[index] = rows.tables[index].filter { isIncluded(table, table.rowKey(of: $0)) }
    }
    return rows
  }

  /// What is different between two states of the same tables.
  func differences(from old: Rows, _ tables: [TableSchema]) -> [RowDifference] {
    var found: [RowDifference] = []
    for (index, table) in tables.enumerated() {
      let (mine, theirs) = (self.tables[index], old.tables[index])
      if mine == theirs { continue }
      let before = Dictionary(uniqueKeysWithValues: theirs.map { (table.rowKey(of: $0), $0) })
      let after = Dictionary(uniqueKeysWithValues: mine.map { (table.rowKey(of: $0), $0) })
      for row in theirs where after[table.rowKey(of: row)] == nil {
        found.append(RowDifference(table: table, key: table.rowKey(of: row), old: row, new: nil))
      }
      for row in mine where before[table.rowKey(of: row)] != row {
        let key = table.rowKey(of: row)
        found.append(RowDifference(table: table, key: key, old: before[key], new: row))
      }
    }
    return found
  }
}

/// One row in two states.
struct RowDifference: CustomStringConvertible {
  let table: TableSchema
  let key: RowKey
  let old: [SyncCore.Value]?
  let new: [SyncCore.Value]?

  var description: String {
    func text(_ values: [SyncCore.Value]?) -> String {
      values.map { "[" + $0.map(\.description).joined(separator: ", ") + "]" } ?? "none"
    }
    return "\(table.name) \(key): \(text(old)) → \(text(new))"
  }
}
