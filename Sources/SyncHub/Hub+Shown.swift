import SyncCore

/// What operators have been shown.
///
/// A decision is about the version that its maker has seen (law L10). A program that shows a conflict in
/// one run and decides in another notes here what it has shown.
extension Hub {
  /// Notes that an operator is shown conflicts as they are in these values.
  ///
  /// - Parameters:
  ///   - conflicts: What he is shown.
  ///   - reader: The operator's name, under which he will decide.
  /// - Throws: The storage's errors.
  package func noteShown(_ conflicts: [Conflict], to reader: String) throws {
    let known = try read { store in
      try store.connection.rows(
        "SELECT conflict, version FROM hub_shown WHERE operator = ?", [.text(reader)])
    }
    let shown = Dictionary(known.map { ($0[0].text ?? "", $0[1]) }) { first, _ in first }
    let news = conflicts.filter { $0.state.isOpen && shown[$0.id] != .integer($0.version) }
    if news.isEmpty { return }
    try write { store in
      try store.connection.run(
        """
        DELETE FROM hub_shown WHERE conflict NOT IN
          (SELECT id FROM thuan_conflict WHERE state IN ('open', 'reopened'))
        """, [])
      for conflict in news {
        try store.connection.run(
          """
          INSERT INTO hub_shown VALUES (?, ?, ?)
          ON CONFLICT (operator, conflict) DO UPDATE SET version = excluded.version
          """, [.text(reader), .text(conflict.id), .integer(conflict.version)])
      }
    }
  }

  /// The version of a conflict that an operator was last shown; nothing if he was shown none.
  ///
  /// - Throws: The storage's errors.
  package func versionShown(of conflict: String, to reader: String) throws -> Int64? {
    try read { store in
      try store.connection.first(
        "SELECT version FROM hub_shown WHERE operator = ? AND conflict = ?",
        [.text(reader), .text(conflict)])?[0].integer
    }
  }
}
