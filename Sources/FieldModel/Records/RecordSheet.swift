package import GRDB
package import SyncCore
import SyncSQLite

/// A record with everything that belongs to it, to any depth.
package struct RecordSheet {
  package let record: Record
  package let part: [String: SyncCore.Value]?
  package let tags: [(tags: RecordKind.Tags, values: [String])]
  /// What an addressee's events come to.
  package let standing: Standing?
  /// Organisations that take part, with the part that they take.
  package let hosts: [(organisation: String, part: String)]
  package let children: [(kind: RecordKind, sheets: [RecordSheet])]
  package let documents: [(document: Record, part: String)]
  package let notes: [Record]
  package let conflicts: [ConflictView]

  /// Where a recommendation stands at one addressee.
  package struct Standing {
    package let status: String
    package let lastEventOn: String?
    package let urgedCount: Int64
    package let isContradictory: Bool
    /// Past its date without an answer, by the day that was asked for.
    package let isOverdue: Bool
  }

  private static let depthMax = 6

  /// - Parameters:
  ///   - record: What is shown.
  ///   - schema: The store's schema, for conflicts.
  ///   - today: The day against which dates are due.
  ///   - db: The store's database.
  /// - Throws: SQLite's errors, and `WireError` for a damaged conflict.
  package init(_ record: Record, schema: SyncSchema, today: String, in db: Database) throws {
    try self.init(record, schema, today, depth: 0, db)
  }

  private init(
    _ record: Record, _ schema: SyncSchema, _ today: String, depth: Int, _ db: Database
  ) throws {
    self.record = record
    part = try record.part(in: db)
    tags = try record.kind.tags.map { ($0, try record.tags($0, in: db)) }
    standing =
      record.kind.table == "recommendation_target" ? try Self.standing(record, today, db) : nil
    let isSession = record.kind.table == "session"
    hosts =
      try isSession
      ? db.all(
        "SELECT org_id, part FROM session_org WHERE session_id = ? ORDER BY part, org_id",
        [.text(record.id)]
      ).map { ($0[0], $0[1]) } : []
    var children: [(RecordKind, [RecordSheet])] = []
    if depth < Self.depthMax {
      for kind in RecordKinds.all where kind.parentTable == record.kind.table {
        let sheets = try Record.all(
          kind, where: "\(quoted(kind.parent ?? "")) = ?", [.text(record.id)], in: db
        ).map { try RecordSheet($0, schema, today, depth: depth + 1, db) }
        if !sheets.isEmpty { children.append((kind, sheets)) }
      }
    }
    self.children = children
    documents = try db.all(
      "SELECT document_id, part FROM document_link WHERE entity = ? AND entity_id = ? ORDER BY 1, 2",
      [.text(record.kind.table), .text(record.id)]
    ).compactMap { row in
      try Record.find(RecordKinds.document, row[0], in: db).map { ($0, row[1]) }
    }
    notes = try Record.all(
      RecordKinds.note, where: "entity = ? AND entity_id = ?",
      [.text(record.kind.table), .text(record.id)], in: db)
    conflicts = try Self.conflicts(record, schema, db)
  }

  private static func conflicts(
    _ record: Record, _ schema: SyncSchema, _ db: Database
  ) throws -> [ConflictView] {
    let key = RowKey([.text(record.id)])
    var conflicts = try ConflictView.about(record.kind.table, key, schema: schema, in: db)
    if let part = record.kind.part {
      conflicts += try ConflictView.about(part.table, key, schema: schema, in: db)
    }
    return conflicts.filter(\.isOpen)
  }

  private static func standing(
    _ record: Record, _ today: String, _ db: Database
  ) throws -> Standing? {
    guard
      let row = try db.first(
        """
        SELECT status, last_event_on, urged_count, contradictory, answered_on
        FROM recommendation_target_status WHERE target_id = ?
        """, [.text(record.id)])
    else { return nil }
    let status = row.value(at: 0).text ?? "draft"
    let isDone = ["resolved", "verified", "withdrawn", "transferred"].contains(status)
    let isLate = record["due_on"].text.map { $0 < today } ?? false
    return Standing(
      status: status, lastEventOn: row.value(at: 1).text, urgedCount: row.value(at: 2).integer ?? 0,
      isContradictory: row.value(at: 3) == .integer(1),
      isOverdue: isLate && !isDone && status != "draft" && row.value(at: 4) == .null)
  }
}
