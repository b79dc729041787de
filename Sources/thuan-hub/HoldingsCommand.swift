import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct HoldingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdings",
    abstract: say(
      vi: "Một thiết bị giữ gì: địa bàn, cuộc, người, tệp — như khi bị mất.",
      en: "What a device holds: units, sessions, people, files — as when it is lost.",
      uk: "Що є на пристрої: одиниці, заходи, люди, файли — як у разі втрати."),
    discussion: say(
      vi: "Theo những gì máy chủ đã giao; việc chưa gửi của thiết bị thì máy chủ không biết.",
      en: "As far as the hub has given it; what the device has not sent, nobody knows here.",
      uk: "Наскільки це видав хаб; ненадіслане пристроєм тут невідоме."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã hoặc tên thiết bị.", en: "The device's id or name.",
        uk: "Код або назва пристрою."),
      valueName: say(vi: "thiết-bị", en: "device", uk: "пристрій")))
  var device: String

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả những gì thiết bị từng giữ.", en: "What it held before too.",
        uk: "Також те, що було раніше.")))
  var former = false

  private static let tables = ["session", "person", "document", "attachment"]

  func run() throws {
    let open = try options.open()
    let device = try open.device(device)
    let scopes = try open.hub.scopes(heldBy: device.id)
      .filter { former || $0.untilMilliseconds == nil }
    let hasAll = scopes.contains { $0.scope == nil }
    let chosen = hasAll ? nil : Array(Set(scopes.compactMap(\.scope)))
    if listing.json { return Program.write(try cells(device, scopes, chosen, open).json) }
    Program.write(Style.bold("\(device.label), \(device.officerName)"))
    if scopes.isEmpty {
      Program.write(
        say(
          vi: "  Chưa nhận gì, hoặc không còn gì.",
          en: "  It has been given nothing, or has nothing.",
          uk: "  Нічого не видано або нічого немає."))
    }
    for held in scopes { Program.write("  " + (try line(held, open))) }
    for table in Self.tables {
      let keys = try open.hub.keys(in: table, scopes: chosen, since: device.cursor)
      if keys.isEmpty { continue }
      Program.write("\(RecordKinds.title(ofTable: table).text): \(keys.count)")
      for key in keys { Program.write("  " + (try open.description(of: table, key))) }
    }
  }

  private func line(_ held: HeldScope, _ open: OpenHub) throws -> String {
    var words = [
      try held.scope?.name.map { try open.unitName($0) }
        ?? say(vi: "tất cả", en: "everything", uk: "усе")
    ]
    if let part = held.scope?.part { words.append(part) }
    if held.scope?.isPrivate == true {
      words.append(say(vi: "thông tin riêng", en: "what is private", uk: "приватне"))
    }
    if !held.mayWrite { words.append(say(vi: "chỉ xem", en: "to read", uk: "лише перегляд")) }
    let since = localTime(held.sinceMilliseconds)
    words.append(
      held.untilMilliseconds.map { "\(since) – \(localTime($0))" }
        ?? say(vi: "từ \(since)", en: "since \(since)", uk: "з \(since)"))
    return words.joined(separator: ", ")
  }

  private func cells(
    _ device: HubDevice, _ scopes: [HeldScope], _ chosen: [Scope]?, _ open: OpenHub
  ) throws -> Cell {
    let held = scopes.map { held in
      Cell.object([
        ("unit", .optional(held.scope?.name)), ("part", .optional(held.scope?.part)),
        ("private", .flag(held.scope?.isPrivate ?? true)),
        ("may_write", .flag(held.mayWrite)), ("since", .instant(held.sinceMilliseconds)),
        ("until", held.untilMilliseconds.map(Cell.instant) ?? .none),
      ])
    }
    let records = try Self.tables.map { table in
      let keys = try open.hub.keys(in: table, scopes: chosen, since: device.cursor)
      return (
        table, Cell.list(keys.map { .text($0.values.first?.text ?? $0.description) })
      )
    }
    return .object(
      [("device", .text(device.id)), ("scopes", .list(held))] + records)
  }
}
