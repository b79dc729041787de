import GRDB
package import SyncCore
import SyncSQLite

extension Lookup {
  private static let labelLengthMax = 72

  /// The words by which people know a record.
  package func label(of record: Record) throws -> String { try label(of: record, depth: 0) }

  /// The words for a key in a table; the key itself, shortened, if its row is not here.
  package func label(_ id: String, in table: String) throws -> String {
    try label(id, in: table, depth: 0)
  }

  private func label(_ id: String, in table: String, depth: Int) throws -> String {
    guard depth < 3, let kind = RecordKinds.of(table: table),
      let record = try Record.find(kind, id, in: db)
    else { return RecordID.short(id) }
    return try label(of: record, depth: depth + 1)
  }

  private func label(of record: Record, depth: Int) throws -> String {
    if record.kind.table == "document" { return documentLabel(record) }
    var words: [String] = []
    for field in record.kind.fields where field.traits.contains(.label) {
      let value = record[field.column]
      guard value != .null else { continue }
      words.append(try shown(value, field, depth: depth))
    }
    let text = words.joined(separator: ", ").replacing("\n", with: " ")
    if text.isEmpty { return RecordID.short(record.id) }
    return text.count > Self.labelLengthMax
      ? String(text.prefix(Self.labelLengthMax - 1)) + "…" : text
  }

  private func documentLabel(_ record: Record) -> String {
    let type = record["doc_type"].text ?? ""
    let number = Self.number(of: record)
    let day = record["issued_on"].text.map { ", " + CivilDay.shown($0) } ?? ""
    return "\(number ?? type)\(day): \(record["abstract"].text ?? "")"
  }

  /// A document's number as it is cited; nothing before the clerk has given one.
  package static func number(of document: Record) -> String? {
    guard let number = document["number_int"].integer else { return nil }
    let digits = number < 10 ? "0\(number)" : String(number)
    let symbol = document["symbol"].text ?? document["doc_type"].text ?? ""
    return "\(digits)\(document["number_suffix"].text ?? "")/\(symbol)"
  }

  /// A value as people read it, in Vietnamese terms where it is one of a list.
  package func shown(
    _ value: SyncCore.Value, _ field: RecordField?, in language: Language = .vi
  ) throws -> String {
    try shown(value, field, depth: 0, language)
  }

  private func shown(
    _ value: SyncCore.Value, _ field: RecordField?, depth: Int, _ language: Language = .vi
  ) throws -> String {
    guard value != .null else { return "–" }
    guard let field, let text = value.text else {
      if case .flag = field?.form { return value == .integer(0) ? "0" : "1" }
      return value.description
    }
    switch field.form {
    case .choice(let terms), .tag(let terms): return terms[text]?.text(language) ?? text
    case .day: return CivilDay.shown(text)
    case .reference(let table): return try label(text, in: table, depth: depth)
    case .officer: return text.isEmpty ? "–" : try label(text, in: "officer", depth: depth)
    default: return text
    }
  }
}
