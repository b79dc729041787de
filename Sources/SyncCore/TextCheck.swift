extension String {
  /// The text that bytes spell, or nothing if they are not UTF-8.
  ///
  /// The standard library's check guesses what comes next, and in Vietnamese, where every other letter
  /// has a mark, guesses wrong: for such a text it takes four times as long as this check and the copy.
  package init?(exactly bytes: UnsafeBufferPointer<UInt8>) {
    guard #available(macOS 26, iOS 26, *) else {
      unsafe self.init(decoding: bytes, as: UTF8.self)
      // What is no UTF-8 has been replaced.
      guard unsafe utf8.hasSameBytes(as: bytes) else { return nil }
      return
    }
    guard let isASCII = unsafe TextCheck.isASCII(bytes) else { return nil }
    self = unsafe String(
      copying: UTF8Span(unchecked: bytes.span, isKnownASCII: isASCII))
  }

  init?(exactly bytes: [UInt8]) {
    let text = unsafe bytes.withUnsafeBufferPointer { unsafe String(exactly: $0) }
    guard let text else { return nil }
    self = text
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether the bytes are a text, told without making one.
  var isText: Bool {
    guard #available(macOS 26, iOS 26, *) else { return unsafe String(exactly: self) != nil }
    return unsafe TextCheck.isASCII(self) != nil
  }
}

/// Whether bytes are UTF-8, told without a branch: a finite automaton of nine states whose step is a
/// shift.
///
/// A state is how far to shift a byte's row to find the next one (Vognsen, “Shift-based DFAs”, 2020;
/// the states are those of the Unicode Standard's table 3-7).
private enum TextCheck {
  /// Whether all of a text's bytes are ASCII; nothing if they are no text.
  static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
    unsafe rows.withUnsafeBufferPointer { rows in
      var state: UInt64 = 0
      var all: UInt8 = 0
      for place in 0..<bytes.count {
        let byte = unsafe bytes[place]
        state = unsafe rows[Int(byte)] &>> state
        all |= byte
      }
      return state & mask == State.whole.rawValue ? all < 0x80 : nil
    }
  }

  /// What has to come next.
  private enum State: UInt64, CaseIterable {
    /// A character's first byte.
    case whole = 0
    /// Nothing that could mend it.
    case broken = 6
    /// So many bytes of any kind that goes on.
    case one = 12
    case two = 18
    case three = 24
    /// One that is not too low, so that no shorter form would do.
    case lowTwo = 30
    case lowThree = 36
    /// One that is not too high, for a surrogate or more than Unicode has.
    case highTwo = 42
    case highThree = 48
  }

  private static let mask: UInt64 = 63

  /// For each byte the next state of every state, six bits each.
  private static let rows: [UInt64] = (0...0xFF).map { byte in
    State.allCases.reduce(0) { $0 | next($1, Int(byte)).rawValue << $1.rawValue }
  }

  private static func next(_ state: State, _ byte: Int) -> State {
    let goesOn = 0x80...0xBF
    return switch (state, byte) {
    case (.whole, 0x00...0x7F): .whole
    case (.whole, 0xC2...0xDF): .one
    case (.whole, 0xE0): .lowTwo
    case (.whole, 0xED): .highTwo
    case (.whole, 0xE1...0xEF): .two
    case (.whole, 0xF0): .lowThree
    case (.whole, 0xF1...0xF3): .three
    case (.whole, 0xF4): .highThree
    case (.one, goesOn): .whole
    case (.two, goesOn), (.lowTwo, 0xA0...0xBF), (.highTwo, 0x80...0x9F): .one
    case (.three, goesOn), (.lowThree, 0x90...0xBF), (.highThree, 0x80...0x8F): .two
    default: .broken
    }
  }
}
