import GRDB
import SyncCore
import SyncSQLite

extension Lookup {
  /// The unit whose a record is: its own, its parent's, or its organisation's.
  package func unit(of record: Record) throws -> String? {
    if record.kind.table == "admin_unit" { return record.id }
    if record.kind.table != "session_target", let unit = record["unit_id"].text { return unit }
    for (column, table) in Self.roads(of: record.kind) {
      guard let id = record[column].text, let kind = RecordKinds.of(table: table),
        let next = try Record.find(kind, id, in: db)
      else { continue }
      if let unit = try unit(of: next) { return unit }
    }
    return nil
  }

  private static func roads(of kind: RecordKind) -> [(String, String)] {
    var roads: [(String, String)] = []
    if let parent = kind.parent, let table = kind.parentTable { roads.append((parent, table)) }
    let owners = ["session_id", "document_id", "register_org_id", "org_id", "lead_org_id"]
    for column in owners {
      if case .reference(let table) = kind.field(column)?.form { roads.append((column, table)) }
    }
    return roads
  }
}
