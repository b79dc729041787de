import SyncCore

/// Something that the hub's people, or the hub itself, did: a change set of the hub's own stream, which
/// the chain of its history covers like any other.
package struct AdministrativeAct: Equatable, Sendable {
  /// The hub's number of the change set.
  package let number: Int64
  package let by: String
  package let atMilliseconds: Int64
  /// What was done, as a word of ``Kind``, and what with; a newer hub may have words of its own.
  package let kind: Kind?
  package let object: String
  /// Why, if that was said.
  package let reason: String
  /// How many rows it changed.
  package let changes: Int

  package enum Kind: String, Sendable, CaseIterable {
    /// A one-time code was issued for an officer; a device was let in with one; it was revoked.
    case issue, enrol, revoke
    /// A device said that a former life of the hub had revoked it.
    case revokedBefore
    /// Work in quarantine was tried again, or dismissed.
    case retry, dismiss
    /// A conflict was decided, or a decision taken back.
    case decide, undo
    /// Rows were read again and put right.
    case repair, restored, damaged
    /// Tombstones were forgotten; a copy was put back; the schema has grown.
    case compact, timeline, schema
    /// Rows followed another to where it had gone.
    case follow
    /// The chain of the history covers more from then on; the bytes of a change set were erased by law.
    case chain, erase
    /// A word of the hub's was taken again that a device held; it told of a decision that nobody has signed.
    case word, former
    /// Devices were told where the hub is, and by which certificate.
    case move
    /// Somebody was given or refused access to units; units were merged or split; a recommendation got
    /// another addressee; an heir of a unit was given a part of it; records were put into one.
    case grant, withdraw, reform, transfer, part, place
    /// An account was made, got another password, or was disabled.
    case account, password, disable
    /// Rows were written at the hub.
    case write
  }
}

extension Hub {
  /// What was done at the hub, the last first.
  ///
  /// - Parameter limit: At most so many.
  /// - Returns: The acts.
  /// - Throws: The storage's errors.
  package func acts(limit: Int) throws -> [AdministrativeAct] {
    try read { store in
      try store.connection.rows(
        """
        SELECT c.number, c.body, d.conflict_id, d.choice, d.reason FROM hub_record c
          LEFT JOIN hub_decision d ON d.number = c.number
        WHERE c.stream = 0 ORDER BY c.sequence DESC LIMIT ?
        """, [.integer(Int64(limit))]
      ).compactMap(AdministrativeAct.init)
    }
  }
}

extension AdministrativeAct {
  fileprivate init?(_ row: [Value]) {
    guard let number = row[0].integer, case .blob(let body) = row[1],
      let changeSet = try? ChangeSet(decoding: body)
    else { return nil }
    self.number = number
    by = changeSet.officer
    atMilliseconds = changeSet.wallMilliseconds
    changes = changeSet.changes.count
    if let conflict = row[2].text {
      let choice = row[3].text ?? ""
      kind = choice == Kind.undo.rawValue ? .undo : .decide
      object = kind == .undo ? conflict : "\(conflict) \(choice)"
      reason = row[4].text ?? ""
      return
    }
    // The word, what it is done with, and behind a colon why.
    let parts = changeSet.act.split(separator: ": ", maxSplits: 1).map(String.init)
    let words = (parts.first ?? "").split(separator: " ", maxSplits: 1).map(String.init)
    kind = words.isEmpty ? .write : Kind(rawValue: words[0])
    object = kind == nil ? changeSet.act : words.dropFirst().first ?? ""
    reason = parts.dropFirst().first ?? ""
  }
}
