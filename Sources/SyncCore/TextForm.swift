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

  /// What an id is made of: its beginning, which rises with time in most, and the rest.
  struct Identifier: Equatable {
    var head: Int64
    var tail: [UInt8]
  }

  private static let base32 = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  private static let base16 = Array("0123456789abcdef".utf8)
  private static let hyphens = [8, 13, 18, 23]

  private var digits: (alphabet: [UInt8], bits: Int, head: Int, count: Int) {
    self == .ulid ? (Self.base32, 5, 10, 26) : (Self.base16, 4, 12, 32)
  }
  /// The bytes of an id's rest.
  var tailBytes: Int { 10 }

  func identifier(_ text: [UInt8]) -> Identifier? {
    var text = text
    if self == .uuid {
      guard text.count == 36, Self.hyphens.allSatisfy({ text[$0] == 0x2D }) else { return nil }
      for place in Self.hyphens.reversed() { text.remove(at: place) }
    }
    let (_, bits, head, count) = digits
    guard text.count == count else { return nil }
    let values = Self.values[self == .ulid ? 0 : 1]
    var identifier = Identifier(head: 0, tail: [])
    var (number, filled) = (0, 0)
    for (index, character) in text.enumerated() {
      let digit = values[Int(character)]
      if digit < 0 { return nil }
      if index < head {
        identifier.head = identifier.head << Int64(bits) | Int64(digit)
        continue
      }
      number = number << bits | digit
      filled += bits
      if filled >= 8 {
        filled -= 8
        identifier.tail.append(UInt8(truncatingIfNeeded: number >> filled))
        number &= 1 << filled - 1
      }
    }
    return identifier
  }

  private static let values = [alphabetValues(base32), alphabetValues(base16)]

  private static func alphabetValues(_ alphabet: [UInt8]) -> [Int] {
    var values = Array(repeating: -1, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = value }
    return values
  }

  func text(_ identifier: Identifier) -> [UInt8] {
    let (alphabet, bits, head, count) = digits
    var text: [UInt8] = []
    for index in 0..<head {
      let digit = identifier.head >> Int64(bits * (head - 1 - index))
      text.append(alphabet[Int(truncatingIfNeeded: digit) & (1 << bits - 1)])
    }
    var (number, filled) = (0, 0)
    for byte in identifier.tail {
      number = number << 8 | Int(byte)
      filled += 8
      while filled >= bits {
        filled -= bits
        text.append(alphabet[number >> filled])
        number &= 1 << filled - 1
      }
    }
    if self == .uuid, text.count == count {
      for place in Self.hyphens { text.insert(0x2D, at: place) }
    }
    return text
  }

  // MARK: Times

  /// Days or milliseconds since 1970.
  func time(_ text: [UInt8]) -> Int64? {
    func number(_ places: Range<Int>) -> Int64? {
      var number: Int64 = 0
      for place in places {
        guard text[place] >= 0x30, text[place] <= 0x39 else { return nil }
        number = 10 * number + Int64(text[place] - 0x30)
      }
      return number
    }
    func has(_ marks: [(Int, UInt8)]) -> Bool { marks.allSatisfy { text[$0.0] == $0.1 } }
    guard text.count >= 10, has([(4, 0x2D), (7, 0x2D)]), let year = number(0..<4),
      let month = number(5..<7), let day = number(8..<10), year > 0, month > 0, month < 13
    else { return nil }
    let days = Self.days(year, month, day)
    guard Self.date(days) == (year, month, day) else { return nil }
    if self == .day { return text.count == 10 ? days : nil }
    guard text.count >= 20, has([(10, 0x54), (13, 0x3A), (16, 0x3A)]), text.last == 0x5A,
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
