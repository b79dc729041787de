import Foundation
import SyncCore
import Testing

/// Bytes that were written once.
///
/// `scripts/check-wire` reads the same files with an implementation that is not ours, so a change
/// here is a change of the protocol.
struct GoldenBytesTests {
  @Test(arguments: Golden.allCases) func `the wire format has not changed`(_ golden: Golden) throws
  {
    // To add a message, run the test once with GOLDEN=write and read the file before it is kept.
    if ProcessInfo.processInfo.environment["GOLDEN"] == "write" { try golden.write() }
    #expect(try golden.encoded() == golden.read())
  }

  @Test func `what is read is what was written`() throws {
    #expect(try ChangeSet(decoding: Golden.changeSet.read()) == Golden.exampleChangeSet)
    #expect(
      try Envelope(decoding: Golden.envelope.read()).changeSets == Golden.exampleEnvelope.changeSets
    )
    let reply = try PushReply(decoding: Golden.pushReply.read())
    #expect(reply.receipts == Golden.examplePushReply.receipts)
    #expect(reply.lastHash == Golden.examplePushReply.lastHash)
    #expect(try PullRequest(decoding: Golden.pullRequest.read()) == Golden.examplePullRequest)
    #expect(
      try WaitingReport(decoding: Golden.waitingReport.read()) == Golden.exampleWaitingReport)
    #expect(try PullPage(decoding: Golden.pullPage.read()) == Golden.examplePullPage)
    #expect(
      try ComparisonRequest(decoding: Golden.comparisonRequest.read())
        == Golden.exampleComparison)
    #expect(
      try ComparisonReply(decoding: Golden.comparisonReply.read()) == Golden.exampleParts)
    #expect(
      try EnrolmentRequest(decoding: Golden.enrolmentRequest.read()) == Golden.exampleRequest)
    #expect(try EnrolmentReply(decoding: Golden.enrolmentReply.read()) == Golden.exampleReply)
    #expect(try Refusal(decoding: Golden.refusal.read()) == Golden.exampleRefusal)
    #expect(
      try AddressStatement(decoding: Golden.addressStatement.read()) == Golden.exampleStatement)
    #expect(try PullPage(decoding: Golden.pageBlock.read()) == Golden.exampleBlockPage)
    #expect(
      try Envelope(decoding: Golden.envelopeBlock.read()).changeSets
        == Golden.exampleBlockEnvelope.changeSets)
  }

  @Test(arguments: Golden.allCases)
  func `a field from the future is passed over`(_ golden: Golden) throws {
    // A signature or proof has to come last.
    let closed: [Golden] = [
      .envelope, .envelopeBlock, .pushReply, .enrolmentRequest, .enrolmentReply,
      .addressStatement,
    ]
    if closed.contains(golden) { return }
    var writer = WireWriter()
    writer.string(900, "new")
    writer.fixed(901, 7)
    writer.unsigned(902, 1 << 40)
    let bytes = try golden.read() + writer.bytes
    #expect(try golden.reencoded(bytes) == golden.read())
  }

  @Test(arguments: Golden.allCases)
  func `no prefix and no flipped bit makes the reader trap`(_ golden: Golden) throws {
    let bytes = try golden.read()
    for length in bytes.indices { _ = try? golden.reencoded(Array(bytes.prefix(length))) }
    for index in bytes.indices {
      for bit in 0..<8 {
        var garbled = bytes
        garbled[index] ^= 1 << UInt8(bit)
        _ = try? golden.reencoded(garbled)
      }
    }
  }
}

/// One file for every message that travels on its own.
enum Golden: String, CaseIterable {
  case changeSet = "ChangeSet"
  case envelope = "Envelope"
  case pushReply = "PushReply"
  case pullRequest = "PullRequest"
  case waitingReport = "WaitingReport"
  case pullPage = "PullPage"
  case comparisonRequest = "ComparisonRequest"
  case comparisonReply = "ComparisonReply"
  case enrolmentRequest = "EnrolmentRequest"
  case enrolmentReply = "EnrolmentReply"
  case refusal = "Refusal"
  case addressStatement = "AddressStatement"
  case pageBlock = "PullPage-block"
  case envelopeBlock = "Envelope-block"

