package import FieldModel
import Foundation

/// A value in a listing, which people and programs read.
package enum Cell: Equatable, Sendable {
  case text(String)
  case integer(Int64)
  case flag(Bool)
  /// An instant in milliseconds since 1970; shown in the machine's time zone, as ISO 8601 in JSON.
  case instant(Int64)
  case list([Cell])
  case object([(String, Cell)])
  case none

  package static func == (left: Cell, right: Cell) -> Bool { left.json == right.json }

  /// Text, or nothing.
  package static func optional(_ text: String?) -> Cell { text.map(Cell.text) ?? .none }

  /// As a person reads it in a table.
  package var shown: String {
    switch self {
    case .text(let text): text
    case .integer(let integer): String(integer)
    case .flag(let flag):
      flag ? say(vi: "có", en: "yes", uk: "так") : say(vi: "không", en: "no", uk: "ні")
    case .instant(let milliseconds): localTime(milliseconds)
    case .list(let cells): cells.map(\.shown).joined(separator: ", ")
    case .object(let fields): fields.map { "\($0.0): \($0.1.shown)" }.joined(separator: "; ")
    case .none: "–"
    }
  }

  /// As JSON, with the fields of an object in their order.
  package var json: String {
    switch self {
    case .text(let text): quotedJSON(text)
    case .integer(let integer): String(integer)
    case .flag(let flag): flag ? "true" : "false"
    case .instant(let milliseconds):
      quotedJSON(
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
          .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    case .list(let cells): "[" + cells.map(\.json).joined(separator: ",") + "]"
    case .object(let fields):
      "{" + fields.map { "\(quotedJSON($0.0)):\($0.1.json)" }.joined(separator: ",") + "}"
    case .none: "null"
    }
  }
}

private func quotedJSON(_ text: String) -> String {
  var json = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": json += "\\\""
    case "\\": json += "\\\\"
    case "\n": json += "\\n"
    case "\r": json += "\\r"
    case "\t": json += "\\t"
    case _ where scalar.value < 0x20 || scalar.steersTerminals:
      json += "\\u" + String(format: "%04x", Int(scalar.value))
    default: json.unicodeScalars.append(scalar)
    }
  }
  return json + "\""
}

/// An instant in the machine's time zone, day first as in Vietnam.
package func localTime(_ milliseconds: Int64) -> String {
  let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
  let parts = Calendar(identifier: .gregorian).dateComponents(
    [.day, .month, .year, .hour, .minute], from: date)
  return String(
    format: "%02d/%02d/%04d %02d:%02d", parts.day ?? 0, parts.month ?? 0, parts.year ?? 0,
    parts.hour ?? 0, parts.minute ?? 0)
}

/// Rows under titles: a table for people, one JSON array for programs (`--json`).
package struct Listing {
  package struct Column {
    package let name: String
    package let title: Phrase
    package init(_ name: String, _ title: Phrase) {
      self.name = name
      self.title = title
    }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row: a cell for every column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "a cell for every column")
    rows.append(cells)
  }

  package var isEmpty: Bool { rows.isEmpty }

  /// The listing as JSON: an array with an object a row.
  package var json: String {
    Cell.list(rows.map { .object(Array(zip(columns.map(\.name), $0))) }).json
  }

  /// The listing as a table whose columns line up.
  package var table: String {
    let titles = columns.map(\.title.text)
    let lines = rows.map { $0.map { $0.shown.harmless.replacing("\n", with: " ") } }
    let widths = titles.indices.map { index in
      min(48, ([titles[index]] + lines.map { $0[index] }).map(\.count).max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      var padded = zip(cells, widths).map { cell, width in
        let cut = cell.count > width ? String(cell.prefix(width - 1)) + "…" : cell
        return cut + String(repeating: " ", count: width - cut.count)
      }
      // The last column is never padded, nor cut: it is where sentences stand.
      if let last = cells.last { padded[padded.count - 1] = last }
      return padded.joined(separator: "  ")
    }
    return ([Style.faint(line(titles))] + lines.map(line)).joined(separator: "\n")
  }

  /// Prints the listing, or what there is to say if it is empty.
  package func print(asJSON: Bool, whenEmpty empty: Phrase) {
    if asJSON { Program.write(json) } else { Program.write(isEmpty ? empty.text : table) }
  }
}
