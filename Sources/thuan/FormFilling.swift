import FieldModel
import Foundation
import SyncCore
import Terminal

/// Turns options, defaults and answers into the values of a record.
struct FormFilling {
  let field: FieldStore
  let form: RecordForm
  /// The day as of which names are meant.
  private var day: String
  private(set) var filled = FilledForm()

  init(_ field: FieldStore, _ form: RecordForm) {
    self.field = field
    self.form = form
    day = field.today
  }

  /// Takes in what options say.
  mutating func take(_ options: [(flag: String, value: String)]) throws {
    // A unit is meant as it was on the day of the session, so the day comes first.
    for option in options where ["from", "planned-from", "held_from"].contains(option.flag) {
      if let day = CivilDay.parse(option.value) { self.day = day }
    }
    for option in options {
      guard let entry = form.entry(option.flag) else { throw Self.unknownColumn(option.flag, form) }
      let text = try LongText.resolve(option.value, for: entry.field)
      guard text.utf8.count <= LongText.bytesMax else { throw entry.field.problem(.tooLong) }
      try take(entry, text)
    }
  }

  private mutating func take(_ entry: RecordForm.Entry, _ text: String) throws {
    if case .tag = entry.field.form, entry.destination != .record {
      let pieces = text.split(separator: ",").map(String.init)
      for piece in pieces.isEmpty ? [""] : pieces {
        filled.set(entry, try value(entry.field, piece))
      }
      return
    }
    filled.set(entry, try value(entry.field, text))
  }

  /// A value; a person who is not known yet is noted, to be added with the record.
  private mutating func value(_ field: RecordField, _ text: String) throws -> SyncCore.Value {
    let name = Folding.normalise(text)
    if case .reference("person") = field.form, name.contains(" ") {
      let isKnown = try self.field.read { lookup, _ in
        try Record.isThere(RecordKinds.person, name, lookup)
      }
      if !isKnown {
        filled.newPersons[field.column] = name
        return .text(self.field.newID())
      }
    }
    return try self.field.read(on: day) { lookup, _ in try field.value(from: text, lookup) }
  }

  /// Sets what was not given and is known anyway.
  mutating func set(_ column: String, _ value: SyncCore.Value) {
    if filled.record[column] == nil { filled.record[column] = value }
  }

  /// Asks for what is missing, or says what is.
  ///
  /// - Parameter asksAll: Whether columns are asked for that may stay empty.
  /// - Throws: ``Failure`` naming the option that is missing.
  mutating func complete(asksAll: Bool) throws {
    for entry in form.entries where isOpen(entry) {
      let field = entry.field
      guard field.isRequired || (asksAll && field.traits.contains(.asked)) else { continue }
      guard Questions.canAsk else {
        if field.isRequired { throw Self.missing(field) }
        continue
      }
      try ask(entry)
    }
    if form.kind.table == "session" || form.kind.table == "plan_item" { try checkForm() }
  }

  private func isOpen(_ entry: RecordForm.Entry) -> Bool {
    switch entry.destination {
    case .record: filled.record[entry.field.column] == nil
    case .part:
      form.kind.part?.condition != nil && isPartWanted && filled.part[entry.field.column] == nil
    case .tags, .companion: false
    }
  }

  /// Whether the record is one that has a part.
  var isPartWanted: Bool {
    guard let condition = form.kind.part?.condition else { return !filled.part.isEmpty }
    return filled.record[condition.column] == .text(condition.value)
  }

  private mutating func ask(_ entry: RecordForm.Entry) throws {
    let terms =
      entry.field.column == "form" ? Term.forms(of: filled.record["kind"]) : entry.field.terms
    if terms.count == 1 {
      filled.set(entry, .text(terms[0].value))
    } else if case .choice = entry.field.form {
      let options = terms.map { (option: $0.value, name: $0.phrase.text) }
      filled.set(entry, .text(try Questions.choose(entry.field.title, options)))
    } else {
      try showRecent(entry.field)
      let copy = self
      let answer = try Questions.ask(
        entry.field.title.asked(of: entry.field), isRequired: entry.field.isRequired
      ) { answer in
        var trial = copy
        do {
          _ = try trial.value(entry.field, answer)
          return nil
        } catch let problem as RecordProblem {
          return problem.what
        } catch { return nil }
      }
      if let answer { try take(entry, answer) }
    }
  }

  /// A form that the kind does not have would only be refused by the database, without a list.
  ///
  /// - Parameter record: What is changed, where it is no new one.
  /// - Throws: `RecordProblem` with the forms that there are.
  func checkForm(of record: Record? = nil) throws {
    guard let field = self.form.entry("form")?.field,
      let kind = filled.record["kind"] ?? record?["kind"],
      let form = (filled.record["form"] ?? record?["form"])?.text
    else { return }
    let allowed = Term.forms(of: kind)
    guard !allowed.contains(where: { $0.value == form }) else { return }
    throw field.problem(.notListed(form, allowed))
  }

