import Foundation
package import GRDB
import GRDBSQLite
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

extension SyncCore.Value {
  /// The value in a column of the row at which a statement stands, exactly as it is stored.
  ///
  /// A text that is no text (bytes that are not UTF-8, or a NUL that others would take for its end)
  /// reads as its bytes: the hub's column refuses those, so it lies in quarantine with nothing lost.
  init(column: CInt, of statement: SQLiteStatement) {
    switch unsafe sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: self = unsafe .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: self = unsafe .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      let start = unsafe sqlite3_column_text(statement, column)
      let count = unsafe Int(sqlite3_column_bytes(statement, column))
      let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
      if unsafe !bytes.containsZero, let text = unsafe String(exactly: bytes) {
        self = .text(text)
      } else {
        self = unsafe .blob(Array(bytes))
      }
    case SQLITE_BLOB:
      let bytes = unsafe UnsafeRawBufferPointer(
        start: sqlite3_column_blob(statement, column),
        count: Int(sqlite3_column_bytes(statement, column)))
      self = unsafe .blob(Array(bytes))
    default: self = .null
    }
  }

  /// How many bytes ``bind(_:of:keptIn:asText:)`` takes of the room that it is given.
  var boundBytes: Int {
    switch self {
    case .null, .integer, .real: 0
    case .text(let text): text.utf8.count
    case .blob(let blob): blob.count
    }
  }

  /// Makes it a statement's argument.
  ///
  /// - Parameters:
  ///   - index: From 1.
  ///   - statement: A statement that is not running.
  ///   - room: Where its bytes are put, which have to stay there until the statement is reset. What it
  ///     takes is cut off.
  ///   - asText: Whether a blob's bytes go in as a text.
  /// - Returns: SQLite's result.
  func bind(
    _ index: CInt, of statement: SQLiteStatement, keptIn room: inout UnsafeMutableRawBufferPointer,
    asText: Bool = false
  ) -> CInt {
    switch self {
    case .null: return unsafe sqlite3_bind_null(statement, index)
    case .integer(let integer): return unsafe sqlite3_bind_int64(statement, index, integer)
    case .real(let real): return unsafe sqlite3_bind_double(statement, index, real)
    case .text(var text):
      let kept = text.withUTF8 { unsafe Self.keep(UnsafeRawBufferPointer($0), in: &room) }
      return unsafe Self.bind(kept, index, of: statement, asText: true)
    case .blob(let blob):
      if blob.isEmpty { return unsafe sqlite3_bind_zeroblob(statement, index, 0) }
      let kept = unsafe blob.withUnsafeBytes { unsafe Self.keep($0, in: &room) }
      return unsafe Self.bind(kept, index, of: statement, asText: asText)
    }
  }

  /// Makes bytes a statement's argument, which have to stay where they are until it is reset.
  static func bind(
    _ bytes: UnsafeRawBufferPointer, _ index: CInt, of statement: SQLiteStatement, asText: Bool
  ) -> CInt {
    guard asText else {
      return unsafe sqlite3_bind_blob(
        statement, index, bytes.baseAddress, CInt(bytes.count), nil)
    }
    return unsafe bytes.withMemoryRebound(to: CChar.self) {
      unsafe sqlite3_bind_text(
        statement, index, $0.baseAddress ?? emptyText, CInt($0.count), nil)
    }
  }

  /// Whether its bytes are so many that another copy of them would be felt.
  var isLarge: Bool { boundBytes > 64 << 10 }

  /// Shows a large value's bytes where they lie, and whether they are a text's.
  func withLargeBytes(_ body: (UnsafeRawBufferPointer, Bool) throws -> Void) rethrows {
    switch self {
    case .text(var text):
      try text.withUTF8 { unsafe try body(UnsafeRawBufferPointer($0), true) }
    case .blob(let blob): unsafe try blob.withUnsafeBytes { unsafe try body($0, false) }
    case .null, .integer, .real: break
    }
  }

  private static func keep(
    _ bytes: UnsafeRawBufferPointer, in room: inout UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    unsafe room.copyMemory(from: bytes)
    let kept = unsafe UnsafeRawBufferPointer(rebasing: room[..<bytes.count])
    unsafe room = UnsafeMutableRawBufferPointer(rebasing: room[bytes.count...])
    return unsafe kept
  }
}

/// What an empty text points to, since a null pointer would be null; nobody reads or writes it.
nonisolated(unsafe) private let emptyText: UnsafePointer<CChar> = unsafe UnsafePointer(
  UnsafeMutablePointer<CChar>.allocate(capacity: 1))

extension Row {
  /// The value at an index, exactly as it is stored.
  ///
  /// A text that is no text reads as its bytes, as everywhere. That can be seen only in a row that its
  /// cursor has not left yet.
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
