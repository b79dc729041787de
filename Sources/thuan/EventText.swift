import FieldModel
import SyncDevice
import Terminal

/// What happened to a store, in words.
enum EventText {
  static func sentence(_ event: LoggedEvent) -> String {
    let detail = detail(event)
    return detail.isEmpty ? name(event.kind) : "\(name(event.kind)): \(detail)"
  }

  private static func name(_ event: StoreEvent?) -> String {
    switch event {
    case .triggersRepaired:
      say(
        vi: "Đã khôi phục bộ ghi nhận thay đổi", en: "Change capture was repaired",
        uk: "Відновлено облік змін")
    case .untrackedChanges:
      say(
        vi: "Phát hiện thay đổi không qua bộ ghi nhận", en: "Found changes made past the capture",
        uk: "Знайдено зміни повз облік")
    case .newEpoch:
      say(vi: "Khôi phục từ bản sao lưu", en: "Restored from backup", uk: "Відновлено з копії")
    case .reoffered:
      say(
        vi: "Máy chủ tỉnh được khôi phục; gửi lại", en: "The hub was restored; sent again",
        uk: "Хаб відновлено; надіслано знову")
    case .snapshot:
      say(
        vi: "Nhận lại toàn bộ dữ liệu của máy chủ tỉnh", en: "Took the hub’s whole state again",
        uk: "Отримано знову весь стан хаба")
    case .accessChanged:
      say(
        vi: "Địa bàn được giao thay đổi", en: "The officer’s units have changed",
        uk: "Змінилися доручені одиниці")
    case .differencesRepaired:
      say(
        vi:
          "Có bản ghi khác với máy chủ tỉnh; đã lấy theo máy chủ, bản của máy chờ người điều phối",
        en:
          "Records differed from the hub’s; the hub’s stand, what was here is before the operator",
        uk: "Записи різнилися з хабом; діють записи хаба, знайдене тут розгляне оператор")
    case .reenrolled:
      say(
        vi: "Mất danh tính cũ; đã ghi danh lại như thiết bị mới",
        en: "The former identity was lost; enrolled anew as a new device",
        uk: "Попередню ідентичність втрачено; зареєстровано знову як новий пристрій")
    case .locked:
      say(
        vi: "Thiết bị bị thu hồi và đã khóa", en: "Device revoked and locked",
        uk: "Пристрій відкликано й заблоковано")
    case .foreignTriggers:
      say(
        vi: "Có trigger của người khác trên bảng dữ liệu", en: "Somebody’s own triggers were found",
        uk: "Знайдено чиїсь власні тригери")
    case .triggersFailed:
      say(
        vi: "Trigger của người khác bị lỗi và đã được bỏ qua khi nhận dữ liệu",
        en: "Somebody’s own trigger failed and was passed over while records came in",
        uk: "Чийсь власний тригер не спрацював, під час отримання його пропущено")
    case .hubMoved:
      say(
        vi: "Máy chủ tỉnh có địa chỉ hoặc chứng thư mới",
        en: "The hub has a new address or certificate", uk: "Хаб має нову адресу чи сертифікат")
    case nil:
      say(
        vi: "Sự kiện do phiên bản mới hơn ghi", en: "An event that a newer version noted",
        uk: "Подія, записана новішою версією")
    }
  }

  /// What it was about, where that says something to people: the records, and how many.
  private static func detail(_ event: LoggedEvent) -> String {
    let lines = event.detail.split(separator: "\n").map(String.init)
    switch event.kind {
    case .untrackedChanges, .differencesRepaired:
      let shown = lines.prefix(8).map(record).joined(separator: ", ")
      return lines.count > 8 ? "\(shown) … (\(lines.count))" : shown
    case .reoffered:
      guard let number = event.detail.split(separator: "/").last.flatMap({ Int($0) }) else {
        return ""
      }
      return say(vi: "từ số \(number)", en: "from no. \(number)", uk: "від № \(number)")
    case .foreignTriggers, .triggersFailed: return lines.joined(separator: ", ")
    case .hubMoved: return event.detail
    case .triggersRepaired, .newEpoch, .snapshot, .accessChanged, .reenrolled, .locked, nil:
      return ""
    }
  }

  /// `session 8a7b…` with the table's title.
  private static func record(_ text: String) -> String {
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return text }
    return "\(RecordKinds.title(ofTable: parts[0]).text) \(RecordID.short(parts[1]))"
  }
}
