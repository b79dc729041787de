import SyncCore
import SyncSQLite

/// How the hub stands.
package struct HubStatus: Equatable, Sendable {
  package var timeline = ""
  package var head: Int64 = 0
  package var schemaVersion = 0
  package var changeSets = 0
  package var openConflicts = 0
  package var oldestConflictMilliseconds: Int64?
  package var quarantined = 0
  /// Rows that devices say they cannot send.
  package var waitingOnDevices = 0
  package var activeDevices = 0
  package var revokedDevices = 0
  /// Live rows by table name.
  package var rows: [String: Int] = [:]
}

extension Hub {
  package func status() throws -> HubStatus {
    try read { store in
      var status = HubStatus()
      status.timeline = try store.setting(.timeline).text ?? ""
      status.head = try store.head()
      status.schemaVersion = schema.version
      status.changeSets = try store.count("hub_change_set")
      status.openConflicts = try store.count("thuan_conflict WHERE state IN ('open', 'reopened')")
      status.oldestConflictMilliseconds = try store.connection.first(
        "SELECT min(opened_at) FROM thuan_conflict WHERE state IN ('open', 'reopened')")?[0].integer
      status.quarantined = try store.count("thuan_quarantine WHERE state = 'open'")
      for case .blob(let bytes) in try store.connection.rows("SELECT report FROM hub_waiting")
        .map({ $0[0] })
      {
        status.waitingOnDevices += (try? WaitingReport(decoding: bytes))?.count ?? 0
      }
      status.activeDevices = try store.count("hub_device WHERE state = 'active'")
      status.revokedDevices = try store.count("hub_device WHERE state = 'revoked'")
      for table in schema.tables {
        let count = try store.count(quoted(table.name))
        if count > 0 { status.rows[table.name] = count }
      }
      return status
    }
  }

  /// Compares what the hub has noted of its rows with the rows themselves.
  ///
  /// - Returns: A sentence in English for every disagreement; none if all is well.
  package func problems() throws -> [String] {
    try read { store in
      var problems: [String] = []
      for (_, place) in try store.differingDigests() {
        let table = schema.table(number: place.table)
        let column = table?.index(number: place.column).map { table?.columns[$0].name ?? "" } ?? ""
        let problem =
          "\(table?.name ?? "").\(column): rows differ from what has been noted of them"
        if !problems.contains(problem) { problems.append(problem) }
      }
      for table in schema.tables where table.scope != nil {
        for (key, _) in try store.misplacedRows(of: table)
        where try !store.isToFollow(table, key) {
          problems.append("\(table.name) \(key): it is noted under another scope than its own")
        }
      }
      for conflict in try store.connection.rows("SELECT id FROM thuan_conflict") {
        let noted = try store.notedScope(PublishedTables.conflict, RowKey([conflict[0]]))
        if let scope = try store.scope(ofConflict: conflict[0]), noted != scope {
          let place = noted?.stored ?? "none"
          problems.append(
            "conflict \(conflict[0]): it is noted under “\(place)”, its row under “\(scope.stored)”"
          )
        }
      }
      return problems
    }
  }
}

extension HubStore {
  fileprivate func count(_ source: String) throws -> Int {
    Int(try connection.first("SELECT count(*) FROM \(source)")?[0].integer ?? 0)
  }
}
