import GRDB
import SyncCore
import SyncSQLite

/// Rows that had to be held back when the holder's access had changed.
///
/// What came is the difference from one access to another, and no cursor says what of it a held row
/// missed: it is asked for once more, of the access that the row is still of.
extension DeviceStore {
  /// Of which scopes rows are that were held back from a cursor on, beside the store's state.
  func heldAccesses(from cursor: Int64, _ db: Database) throws -> [UInt64] {
    let rows = try db.all(
      "SELECT DISTINCT access FROM thuan_held WHERE cursor >= ? AND access IS NOT NULL",
      [.integer(cursor)])
    var all: Set<UInt64> = []
    for row in rows {
      if case .blob(let bytes) = row.value(at: 0) { all.formUnion(try accesses(in: bytes)) }
    }
    return all.sorted()
  }
}

/// A list of ``Access/version``s as a store keeps it.
func encodedAccesses(_ accesses: [UInt64]) -> [UInt8] {
  encodedValues(accesses.map { .integer(Int64(bitPattern: $0)) })
}

/// Reads what ``encodedAccesses(_:)`` gives.
func accesses(in bytes: [UInt8]) throws -> [UInt64] {
  try decodedValues(bytes).compactMap { $0.integer.map { UInt64(bitPattern: $0) } }
}
