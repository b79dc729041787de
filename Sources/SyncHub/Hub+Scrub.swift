package import SyncCore
import SyncSQLite
import Synchronization

/// A row at the hub that is not what the hub has noted of it: the disk, or somebody past this program,
/// has changed it.
package struct DamagedRow: Equatable, Sendable {
  package let table: String
  package let key: RowKey
  /// Whether the record of change sets told what it has to be, and it is that again.
  ///
  /// If not, what was found stands, and devices that hold something else put it before the operator.
  package let isRestored: Bool
}

extension Hub {
  /// Reads some rows again, where the last call stopped, and puts right what the disk has changed.
  ///
  /// - Parameters:
  ///   - limit: How many rows to read.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: What was found.
  /// - Throws: The storage's errors.
  package func scrub(limit: Int, wallMilliseconds: Int64) throws -> [DamagedRow] {
    try write { try $0.scrub(limit: limit, wallMilliseconds: wallMilliseconds) }
  }

  /// Reads all rows again and puts right what the disk has changed, and takes in what was put into
  /// the tables past this program.
  ///
  /// - Parameter ruling: Who does it, why and when.
  /// - Returns: What was found.
  /// - Throws: The storage's errors.
  package func repair(_ ruling: Ruling) throws -> [DamagedRow] {
    try write { store in
      try store.record("repair", ruling)
      var damaged: [DamagedRow] = []
      var position = HubStore.beforeDevicesRows
      while true {
        let rows = try store.notedRows(after: position, limit: SyncLimits.pageRows)
        damaged += try store.putRight(
          rows, by: ruling.by, wallMilliseconds: ruling.wallMilliseconds)
        guard let last = rows.last else { break }
        position = [last[0], last[1]]
      }
      for table in schema.tables { try store.adoptRows(of: table) }
      try store.renewMarks()
      return damaged
    }
  }
}

/// Damaged rows that were found beside other work, until somebody asks.
final class DamageFound: Sendable {
  private let rows = Mutex<[DamagedRow]>([])
  /// More than anybody reads; what was done about each is on record anyway.
  private static let keptMax = 10_000

  func add(_ found: [DamagedRow]) {
    if found.isEmpty { return }
    rows.withLock { $0 += found.prefix(Self.keptMax - $0.count) }
  }

  func take() -> [DamagedRow] {
    rows.withLock { rows in
      defer { rows = [] }
      return rows
    }
  }
}

extension Hub {
  /// What has been found damaged beside devices' requests since this was asked last.
  package func takeDamageFound() -> [DamagedRow] { damage.take() }
}

/// When rows were read again last: with every pull while there are few, and a second apart when a whole
/// province comes at once.
final class ScrubPace: Sendable {
  private let last = Mutex(Int64.min)

  /// Whether it is time, and if so notes it.
  func isDue(_ wallMilliseconds: Int64) -> Bool {
    last.withLock { last in
      // A clock that was put back must not stop it.
      let isDue = wallMilliseconds < last || wallMilliseconds >= last &+ 1_000 || last == .min
      if isDue { last = wallMilliseconds }
      return isDue
    }
  }
}

extension HubStore {
  func scrub(limit: Int, wallMilliseconds: Int64) throws -> [DamagedRow] {
    var position = Self.beforeDevicesRows
    if case .blob(let bytes) = try setting(.scrub) { position = try decodedValues(bytes) }
    let rows = try notedRows(after: position, limit: limit)
    let last = rows.count < limit ? nil : rows.last
    try set(.scrub, last.map { .blob(encodedValues([$0[0], $0[1]])) } ?? .null)
    return try putRight(rows, by: "", wallMilliseconds: wallMilliseconds)
  }

  /// Rows of the tables that the hub makes itself are not read again.
  fileprivate static let beforeDevicesRows: [Value] = [
    .integer(Int64(SyncSchema.firstTableNumber - 1)), .null,
  ]

  /// What the hub has noted of rows: table, key, sum of marks, metadata.
  fileprivate func notedRows(after position: [Value], limit: Int) throws -> [[Value]] {
    try connection.rows(
      """
      SELECT tbl, key, sum, meta FROM hub_row
      WHERE (tbl, key) > (?, ?) ORDER BY tbl, key LIMIT ?
      """, position + [.integer(Int64(limit))])
  }

