import FieldModel
import SyncCore
import SyncHub
import Terminal

extension OpenHub {
  /// A record in words, such as a session's title; its id if it has none or no longer lives.
  func name(_ table: String, _ key: RowKey) throws -> String {
    let values = try values(table, key)
    var parts: [String] = []
    for column in labelColumns(of: table) {
      guard let value = values[column], value != .null, value != .text("") else { continue }
      parts.append(try shown(value, in: table, column: column, withID: false))
    }
    if table == "document", let number = number(of: values) { parts.insert(number, at: 0) }
    return parts.isEmpty ? Abbreviation.shown(key.description) : parts.joined(separator: ", ")
  }

  /// A record's kind and name: `Cuộc giám sát “…”`.
  func description(of table: String, _ key: RowKey) throws -> String {
    let kind = title(ofTable: table)
    let name = clipped(try name(table, key), to: 90)
    return "\(kind): \(name) [\(Abbreviation.shown(key.description))]"
  }

  private func labelColumns(of table: String) -> [String] {
    if let kind = RecordKinds.of(table: table) {
      return kind.fields.filter { $0.traits.contains(.label) }.map(\.column)
    }
    switch table {
    case "session_criticism": return ["draft_title"]
    case "session_org": return ["session_id", "org_id", "part"]
    case "session_field": return ["session_id", "field"]
    case "document_link": return ["document_id", "part"]
    default: return []
    }
  }

  /// `07/KH-MTTQ-BTT`; nothing before a number has been given.
  private func number(of document: [String: Value]) -> String? {
    guard let number = document["number_int"]?.integer else { return nil }
    let digits = number < 10 ? "0\(number)" : "\(number)"
    let type = document["doc_type"]?.text ?? ""
    let symbol = document["symbol"]?.text ?? ""
    let parts = symbol.hasPrefix(type) ? [symbol] : [type, symbol]
    return "\(digits)\(document["number_suffix"]?.text ?? "")/"
      + parts.filter { !$0.isEmpty }.joined(separator: "-")
  }

  /// A value as an operator reads it: terms in words, days as they are written, ids as the names
  /// that they stand for.
  ///
  /// `withID` has a name followed by its id.
  func shown(_ value: Value, in table: String, column: String, withID: Bool = true) throws
    -> String
  {
    if value == .null { return "–" }
    guard let field = RecordKinds.field(column, in: table) else {
      return CivilDay.shown(value.description)
    }
    if column == "entity" { return title(ofTable: value.description) }
    switch field.form {
    case .flag: return Cell.flag(value == .integer(1)).shown
    case .choice(let terms), .tag(let terms):
      return terms[value.description]?.text ?? value.description
    case .day: return CivilDay.shown(value.description)
    case .reference(let target): return try shownName(value, in: target, withID: withID)
    case .officer: return try shownName(value, in: "officer", withID: withID)
    default: return value.description
    }
  }

  private func shownName(_ id: Value, in table: String, withID: Bool) throws -> String {
    let short = Abbreviation.shown(id.description)
    let name = try name(table, RowKey([id]))
    return name == short || !withID ? name : "\(name) [\(short)]"
  }
}

/// A text cut to a length.
func clipped(_ text: String, to length: Int) -> String {
  text.count > length ? text.prefix(length - 1) + "…" : text
}
