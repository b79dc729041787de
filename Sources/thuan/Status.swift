import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import SyncSQLite
import Terminal

/// The command `thuan status`.
struct Status: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Việc nào chưa gửi, việc nào chờ quyết định, lần đồng bộ gần nhất.",
        en: "What waits to be sent, what waits for a decision, the last sync.",
        uk: "Що чекає надсилання, що чекає рішення, остання синхронізація."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let field = try FieldStore(common.store, evenLocked: true)
    let report = try StatusReport(field)
    Program.write(output.json ? report.cell.json : report.text)
  }
}

/// How the store stands, in words.
struct StatusReport {
  private let status: StoreStatus
  private let field: FieldStore
  private let waiting: [(kind: String, count: Int)]
  private let isSameIncarnation: Bool
  private let notices: [String]
  /// What the officer is granted, as far as the device knows.
  private let grants: [Record]

  init(_ field: FieldStore) throws {
    self.field = field
    var status = try field.store.status(wallMilliseconds: field.now)
    if field.identity == nil && !field.hasLostIdentity {
      // Without a hub to send to, all that was ever written waits.
      let sets = try field.store.changeSets(wallMilliseconds: field.now).filter(\.isSealed)
        .map(\.changeSet)
      status.waitingChangeSets = sets.count
      status.waitingSinceMilliseconds = sets.map(\.wallMilliseconds).min()
      var rows: [Int: Set<RowKey>] = [:]
      for change in sets.flatMap(\.changes) { rows[change.table, default: []].insert(change.key) }
      for (number, keys) in rows {
        if let table = field.store.schema.table(number: number) {
          status.waitingRows[table.name] = keys.count
        }
      }
    }
    self.status = status
    let order = RecordKinds.all.map(\.table)
    waiting = status.waitingRows.sorted { left, right in
      (order.firstIndex(of: left.key) ?? order.count, left.key)
        < (order.firstIndex(of: right.key) ?? order.count, right.key)
    }.map { ($0.key, $0.value) }
    isSameIncarnation = try field.identity.map { try field.store.isSameIncarnation(as: $0) } ?? true
    notices = try Notices.recent(field)
    grants = try field.read { _, db in
      try Record.all(
        RecordKinds.grant,
        where: "officer_id = ? AND valid_from <= ? AND coalesce(valid_to, '9999-12-31') >= ?",
        [.text(field.officer), .text(field.today), .text(field.today)], in: db)
    }
  }

  private var units: [String] {
    guard !status.isLocked, !grants.isEmpty else { return [] }
    let names = grants.compactMap { grant -> String? in
      guard let unit = grant["unit_id"].text, let role = grant["role"].text else { return nil }
      let name = try? field.read { lookup, _ in try lookup.record(unit, of: RecordKinds.unit) }
      let title = Term.role.first { $0.value == role }?.phrase.text ?? role
      return "\(name?["name_vi"].text ?? unit) (\(title.lowercased()))"
    }
    return [
      say(vi: "Địa bàn", en: "Units", uk: "Одиниці") + ": " + names.joined(separator: "; ")
    ]
  }

  var text: String {
    var lines = [head] + units + [waitingLine]
    if let summary = cannotTravel.summary, !status.isLocked {
      lines.append(Style.warning(summary))
    }
    if status.openConflicts > 0, !status.isLocked {
      lines.append(
        Style.warning(
          say(
            vi: "Chờ người điều phối quyết định: \(status.openConflicts) (xem: thuan conflicts)",
            en:
              "Waiting for the operator’s decision: \(status.openConflicts) (see: thuan conflicts)",
            uk: "Чекає рішення оператора: \(status.openConflicts) (див.: thuan conflicts)")))
    }
    if status.quarantined > 0, !status.isLocked {
      lines.append(
        Style.warning(
          say(
            vi: "Máy chủ tỉnh giữ lại để xem xét: \(status.quarantined) (xem: thuan log)",
            en: "Held back at the hub for review: \(status.quarantined) (see: thuan log)",
            uk: "Затримано на хабі для розгляду: \(status.quarantined) (див.: thuan log)")))
    }
    lines.append(
      time(
        say(vi: "Liên lạc gần nhất", en: "Last contact", uk: "Останній зв’язок"),
        status.lastContactMilliseconds))
    lines.append(
      time(
        say(
          vi: "Khớp với máy chủ tỉnh lần cuối", en: "Last in step with the hub",
          uk: "Востаннє збігалося з хабом"), status.lastInStepMilliseconds))
    if let text = clock { lines.append(Style.warning(text)) }
    lines += ForeignText.silenced(status.silencedTriggers).map(Style.warning)
    if !isSameIncarnation { lines.append(Style.bad(Lives.ofAnotherDevice)) }
    lines += notices.map(Style.warning)
    return lines.joined(separator: "\n")
  }

  private var cannotTravel: WaitingText { WaitingText(status.waiting, field.store.schema) }

