import ArgumentParser
import FieldModel
import Foundation
import SyncCore
import SyncHub
import Terminal

struct EnrolCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enrol",
    abstract: say(
      vi: "Cấp mã ghi danh một lần cho thiết bị của cán bộ.",
      en: "Issue a one-time code for an officer's device.",
      uk: "Видати одноразовий код для пристрою працівника."))

  @OptionGroup var options: HubOptions
  @OptionGroup var operatorOptions: OperatorOptions

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mã cán bộ đã có.", en: "Id of an officer who is known.", uk: "Код відомого працівника."
      )))
  var officer: String?

  @Option(
    help: ArgumentHelp(
      say(vi: "Họ tên cán bộ mới.", en: "Name of a new officer.", uk: "Ім’я нового працівника.")))
  var name: String?

  @Option(
    help: ArgumentHelp(
      say(vi: "Chức danh.", en: "Title.", uk: "Посада.")))
  var title: String?

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mã đơn vị hành chính (23065 hoặc 23065@0).",
        en: "Code of the administrative unit (23065 or 23065@0).",
        uk: "Код адміністративної одиниці (23065 або 23065@0).")))
  var unit: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tổ chức: mã, hoặc loại như front, women (mặc định front).",
        en: "Organisation: id, or a type such as front, women (default front).",
        uk: "Організація: код або тип, як-от front, women (типово front).")))
  var org = "front"

  @Option(
    help: ArgumentHelp(
      say(vi: "Tên thiết bị.", en: "The device's name.", uk: "Назва пристрою.")))
  var label = ""

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tra mã đơn vị vào ngày này (mặc định hôm nay).",
        en: "Look the unit's code up as of this day (default today).",
        uk: "Шукати код одиниці на цей день (типово сьогодні).")))
  var on: String?

  @OptionGroup var grantOptions: GrantOptions

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Người khác dù trùng họ tên trong cùng tổ chức.",
        en: "Another person, even if the organisation has one of this name.",
        uk: "Інша особа, навіть якщо в організації є така сама.")))
  var namesake = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Địa chỉ máy chủ mà thiết bị thấy (mặc định $THUAN_HUB_ADDRESS).",
        en: "The hub’s address as devices see it (default $THUAN_HUB_ADDRESS).",
        uk: "Адреса хаба, як її бачать пристрої (типово $THUAN_HUB_ADDRESS)."),
      valueName: "url"))
  var address: String?

  @OptionGroup var listing: ListingOptions

  func validate() throws {
    guard (officer == nil) != (name == nil) else {
      throw ValidationError(
        say(
          vi: "Cần --officer hoặc --name.", en: "Give --officer or --name.",
          uk: "Укажіть --officer або --name."))
    }
  }

  func run() throws {
    let open = try options.open()
    let unit = try open.unit(unit, on: try day(on))
    let enrolled = try officer.map { try open.officer($0) } ?? newOfficer(open, unit)
    try giveUnit(unit, to: enrolled, open)
    let code = oneTimeCode()
    try open.hub.issue(
      EnrolmentCode(typed: code),
      for: EnrolmentGrant(
        officer: enrolled.id, officerName: enrolled.name, unit: unit.id,
        label: label.precomposedStringWithCanonicalMapping),
      by: operatorOptions.name, wallMilliseconds: wallMilliseconds())
    show(code, enrolled, unit)
  }

  /// An officer who has nothing yet gets the unit; what others have is for `grant` to change.
  private func giveUnit(
    _ unit: AdministrativeUnit, to officer: OfficerReference, _ open: OpenHub
  ) throws {
    let today = CivilDay.inVietnam(milliseconds: wallMilliseconds())
    let known = try OfficerGrant.all(in: open.hub).filter {
      $0.officer == officer.id && $0.isValid(on: today)
    }
    if !known.isEmpty {
      if !known.contains(where: { $0.unit == unit.id }) {
        Program.write(
          Style.warning(
            say(
              vi: "\(officer.name) đã có quyền ở nơi khác; \(unit.name) không được giao thêm: "
                + "thuan-hub grant \(Abbreviation.shown(officer.id)) --unit \(unit.id)",
              en: "\(officer.name) has other grants; \(unit.name) is not added: "
                + "thuan-hub grant \(Abbreviation.shown(officer.id)) --unit \(unit.id)",
              uk: "\(officer.name) має інші права; \(unit.name) не додано: "
                + "thuan-hub grant \(Abbreviation.shown(officer.id)) --unit \(unit.id)")),
          toErrors: true)
      }
      return
    }
    try open.give(
      grantOptions.grant(to: officer.id, unit: unit.id, from: today),
      Ruling(by: operatorOptions.name, reason: "", wallMilliseconds: wallMilliseconds()))
  }

  private func show(_ code: String, _ officer: OfficerReference, _ unit: AdministrativeUnit) {
    let expires = wallMilliseconds() + SyncLimits.enrolmentMilliseconds
    if listing.json {
      return Program.write(
        Cell.object([
          ("code", .text(code)), ("officer", .text(officer.id)), ("name", .text(officer.name)),
          ("unit", .text(unit.id)), ("expires", .instant(expires)),
          ("link", link(code).map(Cell.text) ?? .none),
        ]).json)
    }
    let until = localTime(expires)
    let hubAddress = say(vi: "ĐỊA-CHỈ-MÁY-CHỦ", en: "HUB-ADDRESS", uk: "АДРЕСА-ХАБА")
    Program.write(
      say(
        vi: "Mã ghi danh cho \(officer.name), \(unit.name): ",
        en: "One-time code for \(officer.name), \(unit.name): ",
        uk: "Одноразовий код для \(officer.name), \(unit.name): ") + Style.bold(code))
    Program.write(
      say(
        vi: "Dùng một lần, đến \(until). Trên thiết bị gõ:",
        en: "Good once, until \(until). On the device type:",
        uk: "Дійсний один раз, до \(until). На пристрої введіть:"))
    if let link = link(code) {
      Program.write("  thuan enrol \(link)")
      if Style.isTerminal, let picture = QRCode(link) {
        Program.write(
          say(
            vi: "hoặc quét mã QR:", en: "or scan the QR code:", uk: "або зіскануйте QR-код:"))
        Program.write(picture.lines.joined(separator: "\n"))
      }
    } else {
      Program.write("  thuan enrol https://\(hubAddress) \(code)")
    }
    Program.write(
      Style.faint(
        say(vi: "Mã cán bộ: ", en: "Officer id: ", uk: "Код працівника: ") + officer.id))
  }

  /// Address and code in one; nothing if the address is not known here.
  private func link(_ code: String) -> String? {
    let known = address ?? ProcessInfo.processInfo.environment["THUAN_HUB_ADDRESS"]
    guard var text = known, !text.isEmpty else { return nil }
    while text.hasSuffix("/") { text.removeLast() }
    return "\(text)/#\(code)"
  }

  private func newOfficer(_ open: OpenHub, _ unit: AdministrativeUnit) throws -> OfficerReference {
    let name = (name ?? "").trimmingCharacters(in: .whitespaces)
      .precomposedStringWithCanonicalMapping
    guard !name.isEmpty else {
      throw Failure(
        .input, Phrase(vi: "Họ tên để trống.", en: "The name is empty.", uk: "Ім’я порожнє."))
    }
    let organisation = try open.organisation(org, unit: unit)
    if !namesake, let known = try open.officers(in: organisation).first(where: { $0.name == name })
    {
      throw Failure(
        .input,
        Phrase(
          vi: "\(name) đã có trong tổ chức này (\(known.id)).",
          en: "\(name) is known in this organisation (\(known.id)).",
          uk: "\(name) вже є в цій організації (\(known.id))."),
        hint: Phrase(
          vi: "--officer \(known.id), hoặc --namesake nếu là người khác",
          en: "--officer \(known.id), or --namesake for somebody else",
          uk: "--officer \(known.id) або --namesake, якщо це інша особа"))
    }
    guard let table = open.hub.schema.table(named: "officer") else { throw HubError.notFound }
    let id = newRecordID()
    var values = ["display_name": name, "org_id": organisation]
    values["title_vi"] = title?.precomposedStringWithCanonicalMapping
    try open.hub.commit(
      [
        RowChange(
          inserting: values.mapValues(Value.text), into: table, key: RowKey([.text(id)]))
      ], by: operatorOptions.name, wallMilliseconds: wallMilliseconds())
    return OfficerReference(id: id, name: name)
  }
}

