import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// Names a kind of record in the type of a command.
protocol KindName {
  static var kind: RecordKind { get }
}

/// The words behind a command whose options depend on the kind of record.
struct RecordWords: ParsableArguments {
  @Argument(
    parsing: .captureForPassthrough, help: ArgumentHelp(visibility: .hidden))
  var words: [String] = []
}

/// The command `thuan finding add …`.
struct AddRecord<Name: KindName>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "add",
      abstract: say(
        vi: "Thêm: \(Name.kind.title.vi.lowercased()).",
        en: "Add: \(Name.kind.title.en.lowercased()).",
        uk: "Додати: \(Name.kind.title.uk.lowercased())."),
      usage: "thuan \(Name.kind.command) add\(Name.kind.parentPlaceholder) [--…]",
      discussion: RecordForm(Name.kind, isNew: true).help + "\n\n"
        + say(
          vi: "Trên màn hình lệnh, gọi không kèm tùy chọn thì chương trình sẽ hỏi từng mục.",
          en: "On a terminal, without options, you are asked item by item.",
          uk: "У терміналі без параметрів програма питатиме пункт за пунктом."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @OptionGroup var input: RecordWords

  func run() throws {
    let form = RecordForm(Name.kind, isNew: true)
    let words = try helped(Self.self) {
      try Words(input.words, flags: form.flags, switches: form.switches)
    }
    let field = try FieldStore(words.store ?? common.store)
    let hasParent = Name.kind.parent != nil || Name.kind.table == "note"
    try requireRest(words, atMost: hasParent ? 1 : 0)
    let isParentSet = words.options.contains { $0.flag == Name.kind.parentField?.flag }
    if hasParent, words.rest.isEmpty, !isParentSet, !Questions.canAsk {
      throw RecordActions.missingParent(Name.kind)
    }
    let id = try RecordActions(field: field).add(Name.kind, parent: words.rest.first, words.options)
    try report(id, Name.kind, field, asJSON: output.json || words.isJSON)
  }
}

/// The command `thuan finding list …`.
struct ListRecords<Name: KindName>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list",
      abstract: say(
        vi: "Liệt kê: \(Name.kind.title.vi.lowercased()).",
        en: "List: \(Name.kind.title.en.lowercased()).",
        uk: "Перелік: \(Name.kind.title.uk.lowercased())."),
      usage:
        "thuan \(Name.kind.command) list\(Name.kind.parentPlaceholder) [--…] [--limit N] [--json]",
      discussion: say(
        vi: "Lọc bằng: ", en: "Filter with: ", uk: "Фільтри: ")
        + RecordListing(Name.kind).filters.map { "--\($0.flag)" }.joined(separator: " "))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @OptionGroup var input: RecordWords

  func run() throws {
    let listing = RecordListing(Name.kind)
    let words = try helped(Self.self) {
      try Words(input.words, flags: listing.flags, switches: listing.switches)
    }
    try requireRest(words, atMost: Name.kind.parent == nil ? 0 : 1)
    let field = try FieldStore(words.store ?? common.store)
    try listing.print(field, words, asJSON: output.json || words.isJSON)
  }
}

/// The command `thuan finding show ID`.
struct ShowRecord<Name: KindName>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "show",
      abstract: say(
        vi: "Xem đầy đủ, kèm mọi thứ thuộc về bản ghi.", en: "Show it with all that belongs to it.",
        uk: "Показати з усім, що до нього належить."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(RecordHelp.id)) var id: String

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try field.read { lookup, _ in try lookup.record(id, of: Name.kind) }
    try SheetPrinter(field).print(record, asJSON: output.json)
  }
}

