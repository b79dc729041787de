import ArgumentParser
import FieldModel
import Foundation
import SyncCore
import SyncHub
import Terminal

private let unitHelp = say(
  vi: "Mã đơn vị đã bị chia (22978 hoặc 22978@0).",
  en: "The code of the unit that was split (22978 or 22978@0).",
  uk: "Код поділеної одиниці (22978 або 22978@0).")
private let unitWord = say(vi: "đơn-vị", en: "unit", uk: "одиниця")

extension OpenHub {
  /// The life of a unit that has ended: that one is split.
  fileprivate func splitUnit(_ typed: String) throws -> AdministrativeUnit {
    let units = try AdministrativeUnit.all(in: hub)
    if let unit = units[typed] { return unit }
    let split = Set(
      try rows("SELECT DISTINCT old_unit_id FROM unit_succession WHERE relation = 'part'")
        .compactMap { $0[0].text })
    let lives = units.withCode(typed).filter { split.contains($0.id) }
    if let unit = lives.first, lives.count == 1 { return unit }
    return try unit(typed, on: nil)
  }
}

struct PartsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parts",
    abstract: say(
      vi: "Các phần của đơn vị bị chia, và phần nào giao cho đơn vị kế thừa nào.",
      en: "Parts of units that were split, and which successor was given which.",
      uk: "Частини поділених одиниць і яку кому передано."),
    discussion: say(
      vi:
        "Đơn vị kế thừa một phần chỉ xem được những gì đã giao. Với tên đơn vị: các bản ghi của nó.",
      en: "A successor in part may read only what it was given. With a unit: that one’s records.",
      uk: "Правонаступник частини читає лише передане. З одиницею: її записи."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var length: LengthOption

  @Argument(help: ArgumentHelp(unitHelp, valueName: unitWord))
  var unit: String?

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Chỉ bản ghi trong phần này.", en: "Only records in this part.",
        uk: "Лише записи цієї частини."),
      valueName: say(vi: "tên", en: "name", uk: "назва")))
  var part: String?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Chỉ bản ghi chưa thuộc phần nào.", en: "Only records in no part.",
        uk: "Лише записи поза частинами.")))
  var rest = false

  func validate() throws {
    if unit == nil, part != nil || rest {
      throw ValidationError(
        say(vi: "Của đơn vị nào?", en: "Of which unit?", uk: "Якої одиниці?"))
    }
    if part != nil, rest {
      throw ValidationError(
        say(
          vi: "--part hoặc --rest, không cả hai.", en: "--part or --rest, not both.",
          uk: "--part або --rest, не обидва."))
    }
  }

  func run() throws {
    let open = try options.open()
    if let unit { return try printRecords(of: try open.splitUnit(unit), open) }
    var table = Listing([
      .init("unit", Phrase(vi: "Đơn vị", en: "Unit", uk: "Одиниця")),
      .init("part", Phrase(vi: "Phần", en: "Part", uk: "Частина")),
      .init("successor", Phrase(vi: "Đơn vị kế thừa", en: "Successor", uk: "Правонаступниця")),
      .init("access", Phrase(vi: "Được xem", en: "May read", uk: "Читає")),
      .init("records", Phrase(vi: "Bản ghi", en: "Records", uk: "Записи")),
    ])
    for part in try open.hub.view({ try UnitPart.all(in: $0) }) {
      let records = try open.hub.view {
        try PartPlacement.records(of: part.unit, in: part.name, limit: .max, $0).count
      }
      table.add([
        .text(listing.json ? part.unit : try open.unitName(part.unit)), .text(part.name),
        .text(listing.json ? part.heir : try open.unitName(part.heir)),
        .text(listing.json ? part.access.rawValue : part.access.words.text),
        .integer(Int64(records)),
      ])
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(
        vi: "Chưa giao phần nào: thuan-hub part.", en: "No part has been given: thuan-hub part.",
        uk: "Жодної частини не передано: thuan-hub part."))
  }

  private func printRecords(of unit: AdministrativeUnit, _ open: OpenHub) throws {
    var table = Listing([
      .init("table", Phrase(vi: "Loại", en: "Kind", uk: "Вид")),
      .init("id", Phrase(vi: "Mã", en: "Id", uk: "Код")),
      .init("part", Phrase(vi: "Phần", en: "Part", uk: "Частина")),
      .init("name", Phrase(vi: "Tên", en: "Name", uk: "Назва")),
    ])
    let records = try open.hub.view {
      try PartPlacement.records(of: unit.id, in: rest ? "" : part, limit: length.limit, $0)
    }
    for (record, part) in records {
      let id = record.key.values.first?.text ?? record.key.description
      table.add([
        .text(listing.json ? record.table : RecordKinds.title(ofTable: record.table).text),
        .text(listing.json ? id : Abbreviation.shown(id)), .optional(part),
        .text(try open.name(record.table, record.key)),
      ])
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(
        vi: "Không có bản ghi nào.", en: "There are no records.", uk: "Записів немає."))
  }
}

extension UnitPart.Access {
  fileprivate var words: Phrase {
    Term.partAccess.first { $0.value == rawValue }?.phrase
      ?? Phrase(vi: rawValue, en: rawValue, uk: rawValue)
  }
}

