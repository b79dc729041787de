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

  var slots: [RowPacker.Slot] {
    (0..<keys).map { RowPacker.Slot(table: table, role: .key, number: $0) }
      + (hasBefore ? columns : []).map { RowPacker.Slot(table: table, role: .before, number: $0) }
      + (hasAfter ? columns : []).map { RowPacker.Slot(table: table, role: .after, number: $0) }
  }
}

/// Reads a block back, row by row.
struct RowUnpacker {
  private var shapes: [RowPacker.Shape] = []
  private var places: [[Int]] = []
  private var rowShapes: [Int] = []
  private var columns: [ArraySlice<Value>] = []
  private var next = 0

  /// - Parameters:
  ///   - bytes: What ``RowPacker/finish()`` gave.
  ///   - room: How many bytes the values may take.
  /// - Throws: ``WireError`` for anything else, and for more than that.
  init(_ bytes: WireReader, room: Int) throws(WireError) {
    var reader = bytes
    var slots: [RowPacker.Slot: Int] = [:]
    for _ in 0..<(try reader.number(upTo: bytes.remaining)) {
      let shape = try RowPacker.Shape(reading: &reader)
      shapes.append(shape)
      places.append(
        shape.slots.map { slot in
          let place = slots[slot] ?? slots.count
          slots[slot] = place
          return place
        })
    }
    var list = try reader.sized()
    var counts = Array(repeating: 0, count: slots.count)
    var work = 0
    while !list.isAtEnd {
      let shape = try list.number(upTo: shapes.count - 1)
      rowShapes.append(shape)
      work += 2 * places[shape].count
      if work > room { throw .tooLarge("block") }
      for place in places[shape] { counts[place] += 1 }
    }
    var unpacker = try ColumnUnpacker(words: try reader.sized(), room: room)
    for count in counts {
      columns.append(try unpacker.unpack(try reader.sized(), count: count)[...])
    }
    guard reader.isAtEnd else { throw .malformed("block") }
  }

  var isAtEnd: Bool { next == rowShapes.count }

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
    guard !isAtEnd else { throw .truncated }
    let number = rowShapes[next]
    next += 1
    let shape = shapes[number]
    var slot = 0
    func take(_ count: Int, _ columns: inout [ArraySlice<Value>]) -> [Value] {
      var values: [Value] = []
      values.reserveCapacity(count)
      for _ in 0..<count {
        values.append(columns[places[number][slot]].removeFirst())
        slot += 1
      }
      return values
    }
    var row = PackedRow(table: shape.table, kind: shape.kind, key: [], columns: shape.columns)
    row.key = take(shape.keys, &columns)
    if shape.hasBefore { row.before = take(shape.columns.count, &columns) }
    if shape.hasAfter { row.after = take(shape.columns.count, &columns) }
    return row
  }
}
