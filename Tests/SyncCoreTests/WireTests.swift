import SyncCore
import Testing

/// Bytes that come from elsewhere.
struct WireTests {
  private let changeSet = ChangeSet(
    stream: StreamID(device: "d", epoch: 7), sequence: 3, previous: [1, 2], schemaVersion: 1,
    base: HubPoint(sequence: 7, number: 3, proof: 9), stamp: HybridTime(bits: 99),
    wallMilliseconds: -5, officer: "Bình", isForeign: true,
    changes: [
      RowChange(
        table: 10, operation: .insert, key: RowKey([.text("p"), .integer(-1)]),
        fields: [
          FieldChange(column: 2, before: .null, after: .text("đường")),
          FieldChange(column: 300, before: .null, after: .real(-0.1)),
        ]),
      RowChange(
        table: 11, operation: .update, key: RowKey([.blob([])]),
        fields: [
          FieldChange(column: 1, before: .null, after: .blob([])),
          FieldChange(column: 2, before: .integer(.min), after: .null),
        ]),
      RowChange(
        table: 11, operation: .delete, key: RowKey([.text("")]),
        fields: [FieldChange(column: 1, before: .text(""), after: .null)]),
    ])

  @Test func `a change set comes back as it went out`() throws {
    #expect(try ChangeSet(decoding: changeSet.encoded()) == changeSet)
  }

  @Test func `every truncation of a message is an error or a shorter message, never a trap`() throws
  {
    let bytes = changeSet.encoded()
    for length in 0..<bytes.count {
      if let shorter = try? ChangeSet(decoding: Array(bytes[..<length])) {
        #expect(shorter != changeSet)
      }
    }
  }

