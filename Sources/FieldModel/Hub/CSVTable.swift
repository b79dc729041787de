package import Foundation

/// A table read from a CSV file (RFC 4180), with the line that every row begins on.
///
/// A byte order mark, CRLF and LF ends, quoted commas, quotes and line breaks are taken; text comes
/// out in NFC, since spreadsheets on macOS write NFD.
package struct CSVTable: Sendable {
  package let file: String
  package let header: [String]
  package let rows: [Row]

  /// One row by column name.
  package struct Row: Sendable {
    package let line: Int
    private let values: [String: String]

    init(line: Int, values: [String: String]) {
      self.line = line
      self.values = values
    }

    /// The trimmed text under a column; nothing if it is empty or there is no such column.
    package subscript(_ column: String) -> String? {
      guard let value = values[column], !value.isEmpty else { return nil }
      return value
    }
  }

  /// Reads a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: The whole file.
  ///   - file: Its name, for problems.
  ///   - required: Columns that have to be there.
  /// - Throws: ``ImportProblems`` with every row that cannot be read.
  package init(_ bytes: Data, file: String, required: [String]) throws(ImportProblems) {
    let content = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: content, as: UTF8.self) else {
      throw ImportProblems(ImportProblem(file, Self.firstBadLine(content), .notUTF8))
    }
    var reader = CSVReader(text.precomposedStringWithCanonicalMapping)
    var records: [CSVReader.Record] = []
    do {
      while let record = try reader.next() { records.append(record) }
    } catch {
      throw ImportProblems(ImportProblem(file, error.line, .badQuote))
    }
    guard let first = records.first else {
      throw ImportProblems(ImportProblem(file, 1, .emptyFile))
    }
    let header = first.fields.map { $0.trimmingCharacters(in: .whitespaces) }
    let missing = required.filter { !header.contains($0) }
    guard missing.isEmpty else {
      throw ImportProblems(missing.map { ImportProblem(file, 1, .missingColumn($0)) })
    }
    self.file = file
    self.header = header
    rows = try Self.rows(records.dropFirst(), header: header, file: file)
  }

  private static func rows(_ records: ArraySlice<CSVReader.Record>, header: [String], file: String)
    throws(ImportProblems) -> [Row]
  {
    var rows: [Row] = []
    var problems: [ImportProblem] = []
    for record in records where record.fields != [""] {
      guard record.fields.count == header.count else {
        problems.append(
          ImportProblem(
            file, record.line, .wrongFieldCount(record.fields.count, expected: header.count)))
        continue
      }
      let fields = record.fields.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      rows.append(
        Row(line: record.line, values: Dictionary(zip(header, fields)) { first, _ in first }))
    }
    if !problems.isEmpty { throw ImportProblems(problems) }
    return rows
  }

  /// The line of the first bytes that are no UTF-8.
  private static func firstBadLine(_ bytes: Data) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
  }
}

/// Takes CSV text apart, record by record.
private struct CSVReader {
  struct Record {
    let line: Int
    let fields: [String]
  }

  /// A quote that does not belong where it stands, or is never closed.
  struct BadQuote: Error { let line: Int }

  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  mutating func next() throws(BadQuote) -> Record? {
    guard position < scalars.count else { return nil }
    let start = line
    var fields = [try field()]
    while position < scalars.count, scalars[position] == "," {
      position += 1
      fields.append(try field())
    }
    endLine()
    return Record(line: start, fields: fields)
  }

  private mutating func field() throws(BadQuote) -> String {
    if position < scalars.count, scalars[position] == "\"" { return try quotedField() }
    var text = String.UnicodeScalarView()
    while position < scalars.count, scalars[position] != ",", !isLineEnd {
      if scalars[position] == "\"" { throw BadQuote(line: line) }
      text.append(scalars[position])
      position += 1
    }
    return String(text)
  }

  private mutating func quotedField() throws(BadQuote) -> String {
    let start = line
    var text = String.UnicodeScalarView()
    position += 1
    while position < scalars.count {
      let scalar = scalars[position]
      position += 1
      if scalar == "\n" { line += 1 }
      guard scalar == "\"" else {
        text.append(scalar)
        continue
      }
      if position < scalars.count, scalars[position] == "\"" {
        text.append(scalar)
        position += 1
        continue
      }
      guard position == scalars.count || scalars[position] == "," || isLineEnd else {
        throw BadQuote(line: line)
      }
      return String(text)
    }
    throw BadQuote(line: start)
  }

  private var isLineEnd: Bool { scalars[position] == "\n" || scalars[position] == "\r" }

  private mutating func endLine() {
    if position < scalars.count, scalars[position] == "\r" { position += 1 }
    if position < scalars.count, scalars[position] == "\n" { position += 1 }
    line += 1
  }
}
