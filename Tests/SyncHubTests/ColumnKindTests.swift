import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// What a device may send that its own store could never have held.
struct ColumnKindTests {
  let world: World
  let an: TestDevice

  init() throws {
    let world = try World()
    self.init(world: world, an: try world.device("an"))
  }

  private init(world: World, an: TestDevice) {
    self.world = world
    self.an = an
  }

  /// Pushes change sets that no store has made, signed by a device that is let in.
  private func push(_ changes: [RowChange]) throws -> [Receipt] {
    let stream = StreamID(device: an.identity.device, epoch: 77)
    var previous: [UInt8] = []
    let bodies = changes.enumerated().map { index, change in
      let body = ChangeSet(
        stream: stream, sequence: Int64(index + 1), previous: previous, schemaVersion: 1,
        base: .zero, stamp: HybridTime(milliseconds: world.now), wallMilliseconds: world.now,
        officer: "an", isForeign: false, changes: [change]
      ).encoded()
      previous = ChangeSet.hash(of: body)
      return body
    }
    let envelope = Envelope(
      schemaVersion: 1, stream: stream, wallMilliseconds: world.now, changeSets: bodies)
    let bytes = try envelope.encoded { try an.identity.sign($0) }
    return try PushReply(decoding: an.answer(.push(bytes))).receipts
  }

  private func project(_ key: Value, _ fields: [FieldChange] = []) -> RowChange {
    RowChange(table: 10, operation: .insert, key: RowKey([key]), fields: fields)
  }

  @Test func `a value that its column would turn into another goes to quarantine, and alone`()
    throws
  {
    func title(_ value: Value) -> [FieldChange] {
      [FieldChange(column: 2, before: .null, after: value)]
    }
    let receipts = try push([
      project(.integer(7), title(.text("a"))), project(.null, title(.text("b"))),
      project(.text("c"), title(.integer(7))), project(.text("d"), title(.text("nul\0after"))),
      project(.text("e"), title(.blob([1]))), project(.text("good"), title(.text("t"))),
    ])
    #expect(receipts.map(\.disposition) == Array(repeating: .quarantined, count: 5) + [.applied])
    #expect(receipts.prefix(5).allSatisfy { $0.reason.hasPrefix("constraint") })
    #expect(try world.hub.problems().isEmpty)
    let binh = try world.device("binh")
    try binh.sync()
    #expect(try binh.status().isInStep)
    #expect(try binh.rows("project").count == 1)
  }

  @Test func `a number that is none goes to quarantine, and nobody's pull breaks on it`() throws {
    let world = try World(
      schema: try SyncSchema(parsing: "table t 10\n a 1 key\n b 2 key\n c 3 operator", version: 1),
      migrations: [
        Migration(name: "v1", sql: "CREATE TABLE t (a REAL, b TEXT, c REAL, PRIMARY KEY (a, b))")
      ])
    let tests = ColumnKindTests(world: world, an: try world.device("an"))
    let none = Value.real(.nan)
    let receipts = try tests.push([
      RowChange(table: 10, operation: .insert, key: RowKey([none, .text("x")]), fields: []),
      RowChange(
        table: 10, operation: .insert, key: RowKey([.real(1), .text("y")]),
        fields: [FieldChange(column: 3, before: .null, after: none)]),
      RowChange(table: 10, operation: .insert, key: RowKey([.real(2), .text("z")]), fields: []),
    ])
    #expect(receipts.map(\.disposition) == [.quarantined, .quarantined, .applied])
    let binh = try world.device("binh")
    try binh.sync()
    #expect(try binh.rows("t").count == 1)
    #expect(try binh.status().isInStep)
    #expect(try world.hub.problems().isEmpty)
  }

  @Test func `an envelope of more change sets than any device writes is refused`() throws {
    let stream = StreamID(device: an.identity.device, epoch: 77)
    let envelope = Envelope(
      schemaVersion: 1, stream: stream, wallMilliseconds: world.now,
      changeSets: Array(repeating: [], count: SyncLimits.envelopeChangeSets + 1))
    let bytes = try envelope.encoded { try an.identity.sign($0) }
    #expect(throws: Refusal(.tooLarge, detail: String(SyncLimits.envelopeChangeSets))) {
      try an.answer(.push(bytes))
    }
  }
}
