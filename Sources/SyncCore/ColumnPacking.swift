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
  private var identifiers: [Known: Int] = [:]

  private struct Known: Hashable {
    let form: TextForm
    let identifier: TextForm.Identifier
  }

  /// A column's bytes.
  mutating func pack(_ values: [Value]) -> [UInt8] {
    var writer = WireWriter()
    let present = values.filter { !$0.isNull }
    let content = ColumnContent(of: present)
    let hasNulls = !present.isEmpty && present.count < values.count
    writer.raw([content.form.rawValue | (hasNulls ? ColumnForm.hasNulls : 0)])
    if hasNulls { writeRuns(of: values, to: &writer) }
    write(present, content, to: &writer)
    return writer.bytes
  }

  /// The texts that the columns refer to.
  func finish() -> [UInt8] { words.finish() }

  private func writeRuns(of values: [Value], to writer: inout WireWriter) {
    var run = 0
    var isNull = false
    for value in values {
      if value.isNull != isNull {
        writer.varint(UInt64(run))
        (run, isNull) = (0, !isNull)
      }
      run += 1
    }
    writer.varint(UInt64(run))
  }

  private mutating func write(
    _ values: [Value], _ content: ColumnContent, to writer: inout WireWriter
  ) {
    switch content {
    case .values: for value in values { writer.value(1, value) }
    case .nulls: break
    case .integers:
      var last: Int64 = 0
      for value in values {
        guard case .integer(let number) = value else { continue }
        writer.zigzagged(number &- last)
        last = number
      }
    case .words: addWords(values)
    case .choices(let choices, let chosen):
      writer.varint(UInt64(choices.count))
      addWords(choices)
      for choice in chosen { writer.varint(UInt64(choice)) }
    case .identifiers(let form, let identifiers): write(identifiers, form, to: &writer)
    case .times(let form, let times):
      writer.raw([form.rawValue])
      var last: Int64 = 0
      for time in times {
        writer.zigzagged(time &- last)
        last = time
      }
    }
  }

  private mutating func addWords(_ values: [Value]) {
    for value in values {
      if case .text(let text) = value { words.add(text) }
    }
  }

  private mutating func write(
    _ identifiers: [TextForm.Identifier], _ form: TextForm, to writer: inout WireWriter
  ) {
    writer.raw([form.rawValue])
    var (lastPlace, lastHead) = (0, Int64(0))
    var (places, heads, tails) = (WireWriter(), WireWriter(), WireWriter())
    for identifier in identifiers {
      let known = Known(form: form, identifier: identifier)
      if let place = self.identifiers[known] {
        places.varint(1 + zigzag(Int64(place - lastPlace)))
        lastPlace = place
        continue
      }
      places.varint(0)
      heads.zigzagged(identifier.head &- lastHead)
      lastHead = identifier.head
      tails.raw(identifier.tail)
      self.identifiers[known] = self.identifiers.count
    }
    for part in [places, heads, tails] { writer.sized(part.bytes) }
  }
}

/// What the values of a column are, none of them null, as far as that makes them small.
private enum ColumnContent {
  case values, nulls, integers, words
  case choices([Value], chosen: [Int])
  case identifiers(TextForm, [TextForm.Identifier])
  case times(TextForm, [Int64])

  var form: ColumnForm {
    switch self {
    case .values: .values
    case .nulls: .nulls
    case .integers: .integers
    case .words: .words
    case .choices: .choices
    case .identifiers: .identifiers
    case .times: .times
    }
  }

  init(of values: [Value]) {
    switch values.first {
    case nil: self = .nulls
    case .integer: self = values.allSatisfy(\.isInteger) ? .integers : .values
    case .text(let first):
      guard values.allSatisfy(\.isText) else {
        self = .values
        return
      }
      self =
        TextForm(length: first.utf8.count).flatMap { Self.formed(values, $0) }
        ?? Self.choices(values) ?? .words
    default: self = .values
    }
  }

  /// The values as ids or times; nothing if one is none.
  private static func formed(_ values: [Value], _ form: TextForm) -> ColumnContent? {
    if form.isIdentifier {
      return all(values) { form.identifier($0) }.map { .identifiers(form, $0) }
    }
    return all(values) { form.time($0) }.map { .times(form, $0) }
  }

  private static func all<Part>(_ values: [Value], _ part: (TextBytes) -> Part?) -> [Part]? {
    var parts: [Part] = []
    parts.reserveCapacity(values.count)
    for value in values {
      guard case .text(let text) = value, let part = text.withBytes(part) else { return nil }
      parts.append(part)
    }
    return parts
  }

