import Foundation
import SyncCore

/// What coding costs a cell, with codecs of our own, of Foundation, and (with the package's trait
/// `CodecComparison`) of SwiftProtobuf, over the same change sets.
func codecFigures(_ workload: Workload, rounds: Int) throws -> [Figure] {
  var figures = Rounds()
  for (name, changeSets) in [
    ("update", updates(workload)), ("insert", inserts(workload)),
  ] {
    let cells = Double(changeSets.flatMap(\.changes).reduce(0) { $0 + $1.fields.count })
    let encoded = changeSets.map { $0.encoded() }
    var contenders = [try own(changeSets, encoded), try json(changeSets)]
    #if CodecComparison
    contenders.insert(try swiftProtobuf(encoded), at: 1)
    #endif
    for _ in 0..<max(rounds, 5) {
      for contender in contenders {
        let place = "codec/\(name)/\(contender.name)"
        figures.add(
          "\(place)/encode", .nanosecondsPerCell, try seconds(contender.encode) * 1e9 / cells)
        figures.add(
          "\(place)/decode", .nanosecondsPerCell, try seconds(contender.decode) * 1e9 / cells)
      }
    }
    for contender in contenders {
      figures.add(
        "codec/\(name)/\(contender.name)/size", .bytesPerCell, Double(contender.bytes) / cells)
    }
  }
  try figures.addPacking(of: page(workload), rounds: max(rounds, 5))
  return figures.figures
}

extension Rounds {
  /// What it costs a cell to make a page of many rows for a device, and to read it there.
  fileprivate mutating func addPacking(of page: PullPage, rounds: Int) throws {
    let encoded = page.encoded()
    guard try PullPage(decoding: encoded) == page else {
      throw BenchError.wrongResult("a page does not survive coding")
    }
    let cells = Double(page.rows.reduce(0) { $0 + $1.values.count })
    func cost(_ work: () throws -> Void) throws -> Double {
      let times = 5
      return try seconds { for _ in 0..<times { try work() } } * 1e9 / Double(times) / cells
    }
    for _ in 0..<rounds {
      add("codec/page/thuan/encode", .nanosecondsPerCell, try cost { discard(page.encoded()) })
      add(
        "codec/page/thuan/decode", .nanosecondsPerCell,
        try cost { discard(try PullPage(decoding: encoded)) })
    }
    add("codec/page/thuan/size", .bytesPerCell, Double(encoded.count) / cells)
  }
}

/// As many rows as the hub puts on one page.
private func page(_ workload: Workload) -> PullPage {
  var page = PullPage()
  page.hub = "hub"
  page.isPacked = true
  page.rows = workload.rows.prefix(SyncLimits.pageRows).map { row in
    let cells = row.values.enumerated().dropFirst().filter { $0.element != .null }
    return PulledRow(
      table: row.table + 10, kind: .whole, key: RowKey([row.id]),
      columns: cells.map { $0.offset + 1 }, values: cells.map(\.element))
  }
  return page
}

/// One way of coding the same change sets.
struct Codec {
  let name: String
  /// All that it makes of the change sets.
  let bytes: Int
  let encode: () throws -> Void
  let decode: () throws -> Void
}

private let cellCount = 10_000

/// One-column updates, a hundred to a change set.
private func updates(_ workload: Workload) -> [ChangeSet] {
  let changes = (0..<cellCount).map { index in
    let row = workload.rows[index % workload.rows.count]
    let status = row.values[WorkloadTables.all[row.table].status]
    return RowChange(
      table: row.table + 10, operation: .update, key: RowKey([row.id]),
      fields: [FieldChange(column: 8, before: .text("dang_dien_ra"), after: status)])
  }
  return changeSets(changes)
}

