import ArgumentParser
import FieldModel
import SyncHub
import SyncSQLite
import Terminal

struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: say(vi: "Máy chủ đang thế nào.", en: "How the hub stands.", uk: "Стан хаба."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  func run() throws {
    let open = try options.open()
    let status = try open.hub.status()
    let triggers = try open.database.foreignTriggers()
    if listing.json { return Program.write(cell(status, triggers).json) }
    let oldest = status.oldestConflictMilliseconds.map { " (\(age(since: $0)))" } ?? ""
    let lines: [(Phrase, String)] = [
      (Phrase(vi: "Dòng thời gian", en: "Timeline", uk: "Лінія часу"), status.timeline),
      (Phrase(vi: "Thứ tự", en: "Sequence", uk: "Послідовність"), "\(status.head)"),
      (Phrase(vi: "Lược đồ", en: "Schema", uk: "Схема"), "v\(status.schemaVersion)"),
      (
        Phrase(vi: "Thiết bị", en: "Devices", uk: "Пристрої"),
        "\(status.activeDevices) (+\(status.revokedDevices) "
          + say(vi: "bị thu hồi", en: "revoked", uk: "відкликано") + ")"
      ),
      (Phrase(vi: "Gói thay đổi", en: "Change sets", uk: "Набори змін"), "\(status.changeSets)"),
      (
        Phrase(vi: "Xung đột chờ", en: "Open conflicts", uk: "Відкриті конфлікти"),
        "\(status.openConflicts)\(oldest)"
      ),
      (Phrase(vi: "Chờ xem xét", en: "Quarantine", uk: "На розгляді"), "\(status.quarantined)"),
      (
        Phrase(
          vi: "Thiết bị không gửi được", en: "Cannot be sent by devices",
          uk: "Пристрої не можуть надіслати"), "\(status.waitingOnDevices)"
      ),
    ]
    for (title, value) in lines { Program.write("\(title.text): \(value)") }
    for (table, count) in status.rows.sorted(by: { $0.key < $1.key }) {
      Program.write(Style.faint("  \(title(ofTable: table)): \(count)"))
    }
    for line in ForeignText.silenced(triggers) { Program.write(Style.warning(line)) }
  }

  private func cell(_ status: HubStatus, _ triggers: [ForeignTrigger]) -> Cell {
    .object([
      ("timeline", .text(status.timeline)), ("head", .integer(status.head)),
      ("schema", .integer(Int64(status.schemaVersion))),
      ("change_sets", .integer(Int64(status.changeSets))),
      ("open_conflicts", .integer(Int64(status.openConflicts))),
      ("oldest_conflict", status.oldestConflictMilliseconds.map(Cell.instant) ?? .none),
      ("quarantined", .integer(Int64(status.quarantined))),
      ("waiting_on_devices", .integer(Int64(status.waitingOnDevices))),
      ("active_devices", .integer(Int64(status.activeDevices))),
      ("revoked_devices", .integer(Int64(status.revokedDevices))),
      ("silenced_triggers", .list(triggers.filter(\.isSilenced).map { .text($0.name) })),
      (
        "rows",
        .object(
          status.rows.sorted { $0.key < $1.key }.map { ($0.key, .integer(Int64($0.value))) })
      ),
    ])
  }
}

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: say(
      vi: "Đọc lại toàn bộ kho và so với sổ sách.",
      en: "Read the whole store and compare it with the books.",
      uk: "Перечитати все сховище й звірити з обліком."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var repairing: RepairOptions
  @OptionGroup var proving: HistoryOptions

  func validate() throws {
    guard proving.history, repairing.repair else { return }
    throw ValidationError(
      say(
        vi: "--history chỉ chứng minh, không sửa: bỏ --repair.",
        en: "--history proves and repairs nothing: leave --repair out.",
        uk: "--history лише доводить і нічого не виправляє: приберіть --repair."))
  }

  func run() throws {
    let open = try options.open()
    if proving.history { return try proving.check(open.hub, asJSON: listing.json) }
    let damaged = try repairing.repair(open)
    let triggers = try open.database.foreignTriggers()
    let sentences =
      try (open.database.problems() + open.hub.problems()).map { ($0, Self.sentence($0)) }
      + ForeignText.silenced(triggers).map { ($0, $0) }
    let problems = sentences.map(\.0)
    if listing.json {
      let lines = Cell.list(problems.map(Cell.text))
      Program.write(
        repairing.repair
          ? Cell.object([("problems", lines), ("found", .list(damaged.map(\.cell)))]).json
          : lines.json)
    } else {
      for row in damaged { Program.write(try row.text(open)) }
      for (_, sentence) in sentences { Program.write(Style.bad("✗ ") + sentence) }
      let tables = try open.database.undeclaredTables()
      for line in ForeignText.bystanders(triggers, tables: tables) {
        Program.write(Style.warning(line))
      }
    }
    guard problems.isEmpty else {
      throw Failure(
        .problems,
        Phrase(
          vi: "Có \(problems.count) vấn đề.", en: "Problems found: \(problems.count).",
          uk: "Виявлено проблем: \(problems.count)."),
        hint: Phrase(
          vi: "Giữ một bản sao của thư mục dữ liệu trước khi làm gì khác.",
          en: "Keep a copy of the data folder before anything else.",
          uk: "Спершу збережіть копію теки даних."))
    }
    if !listing.json {
      Program.write(Style.good(say(vi: "Kho nguyên vẹn.", en: "All is well.", uk: "Усе гаразд.")))
    }
  }

  /// A problem in words; what SQLite says of a broken file is for whoever repairs it.
  static func sentence(_ problem: String) -> String {
    if let match = problem.wholeMatch(of: /(\w+)\.(\w+): rows differ .*/) {
      let (table, column) = (String(match.1), String(match.2))
      let place =
        "\(title(ofTable: table)), \(RecordKinds.title(ofColumn: column, in: table).text)"
      return say(
        vi: "\(place): bản ghi khác với sổ kiểm.", en: "\(place): rows differ from the books.",
        uk: "\(place): записи розходяться з обліком.")
    }
    if let match = problem.wholeMatch(of: /(\w+): a row points to a missing row of (\w+)/) {
      let (child, parent) = (title(ofTable: String(match.1)), title(ofTable: String(match.2)))
      return say(
        vi: "\(child): có bản ghi thuộc về “\(parent)” không còn.",
        en: "\(child): a record belongs to a “\(parent)” that is not there.",
        uk: "\(child): запис належить до «\(parent)», якого немає.")
    }
    return say(
      vi: "Tệp kho bị hỏng (\(problem)).", en: "The store’s file is damaged (\(problem)).",
      uk: "Файл сховища пошкоджено (\(problem)).")
  }
}