  /// The values as choices, if one comes twice or more on average.
  private static func choices(_ values: [Value]) -> ColumnContent? {
    var numbers: [Value: Int] = [:]
    var choices: [Value] = []
    var chosen: [Int] = []
    for (index, value) in values.enumerated() {
      if let number = numbers[value] {
        chosen.append(number)
      } else {
        numbers[value] = choices.count
        chosen.append(choices.count)
        choices.append(value)
      }
      // Prose shows soon that it does not.
      if 2 * choices.count > values.count || (index == 63 && choices.count > 60) { return nil }
    }
    return .choices(choices, chosen: chosen)
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

  /// Reads a column's values.
  ///
  /// - Parameters:
  ///   - column: What ``ColumnPacker/pack(_:)`` gave.
  ///   - count: How many they are.
  ///   - values: Where they go.
  /// - Throws: ``WireError`` for anything else.
  mutating func unpack<Column: UnpackedColumn>(
    _ column: WireReader, count: Int, into values: inout Column
  ) throws(WireError) {
    var reader = column
    let head = try reader.byte()
    guard let form = ColumnForm(rawValue: head & ~ColumnForm.hasNulls) else {
      throw .malformed("column")
    }
    try take(2 * count)
    var runs = Runs(of: count)
    if form == .nulls {
      runs = Runs(ofNulls: count)
    } else if head & ColumnForm.hasNulls != 0 {
      runs = try Runs(reading: &reader, of: count)
    }
    try read(form, &runs, &reader, into: &values)
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

  private mutating func read<Column: UnpackedColumn>(
    _ form: ColumnForm, _ runs: inout Runs, _ reader: inout WireReader, into values: inout Column
  ) throws(WireError) {
    switch form {
    case .nulls: while runs.next(&values) {}
    case .values:
      while runs.next(&values) {
        guard try reader.next() == 1 else { throw .malformed("column") }
        let value = try reader.value()
        try take(value.approximateBytes)
        values.append(value)
      }
    case .integers:
      var last: Int64 = 0
      while runs.next(&values) {
        last &+= try reader.zigzagged()
        values.append(.integer(last))
      }
    case .words:
      while runs.next(&values) { try take(try words.next(upTo: room, into: &values)) }
    case .choices:
      var choices: [Value] = []
      let number = try reader.number(upTo: runs.present)
      while choices.count < number { choices.append(try text()) }
      while runs.next(&values) {
        let choice = try reader.number(upTo: choices.count - 1)
        try take(choices[choice].approximateBytes)
        values.append(choices[choice])
      }
    case .identifiers: try readIdentifiers(&runs, &reader, into: &values)
    case .times:
      let form = try textForm(&reader)
      try take(24 * runs.present)
      var last: Int64 = 0
      while runs.next(&values) {
        last &+= try reader.zigzagged()
        values.append(try text(form.text(last)))
      }
    }
  }

  private func textForm(_ reader: inout WireReader) throws(WireError) -> TextForm {
    guard let form = TextForm(rawValue: try reader.byte()) else { throw .malformed("column") }
    return form
  }

  private func text(_ bytes: [UInt8]) throws(WireError) -> Value {
    guard let text = String(exactly: bytes) else { throw .malformed("column") }
    return .text(text)
  }

  private mutating func readIdentifiers<Column: UnpackedColumn>(
    _ runs: inout Runs, _ reader: inout WireReader, into values: inout Column
  ) throws(WireError) {
    let form = try textForm(&reader)
    var (places, heads, tails) = (try reader.sized(), try reader.sized(), try reader.sized())
    var (lastPlace, lastHead) = (0, Int64(0))
    try take(36 * runs.present)
    while runs.next(&values) {
      let step = try places.varint()
      if step == 0 {
        lastHead &+= try heads.zigzagged()
        let tail = try tails.raw(TextForm.Identifier.tailBytes)
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
  }
}

/// Where in a column there are values, and where nulls.
private struct Runs {
  /// How many values there are that are not null.
  let present: Int
  private var reader: WireReader?
  /// How many rows are left, and how many of them in this run.
  private var left: Int
  private var run: Int
  private var isNull = false

  init(of count: Int) { (present, left, run) = (count, count, count) }

  init(ofNulls count: Int) {
    (present, left, run) = (0, count, count)
    isNull = true
  }

  /// Reads runs of values and of nulls in turn, up to so many rows.
  init(reading reader: inout WireReader, of count: Int) throws(WireError) {
    self.reader = reader
    var (total, present, runs) = (0, 0, 0)
    while total < count {
      let run = try reader.number(upTo: count - total)
      // Only the first can be empty: the column may begin with nulls.
      guard run > 0 || runs == 0 else { throw .malformed("column") }
      if runs.isMultiple(of: 2) { present += run }
      runs += 1
      total += run
    }
    self.present = present
    left = count
    run = 0
    isNull = true
  }

  /// Goes to the next value, and appends the nulls before it; false at the end.
  mutating func next(_ column: inout some UnpackedColumn) -> Bool {
    while left > 0 {
      if run == 0 {
        // They have been read once, and are as they were.
        guard let length = try? reader?.number(upTo: left) else { return false }
        run = length
        isNull.toggle()
        continue
      }
      run -= 1
      left -= 1
      if !isNull { return true }
      column.append(.null)
    }
    return false
  }
}