  private var file: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Golden/\(rawValue).hex")
  }

  func read() throws -> [UInt8] {
    let digits = try String(contentsOf: file, encoding: .utf8).filter { !$0.isWhitespace }
    return try stride(from: 0, to: digits.count, by: 2).map { offset in
      let start = digits.index(digits.startIndex, offsetBy: offset)
      let pair = digits[start..<digits.index(start, offsetBy: 2)]
      return try #require(UInt8(pair, radix: 16))
    }
  }

  /// Thirty-two bytes a line, so that a difference is easy to find.
  func write() throws {
    let bytes = try encoded()
    let lines = stride(from: 0, to: bytes.count, by: 32).map { start in
      hexadecimal(bytes[start..<min(start + 32, bytes.count)])
    }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try (lines.joined(separator: "\n") + "\n").write(to: file, atomically: true, encoding: .utf8)
  }

  func encoded() throws -> [UInt8] {
    switch self {
    case .changeSet: Self.exampleChangeSet.encoded()
    case .envelope: Self.exampleEnvelope.encoded { _ in [UInt8](0..<64) }
    case .pushReply: Self.examplePushReply.encoded { _ in [UInt8](0..<64) }
    case .pullRequest: Self.examplePullRequest.encoded()
    case .waitingReport: Self.exampleWaitingReport.encoded()
    case .pullPage: Self.examplePullPage.encoded()
    case .comparisonRequest: Self.exampleComparison.encoded()
    case .comparisonReply: Self.exampleParts.encoded()
    case .enrolmentRequest: Self.exampleRequest.encoded()
    case .enrolmentReply: Self.exampleReply.encoded()
    case .refusal: Self.exampleRefusal.encoded()
    case .addressStatement: Self.exampleStatement.encoded()
    case .pageBlock: Self.exampleBlockPage.encoded()
    case .envelopeBlock: Self.exampleBlockEnvelope.encoded { _ in [UInt8](0..<64) }
    }
  }

  func reencoded(_ bytes: [UInt8]) throws -> [UInt8] {
    switch self {
    case .changeSet: return try ChangeSet(decoding: bytes).encoded()
    case .envelope, .envelopeBlock:
      let envelope = try Envelope(decoding: bytes)
      return envelope.encoded { _ in envelope.signature }
    case .pushReply:
      let reply = try PushReply(decoding: bytes)
      return reply.encoded { _ in reply.signature }
    case .pullRequest: return try PullRequest(decoding: bytes).encoded()
    case .waitingReport: return try WaitingReport(decoding: bytes).encoded()
    case .pullPage, .pageBlock: return try PullPage(decoding: bytes).encoded()
    case .comparisonRequest: return try ComparisonRequest(decoding: bytes).encoded()
    case .comparisonReply: return try ComparisonReply(decoding: bytes).encoded()
    case .enrolmentRequest: return try EnrolmentRequest(decoding: bytes).encoded()
    case .enrolmentReply: return try EnrolmentReply(decoding: bytes).encoded()
    case .refusal: return try Refusal(decoding: bytes).encoded()
    case .addressStatement: return try AddressStatement(decoding: bytes).encoded()
    }
  }
}

/// Messages with every field set, and the values that are easiest to get wrong.
extension Golden {
  static let stream = StreamID(device: "00112233445566778899aabbccddeeff", epoch: 2_147_483_647)

  static let exampleChangeSet = {
    var changeSet = plainChangeSet
    (changeSet.isFound, changeSet.act) = (true, "retry 7")
    changeSet.continues = formerPlace
    changeSet.base.access = 0xfedc_ba98_7654_3210
    return changeSet
  }()

  private static let formerPlace = StreamPlace(
    stream: StreamID(device: "ffeeddccbbaa99887766554433221100", epoch: 5), sequence: 310)

