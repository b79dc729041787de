/// How the values of a column are written, by what they all are.
private enum ColumnForm: UInt8 {
  /// One by one, each with its kind.
  case values = 0
  /// Nothing but null.
  case nulls = 1
  /// Whole numbers, each as the difference from the one before.
  case integers = 2
  /// Texts, among those of the ``WordPacker``.
  case words = 3
  /// Few texts that come again and again: those, and which of them each is.
  case choices = 4
  /// Ids: new ones, and places of those that have come before in the block.
  case identifiers = 5
  /// Days or times, each as the difference from the one before.
  case times = 6

  /// With this bit there are nulls between: runs of values and of nulls in turn come first.
  static let hasNulls: UInt8 = 0x80
}

/// Writes the columns of a block, each as small as what it holds allows.
///
/// Column by column like is beside like; see ``RowPacker`` for what is made of it.
struct ColumnPacker {
  private var words = WordPacker()
  private var identifiers: [Value: Int] = [:]

  /// A column's bytes.
  mutating func pack(_ values: [Value]) -> [UInt8] {
    var writer = WireWriter()
    let hasNulls = values.contains(.null)
    let present = hasNulls ? values.filter { $0 != .null } : values
    guard hasNulls, !present.isEmpty else {
      let form = present.isEmpty ? ColumnForm.nulls : form(of: present)
      writer.raw([form.rawValue])
      write(present, form, to: &writer)
      return writer.bytes
    }
    let form = form(of: present)
    writer.raw([form.rawValue | ColumnForm.hasNulls])
    var run = 0
    var isNull = false
    for value in values {
      if (value == .null) != isNull {
        writer.varint(UInt64(run))
        (run, isNull) = (0, !isNull)
      }
      run += 1
    }
    writer.varint(UInt64(run))
    write(present, form, to: &writer)
    return writer.bytes
  }

  /// The texts that the columns refer to.
  func finish() -> [UInt8] { words.finish() }

  private func form(of values: [Value]) -> ColumnForm {
    switch values[0] {
    case .integer: return values.allSatisfy { $0.integer != nil } ? .integers : .values
    case .text(let first):
      guard values.allSatisfy({ $0.text != nil }) else { return .values }
      if let form = TextForm(length: first.utf8.count),
        values.allSatisfy({ $0.text?.utf8.count == first.utf8.count })
      {
        let fits = values.allSatisfy { value in
          let text = Array(value.text.map { $0.utf8 } ?? "".utf8)
          return form.isIdentifier ? form.identifier(text) != nil : form.time(text) != nil
        }
        if fits { return form.isIdentifier ? .identifiers : .times }
      }
      return isChoice(values) ? .choices : .words
    default: return .values
    }
  }

  /// Whether a text comes twice or more on average.
  private func isChoice(_ values: [Value]) -> Bool {
    var distinct: Set<Value> = []
    for (index, value) in values.enumerated() {
      distinct.insert(value)
      // Prose shows soon that it does not.
      if 2 * distinct.count > values.count || (index == 63 && distinct.count > 60) { return false }
    }
    return true
  }

  private mutating func write(_ values: [Value], _ form: ColumnForm, to writer: inout WireWriter) {
    switch form {
    case .values: for value in values { writer.value(1, value) }
    case .nulls: break
    case .integers:
      var last: Int64 = 0
      for value in values {
        let number = value.integer ?? 0
        writer.zigzagged(number &- last)
        last = number
      }
    case .words: for value in values { words.add(value.text ?? "") }
    case .choices: writeChoices(values, to: &writer)
    case .identifiers: writeIdentifiers(values, to: &writer)
    case .times: writeTimes(values, to: &writer)
    }
  }

  private mutating func writeChoices(_ values: [Value], to writer: inout WireWriter) {
    var choices: [Value: Int] = [:]
    var texts: [String] = []
    let chosen = values.map { value in
      if let known = choices[value] { return known }
      choices[value] = texts.count
      texts.append(value.text ?? "")
      return texts.count - 1
    }
    writer.varint(UInt64(texts.count))
    for text in texts { words.add(text) }
    for choice in chosen { writer.varint(UInt64(choice)) }
  }

  private mutating func writeIdentifiers(_ values: [Value], to writer: inout WireWriter) {
    guard let form = TextForm(length: values[0].text?.utf8.count ?? 0) else { return }
    writer.raw([form.rawValue])
    var (lastPlace, lastHead) = (0, Int64(0))
    var (places, heads, tails) = (WireWriter(), WireWriter(), WireWriter())
    for value in values {
      if let place = identifiers[value] {
        places.varint(1 + zigzag(Int64(place - lastPlace)))
        lastPlace = place
        continue
      }
      guard let text = value.text, let identifier = form.identifier(Array(text.utf8)) else {
        preconditionFailure("an id that is none")
      }
      places.varint(0)
      heads.zigzagged(identifier.head &- lastHead)
      lastHead = identifier.head
      tails.raw(identifier.tail)
      identifiers[value] = identifiers.count
    }
    for part in [places, heads, tails] { writer.sized(part.bytes) }
  }

