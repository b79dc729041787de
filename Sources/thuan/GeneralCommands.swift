import ArgumentParser
import FieldModel
import SyncCore
import Terminal

/// The command `thuan add KIND --set column=value`.
struct Add: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Thêm bản ghi thuộc bất kỳ loại nào.", en: "Add a record of any kind.",
        uk: "Додати запис будь-якого виду."),
      discussion: say(
        vi: "Ví dụ:", en: "Example:", uk: "Приклад:")
        + "\n  thuan add person --set display_name=\"K' Văn Bình\" --set unit_id=23065\n\n"
        + KindHelp.list)
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(KindHelp.kind)) var kind: String
  @Argument(help: ArgumentHelp(KindHelp.parent)) var parent: String?
  @OptionGroup var values: SetOption

  func run() throws {
    let kind = try KindHelp.find(kind)
    let field = try FieldStore(common.store)
    let id = try RecordActions(field: field).add(kind, parent: parent, try values.pairs())
    try report(id, kind, field, asJSON: output.json)
  }
}

/// The command `thuan list KIND`.
struct List: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Liệt kê bản ghi của một loại.", en: "List the records of a kind.",
        uk: "Перелік записів одного виду."), discussion: KindHelp.list)
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(KindHelp.kind)) var kind: String

  func run() throws {
    let listing = RecordListing(try KindHelp.find(kind))
    try listing.print(
      try FieldStore(common.store), try Words([], flags: []), asJSON: output.json)
  }
}

/// The command `thuan show ID`.
struct Show: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Xem một bản ghi bất kỳ với mọi thứ thuộc về nó.",
        en: "Show any record with all that belongs to it.",
        uk: "Показати будь-який запис з усім, що до нього належить."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(RecordHelp.id)) var id: String

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try field.read { lookup, _ in try lookup.record(id) }
    try SheetPrinter(field).print(record, asJSON: output.json)
  }
}

/// The command `thuan edit ID --set column=value`.
struct Edit: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Sửa một bản ghi bất kỳ.", en: "Change any record.", uk: "Змінити будь-який запис."),
      discussion: say(vi: "Ví dụ:", en: "Example:", uk: "Приклад:")
        + "\n  thuan edit 4f2a91c0 --set attendance_total=26 --set held_to=7/9/2023")
  }

  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp(RecordHelp.id)) var id: String
  @OptionGroup var values: SetOption

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try field.read { lookup, _ in try lookup.record(id) }
    try RecordEditing(field).run(record, try values.pairs())
  }
}

/// The command `thuan delete ID`.
struct Delete: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Xóa một bản ghi bất kỳ cùng những gì thuộc về nó.",
        en: "Delete any record and what belongs to it.",
        uk: "Видалити будь-який запис і все, що до нього належить."))
  }

  @OptionGroup var common: CommonOptions
  @Argument(help: ArgumentHelp(RecordHelp.id)) var id: String
  @Flag(help: ArgumentHelp(RecordHelp.yes)) var yes = false

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try field.read { lookup, _ in try lookup.record(id) }
    try RecordEditing(field).delete(record, isConfirmed: yes)
  }
}

/// Columns and values: `--set column=value`.
struct SetOption: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      say(
        vi: "Cột và giá trị; lặp lại được.", en: "A column and its value; repeatable.",
        uk: "Стовпець і значення; можна повторювати."),
      valueName: say(vi: "cột=giá-trị", en: "column=value", uk: "стовпець=значення")))
  var set: [String] = []

  func pairs() throws -> [(flag: String, value: String)] {
    try set.map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw Failure(
          .usage,
          Phrase(
            vi: "--set \(pair): cần dạng cột=giá-trị.", en: "--set \(pair): write column=value.",
            uk: "--set \(pair): пишіть стовпець=значення."))
      }
      return (String(parts[0]), String(parts[1]))
    }
  }
}

/// What is said of kinds of record.
enum KindHelp {
  static let kind = say(vi: "Loại bản ghi.", en: "The kind of record.", uk: "Вид запису.")
  static let parent = say(
    vi: "Bản ghi mà nó thuộc về.", en: "The record that it belongs to.",
    uk: "Запис, до якого він належить.")

  static var list: String {
    let width = RecordKinds.all.map(\.command.count).max() ?? 0
    return say(vi: "Các loại:", en: "Kinds:", uk: "Види:")
      + RecordKinds.all.map { kind in
        let gap = String(repeating: " ", count: width - kind.command.count)
        return "\n  \(kind.command)\(gap)  \(kind.title.text)"
      }.joined()
  }

  static func find(_ name: String) throws -> RecordKind {
    if let kind = RecordKinds.named(name) { return kind }
    throw Failure(
      .usage,
      Phrase(
        vi: "Không có loại bản ghi “\(name)”.", en: "There is no kind “\(name)”.",
        uk: "Немає виду «\(name)»."),
      hint: Phrase(vi: list, en: list, uk: list))
  }
}
