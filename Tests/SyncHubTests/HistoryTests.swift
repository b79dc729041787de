import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// That nothing in a hub's history was altered, removed or reordered is proved, not believed.
struct HistoryTests {
  /// What somebody does to the hub's file.
  struct Tampering: CustomTestStringConvertible, Sendable {
    let name: String
    let sql: [String]
    let flaw: HistoryFlaw

    init(_ name: String, _ flaw: HistoryFlaw, _ sql: String...) {
      self.name = name
      self.sql = sql
      self.flaw = flaw
    }

    var testDescription: String { name }
  }

  private static let tampering = [
    Tampering(
      "other bytes", HistoryFlaw(.altered, 2),
      "UPDATE hub_bundle SET bytes = zeroblob(length(bytes)) WHERE number = 2"),
    Tampering("no bytes", HistoryFlaw(.altered, 2), "DELETE FROM hub_bundle WHERE number = 2"),
    Tampering(
      "less of its bytes", HistoryFlaw(.altered, 2),
      "UPDATE hub_change_set SET size = size - 1 WHERE number = 2"),
    Tampering(
      "another's bytes with their hash", HistoryFlaw(.outOfChain, 2),
      """
      UPDATE hub_change_set SET (bundle, place, size, hash) =
        (SELECT bundle, place, size, hash FROM hub_change_set WHERE number = 3) WHERE number = 2
      """),
    Tampering(
      "another time", HistoryFlaw(.outOfChain, 2),
      "UPDATE hub_change_set SET received_at = received_at + 1 WHERE number = 2"),
    Tampering(
      "another officer", HistoryFlaw(.outOfChain, 6),
      "UPDATE hub_change_set SET officer = 'chi' WHERE number = 6"),
    Tampering(
      "another fate", HistoryFlaw(.outOfChain, 7),
      "UPDATE hub_change_set SET disposition = 4 WHERE number = 7"),
    Tampering(
      "another reason", HistoryFlaw(.outOfChain, 7),
      "UPDATE hub_change_set SET reason = 'constraint' WHERE number = 7"),
    Tampering(
      "a clock that was trusted", HistoryFlaw(.outOfChain, 7),
      "UPDATE hub_change_set SET is_flagged = 1 WHERE number = 7"),
    Tampering(
      "one removed", HistoryFlaw(.missing, 2), "DELETE FROM hub_change_set WHERE number = 2"),
    Tampering(
      "one removed and the rest moved up", HistoryFlaw(.outOfChain, 2),
      "DELETE FROM hub_change_set WHERE number = 2",
      "UPDATE hub_change_set SET number = number - 1 WHERE number > 2"),
    Tampering(
      "two that change places", HistoryFlaw(.outOfChain, 2),
      "UPDATE hub_change_set SET number = -2 WHERE number = 2",
      "UPDATE hub_change_set SET number = 2 WHERE number = 3",
      "UPDATE hub_change_set SET number = 3 WHERE number = -2"),
    Tampering(
      "the last one removed", HistoryFlaw(.cutOff, 9),
      "DELETE FROM hub_change_set WHERE number = 9"),
    Tampering(
      "another device's name", HistoryFlaw(.outOfChain, 6),
      "UPDATE hub_stream SET device = 'nobody' WHERE id = 1"),
    Tampering(
      "another place in the stream", HistoryFlaw(.outOfChain, 4),
      "UPDATE hub_change_set SET sequence = 9 WHERE number = 4"),
  ]

  private let world: World

  /// The first five change sets are the hub's own: its schema, and two devices let in with a code each.
  init() throws {
    world = try World()
    let (an, binh) = (try world.device("an"), try world.device("binh"))
    try an.write("INSERT INTO project (id, title) VALUES ('p', 'a')")
    try binh.write("INSERT INTO project (id, title) VALUES ('q', 'b')")
    for device in [an, binh] { try device.sync() }
    try binh.write("UPDATE project SET title = 'c' WHERE id = 'q'")
    try an.write("UPDATE project SET title = 'd' WHERE id = 'p'")
    for device in [binh, an] { try device.sync() }
  }

  private func tamper(_ statements: [String]) throws {
    try world.hubDatabase.write { connection in
      for sql in statements { try connection.run(sql, []) }
    }
  }

