package import SyncCore
import SyncSQLite

/// What an operator decides about a conflict.
package enum Choice: Equatable, Sendable {
  /// What is live stays.
  case current
  /// The statement at this position becomes live.
  case candidate(Int)
  /// These values become live, in the order of the unit's columns.
  case written([Value])
  /// The row lives on.
  case keepRow
  /// The row's deletion is confirmed.
  case deleteRow
  /// Both rows of a suspicion stay as they are.
  case both
  /// One row of a suspicion gets other values, such as another number: column names and values.
  case amend(RowKey, [String: Value])

  var name: String {
    switch self {
    case .current: "current"
    case .candidate: "candidate"
    case .written: "written"
    case .keepRow: "keep"
    case .deleteRow: "delete"
    case .both: "both"
    case .amend: "amend"
    }
  }
}

/// Who decides, why, and when.
package struct Ruling: Equatable, Sendable {
  package let by: String
  package let reason: String
  package let wallMilliseconds: Int64

  package init(by: String, reason: String, wallMilliseconds: Int64) {
    self.by = by
    self.reason = reason
    self.wallMilliseconds = wallMilliseconds
  }
}

extension Hub {
  /// Settles a conflict.
  ///
  /// The decision is an ordinary change of the hub's that flows to everyone, and comes in by the same
  /// door as everything else (law L11): what that refuses of a device's change it refuses here, and what
  /// it would ask can be looked at first.
  ///
  /// - Parameters:
  ///   - id: The conflict's id.
  ///   - version: The version that was shown to whoever decides.
  ///   - choice: What is decided.
  ///   - ruling: By whom, why and when.
  ///   - accepted: The questions that it may raise, as they were shown to whoever decides; without it,
  ///     whichever they are.
  /// - Throws: ``HubError/versionChanged(_:)`` if something has come in since it was shown,
  ///   ``HubError/wouldAsk(_:)`` if it raises another question than those accepted,
  ///   ``HubError/refusedByConstraint(_:)`` if it cannot be, and other ``HubError``s; nothing is changed
  ///   then.
  package func resolve(
    _ id: String, version: Int64, _ choice: Choice, _ ruling: Ruling,
    accepting accepted: Set<RaisedQuestion>? = nil
  ) throws {
    try write { store in
      guard let conflict = try store.conflict(id) else { throw HubError.notFound }
      guard conflict.state.isOpen else { throw HubError.alreadyDecided }
      guard conflict.version == version else { throw HubError.versionChanged(conflict.version) }
      guard let table = schema.table(named: conflict.table) else { throw HubError.notFound }
      let desk = Desk(hub: self, store: store, table: table, conflict: conflict, ruling: ruling)
      try desk.decide(choice)
      try store.checkQuestions(accepted)
    }
  }

  /// Takes the last decision about a conflict back: it is open again with all its statements.
  ///
  /// - Parameters:
  ///   - id: The conflict's id.
  ///   - ruling: By whom, why and when.
  ///   - accepted: As in ``resolve(_:version:_:_:accepting:)``.
  /// - Throws: ``HubError/notFound`` if it has not been decided, and as
  ///   ``resolve(_:version:_:_:accepting:)``.
  package func undo(
    _ id: String, _ ruling: Ruling, accepting accepted: Set<RaisedQuestion>? = nil
  ) throws {
    try write { store in
      guard let conflict = try store.conflict(id), conflict.state == .resolved,
        let table = schema.table(named: conflict.table)
      else { throw HubError.notFound }
      let desk = Desk(hub: self, store: store, table: table, conflict: conflict, ruling: ruling)
      try desk.undo()
      try store.checkQuestions(accepted)
    }
  }
}

/// A question that a decision raises, by what it is about.
package struct RaisedQuestion: Hashable, Sendable {
  package let kind: ConflictKind
  package let table: String
  package let key: RowKey
  /// The merge unit's name, or the soft key's or rule's; empty where the row itself is in question.
  package let unit: String
  /// The other row of a suspicion between two.
  package let otherKey: RowKey?

  package init(
    kind: ConflictKind, table: String, key: RowKey, unit: String, otherKey: RowKey? = nil
  ) {
    self.kind = kind
    self.table = table
    self.key = key
    self.unit = unit
    self.otherKey = otherKey
  }
}

extension HubStore {
  /// Looks whether this transaction has raised questions that nobody has accepted.
  ///
  /// - Throws: ``HubError/wouldAsk(_:)`` with all that it has raised.
  func checkQuestions(_ accepted: Set<RaisedQuestion>?) throws {
    guard let accepted else { return }
    let raised = try transaction.raised.filter { try isOpen($0) }
    if !accepted.isSuperset(of: raised) { throw HubError.wouldAsk(raised) }
  }

  private func isOpen(_ question: RaisedQuestion) throws -> Bool {
    try connection.first(
      """
      SELECT 1 FROM thuan_conflict WHERE table_name = ? AND row_key = ? AND unit = ?
        AND other_key IS ? AND state IN ('open', 'reopened')
      """,
      [
        .text(question.table), question.key.stored, .text(question.unit),
        question.otherKey?.stored ?? .null,
      ]) != nil
  }
}
