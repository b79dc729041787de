/// What a device tells its hub of rows that it cannot send: which, how large and why, and no value.
package struct WaitingReport: Equatable, Sendable {
  /// Rows that cannot travel and since when, by the device's clock; the oldest, if there are many.
  package var rows: [Row] = []
  /// How many there are in all.
  package var count = 0
  /// How many others wait for them.
  package var dependents = 0

  package struct Row: Equatable, Sendable {
    package var obstacle: Obstacle
    package var sinceMilliseconds: Int64

    package init(_ obstacle: Obstacle, sinceMilliseconds: Int64) {
      self.obstacle = obstacle
      self.sinceMilliseconds = sinceMilliseconds
    }
  }

  package init() {}

  /// The row as it is told: of a long key the beginning says which it is.
  package mutating func add(_ row: Row) {
    count += 1
    guard rows.count < SyncLimits.waitingReported else { return }
    var told = row
    let obstacle = row.obstacle
    told.obstacle = Obstacle(
      table: obstacle.table, key: RowKey(obstacle.key.values.map(\.beginning)),
      reason: obstacle.reason, column: obstacle.column, bytes: obstacle.bytes)
    rows.append(told)
  }
}

extension Value {
  fileprivate var beginning: Value {
    let room = 100
    switch self {
    case .text(let text) where text.utf8.count > room:
      var bytes = 0
      return .text(
        String(
          text.prefix { character in
            bytes += character.utf8.count
            return bytes <= room
          }))
    case .blob(let blob): return .blob(Array(blob.prefix(room)))
    default: return self
    }
  }
}

extension WaitingReport {
  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Reads what ``encoded()`` gives.
  ///
  /// - Throws: ``WireError`` for anything but a report.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    try self.init(reading: WireReader(bytes))
  }

  func write(to writer: inout WireWriter) {
    for row in rows {
      writer.message(1) { writer in
        writer.unsigned(1, UInt64(row.obstacle.table))
        for value in row.obstacle.key.values { writer.value(2, value) }
        writer.unsigned(3, UInt64(row.obstacle.column))
        writer.unsigned(4, UInt64(row.obstacle.reason.rawValue))
        writer.unsigned(5, UInt64(row.obstacle.bytes))
        writer.signed(6, row.sinceMilliseconds)
      }
    }
    writer.unsigned(2, UInt64(count))
    writer.unsigned(3, UInt64(dependents))
  }

  init(reading message: WireReader) throws(WireError) {
    var reader = message
    self.init()
    while let field = try reader.next() {
      switch field {
      case 1:
        guard rows.count < SyncLimits.waitingReported else { throw .tooLarge("waiting rows") }
        // A reason that this version does not know is none that it could tell.
        if let row = try Row(reading: try reader.message()) { rows.append(row) }
      case 2: count = try reader.count()
      case 3: dependents = try reader.count()
      default: try reader.skip()
      }
    }
  }
}

extension WaitingReport.Row {
  fileprivate init?(reading message: WireReader) throws(WireError) {
    var reader = message
    var (table, column, bytes) = (0, 0, 0)
    var key: [Value] = []
    var reason: Obstacle.Reason?
    var since: Int64 = 0
    while let field = try reader.next() {
      switch field {
      case 1: table = try reader.count()
      case 2: key.append(try reader.value())
      case 3: column = try reader.count()
      case 4: reason = Obstacle.Reason(rawValue: try reader.count())
      case 5: bytes = try reader.count()
      case 6: since = try reader.milliseconds()
      default: try reader.skip()
      }
    }
    guard let reason else { return nil }
    self.init(
      Obstacle(table: table, key: RowKey(key), reason: reason, column: column, bytes: bytes),
      sinceMilliseconds: since)
  }
}
