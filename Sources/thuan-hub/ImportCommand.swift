import ArgumentParser
import FieldModel
import Foundation
import SyncCore
import SyncHub
import Terminal

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: say(
      vi: "Nhập danh mục từ tệp CSV: tất cả hoặc không gì cả.",
      en: "Import reference data from CSV files: all or nothing.",
      uk: "Імпортувати довідники з CSV: усе або нічого."),
    subcommands: [ImportUnits.self, ImportSuccession.self, ImportOrganisations.self])
}

/// What every import takes.
struct ImportOptions: ParsableArguments {
  @OptionGroup var options: HubOptions
  @OptionGroup var operatorOptions: OperatorOptions

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Chỉ kiểm tra và cho biết sẽ đổi gì.", en: "Only check, and say what would change.",
        uk: "Лише перевірити й показати, що зміниться.")))
  var dryRun = false

  /// Commits what differs as one change set and says what it was.
  func commit(_ plan: ReferenceImport, to hub: Hub) throws {
    for update in plan.updates.prefix(40) {
      Program.write(
        "  \(update.key) \(update.column): \(update.before) → \(update.after)", toErrors: true)
    }
    if plan.updates.count > 40 { Program.write("  …", toErrors: true) }
    if !dryRun {
      try hub.commit(
        plan.changes, by: operatorOptions.name, wallMilliseconds: wallMilliseconds())
    }
    let counts = say(
      vi: "mới \(plan.added), sửa \(plan.updated), giữ nguyên \(plan.unchanged)",
      en: "new \(plan.added), changed \(plan.updated), unchanged \(plan.unchanged)",
      uk: "нових \(plan.added), змінено \(plan.updated), без змін \(plan.unchanged)")
    let prefix =
      dryRun
      ? say(vi: "Sẽ nhập", en: "Would import", uk: "Буде імпортовано")
      : say(vi: "Đã nhập", en: "Imported", uk: "Імпортовано")
    Program.write("\(prefix): \(counts).")
  }

  /// Reads a CSV file.
  func table(_ path: String, required: [String]) throws -> CSVTable {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .input,
        Phrase(
          vi: "Không đọc được tệp “\(path)”.", en: "The file “\(path)” cannot be read.",
          uk: "Файл «\(path)» не прочитати."))
    }
    return try CSVTable(bytes, file: path, required: required)
  }
}

struct ImportUnits: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "units",
    abstract: say(
      vi: "Đơn vị hành chính.", en: "Administrative units.", uk: "Адміністративні одиниці."),
    discussion: say(
      vi: """
        Cột: code, name_vi, kind, tier; tùy ý unit_id, parent_unit_id hoặc parent_code, valid_from, \
        valid_to. Không có unit_id thì là MÃ@NGÀY hoặc MÃ@0. Cột không có trong tệp giữ nguyên.
        """,
      en: """
        Columns: code, name_vi, kind, tier; optional unit_id, parent_unit_id or parent_code, \
        valid_from, valid_to. Without unit_id it is CODE@DAY or CODE@0. Columns that a file lacks \
        stay as they are.
        """,
      uk: """
        Стовпці: code, name_vi, kind, tier; можливі unit_id, parent_unit_id або parent_code, \
        valid_from, valid_to. Без unit_id — КОД@ДЕНЬ або КОД@0. Відсутні стовпці лишаються.
        """))

  @OptionGroup var common: ImportOptions

  @Argument(
    help: ArgumentHelp(
      say(vi: "Tệp CSV.", en: "CSV files.", uk: "Файли CSV."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Ngày có hiệu lực cho tệp không có cột valid_from.",
        en: "First day of validity for files without a valid_from column.",
        uk: "Перший день чинності для файлів без valid_from.")))
  var validFrom: String?

  func run() throws {
    let open = try common.options.open()
    let tables = try files.map { try common.table($0, required: UnitImport.requiredColumns) }
    let ignored = Set(tables.flatMap(\.header)).subtracting(UnitImport.knownColumns)
    if !ignored.isEmpty {
      let names = ignored.sorted().joined(separator: ", ")
      Program.write(
        say(
          vi: "Bỏ qua các cột: \(names)", en: "Columns passed over: \(names)",
          uk: "Пропущені стовпці: \(names)"), toErrors: true)
    }
    let plan = try UnitImport.plan(tables, for: open.hub, firstDay: try day(validFrom))
    try common.commit(plan, to: open.hub)
  }
}

