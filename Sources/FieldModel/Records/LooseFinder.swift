/// Looks for words in texts as they are stored, without making a string of any of them: most of what is
/// looked through is not what is looked for.
struct LooseFinder {
  /// Words as ``Folding/loosen(_:)`` gives them; what comes after the first of them need not be found.
  private let words: [[UInt8]]
  private var loose: [UInt8] = []
  /// What each letter loosens to, once it has been met: how many bytes, and these.
  private var letters = [UInt64](repeating: Self.unknown, count: 0x3000)

  private static let unknown = UInt64.max
  private static let wordsMax = 64
  private static let bytesMax = 7

  init(_ words: [String]) { self.words = words.prefix(Self.wordsMax).map { Array($0.utf8) } }

  /// The words as a set of bits, all of them.
  var all: UInt64 { words.count == 64 ? .max : 1 << UInt64(words.count) - 1 }

  /// Which words are in a text.
  ///
  /// - Parameter text: In UTF-8; of what is not, all may be.
  /// - Returns: A bit for each word.
  mutating func words(in text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard unsafe loosen(text) else { return all }
    var found: UInt64 = 0
    for (number, word) in words.enumerated() where loose.hasRun(word) {
      found |= 1 << UInt64(number)
    }
    return found
  }

  private mutating func loosen(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    loose.removeAll(keepingCapacity: true)
    var index = 0
    while index < text.count {
      let first = unsafe text[index]
      if first < 0x80 {
        append(letter: UInt32(first))
        index += 1
        continue
      }
      let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
      guard first >= 0xC2, index + length <= text.count else { return false }
      var number = UInt32(first) & (0xFF >> UInt32(length + 1))
      for place in index + 1..<index + length {
        let byte = unsafe text[place]
        guard byte & 0xC0 == 0x80 else { return false }
        number = number << 6 | UInt32(byte & 0x3F)
      }
      append(letter: number)
      index += length
    }
    return true
  }

  private mutating func append(letter number: UInt32) {
    guard number < letters.count else {
      loose.append(contentsOf: Self.loosened(number))
      return
    }
    if letters[Int(number)] == Self.unknown {
      let bytes = Self.loosened(number)
      if bytes.count > Self.bytesMax {
        loose.append(contentsOf: bytes)
        return
      }
      letters[Int(number)] =
        bytes.reversed().reduce(0) { ($0 | UInt64($1)) << 8 } | UInt64(bytes.count)
    }
    var letter = letters[Int(number)]
    for _ in 0..<letter & 0xFF {
      letter >>= 8
      loose.append(UInt8(truncatingIfNeeded: letter))
    }
  }

  private static func loosened(_ number: UInt32) -> [UInt8] {
    guard let scalar = Unicode.Scalar(number) else { return [] }
    return Array(Folding.loosen(String(scalar)).utf8)
  }
}

extension [UInt8] {
  fileprivate func hasRun(_ word: [UInt8]) -> Bool {
    guard let first = word.first else { return true }
    guard count >= word.count else { return false }
    return unsafe withUnsafeBufferPointer { text in
      unsafe word.withUnsafeBufferPointer { word in
        let last = text.count - word.count
        var start = 0
        while start <= last {
          if unsafe text[start] == first {
            var length = 1
            while length < word.count, unsafe text[start + length] == word[length] { length += 1 }
            if length == word.count { return true }
          }
          start += 1
        }
        return false
      }
    }
  }
}
