import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: say(
      vi: "Việc đã làm ở máy chủ: ai, khi nào, vì sao.",
      en: "What was done at the hub: who, when and why.",
      uk: "Що зроблено на хабі: хто, коли й чому."),
    discussion: say(
      vi: "Chuỗi băm của lịch sử bao gồm cả những việc này: thuan-hub check --history.",
      en: "The history’s chain of hashes covers it: thuan-hub check --history.",
      uk: "Ланцюг гешів історії охоплює й це: thuan-hub check --history."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  @OptionGroup var length: LengthOption

  func run() throws {
    let open = try options.open()
    var table = Listing([
      .init("number", Phrase(vi: "Số", en: "No.", uk: "№")),
      .init("at", Phrase(vi: "Lúc", en: "When", uk: "Коли")),
      .init("by", Phrase(vi: "Ai", en: "Who", uk: "Хто")),
      .init("act", Phrase(vi: "Việc", en: "What", uk: "Що")),
      .init("object", Phrase(vi: "Với", en: "With", uk: "З чим")),
      .init("rows", Phrase(vi: "Bản ghi", en: "Rows", uk: "Записи")),
      .init("reason", Phrase(vi: "Lý do", en: "Reason", uk: "Підстава")),
    ])
    for act in try open.hub.acts(limit: length.limit) {
      // What the schema did has no time of its own.
      let time: Cell = act.atMilliseconds == 0 ? .none : .instant(act.atMilliseconds)
      table.add([
        .integer(act.number), time, .text(act.by),
        .text(listing.json ? act.kind?.rawValue ?? "" : act.kind?.words.text ?? ""),
        .text(act.object), .integer(Int64(act.changes)), .text(act.reason),
      ])
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(vi: "Chưa có gì.", en: "Nothing yet.", uk: "Ще нічого."))
  }
}

extension AdministrativeAct.Kind {
  fileprivate var words: Phrase {
    switch self {
    case .issue:
      Phrase(vi: "cấp mã ghi danh", en: "issued a code for", uk: "видано код для")
    case .enrol: Phrase(vi: "ghi danh thiết bị", en: "let in device", uk: "зареєстровано пристрій")
    case .revoke:
      Phrase(vi: "thu hồi thiết bị", en: "revoked device", uk: "відкликано пристрій")
    case .revokedBefore:
      Phrase(
        vi: "lại giữ thu hồi, vì chính nó báo đã bị thu hồi, thiết bị",
        en: "held revoked again, as it says itself, device",
        uk: "знову відкликано, бо так каже він сам, пристрій")
    case .retry:
      Phrase(vi: "nhận lại số", en: "took in again no.", uk: "прийнято знову №")
    case .dismiss: Phrase(vi: "bỏ qua số", en: "dismissed no.", uk: "відхилено №")
    case .decide:
      Phrase(vi: "quyết định xung đột", en: "decided conflict", uk: "вирішено конфлікт")
    case .undo: Phrase(vi: "hoàn tác", en: "took back", uk: "скасовано")
    case .repair:
      Phrase(vi: "rà soát, sửa", en: "checked and repaired", uk: "перевірено й виправлено")
    case .restored:
      Phrase(vi: "khôi phục giá trị", en: "restored values of", uk: "відновлено значення")
    case .damaged: Phrase(vi: "thấy hư hỏng", en: "found damage in", uk: "знайдено пошкодження")
    case .compact: Phrase(vi: "dọn đến", en: "compacted up to", uk: "стиснено до")
    case .timeline: Phrase(vi: "khôi phục máy chủ", en: "restored the hub", uk: "відновлено хаб")
    case .schema: Phrase(vi: "lược đồ phiên bản", en: "schema version", uk: "версія схеми")
    case .follow:
      Phrase(
        vi: "chuyển tiếp bản ghi theo đơn vị", en: "moved records on to their unit",
        uk: "переміщено записи далі до одиниці")
    case .chain:
      Phrase(
        vi: "chuỗi băm bao gồm cả cán bộ và kết quả, phiên bản",
        en: "the chain covers officers and outcomes, version",
        uk: "ланцюг охоплює працівників і наслідки, версія")
    case .erase:
      Phrase(
        vi: "xóa theo luật nội dung số", en: "erased by law no.", uk: "стерто за законом №")
    case .word:
      Phrase(
        vi: "nhận lại lời của máy chủ từ thiết bị",
        en: "took its own word again from a device",
        uk: "знову прийнято власне слово з пристрою")
    case .former:
      Phrase(
        vi: "thiết bị cho biết quyết định trước đây về",
        en: "a device told of a former decision on",
        uk: "пристрій повідомив про колишнє рішення щодо")
    case .move: Phrase(vi: "dời máy chủ đến", en: "moved the hub to", uk: "перенесено хаб до")
    case .grant: Phrase(vi: "phân quyền cho", en: "gave access to", uk: "надано доступ")
    case .withdraw:
      Phrase(vi: "thu quyền của", en: "withdrew access from", uk: "відкликано доступ")
    case .reform:
      Phrase(
        vi: "sắp xếp đơn vị ngày", en: "rearranged units on", uk: "перебудовано одиниці")
    case .transfer:
      Phrase(vi: "chuyển kiến nghị", en: "transferred", uk: "передано рекомендацію")
    case .part:
      Phrase(vi: "giao phần địa bàn", en: "gave a part of a unit", uk: "надано частину одиниці")
    case .place:
      Phrase(
        vi: "xếp bản ghi vào phần địa bàn", en: "put records into a part",
        uk: "записи віднесено до частини")
    case .account: Phrase(vi: "lập tài khoản", en: "made account", uk: "створено обліковий запис")
    case .password:
      Phrase(vi: "đặt lại mật khẩu", en: "set the password of", uk: "задано пароль")
    case .disable:
      Phrase(vi: "khóa tài khoản", en: "disabled account", uk: "вимкнено обліковий запис")
    case .write: Phrase(vi: "ghi", en: "wrote", uk: "записано")
    }
  }
}
