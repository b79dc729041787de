/// One row or one change of a row, as a block holds it.
struct PackedRow: Equatable {
  var table: Int
  /// What the message says of the row: an operation, or a kind.
  var kind: Int
  var key: [Value]
  /// Wire numbers of columns.
  var columns: [Int]
  /// For each column what it held before; none where nothing did.
  var before: [Value] = []
  /// For each column what it holds; none where nothing does.
  var after: [Value] = []
}

/// Writes many rows as one block: what they look like, and then column by column what they hold.
///
/// Rows of one table and columns have one shape, which is written once. A block is meant to be
/// compressed; the end of `Schema/wire/thuan.proto` says how it is made.
struct RowPacker {
  /// What rows have in common but their values.
  fileprivate struct Shape: Hashable {
    let table: Int
    let kind: Int
    let keys: Int
    let columns: [Int]
    let hasBefore: Bool
    let hasAfter: Bool
  }

  /// A column of the block.
  fileprivate struct Slot: Hashable {
    enum Role {
      case key, before, after
    }

    let table: Int
    let role: Role
    /// The column's wire number, or the place in the key.
    let number: Int
  }

  private var shapes: [Shape: Int] = [:]
  private var shapeBytes = WireWriter()
  private var last: (shape: Shape, number: Int)?
  private var rowShapes = WireWriter()
  /// For each shape, where its values go.
  private var places: [[Int]] = []
  private var slots: [Slot: Int] = [:]
  private var columns: [[Value]] = []

  /// Whether there is anything in it.
  var isEmpty: Bool { shapes.isEmpty }

  mutating func add(_ row: PackedRow) {
    let shape = Shape(
      table: row.table, kind: row.kind, keys: row.key.count, columns: row.columns,
      hasBefore: !row.before.isEmpty, hasAfter: !row.after.isEmpty)
    let number = number(of: shape)
    rowShapes.varint(UInt64(number))
    let places = places[number]
    var slot = 0
    func add(_ values: [Value]) {
      for value in values {
        columns[places[slot]].append(value)
        slot += 1
      }
    }
    add(row.key)
    add(row.before)
    add(row.after)
  }

  private mutating func number(of shape: Shape) -> Int {
    if let last, last.shape == shape { return last.number }
    if let number = shapes[shape] {
      last = (shape, number)
      return number
    }
    let number = places.count
    shapes[shape] = number
    last = (shape, number)
    shape.write(to: &shapeBytes)
    places.append(
      shape.slots.map { slot in
        if let place = slots[slot] { return place }
        slots[slot] = columns.count
        columns.append([])
        return columns.count - 1
      })
    return number
  }

  /// The block's bytes.
  func finish() -> [UInt8] {
    var packer = ColumnPacker()
    let columns = columns.map { packer.pack($0) }
    var writer = WireWriter()
    writer.varint(UInt64(places.count))
    writer.raw(shapeBytes.bytes)
    writer.sized(rowShapes.bytes)
    writer.sized(packer.finish())
    for column in columns { writer.sized(column) }
    return writer.bytes
  }
}

extension RowPacker.Shape {
  /// More than anybody makes a key of.
  private static let keysMax = 64
  /// More columns than a table of SQLite can have.
  private static let columnsMax = 32_767
  /// What a row takes at least beside its values.
  static let bytes = 8

  func write(to writer: inout WireWriter) {
    writer.varint(UInt64(table))
    writer.varint(UInt64(kind) << 2 | (hasBefore ? 2 : 0) | (hasAfter ? 1 : 0))
    writer.varint(UInt64(keys))
    writer.varint(UInt64(columns.count))
    for column in columns { writer.varint(UInt64(column)) }
  }

  init(reading reader: inout WireReader) throws(WireError) {
    table = try reader.number(upTo: .max)
    let kind = try reader.number(upTo: .max)
    self.kind = kind >> 2
    (hasBefore, hasAfter) = (kind & 2 != 0, kind & 1 != 0)
    keys = try reader.number(upTo: Self.keysMax)
    let count = try reader.number(upTo: Self.columnsMax)
    var columns: [Int] = []
    while columns.count < count { columns.append(try reader.number(upTo: .max)) }
    self.columns = columns
  }

  /// How many values a row has.
  var width: Int { keys + columns.count * ((hasBefore ? 1 : 0) + (hasAfter ? 1 : 0)) }

  var slots: [RowPacker.Slot] {
    (0..<keys).map { RowPacker.Slot(table: table, role: .key, number: $0) }
      + (hasBefore ? columns : []).map { RowPacker.Slot(table: table, role: .before, number: $0) }
      + (hasAfter ? columns : []).map { RowPacker.Slot(table: table, role: .after, number: $0) }
  }
}

/// Reads a block back, row by row.
struct RowUnpacker<Column: UnpackedColumn> {
  private var shapes: [RowPacker.Shape] = []
  private var places: [[Int]] = []
  /// The shapes of the rows that are left.
  private var rowShapes: WireReader
  private var columns: [Column] = []