  @Test func `any byte changed to any value is read or refused, never a trap`() {
    let bytes = changeSet.encoded()
    var refused = 0
    for position in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var damaged = bytes
        damaged[position] = value
        if (try? ChangeSet(decoding: damaged)) == nil { refused += 1 }
        if (try? Envelope(decoding: damaged)) == nil { refused += 1 }
        if (try? PullPage(decoding: damaged)) == nil { refused += 1 }
        if (try? PushReply(decoding: damaged)) == nil { refused += 1 }
      }
    }
    #expect(refused > 0)
  }

  @Test func `a length that promises more than there is, is refused before anything is allocated`()
  {
    #expect(throws: WireError.truncated) {
      try ChangeSet(decoding: [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
    }
    #expect(throws: WireError.malformed("varint")) {
      try ChangeSet(decoding: [0x18] + Array(repeating: 0xFF, count: 11))
    }
  }

  @Test func `fields that this version does not know are passed over`() throws {
    var writer = WireWriter()
    writer.string(100, "from the future")
    writer.fixed(101, 5)
    #expect(try ChangeSet(decoding: changeSet.encoded() + writer.bytes) == changeSet)
  }

  @Test func `a signature covers all that stands before it`() throws {
    let envelope = Envelope(
      schemaVersion: 1, stream: changeSet.stream, wallMilliseconds: 9,
      changeSets: [changeSet.encoded()])
    let bytes = envelope.encoded { signed in Array(signed.prefix(64)) }
    let read = try Envelope(decoding: bytes)
    #expect(read.changeSets == envelope.changeSets)
    #expect(read.signature == Array(read.signed.prefix(64)))
    #expect(read.signed + [0x7A, 64] + read.signature == bytes)
    #expect(throws: (any Error).self) { try Envelope(decoding: bytes + [0x50, 1]) }
  }

  @Test func `a field after the signature cannot pass for it`() {
    let bytes = Envelope(
      schemaVersion: 1, stream: changeSet.stream, wallMilliseconds: 9, changeSets: []
    ).encoded { _ in Array(repeating: 5, count: 64) }
    var later = WireWriter()
    later.blob(100, [0x7A] + Array(repeating: 0, count: 65))
    #expect(throws: (any Error).self) { try Envelope(decoding: bytes + later.bytes) }
  }

  @Test func `of more change sets than are taken, no more are read than make that known`() throws {
    var writer = WireWriter()
    writer.unsigned(1, 1)
    writer.string(3, "device")
    for _ in 0..<100_000 { writer.presentBlob(6, []) }
    writer.blob(15, [1])
    let envelope = try Envelope(decoding: writer.bytes)
    #expect(envelope.changeSets.count == SyncLimits.envelopeChangeSets + 1)
  }

  @Test func `a large change set is read from its bytes, and says what a small one would`() throws {
    var large = changeSet
    let changes = (0..<8_000).map { number in
      RowChange(
        table: 10, operation: number.isMultiple(of: 3) ? .delete : .update,
        key: RowKey([.text("row \(number)"), .integer(Int64(number))]),
        fields: [
          FieldChange(
            column: 2, before: .text(String(repeating: "b", count: number % 300)),
            after: number.isMultiple(of: 3) ? .null : .real(Double(number)))
        ])
    }
    large.changes = RowChanges(changes)
    let bytes = large.encoded()
    #expect(bytes.count > SyncLimits.smallChangeSetBytes)
    let read = try ChangeSet(decoding: bytes)
    #expect(read == large && Array(read.changes) == changes)
    #expect(read.encoded() == bytes)
    #expect(read.changes.contains(.delete) && !read.changes.contains(.insert))
    #expect(!read.changes.holdNoNumber)
    var other = read
    other.changes[7] = RowChange(
      table: 10, operation: .insert, key: RowKey([.real(.nan)]), fields: [])
    other.changes.append(changes[0])
    #expect(other.changes.count == 8_001 && other.changes.holdNoNumber)
    #expect(try ChangeSet(decoding: other.encoded()).changes.holdNoNumber)
    let cut = Array(bytes[..<(bytes.count / 2)])
    #expect((try? ChangeSet(decoding: cut)) != read)
  }

  @Test func `a time that no clock shows is refused, so that reckoning with it cannot trap`() {
    for time in [Int64.min, .min + 1, .max, 1 << 54] {
      var changeSet = changeSet
      changeSet.wallMilliseconds = time
      #expect(throws: WireError.self) { try ChangeSet(decoding: changeSet.encoded()) }
      let envelope = Envelope(
        schemaVersion: 1, stream: changeSet.stream, wallMilliseconds: time, changeSets: [])
      #expect(throws: WireError.self) { try Envelope(decoding: envelope.encoded { _ in [1] }) }
      var reply = PushReply()
      reply.hubMilliseconds = time
      #expect(throws: WireError.self) { try PushReply(decoding: reply.encoded { _ in [1] }) }
      var page = PullPage()
      (page.hub, page.hubMilliseconds) = ("h", time)
      #expect(throws: WireError.self) { try PullPage(decoding: page.encoded()) }
    }
  }

  @Test func `an enrolment without a version is not one of this version`() throws {
    let code = EnrolmentCode(typed: "c")
    let request = EnrolmentRequest(
      code: code, publicKey: Array(repeating: 1, count: 32), label: "", protocolVersion: 0)
    let read = try EnrolmentRequest(decoding: request.encoded())
    #expect(read.protocolVersion == 0)
    #expect(read.isProven(by: code))
  }

  @Test func `composite keys survive their stored form`() throws {
    let values: [Value] = [
      .text("a'b,c"), .integer(-3), .blob([0, 255]), .text(""), .text("đ"), .text("a'\u{301}"),
    ]
    for first in values {
      for second in values {
        let key = RowKey([first, second])
        #expect(try RowKey(stored: key.stored, columns: 2) == key)
      }
    }
    for broken in ["'a'", "'a','b", "'a' 'b'", "x,y", "'a','b','c'", "nan,'b'", "'a',nan(0x12)"] {
      #expect(throws: WireError.self) { try RowKey(stored: .text(broken), columns: 2) }
    }
  }

  @Test func `a quote is spelt double whatever follows it`() {
    #expect(quoted("a\"\u{301}") == "\"a\"\"\u{301}\"")
    #expect(RowKey([.text("'\u{301}"), .null]).stored == .text("'''\u{301}',NULL"))
  }

  @Test func `texts in different Unicode forms agree and are not equal`() {
    #expect(Value.text("e\u{301}").agrees(with: .text("é")))
    #expect(Value.text("e\u{301}") != .text("é"))
    #expect(Value.real(0.0) != .real(-0.0))
    #expect(Value.integer(1) != .real(1))
  }

  @Test func `a hybrid clock never stands still and never runs back`() {
    var time = HybridTime(milliseconds: 1_000)
    for wall in [1_000, 500, 2_000, 1] as [Int64] {
      let next = time.next(wallMilliseconds: wall)
      #expect(next > time)
      time = next
    }
    #expect(time.milliseconds == 2_000)
  }

  @Test func `what is left of a damaged change set keeps its place, and is no change set`() throws {
    for (sequence, bytes) in [(1, []), (300, [0]), (.max, [0xFF, 0, 1])] as [(Int64, [UInt8])] {
      let damaged = DamagedChangeSet(sequence: sequence, bytes: bytes)
      #expect(DamagedChangeSet(decoding: damaged.encoded()) == damaged)
      #expect(throws: WireError.self) { try ChangeSet(decoding: damaged.encoded()) }
    }
    for other in [[], [0], [0, 0], [0, 0x80], [1, 1], [UInt8](repeating: 0xFF, count: 12)]
      as [[UInt8]]
    {
      #expect(DamagedChangeSet(decoding: other) == nil, "\(other)")
    }
  }
}
