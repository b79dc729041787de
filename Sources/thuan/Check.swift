import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan check`.
struct Check: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Đọc và kiểm tra toàn bộ dữ liệu trên máy.", en: "Read and check the whole store.",
        uk: "Прочитати й перевірити всі дані."),
      discussion: say(
        vi: "Không ghi gì, trừ khi có --repair. Mã thoát 4 nếu còn vấn đề.",
        en: "Writes nothing but with --repair. Exit code 4 if problems remain.",
        uk: "Нічого не записує, крім як з --repair. Код виходу 4, якщо проблеми лишаються."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Sửa những gì máy tự sửa được: thay đổi không qua bộ ghi nhận thì ghi nhận và gửi cho "
          + "người điều phối xem, tổng kiểm thì tính lại.",
        en: "Put right what the device can: changes made past the capture are logged and put "
          + "before the operator, digests are summed anew.",
        uk: "Виправити, що можна: зміни повз облік занести й передати операторові, суми "
          + "перерахувати.")))
  var repair = false

  func run() throws {
    let field = try FieldStore(common.store, evenLocked: true)
    var flaws = try field.store.flaws(wallMilliseconds: field.now)
    var repaired: [String] = []
    if repair, !flaws.isEmpty {
      let found = flaws.map(Self.text)
      _ = try field.store.repair(wallMilliseconds: field.now)
      flaws = try field.store.flaws(wallMilliseconds: field.now)
      let left = flaws.map(Self.text)
      repaired = found.filter { !left.contains($0) }
    }
    var problems = flaws.map(Self.text)
    // Opening the store has put right what it could; that it had to is worth knowing.
    let opening = try field.store.events().filter {
      $0.atMilliseconds == field.now && [.triggersRepaired, .untrackedChanges].contains($0.kind)
    }.map { EventText.sentence($0) }
    if repair { repaired += opening } else { problems += opening }
    let triggers = try field.store.foreignTriggers()
    problems += ForeignText.silenced(triggers)
    let bystanders = ForeignText.bystanders(triggers, tables: try field.store.undeclaredTables())
    let waiting = try field.store.waitingWork(wallMilliseconds: field.now)
    if !waiting.listed.isEmpty, try !field.store.isLocked() {
      problems += WaitingText(waiting, field.store.schema).lines
    }
    if let identity = field.identity {
      if try !field.store.isSameIncarnation(as: identity) { problems.append(Lives.ofAnotherDevice) }
    } else if let trouble = field.identityTrouble {
      problems.append(trouble.text)
    }
    write(problems, repaired, notices: try Notices.recent(field) + bystanders)
    guard problems.isEmpty else { throw ExitCode(Failure.Kind.problems.rawValue) }
  }

  private static func place(_ table: String, _ column: String) -> Phrase {
    let (table, column) = (
      RecordKinds.title(ofTable: table), RecordKinds.title(ofColumn: column, in: table)
    )
    return Phrase(
      vi: "\(table.vi), \(column.vi)", en: "\(table.en), \(column.en)",
      uk: "\(table.uk), \(column.uk)")
  }

  private func write(_ problems: [String], _ repaired: [String], notices: [String]) {
    if output.json {
      return Program.write(
        Cell.object([
          ("problems", .list(problems.map(Cell.text))),
          ("repaired", .list(repaired.map(Cell.text))), ("notices", .list(notices.map(Cell.text))),
        ]).json)
    }
    let done = say(vi: "Đã sửa", en: "Put right", uk: "Виправлено")
    for line in repaired { Program.write(Style.good("✓ ") + "\(done): \(line)") }
    for problem in problems { Program.write(Style.bad("✗ ") + problem) }
    if problems.isEmpty {
      Program.write(
        Style.good(say(vi: "Dữ liệu nguyên vẹn.", en: "The store is whole.", uk: "Дані цілі.")))
    }
    for notice in notices { Program.write(Style.warning(notice)) }
  }

  static func text(_ flaw: StoreFlaw) -> String {
    switch flaw {
    case .damagedFile(let detail):
      say(
        vi: "Tệp bị hỏng: \(detail)", en: "The file is damaged: \(detail)",
        uk: "Файл пошкоджено: \(detail)")
    case .captureIncomplete(let names):
      say(
        vi: "Bộ ghi nhận thay đổi không đủ: \(names.joined(separator: ", "))",
        en: "Change capture is incomplete: \(names.joined(separator: ", "))",
        uk: "Облік змін неповний: \(names.joined(separator: ", "))")
    case .logInconsistent(let entry):
      say(
        vi: "Nhật ký thay đổi sai ở mục \(entry)", en: "The change log is wrong at entry \(entry)",
        uk: "Журнал змін хибний у записі \(entry)")
    case .brokenChain(let epoch, let sequence):
      say(
        vi: "Chuỗi thay đổi đứt ở \(epoch)/\(sequence)",
        en: "The chain of change sets breaks at \(epoch)/\(sequence)",
        uk: "Ланцюг змін розірвано на \(epoch)/\(sequence)")
    case .unmarkedRows(let table, let keys):
      say(
        vi: "\(RecordKinds.title(ofTable: table).vi): \(keys.count) bản ghi khác dấu kiểm",
        en: "\(RecordKinds.title(ofTable: table).en): \(keys.count) rows differ from their marks",
        uk:
          "\(RecordKinds.title(ofTable: table).uk): рядків, що не збігаються з мітками: \(keys.count)"
      )
        + " (" + keys.prefix(5).map(\.description).joined(separator: ", ") + ")"
    case .wrongDigest(let table, let column):
      say(
        vi: "Tổng kiểm sai: \(place(table, column).vi)",
        en: "Wrong digest: \(place(table, column).en)",
        uk: "Хибна контрольна сума: \(place(table, column).uk)")
    }
  }
}
