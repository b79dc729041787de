/// The mark of one field: a 64-bit hash of where it stands and what it holds.
///
/// Marks of equal fields are equal on every replica. A column's digest is the sum of its fields'
/// marks modulo 2^64, which is kept up to date by subtracting the old mark and adding the new one.
/// A null field has no mark, so a column that is new and empty does not change a digest. It
/// guards against faults, not against forgery.
package struct RowMarker {
  private let seed: UInt64

  package init(table: Int, key: RowKey) {
    var hash = MarkHash()
    hash.add(UInt64(table))
    for value in key.values { hash.add(value) }
    seed = hash.state
  }

  /// The mark of one column's value in this row.
  package func mark(column: Int, _ value: Value) -> UInt64 {
    if case .null = value { return 0 }
    var hash = MarkHash(state: seed)
    hash.add(UInt64(column))
    hash.add(value)
    return hash.state
  }

  /// The mark of a column's text, by its bytes wherever they are held.
  package func mark(column: Int, text: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = MarkHash(state: seed)
    hash.add(UInt64(column))
    unsafe hash.add(text: text)
    return hash.state
  }
}

extension TableSchema {
  /// The marks of a row's values, in the order of the declaration.
  package func marks(of values: [Value]) -> [UInt64] {
    let marker = RowMarker(table: number, key: rowKey(of: values))
    return zip(columns, values).map { marker.mark(column: $0.number, $1) }
  }

  /// The sum of a row's marks: what the hub notes of each row, and what two sides compare where their
  /// digests differ.
  package func mark(of values: [Value]) -> UInt64 { marks(of: values).reduce(0, &+) }
}

/// Multiplies eight bytes at a time into its state and folds the product's halves, as wyhash does.
private struct MarkHash {
  private(set) var state: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ word: UInt64) {
    let product = (state ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    state = product.high ^ product.low
  }

  mutating func add(_ value: Value) {
    switch value {
    case .null: add(0)
    case .integer(let integer):
      add(1)
      add(UInt64(bitPattern: integer))
    case .real(let real):
      add(2)
      add(real.bitPattern)
    case .text(let text): add(text: text.utf8)
    case .blob(let blob):
      add(4)
      add(bytes: blob)
    }
  }

  mutating func add(text: some Collection<UInt8>) {
    add(3)
    add(bytes: text)
  }

  private mutating func add(bytes: some Collection<UInt8>) {
    bytes.forEachWord { add($0) }
    add(UInt64(bytes.count))
  }
}

/// Digests of a replica: for every column, the sum of its fields' marks.
package struct ColumnDigests: Equatable, Sendable {
  /// A column by the wire numbers of its table and of itself.
  package struct Column: Hashable, Comparable, Sendable {
    package let table: Int
    package let column: Int

    package init(table: Int, column: Int) {
      self.table = table
      self.column = column
    }

    package static func < (left: Column, right: Column) -> Bool {
      (left.table, left.column) < (right.table, right.column)
    }
  }

  package var sums: [Column: UInt64] = [:]

  package init() {}

  package mutating func replace(_ column: Column, old: UInt64, new: UInt64) {
    if old == new { return }
    sums[column, default: 0] = sums[column, default: 0] &- old &+ new
  }

  /// One number for all of them: two replicas of one schema that have the same hold the same.
  package var combined: UInt64 {
    var hash = MarkHash()
    for (column, sum) in sums.sorted(by: { $0.key < $1.key }) where sum != 0 {
      hash.add(UInt64(column.table))
      hash.add(UInt64(column.column))
      hash.add(sum)
    }
    return hash.state
  }

  /// Adds a row.
  package mutating func add(_ table: TableSchema, _ key: RowKey, _ values: [Value]) {
    let marker = RowMarker(table: table.number, key: key)
    for (column, value) in zip(table.columns, values) {
      replace(
        Column(table: table.number, column: column.number), old: 0,
        new: marker.mark(column: column.number, value))
    }
  }

  /// Takes a row away.
  package mutating func remove(_ table: TableSchema, _ key: RowKey, _ values: [Value]) {
    let marker = RowMarker(table: table.number, key: key)
    for (column, value) in zip(table.columns, values) {
      replace(
        Column(table: table.number, column: column.number),
        old: marker.mark(column: column.number, value), new: 0)
    }
  }

  /// The columns of the given schema on which two replicas do not hold the same.
  ///
  /// - Parameters:
  ///   - other: The other replica's digests.
  ///   - schema: What this one knows.
  ///   - version: The version of the schema that both know.
  /// - Returns: The columns.
  package func differences(
    from other: ColumnDigests, in schema: SyncSchema, upTo version: Int
  ) -> [Column] {
    var different: [Column] = []
    for table in schema.tables {
      for column in table.columns where column.since <= version {
        let place = Column(table: table.number, column: column.number)
        if sums[place, default: 0] != other.sums[place, default: 0] { different.append(place) }
      }
    }
    return different
  }
}
