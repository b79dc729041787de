import Crypto
package import SyncCore
import SyncSQLite

extension Hub {
  /// Takes its own words again that a device holds and the hub, which was put back from a copy, does not
  /// (law L10).
  ///
  /// Each comes in by the same door as everything else, as it was decided, without a person. Decisions that
  /// nobody has signed only show beside the question.
  ///
  /// - Parameters:
  ///   - offer: What the device holds.
  ///   - device: Who has signed the request.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: How many of the words are on record now.
  /// - Throws: `Refusal` for a revoked device, and the storage's errors.
  package func take(_ offer: WordOffer, from device: HubDevice, wallMilliseconds: Int64) throws
    -> Int
  {
    if device.isRevoked { throw Refusal(.revoked) }
    let words = offer.words.compactMap { word in own(word).map { ($0, word) } }
      .sorted { $0.0.number < $1.0.number }
    return try write { store in
      let ruling = Ruling(by: "", reason: device.label, wallMilliseconds: wallMilliseconds)
      let recall = Recall(hub: self, store: store, ruling: ruling)
      for (word, signed) in words { try recall.take(word, signed) }
      for former in offer.decisions { try recall.note(former) }
      return words.count
    }
  }

  /// The word, if it is this hub's.
  private func own(_ signed: WordOffer.SignedWord) -> HubWord? {
    guard
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey),
      key.isValidSignature(signed.signature, for: HubWord.signed(signed.bytes))
    else { return nil }
    return try? HubWord(decoding: signed.bytes)
  }

  /// Takes the hub's own words again that waited for a row which a change set has brought.
  func recallWaiting(_ changeSet: ChangeSet, _ store: HubStore, wallMilliseconds: Int64) throws {
    guard try store.hasWaitingWords() else { return }
    let ruling = Ruling(by: "", reason: "", wallMilliseconds: wallMilliseconds)
    let recall = Recall(hub: self, store: store, ruling: ruling)
    var seen: Set<RowKey> = []
    for change in changeSet.changes
    where seen.insert(RowKey([.integer(Int64(change.table))] + change.key.values)).inserted {
      let waiting = try store.connection.rows(
        """
        SELECT w.body FROM hub_waiting_word h JOIN thuan_word w ON w.id = h.id
        WHERE h.tbl = ? AND h.key = ? ORDER BY w.number
        """, [.integer(Int64(change.table)), change.key.stored])
      for row in waiting {
        guard case .blob(let bytes) = row[0], let word = try? HubWord(decoding: bytes) else {
          continue
        }
        try recall.take(again: word, WordOffer.SignedWord(bytes: bytes, signature: []).id)
      }
    }
  }
}

extension HubStore {
  fileprivate func hasWaitingWords() throws -> Bool {
    if let known = transaction.hasWaitingWords { return known }
    let has = try connection.first("SELECT 1 FROM hub_waiting_word LIMIT 1") != nil
    transaction.hasWaitingWords = has
    return has
  }
}

/// The taking again of words of another life of the hub.
private struct Recall {
  let hub: Hub
  let store: HubStore
  /// When, and through whom; who decided the word says.
  let ruling: Ruling

  func take(_ word: HubWord, _ signed: WordOffer.SignedWord) throws {
    let known = try store.connection.first(
      "SELECT 1 FROM thuan_word WHERE id = ?1 UNION ALL SELECT 1 FROM hub_past_word WHERE id = ?1",
      [.text(signed.id)])
    guard known == nil, let table = hub.schema.table(number: word.change.table),
      word.change.key.values.count == table.key.count
    else { return }
    try store.record("word \(signed.id)", ruling)
    try store.insert(word, table, signed)
    try take(again: word, signed.id)
  }

