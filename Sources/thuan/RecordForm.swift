import FieldModel
import Foundation
import SyncCore
import Terminal

/// The options by which a kind of record is filled in, and where what they say goes.
struct RecordForm {
  enum Destination: Equatable {
    case record
    case part
    /// A set, by its index in the kind.
    case tags(Int)
    /// Something that is made together with the record; see ``Companions``.
    case companion
  }

  struct Entry {
    let field: RecordField
    let destination: Destination
  }

  let kind: RecordKind
  let entries: [Entry]

  init(_ kind: RecordKind, isNew: Bool) {
    self.kind = kind
    var entries = kind.fields.filter { !$0.isAutomatic }.map {
      Entry(field: $0, destination: .record)
    }
    entries += (kind.part?.fields ?? []).map { Entry(field: $0, destination: .part) }
    for (index, tags) in kind.tags.enumerated() {
      entries.append(Entry(field: tags.field, destination: .tags(index)))
    }
    if isNew {
      entries += Companions.fields(of: kind).map { Entry(field: $0, destination: .companion) }
    }
    self.entries = entries
  }

  var flags: Set<String> { Set(entries.map(\.field.flag)) }

  /// Options that stand for yes without a value.
  var switches: Set<String> {
    Set(
      entries.compactMap { entry in
        if case .flag = entry.field.form { return entry.field.flag }
        return nil
      })
  }

  /// The entry that a column's name or an option's stands for.
  func entry(_ name: String) -> Entry? {
    let flag = name.replacing("_", with: "-")
    return entries.first { $0.field.column == name } ?? entries.first { $0.field.flag == flag }
  }

  /// The options, as help lists them.
  var help: String {
    let lines = entries.map { entry -> (String, String) in
      let field = entry.field
      var text = field.title.text
      if field.isRequired, entry.destination == .record {
        text += say(vi: " (bắt buộc)", en: " (required)", uk: " (обов’язково)")
      }
      if let condition = kind.part?.condition, entry.destination == .part {
        text += " [\(condition.column) = \(condition.value)]"
      }
      let terms = field.terms.map { "\($0.value) (\($0.phrase.text))" }.joined(separator: ", ")
      if !terms.isEmpty { text += ": " + terms }
      return ("--\(field.flag)\(Self.placeholder(field))", text)
    }
    let width = lines.map(\.0.count).max() ?? 0
    return lines.map { option, text in
      let gap = String(repeating: " ", count: width - option.count)
      let indent = String(repeating: " ", count: width + 4)
      return "  \(option)\(gap)  "
        + Self.wrapped(text, Self.lineLength - width - 4).joined(separator: "\n" + indent)
    }.joined(separator: "\n")
  }

  /// Below the parser's own line length, so that it breaks no line again.
  private static let lineLength = 76

  private static func wrapped(_ text: String, _ length: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let line = lines[lines.count - 1]
      if line.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if line.count + word.count < length {
        lines[lines.count - 1] = "\(line) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  private static func placeholder(_ field: RecordField) -> String {
    switch field.form {
    case .day: " " + say(vi: "NGÀY", en: "DAY", uk: "ДЕНЬ")
    case .time: " 8:30"
    case .integer, .decimal: " N"
    case .flag: ""
    case .prose: " " + say(vi: "LỜI|-|@TỆP", en: "TEXT|-|@FILE", uk: "ТЕКСТ|-|@ФАЙЛ")
    case .reference: " " + say(vi: "MÃ|TÊN", en: "ID|NAME", uk: "КОД|НАЗВА")
    default: " …"
    }
  }
}

/// What was filled in.
struct FilledForm {
  var record: [String: SyncCore.Value] = [:]
  var part: [String: SyncCore.Value] = [:]
  /// Sets by their index in the kind.
  var tags: [Int: Set<String>] = [:]
  /// Values of companions by column.
  var companions: [String: [SyncCore.Value]] = [:]
  /// People who are named but not known yet, by the column that names them.
  var newPersons: [String: String] = [:]

  var isEmpty: Bool { record.isEmpty && part.isEmpty && tags.isEmpty && companions.isEmpty }

  mutating func set(_ entry: RecordForm.Entry, _ value: SyncCore.Value) {
    switch entry.destination {
    case .record: record[entry.field.column] = value
    case .part: part[entry.field.column] = value
    case .tags(let index):
      if let text = value.text { tags[index, default: []].insert(text) }
      if value == .null { tags[index] = tags[index] ?? [] }
    case .companion: companions[entry.field.column, default: []].append(value)
    }
  }
}
