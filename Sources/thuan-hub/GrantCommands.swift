import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct GrantsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grants",
    abstract: say(
      vi: "Ai được làm gì ở đâu.", en: "Who may do what where.", uk: "Хто що й де може."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  @Option(
    help: ArgumentHelp(
      say(vi: "Chỉ của cán bộ này.", en: "Only this officer’s.", uk: "Лише цього працівника.")))
  var officer: String?

  @Option(
    help: ArgumentHelp(
      say(vi: "Chỉ ở đơn vị này.", en: "Only in this unit.", uk: "Лише в цій одиниці.")))
  var unit: String?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả những quyền đã hết hạn.", en: "Those that have ended too.",
        uk: "Разом із закінченими.")))
  var all = false

  func run() throws {
    let open = try options.open()
    let today = CivilDay.inVietnam(milliseconds: wallMilliseconds())
    let officer = try officer.map { try open.officer($0).id }
    let unit = try unit.map { try open.unit($0, on: nil).id }
    var table = Listing([
      .init("id", Phrase(vi: "Mã", en: "Id", uk: "Код")),
      .init("officer", Phrase(vi: "Cán bộ", en: "Officer", uk: "Працівник")),
      .init("role", Phrase(vi: "Vai trò", en: "Role", uk: "Роль")),
      .init("unit", Phrase(vi: "Đơn vị", en: "Unit", uk: "Одиниця")),
      .init("children", Phrase(vi: "Cấp dưới", en: "Within", uk: "Підпорядк.")),
      .init("private", Phrase(vi: "Riêng", en: "Private", uk: "Приватне")),
      .init("from", Phrase(vi: "Từ", en: "From", uk: "З")),
      .init("to", Phrase(vi: "Đến", en: "To", uk: "До")),
    ])
    for grant in try OfficerGrant.all(in: open.hub)
    where (all || (grant.validTo ?? today) >= today)
      && (officer == nil || grant.officer == officer) && (unit == nil || grant.unit == unit)
    {
      table.add(try cells(of: grant, open))
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(
        vi: "Chưa có quyền nào.", en: "There are no grants.", uk: "Прав немає."))
  }

  private func cells(of grant: OfficerGrant, _ open: OpenHub) throws -> [Cell] {
    func day(_ day: String) -> Cell { .text(listing.json ? day : CivilDay.shown(day)) }
    return [
      .text(listing.json ? grant.id : Abbreviation.shown(grant.id)),
      .text(
        listing.json ? grant.officer : try open.name("officer", RowKey([.text(grant.officer)]))),
      .text(listing.json ? grant.role.rawValue : grant.role.title.text),
      .text(listing.json ? grant.unit : try open.unitName(grant.unit)),
      .flag(grant.includesChildren), .flag(grant.seesPrivate), day(grant.validFrom),
      grant.validTo.map(day) ?? .none,
    ]
  }
}

/// What a grant is to be like.
struct GrantOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(
        vi: "Vai trò: \(Role.list).", en: "The role: \(Role.list).", uk: "Роль: \(Role.list).")))
  var role = Role.fieldOfficer.rawValue

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      say(
        vi: "Gồm cả các đơn vị cấp dưới.", en: "The units within it too.",
        uk: "Разом із підпорядкованими одиницями.")))
  var children = true

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      say(
        vi: "Gồm cả thông tin riêng (mặc định theo vai trò).",
        en: "What is private too (default: as the role has it).",
        uk: "Разом із приватним (типово — за роллю).")))
  var `private`: Bool?

  func validate() throws { try Role.check(role) }

  func grant(to officer: String, unit: String, from: String, to: String? = nil) -> OfficerGrant {
    OfficerGrant(
      id: newRecordID(), officer: officer, role: Role(rawValue: role) ?? .fieldOfficer, unit: unit,
      includesChildren: children, seesPrivate: `private`, validFrom: from, validTo: to)
  }
}

