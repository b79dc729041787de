/// Makes the texts of a message small by a dictionary of their words.
///
/// What people write is mostly words that come again. A compressor spends some twenty bits on each of
/// them; here the frequent ones are one byte and the others two, so what is left for the compressor is
/// a third, and it takes a tenth of the time. Vietnamese gains most: a word is a syllable, and there
/// are few, and those that people use most are known beforehand (`Schema/wire/words.txt`), which is what
/// makes a day's work small. A space between two words is not written, nor that a sentence begins with a
/// capital. Any text comes back to the byte; one that is no prose gains nothing.
///
/// In the stream of codes, 0 to 0x40 are those characters themselves, and from ``WordCode/firstWord`` on
/// words by falling frequency: the last codes of one byte need a second one.
enum WordCode {
  /// The end of a text.
  static let end: UInt8 = 0x41
  /// The next word begins with a capital.
  static let capital: UInt8 = 0x42
  /// A full stop and a space, and the next word begins with a capital.
  static let sentence: UInt8 = 0x43
  /// A comma and a space.
  static let comma: UInt8 = 0x44
  /// A word that is not in the dictionary: its length, and ``spelledCapital``, and its bytes are among
  /// the spelled ones.
  static let spelled: UInt8 = 0x45
  /// No space before what follows.
  static let join: UInt8 = 0x46
  /// A byte that is among the spelled ones.
  static let byte: UInt8 = 0x47
  static let firstWord = 0x48

  static let spelledCapital: UInt8 = 0x20
  static let wordBytesMax = 16
  /// More words than a page can have often enough to be worth a place.
  static let wordsMax = 8192

  /// How many of so many words have codes of one byte.
  static func singles(of words: Int) -> Int {
    let codes = 256 - firstWord
    var leads = 0
    while codes - leads + 256 * leads < words { leads += 1 }
    return codes - leads
  }
}

/// Bytes as the word coding sees them.
private enum Letter {
  case none, digit, lower(Int), upper(Int)

  /// The character that begins at a place: letters of one to three bytes, of which Vietnamese is made.
  ///
  /// What counts as a capital need not be one in every alphabet, as long as ``lowered`` and ``raised``
  /// undo each other.
  @inline(__always)
  init(_ bytes: TextBytes, _ place: Int) {
    guard place < bytes.count else {
      self = .none
      return
    }
    switch bytes[place] {
    case 0x61...0x7A, 0x5F: self = .lower(1)
    case 0x41...0x5A: self = .upper(1)
    case 0x30...0x39: self = .digit
    case ..<0x80: self = .none
    default: self.init(longer: bytes, place)
    }
  }

  /// One that is no character of one byte.
  @inline(never)
  private init(longer bytes: TextBytes, _ place: Int) {
    let end = bytes.count
    switch bytes[place] {
    case 0xC3...0xC6, 0xCC, 0xCD:
      guard place + 1 < end, bytes[place + 1] & 0xC0 == 0x80 else {
        self = .none
        return
      }
      self = Self.isUpper(bytes[place], bytes[place + 1]) ? .upper(2) : .lower(2)
    case 0xE1:
      guard place + 2 < end, bytes[place + 1] | 1 == 0xBB, bytes[place + 2] & 0xC0 == 0x80 else {
        self = .none
        return
      }
      self = bytes[place + 2] & 1 == 0 ? .upper(3) : .lower(3)
    default: self = .none
    }
  }

  private static func isUpper(_ lead: UInt8, _ next: UInt8) -> Bool {
    switch lead {
    case 0xC3: next < 0x9F && next != 0x97
    case 0xC6: next == 0xA0 || next == 0xAF
    case 0xCC, 0xCD: false
    default: next & 1 == 0
    }
  }
}

/// A word's bytes: at most sixteen, as two numbers.
struct Word: Equatable {
  var low: UInt64 = 0
  var high: UInt64 = 0
  var count = 0

  /// The low bytes of a number, so many of them.
  static func mask(of bytes: Int) -> UInt64 {
    if bytes >= 8 { return .max }
    return bytes <= 0 ? 0 : 1 << UInt64(8 * bytes) - 1
  }

  mutating func append(_ byte: UInt8) {
    if count < 8 {
      low |= UInt64(byte) << UInt64(8 * count)
    } else {
      high |= UInt64(byte) << UInt64(8 * (count - 8))
    }
    count += 1
  }

  subscript(index: Int) -> UInt8 {
    UInt8(
      truncatingIfNeeded: index < 8 ? low >> UInt64(8 * index) : high >> UInt64(8 * (index - 8)))
  }

  /// The word with a small first letter where it had a capital.
  var lowered: Word {
    var word = self
    switch self[0] {
    case ..<0x80: word.low += 0x20
    case 0xE1: word.low |= 0x1_0000
    case 0xC3: word.low += 0x2000
    case 0xC6: word.low += 0x100
    default: word.low |= 0x100
    }
    return word
  }

