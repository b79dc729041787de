import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct ReformCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reform",
    abstract: say(
      vi: "Sắp xếp đơn vị hành chính vào một ngày: tất cả hoặc không gì cả.",
      en: "Rearrange administrative units on one day: all or nothing.",
      uk: "Перебудувати адміністративні одиниці одного дня: усе або нічого."),
    discussion: say(
      vi: """
        Đóng đơn vị cũ, lập đơn vị mới, tổ chức của chúng, và giao đơn vị mới cho cán bộ. Lịch sử giữ \
        nguyên đơn vị. Kiến nghị gửi cơ quan không còn chờ quyết định từng cái: thuan-hub transfer.
        """,
      en: """
        Closes old units, makes new ones and their organisations, and gives officers the new units. \
        History keeps its units. Recommendations to bodies that are no more wait for a decision \
        each: thuan-hub transfer.
        """,
      uk: """
        Закриває старі одиниці, створює нові та їхні організації, надає працівникам нові одиниці. \
        Історія зберігає свої одиниці. Рекомендації до неіснуючих установ чекають рішення щодо \
        кожної: thuan-hub transfer.
        """))

  @OptionGroup var common: ImportOptions

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Ngày đầu của đơn vị mới.", en: "First day of the new units.",
        uk: "Перший день нових одиниць.")))
  var on: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tệp CSV các đơn vị, cũ và mới (như import units); có thể nhiều tệp.",
        en: "CSV file of units, old and new (as for import units); may be repeated.",
        uk: "CSV одиниць, старих і нових (як для import units); можна кілька."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var units: [String]

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tệp CSV: đơn vị nào thành đơn vị nào (như import succession).",
        en: "CSV file: which unit became which (as for import succession).",
        uk: "CSV: яка одиниця стала якою (як для import succession)."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var succession: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Cán bộ của đơn vị bị chia hoặc bỏ về đâu: CŨ=MỚI, như 22978@0=22978@20250701.",
        en: "Where officers of a split or abolished unit go: OLD=NEW, as 22978@0=22978@20250701.",
        uk: "Куди йдуть працівники поділеної чи скасованої одиниці: СТАРА=НОВА."),
      valueName: say(vi: "cũ=mới", en: "old=new", uk: "стара=нова")))
  var assign: [String] = []

  func run() throws {
    let open = try common.options.open()
    guard let day = try day(on) else { return }
    let sources = UnitReform.Sources(
      units: try units.map { try common.table($0, required: UnitImport.requiredColumns) },
      succession: try common.table(succession, required: SuccessionImport.requiredColumns),
      assignments: try assignments())
    let reform = try UnitReform.plan(sources, on: day, for: open.hub, newID: newRecordID)
    if reform.changes.isEmpty {
      return Program.write(
        say(
          vi: "Tất cả đã như vậy; không đổi gì.", en: "All is so already; nothing was changed.",
          uk: "Усе вже так; нічого не змінено."))
    }
    if !common.dryRun {
      try open.hub.commit(
        reform.changes, by: common.operatorOptions.name, act: "reform \(day)",
        wallMilliseconds: wallMilliseconds())
    }
    try show(reform, open)
  }

  private func assignments() throws -> [String: [String]] {
    try assign.reduce(into: [:]) { all, text in
      let parts = text.split(separator: "=").map(String.init)
      guard parts.count == 2 else {
        throw Failure(
          .usage,
          Phrase(
            vi: "“\(text)” không có dạng CŨ=MỚI.", en: "“\(text)” is not OLD=NEW.",
            uk: "«\(text)» — не СТАРА=НОВА."))
      }
      all[parts[0], default: []].append(parts[1])
    }
  }

  private func show(_ reform: UnitReform, _ open: OpenHub) throws {
    if common.dryRun {
      Program.write(
        say(
          vi: "Chỉ kiểm tra, chưa đổi gì:", en: "Only checked, nothing changed:",
          uk: "Лише перевірено, нічого не змінено:"))
    }
    Program.write(
      say(
        vi: "Đơn vị: đóng \(reform.closedUnits), lập \(reform.newUnits).",
        en: "Units: \(reform.closedUnits) closed, \(reform.newUnits) new.",
        uk: "Одиниці: закрито \(reform.closedUnits), нових \(reform.newUnits)."))
    Program.write(
      say(
        vi: "Tổ chức: đóng \(reform.closedOrganisations), lập \(reform.newOrganisations).",
        en: "Organisations: \(reform.closedOrganisations) closed, \(reform.newOrganisations) new.",
        uk: "Організації: закрито \(reform.closedOrganisations), нових \(reform.newOrganisations).")
    )
    Program.write(
      say(
        vi: "Cán bộ được giao đơn vị mới: \(Set(reform.grants.map(\.officer)).count).",
        en: "Officers who got a new unit: \(Set(reform.grants.map(\.officer)).count).",
        uk: "Працівники, що отримали нову одиницю: \(Set(reform.grants.map(\.officer)).count)."))
    for grant in reform.undecided {
      let officer = try open.name("officer", RowKey([.text(grant.officer)]))
      let unit = try open.unitName(grant.unit)
      Program.write(
        say(
          vi:
            "  Cần quyết định: \(officer), \(unit) — thuan-hub grant \(Abbreviation.shown(grant.officer)) --unit …",
          en:
            "  To be decided: \(officer), \(unit) — thuan-hub grant \(Abbreviation.shown(grant.officer)) --unit …",
          uk:
            "  Потрібне рішення: \(officer), \(unit) — thuan-hub grant \(Abbreviation.shown(grant.officer)) --unit …"
        ))
    }
    for unit in reform.splitUnits {
      let name = try open.unitName(unit)
      Program.write(
        say(
          vi:
            "  Bị chia: \(name). Đơn vị kế thừa chỉ xem được những gì được giao — thuan-hub parts \(unit)",
          en:
            "  Split: \(name). Its successors may read what they are given — thuan-hub parts \(unit)",
          uk: "  Поділено: \(name). Правонаступниці читають лише передане — thuan-hub parts \(unit)"
        ))
    }
    if common.dryRun { return }
    let waiting = try open.hub.conflicts(openOnly: true).count { $0.unit == AddresseeGone.name }
    Program.write(
      say(
        vi: "Kiến nghị chờ nơi nhận mới: \(waiting) (thuan-hub conflicts).",
        en: "Recommendations that wait for an addressee: \(waiting) (thuan-hub conflicts).",
        uk: "Рекомендації, що чекають адресата: \(waiting) (thuan-hub conflicts)."))
  }
}

