package import SyncCore
import SyncSQLite

/// The hub's storage, as narrow as it can be: transactions that run SQL.
///
/// A second driver implements these two protocols and nothing of the rules.
///
/// The SQL is the part that SQLite and PostgreSQL share. Sequences are taken inside a write
/// transaction and have to become visible in their order, so a driver runs one write transaction at
/// a time (SQLite does; another takes a lock first).
package protocol HubDatabase: Sendable {
  /// Runs one write transaction, durable when this returns; a throw rolls it back whole.
  func write<T>(_ body: (any HubConnection) throws -> T) throws -> T
  /// The same for one that writes so much at once that what would undo a part of it is not to be in
  /// memory.
  func writeMuch<T>(_ body: (any HubConnection) throws -> T) throws -> T
  /// Runs one read transaction on a state that does not change meanwhile.
  func read<T>(_ body: (any HubConnection) throws -> T) throws -> T
  /// The links from each of the schema's tables to others.
  func links(in schema: SyncSchema) throws -> [TableLink]
  /// The columns' default values by table number, as the columns keep them, in the order of each
  /// table's declaration.
  func defaults(in schema: SyncSchema) throws -> [Int: [Value]]
  /// A schema in which the values that it names are as the columns keep them.
  func fitted(_ schema: SyncSchema) throws -> SyncSchema
  /// What the columns may hold, by table number, in the order of each table's declaration.
  func kinds(in schema: SyncSchema) throws -> [Int: [ColumnKind]]
}

extension HubDatabase {
  package func writeMuch<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    try write(body)
  }
}

/// An open transaction.
package protocol HubConnection {
  /// Runs a statement. A constraint that refuses it is a ``ConstraintViolation``.
  func run(_ sql: String, _ arguments: [Value]) throws
  /// Reads rows one by one until the closure returns false.
  func each(_ sql: String, _ arguments: [Value], _ body: ([Value]) throws -> Bool) throws
  /// Runs a part of the transaction that is undone alone if it throws.
  func attempt<T>(_ body: () throws -> T) throws -> T
}

extension HubConnection {
  func rows(_ sql: String, _ arguments: [Value] = []) throws -> [[Value]] {
    var rows: [[Value]] = []
    try each(sql, arguments) {
      rows.append($0)
      return true
    }
    return rows
  }

  package func first(_ sql: String, _ arguments: [Value] = []) throws -> [Value]? {
    var first: [Value]?
    try each(sql, arguments) {
      first = $0
      return false
    }
    return first
  }
}

/// A foreign key between two tables of the schema, by indices of columns.
package struct TableLink: Sendable {
  package let child: Int
  package let childColumns: [Int]
  package let parent: Int

  package init(child: Int, childColumns: [Int], parent: Int) {
    self.child = child
    self.childColumns = childColumns
    self.parent = parent
  }
}

/// A constraint of the application's tables refused a row.
package struct ConstraintViolation: Error, Equatable {
  /// What the database says of it: the table, and the constraint or column.
  package let detail: String
  package init(detail: String) { self.detail = detail }
}
