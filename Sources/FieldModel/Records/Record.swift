package import GRDB
package import SyncCore
import SyncSQLite

/// A row as people know it.
package struct Record: Sendable {
  package let kind: RecordKind
  package let id: String
  /// Values by column, the key left out.
  package let values: [String: SyncCore.Value]

  package subscript(_ column: String) -> SyncCore.Value { values[column] ?? .null }

  init(_ kind: RecordKind, _ row: Row) {
    self.kind = kind
    var values: [String: SyncCore.Value] = [:]
    for (index, name) in row.columnNames.enumerated() { values[name] = row.value(at: index) }
    id = values.removeValue(forKey: kind.key)?.description ?? ""
    self.values = values
  }

  /// The record with a key; nothing if there is none.
  package static func find(_ kind: RecordKind, _ id: String, in db: Database) throws -> Record? {
    try db.first(
      "SELECT * FROM \(quoted(kind.table)) WHERE \(quoted(kind.key)) = ?", [.text(id)]
    ).map { Record(kind, $0) }
  }

  /// Records of a kind, in its order.
  ///
  /// - Parameters:
  ///   - kind: Which records.
  ///   - condition: SQL over the table's columns, with places for `arguments`.
  ///   - arguments: What stands in the places.
  ///   - limit: How many at most.
  ///   - db: The store's database.
  /// - Returns: The records.
  /// - Throws: SQLite's errors.
  package static func all(
    _ kind: RecordKind, where condition: String = "1", _ arguments: [SyncCore.Value] = [],
    limit: Int? = nil, in db: Database
  ) throws -> [Record] {
    let end = limit.map { " LIMIT \($0)" } ?? ""
    return try db.all(
      "SELECT * FROM \(quoted(kind.table)) WHERE \(condition) ORDER BY \(kind.order)\(end)",
      arguments
    ).map { Record(kind, $0) }
  }

  /// What the record's part holds, by column; nothing if there is no such part.
  package func part(in db: Database) throws -> [String: SyncCore.Value]? {
    guard let part = kind.part,
      let row = try db.first(
        "SELECT * FROM \(quoted(part.table)) WHERE \(quoted(part.key)) = ?", [.text(id)])
    else { return nil }
    var values: [String: SyncCore.Value] = [:]
    for (index, name) in row.columnNames.enumerated() where name != part.key {
      values[name] = row.value(at: index)
    }
    return values
  }

  /// The values of a set that belongs to the record, sorted.
  package func tags(_ tags: RecordKind.Tags, in db: Database) throws -> [String] {
    try db.all(
      """
      SELECT \(quoted(tags.field.column)) FROM \(quoted(tags.table))
      WHERE \(quoted(tags.key)) = ? ORDER BY 1
      """, [.text(id)]
    ).compactMap { $0.value(at: 0).text }
  }
}
