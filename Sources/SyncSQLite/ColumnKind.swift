package import GRDB
package import SyncCore

/// What a column may hold besides null.
package enum ColumnKind: Sendable {
  case integer, real, text, blob
  /// Anything, or what storing it would make of it.
  case any

  /// Whether a value may be stored.
  ///
  /// What a column would turn into something else is not what its writer sent: two sides would hold
  /// different values and nobody would have written one of them. A text with a zero in it ends there
  /// for others.
  package func takes(_ value: SyncCore.Value) -> Bool {
    switch self {
    case .any: true
    default: keeps(value)
    }
  }

  /// Whether a value is known to be stored as it is.
  package func keeps(_ value: SyncCore.Value) -> Bool {
    switch (self, value) {
    case (_, .null), (.integer, .integer), (.real, .real), (.blob, .blob): true
    case (.text, .text(let text)): !text.containsZero
    default: false
    }
  }

  /// By the type of a column in a strict table.
  fileprivate init(declared type: String) {
    switch type.uppercased() {
    case "INT", "INTEGER": self = .integer
    case "REAL": self = .real
    case "TEXT": self = .text
    case "BLOB": self = .blob
    default: self = .any
    }
  }
}

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