/// An officer by id and name.
struct OfficerReference {
  let id: String
  let name: String

  static let help = say(
    vi: "Mã cán bộ, hoặc vài ký tự đầu hay cuối.", en: "The officer’s id, or some of its ends.",
    uk: "Код працівника або його кінець чи початок.")
  static let word = say(vi: "cán-bộ", en: "officer", uk: "працівник")
}

extension OpenHub {
  /// The unit that was typed: an id, or a code as of a day.
  func unit(_ typed: String, on day: String?) throws -> AdministrativeUnit {
    let units = try AdministrativeUnit.all(in: hub)
    if let unit = units[typed] { return unit }
    let lives = units.withCode(typed)
    let day = day ?? CivilDay.inVietnam(milliseconds: wallMilliseconds())
    if let unit = units.unit(code: typed, on: day) { return unit }
    for life in lives {
      let period = "\(life.validFrom ?? "…") – \(life.validTo ?? "…")"
      Program.write("  \(life.id)  \(life.name)  \(period)", toErrors: true)
    }
    throw Failure(
      .notFound,
      Phrase(
        vi: "Không có đơn vị “\(typed)” vào ngày \(day).",
        en: "There is no unit “\(typed)” on \(day).", uk: "Немає одиниці «\(typed)» на \(day)."),
      hint: lives.isEmpty
        ? Phrase(
          vi: "thuan-hub import units", en: "thuan-hub import units", uk: "thuan-hub import units")
        : Phrase(
          vi: "Dùng một mã ở trên, hoặc --on NGÀY.", en: "Use one of these ids, or --on DAY.",
          uk: "Використайте один із цих кодів або --on ДЕНЬ."))
  }

