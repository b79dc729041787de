/// What is wrong with one line of a file that was to be imported.
package struct ImportProblem: Equatable, Sendable {
  package let file: String
  package let line: Int
  package let what: Phrase

  package init(_ file: String, _ line: Int, _ what: Phrase) {
    self.file = file
    self.line = line
    self.what = what
  }
}

/// All that is wrong with an import, of which nothing has been imported.
package struct ImportProblems: Error {
  package let problems: [ImportProblem]

  /// In the order of the lines, file by file as they were first named.
  package init(_ problems: [ImportProblem]) {
    let files = Dictionary(problems.enumerated().map { ($1.file, $0) }) { first, _ in first }
    self.problems = problems.sorted {
      (files[$0.file] ?? 0, $0.line) < (files[$1.file] ?? 0, $1.line)
    }
  }

  package init(_ problem: ImportProblem) { problems = [problem] }
}

extension Phrase {
  static let notUTF8 = Phrase(
    vi: "tệp không phải UTF-8; hãy lưu lại với mã UTF-8",
    en: "the file is not UTF-8; save it as UTF-8",
    uk: "файл не в UTF-8; збережіть його як UTF-8")

  static let badQuote = Phrase(
    vi: "dấu ngoặc kép không đúng chỗ hoặc không được đóng",
    en: "a quotation mark is out of place or never closed",
    uk: "лапки не на місці або не закриті")

  static let emptyFile = Phrase(
    vi: "tệp rỗng", en: "the file is empty", uk: "файл порожній")

  static func missingColumn(_ name: String) -> Phrase {
    Phrase(
      vi: "thiếu cột “\(name)”", en: "column “\(name)” is missing", uk: "бракує стовпця «\(name)»")
  }

  static func wrongFieldCount(_ count: Int, expected: Int) -> Phrase {
    Phrase(
      vi: "có \(count) ô, dòng tiêu đề có \(expected)",
      en: "has \(count) fields, the header has \(expected)",
      uk: "полів: \(count), а в заголовку: \(expected)")
  }

  static func emptyField(_ name: String) -> Phrase {
    Phrase(vi: "“\(name)” để trống", en: "“\(name)” is empty", uk: "«\(name)» порожнє")
  }

  static func unknownValue(_ value: String, of name: String, known: [String]) -> Phrase {
    let list = known.joined(separator: ", ")
    return Phrase(
      vi: "“\(name)” không có giá trị “\(value)” (có: \(list))",
      en: "“\(name)” has no value “\(value)” (known: \(list))",
      uk: "«\(name)» не має значення «\(value)» (відомі: \(list))")
  }

  static func badDate(_ value: String, of name: String) -> Phrase {
    Phrase(
      vi: "“\(name)”: “\(value)” không phải là ngày (NĂM-THÁNG-NGÀY hoặc ngày/tháng/năm)",
      en: "“\(name)”: “\(value)” is no day (YYYY-MM-DD or DD/MM/YYYY)",
      uk: "«\(name)»: «\(value)» не є датою (РРРР-ММ-ДД або ДД/ММ/РРРР)")
  }

  static func datesReversed(_ from: String, _ to: String) -> Phrase {
    Phrase(
      vi: "ngày đầu \(from) sau ngày cuối \(to)",
      en: "the first day \(from) is after the last \(to)",
      uk: "перший день \(from) пізніше за останній \(to)")
  }

  static func repeated(_ id: String, line: Int) -> Phrase {
    Phrase(
      vi: "“\(id)” đã có ở dòng \(line)", en: "“\(id)” stands in line \(line) already",
      uk: "«\(id)» уже є в рядку \(line)")
  }

  static func noUnit(_ code: String) -> Phrase {
    Phrase(
      vi: "không có đơn vị “\(code)”", en: "there is no unit “\(code)”",
      uk: "немає одиниці «\(code)»")
  }

  static func noUnit(_ code: String, on day: String) -> Phrase {
    Phrase(
      vi: "không có đơn vị mã “\(code)” vào ngày \(day)",
      en: "there is no unit with code “\(code)” on \(day)",
      uk: "немає одиниці з кодом «\(code)» на \(day)")
  }
}
