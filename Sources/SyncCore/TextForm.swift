/// A way of writing texts that stand for something smaller: ids and times.
///
/// A text has a form only if the form gives it back to the byte.
enum TextForm: UInt8, CaseIterable {
  /// Ten digits of Crockford's base 32 that are a time, and sixteen that are drawn by lot.
  case ulid = 1
  /// Thirty-two small hexadecimal digits with hyphens after 8, 12, 16 and 20.
  case uuid = 2
  /// Thirty-two small hexadecimal digits.
  case hexadecimal = 3
  /// A day, as in 2025-07-01.
  case day = 4
  /// A second, as in 2025-07-01T08:30:00Z.
  case second = 5
  /// A millisecond, as in 2025-07-01T08:30:00.000Z.
  case millisecond = 6

  var isIdentifier: Bool { rawValue <= TextForm.hexadecimal.rawValue }

  /// The form of a text by its length; whether it has it, ``parse(_:)`` tells.
  init?(length: Int) {
    switch length {
    case 26: self = .ulid
    case 36: self = .uuid
    case 32: self = .hexadecimal
    case 10: self = .day
    case 20: self = .second
    case 24: self = .millisecond
    default: return nil
    }
  }

  // MARK: Ids

  /// What an id is made of: its beginning, which rises with time in most, and the eighty bits of the
  /// rest.
  struct Identifier: Hashable {
    var head: Int64 = 0
    fileprivate var high: UInt64 = 0
    fileprivate var low: UInt16 = 0

    /// How many bytes the rest takes.
    static let tailBytes = 10

    init() {}

    /// - Parameters:
    ///   - head: The beginning.
    ///   - tail: The rest, as many bytes as ``tailBytes``.
    init(head: Int64, tail: some Collection<UInt8>) {
      self.head = head
      for byte in tail { add(UInt16(byte), bits: 8) }
    }

    /// The rest's bytes, the greatest first.
    var tail: [UInt8] {
      (0..<Self.tailBytes).map { UInt8(truncatingIfNeeded: bits(8, at: 8 * $0)) }
    }

    /// Adds a digit at the end of the rest.
    fileprivate mutating func add(_ digit: UInt16, bits: Int) {
      high = high << UInt64(bits) | UInt64(low >> UInt16(16 - bits))
      low = low << UInt16(bits) | digit
    }

    /// Some of the rest's bits, counted from the greatest.
    fileprivate func bits(_ count: Int, at place: Int) -> Int {
      let shift = 8 * Self.tailBytes - place - count
      let number =
        shift >= 16
        ? high >> UInt64(shift - 16) : high << UInt64(16 - shift) | UInt64(low >> UInt16(shift))
      return Int(truncatingIfNeeded: number & (1 << UInt64(count) - 1))
    }
  }

  private static let base32 = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let base16 = Array("0123456789abcdef".utf8)
  private static let hyphens = [8, 13, 18, 23]

  private var alphabet: [UInt8] { self == .ulid ? Self.base32 : Self.base16 }
  /// The bits of a digit, and how many digits the beginning has, and the whole.
  private var digits: (bits: Int, head: Int, count: Int) {
    self == .ulid ? (5, 10, 26) : (4, 12, 32)
  }

  func identifier(_ text: TextBytes) -> Identifier? {
    let (bits, head, count) = digits
    guard text.count == (self == .uuid ? count + Self.hyphens.count : count) else { return nil }
    let values = self == .ulid ? Self.values32 : Self.values16
    var identifier = Identifier()
    var place = 0
    for index in 0..<count {
      if self == .uuid, Self.hyphens.contains(place) {
        if text[place] != 0x2D { return nil }
        place += 1
      }
      let digit = values[Int(text[place])]
      place += 1
      if digit < 0 { return nil }
      if index < head {
        identifier.head = identifier.head << Int64(bits) | Int64(digit)
      } else {
        identifier.add(UInt16(digit), bits: bits)
      }
    }
    return identifier
  }

  private static let values32 = alphabetValues(base32)
  private static let values16 = alphabetValues(base16)

  private static func alphabetValues(_ alphabet: [UInt8]) -> [Int] {
    var values = Array(repeating: -1, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = value }
    return values
  }

  func text(_ identifier: Identifier) -> [UInt8] {
    let (bits, head, count) = digits
    let alphabet = alphabet
    var text: [UInt8] = []
    text.reserveCapacity(count + Self.hyphens.count)
    for index in 0..<count {
      if self == .uuid, Self.hyphens.contains(text.count) { text.append(0x2D) }
      let digit =
        index < head
        ? Int(truncatingIfNeeded: identifier.head >> Int64(bits * (head - 1 - index)))
          & (1 << bits - 1)
        : identifier.bits(bits, at: bits * (index - head))
      text.append(alphabet[digit])
    }
    return text
  }

  // MARK: Times

  /// Days or milliseconds since 1970.
  func time(_ text: TextBytes) -> Int64? {
    func number(_ places: Range<Int>) -> Int64? {
      var number: Int64 = 0
      for place in places {
        guard text[place] >= 0x30, text[place] <= 0x39 else { return nil }
        number = 10 * number + Int64(text[place] - 0x30)
      }
      return number
    }
    func has(_ mark: UInt8, at place: Int) -> Bool { text[place] == mark }
    guard text.count >= 10, has(0x2D, at: 4), has(0x2D, at: 7), let year = number(0..<4),
      let month = number(5..<7), let day = number(8..<10), year > 0, month > 0, month < 13
    else { return nil }
    let days = Self.days(year, month, day)
    guard Self.date(days) == (year, month, day) else { return nil }
    if self == .day { return text.count == 10 ? days : nil }
    guard text.count >= 20, has(0x54, at: 10), has(0x3A, at: 13),
      has(0x3A, at: 16), has(0x5A, at: text.count - 1),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      hour < 24, minute < 60, second < 60
    else { return nil }
    let time = 1000 * (86_400 * days + 3600 * hour + 60 * minute + second)
    if self == .second { return text.count == 20 ? time : nil }
    guard text.count == 24, text[19] == 0x2E, let rest = number(20..<23) else { return nil }
    return time + rest
  }

  func text(_ time: Int64) -> [UInt8] {
    // No time that was written in this form is further off.
    let time = time % 100_000_000_000_000_000
    let dayMilliseconds: Int64 = 86_400_000
    var days = self == .day ? time : time / dayMilliseconds
    var rest = self == .day ? 0 : time % dayMilliseconds
    if rest < 0 { (days, rest) = (days - 1, rest + dayMilliseconds) }
    let (year, month, day) = Self.date(days)
    var text: [UInt8] = []
    func add(_ number: Int64, _ places: Int, _ after: UInt8?) {
      var power: Int64 = 1
      for _ in 1..<places { power *= 10 }
      while power > 0 {
        text.append(UInt8(0x30 + (number / power) % 10))
        power /= 10
      }
      if let after { text.append(after) }
    }
    add(abs(year), 4, 0x2D)
    add(month, 2, 0x2D)
    add(day, 2, nil)
    if self == .day { return text }
    text.append(0x54)
    add(rest / 3_600_000, 2, 0x3A)
    add(rest / 60_000 % 60, 2, 0x3A)
    add(rest / 1000 % 60, 2, self == .millisecond ? 0x2E : nil)
    if self == .millisecond { add(rest % 1000, 3, nil) }
    text.append(0x5A)
    return text
  }

  /// Days since 1970 of a date of the Gregorian calendar (Hinnant, chrono-compatible low-level date
  /// algorithms).
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    )
  }
}