  /// Takes a word in that is on record, or has it wait for its row.
  func take(again word: HubWord, _ id: String) throws {
    guard let table = hub.schema.table(number: word.change.table) else { return }
    let old = try store.row(table, word.change.key)
    let isMissing = old.map { $0.hasNeverLived || ($0.isDeleted && !word.isAboutLife) } ?? true
    if isMissing, word.change.operation != .insert {
      try store.connection.run(
        "INSERT INTO hub_waiting_word VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [.text(id), .integer(Int64(table.number)), word.change.key.stored])
      store.transaction.hasWaitingWords = true
      return
    }
    try store.connection.run("DELETE FROM hub_waiting_word WHERE id = ?", [.text(id)])
    if word.change.operation == .insert, old != nil { return }
    let conflict = try close(word, table)
    if word.change.operation == .update, word.change.fields.isEmpty, !word.isAboutLife {
      return try note(
        word, of: conflict, at: store.lastChangeSet().number, over: nil, table)
    }
    let decision = try old.map { try recalled(word, table, $0) }
    let (changeSet, number) = try store.insertOwn(
      [word.change], by: word.by, act: "word \(id)", wallMilliseconds: ruling.wallMilliseconds)
    let verdict = try hub.merge(
      changeSet, from: .hub(number, changeSet), store, deciding: decision,
      wallMilliseconds: ruling.wallMilliseconds)
    try store.setReceipt(number, verdict.disposition, reason: verdict.text)
    if verdict.disposition == .quarantined { return try reopen(conflict) }
    try note(word, of: conflict, at: number, over: old, table)
  }

  /// Notes a decision as one that can be taken back.
  private func note(
    _ word: HubWord, of conflict: String?, at number: Int64, over old: RowState?,
    _ table: TableSchema
  ) throws {
    guard let conflict, let decision = word.decision else { return }
    let columns = word.change.fields.compactMap { table.index(number: $0.column) }
    let amended = decision.otherKey == .null ? [] : columns.map { table.columns[$0].name }.sorted()
    let before = old.map { SavedRow(key: word.change.key, state: $0, amended: amended) }
    try store.connection.run(
      """
      INSERT INTO hub_decision (conflict_id, choice, decided_by, decided_at, reason, number,
        sequence, before) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .text(conflict), .text(decision.choice), .text(word.by), .integer(word.atMilliseconds),
        .text(decision.reason), .integer(number), .integer(try store.head()),
        .blob(before?.encoded(table) ?? []),
      ])
  }

  /// What the word makes of the row as it is now.
  private func recalled(_ word: HubWord, _ table: TableSchema, _ old: RowState) throws
    -> Ingest.Decision
  {
    let answered = try word.known.map { place in
      AnsweredWords(stream: try store.stream(place.stream).number, last: place.sequence)
    }
    let life = Standing(word: word, answered: answered)
    var known: [Int64: Bool] = [:]
    for number in old.authors where known[number] == nil {
      known[number] = try life.knows(number, store)
    }
    if word.isAboutLife {
      return Ingest.Decision(outcomes: [Outcome.row: .applied]) { state, version in
        var state = state
        state.recallLife(
          isDeletion: word.change.operation == .delete, word: word.number, answered: answered,
          version: version
        ) { known[$0] ?? false }
        return state
      }
    }
    var standings: [(unit: Int, values: [Value], builtOn: Set<Int64>)] = []
    for (index, unit) in table.units.enumerated() {
      let fields = unit.columns.map { column in
        word.change.fields.first { $0.column == table.columns[column].number }
      }
      if fields.allSatisfy({ $0 == nil }) { continue }
      let values = zip(unit.columns, fields).map { $1?.after ?? old.values[$0] }
      let state = old.unit(index)
      let later = ([state.version.changeSet] + state.candidates.map(\.changeSet))
        .filter { known[$0] == false }
      let builtOn = try later.filter { number in
        try life.isBuiltOn(by: number, unit, values, table, store)
      }
      standings.append((index, values, Set(builtOn)))
    }
    let outcomes = standings.map { ($0.unit, Outcome.applied) }
    return Ingest.Decision(outcomes: Dictionary(uniqueKeysWithValues: outcomes)) { state, version in
      var state = state
      for (unit, values, builtOn) in standings {
        state.recall(
          unit: unit, values: values, word: word.number, answered: answered, version: version,
          builtOn: builtOn, table: table
        ) { known[$0] ?? false }
      }
      return state
    }
  }

  // MARK: Questions

  /// The question is decided again as it was.
  ///
  /// - Returns: Which question that is; nothing if the word answers none.
  private func close(_ word: HubWord, _ table: TableSchema) throws -> String? {
    guard let decision = word.decision else { return nil }
    let open = try openQuestion(table.name, word.change.key.stored, decision)
    let id = open ?? decision.conflict
    if open == nil {
      try store.connection.run(
        """
        INSERT INTO thuan_conflict (id, kind, table_name, row_key, unit, other_key, state, version,
          opened_at) VALUES (?, ?, ?, ?, ?, ?, 'open', 1, ?) ON CONFLICT DO NOTHING
        """,
        [
          .text(id), .text(decision.kind), .text(table.name), word.change.key.stored,
          .text(decision.unit), decision.otherKey, .integer(word.atMilliseconds),
        ])
    }
    try store.connection.run(
      """
      UPDATE thuan_conflict SET state = 'resolved', version = version + 1, choice = ?,
        decided_by = ?, decided_at = ?, reason = ? WHERE id = ?
      """,
      [
        .text(decision.choice), .text(word.by), .integer(word.atMilliseconds),
        .text(decision.reason), .text(id),
      ])
    try store.publishConflict(.text(id))
    return id
  }

  private func reopen(_ conflict: String?) throws {
    guard let conflict else { return }
    try store.connection.run(
      "UPDATE thuan_conflict SET state = 'reopened', version = version + 1 WHERE id = ?",
      [.text(conflict)])
    try store.publishConflict(.text(conflict))
  }

  private func openQuestion(_ table: String, _ key: Value, _ decision: HubWord.Decision) throws
    -> String?
  {
    try store.connection.first(
      """
      SELECT id FROM thuan_conflict WHERE table_name = ? AND row_key = ? AND unit = ?
        AND other_key IS ? AND state IN ('open', 'reopened')
      """, [.text(table), key, .text(decision.unit), decision.otherKey])?[0].text
  }

  /// A decision that nobody has signed is shown beside the question: it is open, or will be.
  func note(_ former: WordOffer.FormerDecision) throws {
    guard hub.schema.table(named: former.table) != nil else { return }
    let isKnown = try store.connection.first(
      "SELECT 1 FROM thuan_conflict WHERE id = ? AND state = 'resolved'",
      [.text(former.decision.conflict)])
    let isNoted = try store.connection.first(
      """
      SELECT 1 FROM hub_former_decision WHERE row_key = ? AND table_name = ? AND unit = ?
        AND other_key IS ? AND decided_at >= ?
      """,
      [
        former.key, .text(former.table), .text(former.decision.unit), former.decision.otherKey,
        .integer(former.atMilliseconds),
      ])
    guard isKnown == nil, isNoted == nil else { return }
    try store.record("former \(former.decision.conflict)", ruling)
    try store.connection.run(
      "INSERT INTO hub_former_decision VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [
        .text(former.table), former.key, .text(former.decision.unit), former.decision.otherKey,
        .text(former.decision.choice), .text(former.by), .integer(former.atMilliseconds),
        .text(former.decision.reason),
      ])
    guard let open = try openQuestion(former.table, former.key, former.decision) else { return }
    try ConflictBook(store, wallMilliseconds: ruling.wallMilliseconds).showFormerDecision(open)
  }
}

extension HubWord {
  /// Whether it says that the row lives on, or that it is gone.
  fileprivate var isAboutLife: Bool {
    change.operation == .delete || decision?.unit == PublishedTables.rowUnit
  }
}

extension RowState {
  /// The change sets that its present state names.
  fileprivate var authors: Set<Int64> {
    var authors: Set<Int64> = [created.changeSet]
    if let deletion { authors.insert(deletion.changeSet) }
    for statement in deletions { authors.insert(statement.changeSet) }
    for unit in units.values {
      authors.insert(unit.version.changeSet)
      for statement in unit.candidates + unit.absorbed { authors.insert(statement.changeSet) }
    }
    return authors
  }
}

/// What whoever said a word knew.
private struct Standing {
  let word: HubWord
  let answered: [AnsweredWords]

  /// Whether a change set of this hub's record is one of those.
  func knows(_ number: Int64, _ store: HubStore) throws -> Bool {
    // What no change set made was there before anything was said.
    if number == 0 { return true }
    guard
      let row = try store.connection.first(
        "SELECT stream, sequence, hash FROM hub_change_set WHERE number = ?", [.integer(number)]),
      let stream = row[0].integer, let sequence = row[1].integer
    else { return false }
    if stream == 0 { return word.knownOwn.contains(row[2].hashPrefix) }
    return answered.contains { $0.stream == Int(stream) && sequence <= $0.last }
  }

  /// Whether a change set has replaced the very value that was decided.
  func isBuiltOn(
    by number: Int64, _ unit: MergeUnit, _ values: [Value], _ table: TableSchema,
    _ store: HubStore
  ) throws -> Bool {
    guard let stored = try store.changeSet(number),
      let changeSet = try? ChangeSet(decoding: stored.body)
    else { return false }
    let change = changeSet.changes.last {
      $0.table == table.number && $0.key == word.change.key && $0.operation == .update
    }
    guard let change else { return false }
    return zip(unit.columns, values).allSatisfy { column, value in
      change.fields.first { $0.column == table.columns[column].number }?.before.agrees(with: value)
        ?? false
    }
  }
}
