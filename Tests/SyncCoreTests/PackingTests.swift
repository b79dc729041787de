import SyncCore
import TestSupport
import Testing

/// Blocks: what is packed comes out as it went in, and what is damaged is refused.
struct PackingTests {
  private static let fragments = [
    "xã", "Phường", "UBND", "ủy ban", "Đà Nẵng", "đ", "Đ", "ƠN", "Ơn", "ư", "e\u{301}", "ß", "×",
    "÷", " ",
    "  ", ", ", ". ", ".", ",", "12", "3", "\n", "\t", "-", "_", "\u{0}", "\u{7f}", "漢字", "🏘️", "a",
    "Z", "ABc",
    "aB", "Ĺ", "ĺ", "2025-02-30", "2025-02-28", "2025-07-01T08:30:00Z", "\u{FEFF}", "\u{FFFD}",
    "nghiêngnghiêngnghiêngnghiêng", "NGHIÊNGNGHIÊNGNGHIÊNG",
  ]

  private func texts(_ count: Int, _ random: inout TestRandom) -> [Value] {
    (0..<count).map { _ in
      .text(
        (0..<Int.random(in: 0..<12, using: &random)).map { _ in
          Self.fragments.randomElement(using: &random) ?? ""
        }.joined())
    }
  }

  private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZabcdef-".utf8)

  private func column(_ count: Int, _ random: inout TestRandom) -> [Value] {
    func draw(_ make: (inout TestRandom) -> Value) -> [Value] {
      (0..<count).map { _ in make(&random) }
    }
    func number(_ below: Int) -> Int { Int.random(in: 0..<below, using: &random) }
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    switch number(9) {
    case 0: return texts(count, &random)
    case 1: return draw { .integer(Int64.random(in: .min ... .max, using: &$0)) }
    case 2: return draw { .real(Double(bitPattern: UInt64.random(in: 0 ... .max, using: &$0))) }
    case 3:
      return draw { random in
        .blob((0..<3).map { _ in UInt8.random(in: 0...255, using: &random) })
      }
    case 4:
      let length = [10, 20, 24, 26, 32, 36].randomElement(using: &random) ?? 26
      return draw { random in
        .text(text((0..<length).map { _ in Self.digits.randomElement(using: &random) ?? 0x30 }))
      }
    case 5:
      let few = (0..<3).map { _ in text((0..<26).map { _ in Self.digits[number(32)] }) }
      return draw { .text(few.randomElement(using: &$0) ?? "") }
    case 6:
      return (0..<count).map { _ in
        .text("20\(two(number(100)))-\(two(number(14)))-\(two(number(33)))")
      }
    case 7:
      return (0..<count).map { _ in
        .text("2025-0\(1 + number(9))-1\(number(10))T\(two(number(25))):\(two(number(61))):00Z")
      }
    default:
      let few: [Value] = [.null, .integer(1), .text("a")]
      return draw { few.randomElement(using: &$0) ?? .null }
    }
  }

  private func rows(_ random: inout TestRandom) -> [PulledRow] {
    var rows: [PulledRow] = []
    for table in 10..<(11 + Int.random(in: 0..<3, using: &random)) {
      let count = Int.random(in: 1..<40, using: &random)
      let width = Int.random(in: 0..<5, using: &random)
      let columns = (0...width).map { _ in
        column(count, &random).map { Int.random(in: 0..<5, using: &random) == 0 ? .null : $0 }
      }
      for index in 0..<count {
        rows.append(
          PulledRow(
            table: table, kind: width == 0 ? .deleted : .whole,
            key: RowKey([columns[0][index]]), columns: Array(1..<(1 + width)),
            values: columns.dropFirst().map { $0[index] }))
      }
    }
    return rows.shuffled(using: &random)
  }

  private func page(_ rows: [PulledRow]) -> PullPage {
    var page = PullPage()
    page.hub = "h"
    page.rows = rows
    page.isPacked = true
    return page
  }

  @Test func `the rows of a page come out as they went in`() throws {
    for seed in 0..<400 {
      var random = TestRandom(seed: UInt64(seed))
      let page = page(rows(&random))
      #expect(try PullPage(decoding: page.encoded()) == page, "seed \(seed)")
    }
  }

  @Test func `more words than there are short codes come back`() throws {
    let syllables = [
      "ba", "lê", "mướ", "đi", "tho", "ngu", "ký", "xa", "hẻ", "vù", "sở", "qui", "nhé",
    ]
    let words = syllables.flatMap { first in
      syllables.flatMap { second in syllables.prefix(4).map { first + second + $0 } }
    }
    let rows = (0..<40).map { index in
      PulledRow(
        table: 10, kind: .whole, key: RowKey([.integer(Int64(index))]), columns: [2],
        values: [.text(words[(index % 3)...].joined(separator: index % 2 == 0 ? " " : ", "))])
    }
    #expect(try PullPage(decoding: page(rows).encoded()) == page(rows))
    #expect(page(rows).encoded().count < 40 * words.count * 5 / 2)
  }

