package import SyncCore
import SyncSQLite

extension Hub {
  /// Tells a device what the hub holds in a range of a table's keys, so that it can find where the
  /// two differ.
  ///
  /// - Parameters:
  ///   - request: The range, and the state that the device compares.
  ///   - device: Who has signed the request.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: Rows or sums; or that the hub has moved on.
  /// - Throws: `Refusal` for a revoked device or a table that is not there, and the storage's errors.
  package func compare(
    _ request: ComparisonRequest, for device: HubDevice, wallMilliseconds: Int64
  ) throws -> ComparisonReply {
    if device.isRevoked { throw Refusal(.revoked) }
    guard let table = schema.table(number: request.table) else {
      throw Refusal(.malformed, detail: "table")
    }
    return try read { store in
      let (number, _) = try store.lastChangeSet()
      let reader = try self.reader(device, store, wallMilliseconds: wallMilliseconds)
      guard try !store.hasFollowing(), number == request.position.number,
        try store.knows(request.position),
        request.position.access == reader.access.version
      else { return ComparisonReply(.moved) }
      return ComparisonReply(
        try store.content(of: request.range, table, for: reader, upTo: comparedRows))
    }
  }
}

extension HubStore {
  fileprivate func content(
    of range: KeyRange, _ table: TableSchema, for reader: Reader, upTo limit: Int
  ) throws -> ComparisonReply.Content {
    let (place, keys) = range.condition(table)
    let (scope, scopes) = reader.condition
    let arguments = keys + scopes
    let from = "FROM hub_row WHERE \(place) AND \(scope) AND sum <> 0"
    let count = Int(try connection.first("SELECT count(*) \(from)", arguments)?[0].integer ?? 0)
    guard count > limit else {
      let keys = try connection.rows("SELECT key \(from) ORDER BY key", arguments)
      return .rows(
        try keys.compactMap { row in
          let key = try RowKey(stored: row[0], columns: table.key.count)
          return try connection.first(table.selectByKey, key.values).map {
            PulledRow(whole: $0, table, key)
          }
        })
    }
    let size = (count + SyncLimits.comparedRanges - 1) / SyncLimits.comparedRanges
    var parts: [ComparisonReply.Part] = []
    var (rows, sum) = (0, UInt64(0))
    try connection.each("SELECT key, sum \(from) ORDER BY key", arguments) { row in
      rows += 1
      sum &+= UInt64(bitPattern: row[1].integer ?? 0)
      if rows.isMultiple(of: size), rows < count {
        parts.append(ComparisonReply.Part(upTo: row[0], sum: sum))
        sum = 0
      }
      return true
    }
    return .parts(parts + [ComparisonReply.Part(upTo: range.upTo, sum: sum)])
  }
}

extension KeyRange {
  /// The range as a condition on `tbl` and `key`, with its arguments.
  fileprivate func condition(_ table: TableSchema) -> (String, [Value]) {
    var condition = "tbl = ?"
    var arguments: [Value] = [.integer(Int64(table.number))]
    if let after {
      condition += " AND key > ?"
      arguments.append(after)
    }
    if let upTo {
      condition += " AND key <= ?"
      arguments.append(upTo)
    }
    return (condition, arguments)
  }
}

extension PulledRow {
  /// A row with all its values that are not null.
  init(whole values: [Value], _ table: TableSchema, _ key: RowKey) {
    self.init(table: table.number, kind: .whole, key: key, columns: [], values: [])
    for (column, value) in zip(table.columns, values) where column.unit != nil && value != .null {
      columns.append(column.number)
      self.values.append(value)
    }
  }
}
