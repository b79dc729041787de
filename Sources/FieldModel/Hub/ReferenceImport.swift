package import SyncCore
package import SyncHub

/// Rows of a reference table as they ought to be, compared with the hub's: only what differs is
/// committed, so the same file a second time changes nothing.
package struct ReferenceImport {
  package struct Change {
    package let key: RowKey
    package let column: String
    package let before: Value
    package let after: Value
  }

  package private(set) var changes: [RowChange] = []
  package private(set) var added = 0
  /// Fields of rows that the hub had with other values.
  package private(set) var updates: [Change] = []
  package private(set) var unchanged = 0
  private let table: TableSchema
  private let hub: Hub

  /// Prepares an import into a table of the hub.
  ///
  /// - Throws: `SchemaError` if there is no such table.
  package init(_ hub: Hub, table name: String) throws {
    guard let table = hub.schema.table(named: name) else {
      throw SchemaError("no table \(name)")
    }
    self.table = table
    self.hub = hub
  }

  /// Notes a row that ought to be there; columns that are not named stay as the hub has them.
  package mutating func want(_ key: RowKey, _ values: [String: Value]) throws {
    let current = try hub.row(table.name, key)
    let old = Dictionary(uniqueKeysWithValues: current ?? [])
    var fields: [FieldChange] = []
    for column in table.columns where column.unit != nil {
      guard let wanted = values[column.name] else { continue }
      let before = old[column.name] ?? .null
      if current == nil ? wanted == .null : wanted == before { continue }
      fields.append(FieldChange(column: column.number, before: before, after: wanted))
      if current != nil {
        updates.append(Change(key: key, column: column.name, before: before, after: wanted))
      }
    }
    if current != nil, fields.isEmpty {
      unchanged += 1
      return
    }
    if current == nil { added += 1 }
    changes.append(
      RowChange(
        table: table.number, operation: current == nil ? .insert : .update, key: key,
        fields: fields))
  }

  /// How many rows get other values.
  package var updated: Int { changes.count - added }
}
