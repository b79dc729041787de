package import SyncCore

extension RecordField {
  /// What a person typed, as the column holds it; nothing for an empty entry.
  ///
  /// - Parameters:
  ///   - entry: As it was typed.
  ///   - lookup: Finds records that are named.
  /// - Returns: The value to store.
  /// - Throws: ``RecordProblem`` that names the option.
  package func value(from entry: String, _ lookup: Lookup) throws -> SyncCore.Value {
    guard !entry.containsZero else { throw problem(.hasNUL) }
    let text = Folding.normalise(entry)
    if text.isEmpty {
      guard !isRequired else { throw problem(.emptyEntry) }
      return .null
    }
    switch form {
    case .line: return .text(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    case .prose: return .text(text.replacing("\r\n", with: "\n"))
    case .day:
      guard let day = CivilDay.parse(text) else { throw problem(.noSuchDay(text)) }
      return .text(day)
    case .time:
      guard let time = Self.time(text) else { throw problem(.noSuchTime(text)) }
      return .text(time)
    case .integer:
      guard let number = Int64(text) else { throw problem(.noWholeNumber(text)) }
      return .integer(number)
    case .decimal:
      guard let number = Double(text.replacing(",", with: ".")), number.isFinite else {
        throw problem(.noNumber(text))
      }
      return .real(number)
    case .flag:
      guard let flag = Self.flag(text) else { throw problem(.noYesOrNo(text)) }
      return .integer(flag ? 1 : 0)
    case .choice(let terms):
      guard let value = terms.value(for: text) else { throw problem(.notListed(text, terms)) }
      return .text(value)
    case .tag(let terms): return .text(terms.value(for: text) ?? text)
    case .reference(let table):
      guard let kind = RecordKinds.of(table: table) else { return .text(text) }
      return .text(try lookup.record(text, of: kind).id)
    case .instant, .officer: return .text(text)
    }
  }

  /// A problem with this field, which says where.
  package func problem(_ what: Phrase) -> RecordProblem {
    RecordProblem(
      .input,
      Phrase(
        vi: "--\(flag) (\(title.vi)): \(what.vi)", en: "--\(flag) (\(title.en)): \(what.en)",
        uk: "--\(flag) (\(title.uk)): \(what.uk)"))
  }

  /// `8:30`, `08:30`, `8h30`, `8h` as the column holds it.
  private static func time(_ text: String) -> String? {
    let parts = text.lowercased().split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "h" }
    guard (1...2).contains(parts.count), let hour = Int(parts[0]), (0...23).contains(hour),
      parts.count == 2
    else { return nil }
    let minuteText = parts[1].isEmpty ? "0" : String(parts[1])
    guard let minute = Int(minuteText), (0...59).contains(minute) else { return nil }
    return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
  }

  private static func flag(_ text: String) -> Bool? {
    switch Folding.fold(text) {
    case "1", "yes", "true", "co", "так": true
    case "0", "no", "false", "khong", "ні": false
    default: nil
    }
  }
}

extension Phrase {
  package static let emptyEntry = Phrase(
    vi: "không được để trống", en: "must not be empty", uk: "не може бути порожнім")

  static let hasNUL = Phrase(
    vi: "văn bản có ký tự NUL (thường do tệp UTF-16); hãy lưu lại dưới dạng UTF-8",
    en: "the text has a NUL character in it (often from a UTF-16 file); save it as UTF-8",
    uk: "у тексті є символ NUL (часто з файлу UTF-16); збережіть його як UTF-8")

  package static func noSuchDay(_ text: String) -> Phrase {
    Phrase(
      vi: "“\(text)” không phải là ngày có thật; ghi như 6/9/2023 hoặc 2023-09-06",
      en: "“\(text)” is no day of the calendar; write 6/9/2023 (day first) or 2023-09-06",
      uk: "«\(text)» не є днем календаря; пишіть 6/9/2023 (спершу день) або 2023-09-06")
  }

  static func noSuchTime(_ text: String) -> Phrase {
    Phrase(
      vi: "“\(text)” không phải là giờ; ghi như 8:30 hoặc 8h30",
      en: "“\(text)” is no time; write 8:30", uk: "«\(text)» не є часом; пишіть 8:30")
  }

  static func noWholeNumber(_ text: String) -> Phrase {
    Phrase(
      vi: "“\(text)” không phải là số nguyên", en: "“\(text)” is no whole number",
      uk: "«\(text)» не є цілим числом")
  }

  static func noNumber(_ text: String) -> Phrase {
    Phrase(
      vi: "“\(text)” không phải là số", en: "“\(text)” is no number", uk: "«\(text)» не є числом")
  }

  static func noYesOrNo(_ text: String) -> Phrase {
    Phrase(
      vi: "“\(text)”: ghi có hoặc không", en: "“\(text)”: write yes or no",
      uk: "«\(text)»: пишіть так або ні")
  }

  package static func notListed(_ text: String, _ terms: [Term]) -> Phrase {
    func list(_ language: Language) -> String {
      terms.map { "\n  \($0.value)  \($0.phrase.text(language))" }.joined()
    }
    return Phrase(
      vi: "không có giá trị “\(text)”. Các giá trị được dùng:\(list(.vi))",
      en: "there is no value “\(text)”. Allowed are:\(list(.en))",
      uk: "немає значення «\(text)». Можливі:\(list(.uk))")
  }
}
