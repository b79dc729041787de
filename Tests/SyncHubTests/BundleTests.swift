import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// Change sets that come together are kept together, and each is found as it came.
struct BundleTests {
  private let world: World
  private let an: TestDevice

  init() throws {
    world = try World()
    an = try world.device("an")
  }

  /// Pushes bytes that stand for change sets, signed by a device that is let in.
  @discardableResult
  private func push(_ bodies: [[UInt8]]) throws -> [Receipt] {
    let envelope = Envelope(
      schemaVersion: 1, stream: StreamID(device: an.identity.device, epoch: 77),
      wallMilliseconds: world.now, changeSets: bodies)
    let bytes = try envelope.encoded { try an.identity.sign($0) }
    return try PushReply(decoding: an.answer(.push(bytes))).receipts
  }

  private func column(_ sql: String) throws -> [Value] {
    var values: [Value] = []
    try world.hubDatabase.read { connection in
      try connection.each(sql, []) { row in
        values.append(row[0])
        return true
      }
    }
    return values
  }

  /// What is kept of the pushed stream.
  private func kept() throws -> [Value] {
    try column(
      """
      SELECT body FROM hub_record WHERE stream = (SELECT id FROM hub_stream WHERE epoch = 77)
      ORDER BY sequence
      """)
  }

  /// How many bytes each row with bytes has.
  private func bundles() throws -> [Value] {
    try column("SELECT length(bytes) FROM hub_bundle ORDER BY number")
  }

  @Test func `bytes of any length are kept as they came, in as few rows as they fill`() throws {
    let before = try bundles().count
    // None of these is a change set; the second and the last have no byte at all.
    let lengths = [5000, 0, 1, 7000, 9000, 40_000, 3, 16_000, 384, 1, 0]
    let bodies = lengths.enumerated().map { index, length in
      [UInt8](repeating: UInt8(200 + index), count: length)
    }
    let receipts = try push(bodies)
    #expect(receipts.count == bodies.count)
    #expect(try kept() == bodies.map { .blob($0) })
    let lengthsKept: [Int64] = [12_001, 9000, 40_000, 16_003, 385]
    #expect(try Array(bundles().dropFirst(before)) == lengthsKept.map { .integer($0) })
    #expect(try world.hub.verifyHistory().flaw == nil)
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `a hub whose record has lost its end goes on, and keeps the bytes that are left`()
    throws
  {
    for title in ["a", "b"] {
      try an.write("INSERT INTO project (id, title) VALUES (?, 't')", [.text(title)])
      try an.sync()
    }
    let bytes = try column("SELECT bytes FROM hub_bundle ORDER BY number DESC LIMIT 1")
    try world.hubDatabase.write { connection in
      try connection.run(
        "DELETE FROM hub_change_set WHERE number = (SELECT max(number) FROM hub_change_set)", [])
    }
    let lost = [UInt8](repeating: 1, count: 9)
    #expect(try push([lost]).map(\.disposition) == [.quarantined])
    #expect(try kept() == [.blob(lost)])
    #expect(try column("SELECT bytes FROM hub_bundle").contains(bytes[0]))
  }

  @Test func `what has just come is read though it is not written yet`() throws {
    func change(_ operation: SyncCore.Operation, _ column: Int, _ text: String) -> RowChange {
      RowChange(
        table: 10, operation: operation, key: RowKey([.text("p")]),
        fields: [FieldChange(column: column, before: .null, after: .text(text))])
    }
    // The first waits for the row that the second brings, and is tried again there and then.
    var previous: [UInt8] = []
    let bodies = [change(.update, 3, "there"), change(.insert, 2, "t")].enumerated().map {
      index, change in
      let body = ChangeSet(
        stream: StreamID(device: an.identity.device, epoch: 77), sequence: Int64(index + 1),
        previous: previous, schemaVersion: 1, base: .zero,
        stamp: HybridTime(milliseconds: world.now), wallMilliseconds: world.now, officer: "an",
        isForeign: false, changes: [change]
      ).encoded()
      previous = ChangeSet.hash(of: body)
      return body
    }
    #expect(try push(bodies).map(\.disposition) == [.quarantined, .applied])
    let row = try #require(try world.hub.row("project", RowKey([.text("p")])))
    #expect(row[1].value == .text("t") && row[2].value == .text("there"))
    #expect(try kept() == bodies.map { .blob($0) })
    #expect(try world.hub.verifyHistory().flaw == nil)
  }
}