  /// The newest records that a question is about, so that nobody has to know ids by heart.
  private func showRecent(_ field: RecordField) throws {
    guard case .reference(let table) = field.form, let kind = RecordKinds.of(table: table),
      kind.writing != .hubOnly, field.isRequired
    else { return }
    let lines = try self.field.read { lookup, db in
      try Record.all(kind, limit: 8, in: db).map {
        "  \(RecordID.short($0.id))  \(try lookup.label(of: $0))"
      }
    }
    for line in lines { Program.write(line, toErrors: true) }
  }

  private static func missing(_ field: RecordField) -> Failure {
    let values = field.terms.map(\.value).joined(separator: "|")
    let hint = values.isEmpty ? "" : " (\(values))"
    return Failure(
      .usage,
      Phrase(
        vi: "Thiếu --\(field.flag): \(field.title.vi)\(hint).",
        en: "--\(field.flag) is missing: \(field.title.en)\(hint).",
        uk: "Бракує --\(field.flag): \(field.title.uk)\(hint)."))
  }

  private static func unknownColumn(_ name: String, _ form: RecordForm) -> Failure {
    let list = form.entries.map(\.field.column).joined(separator: ", ")
    return Failure(
      .usage,
      Phrase(
        vi: "“\(form.kind.title.vi)” không có cột “\(name)”.",
        en: "“\(form.kind.title.en)” has no column “\(name)”.",
        uk: "«\(form.kind.title.uk)» не має стовпця «\(name)»."),
      hint: Phrase(vi: "Có: \(list)", en: "There are: \(list)", uk: "Є: \(list)"))
  }
}

extension Phrase {
  /// The title as a question, with how to write the answer.
  fileprivate func asked(of field: RecordField) -> Phrase {
    let optional = Phrase(vi: "bỏ trống được", en: "may be empty", uk: "можна пропустити")
    var remarks: [Phrase] = []
    if case .day = field.form {
      remarks.append(Phrase(vi: "ngày/tháng/năm", en: "day/month/year", uk: "день/місяць/рік"))
    }
    if !field.isRequired { remarks.append(optional) }
    guard !remarks.isEmpty else { return self }
    func text(_ language: Language) -> String {
      self.text(language) + " (" + remarks.map { $0.text(language) }.joined(separator: ", ") + ")"
    }
    return Phrase(vi: text(.vi), en: text(.en), uk: text(.uk))
  }
}

/// Long texts that come from a file or from standard input.
enum LongText {
  /// What is written in one go has to travel in one go, and a record has several texts.
  ///
  /// Four million letters are a book of two thousand pages.
  static let bytesMax = 4 << 20

  /// `-` is standard input, `@file` a file, `@@…` a text that begins with @.
  static func resolve(_ text: String, for field: RecordField) throws -> String {
    guard field.isText else { return text }
    if text == "-" {
      let data = FileHandle.standardInput.readDataToEndOfFile()
      guard let content = String(validating: data, as: UTF8.self) else {
        throw field.problem(.notUTF8Input)
      }
      return content
    }
    guard text.hasPrefix("@") else { return text }
    let path = String(text.dropFirst())
    if path.hasPrefix("@") { return path }
    guard
      let data = FileManager.default.contents(atPath: NSString(string: path).expandingTildeInPath)
    else { throw field.problem(.unreadable(path)) }
    guard let content = String(validating: data, as: UTF8.self) else {
      throw field.problem(.notUTF8Text(path))
    }
    return content
  }
}

extension Phrase {
  fileprivate static func unreadable(_ path: String) -> Phrase {
    Phrase(
      vi: "không đọc được tệp “\(path)”", en: "cannot read the file “\(path)”",
      uk: "не вдається прочитати файл «\(path)»")
  }

  fileprivate static let tooLong = Phrase(
    vi: "quá dài để gửi đi (trên 4 MB); hãy tóm tắt, hoặc đính kèm như một văn bản",
    en: "is too long to be sent (over 4 MB); shorten it, or record it as a document",
    uk: "задовге для надсилання (понад 4 МБ); скоротіть або запишіть як документ")

  fileprivate static let notUTF8Input = Phrase(
    vi: "nội dung đưa vào không phải văn bản UTF-8", en: "what came in is no UTF-8 text",
    uk: "уведене не є текстом UTF-8")

  fileprivate static func notUTF8Text(_ path: String) -> Phrase {
    Phrase(
      vi: "tệp “\(path)” không phải văn bản UTF-8", en: "the file “\(path)” is no UTF-8 text",
      uk: "файл «\(path)» не є текстом UTF-8")
  }
}
