package import GRDB
package import SyncCore

extension TableSchema {
  /// What the columns may hold, in the order of the declaration.
  package func columnKinds(in db: Database) throws -> [ColumnKind] {
    var kinds = Array(repeating: ColumnKind.any, count: columns.count)
    // Only a strict table holds to its declaration.
    let isStrict =
      try Row.fetchOne(db, sql: "PRAGMA table_list(\(quoted(name)))")?["strict"] == 1
    guard isStrict else { return kinds }
    for row in try Row.fetchAll(db, sql: "PRAGMA table_info(\(quoted(name)))") {
      guard let index = index(named: row["name"]), let type: String = row["type"] else { continue }
      kinds[index] = ColumnKind(declared: type)
    }
    return kinds
  }
}