  @Test func `what came is proved whole, with the head that was taken down before`() throws {
    let before = try world.hub.verifyHistory()
    #expect(before.head.number == 9 && before.flaw == nil)
    #expect(HistoryHead(before.head.description) == before.head)
    let device = try world.device("chi")
    try device.write("INSERT INTO project (id, title) VALUES ('r', 'e')")
    try device.sync()
    let after = try world.hub.verifyHistory(against: [before.head])
    #expect(after.head.number == 12 && after.flaw == nil)
  }

  @Test(arguments: tampering)
  func `the first place is named where somebody has changed the record`(_ tampering: Tampering)
    throws
  {
    try tamper(tampering.sql)
    #expect(try world.hub.verifyHistory().flaw == tampering.flaw)
  }

  @Test func `an end that was cut off with its books is missed by who has taken the head down`()
    throws
  {
    let head = try world.hub.verifyHistory().head
    try tamper([
      "DELETE FROM hub_change_set WHERE number = 9",
      """
      UPDATE hub_stream SET (last_sequence, last_hash) = (SELECT sequence, hash
        FROM hub_change_set c WHERE c.stream = hub_stream.id ORDER BY number DESC LIMIT 1)
      WHERE last_sequence > 0
      """,
    ])
    #expect(try world.hub.verifyHistory().flaw == nil)
    #expect(
      try world.hub.verifyHistory(against: [head]).flaw == HistoryFlaw(.cutOff, 9))
  }

  @Test func `a history that was made anew is not the one whose head was taken down`() throws {
    let head = try world.hub.verifyHistory().head
    let other = HistoryHead(number: head.number, chain: head.chain.reversed())
    #expect(
      try world.hub.verifyHistory(against: [other]).flaw
        == HistoryFlaw(.otherThanHead, head.number))
  }

  @Test func `a head is a number and sixty-four digits, and nothing else`() {
    for text in ["", "1", "1:", "1:zz", "-1:", "x:\(String(repeating: "a", count: 64))", "0:00"] {
      #expect(HistoryHead(text) == nil, "\(text)")
    }
    #expect(HistoryHead("0:")?.number == 0)
  }

  // MARK: What the chain did not cover before

  /// Leaves the record as an older hub would have it: its chain by bytes and time alone.
  private func age() throws -> HistoryHead {
    try world.hubDatabase.write { connection in
      var (chain, rows): ([UInt8], [[Value]]) = ([], [])
      try connection.each(
        "SELECT number, hash, received_at FROM hub_change_set ORDER BY number", []
      ) {
        rows.append($0)
        return true
      }
      for row in rows {
        guard case .blob(let hash) = row[1] else { continue }
        chain = HistoryChain.former(after: chain, hash, received: row[2])
        try connection.run(
          "UPDATE hub_change_set SET chain = ?, seal = NULL WHERE number = ?",
          [.blob(chain), row[0]])
      }
      return HistoryHead(number: Int64(rows.count), chain: chain)
    }
  }

  @Test func `an older hub's record goes on, and says from where on its chain covers more`() throws
  {
    let former = try age()
    let proofBefore = try world.hub.verifyHistory()
    #expect(proofBefore.head == former && proofBefore.flaw == nil && proofBefore.covered == nil)
    try world.reopenHub()
    try world.reopenHub()
    let device = try world.device("chi")
    try device.write("INSERT INTO project (id, title) VALUES ('r', 'e')")
    try device.sync()
    let proof = try world.hub.verifyHistory(against: [former])
    #expect(proof.flaw == nil && proof.covered == 10 && proof.head.number == 13)
    #expect(try world.hub.acts(limit: 9).contains { $0.kind == .chain && $0.number == 10 })
    // The older part is held to the older rule, and the newer cannot be taken for a part of it.
    try tamper(["UPDATE hub_change_set SET received_at = received_at + 1 WHERE number = 5"])
    #expect(try world.hub.verifyHistory().flaw == HistoryFlaw(.outOfChain, 5))
    try tamper(["UPDATE hub_change_set SET received_at = received_at - 1 WHERE number = 5"])
    try tamper(["UPDATE hub_change_set SET seal = NULL WHERE number >= 10"])
    #expect(try world.hub.verifyHistory().flaw == HistoryFlaw(.outOfChain, 10))
  }

  @Test(
    arguments: [
      ("UPDATE hub_stream SET device = 'nobody' WHERE id = 1", HistoryFlaw(.misfiled, 6)),
      ("UPDATE hub_change_set SET sequence = 9 WHERE number = 4", HistoryFlaw(.outOfStream, 4)),
      ("UPDATE hub_change_set SET received_at = 0 WHERE number = 2", HistoryFlaw(.outOfChain, 2)),
    ])
  func `an older record's places are told by what is in them`(_ sql: String, _ flaw: HistoryFlaw)
    throws
  {
    _ = try age()
    try tamper([sql])
    #expect(try world.hub.verifyHistory().flaw == flaw)
  }

  @Test func `a device's proof from before holds at the hub that covers more`() throws {
    let device = try world.device("chi")
    try device.sync()
    _ = try age()
    let older = try world.device("dung")
    try older.sync()
    try world.reopenHub()
    try older.write("INSERT INTO project (id, title) VALUES ('r', 'e')")
    try older.sync()
    #expect(try older.store.events().map(\.kind) == [])
    #expect(try older.status().isInStep)
  }

  // MARK: Erased by law

  /// Takes the bytes of a change set away, and what its seal was made of.
  private func erase(_ number: Int64) throws {
    try world.hubDatabase.write { connection in
      let row = try #require(
        try connection.first(
          "SELECT seal, hash, bundle, place, size FROM hub_change_set WHERE number = ?",
          [.integer(number)]))
      guard case .blob(let salt) = row[0], case .blob(let hash) = row[1] else { return }
      try connection.run(
        "UPDATE hub_change_set SET seal = ? WHERE number = ?",
        [.blob(HistoryChain.seal(salt, hash)), .integer(number)])
      try connection.run(
        """
        UPDATE hub_bundle SET bytes = CAST(substr(bytes, 1, ?) || zeroblob(?)
          || substr(bytes, ?) AS BLOB) WHERE number = ?
        """,
        [
          row[3], row[4], .integer((row[3].integer ?? 0) + (row[4].integer ?? 0) + 1), row[2],
        ])
    }
  }

  @Test func `bytes that an act says were erased by law break nothing`() throws {
    let before = try world.hub.verifyHistory().head
    try erase(7)
    #expect(try world.hub.verifyHistory().flaw == HistoryFlaw(.altered, 7))
    let region = RowChange(table: 14, operation: .insert, key: RowKey([.text("n")]), fields: [])
    try world.hub.commit(
      [region], by: "ha", act: "erase 7: theo luật", wallMilliseconds: world.now)
    let proof = try world.hub.verifyHistory(against: [before])
    #expect(proof.flaw == nil && proof.erased == [7])
    #expect(proof.head.number == 10)
    #expect(try world.hub.acts(limit: 1).map(\.kind) == [.erase])
    // What is left says no more than it did: another outcome for it is found.
    try tamper(["UPDATE hub_change_set SET disposition = 3 WHERE number = 7"])
    #expect(try world.hub.verifyHistory().flaw == HistoryFlaw(.outOfChain, 7))
  }

  @Test func `work that no act has dismissed is not called dismissed unseen`() throws {
    let device = try world.device("chi")
    let ruling = Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
    try world.hub.revoke(device: device.identity.device, ruling)
    try device.write("INSERT INTO project (id, title) VALUES ('r', 'e')")
    #expect(throws: Refusal.self) { try device.sync() }
    let waiting = try #require(try world.hub.quarantine(openOnly: true).first)
    #expect(try world.hub.verifyHistory().flaw == nil)
    try tamper(["UPDATE thuan_quarantine SET state = 'dismissed'"])
    #expect(try world.hub.verifyHistory().flaw == HistoryFlaw(.unsaid, waiting.number))
    try tamper(["UPDATE thuan_quarantine SET state = 'open'"])
    try world.hub.dismiss(waiting.number, ruling)
    #expect(try world.hub.verifyHistory().flaw == nil)
  }
}