  /// - Parameters:
  ///   - bytes: What ``RowPacker/finish()`` gave.
  ///   - room: How many bytes the values may take.
  /// - Throws: ``WireError`` for anything else, and for more than that.
  init(_ bytes: WireReader, room: Int) throws(WireError) {
    var reader = bytes
    var slots: [RowPacker.Slot: Int] = [:]
    var work = 0
    for _ in 0..<(try reader.number(upTo: bytes.remaining)) {
      let shape = try RowPacker.Shape(reading: &reader)
      // Each is some row's, which takes as much again.
      work += RowPacker.Shape.bytes + 2 * shape.width
      if work > room { throw .tooLarge("block") }
      shapes.append(shape)
      places.append(
        shape.slots.map { slot in
          let place = slots[slot] ?? slots.count
          slots[slot] = place
          return place
        })
    }
    rowShapes = try reader.sized()
    let counts = try counts(of: slots.count, room: room)
    var unpacker = try ColumnUnpacker(words: try reader.sized(), room: room)
    for count in counts {
      var column = Column(count: count)
      try unpacker.unpack(try reader.sized(), count: count, into: &column)
      columns.append(column)
    }
    guard reader.isAtEnd else { throw .malformed("block") }
  }

  /// How many values each column has.
  private func counts(of columns: Int, room: Int) throws(WireError) -> [Int] {
    var list = rowShapes
    var counts = Array(repeating: 0, count: columns)
    var work = 0
    while !list.isAtEnd {
      let shape = try list.number(upTo: shapes.count - 1)
      work += 2 * max(1, places[shape].count)
      if work > room { throw .tooLarge("block") }
      for place in places[shape] { counts[place] += 1 }
    }
    return counts
  }

  var isAtEnd: Bool { rowShapes.isAtEnd }

  /// How many rows a block has.
  static func count(_ bytes: WireReader) throws(WireError) -> Int {
    var reader = bytes
    for _ in 0..<(try reader.number(upTo: bytes.remaining)) {
      _ = try RowPacker.Shape(reading: &reader)
    }
    var list = try reader.sized()
    var count = 0
    while !list.isAtEnd {
      _ = try list.varint()
      count += 1
    }
    return count
  }

  /// The next row; there has to be one.
  mutating func row() throws(WireError) -> PackedRow {
    let number = try nextShape()
    let shape = shapes[number]
    var slot = 0
    func take(_ count: Int, _ columns: inout [Column]) throws(WireError) -> [Value] {
      var values: [Value] = []
      values.reserveCapacity(count)
      for _ in 0..<count {
        values.append(try columns[places[number][slot]].next())
        slot += 1
      }
      return values
    }
    var row = PackedRow(table: shape.table, kind: shape.kind, key: [], columns: shape.columns)
    row.key = try take(shape.keys, &columns)
    if shape.hasBefore { row.before = try take(shape.columns.count, &columns) }
    if shape.hasAfter { row.after = try take(shape.columns.count, &columns) }
    return row
  }

  private mutating func nextShape() throws(WireError) -> Int {
    guard !isAtEnd else { throw .truncated }
    return try rowShapes.number(upTo: shapes.count - 1)
  }
}

extension RowUnpacker where Column == EncodedColumn {
  /// Writes the next row, which has to be there, as the change of a row that it is.
  mutating func writeChange(to writer: inout WireWriter) throws(WireError) {
    let number = try nextShape()
    let shape = shapes[number]
    guard let operation = Operation(rawValue: shape.kind), shape.keys > 0, shape.table > 0,
      shape.columns.isEmpty
        || (shape.hasBefore == (operation != .insert) && shape.hasAfter == (operation != .delete))
    else { throw .malformed("row change") }
    writer.message(11) { writer in
      writer.unsigned(1, UInt64(shape.table))
      writer.unsigned(2, UInt64(operation.rawValue))
      var slot = 0
      func write(_ field: Int, _ count: Int) {
        for place in places[number][slot..<slot + count] {
          columns[place].writeNext(to: &writer, as: field)
        }
        slot += count
      }
      write(3, shape.keys)
      writer.packed(4, shape.columns)
      if shape.hasBefore { write(5, shape.columns.count) }
      if shape.hasAfter { write(6, shape.columns.count) }
    }
  }
}

/// The values of a column that come out of a block, one after the other.
protocol UnpackedColumn {
  /// An empty one, for so many values.
  init(count: Int)
  mutating func append(_ value: Value)
  /// Appends a text; false if the bytes are none.
  mutating func append(text: UnsafeBufferPointer<UInt8>) -> Bool
  /// The next value; there has to be one.
  mutating func next() throws(WireError) -> Value
}

/// Values as they are worked with.
struct ValueColumn: UnpackedColumn {
  private var values: [Value] = []
  private var position = 0

  init(count: Int) { values.reserveCapacity(count) }

  mutating func append(_ value: Value) { values.append(value) }

  mutating func append(text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let text = unsafe String(exactly: text) else { return false }
    values.append(.text(text))
    return true
  }

  mutating func next() throws(WireError) -> Value {
    guard position < values.count else { throw .truncated }
    position += 1
    return values[position - 1]
  }
}

/// Values as they stand in a message, which take a third of what they do otherwise.
struct EncodedColumn: UnpackedColumn {
  private var writer = WireWriter()
  private var position = 0

  init(count: Int) {}

  mutating func append(_ value: Value) { writer.valueContent(value) }

  mutating func append(text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard unsafe text.isText else { return false }
    unsafe writer.textContent(text)
    return true
  }

  mutating func next() throws(WireError) -> Value {
    var reader = WireReader(writer.bytes, position..<writer.bytes.count)
    let value = try reader.valueContent()
    position = reader.position
    return value
  }

  /// Writes the next value, which has to be there, as a field.
  mutating func writeNext(to other: inout WireWriter, as field: Int) {
    let start = position
    var (length, shift) = (0, 0)
    while true {
      let byte = writer.bytes[position]
      position += 1
      length |= Int(byte & 0x7F) << shift
      shift += 7
      if byte & 0x80 == 0 { break }
    }
    position += length
    other.lengthPrefixed(field, writer.bytes[start..<position])
  }
}