  private static let plainChangeSet = ChangeSet(
    stream: stream, sequence: 9_007_199_254_740_993, previous: [UInt8](0..<32), schemaVersion: 3,
    base: HubPoint(sequence: 300, number: 70, proof: 0x0123_4567_89ab_cdef),
    stamp: HybridTime(milliseconds: 1_700_000_000_000, counter: 65_535),
    wallMilliseconds: -1, officer: "cán bộ Lan", isForeign: true,
    changes: [
      RowChange(
        table: 10, operation: .insert, key: RowKey([.text("p1")]),
        fields: [
          FieldChange(column: 2, before: .null, after: .text("Giám sát")),
          FieldChange(column: 300, before: .null, after: .real(-0.0)),
          FieldChange(column: 4, before: .null, after: .integer(.min)),
          FieldChange(column: 5, before: .null, after: .blob([0, 255])),
        ]),
      RowChange(
        table: 11, operation: .update, key: RowKey([.text("k"), .integer(-1)]),
        fields: [
          FieldChange(column: 2, before: .text(""), after: .null),
          FieldChange(column: 3, before: .integer(0), after: .integer(.max)),
          FieldChange(column: 4, before: .real(0.1), after: .real(.infinity)),
          FieldChange(column: 5, before: .blob([]), after: .blob([1])),
        ]),
      RowChange(
        table: 10, operation: .delete, key: RowKey([.text("p0")]),
        fields: [FieldChange(column: 2, before: .text("e\u{301}"), after: .null)]),
    ])

  static let exampleEnvelope = Envelope(
    schemaVersion: 3, stream: stream, wallMilliseconds: 1_700_000_000_123,
    changeSets: [exampleChangeSet.encoded(), [], [1, 2, 3]])

  static let examplePushReply: PushReply = {
    var reply = PushReply()
    reply.epoch = 5
    reply.hubMilliseconds = 1_700_000_000_000
    reply.clockOffsetMilliseconds = -86_400_000
    reply.device = "00112233445566778899aabbccddeeff"
    reply.lastHash = [UInt8](0..<32)
    reply.receipts = [
      Receipt(sequence: 1, disposition: .applied, number: 1, reason: ""),
      Receipt(sequence: 2, disposition: .merged, number: 128, reason: ""),
      settled,
      Receipt(
        sequence: 4, disposition: .quarantined, number: 1 << 40, reason: "missingParent: item i1"),
    ]
    return reply
  }()

  private static let settled: Receipt = {
    var receipt = Receipt(sequence: 3, disposition: .conflicted, number: 16_384, reason: "")
    receipt.isSettled = true
    return receipt
  }()

  static let examplePullRequest = {
    var request = plainPullRequest
    request.digest = 0x0102_0304_0506_0708
    (request.tellsLivesApart, request.isRevoked) = (true, true)
    (request.difference, request.heldAccesses) = (.goesOn, [0, 0xfedc_ba98_7654_3211])
    return request
  }()

  static let exampleWaitingReport = {
    var report = WaitingReport()
    report.add(
      .init(
        Obstacle(
          table: 10, key: RowKey([.text("p1")]), reason: .tooLarge, column: 4, bytes: 70_000_123),
        sinceMilliseconds: 1_700_000_000_000))
    report.add(
      .init(
        Obstacle(
          table: 12, key: RowKey([.text("p1"), .blob([0x77, 0xff])]), reason: .notUTF8, column: 2,
          bytes: 2), sinceMilliseconds: -1))
    (report.count, report.dependents) = (300, 7)
    return report
  }()

  private static let plainPullRequest = PullRequest(
    epoch: 5, cursor: 300,
    position: HubPoint(
      sequence: 1_300, number: 70, proof: 0x0123_4567_89ab_cdef, access: 0xfedc_ba98_7654_3210),
    standings: [
      StreamStanding(epoch: 4, sealed: 310, acknowledged: 310, hash: [UInt8](0..<32)),
      StreamStanding(epoch: 5, sealed: 2, acknowledged: 0, hash: []),
    ], former: [FormerWork(place: formerPlace, hash: [UInt8](0..<32))])

  static let examplePullPage: PullPage = {
    var page = PullPage()
    page.hub = "t-1"
    page.schemaVersion = 1
    page.position = HubPoint(
      sequence: 123_456_789_012, number: 70, proof: 0x0123_4567_89ab_cdef,
      access: 0xfedc_ba98_7654_3210)
    page.isLast = true
    page.hubMilliseconds = 1_700_000_000_000
    let key = RowKey([.text("p1")])
    page.rows = [
      PulledRow(
        table: 10, kind: .whole, key: key, columns: [2, 3], values: [.text("x"), .integer(-7)]),
      PulledRow(table: 10, kind: .fields, key: key, columns: [200], values: [.null]),
      PulledRow(table: 11, kind: .deleted, key: RowKey([.integer(0)]), columns: [], values: []),
      PulledRow(table: 12, kind: .evicted, key: RowKey([.blob([])]), columns: [], values: []),
    ]
    page.digests.sums = [
      .init(table: 10, column: 2): .max, .init(table: 10, column: 3): 1,
      .init(table: 1, column: 15): 0x0102_0304_0506_0708,
    ]
    return page
  }()

