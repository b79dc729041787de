/// What keeps a row's change from being sent, and the hub from taking it in.
///
/// There is one definition of it: a device asks it of what it is about to commit or to send, the hub
/// of what comes. So what one side takes the other takes too (law L12).
package struct Obstacle: Error, Equatable, Sendable {
  package enum Reason: Int, Sendable, CaseIterable {
    /// A text with a NUL in it, which others would take for its end.
    case zero = 1
    /// A text whose bytes are not UTF-8.
    case notUTF8 = 2
    /// A value that its column does not hold, or no value in a key.
    case outsideColumn = 3
    /// More than a change set may hold: what is written, together with what it replaces.
    case tooLarge = 4
  }

  /// The table's wire number.
  package let table: Int
  package let key: RowKey
  package let reason: Reason
  /// The column's wire number; of a row that is too large the column that takes most of it.
  package let column: Int
  /// Bytes of the value, or of the whole change where that is too large.
  package let bytes: Int

  package init(table: Int, key: RowKey, reason: Reason, column: Int, bytes: Int) {
    self.table = table
    self.key = key
    self.reason = reason
    self.column = column
    self.bytes = bytes
  }
}

extension RowChange {
  /// What keeps the change from travelling; nothing if it can.
  ///
  /// - Parameters:
  ///   - table: The change's table.
  ///   - kinds: What its columns may hold, in the order of its declaration; what is not known is not
  ///     judged.
  /// - Returns: What it is, of the first value that it concerns.
  package func obstacle(in table: TableSchema, _ kinds: () throws -> [ColumnKind]) rethrows
    -> Obstacle?
  {
    if mayMisfit, let misfit = misfit(in: table, try kinds()) { return misfit }
    guard travelBytes > SyncLimits.rowChangeBytes else { return nil }
    let bytes = encodedBytes
    guard bytes > SyncLimits.rowChangeBytes else { return nil }
    return Obstacle(
      table: self.table, key: key, reason: .tooLarge, column: largestColumn(in: table),
      bytes: bytes)
  }

  /// What of the change its table cannot hold; nothing if it can hold all of it.
  package func misfit(in table: TableSchema, _ kinds: [ColumnKind]) -> Obstacle? {
    func takes(_ column: Int, _ value: Value) -> Bool {
      !kinds.indices.contains(column) || kinds[column].takes(value)
    }
    for (column, value) in zip(table.key, key.values) {
      if !takes(column, value) || value == .null { return misfit(table, column, value, kinds) }
    }
    if operation == .delete { return nil }
    // By index, since a field taken out of its array is two values copied, for every value that comes.
    for index in fields.indices {
      guard let column = table.index(number: fields[index].column) else { continue }
      if !takes(column, fields[index].after) {
        return misfit(table, column, fields[index].after, kinds)
      }
    }
    return nil
  }

  private func misfit(
    _ table: TableSchema, _ column: Int, _ value: Value, _ kinds: [ColumnKind]
  ) -> Obstacle {
    let isText = kinds.indices.contains(column) && kinds[column] == .text
    return Obstacle(
      table: self.table, key: key, reason: isText ? .ofText(value) : .outsideColumn,
      column: table.columns[column].number, bytes: value.approximateBytes - 4)
  }

  /// Whether any value is of a kind that texts are read as which are none, or is missing in the key.
  ///
  /// Where columns hold to their types, nothing else can be wrong with what a device has stored.
  private var mayMisfit: Bool {
    func isOdd(_ value: Value) -> Bool {
      switch value {
      case .blob: true
      case .text, .integer, .real, .null: false
      }
    }
    return key.values.contains { isOdd($0) || $0 == .null }
      || (operation != .delete && fields.contains { isOdd($0.after) })
  }

  /// How many bytes the change takes in a change set at most.
  package var travelBytes: Int {
    func room(_ value: Value) -> Int { value.approximateBytes + 12 }
    let values = fields.reduce(0) { $0 + 4 + room($1.before) + room($1.after) }
    return key.values.reduce(values + 32) { $0 + room($1) }
  }

  private func largestColumn(in table: TableSchema) -> Int {
    let field = fields.max {
      $0.before.approximateBytes + $0.after.approximateBytes
        < $1.before.approximateBytes + $1.after.approximateBytes
    }
    return field?.column ?? table.key.first.map { table.columns[$0].number } ?? 0
  }

  /// The change with what it replaces left out where that alone is more than can be sent: nobody could
  /// mend that by writing less.
  ///
  /// An empty blob stands for a value that is not named, as everywhere: it agrees with no text, so that
  /// at worst somebody is asked a question too many. The hub has the value itself.
  package var withoutOversizedPast: RowChange {
    let isOversized =
      fields.reduce(0) { $0 + $1.before.approximateBytes } > SyncLimits.pastBytes
    guard operation != .insert, isOversized else { return self }
    var bytes = 0
    let kept = fields.indices.sorted {
      fields[$0].before.approximateBytes < fields[$1].before.approximateBytes
    }.prefix { index in
      bytes += fields[index].before.approximateBytes
      return bytes <= SyncLimits.pastBytes / 2
    }
    let isKept = Set(kept)
    return RowChange(
      table: table, operation: operation, key: key,
      fields: fields.indices.map { index in
        isKept.contains(index)
          ? fields[index]
          : FieldChange(
            column: fields[index].column, before: .blob([]), after: fields[index].after)
      })
  }
}

extension Obstacle.Reason {
  /// What is wrong with what stands in a column of texts.
  fileprivate static func ofText(_ value: Value) -> Self {
    switch value {
    case .text: .zero
    case .blob(let bytes):
      bytes.contains(0) ? .zero : String(exactly: bytes) == nil ? .notUTF8 : .outsideColumn
    case .null, .integer, .real: .outsideColumn
    }
  }
}