  var cell: Cell {
    .object([
      ("enrolled", .flag(field.identity != nil)),
      ("identity_lost", .flag(field.hasLostIdentity)), ("in_step", .flag(status.isInStep)),
      ("waiting_change_sets", .integer(Int64(status.waitingChangeSets))),
      ("waiting_since", status.waitingSinceMilliseconds.map(Cell.instant) ?? .none),
      ("waiting_rows", .object(waiting.map { ($0.kind, .integer(Int64($0.count))) })),
      ("cannot_be_sent", cannotTravel.cell),
      ("open_conflicts", .integer(Int64(status.openConflicts))),
      ("quarantined", .integer(Int64(status.quarantined))),
      ("last_contact", status.lastContactMilliseconds.map(Cell.instant) ?? .none),
      ("last_in_step", status.lastInStepMilliseconds.map(Cell.instant) ?? .none),
      ("clock_offset_milliseconds", .integer(status.clockOffsetMilliseconds)),
      ("cursor", .integer(status.cursor)), ("store", .text(field.path)),
      ("same_incarnation", .flag(isSameIncarnation)), ("locked", .flag(status.isLocked)),
      ("notices", .list(notices.map(Cell.text))),
      ("silenced_triggers", .list(status.silencedTriggers.map { .text($0.name) })),
      ("units", .list(grants.compactMap { $0["unit_id"].text.map(Cell.text) })),
    ])
  }

  private var head: String {
    if status.isLocked {
      return Style.bad(
        say(
          vi: "Thiết bị bị thu hồi và đã khóa.", en: "Device revoked and locked.",
          uk: "Пристрій відкликано й заблоковано."))
    }
    if let trouble = field.identityTrouble { return Style.bad(trouble.text) }
    if field.identity == nil {
      return Style.warning(
        say(
          vi: "Máy này chưa ghi danh với máy chủ tỉnh; vẫn ghi được, gửi sau khi ghi danh "
            + "(thuan enrol).",
          en: "Not enrolled at a hub yet; you can record, it is sent once you enrol (thuan enrol).",
          uk: "Ще не зареєстровано на хабі; записувати можна, надішлеться після реєстрації "
            + "(thuan enrol)."))
    }
    // Only a comparison of digests may say so (law L7).
    if status.isInStep {
      return Style.good(
        say(vi: "Khớp với máy chủ tỉnh", en: "In step with the hub", uk: "Збігається з хабом"))
    }
    return say(
      vi: "Chưa khớp với máy chủ tỉnh", en: "Not in step with the hub", uk: "Не збігається з хабом")
  }

  private var waitingLine: String {
    guard status.waitingChangeSets > 0 else {
      return say(
        vi: "Chưa gửi: không có", en: "Waiting to send: nothing", uk: "Очікує надсилання: нічого")
    }
    let list = waiting.map { kind, count in
      let title = RecordKinds.title(ofTable: kind)
      // Only Vietnamese counts without bending the word.
      return say(
        vi: "\(count) \(title.vi.lowercased())", en: "\(title.en.lowercased()) (\(count))",
        uk: "\(title.uk.lowercased()) (\(count))")
    }.joined(separator: "; ")
    let since = status.waitingSinceMilliseconds.map(localTime) ?? ""
    return say(
      vi: "Chưa gửi: \(list) (\(status.waitingChangeSets) lần ghi, từ \(since))",
      en: "Waiting to send: \(list) (\(status.waitingChangeSets) transactions, since \(since))",
      uk: "Очікує надсилання: \(list) (записів: \(status.waitingChangeSets), від \(since))")
  }

  private func time(_ title: String, _ milliseconds: Int64?) -> String {
    let never = say(vi: "chưa bao giờ", en: "never", uk: "ніколи")
    return "\(title): \(milliseconds.map(localTime) ?? never)"
  }

  private var clock: String? {
    ClockText.warning(offsetMilliseconds: status.clockOffsetMilliseconds)
  }
}

/// A wrong clock in words.
enum ClockText {
  /// - Parameter offsetMilliseconds: Hub time less device time; 0 where it is near enough.
  /// - Returns: The warning; nothing where there is nothing to warn of.
  static func warning(offsetMilliseconds: Int64) -> String? {
    guard abs(offsetMilliseconds) > SyncLimits.clockOffsetMilliseconds else { return nil }
    let span = span(abs(offsetMilliseconds))
    return offsetMilliseconds > 0
      ? say(
        vi: "Đồng hồ thiết bị sai: chậm \(span). Dữ liệu vẫn an toàn; nên chỉnh lại giờ.",
        en: "Device clock is wrong: \(span) slow. The data is safe; better set it right.",
        uk: "Годинник пристрою неправильний: відстає на \(span). Дані в безпеці; виправте час.")
      : say(
        vi: "Đồng hồ thiết bị sai: nhanh \(span). Dữ liệu vẫn an toàn; nên chỉnh lại giờ.",
        en: "Device clock is wrong: \(span) fast. The data is safe; better set it right.",
        uk: "Годинник пристрою неправильний: поспішає на \(span). Дані в безпеці; виправте час.")
  }

  private static func span(_ milliseconds: Int64) -> String {
    let minutes = milliseconds / 60_000
    if minutes < 120 {
      return say(vi: "\(minutes) phút", en: "\(minutes) minutes", uk: "\(minutes) хв")
    }
    if minutes < 2 * 1440 {
      return say(vi: "\(minutes / 60) giờ", en: "\(minutes / 60) hours", uk: "\(minutes / 60) год")
    }
    return say(
      vi: "\(minutes / 1440) ngày", en: "\(minutes / 1440) days", uk: "\(minutes / 1440) дн.")
  }
}
