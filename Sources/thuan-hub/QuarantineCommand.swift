import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct QuarantineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quarantine",
    abstract: say(
      vi: "Công việc chưa nhận được, chờ xem xét.", en: "Work that could not be taken in.",
      uk: "Робота, яку не вдалося прийняти."),
    subcommands: [
      QuarantineList.self, QuarantineRetry.self, QuarantineAmend.self, QuarantineDismiss.self,
    ],
    defaultSubcommand: QuarantineList.self)
}

struct QuarantineList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: say(vi: "Liệt kê.", en: "List it.", uk: "Перелік."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  @Flag(
    help: ArgumentHelp(
      say(vi: "Cả đã xử lý.", en: "Also what has been decided.", uk: "Також вирішене.")))
  var all = false

  func run() throws {
    let open = try options.open()
    let work = try open.hub.quarantine(openOnly: !all)
    if listing.json { return Program.write(Cell.list(work.map { open.cell(of: $0) }).json) }
    if work.isEmpty {
      Program.write(
        say(
          vi: "Không có gì chờ xem xét.", en: "Nothing waits for review.",
          uk: "Нічого не чекає на розгляд."))
    } else {
      Program.write(try work.map { try open.text(of: $0) }.joined(separator: "\n\n"))
    }
    let waiting = try open.hub.waitingOnDevices().reduce(0) { $0 + $1.report.count }
    if waiting > 0 {
      Program.write(
        Style.warning(
          say(
            vi: "Trên các thiết bị có \(waiting) bản ghi không gửi lên được: thuan-hub waiting",
            en: "Records that devices cannot send: \(waiting), see: thuan-hub waiting",
            uk: "Пристрої не можуть надіслати записів: \(waiting), див.: thuan-hub waiting")))
    }
  }
}

extension OpenHub {
  func text(of work: QuarantinedWork) throws -> String {
    var lines = [
      Style.bold("№ \(work.number)") + "  \(work.author.sentence)  "
        + Style.faint(work.state.words.text),
      "  " + Style.warning(work.reason.sentence.text),
    ]
    if let concerns = QuarantineWords(work.reason, detail: work.detail).concerns {
      lines.append("  " + concerns.text)
    }
    for change in work.changeSet?.changes ?? [] { lines += try text(of: change) }
    return lines.joined(separator: "\n")
  }

  private func text(of change: RowChange) throws -> [String] {
    guard let table = hub.schema.table(number: change.table) else {
      let unknown = say(vi: "bảng chưa biết", en: "unknown table", uk: "невідома таблиця")
      return ["  \(change.operation.words.text): \(unknown) \(change.table), \(change.key)"]
    }
    let kind = title(ofTable: table.name)
    var lines = [
      "  \(change.operation.words.text) \(kind) [\(Abbreviation.shown(change.key.description))]"
    ]
    for field in change.fields {
      guard let index = table.index(number: field.column), table.columns[index].unit != nil else {
        continue
      }
      let column = table.columns[index].name
      let title = RecordKinds.title(ofColumn: column, in: table.name).text
      let before = clipped(try shown(field.before, in: table.name, column: column), to: 70)
      let after = clipped(try shown(field.after, in: table.name, column: column), to: 70)
      switch change.operation {
      case .insert: lines.append("    \(title): \(after)")
      case .update: lines.append("    \(title): \(before) → \(after)")
      case .delete: lines.append("    \(title): \(before)")
      }
    }
    return lines
  }

  fileprivate func cell(of work: QuarantinedWork) -> Cell {
    .object([
      ("number", .integer(work.number)), ("state", .text(work.state.rawValue)),
      ("reason", .text(work.reason.rawValue)), ("sentence", .text(work.reason.sentence.text)),
      ("detail", .text(work.detail)), ("author", work.author.cell),
      (
        "changes",
        .list(
          (work.changeSet?.changes ?? []).map { change in
            let table = hub.schema.table(number: change.table)
            return .object([
              ("table", .text(table?.name ?? "\(change.table)")),
              ("operation", .text("\(change.operation)")),
              ("key", .text(change.key.description)),
              (
                "fields",
                .object(
                  change.fields.map { field in
                    let index = table?.index(number: field.column)
                    let name = index.flatMap { table?.columns[$0].name } ?? "\(field.column)"
                    return (name, Cell(change.operation == .delete ? field.before : field.after))
                  })
              ),
            ])
          })
      ),
    ])
  }

  /// The change set of a number, which has to wait in quarantine.
  ///
  /// - Throws: ``Failure`` if it does not.
  func waiting(_ number: Int64) throws -> QuarantinedWork {
    let waiting = try hub.quarantine(openOnly: true)
    guard let work = waiting.first(where: { $0.number == number }) else {
      throw Failure(
        .notFound,
        Phrase(
          vi: "Số \(number) không nằm trong khu chờ.",
          en: "No. \(number) does not wait for review.",
          uk: "№ \(number) не чекає на розгляд."))
    }
    return work
  }
}

let quarantineHelp = ArgumentHelp(
  say(vi: "Số trong khu chờ.", en: "Its number.", uk: "Його номер."), valueName: "n")

/// Says which change sets have been taken in.
func sayTaken(_ taken: [Int64]) {
  let numbers = taken.map(String.init).joined(separator: ", ")
  Program.write(
    say(
      vi: "Đã nhận: số \(numbers).", en: "Taken in: no. \(numbers).",
      uk: "Прийнято: № \(numbers)."))
}

struct QuarantineRetry: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: say(
      vi: "Thử nhận lại, cùng những gì chờ theo.", en: "Try again, with what waits for it.",
      uk: "Спробувати ще раз разом із залежним."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(help: quarantineHelp)
  var number: Int64

  func run() throws {
    let open = try options.open()
    _ = try open.waiting(number)
    let taken = try open.hub.retry(number, try rulingOptions.ruling())
    guard taken.contains(number) else {
      let work = try open.hub.quarantine(openOnly: true).first { $0.number == number }
      if let work { Program.write(try open.text(of: work)) }
      throw Failure(
        .problems,
        Phrase(
          vi: "Vẫn chưa nhận được.", en: "It still cannot be taken in.",
          uk: "Досі не вдається прийняти."))
    }
    sayTaken(taken)
  }
}

struct QuarantineDismiss: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dismiss",
    abstract: say(
      vi: "Quyết định không nhận; vẫn được lưu.", en: "Decide not to take it in; it is kept.",
      uk: "Не приймати; воно зберігається."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(help: quarantineHelp)
  var number: Int64

  func run() throws {
    let open = try options.open()
    _ = try open.waiting(number)
    try open.hub.dismiss(number, try rulingOptions.ruling())
    Program.write(
      say(
        vi: "Không nhận số \(number); vẫn lưu trong hồ sơ.",
        en: "No. \(number) is not taken in; it stays in the record.",
        uk: "№ \(number) не прийнято; воно лишається в записах."))
  }
}