  static let exampleComparison = ComparisonRequest(
    position: HubPoint(sequence: 1_300, number: 70, proof: 1), table: 10,
    range: KeyRange(after: .text("p1"), upTo: .integer(-7)))

  static let exampleParts = ComparisonReply(
    .parts([.init(upTo: .text("p5"), sum: .max), .init(upTo: nil, sum: 7)]))

  private static let code = EnrolmentCode(typed: "ABCD-1234")

  static let exampleRequest = EnrolmentRequest(
    code: code, publicKey: [UInt8](100..<132), label: "Máy xã Tuy Phong")

  static let exampleReply = EnrolmentReply(
    to: exampleRequest, code: code, device: "00112233445566778899aabbccddeeff", officer: "lan",
    officerName: "Nguyễn Thị Lan", unit: "22978@20250701", hub: "h-1", hubKey: [UInt8](32..<64),
    certificate: "-----BEGIN", addressSerial: 1_700_000_000_001)

  static let exampleStatement = AddressStatement(
    hub: "h-1", address: "https://hub.example.vn", certificate: "-----BEGIN",
    serial: 1_700_000_000_001, wallMilliseconds: 1_700_000_000_000
  ) { _ in [UInt8](0..<64) }

  static let exampleRefusal = Refusal(
    .gap, sequence: 17, epoch: 5, detail: "17", hubMilliseconds: 1_700_000_000_000,
    isRepeated: true)

  /// Every form of a column and of a text, words with and without capitals, and what is no word.
  static let exampleBlockPage: PullPage = {
    var page = examplePullPage
    page.isPacked = true
    page.confirmedDigest = 0x0102_0304_0506_0708
    let prose = [
      "Đoàn giám sát đã làm việc với UBND xã. Ủy ban nhân dân xã báo cáo, kiến nghị 12 nội dung.",
      "Ủy ban nhân dân xã đã giải trình về 3 nội dung; đoàn giám sát ghi nhận, kết luận.",
      "ƯU TIÊN: Đoàn giám sát (xã)\n- e\u{301} 漢字 ×÷ß  a_b 1.000,5", "",
    ]
    for index in 0..<8 {
      let id = "01JZ8Q4T\(index)0ABCDEFGHJKMNPQRS\(index)"
      page.rows.append(
        PulledRow(
          table: 20, kind: .whole, key: RowKey([.text(String(id.prefix(26)))]),
          columns: [2, 3, 4, 5, 6, 7, 8, 9, 10],
          values: [
            .text(prose[index % 4] + (index < 4 ? "" : " \(index)")),
            .text(["mới", "đã gửi"][index % 2]), .integer(Int64(index * index) - 9),
            .text("2025-0\(1 + index)-28"), .text("2025-07-0\(1 + index)T08:30:0\(index)Z"),
            .text("2024-02-29T23:59:59.00\(index)Z"),
            index == 0 || index == 5 ? .null : .real(Double(index) / 3),
            .text("0190a1b2-c3d4-7e5f-8a9b-0123456789a\(index / 2)"),
            .text("0190a1b2c3d47e5f8a9b0123456789a\(index / 2)"),
          ]))
    }
    return page
  }()

  static let exampleBlockEnvelope: Envelope = {
    var bodies: [[UInt8]] = []
    for index in 1...4 {
      var changeSet = plainChangeSet
      changeSet.sequence = Int64(index)
      changeSet.previous = bodies.last.map { ChangeSet.hash(of: $0) } ?? []
      changeSet.wallMilliseconds = 1_700_000_000_000 + Int64(index)
      if index == 3 { changeSet = exampleChangeSet }
      bodies.append(changeSet.encoded())
    }
    bodies.append([0, 1, 2])
    return Envelope(
      schemaVersion: 3, stream: stream, wallMilliseconds: 1_700_000_000_123, changeSets: bodies)
  }()
}