  /// Puts rows right for somebody who asked for it, or for nobody.
  fileprivate func putRight(
    _ rows: [[Value]], by officer: String, wallMilliseconds: Int64
  ) throws -> [DamagedRow] {
    var damaged: [DamagedRow] = []
    for row in rows {
      guard let table = row[0].integer.flatMap({ schema.table(number: Int($0)) }),
        let sum = row[2].integer, case .blob(let meta) = row[3]
      else { continue }
      let key = try RowKey(stored: row[1], columns: table.key.count)
      let live = try connection.first(table.selectByKey, key.values)
      let noted = UInt64(bitPattern: sum)
      if (live.map { table.mark(of: $0) } ?? 0) == noted { continue }
      let repair = RowRepair(
        store: self, table: table, key: key, found: live, noted: noted, officer: officer)
      let isRestored = try repair.run(meta: meta, wallMilliseconds: wallMilliseconds)
      damaged.append(DamagedRow(table: table.name, key: key, isRestored: isRestored))
    }
    if damaged.contains(where: { !$0.isRestored }) { try renewMarks() }
    return damaged
  }
}

/// The putting right of one damaged row, from the change sets that made it.
private struct RowRepair {
  let store: HubStore
  let table: TableSchema
  let key: RowKey
  /// What is in the table; nothing if the row is gone from it.
  let found: [Value]?
  let noted: UInt64
  let officer: String

  func run(meta: [UInt8], wallMilliseconds: Int64) throws -> Bool {
    let state = try RowState(metadata: meta, live: found ?? keyAlone, table: table)
    if state.isDeleted {
      try record("restored", to: nil, wallMilliseconds: wallMilliseconds)
      try remove()
      return true
    }
    guard let values = try proven(state) else {
      try record("damaged", to: found, wallMilliseconds: wallMilliseconds)
      return false
    }
    try record("restored", to: values, wallMilliseconds: wallMilliseconds)
    try write(values)
    return true
  }

  private var keyAlone: [Value] {
    var values = Array(repeating: Value.null, count: table.columns.count)
    for (index, value) in zip(table.key, key.values) { values[index] = value }
    return values
  }

  /// Values that fit what was noted: the last written ones, or those found with one unit as somebody
  /// once wrote it.
  private func proven(_ state: RowState) throws -> [Value]? {
    let written = try writtenValues()
    var last = state.values
    for index in table.units.indices {
      guard
        let values = written[index]?.last(where: { $0.0 == state.unit(index).version.changeSet })
      else { continue }
      for (column, value) in zip(table.units[index].columns, values.1) { last[column] = value }
    }
    if table.mark(of: last) == noted { return last }
    for start in [state.values, last] {
      for (index, unit) in table.units.enumerated() {
        for (_, values) in written[index] ?? [] {
          var trial = start
          for (column, value) in zip(unit.columns, values) { trial[column] = value }
          if table.mark(of: trial) == noted { return trial }
        }
      }
    }
    return nil
  }

  /// For each unit what change sets wrote to it, by their numbers, the oldest first.
  private func writtenValues() throws -> [Int: [(Int64, [Value])]] {
    var written: [Int: [(Int64, [Value])]] = [:]
    for place in try store.places(of: table, key) {
      let (number, position) = (place.number, place.position)
      guard let read = try store.readChangeSet(number),
        read.changeSet.changes.indices.contains(position)
      else { continue }
      let change = read.changeSet.changes[position]
      for (index, unit) in table.units.enumerated() {
        let fields = unit.columns.map { column in
          change.fields.first { $0.column == table.columns[column].number }
        }
        let isNamed = change.operation == .insert || fields.contains { $0 != nil }
        guard isNamed else { continue }
        written[index, default: []].append((number, fields.map { $0?.after ?? .null }))
        if change.operation != .insert {
          written[index, default: []].append((0, fields.map { $0?.before ?? .null }))
        }
      }
    }
    return written
  }

  private func remove() throws {
    try store.connection.run(table.deleteByKey, key.values)
  }

  private func write(_ values: [Value]) throws {
    try remove()
    try store.connection.run(table.insert, values)
  }

  /// Puts on record what was found and what stands now: neither is lost.
  private func record(_ act: String, to values: [Value]?, wallMilliseconds: Int64) throws {
    let found = found ?? keyAlone
    let fields = table.columns.indices.filter { table.columns[$0].unit != nil }.map { index in
      FieldChange(
        column: table.columns[index].number, before: found[index],
        after: values?[index] ?? .null)
    }
    let change = RowChange(
      table: table.number, operation: .update, key: key,
      fields: fields.filter { $0.before != $0.after || values == nil })
    let (_, number) = try store.insertOwn(
      [change], by: officer, act: "\(act) \(table.name)", wallMilliseconds: wallMilliseconds)
    try store.writeHistory(table, key, number: number, position: 0, outcomes: [:])
  }
}
