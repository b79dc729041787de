import GRDB
import SyncCore
import SyncSQLite

/// The hub's own words, which a hub that was put back takes from its devices again (law L10).
extension DeviceStore {
  func nextOffer() throws -> WordOffer? { try read { try nextOffer($0)?.offer } }

  /// What is to be offered next, and the last word in it; nothing if the hub has it all.
  func nextOffer(_ db: Database) throws -> (offer: WordOffer, last: String)? {
    guard let after = try setting(.offeredWord, db).text else { return nil }
    var offer = WordOffer()
    var (last, size) = (after, 0)
    try db.each(
      "SELECT id, body, signature FROM thuan_word WHERE id > ? ORDER BY id", [.text(after)]
    ) { row in
      guard let id = row[0].text, case .blob(let bytes) = row[1], case .blob(let signature) = row[2]
      else { return true }
      size += bytes.count + signature.count
      if size > SyncLimits.offerBytes, !offer.words.isEmpty { return false }
      offer.words.append(WordOffer.SignedWord(bytes: bytes, signature: signature))
      last = id
      return true
    }
    if after.isEmpty { offer.decisions = try unsignedDecisions(db) }
    return offer.words.isEmpty && offer.decisions.isEmpty ? nil : (offer, last)
  }

  /// Decisions of which the store holds no word, the last first.
  private func unsignedDecisions(_ db: Database) throws -> [WordOffer.FormerDecision] {
    var decisions: [WordOffer.FormerDecision] = []
    try db.each(
      """
      SELECT id, kind, table_name, row_key, unit, other_key, choice, decided_by, decided_at, reason
      FROM thuan_conflict c WHERE state = 'resolved' AND choice IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM thuan_word w WHERE w.conflict_id = c.id)
      ORDER BY decided_at DESC LIMIT \(SyncLimits.retainedChangeSets)
      """
    ) { row in
      decisions.append(
        WordOffer.FormerDecision(
          table: row[2].text ?? "", key: row[3], by: row[7].text ?? "",
          atMilliseconds: row[8].integer ?? 0,
          decision: HubWord.Decision(
            conflict: row[0].text ?? "", kind: row[1].text ?? "", unit: row[4].text ?? "",
            otherKey: row[5], choice: row[6].text ?? "", reason: row[9].text ?? "")))
      return true
    }
    return decisions
  }

  /// Notes that the hub has taken what was offered.
  func noteOffered() throws {
    try database.write { db in
      guard let (_, last) = try nextOffer(db) else { return try set(.offeredWord, .null, db) }
      let isMore = try db.exists("SELECT 1 FROM thuan_word WHERE id > ?", [.text(last)])
      try set(.offeredWord, isMore ? .text(last) : .null, db)
    }
  }

  /// Offers nothing: the hub takes no words.
  func forgoOffering() throws { try database.write { try set(.offeredWord, .null, $0) } }
}
