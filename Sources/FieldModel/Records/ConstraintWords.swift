extension Phrase {
  /// What SQLite's words about a constraint mean for whoever wrote the record.
  ///
  /// - Parameters:
  ///   - message: As SQLite says it: `CHECK constraint failed: held_from <= held_to`.
  ///   - table: The table that was written; empty where nobody knows.
  /// - Returns: The sentence, with the fields by their titles.
  package static func constraint(_ message: String, table: String) -> Phrase {
    if message.hasPrefix("FOREIGN KEY") {
      return Phrase(
        vi: "Bản ghi khác còn gắn với bản ghi này, hoặc bản ghi được nhắc đến không có.",
        en: "Another record depends on it, or a record that it names is not there.",
        uk: "Від нього залежить інший запис, або згаданого запису немає.")
    }
    if message.hasPrefix("UNIQUE") {
      return Phrase(vi: "Đã có rồi.", en: "It is there already.", uk: "Такий уже є.")
    }
    return broken(message, fields(named: message, in: table))
  }

  private static func fields(named message: String, in table: String) -> [RecordField] {
    let names = message.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    // SQLite names the table in front of a column that must not be empty. Where nobody knows the
    // table, any that has the column will do: a column is called alike in all of them.
    let known = [table] + names.filter { RecordKinds.of(table: $0) != nil }
    let tables = table.isEmpty ? known + RecordKinds.all.map(\.table) : known
    var fields: [RecordField] = []
    for name in names {
      guard let field = tables.lazy.compactMap({ RecordKinds.field(name, in: $0) }).first,
        !fields.contains(where: { $0.column == field.column })
      else { continue }
      fields.append(field)
    }
    return fields
  }

  private static func broken(_ message: String, _ fields: [RecordField]) -> Phrase {
    func list(_ language: Language) -> String {
      fields.map { "“\($0.title.text(language))” (--\($0.flag))" }.joined(separator: ", ")
    }
    guard let first = fields.first else {
      return Phrase(
        vi: "Một giá trị không hợp lệ.", en: "A value is not valid.",
        uk: "Одне зі значень хибне.")
    }
    if fields.count == 2, message.contains("<=") {
      let last = fields[1]
      return Phrase(
        vi:
          "“\(first.title.vi)” (--\(first.flag)) không được sau “\(last.title.vi)” (--\(last.flag)).",
        en:
          "“\(first.title.en)” (--\(first.flag)) must not be after “\(last.title.en)” (--\(last.flag)).",
        uk:
          "«\(first.title.uk)» (--\(first.flag)) не може бути пізніше за «\(last.title.uk)» (--\(last.flag))."
      )
    }
    if fields.count == 1, message.contains(">= 0") {
      return Phrase(
        vi: "\(list(.vi)) không được âm.", en: "\(list(.en)) must not be negative.",
        uk: "\(list(.uk)) не може бути від’ємним.")
    }
    if message.contains("NOT NULL") || message.contains("trim(") {
      return Phrase(
        vi: "Cần ghi: \(list(.vi)).", en: "Needed: \(list(.en)).", uk: "Потрібно: \(list(.uk)).")
    }
    return Phrase(
      vi: "Không hợp lệ: \(list(.vi)).", en: "Not valid: \(list(.en)).", uk: "Хибно: \(list(.uk)).")
  }
}
