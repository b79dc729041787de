import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

/// What was taken away after a copy was made, so that the copy does not give it back.
struct TakenAwayOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(
        vi: "Thiết bị đã bị thu hồi sau ngày sao lưu (mã hoặc tên); có thể lặp lại.",
        en: "A device that was revoked after the backup (id or name); may be repeated.",
        uk: "Пристрій, відкликаний після копії (код або назва); можна повторювати."),
      valueName: say(vi: "thiết-bị", en: "device", uk: "пристрій")))
  var revoked: [String] = []

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Quyền đã bị thu lại sau ngày sao lưu (mã); có thể lặp lại.",
        en: "A grant that was withdrawn after the backup (its id); may be repeated.",
        uk: "Право, припинене після копії (код); можна повторювати."),
      valueName: say(vi: "mã", en: "id", uk: "код")))
  var withdrawn: [String] = []

  var areGiven: Bool { !revoked.isEmpty || !withdrawn.isEmpty }
}

/// Whom a hub lets in, and to what.
struct CopyAccess {
  /// Devices that are not revoked.
  var devices: [HubDevice]
  /// Grants that have not ended.
  var grants: [OfficerGrant]

  init(devices: [HubDevice] = [], grants: [OfficerGrant] = []) {
    self.devices = devices
    self.grants = grants
  }

  init(of open: OpenHub, on day: String) throws {
    devices = try open.hub.devices().filter { !$0.isRevoked }
    grants = try OfficerGrant.all(in: open.hub).filter { ($0.validTo ?? day) >= day }
  }

  var isEmpty: Bool { devices.isEmpty && grants.isEmpty }

  mutating func add(_ other: CopyAccess) {
    devices += other.devices.filter { device in !devices.contains { $0.id == device.id } }
    grants += other.grants.filter { grant in !grants.contains { $0.id == grant.id } }
  }

  func without(_ taken: CopyAccess) -> CopyAccess {
    CopyAccess(
      devices: devices.filter { device in !taken.devices.contains { $0.id == device.id } },
      grants: grants.filter { grant in !taken.grants.contains { $0.id == grant.id } })
  }
}

/// Finds out what of a copy's access has been taken away since, and takes it away again.
struct AccessReview {
  private let open: OpenHub
  private let access: CopyAccess
  private let day: String
  /// What is to be taken away.
  private(set) var taken = CopyAccess()
  /// Whether somebody has said what else was taken away, be it that nothing was.
  private(set) var isAnswered = false

  init(of copy: OpenHub, on day: String) throws {
    open = copy
    self.day = day
    access = try CopyAccess(of: copy, on: day)
  }

  /// What the copy still gives after that.
  var left: CopyAccess { access.without(taken) }

  /// Takes away what the hub that was there does not give any more: it knows better than the copy.
  mutating func compare(with former: HubCopy) {
    taken.add(
      CopyAccess(
        devices: access.devices.filter { former.revoked.contains($0.id) },
        grants: access.grants.filter { former.endedGrants[$0.id].map { $0 < day } ?? false }))
  }

  /// Takes away what is named.
  ///
  /// - Throws: ``Failure`` for what the copy does not have.
  mutating func take(_ options: TakenAwayOptions) throws {
    guard options.areGiven else { return }
    isAnswered = true
    let all = try OfficerGrant.all(in: open.hub)
    let devices = try options.revoked.map { try open.device($0) }
    let grants = try options.withdrawn.map { typed in
      try Abbreviation.find(
        typed, among: all, id: \.id, describe: { "\($0.id)  \($0.role.rawValue)  \($0.unit)" })
    }
    taken.add(
      CopyAccess(
        devices: devices.filter { !$0.isRevoked },
        grants: grants.filter { ($0.validTo ?? day) >= day }))
  }

  /// Asks a person, if one is there.
  mutating func ask() throws {
    guard !isAnswered, Questions.canAsk, !left.isEmpty else { return }
    let left = left
    Program.write(
      say(
        vi: "Bản sao còn cho truy cập:", en: "The copy gives access to:",
        uk: "Копія надає доступ:"), toErrors: true)
    for (index, line) in try lines(left).enumerated() {
      Program.write("  \(index + 1). \(line)", toErrors: true)
    }
    let question = Phrase(
      vi: "Những số nào đã bị thu hồi sau ngày sao lưu (cách nhau bằng dấu cách; Enter: không có)",
      en: "Which numbers were taken away after the backup (with spaces between; Enter: none)",
      uk: "Які номери відкликано після копії (через пробіл; Enter: жодних)")
    do {
      let answer = try Questions.ask(question, isRequired: false) { answer in
        Self.indices(answer, among: left) == nil
          ? Phrase(
            vi: "Nhập các số trong danh sách.", en: "Enter numbers of the list.",
            uk: "Уведіть номери зі списку.") : nil
      }
      let chosen = answer.flatMap { Self.indices($0, among: left) } ?? []
      taken.add(
        CopyAccess(
          devices: chosen.filter { $0 < left.devices.count }.map { left.devices[$0] },
          grants: chosen.filter { $0 >= left.devices.count }
            .map { left.grants[$0 - left.devices.count] }))
      isAnswered = true
    } catch let failure as Failure where failure.kind == .input {
      // Whoever was there has gone: that is no reason to do without the hub.
    }
  }

