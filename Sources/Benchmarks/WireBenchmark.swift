import Foundation
import GRDB
import SyncCore

/// How many bytes a row takes on the wire, raw and compressed, against JSON with keys.
func wireFigures(_ workload: Workload) throws -> [Figure] {
  var figures: [Figure] = []
  for size in [100, 1] {
    let province = try Province()
    let (writer, reader) = (try province.device(1), try province.device(2))
    for step in Workload.Step.allCases {
      let operations = workload.operations(of: step)
      try writer.store.run(operations.batches(of: size))
      var (pushed, pulled) = (Data(), Data())
      _ = try province.push(writer) { pushed.append(contentsOf: $0) }
      _ = try province.pull(reader) { pulled.append(contentsOf: $0) }
      figures.append(
        try figure("wire/push/\(step.rawValue)/\(size)", pushed, rows: operations.count))
      guard size == 100 else { continue }
      figures.append(try figure("wire/pull/\(step.rawValue)", pulled, rows: operations.count))
    }
  }
  figures.append(try figure("wire/json/insert", json(workload), rows: workload.rows.count))
  return figures
}

private func figure(_ name: String, _ bytes: Data, rows: Int) throws -> Figure {
  var details: [(String, Double)] = []
  for (tool, command) in [("gzip_6", "gzip -6"), ("zstd_3", "zstd -q -3")] {
    if let size = try compressed(bytes, by: command) {
      details.append((tool, Double(size) / Double(rows)))
    }
  }
  return Figure(name, Double(bytes.count) / Double(rows), .bytesPerRow, details: details)
}

/// The size of what a command line tool makes of some bytes; nothing if the tool is not there.
private func compressed(_ bytes: Data, by command: String) throws -> Int? {
  let folder = try TemporaryFolder()
  let input = folder.file("input")
  try bytes.write(to: URL(fileURLWithPath: input))
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/bin/sh")
  process.arguments = [
    "-c", "command -v \(command) > /dev/null || exit 1; \(command) < '\(input)' | wc -c",
  ]
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let text = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { return nil }
  return Int(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
}

/// The inserted rows as JSON lines with keys, as the documents of other systems carry them.
private func json(_ workload: Workload) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .withoutEscapingSlashes
  var lines = Data()
  for row in workload.rows {
    let table = WorkloadTables.all[row.table]
    var object: [String: JSONCell] = ["t": .text(table.name)]
    for (column, value) in zip(table.columns, row.values) {
      switch value {
      case .integer(let integer): object[column] = .integer(integer)
      case .text(let text): object[column] = .text(text)
      default: object[column] = .null
      }
    }
    lines.append(try encoder.encode(object))
    lines.append(UInt8(ascii: "\n"))
  }
  return lines
}

private enum JSONCell: Encodable {
  case null
  case integer(Int64)
  case text(String)

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .integer(let integer): try container.encode(integer)
    case .text(let text): try container.encode(text)
    }
  }
}
