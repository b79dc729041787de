import SyncCore

/// What several changes of one row come to, given in their order.
struct NetChange {
  enum Operation: Int {
    /// The row was made and is gone again, or is as it was.
    case nothing = 0
    case insert = 1
    case update = 2
    case delete = 3
    /// It was deleted and made again.
    case remake = 4
  }

  private let table: TableSchema
  private let key: RowKey
  /// Whether the row was there before the first change; nothing before there is one.
  private var wasThere: Bool?
  private var isThere = true
  private var isRemade = false
  /// By wire numbers, what was there before the first change, and what is there now.
  private var before: [Int: Value] = [:]
  private var after: [Int: Value] = [:]
  /// Whether ``before`` has the row whole.
  private var isBeforeWhole = false
  /// The schema under which the row was made here.
  private var madeUnder: Int?

  init(_ table: TableSchema, _ key: RowKey) {
    self.table = table
    self.key = key
  }

  /// - Parameters:
  ///   - change: The next change.
  ///   - schemaVersion: The schema under which it was made.
  mutating func add(_ change: RowChange, under schemaVersion: Int) {
    if wasThere == nil { wasThere = change.operation != .insert }
    switch change.operation {
    case .insert:
      if !isThere { isRemade = true }
      (isThere, after, madeUnder) = (true, [:], schemaVersion)
      for field in change.fields { after[field.column] = field.after }
    case .update:
      isThere = true
      for field in change.fields {
        if !isBeforeWhole, before[field.column] == nil { before[field.column] = field.before }
        after[field.column] = field.after
      }
    case .delete:
      for field in change.fields where !isBeforeWhole && before[field.column] == nil {
        before[field.column] = field.before
      }
      (isThere, isBeforeWhole, after) = (false, true, [:])
    }
  }

  /// Completes a row that was made before its table had all its columns by what stands in them: what
  /// is sent under the present schema has to name them.
  mutating func fillIn(from live: [Value]) {
    guard let madeUnder, isThere else { return }
    for (column, value) in zip(table.columns, live)
    where column.since > madeUnder && after[column.number] == nil {
      after[column.number] = value
    }
  }

  var operation: Operation {
    switch (wasThere ?? false, isThere) {
    case (false, false): .nothing
    case (false, true): .insert
    case (true, false): .delete
    case (true, true): isRemade ? .remake : changedFields.isEmpty ? .nothing : .update
    }
  }

  /// The changes that say it: none where nothing is left of it, two where the row was made again.
  var changes: [RowChange] {
    switch operation {
    case .nothing: []
    case .insert: [insertion]
    case .update: [change(.update, changedFields)]
    case .delete: [deletion]
    case .remake: [deletion, insertion]
    }
  }

  private var insertion: RowChange {
    change(.insert, fields { _, after in after == .null ? nil : (.null, after) })
  }

  private var deletion: RowChange {
    change(.delete, fields { before, _ in before == .null ? nil : (before, .null) })
  }

  /// The fields of units in which anything is another than it was: a unit travels whole.
  private var changedFields: [FieldChange] {
    table.units.flatMap { unit -> [FieldChange] in
      let numbers = unit.columns.map { table.columns[$0].number }
      let fields = numbers.compactMap { number -> FieldChange? in
        guard let value = after[number] else { return nil }
        return FieldChange(column: number, before: before[number] ?? .null, after: value)
      }
      return fields.contains { $0.before != $0.after } ? fields : []
    }
  }

  private func fields(_ values: (Value, Value) -> (before: Value, after: Value)?) -> [FieldChange] {
    table.columns.filter { $0.unit != nil }.compactMap { column in
      values(before[column.number] ?? .null, after[column.number] ?? .null).map {
        FieldChange(column: column.number, before: $0.before, after: $0.after)
      }
    }
  }

  private func change(_ operation: SyncCore.Operation, _ fields: [FieldChange]) -> RowChange {
    RowChange(table: table.number, operation: operation, key: key, fields: fields)
      .withoutOversizedPast
  }
}