  private static func indices(_ answer: String, among access: CopyAccess) -> [Int]? {
    let numbers = answer.split { $0 == " " || $0 == "," }.map { Int($0) }
    let all = 1...(access.devices.count + access.grants.count)
    guard numbers.allSatisfy({ $0.map(all.contains) ?? false }) else { return nil }
    return numbers.compactMap { $0 }.map { $0 - 1 }
  }

  /// Devices and grants in words, the devices first.
  func lines(_ access: CopyAccess) throws -> [String] {
    try access.devices.map { device in
      "\(device.label), \(device.officerName) (\(Abbreviation.shown(device.id)))"
    }
      + access.grants.map { grant in
        let name = try open.name("officer", RowKey([.text(grant.officer)]))
        return "\(name): \(try open.unitName(grant.unit)), \(grant.role.title.text) "
          + "(\(Abbreviation.shown(grant.id)))"
      }
  }

  /// Revokes and withdraws at the copy what was taken away.
  ///
  /// - Throws: What the hub throws.
  func carryOut(_ former: HubCopy?, _ ruling: Ruling) throws {
    for device in taken.devices { try open.hub.revoke(device: device.id, ruling) }
    let yesterday = CivilDay.day(day, plus: -1) ?? day
    for grant in taken.grants {
      let last = former?.endedGrants[grant.id] ?? yesterday
      guard let change = try grant.ending(with: min(last, yesterday), open.hub.schema) else {
        continue
      }
      try open.hub.commit(
        [change], by: ruling.by, act: "withdraw \(grant.officer): \(ruling.reason)",
        wallMilliseconds: ruling.wallMilliseconds)
    }
  }
}

/// What became of a copy's access, in words and for programs.
struct AccessReport {
  private let taken: (access: CopyAccess, lines: [String])
  private let left: (access: CopyAccess, lines: [String])
  private let isAnswered: Bool

  init(_ review: AccessReview) throws {
    taken = (review.taken, try review.lines(review.taken))
    left = (review.left, try review.lines(review.left))
    isAnswered = review.isAnswered
  }

  func write() {
    if !taken.lines.isEmpty {
      Program.write(
        Style.bold(
          say(
            vi: "Đã thu hồi lại, như trước khi khôi phục:",
            en: "Taken away again, as it was before the restore:",
            uk: "Знову відкликано, як було до відновлення:")))
      for line in taken.lines { Program.write("  • " + line) }
    }
    if isAnswered { return }
    if left.lines.isEmpty { return }
    Program.write(
      Style.bold(
        say(
          vi:
            "Bản sao còn cho truy cập. Ở đây không hỏi được ai, nên kho chạy tiếp như vậy; cái nào đã "
            + "bị thu hồi sau ngày sao lưu thì thu hồi lại (thuan-hub revoke, thuan-hub withdraw):",
          en:
            "The copy gives access to these. Nobody can be asked here, so the hub goes on so; what was "
            + "taken away after the backup, take away again (thuan-hub revoke, thuan-hub withdraw):",
          uk:
            "Копія надає доступ. Тут нікого спитати, тож хаб працює так далі; що відкликано після "
            + "копії, відкличте знову (thuan-hub revoke, thuan-hub withdraw):")))
    for line in left.lines { Program.write("  • " + line) }
  }

  var cells: [(String, Cell)] {
    [
      ("asked", .flag(isAnswered)),
      ("revoked", .list(taken.access.devices.map { .text($0.id) })),
      ("withdrawn", .list(taken.access.grants.map { .text($0.id) })),
      ("devices", .list(left.access.devices.map(Self.cell))),
      ("grants", .list(left.access.grants.map(Self.cell))),
    ]
  }

  private static func cell(_ device: HubDevice) -> Cell {
    .object([
      ("id", .text(device.id)), ("label", .text(device.label)), ("officer", .text(device.officer)),
      ("officer_name", .text(device.officerName)), ("unit", .text(device.unit)),
      ("last_seen", device.lastSeenMilliseconds.map(Cell.instant) ?? .none),
    ])
  }

  private static func cell(_ grant: OfficerGrant) -> Cell {
    .object([
      ("id", .text(grant.id)), ("officer", .text(grant.officer)),
      ("role", .text(grant.role.rawValue)), ("unit", .text(grant.unit)),
      ("from", .text(grant.validFrom)), ("to", .optional(grant.validTo)),
    ])
  }
}