/// Whole rows, a hundred to a change set.
private func inserts(_ workload: Workload) -> [ChangeSet] {
  var changes: [RowChange] = []
  var cells = 0
  while cells < cellCount {
    let row = workload.rows[changes.count % workload.rows.count]
    let fields = row.values.enumerated().dropFirst().filter { $0.element != .null }
      .map { FieldChange(column: $0.offset + 1, before: .null, after: $0.element) }
    changes.append(
      RowChange(
        table: row.table + 10, operation: .insert, key: RowKey([row.id]), fields: fields))
    cells += fields.count
  }
  return changeSets(changes)
}

private func changeSets(_ changes: [RowChange]) -> [ChangeSet] {
  changes.batches(of: 100).enumerated().map { index, changes in
    ChangeSet(
      stream: StreamID(device: String(repeating: "d", count: 32), epoch: 1),
      sequence: Int64(index + 1), previous: Array(repeating: 7, count: 32), schemaVersion: 1,
      base: HubPoint(sequence: 12_345, number: 2_345, proof: 0x0123_4567_89ab_cdef),
      stamp: HybridTime(milliseconds: 1_764_000_000_000),
      wallMilliseconds: 1_764_000_000_000, officer: "officer", isForeign: false,
      changes: Array(changes))
  }
}

private func own(_ changeSets: [ChangeSet], _ encoded: [[UInt8]]) throws -> Codec {
  guard try encoded.map({ try ChangeSet(decoding: $0) }) == changeSets else {
    throw BenchError.wrongResult("change sets do not survive coding")
  }
  return Codec(
    name: "thuan", bytes: encoded.reduce(0) { $0 + $1.count },
    encode: { for changeSet in changeSets { discard(changeSet.encoded()) } },
    decode: { for bytes in encoded { discard(try ChangeSet(decoding: bytes)) } })
}

/// Keeps the optimiser from leaving out what nobody uses.
@inline(never)
func discard(_ value: some Any) {}

// MARK: Foundation's JSON

private func json(_ changeSets: [ChangeSet]) throws -> Codec {
  let models = changeSets.map(JSONChangeSet.init)
  let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
  let encoded = try models.map { try encoder.encode($0) }
  return Codec(
    name: "foundation_json", bytes: encoded.reduce(0) { $0 + $1.count },
    encode: { for model in models { discard(try encoder.encode(model)) } },
    decode: {
      for data in encoded { discard(try decoder.decode(JSONChangeSet.self, from: data)) }
    })
}

/// A change set as an application would declare it for JSON.
private struct JSONChangeSet: Codable {
  struct Change: Codable {
    let table: Int
    let operation: Int
    let key: [JSONValue]
    let columns: [Int]
    let before: [JSONValue]
    let after: [JSONValue]
  }

  let device: String
  let epoch: Int
  let sequence: Int64
  let previous: Data
  let base: Int64
  let stamp: UInt64
  let wallMilliseconds: Int64
  let officer: String
  let changes: [Change]

  init(_ changeSet: ChangeSet) {
    device = changeSet.stream.device
    epoch = changeSet.stream.epoch
    sequence = changeSet.sequence
    previous = Data(changeSet.previous)
    base = changeSet.base.sequence
    stamp = changeSet.stamp.bits
    wallMilliseconds = changeSet.wallMilliseconds
    officer = changeSet.officer
    changes = changeSet.changes.map { change in
      Change(
        table: change.table, operation: change.operation.rawValue,
        key: change.key.values.map(JSONValue.init), columns: change.fields.map(\.column),
        before: change.operation == .insert ? [] : change.fields.map { JSONValue($0.before) },
        after: change.operation == .delete ? [] : change.fields.map { JSONValue($0.after) })
    }
  }
}

/// A value as JSON can tell it from others; the workload has no blobs.
private struct JSONValue: Codable {
  var integer: Int64?
  var real: Double?
  var text: String?

  init(_ value: Value) {
    switch value {
    case .integer(let integer): self.integer = integer
    case .real(let real): self.real = real
    case .text(let text): self.text = text
    case .null, .blob: break
    }
  }
}
