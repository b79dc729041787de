import Foundation
import Gzip
import SyncCore
import SyncDevice

/// How many bytes travel, against what `gzip -6` makes of the same rows as JSON lines.
///
/// Bodies only: what HTTP puts around them is the same for every body.
func wireFigures(_ rehearsal: Rehearsal) throws -> [Figure] {
  let workload = rehearsal.workload
  let bootstrap = try bootstrapBytes(rehearsal)
  let json = try compressedJSON(of: workload.rows)
  let folder = try TemporaryFolder()
  let (province, device) = try rehearsal.goOn(in: folder)
  var days = Figure("wire/day", [], target: 0.75)
  for day in 0..<daysMeasured { days.add(try pushADay(day, province, device)) }
  return [
    Figure(
      "wire/bootstrap", [Pair(plain: Double(json), ours: Double(bootstrap), unit: .bytes)],
      target: 0.85),
    Figure(
      "wire/bootstrap/row", .bytesPerRow, [Double(bootstrap) / Double(workload.rows.count)]),
    days,
    Figure(
      "wire/update", .bytesPerRow,
      [try pushUpdates(of: workload, inOneGo: true, province, device)], target: 40),
    Figure(
      "wire/update/alone", .bytesPerRow,
      [try pushUpdates(of: workload, inOneGo: false, province, device)]),
  ]
}

/// What travels of the hub's whole state.
func bootstrapBytes(_ rehearsal: Rehearsal) throws -> Int {
  var bytes = 0
  try rehearsal.pages.each { bytes += travelling($0) }
  return bytes
}

private let daysMeasured = 7
private let sessionsOfADay = 5
private let updatesMeasured = 1_000

/// A body's bytes as client and hub have them travel: compressed, unless that gains nothing.
func travelling(_ body: [UInt8]) -> Int {
  guard body.count >= HTTPContract.compressedBytesMin, let smaller = Gzip.compressed(body) else {
    return body.count
  }
  return min(smaller.count, body.count)
}

/// The push of a commune's sessions of one day with their recommendations, each session written in
/// one go.
private func pushADay(_ day: Int, _ province: Province, _ device: Province.Device) throws -> Pair {
  var generator = WorkloadGenerator(seed: UInt64(day + 1))
  let sessions = (0..<sessionsOfADay).map { number in
    generator.session(number: number + 1, recommendations: 2)
  }
  try device.store.run(sessions.map { $0.map { Operation($0.kind.insert, $0.values) }[...] })
  let pushed = try push(device, province, changes: sessions.count * 3)
  return Pair(
    plain: Double(try compressedJSON(of: sessions.flatMap { $0 })), ours: Double(pushed),
    unit: .bytes)
}

/// What an update of one column takes in a push of a thousand.
///
/// - Parameters:
///   - workload: The rows.
///   - inOneGo: Whether somebody wrote them in one transaction, or each in one of its own.
///   - province: The hub.
///   - device: Who writes.
/// - Returns: Bytes.
/// - Throws: What device or hub throw, and ``BenchError/wrongResult(_:)``.
private func pushUpdates(
  of workload: Workload, inOneGo: Bool, _ province: Province, _ device: Province.Device
) throws -> Double {
  // Those who write each alone take other rows, so that every update changes something.
  let updates = workload.operations(of: .update)
  let count = min(updatesMeasured, updates.count / 2)
  let operations = inOneGo ? updates.prefix(count) : updates.suffix(count)
  try device.store.run(Array(operations).batches(of: inOneGo ? operations.count : 1))
  return try Double(push(device, province, changes: operations.count)) / Double(operations.count)
}

private func push(
  _ device: Province.Device, _ province: Province, changes wanted: Int
) throws -> Int {
  var (bytes, changes) = (0, 0)
  try province.synchronise(device) { request, _ in
    guard case .push(let envelope) = request else { return }
    bytes += travelling(envelope)
    changes += try Envelope(decoding: envelope).changeSets
      .reduce(0) { $0 + (try ChangeSet(decoding: $1).changes.count) }
  }
  try expect("changes pushed", changes, wanted)
  return bytes
}

// MARK: JSON

/// How many bytes `gzip -6` makes of rows as JSON lines with keys, as other systems' documents carry
/// them.
private func compressedJSON(of rows: [Workload.Row]) throws -> Int {
  let folder = try TemporaryFolder()
  let path = folder.file("rows.json")
  try Data().write(to: URL(fileURLWithPath: path))
  let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
  for rows in rows.batches(of: 1_000) {
    try file.write(contentsOf: Data(rows.map(\.json).joined().utf8))
  }
  try file.close()
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["gzip", "-6", "-n", path]
  try process.run()
  process.waitUntilExit()
  try expect("the exit code of gzip", process.terminationStatus, 0)
  let attributes = try FileManager.default.attributesOfItem(atPath: path + ".gz")
  guard let size = attributes[.size] as? Int, size > 0 else {
    throw BenchError.wrongResult("gzip wrote nothing")
  }
  return size
}

extension Workload.Row {
  /// The row as one line of JSON, its table under `t`.
  fileprivate var json: String {
    let fields = zip(kind.columns, values).map { column, value in "\"\(column)\":\(value.json)" }
    return "{\"t\":\"\(kind.name)\",\(fields.joined(separator: ","))}\n"
  }
}

extension Value {
  /// The value as JSON; the workload has no bytes in it, nor texts with control characters.
  fileprivate var json: String {
    switch self {
    case .integer(let integer): String(integer)
    case .text(let text):
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    default: "null"
    }
  }
}