struct TransferCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer",
    abstract: say(
      vi: "Chuyển một kiến nghị cho nơi nhận khác.",
      en: "Give a recommendation another addressee.",
      uk: "Передати рекомендацію іншому адресатові."),
    discussion: say(
      vi: "Nơi nhận cũ, thời hạn và lịch sử giữ nguyên.",
      en: "The old addressee, the term and the history stay.",
      uk: "Попередній адресат, строк та історія лишаються."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã nơi nhận kiến nghị.", en: "The id of the recommendation’s addressee.",
        uk: "Код адресата рекомендації."),
      valueName: say(vi: "mã", en: "id", uk: "код")))
  var addressee: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mã tổ chức nhận.", en: "The id of the organisation that answers from now on.",
        uk: "Код організації, що відповідатиме."),
      valueName: say(vi: "tổ-chức", en: "organisation", uk: "організація")))
  var to: String

  func run() throws {
    let open = try options.open()
    let keys = try open.hub.keys(
      in: "recommendation_target", containing: addressee, limit: 1000)
    let key = try Abbreviation.find(
      addressee, among: keys, id: { $0.values.first?.text ?? "" },
      describe: { $0.values.first?.text ?? "" })
    let ruling = try rulingOptions.ruling()
    let organisation = RowKey([.text(to)])
    guard try open.hub.row("organisation", organisation) != nil else {
      throw Failure(
        .notFound,
        Phrase(
          vi: "Không có tổ chức “\(to)”.", en: "There is no organisation “\(to)”.",
          uk: "Немає організації «\(to)»."))
    }
    let transfer = try Transfer.plan(
      key, to: organisation, ruling, for: open.hub, newID: newRecordID)
    try open.hub.commit(
      transfer.changes, by: ruling.by,
      act: "transfer \(key.values.first?.text ?? ""): \(ruling.reason)",
      wallMilliseconds: ruling.wallMilliseconds)
    let name = try open.name("organisation", organisation)
    Program.write(
      say(
        vi: "Từ nay \(name) trả lời.", en: "\(name) answers from now on.",
        uk: "Відтепер відповідає \(name)."))
  }
}