/// The command `thuan finding edit ID --text …`.
struct EditRecord<Name: KindName>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "edit",
      abstract: say(vi: "Sửa bản ghi.", en: "Change a record.", uk: "Змінити запис."),
      usage: "thuan \(Name.kind.command) edit ID [--…]",
      discussion: RecordForm(Name.kind, isNew: false).help + "\n\n"
        + say(
          vi: "Giá trị rỗng (\"\") xóa nội dung của mục.",
          en: "An empty value (\"\") clears a column.",
          uk: "Порожнє значення (\"\") очищає поле."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var input: RecordWords

  func run() throws {
    let form = RecordForm(Name.kind, isNew: false)
    let words = try helped(Self.self) {
      try Words(input.words, flags: form.flags, switches: form.switches)
    }
    try requireRest(words, atMost: 1)
    guard let id = words.rest.first else { throw RecordHelp.missingID }
    let field = try FieldStore(words.store ?? common.store)
    let record = try field.read { lookup, _ in try lookup.record(id, of: Name.kind) }
    try RecordEditing(field).run(record, words.options)
  }
}

/// The command `thuan finding delete ID`.
struct DeleteRecord<Name: KindName>: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "delete",
      abstract: say(
        vi: "Xóa bản ghi cùng những gì thuộc về nó.", en: "Delete a record and what belongs to it.",
        uk: "Видалити запис і все, що до нього належить."))
  }

  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp(RecordHelp.id)) var id: String
  @Flag(help: ArgumentHelp(RecordHelp.yes)) var yes = false

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try field.read { lookup, _ in try lookup.record(id, of: Name.kind) }
    try RecordEditing(field).delete(record, isConfirmed: yes)
  }
}

/// Words that several commands say.
enum RecordHelp {
  static let id = say(
    vi: "Mã bản ghi; đầu hoặc cuối mã cũng được, từ 4 ký tự.",
    en: "The record's id; its beginning or its end will do, from 4 characters.",
    uk: "Код запису; досить початку або кінця, від 4 знаків.")
  static let yes = say(
    vi: "Không hỏi lại.", en: "Do not ask.", uk: "Не перепитувати.")
  static let missingID = Failure(
    .usage,
    Phrase(vi: "Thiếu mã bản ghi.", en: "The record's id is missing.", uk: "Бракує коду запису."))
}

extension RecordKind {
  fileprivate var parentPlaceholder: String {
    if table == "note" { return " ID" }
    return parentTable.flatMap(RecordKinds.of).map { " \($0.command.uppercased())" } ?? ""
  }
}

/// Runs the reading of words and turns a wish for help into the parser's own.
func helped<Result>(
  _ command: any ParsableCommand.Type, _ body: () throws -> Result
) throws -> Result {
  do { return try body() } catch is HelpWanted { throw CleanExit.helpRequest(command) }
}

/// Refuses words that nothing is done with.
func requireRest(_ words: Words, atMost count: Int) throws {
  guard words.rest.count > count else { return }
  let word = words.rest[count]
  throw Failure(
    .usage,
    Phrase(
      vi: "Thừa tham số “\(word)”.", en: "Unexpected argument “\(word)”.",
      uk: "Зайвий аргумент «\(word)»."),
    hint: Phrase(
      vi: "Lời có dấu cách thì đặt trong ngoặc kép.", en: "Put texts with blanks in quotes.",
      uk: "Текст із пропусками беріть у лапки."))
}

/// Says what was added.
func report(_ id: String, _ kind: RecordKind, _ field: FieldStore, asJSON: Bool) throws {
  if asJSON {
    Program.write(Cell.object([("record", .text(kind.command)), ("id", .text(id))]).json)
    return
  }
  let label = try field.read { lookup, _ in try lookup.label(id, in: kind.table) }
  Program.write(
    say(
      vi: "Đã thêm \(kind.title.vi.lowercased()) \(Style.bold(RecordID.short(id))): \(label)",
      en: "Added \(kind.title.en.lowercased()) \(Style.bold(RecordID.short(id))): \(label)",
      uk: "Додано (\(kind.title.uk.lowercased())) \(Style.bold(RecordID.short(id))): \(label)"))
}
