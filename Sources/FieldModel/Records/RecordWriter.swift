import Foundation
package import GRDB
package import SyncCore
import SyncSQLite

/// Writes records inside a transaction of the store.
package struct RecordWriter {
  private let db: Database
  private let officer: String
  private let instant: String

  /// - Parameters:
  ///   - db: The store's database, in a transaction.
  ///   - officer: Who writes; set where a record says who noted it.
  ///   - milliseconds: What the device's clock shows.
  package init(_ db: Database, officer: String, milliseconds: Int64) {
    self.db = db
    self.officer = officer
    instant = Self.instant(milliseconds)
  }

  /// An instant as columns hold it.
  package static func instant(_ milliseconds: Int64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000)
      .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }

  /// Adds a record; columns that say who and when are filled in.
  package func insert(_ kind: RecordKind, id: String, _ values: [String: SyncCore.Value]) throws {
    var values = values.filter { $0.value != .null }
    values[kind.key] = .text(id)
    for field in kind.fields where field.isAutomatic && values[field.column] == nil {
      switch (field.form, field.column) {
      case (.officer, _): values[field.column] = .text(officer)
      case (.instant, "recorded_at"), (.instant, "noted_at"), (.instant, "at"):
        values[field.column] = .text(instant)
      default: break
      }
    }
    try insert(into: kind.table, values)
  }

  /// Adds a row to a link table or a part.
  package func insert(into table: String, _ values: [String: SyncCore.Value]) throws {
    let columns = values.keys.sorted()
    let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
    try db.run(
      """
      INSERT INTO \(quoted(table)) (\(columns.map { quoted($0) }.joined(separator: ", ")))
      VALUES (\(places))
      """, columns.compactMap { values[$0] })
  }

  /// Changes columns of a row; those that hold the value already are left alone.
  ///
  /// - Returns: How many columns changed.
  @discardableResult
  package func update(
    _ table: String, key: String, _ id: String, _ values: [String: SyncCore.Value]
  ) throws -> Int {
    guard
      let row = try db.first(
        "SELECT * FROM \(quoted(table)) WHERE \(quoted(key)) = ?", [.text(id)])
    else { return 0 }
    let changed = values.keys.sorted().filter { column in
      SyncCore.Value(row[column] as DatabaseValue) != values[column]
    }
    guard !changed.isEmpty else { return 0 }
    try db.run(
      """
      UPDATE \(quoted(table)) SET \(changed.map { "\(quoted($0)) = ?" }.joined(separator: ", "))
      WHERE \(quoted(key)) = ?
      """, changed.compactMap { values[$0] } + [.text(id)])
    return changed.count
  }

  /// Makes a record's set hold exactly the given values, by adding and removing what differs.
  ///
  /// - Returns: How many were added or removed.
  @discardableResult
  package func set(_ tags: RecordKind.Tags, of id: String, to values: Set<String>) throws -> Int {
    let present = Set(
      try db.all(
        "SELECT \(quoted(tags.field.column)) FROM \(quoted(tags.table)) WHERE \(quoted(tags.key)) = ?",
        [.text(id)]
      ).compactMap { $0.value(at: 0).text })
    for value in values.subtracting(present).sorted() {
      try insert(into: tags.table, [tags.key: .text(id), tags.field.column: .text(value)])
    }
    for value in present.subtracting(values).sorted() { try remove(tags, value, of: id) }
    return values.symmetricDifference(present).count
  }

  /// Takes one value out of a record's set.
  package func remove(_ tags: RecordKind.Tags, _ value: String, of id: String) throws {
    try db.run(
      """
      DELETE FROM \(quoted(tags.table))
      WHERE \(quoted(tags.key)) = ? AND \(quoted(tags.field.column)) = ?
      """, [.text(id), .text(value)])
  }
}
