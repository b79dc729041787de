/// Gives the texts back that a ``WordPacker`` has taken, one by one.
struct WordUnpacker {
  private var dictionary: [Word] = []
  private let singles: Int
  private var spelled: WireReader
  private var seconds: WireReader
  private var codes: WireReader
  /// The text that is being read, and how many bytes of it there are.
  private var text: [UInt8] = Array(repeating: 0, count: 1024)
  private var count = 0

  init(reading reader: inout WireReader) throws(WireError) {
    for _ in 0..<2 { dictionary += try Self.group(&reader) }
    guard dictionary.count <= WordCode.wordsMax else { throw .malformed("words") }
    singles = WordCode.singles(of: dictionary.count)
    spelled = try reader.sized()
    seconds = try reader.sized()
    codes = try reader.sized()
  }

  private static func group(_ reader: inout WireReader) throws(WireError) -> [Word] {
    let known = WordTable.known.words
    let knownCount = try reader.number(upTo: known.count)
    let newCount = try reader.number(upTo: WordCode.wordsMax)
    var words: [Word] = []
    var last = -1
    for _ in 0..<knownCount {
      last += 1 + (try reader.number(upTo: known.count))
      guard last < known.count else { throw .malformed("words") }
      words.append(known[last])
    }
    for length in try reader.raw(newCount) {
      guard length > 0, length <= WordCode.wordBytesMax else { throw .malformed("words") }
      words.append(Word())
      words[words.count - 1].count = Int(length)
    }
    for index in knownCount..<words.count {
      let length = words[index].count
      words[index].count = 0
      for byte in try reader.raw(length) { words[index].append(byte) }
    }
    return words
  }

  /// The next text.
  ///
  /// - Parameter limit: At most so many bytes.
  /// - Returns: The text.
  /// - Throws: ``WireError`` if there is none, or it is no text.
  mutating func next(upTo limit: Int) throws(WireError) -> String {
    try read(upTo: limit)
    let whole = unsafe text.withUnsafeBufferPointer {
      unsafe String(exactly: UnsafeBufferPointer(rebasing: $0[..<count]))
    }
    guard let whole else { throw .malformed("text that is not UTF-8") }
    return whole
  }

  /// Appends the next text to a column.
  ///
  /// - Returns: How many bytes it has.
  /// - Throws: ``WireError`` if there is none, or it is no text.
  mutating func next(
    upTo limit: Int, into column: inout some UnpackedColumn
  ) throws(WireError) -> Int {
    try read(upTo: limit)
    let isText = unsafe text.withUnsafeBufferPointer {
      unsafe column.append(text: UnsafeBufferPointer(rebasing: $0[..<count]))
    }
    guard isText else { throw .malformed("text that is not UTF-8") }
    return count
  }

  private mutating func read(upTo limit: Int) throws(WireError) {
    count = 0
    var isSpaced = false
    var isAfterDigit = false
    var isCapital = false
    while count <= limit {
      if count + 32 > text.count { text += repeatElement(0, count: text.count) }
      let code = try codes.byte()
      switch code {
      case ...0x40:
        let isDigit = code >= 0x30 && code <= 0x39
        if isDigit, isSpaced, !isAfterDigit { put(0x20) }
        put(code)
        (isSpaced, isAfterDigit) = (isDigit, isDigit)
      case WordCode.end: return
      case WordCode.capital: isCapital = true
      case WordCode.sentence:
        put(0x2E)
        put(0x20)
        (isSpaced, isCapital) = (false, true)
      case WordCode.comma:
        put(0x2C)
        put(0x20)
        isSpaced = false
      case WordCode.join: isSpaced = false
      case WordCode.byte:
        put(try spelled.byte())
        isSpaced = false
      default:
        let word = try code == WordCode.spelled ? spell(&isCapital) : word(code)
        if isSpaced { put(0x20) }
        put(isCapital ? word.raised : word)
        (isSpaced, isAfterDigit, isCapital) = (true, false, false)
      }
    }
    throw .tooLarge("text")
  }

  private mutating func put(_ byte: UInt8) {
    text[count] = byte
    count += 1
  }

  private mutating func put(_ word: Word) {
    unsafe text.withUnsafeMutableBytes { bytes in
      precondition(count + WordCode.wordBytesMax <= bytes.count)
      unsafe bytes.storeBytes(of: word.low.littleEndian, toByteOffset: count, as: UInt64.self)
      unsafe bytes.storeBytes(of: word.high.littleEndian, toByteOffset: count + 8, as: UInt64.self)
    }
    count += word.count
  }

  private mutating func word(_ code: UInt8) throws(WireError) -> Word {
    var rank = Int(code) - WordCode.firstWord
    if rank >= singles { rank = singles + (rank - singles) << 8 + Int(try seconds.byte()) }
    guard rank < dictionary.count else { throw .malformed("word") }
    return dictionary[rank]
  }

  private mutating func spell(_ isCapital: inout Bool) throws(WireError) -> Word {
    let head = try spelled.byte()
    let length = Int(head & ~WordCode.spelledCapital)
    guard length > 0, length <= WordCode.wordBytesMax else { throw .malformed("word") }
    var word = Word()
    for byte in try spelled.raw(length) { word.append(byte) }
    if head & WordCode.spelledCapital != 0 { isCapital = true }
    return word
  }
}
