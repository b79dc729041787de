import Foundation
package import GRDB
package import SyncCore

extension Value: DatabaseValueConvertible {
  package var databaseValue: DatabaseValue {
    switch self {
    case .null: .null
    case .integer(let integer): integer.databaseValue
    case .real(let real): real.databaseValue
    case .text(let text): text.databaseValue
    case .blob(let blob): Data(blob).databaseValue
    }
  }

  package static func fromDatabaseValue(_ value: DatabaseValue) -> Value? { Value(value) }

  /// The value of a column, exactly as it is stored.
  package init(_ value: DatabaseValue) {
    switch value.storage {
    case .null: self = .null
    case .int64(let integer): self = .integer(integer)
    case .double(let real): self = .real(real)
    case .string(let text): self = .text(text)
    case .blob(let data): self = .blob(Array(data))
    }
  }
}

extension Row {
  /// The value at an index, exactly as it is stored.
  ///
  /// A text that is no text (bytes that are not UTF-8, or a NUL that would cut it short) reads as its
  /// bytes: the hub's column refuses those, so it lies in quarantine with nothing lost. That can be
  /// seen only in a row that its cursor has not left yet.
  package func value(at index: Int) -> SyncCore.Value {
    let value = SyncCore.Value(self[index] as DatabaseValue)
    guard case .text(let text) = value else { return value }
    let bytes: [UInt8]? = try? withUnsafeData(atIndex: index) { data in
      guard let data else { return nil }
      let mayDiffer = data.count != text.utf8.count || text.utf8.contains(0xEF)
      return mayDiffer && !data.elementsEqual(text.utf8) ? Array(data) : nil
    }
    return bytes.map(SyncCore.Value.blob) ?? value
  }

  /// The values from an index on.
  package func values(from start: Int = 0) -> [SyncCore.Value] {
    (start..<count).map { value(at: $0) }
  }
}

extension StatementArguments {
  /// Arguments from values.
  ///
  /// The type annotation matters: without it the compiler picks the initialiser that looks at every
  /// value's type at run time, which costs more than the statement.
  package init(binding values: [SyncCore.Value]) {
    let values: [(any DatabaseValueConvertible)?] = values
    self.init(values)
  }
}

extension Database {
  /// Runs a statement that is prepared once and kept.
  package func run(_ sql: String, _ arguments: [Value] = []) throws {
    try cachedStatement(sql: sql).execute(arguments: StatementArguments(binding: arguments))
  }

  /// The first row of a query that is prepared once and kept.
  package func first(_ sql: String, _ arguments: [Value] = []) throws -> Row? {
    try Row.fetchOne(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }

  /// The values of a query's first row, exactly as they are stored.
  package func firstValues(_ sql: String, _ arguments: [SyncCore.Value] = []) throws
    -> [SyncCore.Value]?
  {
    let rows = try rows(sql, arguments)
    // A row is gone as soon as its cursor is.
    return try withExtendedLifetime(rows) { try rows.next()?.values() }
  }

  /// The rows of a query that is prepared once and kept, one by one.
  ///
  /// Until they have been read, the same query must not be asked again.
  package func rows(_ sql: String, _ arguments: [SyncCore.Value] = []) throws -> RowCursor {
    try Row.fetchCursor(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }

  /// All rows of a query that is prepared once and kept.
  package func all(_ sql: String, _ arguments: [Value] = []) throws -> [Row] {
    try Row.fetchAll(
      try cachedStatement(sql: sql), arguments: StatementArguments(binding: arguments))
  }
}
