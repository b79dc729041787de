import SyncCore
import SyncSQLite

/// The hub's own words, as they are published for devices to keep.
extension HubStore {
  /// Publishes what the hub has said of a row, signed, to whoever holds the row.
  ///
  /// What is too long to be kept twice is not: a hub that is put back has to be told it again.
  func publishWord(
    of change: RowChange, _ number: Int64, deciding decision: HubWord.Decision? = nil,
    _ ruling: Ruling, signedBy key: HubKey
  ) throws {
    guard let table = schema.table(number: change.table) else { return }
    var word = HubWord(
      hub: try setting(.hub).text ?? "", number: number, change: change, by: ruling.by,
      atMilliseconds: ruling.wallMilliseconds, decision: decision)
    let authors = try authors(of: table, change.key)
    word.known = authors.known
    word.knownOwn = authors.own
    let bytes = word.encoded()
    if bytes.count > SyncLimits.wordBytes { return }
    let signature = try key.sign(HubWord.signed(bytes))
    try insert(word, table, WordOffer.SignedWord(bytes: bytes, signature: signature))
  }

  /// Has the words about a question forgotten: it is open again.
  func forgetWords(aboutConflict id: String) throws {
    let words = try connection.rows(
      "SELECT id FROM thuan_word WHERE conflict_id = ?", [.text(id)])
    for word in words { try forgetWord(word[0]) }
  }

  /// Forgets words that no device need keep any longer.
  func forgetWords(before wallMilliseconds: Int64) throws {
    let words = try connection.rows(
      "SELECT id FROM thuan_word WHERE at < ?", [.integer(wallMilliseconds)])
    for word in words { try forgetWord(word[0]) }
  }

  private func forgetWord(_ id: Value) throws {
    try connection.run("INSERT INTO hub_past_word VALUES (?) ON CONFLICT DO NOTHING", [id])
    try connection.run("DELETE FROM thuan_word WHERE id = ?", [id])
    try connection.run("DELETE FROM hub_waiting_word WHERE id = ?", [id])
    let scope = try notedScope(PublishedTables.word, RowKey([id])) ?? .nobody
    try publish(PublishedTables.word, RowKey([id]), in: scope)
  }

  func insert(_ word: HubWord, _ table: TableSchema, _ signed: WordOffer.SignedWord) throws {
    let id = Value.text(signed.id)
    try connection.run(
      """
      INSERT INTO thuan_word (id, table_name, row_key, number, conflict_id, at, body, signature)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        id, .text(table.name), word.change.key.stored, .integer(word.number),
        word.decision.map { .text($0.conflict) } ?? .null, .integer(word.atMilliseconds),
        .blob(signed.bytes), .blob(signed.signature),
      ])
    try publish(PublishedTables.word, RowKey([id]), in: place(ofWordAbout: table, word.change.key))
  }

  /// Takes the words about a row along to where it is now.
  func moveWords(of table: TableSchema, _ key: RowKey) throws {
    let words = try connection.rows(
      "SELECT id FROM thuan_word WHERE row_key = ? AND table_name = ?",
      [key.stored, .text(table.name)])
    if words.isEmpty { return }
    let scope = try place(ofWordAbout: table, key)
    for word in words where try notedScope(PublishedTables.word, RowKey(word)) != scope {
      try publish(PublishedTables.word, RowKey(word), in: scope)
    }
  }

  private func place(ofWordAbout table: TableSchema, _ key: RowKey) throws -> Scope {
    let scope = try notedScope(table.number, key) ?? .nobody
    return scope.isOfDevice ? .nobody : scope
  }

  /// Who has written to a row so far: of each stream of a device's the last sequence, and the hashes of
  /// the hub's own change sets.
  private func authors(of table: TableSchema, _ key: RowKey) throws -> (
    known: [StreamPlace], own: [UInt64]
  ) {
    let created = try row(table, key)?.created.changeSet ?? 0
    let numbers = "SELECT number FROM hub_history WHERE tbl = ? AND key = ? UNION SELECT ?"
    let arguments: [Value] = [
      .integer(Int64(table.number)), key.stored, .integer(created),
    ]
    let streams = try connection.rows(
      """
      SELECT s.device, s.epoch, max(c.sequence) FROM hub_change_set c
        JOIN hub_stream s ON s.id = c.stream
      WHERE c.stream <> 0 AND c.number IN (\(numbers)) GROUP BY c.stream ORDER BY c.stream
      """, arguments)
    let own = try connection.rows(
      "SELECT hash FROM hub_change_set WHERE stream = 0 AND number IN (\(numbers)) ORDER BY number",
      arguments)
    return (
      streams.map { row in
        StreamPlace(
          stream: StreamID(device: row[0].text ?? "", epoch: Int(row[1].integer ?? 0)),
          sequence: row[2].integer ?? 0)
      }, own.map { $0[0].hashPrefix }
    )
  }
}

extension WordOffer.SignedWord {
  /// The name under which a word is kept: 32 hexadecimal digits of its hash.
  var id: String { hexadecimal(ChangeSet.hash(of: bytes).prefix(16)) }
}

extension Value {
  /// The first eight bytes of a hash, as a number.
  var hashPrefix: UInt64 {
    guard case .blob(let bytes) = self else { return 0 }
    return bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
