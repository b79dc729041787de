import SyncDevice
import Synchronization
import Terminal

/// What has happened to a store as a whole, for people: copies put back, on either side, and
/// differences put right.
enum Notices {
  /// For how long `status` and `check` speak of it; `log` does for ever.
  private static let shownMilliseconds: Int64 = 7 * 86_400_000

  /// What there is to say of late, each kind of it once, the newest last.
  static func recent(_ field: FieldStore) throws -> [String] {
    var seen: [StoreEvent] = []
    return try told(
      field.store.events().filter { $0.atMilliseconds > field.now - shownMilliseconds }
    )
    .reversed()
    .filter { event in
      guard let kind = event.kind, !seen.contains(kind) else { return false }
      seen.append(kind)
      return true
    }
    .reversed().map { "\(localTime($0.atMilliseconds)): \(sentence(of: $0))" }
  }

  /// What there is to say of events that have just been noted.
  static func new(_ events: [LoggedEvent]) -> [String] { told(events).map(sentence(of:)) }

  /// Those that people are told without asking.
  ///
  /// A store that parts from its stream because the hub was put back has not been put back itself.
  private static func told(_ events: [LoggedEvent]) -> [LoggedEvent] {
    let atHub = Set(events.filter { $0.kind == .reoffered }.map(\.atMilliseconds))
    return events.filter { event in
      switch event.kind {
      case .newEpoch: !atHub.contains(event.atMilliseconds)
      case .reoffered, .snapshot, .accessChanged, .differencesRepaired: true
      default: false
      }
    }
  }

  /// What happened, and what it means for whoever works here.
  private static func sentence(of event: LoggedEvent) -> String {
    switch event.kind {
    case .newEpoch:
      say(
        vi: "Dữ liệu trên máy này là bản được khôi phục hoặc sao chép; máy đã bắt đầu một đời ghi "
          + "mới. Việc chưa gửi vẫn được gửi, không mất gì và không gửi trùng.",
        en: "The store on this machine was restored or copied; the device has begun a new life. "
          + "Unsent work is still sent, nothing is lost and nothing sent twice.",
        uk: "Дані на цьому пристрої відновлено або скопійовано; він почав нове життя. Ненадіслане "
          + "буде надіслано, нічого не втрачено й не подвоєно.")
    case .reoffered:
      say(
        vi: "Máy chủ tỉnh được khôi phục từ bản sao lưu cũ hơn; máy này gửi lại những gì máy chủ "
          + "không còn. Xung đột đã quyết định từ đó có thể mở lại.",
        en: "The hub was restored from an older backup; this device offers again what the hub no "
          + "longer has. Conflicts decided since may be open again.",
        uk: "Хаб відновлено зі старішої копії; пристрій знову надсилає те, чого хаб більше не має. "
          + "Вирішені відтоді конфлікти можуть знову бути відкриті.")
    case .snapshot:
      say(
        vi: "Máy này đã nhận lại toàn bộ dữ liệu của máy chủ tỉnh, vì máy chủ không còn giữ điểm "
          + "đồng bộ trước của máy; việc chưa gửi được giữ nguyên ở trên.",
        en: "This device took the hub’s whole state again, because the hub no longer keeps the one "
          + "it last synced to; unsent work was kept on top.",
        uk: "Пристрій знову отримав увесь стан хаба, бо хаб уже не тримає попередньої точки "
          + "синхронізації; ненадіслане збережено поверх.")
    case .accessChanged:
      say(
        vi:
          "Địa bàn được giao cho cán bộ đã thay đổi: máy này đã nhận bản ghi của địa bàn mới và bỏ "
          + "bản ghi không còn thuộc; việc chưa gửi vẫn ở đây cho đến khi được xem xét.",
        en: "The officer’s units have changed: this device took the records of what is granted now "
          + "and let the others go; unsent work stays here until it has been looked at.",
        uk: "Доручені працівникові одиниці змінилися: пристрій отримав записи нових і відпустив "
          + "решту; ненадіслане лишається тут, доки його не розглянуть.")
    default: EventText.sentence(event)
    }
  }
}

/// What happens to a store while something is under way.
final class News: Sendable {
  private let store: DeviceStore
  private let known: Mutex<Int>

  init(_ store: DeviceStore) throws {
    self.store = store
    known = Mutex(try store.events().count)
  }

  /// Tells people what there is since the last time.
  func tell() {
    guard let events = try? store.events() else { return }
    let before = known.withLock { count in
      defer { count = events.count }
      return count
    }
    for notice in Notices.new(Array(events.dropFirst(before))) {
      Program.write(Style.warning(notice), toErrors: true)
    }
  }
}
