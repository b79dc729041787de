import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan waiting`.
struct Waiting: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Bản ghi không gửi đi được, và cách sửa.",
        en: "Records that cannot be sent, and the way out.",
        uk: "Записи, які не можна надіслати, і що з ними робити."),
      discussion: say(
        vi:
          "Chương trình khác đã ghi những gì máy chủ tỉnh không nhận được (quá lớn, ký tự NUL, không "
          + "phải UTF-8). Sửa lại bản ghi thì lần đồng bộ sau gửi; không mất gì.",
        en:
          "Another program wrote what the hub cannot take (too much, a NUL, no UTF-8). Change the "
          + "record, and the next sync sends it; nothing is lost.",
        uk:
          "Інша програма записала те, чого хаб не може прийняти (завелике, NUL, не UTF-8). Виправте "
          + "запис, і наступна синхронізація його надішле; нічого не втрачено."),
      subcommands: [WaitingList.self, WaitingDismiss.self], defaultSubcommand: WaitingList.self)
  }
}

/// The command `thuan waiting list`.
struct WaitingList: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: say(vi: "Liệt kê.", en: "List them.", uk: "Перелік."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let field = try FieldStore(common.store)
    let work = try field.store.waitingWork(wallMilliseconds: field.now)
    let text = WaitingText(work, field.store.schema)
    if output.json { return Program.write(text.cell.json) }
    Program.write(text.isEmpty ? WaitingText.nothing : text.lines.joined(separator: "\n"))
  }
}

/// The command `thuan waiting dismiss N`.
struct WaitingDismiss: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "dismiss",
      abstract: say(
        vi: "Bỏ khỏi danh sách; nội dung vẫn giữ trên máy.",
        en: "Take one off the list; it stays on this device as it is.",
        uk: "Прибрати з переліку; на пристрої все лишається."))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(vi: "Số trong danh sách.", en: "Its number.", uk: "Його номер."), valueName: "n"))
  var number: Int64

  func run() throws {
    let field = try FieldStore(common.store)
    guard try field.store.dismissWaiting(number) else {
      throw Failure(
        .notFound,
        Phrase(
          vi: "Số \(number) không có trong danh sách.", en: "No. \(number) is not on the list.",
          uk: "№ \(number) немає в переліку."))
    }
    Program.write(
      say(
        vi: "Đã bỏ số \(number) khỏi danh sách; sửa bản ghi thì vẫn được gửi.",
        en: "No. \(number) is off the list; once the record is changed, it is sent all the same.",
        uk: "№ \(number) прибрано з переліку; виправлений запис усе одно буде надіслано."))
  }
}

/// What cannot be sent, in words.
struct WaitingText {
  private let work: WaitingWork
  private let schema: SyncSchema

  init(_ work: WaitingWork, _ schema: SyncSchema) {
    self.work = work
    self.schema = schema
  }

  var isEmpty: Bool { work.listed.isEmpty }

  static let nothing = say(
    vi: "Không có bản ghi nào không gửi được.", en: "There is nothing that cannot be sent.",
    uk: "Немає нічого, що не можна надіслати.")

  /// One line for each, and the way out.
  var lines: [String] {
    var lines = work.listed.map { row in
      "№ \(row.number)  \(localTime(row.sinceMilliseconds))  "
        + ObstacleWords(row.obstacle, schema).sentence.text
        + (row.isFound ? " " + Self.found : "")
    }
    if work.dependents > 0 {
      lines.append(
        say(
          vi: "Chờ theo: \(work.dependents) bản ghi.",
          en: "Records that wait with them: \(work.dependents).",
          uk: "Разом із ними чекають записи: \(work.dependents)."))
    }
    return lines + [Self.wayOut]
  }

  /// One line for all of it; nothing where nothing waits.
  var summary: String? {
    if work.rows.isEmpty { return nil }
    if isEmpty {
      return say(
        vi: "Không gửi được, đã bỏ khỏi danh sách: \(work.rows.count)",
        en: "Cannot be sent, taken off the list: \(work.rows.count)",
        uk: "Не можна надіслати, прибрано з переліку: \(work.rows.count)")
    }
    return say(
      vi: "Không gửi được: \(work.listed.count) bản ghi (xem: thuan waiting)",
      en: "Cannot be sent: records (\(work.listed.count)), see: thuan waiting",
      uk: "Не можна надіслати записи: \(work.listed.count) (див.: thuan waiting)")
  }

  var cell: Cell {
    .object([
      (
        "rows",
        .list(
          work.rows.map { row in
            let words = ObstacleWords(row.obstacle, schema)
            return .object([
              ("number", .integer(row.number)), ("table", .text(words.tableName)),
              ("key", .text(row.obstacle.key.description)),
              ("column", .optional(words.columnName)),
              ("reason", .text("\(row.obstacle.reason)")),
              ("bytes", .integer(Int64(row.obstacle.bytes))),
              ("since", .instant(row.sinceMilliseconds)), ("found", .flag(row.isFound)),
              ("dismissed", .flag(row.isDismissed)),
              ("sentence", .text(words.sentence.text)),
            ])
          })
      ), ("dependents", .integer(Int64(work.dependents))),
    ])
  }

  private static let found = say(
    vi: "(không ai ghi: có thể do ổ đĩa; bản của máy chủ tỉnh được dùng)",
    en: "(nobody wrote it, perhaps the disk; the hub’s stands in its place)",
    uk: "(ніхто не писав, можливо диск; стоїть версія хаба)")

  static let wayOut = say(
    vi:
      "Sửa bản ghi (thuan edit) rồi thuan sync; hoặc thuan waiting dismiss SỐ để bỏ khỏi danh sách.",
    en: "Change the record (thuan edit), then thuan sync; or thuan waiting dismiss N takes it off "
      + "the list.",
    uk:
      "Виправте запис (thuan edit), тоді thuan sync; або thuan waiting dismiss N прибере з переліку."
  )
}
