import FieldModel
import SyncCore
import Terminal

/// A quarantined change set in words.
enum QuarantineText {
  /// Why it was held back, and what was decided since.
  ///
  /// - Parameters:
  ///   - reason: As the receipt gave it.
  ///   - view: What the last pull brought, if it brought anything.
  /// - Returns: One line.
  static func shown(reason: String, _ view: QuarantineView?) -> String {
    let words = QuarantineWords(receipt: reason)
    var why = (view?.reason ?? words.reason).map(name)?.text ?? ""
    if view?.reason == nil || view?.reason == words.reason, let concerns = words.concerns {
      why += (why.isEmpty ? "" : " — ") + concerns.text
    }
    let state: String
    switch view?.state {
    case .applied:
      state = Style.good(
        say(vi: "Đã được nhận", en: "Taken in after all", uk: "Зрештою прийнято"))
    case .dismissed:
      state = Style.bad(
        say(
          vi: "Không nhận (vẫn lưu trong hồ sơ)", en: "Not taken in (kept on record)",
          uk: "Не прийнято (збережено в архіві)"))
    case .open, nil:
      state = Style.bad(
        say(vi: "Giữ lại để xem xét", en: "Held back for review", uk: "Затримано для розгляду"))
    }
    guard let view, !view.decidedBy.isEmpty else { return "\(state): \(why)" }
    return "\(state): \(why) — \(view.decidedBy): \(view.decidedReason)"
  }

  private static func name(_ reason: QuarantineReason) -> Phrase {
    switch reason {
    case .constraint:
      Phrase(
        vi: "trái ràng buộc dữ liệu của máy chủ", en: "breaks a constraint of the hub",
        uk: "порушує обмеження хабу")
    case .missingParent:
      Phrase(
        vi: "bản ghi mà nó thuộc về chưa có ở máy chủ", en: "what it belongs to is not at the hub",
        uk: "на хабі немає запису, до якого він належить")
    case .dependent:
      Phrase(
        vi: "dựa trên một thay đổi khác đang bị giữ", en: "builds on another one held back",
        uk: "спирається на іншу затриману зміну")
    case .unknownRow:
      Phrase(
        vi: "sửa một bản ghi chưa từng đến máy chủ", en: "changes a record that the hub never had",
        uk: "змінює запис, якого на хабі не було")
    case .hubOnlyTable:
      Phrase(
        vi: "danh mục chỉ máy chủ được sửa", en: "only the hub may change reference data",
        uk: "довідники змінює лише хаб")
    case .unknownColumn:
      Phrase(
        vi: "máy chủ chưa biết mục này (phiên bản cũ)", en: "the hub does not know this column yet",
        uk: "хаб ще не знає цього поля")
    case .outsideScope:
      Phrase(
        vi: "không thuộc địa bàn, hoặc thông tin riêng, được giao",
        en: "outside the units, or the private facts, that are granted",
        uk: "поза дорученою територією або приватним")
    case .scopeWithdrawn:
      Phrase(
        vi: "địa bàn này không còn được giao cho cán bộ",
        en: "the officer is no longer granted these units",
        uk: "цю територію працівникові більше не доручено")
    case .readOnly:
      Phrase(
        vi: "cán bộ chỉ được xem bản ghi này", en: "the officer may only read it",
        uk: "працівник може лише переглядати це")
    case .otherOfficer:
      Phrase(
        vi: "ghi tên người không dùng thiết bị này",
        en: "names somebody who does not use the device",
        uk: "названо того, хто не користується пристроєм")
    case .revoked:
      Phrase(vi: "thiết bị bị thu hồi", en: "the device was revoked", uk: "пристрій відкликано")
    case .malformed:
      Phrase(vi: "dữ liệu hỏng", en: "damaged data", uk: "пошкоджені дані")
    }
  }
}