  /// The id of the organisation that was typed: an id, or a type in the unit.
  fileprivate func organisation(_ typed: String, unit: AdministrativeUnit) throws -> String {
    if try hub.row("organisation", RowKey([.text(typed)])) != nil { return typed }
    let found = try rows(
      "SELECT id, name_vi FROM organisation WHERE unit_id = ? AND org_type = ?",
      [.text(unit.id), .text(typed)])
    if let id = found.first?[0].text, found.count == 1 { return id }
    if found.count > 1 {
      throw Abbreviation.several(
        typed, found.map { "\($0[0])  \($0[1])" })
    }
    throw Failure(
      .notFound,
      Phrase(
        vi: "Ở \(unit.name) không có tổ chức “\(typed)”.",
        en: "There is no organisation “\(typed)” in \(unit.name).",
        uk: "У \(unit.name) немає організації «\(typed)»."),
      hint: Phrase(
        vi: "thuan-hub import organisations --generate-front",
        en: "thuan-hub import organisations --generate-front",
        uk: "thuan-hub import organisations --generate-front"))
  }

  fileprivate func officers(in organisation: String) throws -> [OfficerReference] {
    try rows("SELECT id, display_name FROM officer WHERE org_id = ?", [.text(organisation)])
      .map { OfficerReference(id: $0[0].text ?? "", name: $0[1].text ?? "") }
  }

  func officer(_ typed: String) throws -> OfficerReference {
    let all = try rows("SELECT id, display_name FROM officer")
      .map { OfficerReference(id: $0[0].text ?? "", name: $0[1].text ?? "") }
    return try Abbreviation.find(typed, among: all, id: \.id, describe: { "\($0.id)  \($0.name)" })
  }
}

/// Sixteen characters, 80 bits, of an alphabet in which nothing looks like anything else.
private func oneTimeCode() -> String {
  let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
  var random = SystemRandomNumberGenerator()
  let groups = (0..<4).map { _ in
    String((0..<4).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] })
  }
  return groups.joined(separator: "-")
}
