package import GRDB
package import SyncCore
import SyncSQLite

/// Everything that goes when a record goes: what belongs to it, to any depth.
package struct RecordRemoval {
  private struct Reference {
    let table: String
    let column: String
    let target: String
  }

  /// The rows to delete, children first.
  private var rows: [(table: String, key: [String: SyncCore.Value])] = []
  /// Records that belong to it and go with it.
  package private(set) var dependents: [Record] = []
  /// Records that only mention it, and so stand in the way.
  package private(set) var mentions: [Record] = []
  private let references: [Reference]

  /// Finds what would go; nothing is deleted yet.
  package init(_ record: Record, schema: SyncSchema, in db: Database) throws {
    var references: [Reference] = []
    for table in schema.tables {
      for row in try db.all(
        "SELECT \"table\", \"from\" FROM pragma_foreign_key_list(?)", [.text(table.name)])
      {
        references.append(Reference(table: table.name, column: row[1], target: row[0]))
      }
    }
    self.references = references
    try collect(record, in: db)
    let going = Set(dependents.map(\.id))
    mentions.removeAll { going.contains($0.id) || $0.id == record.id }
  }

  /// Deletes the record and what belongs to it.
  package func run(in db: Database) throws {
    for row in rows {
      let columns = row.key.keys.sorted()
      try db.run(
        """
        DELETE FROM \(quoted(row.table))
        WHERE \(columns.map { "\(quoted($0)) = ?" }.joined(separator: " AND "))
        """, columns.compactMap { row.key[$0] })
    }
  }

  private mutating func collect(_ record: Record, in db: Database) throws {
    for reference in references where reference.target == record.kind.table {
      guard let kind = RecordKinds.of(table: reference.table) else {
        rows.append((reference.table, [reference.column: .text(record.id)]))
        continue
      }
      let found = try Record.all(
        kind, where: "\(quoted(reference.column)) = ?", [.text(record.id)], in: db)
      if kind.parent == reference.column {
        dependents += found
        for child in found { try collect(child, in: db) }
      } else {
        mentions += found
      }
    }
    rows.append((record.kind.table, [record.kind.key: .text(record.id)]))
  }
}