struct ImportSuccession: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "succession",
    abstract: say(
      vi: "Đơn vị nào thành đơn vị nào.", en: "Which unit became which.",
      uk: "Яка одиниця стала якою."),
    discussion: say(
      vi: """
        Cột: old_code, new_code, relation, effective_date; tùy ý old_name_vi, new_name_vi \
        (được đối chiếu), instrument, note.
        """,
      en: """
        Columns: old_code, new_code, relation, effective_date; optional old_name_vi, new_name_vi \
        (they are compared), instrument, note.
        """,
      uk: """
        Стовпці: old_code, new_code, relation, effective_date; можливі old_name_vi, new_name_vi \
        (звіряються), instrument, note.
        """))

  @OptionGroup var common: ImportOptions

  @Argument(
    help: ArgumentHelp(
      say(vi: "Tệp CSV.", en: "CSV file.", uk: "Файл CSV."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var file: String

  func run() throws {
    let open = try common.options.open()
    let table = try common.table(file, required: SuccessionImport.requiredColumns)
    try common.commit(try SuccessionImport.plan(table, for: open.hub), to: open.hub)
  }
}

struct ImportOrganisations: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "organisations",
    abstract: say(vi: "Tổ chức.", en: "Organisations.", uk: "Організації."),
    discussion: say(
      vi: """
        Cột: org_type, name_vi và unit_id hoặc unit_code; tùy ý id, short_vi, symbol_suffix, \
        number_series, active_from, active_to, parent_org_id. Không có id thì là LOẠI-ĐƠN_VỊ, \
        như front-23065@0.
        """,
      en: """
        Columns: org_type, name_vi and unit_id or unit_code; optional id, short_vi, \
        symbol_suffix, number_series, active_from, active_to, parent_org_id. Without an id it is \
        TYPE-UNIT, such as front-23065@0.
        """,
      uk: """
        Стовпці: org_type, name_vi та unit_id або unit_code; можливі id, short_vi, \
        symbol_suffix, number_series, active_from, active_to, parent_org_id. Без id — \
        ТИП-ОДИНИЦЯ, наприклад front-23065@0.
        """))

  @OptionGroup var common: ImportOptions

  @Argument(
    help: ArgumentHelp(
      say(vi: "Tệp CSV.", en: "CSV file.", uk: "Файл CSV."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var file: String?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Lập Ủy ban MTTQ và năm tổ chức chính trị - xã hội cho mọi đơn vị.",
        en: "Make the Front committee and five socio-political organisations of every unit.",
        uk: "Створити комітет Фронту й п’ять організацій для кожної одиниці.")))
  var generateFront = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tra unit_code vào ngày này (mặc định hôm nay).",
        en: "Look unit_code up as of this day (default today).",
        uk: "Шукати unit_code на цей день (типово сьогодні).")))
  var on: String?

  func validate() throws {
    guard generateFront != (file != nil) else {
      throw ValidationError(
        say(
          vi: "Cho một tệp hoặc --generate-front.", en: "Give a file or --generate-front.",
          uk: "Укажіть файл або --generate-front."))
    }
  }

  func run() throws {
    let open = try common.options.open()
    guard let file else {
      return try common.commit(try FrontOrganisations.plan(for: open.hub), to: open.hub)
    }
    let table = try common.table(file, required: OrganisationImport.requiredColumns)
    let day = try day(on) ?? CivilDay.inVietnam(milliseconds: wallMilliseconds())
    try common.commit(
      try OrganisationImport.plan(table, for: open.hub, day: day), to: open.hub)
  }
}

/// The day that an option names.
func day(_ text: String?) throws -> String? {
  guard let text else { return nil }
  guard let day = CivilDay.parse(text) else {
    throw Failure(
      .usage,
      Phrase(
        vi: "“\(text)” không phải là ngày.", en: "“\(text)” is no day.", uk: "«\(text)» не є датою."
      ))
  }
  return day
}