  /// The word with a capital where ``lowered`` took it away.
  var raised: Word {
    var word = self
    switch self[0] {
    case ..<0x80: word.low &-= 0x20
    case 0xE1: word.low &= ~0x1_0000
    case 0xC3: word.low &-= 0x2000
    case 0xC6: word.low &-= 0x100
    default: word.low &= ~0x100
    }
    return word
  }

  func append(to bytes: inout [UInt8]) {
    unsafe withUnsafeBytes(of: (low.littleEndian, high.littleEndian)) {
      unsafe bytes.append(contentsOf: $0.prefix(count))
    }
  }
}

extension TextBytes {
  /// The bytes of some places, at most sixteen, as one word.
  func word(_ places: Range<Int>) -> Word {
    precondition(places.lowerBound >= 0 && places.upperBound <= count)
    var word = Word()
    guard places.lowerBound + WordCode.wordBytesMax <= count else {
      for place in places { word.append(self[place]) }
      return word
    }
    word.count = places.count
    word.low = eight(places.lowerBound)
    word.high = eight(places.lowerBound + 8)
    word.low &= Word.mask(of: places.count)
    word.high &= Word.mask(of: places.count - 8)
    return word
  }
}

/// Words by their bytes, each with how often it came; the known ones come first.
struct WordTable {
  /// The words that both sides know, in the order of the list, and nothing else.
  static let known: WordTable = {
    var table = WordTable()
    for line in PackageResources.words_txt.split(separator: 0x0A) {
      precondition(line.count <= WordCode.wordBytesMax, "a word that is too long")
      var word = Word()
      for byte in line { word.append(byte) }
      _ = table.number(of: word)
    }
    return table
  }()

  private(set) var words: [Word] = []
  private(set) var counts: [Int] = []
  private var slots = Array(repeating: Int32(-1), count: 4096)

  /// Counts a word.
  ///
  /// - Returns: Its number.
  mutating func count(_ word: Word) -> Int {
    let number = number(of: word)
    counts[number] += 1
    return number
  }

  private mutating func number(of word: Word) -> Int {
    var slot = place(of: word)
    if slots[slot] < 0 {
      if 2 * words.count >= slots.count {
        grow()
        slot = place(of: word)
      }
      slots[slot] = Int32(words.count)
      words.append(word)
      counts.append(0)
    }
    return Int(slots[slot])
  }

  private func place(of word: Word) -> Int {
    let mixed = (word.low ^ (word.high &* 0x9e37_79b9_7f4a_7c15)) &* 0xd6e8_feb8_6659_fd93
    var slot = Int(truncatingIfNeeded: mixed >> 32) & (slots.count - 1)
    while slots[slot] >= 0, words[Int(slots[slot])] != word {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: 4 * slots.count)
    for (number, word) in words.enumerated() { slots[place(of: word)] = Int32(number) }
  }
}

/// Takes texts, and gives their bytes once all are known.
struct WordPacker {
  /// What has been read of the texts; four bytes, since there is one for every word and mark.
  private struct Token {
    private let bits: UInt32

    enum Meaning {
      case code(UInt8)
      case byte(UInt8)
      case word(Int, isCapital: Bool, isImplied: Bool)
    }

    static func code(_ code: UInt8) -> Token { Token(bits: UInt32(code) << 2) }
    static func byte(_ byte: UInt8) -> Token { Token(bits: UInt32(byte) << 2 | 1) }
    static func word(_ number: Int, isCapital: Bool, isImplied: Bool) -> Token {
      Token(bits: UInt32(number) << 4 | (isCapital ? 8 : 0) | (isImplied ? 4 : 0) | 2)
    }

    var meaning: Meaning {
      switch bits & 3 {
      case 0: .code(UInt8(truncatingIfNeeded: bits >> 2))
      case 1: .byte(UInt8(truncatingIfNeeded: bits >> 2))
      default: .word(Int(bits >> 4), isCapital: bits & 8 != 0, isImplied: bits & 4 != 0)
      }
    }
  }

  private enum Before {
    case nothing, word, digits
  }

  private var table = WordTable.known
  private var tokens: [Token] = []

  /// Adds a text after those that came before.
  mutating func add(_ text: String) {
    text.withBytes { add($0) }
  }

  private mutating func add(_ bytes: TextBytes) {
    var place = 0
    var before = Before.nothing
    var beginsSentence = false
    while place < bytes.count {
      var isSpaced = false
      if before != .nothing, bytes[place] == 0x20, isToken(bytes, at: place + 1, after: before) {
        isSpaced = true
        place += 1
      }
      switch Letter(bytes, place) {
      case .none:
        (place, before, beginsSentence) = addOther(bytes, at: place, before)
      case .digit:
        if before == .word, !isSpaced { tokens.append(.code(WordCode.join)) }
        tokens.append(.code(bytes[place]))
        place += 1
        before = .digits
      default:
        if before != .nothing, !isSpaced { tokens.append(.code(WordCode.join)) }
        let (word, isCapital) = word(bytes, at: place)
        place += word.count
        tokens.append(
          .word(
            table.count(isCapital ? word.lowered : word), isCapital: isCapital && !beginsSentence,
            isImplied: beginsSentence))
        beginsSentence = false
        before = .word
      }
    }
    tokens.append(.code(WordCode.end))
  }