  private func writeTimes(_ values: [Value], to writer: inout WireWriter) {
    guard let form = TextForm(length: values[0].text?.utf8.count ?? 0) else { return }
    writer.raw([form.rawValue])
    var last: Int64 = 0
    for value in values {
      let time = form.time(Array((value.text ?? "").utf8)) ?? 0
      writer.zigzagged(time &- last)
      last = time
    }
  }
}

/// Reads the columns back, in the order in which they were written.
struct ColumnUnpacker {
  private var words: WordUnpacker
  private var identifiers: [Value] = []
  /// So many bytes of values may still come: a few can stand for millions.
  private var room: Int

  /// - Parameters:
  ///   - reader: What ``ColumnPacker/finish()`` gave.
  ///   - room: How many bytes the values may take altogether.
  /// - Throws: ``WireError``.
  init(words reader: WireReader, room: Int) throws(WireError) {
    var reader = reader
    words = try WordUnpacker(reading: &reader)
    self.room = room
  }

  /// A column's values.
  ///
  /// - Parameters:
  ///   - column: What ``ColumnPacker/pack(_:)`` gave.
  ///   - count: How many they are.
  /// - Returns: The values.
  /// - Throws: ``WireError`` for anything else.
  mutating func unpack(_ column: WireReader, count: Int) throws(WireError) -> [Value] {
    var reader = column
    let head = try reader.byte()
    guard let form = ColumnForm(rawValue: head & ~ColumnForm.hasNulls) else {
      throw .malformed("column")
    }
    try take(2 * count)
    if form == .nulls { return Array(repeating: .null, count: count) }
    guard head & ColumnForm.hasNulls != 0 else { return try values(form, count, &reader) }
    var runs: [Int] = []
    var (total, present) = (0, 0)
    while total < count {
      let run = try reader.number(upTo: count - total)
      // Only the first can be empty: the column may begin with nulls.
      guard run > 0 || runs.isEmpty else { throw .malformed("column") }
      if runs.count.isMultiple(of: 2) { present += run }
      runs.append(run)
      total += run
    }
    var rest = try values(form, present, &reader)[...]
    var all: [Value] = []
    all.reserveCapacity(count)
    for (index, run) in runs.enumerated() {
      if index.isMultiple(of: 2) {
        all.append(contentsOf: rest.prefix(run))
        rest = rest.dropFirst(run)
      } else {
        all.append(contentsOf: repeatElement(.null, count: run))
      }
    }
    return all
  }

  private mutating func take(_ bytes: Int) throws(WireError) {
    room -= bytes
    if room < 0 { throw .tooLarge("block") }
  }

  private mutating func text() throws(WireError) -> Value {
    let text = try words.next(upTo: room)
    try take(text.utf8.count)
    return .text(text)
  }

  private mutating func values(_ form: ColumnForm, _ count: Int, _ reader: inout WireReader)
    throws(WireError) -> [Value]
  {
    var values: [Value] = []
    values.reserveCapacity(count)
    switch form {
    case .nulls: break
    case .values:
      while values.count < count {
        guard try reader.next() == 1 else { throw .malformed("column") }
        let value = try reader.value()
        try take(value.approximateBytes)
        values.append(value)
      }
    case .integers:
      var last: Int64 = 0
      while values.count < count {
        last &+= try reader.zigzagged()
        values.append(.integer(last))
      }
    case .words: while values.count < count { values.append(try text()) }
    case .choices:
      var choices: [Value] = []
      let number = try reader.number(upTo: count)
      while choices.count < number { choices.append(try text()) }
      while values.count < count {
        let choice = try reader.number(upTo: choices.count - 1)
        try take(choices[choice].approximateBytes)
        values.append(choices[choice])
      }
    case .identifiers: values = try readIdentifiers(count, &reader)
    case .times:
      let form = try textForm(&reader)
      try take(24 * count)
      var last: Int64 = 0
      while values.count < count {
        last &+= try reader.zigzagged()
        values.append(try text(form.text(last)))
      }
    }
    return values
  }

  private func textForm(_ reader: inout WireReader) throws(WireError) -> TextForm {
    guard let form = TextForm(rawValue: try reader.byte()) else { throw .malformed("column") }
    return form
  }

  private func text(_ bytes: [UInt8]) throws(WireError) -> Value {
    guard let text = String(exactly: bytes) else { throw .malformed("column") }
    return .text(text)
  }

  private mutating func readIdentifiers(_ count: Int, _ reader: inout WireReader)
    throws(WireError) -> [Value]
  {
    let form = try textForm(&reader)
    var (places, heads, tails) = (try reader.sized(), try reader.sized(), try reader.sized())
    var values: [Value] = []
    values.reserveCapacity(count)
    var (lastPlace, lastHead) = (0, Int64(0))
    try take(36 * count)
    while values.count < count {
      let step = try places.varint()
      if step == 0 {
        lastHead &+= try heads.zigzagged()
        let tail = Array(try tails.raw(form.tailBytes))
        let value = try text(form.text(TextForm.Identifier(head: lastHead, tail: tail)))
        identifiers.append(value)
        values.append(value)
      } else {
        let place = Int64(lastPlace) &+ unzigzag(step - 1)
        guard place >= 0, place < identifiers.count else { throw .malformed("id") }
        lastPlace = Int(place)
        values.append(identifiers[lastPlace])
      }
    }
    return values
  }
}
