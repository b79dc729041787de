package import FieldModel

/// The argument parser's own words, which it has in English only.
package enum ParserWords {
  /// The parser's text in another language.
  package static func localised(_ text: String, in language: Language = .current) -> String {
    if language == .en { return text }
    let translated = replaced(words, in: text, language)
    return translated.split(separator: "\n", omittingEmptySubsequences: false)
      .map { named(String($0), language) }.joined(separator: "\n")
  }

  private static func replaced(_ words: [Phrase], in text: String, _ language: Language) -> String {
    words.reduce(text) { $0.replacing($1.en, with: $1.text(language)) }
  }

  /// A line with its placeholders translated; what stands in a second column stays in its place.
  private static func named(_ line: String, _ language: Language) -> String {
    let start = line.firstIndex { $0 != " " } ?? line.startIndex
    guard line.hasPrefix("  "), let gap = line[start...].firstRange(of: "  ") else {
      return replaced(placeholders, in: line, language)
    }
    let label = replaced(placeholders, in: String(line[..<gap.lowerBound]), language)
    let rest = line[gap.lowerBound...].drop { $0 == " " }
    let column = line.distance(from: line.startIndex, to: rest.startIndex)
    return label + String(repeating: " ", count: max(2, column - label.count)) + rest
  }

  /// Longer words come before those that are part of them.
  private static let words: [Phrase] = [
    Phrase(vi: "", en: "OVERVIEW: ", uk: ""),
    Phrase(vi: "CÁCH DÙNG: ", en: "USAGE: ", uk: "ВИКОРИСТАННЯ: "),
    Phrase(vi: "Cách dùng: ", en: "Usage: ", uk: "Використання: "),
    Phrase(vi: "THAM SỐ:", en: "ARGUMENTS:", uk: "АРГУМЕНТИ:"),
    Phrase(vi: "TÙY CHỌN:", en: "OPTIONS:", uk: "ПАРАМЕТРИ:"),
    Phrase(vi: ":", en: " SUBCOMMANDS:", uk: ":"),
    Phrase(vi: "LỆNH:", en: "SUBCOMMANDS:", uk: "КОМАНДИ:"),
    Phrase(vi: "Hiện trợ giúp này.", en: "Show help information.", uk: "Показати довідку."),
    Phrase(
      vi: "Hiện trợ giúp của một lệnh.", en: "Show subcommand help information.",
      uk: "Показати довідку команди."),
    Phrase(vi: "Hiện phiên bản.", en: "Show the version.", uk: "Показати версію."),
    Phrase(vi: "Trong đó:  ", en: "Help:  ", uk: "Де:  "),
    Phrase(vi: "<lệnh>", en: "<subcommand>", uk: "<команда>"),
    Phrase(vi: "(mặc định)", en: "(default)", uk: "(типово)"),
    Phrase(vi: "<tùy chọn>", en: "<options>", uk: "<параметри>"),
    Phrase(vi: "Lỗi: ", en: "Error: ", uk: "Помилка: "),
    Phrase(vi: "Thiếu lệnh.", en: "Missing required subcommand.", uk: "Бракує команди."),
    Phrase(vi: "Thiếu tham số", en: "Missing expected argument", uk: "Бракує аргументу"),
    Phrase(vi: "Thiếu một trong: ", en: "Missing one of: ", uk: "Бракує одного з: "),
    Phrase(vi: "Thiếu giá trị cho", en: "Missing value for", uk: "Бракує значення для"),
    Phrase(vi: "Tùy chọn không có", en: "Unknown option", uk: "Невідомий параметр"),
    Phrase(vi: "Tùy chọn không có: ", en: "Invalid option: ", uk: "Невідомий параметр: "),
    Phrase(vi: ". Ý là ", en: ". Did you mean ", uk: ". Може, "),
    Phrase(vi: " tham số thừa: ", en: " unexpected arguments: ", uk: " зайві аргументи: "),
    Phrase(vi: "Thừa tham số", en: "Unexpected argument", uk: "Зайвий аргумент"),
    Phrase(vi: "Giá trị ghi bằng ", en: "Value to be set with ", uk: "Значення, задане через "),
    Phrase(vi: " đã được ghi bằng ", en: " had already been set with ", uk: " уже задано через "),
    Phrase(vi: "tùy chọn '", en: "flag '", uk: "параметр '"),
    Phrase(vi: "Giá trị ", en: "The value ", uk: "Значення "),
    Phrase(vi: " không hợp lệ cho ", en: " is invalid for ", uk: " не годиться для "),
    Phrase(vi: "' không hợp lệ.", en: "' is invalid.", uk: "' не годиться."),
    Phrase(
      vi: ". Chọn một trong:", en: ". Please provide one of the following:",
      uk: ". Виберіть одне з:"),
    Phrase(vi: ". Chọn một trong ", en: ". Please provide one of ", uk: ". Виберіть одне з "),
    Phrase(vi: "' hoặc '", en: "' or '", uk: "' або '"),
    Phrase(vi: "' và '", en: "' and '", uk: "' і '"),
    Phrase(vi: "(giá trị: ", en: "(values: ", uk: "(значення: "),
    Phrase(vi: "(mặc định: ", en: "(default: ", uk: "(типово: "),
    Phrase(vi: "; mặc định: ", en: "; default: ", uk: "; типово: "),
    Phrase(vi: " để xem chi tiết.", en: " for detailed help.", uk: " — докладніше."),
    Phrase(vi: " để xem thêm.", en: " for more information.", uk: " — докладніше."),
    Phrase(vi: "  Xem ", en: "  See ", uk: "  Див. "),
  ]

  /// What stands for a value in a synopsis: the parser takes it from the program’s own names.
  private static let placeholders: [Phrase] = [
    Phrase(vi: "<địa-chỉ>", en: "<url>", uk: "<адреса>"),
    Phrase(vi: "<mã>", en: "<code>", uk: "<код>"),
    Phrase(vi: "<mã>", en: "<id>", uk: "<код>"),
    Phrase(vi: "<đơn-vị>", en: "<unit>", uk: "<одиниця>"),
    Phrase(vi: "<tổ-chức>", en: "<org>", uk: "<організація>"),
    Phrase(vi: "<cán-bộ>", en: "<officer>", uk: "<працівник>"),
    Phrase(vi: "<họ-tên>", en: "<name>", uk: "<ім’я>"),
    Phrase(vi: "<chức-danh>", en: "<title>", uk: "<посада>"),
    Phrase(vi: "<tên-máy>", en: "<label>", uk: "<назва>"),
    Phrase(vi: "<ngày>", en: "<on>", uk: "<день>"),
    Phrase(vi: "<ngày>", en: "<valid-from>", uk: "<день>"),
    Phrase(vi: "<máy>", en: "<host>", uk: "<хост>"),
    Phrase(vi: "<cổng>", en: "<port>", uk: "<порт>"),
    Phrase(vi: "<số>", en: "<limit>", uk: "<число>"),
    Phrase(vi: "<số>", en: "<version>", uk: "<число>"),
    Phrase(vi: "<loại>", en: "<kind>", uk: "<вид>"),
    Phrase(vi: "<lời>", en: "<words>", uk: "<слова>"),
    Phrase(vi: "<vai-trò>", en: "<part>", uk: "<роль>"),
  ]
}