struct GrantCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant",
    abstract: say(
      vi: "Giao một đơn vị cho cán bộ.", en: "Give an officer a unit.",
      uk: "Надати працівникові одиницю."),
    discussion: say(
      vi: "Có hiệu lực ở lần đồng bộ sau của thiết bị, trước mọi dữ liệu.",
      en: "It counts from the device’s next sync on, before any data.",
      uk: "Діє з наступної синхронізації пристрою, раніше за дані."))

  @OptionGroup var options: HubOptions
  @OptionGroup var grantOptions: GrantOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(help: ArgumentHelp(OfficerReference.help, valueName: OfficerReference.word))
  var officer: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mã đơn vị (23065 hoặc 23065@0).", en: "The unit’s code (23065 or 23065@0).",
        uk: "Код одиниці (23065 або 23065@0).")))
  var unit: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Từ ngày (mặc định hôm nay).", en: "First day (default today).",
        uk: "Перший день (типово сьогодні).")))
  var from: String?

  @Option(
    help: ArgumentHelp(
      say(vi: "Đến hết ngày.", en: "Last day.", uk: "Останній день.")))
  var to: String?

  func run() throws {
    let open = try options.open()
    let first = try day(from) ?? CivilDay.inVietnam(milliseconds: wallMilliseconds())
    let last = try day(to)
    if let last, last < first {
      throw Failure(
        .usage,
        Phrase(
          vi: "Ngày cuối đứng trước ngày đầu.", en: "The last day is before the first.",
          uk: "Останній день раніше за перший."))
    }
    let officer = try open.officer(officer)
    let unit = try open.unit(unit, on: first)
    let ruling = try rulingOptions.ruling()
    let grant = grantOptions.grant(to: officer.id, unit: unit.id, from: first, to: last)
    if let twin = try OfficerGrant.all(in: open.hub).first(where: { $0.repeats(grant) }) {
      throw Failure(
        .changed,
        Phrase(
          vi: "\(officer.name) đã có quyền này (\(Abbreviation.shown(twin.id))).",
          en: "\(officer.name) has that already (\(Abbreviation.shown(twin.id))).",
          uk: "\(officer.name) це вже має (\(Abbreviation.shown(twin.id)))."))
    }
    try open.give(grant, ruling)
    Program.write(
      say(
        vi: "Đã giao \(unit.name) cho \(officer.name) (\(grant.role.title.vi)).",
        en: "\(officer.name) has \(unit.name) now (\(grant.role.title.en)).",
        uk: "\(officer.name) має \(unit.name) (\(grant.role.title.uk))."))
    Program.write(Style.faint(say(vi: "Mã: ", en: "Id: ", uk: "Код: ") + grant.id))
  }
}

