import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: say(
      vi: "Các thiết bị đã ghi danh.", en: "The enrolled devices.", uk: "Зареєстровані пристрої."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  func run() throws {
    let open = try options.open()
    var table = Listing([
      .init("id", Phrase(vi: "Mã", en: "Id", uk: "Код")),
      .init("label", Phrase(vi: "Thiết bị", en: "Device", uk: "Пристрій")),
      .init("officer", Phrase(vi: "Cán bộ", en: "Officer", uk: "Працівник")),
      .init("unit", Phrase(vi: "Đơn vị", en: "Unit", uk: "Одиниця")),
      .init("state", Phrase(vi: "Trạng thái", en: "State", uk: "Стан")),
      .init("last_seen", Phrase(vi: "Đồng bộ gần nhất", en: "Last sync", uk: "Остання синхр.")),
      .init("cursor", Phrase(vi: "Đã nhận đến", en: "Received to", uk: "Отримано до")),
      .init("clock_offset_ms", Phrase(vi: "Lệch giờ (ms)", en: "Clock off (ms)", uk: "Зсув (мс)")),
    ])
    for device in try open.hub.devices() {
      let state =
        listing.json
        ? (device.isRevoked ? "revoked" : "active")
        : device.isRevoked
          ? say(vi: "bị thu hồi", en: "revoked", uk: "відкликано")
          : say(vi: "hoạt động", en: "active", uk: "активний")
      table.add([
        .text(listing.json ? device.id : Abbreviation.shown(device.id)), .text(device.label),
        .text(device.officerName),
        .text(listing.json ? device.unit : try open.unitName(device.unit)), .text(state),
        device.lastSeenMilliseconds.map(Cell.instant) ?? .none, .integer(device.cursor),
        .integer(device.clockOffsetMilliseconds),
      ])
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(
        vi: "Chưa có thiết bị nào.", en: "There are no devices yet.", uk: "Пристроїв ще немає."))
  }
}

extension OpenHub {
  /// A unit's name by its id.
  func unitName(_ id: String) throws -> String { try name("admin_unit", RowKey([.text(id)])) }
}

struct RevokeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: say(
      vi: "Thu hồi thiết bị: không nhận gì nữa, việc đã làm vẫn gửi được vào khu chờ.",
      en: "Revoke a device: it gets nothing more; what it has done may still come in for review.",
      uk: "Відкликати пристрій: він нічого не отримає; зроблене ще може надійти на розгляд."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã hoặc tên thiết bị.", en: "The device's id or name.",
        uk: "Код або назва пристрою."),
      valueName: say(vi: "thiết-bị", en: "device", uk: "пристрій")))
  var device: String

  func run() throws {
    let open = try options.open()
    let device = try open.device(self.device)
    guard !device.isRevoked else {
      throw Failure(
        .changed,
        Phrase(
          vi: "“\(device.label)” đã bị thu hồi từ trước.",
          en: "“\(device.label)” has been revoked already.", uk: "«\(device.label)» уже відкликано."
        ))
    }
    let ruling = try rulingOptions.ruling()
    try open.hub.revoke(device: device.id, ruling)
    Program.write(
      say(
        vi: "Đã thu hồi “\(device.label)” của \(device.officerName).",
        en: "Revoked “\(device.label)” of \(device.officerName).",
        uk: "Відкликано «\(device.label)» (\(device.officerName))."))
  }
}

extension OpenHub {
  /// The device with an id, or the only one that a name or the beginning of an id fits: a device may
  /// call itself what it likes.
  func device(_ typed: String) throws -> HubDevice {
    let devices = try hub.devices()
    func describe(_ device: HubDevice) -> String {
      "\(device.id)  \(device.label), \(device.officerName)"
    }
    if let device = devices.first(where: { $0.id == typed.lowercased() }) { return device }
    let named = devices.filter { $0.label == typed }
    if named.isEmpty {
      return try Abbreviation.find(typed, among: devices, id: \.id, describe: describe)
    }
    let others = devices.filter { Abbreviation.fits($0.id, typed) && $0.label != typed }
    guard named.count == 1, others.isEmpty else {
      throw Abbreviation.several(typed, (named + others).map(describe))
    }
    return named[0]
  }
}