  @Test func `a damaged block is refused or read, and nothing else happens`() throws {
    var random = TestRandom(seed: 5)
    let whole = page(rows(&random)).encoded()
    for _ in 0..<20_000 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1..<4, using: &random) {
        let place = Int.random(in: 0..<damaged.count, using: &random)
        damaged[place] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? PullPage(
        decoding: Array(damaged.prefix(Int.random(in: 1...damaged.count, using: &random))))
    }
  }

  @Test func `a length that reaches a little past the end is refused`() throws {
    var random = TestRandom(seed: 6)
    let whole = page(rows(&random)).encoded()
    for place in whole.indices {
      for more in 1...3 as ClosedRange<UInt8> {
        var damaged = whole
        damaged[place] &+= more
        _ = try? PullPage(decoding: damaged)
      }
    }
  }

  @Test func `a few bytes cannot stand for more than a body may hold`() throws {
    let text = String(repeating: "x ", count: 50_000)
    let rows = (0..<2_000).map { index in
      PulledRow(
        table: 10, kind: .whole, key: RowKey([.integer(Int64(index))]), columns: [1],
        values: [.text(text)])
    }
    let bytes = page(rows).encoded()
    #expect(bytes.count < 1 << 20)
    #expect(throws: WireError.tooLarge("block")) { try PullPage(decoding: bytes) }
  }

  // MARK: Change sets

  private let stream = StreamID(device: String(repeating: "d", count: 32), epoch: 2)

  private func changeSet(_ sequence: Int64, after previous: [UInt8], _ changes: [RowChange])
    -> ChangeSet
  {
    ChangeSet(
      stream: stream, sequence: sequence, previous: previous, schemaVersion: 1,
      base: HubPoint(sequence: 5, number: 2, proof: 0xffff_ffff_ffff_fff0, access: 7),
      stamp: HybridTime(milliseconds: 1_764_000_000_000), wallMilliseconds: -3, officer: "an",
      isForeign: false, changes: changes)
  }

  private func reread(_ bodies: [[UInt8]]) throws -> Envelope {
    let envelope = Envelope(
      schemaVersion: 1, stream: stream, wallMilliseconds: 1, changeSets: bodies)
    return try Envelope(decoding: envelope.encoded { _ in [1, 2, 3] })
  }

  @Test func `change sets come out of an envelope as they went in, to the byte`() throws {
    var random = TestRandom(seed: 3)
    var bodies: [[UInt8]] = []
    for sequence in 1...60 {
      let changes = rows(&random).prefix(5).map { row in
        let fields = zip(row.columns, row.values).map {
          FieldChange(column: $0, before: .text("cũ"), after: $1)
        }
        return RowChange(table: row.table, operation: .update, key: row.key, fields: fields)
      }
      let previous = bodies.last.map { ChangeSet.hash(of: $0) } ?? []
      var set = changeSet(
        Int64(sequence), after: sequence == 20 ? [9] : previous, Array(changes))
      if sequence == 30 { set.isFound = true }
      if sequence == 40 { set.continues = StreamPlace(stream: stream, sequence: 4) }
      bodies.append(set.encoded())
    }
    // One that a later program wrote, one that is damaged, and one of another stream.
    bodies.insert(bodies[3] + [0xF8, 0x07, 0x01], at: 4)
    bodies.insert([0, 1, 2], at: 9)
    var other = changeSet(1, after: [], [])
    other.stream = StreamID(device: "other", epoch: 1)
    bodies.insert(other.encoded(), at: 12)
    let envelope = try reread(bodies)
    #expect(envelope.changeSets == bodies)
  }

  @Test func `what names the change set before it takes no room for that`() throws {
    var bodies: [[UInt8]] = []
    for sequence in 1...100 {
      let change = RowChange(
        table: 10, operation: .update, key: RowKey([.text("p")]),
        fields: [FieldChange(column: 2, before: .integer(0), after: .integer(1))])
      bodies.append(
        changeSet(
          Int64(sequence), after: bodies.last.map { ChangeSet.hash(of: $0) } ?? [], [change]
        ).encoded())
    }
    let envelope = Envelope(
      schemaVersion: 1, stream: stream, wallMilliseconds: 1, changeSets: bodies)
    #expect(try envelope.encoded { _ in [1] }.count < 100 * 32)
    #expect(try reread(bodies).changeSets == bodies)
  }

  @Test func `a change set before the first of its stream is refused, and ends nothing`() throws {
    let bodies = (0..<40).map { changeSet(.max - $0, after: [], []).encoded() }
    let envelope = Envelope(
      schemaVersion: 1, stream: stream, wallMilliseconds: 1, changeSets: bodies)
    var bytes = try envelope.encoded { _ in [1] }
    // The greatest number in zigzag form, and one more: the least.
    let greatest = [0xFE] + Array(repeating: UInt8(0xFF), count: 8) + [0x01]
    let place = try #require(bytes.firstRange(of: greatest)?.lowerBound)
    bytes[place] = 0xFF
    #expect(throws: WireError.self) { try Envelope(decoding: bytes) }
  }
}