  /// Whether what follows a space is read so that the space need not be written.
  private func isToken(_ bytes: TextBytes, at place: Int, after before: Before) -> Bool {
    switch Letter(bytes, place) {
    case .none: false
    case .digit: before == .word
    default: true
    }
  }

  private mutating func addOther(
    _ bytes: TextBytes, at place: Int, _ before: Before
  ) -> (Int, Before, Bool) {
    let byte = bytes[place]
    if before != .nothing, place + 2 < bytes.count, bytes[place + 1] == 0x20 {
      switch (byte, Letter(bytes, place + 2)) {
      case (0x2C, .digit), (0x2C, .lower), (0x2C, .upper):
        tokens.append(.code(WordCode.comma))
        return (place + 2, .nothing, false)
      case (0x2E, .upper) where word(bytes, at: place + 2).isCapital:
        tokens.append(.code(WordCode.sentence))
        return (place + 2, .nothing, true)
      default: break
      }
    }
    tokens.append(byte <= 0x40 ? .code(byte) : .byte(byte))
    return (place + 1, .nothing, false)
  }

  /// The word at a place: a run of small letters with or without a capital before it, or a run of
  /// capitals as it stands.
  private func word(_ bytes: TextBytes, at start: Int) -> (word: Word, isCapital: Bool) {
    var place = start
    var isCapital = false
    if case .upper(let length) = Letter(bytes, place) {
      place += length
      isCapital = true
      while case .upper(let next) = Letter(bytes, place),
        place - start + next <= WordCode.wordBytesMax
      {
        // The last capital before a small letter begins the next word.
        if case .lower = Letter(bytes, place + next) {
          return (bytes.word(start..<place), isCapital)
        }
        place += next
        isCapital = false
      }
      if !isCapital { return (bytes.word(start..<place), false) }
    }
    while case .lower(let length) = Letter(bytes, place),
      place - start + length <= WordCode.wordBytesMax
    {
      place += length
    }
    return (bytes.word(start..<place), isCapital)
  }

  /// The dictionary and all texts.
  func finish() -> [UInt8] {
    let known = WordTable.known.words.count
    // A word that comes once costs more in the dictionary than where it stands, unless it is known.
    let used = table.words.indices.filter { table.counts[$0] > ($0 < known ? 0 : 1) }
      .sorted { (table.counts[$1], $0) < (table.counts[$0], $1) }.prefix(WordCode.wordsMax)
    let singles = WordCode.singles(of: used.count)
    // Which of one length is which code makes no difference: in the order of numbers they are short.
    let groups = [used.prefix(singles).sorted(), used.dropFirst(singles).sorted()]
    let frequent = groups.flatMap { $0 }
    var ranks = Array(repeating: -1, count: table.words.count)
    for (rank, number) in frequent.enumerated() { ranks[number] = rank }
    var codes: [UInt8] = []
    var seconds: [UInt8] = []
    var spelled: [UInt8] = []
    codes.reserveCapacity(tokens.count)
    for token in tokens {
      switch token.meaning {
      case .code(let code): codes.append(code)
      case .byte(let byte):
        codes.append(WordCode.byte)
        spelled.append(byte)
      case .word(let number, let isCapital, let isImplied):
        let rank = ranks[number]
        if rank < 0 {
          let word = table.words[number]
          codes.append(WordCode.spelled)
          spelled.append(
            UInt8(word.count) | (isCapital || isImplied ? WordCode.spelledCapital : 0))
          word.append(to: &spelled)
          continue
        }
        if isCapital { codes.append(WordCode.capital) }
        if rank < singles {
          codes.append(UInt8(WordCode.firstWord + rank))
        } else {
          codes.append(UInt8(WordCode.firstWord + singles + (rank - singles) >> 8))
          seconds.append(UInt8(truncatingIfNeeded: rank - singles))
        }
      }
    }
    var writer = WireWriter()
    for group in groups {
      let new = group.filter { $0 >= known }
      writer.varint(UInt64(group.count - new.count))
      writer.varint(UInt64(new.count))
      var last = -1
      for number in group.prefix(group.count - new.count) {
        writer.varint(UInt64(number - last - 1))
        last = number
      }
      writer.raw(new.map { UInt8(table.words[$0].count) })
      var bytes: [UInt8] = []
      for number in new { table.words[number].append(to: &bytes) }
      writer.raw(bytes)
    }
    for part in [spelled, seconds, codes] { writer.sized(part) }
    return writer.bytes
  }
}