struct PartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "part",
    abstract: say(
      vi: "Giao một phần của đơn vị bị chia cho đơn vị kế thừa.",
      en: "Give a successor a part of a unit that was split.",
      uk: "Передати правонаступнику частину поділеної одиниці."),
    discussion: say(
      vi: """
        Như “thôn Nha Mé”. Xếp bản ghi vào phần: thuan-hub place. Cán bộ của đơn vị kế thừa xem được \
        chúng từ lần đồng bộ sau; thông tin riêng chỉ khi có --private.
        """,
      en: """
        Such as “thôn Nha Mé”. Records are put into it by thuan-hub place. The successor’s officers \
        may read them from their next sync on; what is private only with --private.
        """,
      uk: """
        Наприклад «thôn Nha Mé». Записи відносить до неї thuan-hub place. Працівники правонаступника \
        читають їх із наступної синхронізації; приватне — лише з --private.
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(help: ArgumentHelp(unitHelp, valueName: unitWord))
  var unit: String

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Tên phần, như tên thôn.", en: "The part’s name, as a hamlet’s.",
        uk: "Назва частини, як-от села."),
      valueName: say(vi: "tên", en: "name", uk: "назва")))
  var name: String

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mã đơn vị kế thừa.", en: "The successor’s code.", uk: "Код правонаступника."),
      valueName: unitWord))
  var to: String

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả thông tin riêng.", en: "What is private too.", uk: "Також приватне.")))
  var `private` = false

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Thu lại: không xem được nữa.", en: "Take it back: no more to read.",
        uk: "Забрати: більше не читає.")))
  var withdraw = false

  func validate() throws {
    if `private`, withdraw {
      throw ValidationError(
        say(
          vi: "--private hoặc --withdraw, không cả hai.", en: "--private or --withdraw, not both.",
          uk: "--private або --withdraw, не обидва."))
    }
    if name.trimmingCharacters(in: .whitespaces).isEmpty {
      throw ValidationError(
        say(vi: "Phần cần có tên.", en: "A part needs a name.", uk: "Частині потрібна назва."))
    }
  }

  func run() throws {
    let open = try options.open()
    let unit = try open.splitUnit(unit)
    let heir = try open.unit(to, on: nil)
    let part = UnitPart(
      unit: unit.id,
      name: name.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping,
      heir: heir.id, access: withdraw ? .none : `private` ? .private : .open)
    let ruling = try rulingOptions.ruling()
    let changes = try part.giving(in: open.hub)
    if changes.isEmpty {
      return Program.write(
        say(
          vi: "Đã như vậy; không đổi gì.", en: "It is so already; nothing was changed.",
          uk: "Так і є; нічого не змінено."))
    }
    try open.hub.commit(
      changes, by: ruling.by, act: "part \(unit.id)/\(part.name)>\(heir.id): \(ruling.reason)",
      wallMilliseconds: ruling.wallMilliseconds)
    Program.write(
      say(
        vi: "\(unit.name), \(part.name) → \(heir.name): \(part.access.words.vi).",
        en: "\(unit.name), \(part.name) → \(heir.name): \(part.access.words.en).",
        uk: "\(unit.name), \(part.name) → \(heir.name): \(part.access.words.uk)."))
  }
}

struct PlaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "place",
    abstract: say(
      vi: "Xếp bản ghi của đơn vị bị chia vào một phần của nó.",
      en: "Put records of a unit that was split into one of its parts.",
      uk: "Віднести записи поділеної одиниці до її частини."),
    discussion: say(
      vi: "Cuộc, người, văn bản, kế hoạch, tổ nòng cốt; những gì thuộc về chúng đi theo.",
      en: "Sessions, people, documents, plans, core groups; what belongs to them goes with them.",
      uk: "Заходи, люди, документи, плани, групи; належне до них іде з ними."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã các bản ghi, xem: thuan-hub parts ĐƠN-VỊ.",
        en: "The records’ ids, see: thuan-hub parts UNIT.",
        uk: "Коди записів, див.: thuan-hub parts ОДИНИЦЯ."),
      valueName: say(vi: "mã", en: "id", uk: "код")))
  var records: [String]

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Tên phần; để trống là đưa ra khỏi mọi phần.",
        en: "The part’s name; empty takes them out of any.",
        uk: "Назва частини; порожня — поза частинами."),
      valueName: say(vi: "tên", en: "name", uk: "назва")))
  var into: String

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả người, văn bản, kế hoạch mà chúng nói đến.",
        en: "The people, papers and plans that they name too.",
        uk: "Також названі в них люди, документи, плани.")))
  var linked = false

  func run() throws {
    let open = try options.open()
    let given = try records.map { typed in
      let record = try open.record(typed)
      return RowReference(record.table.name, record.key)
    }
    let part = into.trimmingCharacters(in: .whitespaces).precomposedStringWithCanonicalMapping
    let ruling = try rulingOptions.ruling()
    let placement = try PartPlacement.plan(
      given, into: part.isEmpty ? nil : part, takingLinked: linked, for: open.hub)
    try open.hub.commit(
      placement.changes, by: ruling.by,
      act: "place \(placement.unit)/\(part): \(ruling.reason)",
      wallMilliseconds: ruling.wallMilliseconds)
    let count = placement.changes.count
    Program.write(
      say(
        vi: "Đã xếp \(count) bản ghi.", en: "Put there: \(count).", uk: "Віднесено: \(count)."))
    if placement.linked.isEmpty { return }
    Program.write(
      say(
        vi: "Chúng còn nói đến (--linked để xếp cùng):",
        en: "They also name (--linked puts these there too):",
        uk: "У них також названо (--linked віднесе й це):"))
    for record in placement.linked {
      Program.write("  " + (try open.description(of: record.table, record.key)))
    }
  }
}