struct WithdrawCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "withdraw",
    abstract: say(
      vi: "Thu lại quyền: bản ghi rời thiết bị, việc chưa gửi chờ xem xét.",
      en: "End a grant: records leave the devices, unsent work will wait for review.",
      uk: "Припинити право: записи залишать пристрої, ненадіслане чекатиме розгляду."),
    discussion: say(
      vi: "--dry-run chỉ cho biết thiết bị nào có thể còn việc chưa gửi.",
      en: "--dry-run only says which devices may hold unsent work.",
      uk: "--dry-run лише показує, де може бути ненадіслане."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã quyền, xem: thuan-hub grants.", en: "The grant’s id, see: thuan-hub grants.",
        uk: "Код права, див.: thuan-hub grants."),
      valueName: say(vi: "mã", en: "id", uk: "код")))
  var grant: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Ngày cuối còn hiệu lực (mặc định hôm qua: hết ngay).",
        en: "The last day on which it counts (default yesterday: it ends at once).",
        uk: "Останній день дії (типово вчора: припиняється одразу).")))
  var after: String?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Chỉ xem, không đổi gì.", en: "Only look, change nothing.",
        uk: "Лише переглянути, нічого не змінювати.")))
  var dryRun = false

  func run() throws {
    let open = try options.open()
    let grant = try Abbreviation.find(
      grant, among: OfficerGrant.all(in: open.hub), id: \.id,
      describe: { "\($0.id)  \($0.role.rawValue)  \($0.unit)" })
    let today = CivilDay.inVietnam(milliseconds: wallMilliseconds())
    let last = try day(after) ?? CivilDay.day(today, plus: -1) ?? today
    let ruling = try rulingOptions.ruling()
    try showDevices(of: grant, open)
    guard let change = try grant.ending(with: last, open.hub.schema) else {
      throw Failure(
        .changed,
        Phrase(
          vi: "Quyền này đã hết vào \(CivilDay.shown(grant.validTo ?? last)).",
          en: "It ends on \(CivilDay.shown(grant.validTo ?? last)) already.",
          uk: "Воно вже закінчується \(CivilDay.shown(grant.validTo ?? last))."))
    }
    if dryRun { return }
    try open.hub.commit(
      [change], by: ruling.by, act: "withdraw \(grant.officer): \(ruling.reason)",
      wallMilliseconds: ruling.wallMilliseconds)
    let name = try open.name("officer", RowKey([.text(grant.officer)]))
    let unit = try open.unitName(grant.unit)
    Program.write(
      say(
        vi: "\(name) không còn \(unit) sau \(CivilDay.shown(last)).",
        en: "\(name) has \(unit) no longer after \(CivilDay.shown(last)).",
        uk: "\(name) більше не має \(unit) після \(CivilDay.shown(last))."))
    try showRest(of: grant, after: last, open)
  }

  /// Grants by which the officer may hold the same records still.
  private func showRest(of grant: OfficerGrant, after last: String, _ open: OpenHub) throws {
    guard let next = CivilDay.day(last, plus: 1) else { return }
    for other in try OfficerGrant.all(in: open.hub)
    where other.officer == grant.officer && other.id != grant.id && other.isValid(on: next) {
      let unit = try open.unitName(other.unit)
      Program.write(
        say(
          vi: "  Vẫn còn: \(unit), \(other.role.title.vi) (\(Abbreviation.shown(other.id)))",
          en: "  Still there: \(unit), \(other.role.title.en) (\(Abbreviation.shown(other.id)))",
          uk: "  Лишається: \(unit), \(other.role.title.uk) (\(Abbreviation.shown(other.id)))"))
    }
  }

  /// The officer's devices, and since when each may hold work that has not come.
  private func showDevices(of grant: OfficerGrant, _ open: OpenHub) throws {
    for device in try open.hub.devices() where device.officer == grant.officer && !device.isRevoked
    {
      let since =
        device.lastSeenMilliseconds.map(localTime)
        ?? say(vi: "chưa bao giờ", en: "never", uk: "ніколи")
      Program.write(
        say(
          vi: "  \(device.label): đồng bộ gần nhất \(since); việc ghi từ đó chưa đến đây",
          en: "  \(device.label): last sync \(since); what was recorded since has not come",
          uk: "  \(device.label): остання синхр. \(since); записане відтоді ще не надійшло"))
    }
  }
}

extension OpenHub {
  /// Gives a grant.
  func give(_ grant: OfficerGrant, _ ruling: Ruling) throws {
    try hub.commit(
      [try grant.giving(hub.schema)], by: ruling.by,
      act: "grant \(grant.officer)" + (ruling.reason.isEmpty ? "" : ": \(ruling.reason)"),
      wallMilliseconds: ruling.wallMilliseconds)
  }
}

extension Role {
  static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// Refuses what is typed for a role and is none.
  static func check(_ typed: String) throws {
    guard Role(rawValue: typed) == nil else { return }
    throw ValidationError(
      say(
        vi: "Không có vai trò “\(typed)”; chọn: \(list).",
        en: "There is no role “\(typed)”; choose: \(list).",
        uk: "Немає ролі «\(typed)»; виберіть: \(list)."))
  }

  var title: Phrase {
    Term.role.first { $0.value == rawValue }?.phrase
      ?? Phrase(vi: rawValue, en: rawValue, uk: rawValue)
  }
}

/// A new id for a record of the hub's own.
func newRecordID() -> String {
  var random = SystemRandomNumberGenerator()
  return RecordID.make(milliseconds: wallMilliseconds(), using: &random)
}
