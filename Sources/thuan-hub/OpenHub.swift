import FieldModel
import Foundation
import SyncCore
import SyncHub
import SyncSQLite
import Terminal

/// A hub that has been opened, and the storage under it.
struct OpenHub {
  let hub: Hub
  let database: SQLiteHubDatabase

  /// Opens the file, and makes it if it is not there.
  init(path: String) throws {
    let schema = try FieldSchema.load()
    database = try SQLiteHubDatabase(
      path: path, migrations: FieldSchema.migrations, schema: schema)
    hub = try Hub(
      database, schema: schema, rules: FieldRules.all, policy: FieldAccess(),
      timeline: UUID().uuidString.lowercased(), secret: (0..<32).map { _ in .random(in: 0...255) },
      randomness: SystemRandomNumberGenerator(), wallMilliseconds: wallMilliseconds())
  }

  /// Rows of a query, for what the hub itself has no words for.
  func rows(_ sql: String, _ arguments: [Value] = []) throws -> [[Value]] {
    try database.read { connection in
      var rows: [[Value]] = []
      try connection.each(sql, arguments) {
        rows.append($0)
        return true
      }
      return rows
    }
  }

  /// The live values of a row by column name; empty if it does not live.
  func values(_ table: String, _ key: RowKey) throws -> [String: Value] {
    Dictionary(uniqueKeysWithValues: try hub.row(table, key) ?? [])
  }
}
