package import GRDB
package import SyncCore
import SyncSQLite

/// A conflict as the device knows it: the question, what each side wrote, and what was decided.
package struct ConflictView: Sendable {
  package let id: String
  package let kind: ConflictKind?
  package let table: String
  package let key: RowKey
  package let unit: String
  /// The columns in question, for which all values are in order; empty where the row itself is.
  package let columns: [String]
  package let otherKey: RowKey?
  package let base: [SyncCore.Value]
  package let state: ConflictState?
  package let openedMilliseconds: Int64
  package let candidates: [Candidate]
  package let decision: Decision?

  /// What somebody wrote.
  package struct Candidate: Sendable {
    package let values: [SyncCore.Value]
    package let isDeletion: Bool
    package let officer: String
    package let device: String
    package let writtenMilliseconds: Int64
    package let isFlagged: Bool
  }

  /// How it was decided.
  package struct Decision: Sendable {
    package let choice: String
    package let by: String
    package let atMilliseconds: Int64
    package let reason: String
  }

  package var isOpen: Bool { state?.isOpen ?? false }

  private static let columnList =
    "id, kind, table_name, row_key, unit, other_key, base, state, opened_at, choice, decided_by, "
    + "decided_at, reason"

  /// Conflicts, the oldest first.
  package static func all(
    openOnly: Bool, schema: SyncSchema, in db: Database
  ) throws -> [ConflictView] {
    let condition = openOnly ? "WHERE state IN ('open', 'reopened')" : ""
    return try db.all(
      "SELECT \(columnList) FROM thuan_conflict \(condition) ORDER BY opened_at, id"
    ).compactMap { try ConflictView($0, schema, db) }
  }

  /// Conflicts about a row, the oldest first.
  package static func about(
    _ table: String, _ key: RowKey, schema: SyncSchema, in db: Database
  ) throws -> [ConflictView] {
    try db.all(
      """
      SELECT \(columnList) FROM thuan_conflict
      WHERE table_name = ? AND (row_key = ? OR other_key = ?) ORDER BY opened_at, id
      """, [.text(table), key.stored, key.stored]
    ).compactMap { try ConflictView($0, schema, db) }
  }

  private init?(_ row: Row, _ schema: SyncSchema, _ db: Database) throws {
    guard let id = row.value(at: 0).text, let name = row.value(at: 2).text,
      let table = schema.table(named: name)
    else { return nil }
    self.id = id
    kind = row.value(at: 1).text.flatMap(ConflictKind.init)
    self.table = name
    key = try RowKey(stored: row.value(at: 3), columns: table.key.count)
    unit = row.value(at: 4).text ?? ""
    let unit = unit
    columns =
      table.units.first { $0.name == unit }?.columns.map { table.columns[$0].name } ?? []
    let other = row.value(at: 5)
    otherKey = other == .null ? nil : try RowKey(stored: other, columns: table.key.count)
    base = try Self.values(row.value(at: 6))
    state = row.value(at: 7).text.flatMap(ConflictState.init)
    openedMilliseconds = row.value(at: 8).integer ?? 0
    decision = row.value(at: 9).text.map { choice in
      Decision(
        choice: choice, by: row.value(at: 10).text ?? "",
        atMilliseconds: row.value(at: 11).integer ?? 0, reason: row.value(at: 12).text ?? "")
    }
    candidates = try db.all(
      """
      SELECT content, kind, officer_name, device_label, written_at, is_flagged, officer
      FROM thuan_candidate WHERE conflict_id = ? ORDER BY position
      """, [.text(id)]
    ).map { row in
      Candidate(
        values: try Self.values(row.value(at: 0)),
        isDeletion: row.value(at: 1) == .text("deletion"),
        officer: row.value(at: 2).text ?? row.value(at: 6).text ?? "",
        device: row.value(at: 3).text ?? "", writtenMilliseconds: row.value(at: 4).integer ?? 0,
        isFlagged: row.value(at: 5) == .integer(1))
    }
  }

  private static func values(_ value: SyncCore.Value) throws -> [SyncCore.Value] {
    if case .blob(let bytes) = value { return try decodedValues(bytes) }
    return []
  }
}

extension Lookup {
  /// What a conflict's columns hold now; nothing if the row is gone.
  package func values(of conflict: ConflictView) throws -> [SyncCore.Value]? {
    guard !conflict.columns.isEmpty, conflict.key.values.count == 1 else { return nil }
    let key =
      RecordKinds.of(table: conflict.table)?.key
      ?? RecordKinds.all.compactMap(\.part).first { $0.table == conflict.table }?.key
    guard let key else { return nil }
    return try db.first(
      """
      SELECT \(conflict.columns.map { quoted($0) }.joined(separator: ", "))
      FROM \(quoted(conflict.table)) WHERE \(quoted(key)) = ?
      """, conflict.key.values
    )?.values()
  }
}
