import ArgumentParser
import FieldModel
import SyncCore
import Terminal

/// The command `thuan units [SEARCH]`.
struct Units: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Danh mục đơn vị hành chính.", en: "Administrative units.",
        uk: "Адміністративні одиниці."),
      discussion: say(
        vi: "Mặc định: đơn vị có hiệu lực hôm nay. Ví dụ: thuan units la da --on 6/9/2023",
        en: "By default those valid today. Example: thuan units la da --on 6/9/2023",
        uk: "Типово: чинні сьогодні. Приклад: thuan units la da --on 6/9/2023"))
  }

  @OptionGroup var reference: ReferenceSearch
  func run() throws { try reference.print(RecordKinds.unit) }
}

/// The command `thuan organisations [SEARCH]`.
struct Organisations: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(vi: "Danh mục tổ chức.", en: "Organisations.", uk: "Організації."),
      discussion: say(
        vi: "Ví dụ: thuan organisations ubnd ham thuan bac",
        en: "Example: thuan organisations ubnd ham thuan bac",
        uk: "Приклад: thuan organisations ubnd ham thuan bac"))
  }

  @OptionGroup var reference: ReferenceSearch
  func run() throws { try reference.print(RecordKinds.organisation) }
}

/// What is looked for in the reference data, and as of when.
struct ReferenceSearch: ParsableArguments {
  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã hoặc lời cần tìm; không cần dấu.", en: "A code, or words; marks may be left out.",
        uk: "Код або слова; можна без діакритики.")))
  var words: [String] = []
  @Option(
    help: ArgumentHelp(
      say(vi: "Có hiệu lực vào ngày.", en: "Valid on a day.", uk: "Чинні на день."),
      valueName: say(vi: "ngày", en: "day", uk: "день")))
  var on: String?
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả những gì không còn hiệu lực.", en: "Also what is no longer valid.",
        uk: "Також нечинні.")))
  var all = false

  func print(_ kind: RecordKind) throws {
    let field = try FieldStore(common.store)
    let day = try on.map { text in
      guard let day = CivilDay.parse(text) else {
        throw RecordField("on", .day, "Ngày", "Day", "День").problem(.noSuchDay(text))
      }
      return day
    }
    var listing = Listing(
      [Listing.Column(kind.key, Phrase(vi: "Mã", en: "Id", uk: "Код"))]
        + kind.fields.filter { output.json || $0.isListed }.map {
          Listing.Column($0.column, $0.title)
        })
    let isKnown = try field.read(on: day) { lookup, db in
      let records = try Record.all(kind, in: db)
      for record in matching(records.filter { all || lookup.isValid($0) }) {
        var cells: [Cell] = [.text(record.id)]
        for column in kind.fields where output.json || column.isListed {
          let value = record[column.column]
          cells.append(output.json ? value.cell : try lookup.cell(value, column))
        }
        listing.add(cells)
      }
      return !records.isEmpty
    }
    listing.print(asJSON: output.json, whenEmpty: isKnown ? Self.nothingFound : Self.nothingYet)
  }

  /// The records in which all words begin a word; those with the words side by side first.
  private func matching(_ records: [Record]) -> [Record] {
    let phrase = Folding.loosen(Folding.normalise(words.joined(separator: " ")))
    let wanted = phrase.split(separator: " ")
    var (first, second): ([Record], [Record]) = ([], [])
    for record in records {
      let fields = record.kind.fields.filter(\.isText)
      let text = Folding.loosen(
        ([record.id] + fields.compactMap { record[$0.column].text }).joined(separator: " "))
      let parts = text.split { !$0.isLetter && !$0.isNumber && $0 != "@" }
      guard wanted.allSatisfy({ word in parts.contains { $0.hasPrefix(word) } }) else { continue }
      if text.contains(phrase) { first.append(record) } else { second.append(record) }
    }
    return first + second
  }

  private static let nothingFound = Phrase(
    vi: "Không tìm thấy. Thử --all để xem cả đơn vị, tổ chức cũ.",
    en: "Nothing found. --all also shows former units and organisations.",
    uk: "Нічого не знайдено. --all покаже й колишні.")
  private static let nothingYet = Phrase(
    vi: "Danh mục chưa có trên máy này: lần đồng bộ đầu tiên sẽ mang về (thuan sync).",
    en: "This device has no reference data yet: the first sync brings it (thuan sync).",
    uk: "Довідників на цьому пристрої ще немає: їх принесе перша синхронізація (thuan sync).")
}
