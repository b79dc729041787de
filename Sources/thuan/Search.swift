import ArgumentParser
import FieldModel
import Terminal

/// The command `thuan search WORDS`.
struct Search: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Tìm kiếm trong mọi bản ghi; gõ không dấu cũng được.",
        en: "Search all records; marks may be left out.",
        uk: "Пошук у всіх записах; можна без діакритики."),
      discussion: say(
        vi: "Ví dụ: thuan search ngu dan — tìm thấy “ngư dân”. Đúng dấu thì lên trước.",
        en: "Example: thuan search ngu dan finds “ngư dân”. What has the very marks comes first.",
        uk: "Приклад: thuan search ngu dan знайде «ngư dân». Точні збіги — першими."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(say(vi: "Lời cần tìm.", en: "The words.", uk: "Слова.")))
  var words: [String]
  @Option(help: ArgumentHelp(KindHelp.kind)) var kind: String?
  @Option(
    help: ArgumentHelp(say(vi: "Nhiều nhất.", en: "At most.", uk: "Щонайбільше."), valueName: "n"))
  var limit = 50

  func run() throws {
    let search = RecordSearch(words.joined(separator: " "))
    guard !search.isEmpty, limit > 0 else {
      throw Failure(
        .usage, Phrase(vi: "Cần lời để tìm.", en: "Words are needed.", uk: "Потрібні слова."))
    }
    let field = try FieldStore(common.store)
    let kinds = try kind.map { [try KindHelp.find($0)] } ?? RecordKinds.all
    var listing = Listing([
      Listing.Column("id", Phrase(vi: "Mã", en: "Id", uk: "Код")),
      Listing.Column("kind", Phrase(vi: "Loại", en: "Kind", uk: "Вид")),
      Listing.Column("column", Phrase(vi: "Mục", en: "Column", uk: "Поле")),
      Listing.Column("text", Phrase(vi: "Nội dung", en: "Text", uk: "Зміст")),
    ])
    let hits = try field.read { _, db in try search.run(in: db, kinds: kinds) }
    for hit in hits.prefix(limit) {
      let kind = hit.record.kind
      let isReference = kind.writing == .hubOnly
      let id = output.json || isReference ? hit.record.id : RecordID.short(hit.record.id)
      listing.add([
        .text(id), .text(output.json ? kind.command : kind.title.text),
        .text(output.json ? hit.field.column : hit.field.title.text), .text(hit.excerpt),
      ])
    }
    listing.print(
      asJSON: output.json,
      whenEmpty: Phrase(vi: "Không tìm thấy.", en: "Nothing found.", uk: "Нічого не знайдено."))
    if hits.count > limit, !output.json {
      Program.write(
        say(
          vi: "… còn \(hits.count - limit) kết quả nữa (--limit).",
          en: "… \(hits.count - limit) more (--limit).", uk: "… ще \(hits.count - limit) (--limit)."
        ),
        toErrors: true)
    }
  }
}
