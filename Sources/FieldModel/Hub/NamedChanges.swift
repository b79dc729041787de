package import SyncCore

extension RowChange {
  /// A new row with the given values by column name.
  package init(inserting values: [String: Value], into table: TableSchema, key: RowKey) {
    let fields = table.columns.compactMap { column -> FieldChange? in
      guard column.unit != nil, let value = values[column.name], value != .null else { return nil }
      return FieldChange(column: column.number, before: .null, after: value)
    }
    self.init(table: table.number, operation: .insert, key: key, fields: fields)
  }

  /// A row's change from some values to others, by column name; nothing if they are the same.
  package init?(
    of table: TableSchema, key: RowKey, from old: [String: Value], to new: [String: Value]
  ) {
    let fields = table.columns.compactMap { column -> FieldChange? in
      guard column.unit != nil, let value = new[column.name] else { return nil }
      let before = old[column.name] ?? .null
      return before == value
        ? nil : FieldChange(column: column.number, before: before, after: value)
    }
    if fields.isEmpty { return nil }
    self.init(table: table.number, operation: .update, key: key, fields: fields)
  }
}
