import ArgumentParser
import FieldModel
import SyncHub
import Terminal

struct CompactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: say(
      vi: "Dọn dấu vết của những bản ghi đã xóa mà mọi thiết bị đã nhận.",
      en: "Forget the traces of deleted records that every device has passed.",
      uk: "Прибрати сліди видалених записів, які всі пристрої вже отримали."),
    discussion: say(
      vi: """
        Giá trị đã xóa vẫn còn trong lịch sử; chỉ dấu xóa được dọn. Một thiết bị im lặng giữ lại \
        mọi dấu xóa từ lần cuối nó đồng bộ; --leave-behind không chờ những thiết bị như vậy: lần \
        tới chúng nhận lại toàn bộ dữ liệu, việc chưa gửi của chúng vẫn được giữ và gửi.

        Ví dụ: thuan-hub compact --leave-behind 01/06/2024 --reason "dọn hằng năm"
        """,
      en: """
        What was deleted stays in history; only the traces of deleting are forgotten. A silent \
        device keeps all of them since its last sync; --leave-behind does not wait for such \
        devices: they take the whole state next time, and their unsent work is kept and sent.

        Example: thuan-hub compact --leave-behind 2024-06-01 --reason "yearly"
        """,
      uk: """
        Видалене лишається в історії; забуваються лише сліди видалення. Мовчазний пристрій тримає \
        їх усі від своєї останньої синхронізації; --leave-behind не чекає на такі: наступного разу \
        вони отримають увесь стан, а їхнє ненадіслане збережеться й надішлеться.

        Приклад: thuan-hub compact --leave-behind 01/06/2024 --reason "щорічно"
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Không chờ thiết bị chưa đồng bộ từ ngày này, hoặc chưa nhận đến số thứ tự này.",
        en: "Do not wait for devices that have not synced since this day, or not come to this "
          + "sequence.",
        uk: "Не чекати на пристрої, що не синхронізувалися від цього дня або не дійшли до цього "
          + "номера."),
      valueName: say(vi: "ngày|số", en: "date|sequence", uk: "день|номер")))
  var leaveBehind: String?

  @Flag(
    help: ArgumentHelp(
      say(vi: "Không hỏi lại.", en: "Do not ask.", uk: "Не перепитувати.")))
  var yes = false

  func run() throws {
    let open = try options.open()
    let active = try open.hub.devices().filter { !$0.isRevoked && $0.cursor > 0 }
    let horizon = try leaveBehind.map { try Self.horizon($0, active, head: open.hub.status().head) }
    let left = active.filter { $0.cursor < horizon ?? 0 }
    if !left.isEmpty { try ask(about: left) }
    let done = try open.hub.compact(upTo: horizon, rulingOptions.ruling())
    if done.tombstones == 0 {
      Program.write(
        say(vi: "Không có gì để dọn.", en: "Nothing to forget.", uk: "Немає чого прибирати."))
      return
    }
    Program.write(
      say(
        vi: "Đã dọn \(done.tombstones) dấu xóa, đến thứ tự \(done.horizon).",
        en: "Forgot the traces of \(done.tombstones) deleted records, up to \(done.horizon).",
        uk: "Прибрано слідів видалення: \(done.tombstones), до номера \(done.horizon)."))
  }

  /// The sequence up to which to forget: as given, or what the devices that have synced since a day
  /// have all passed.
  private static func horizon(_ text: String, _ devices: [HubDevice], head: Int64) throws -> Int64 {
    if let sequence = Int64(text), sequence >= 0 { return sequence }
    guard let day = CivilDay.number(of: text) else {
      throw Failure(
        .usage,
        Phrase(
          vi: "--leave-behind \(text): cần một ngày (01/06/2024) hoặc một số thứ tự.",
          en: "--leave-behind \(text): a date (2024-06-01) or a sequence is needed.",
          uk: "--leave-behind \(text): потрібен день (01/06/2024) або номер."))
    }
    let start = (Int64(day) * 24 - 7) * 3_600_000
    return devices.filter { ($0.lastSeenMilliseconds ?? 0) >= start }.map(\.cursor).min() ?? head
  }

  /// Shows who would be left behind before it is done.
  private func ask(about devices: [HubDevice]) throws {
    Program.write(
      Style.warning(
        say(
          vi: "Những thiết bị này sẽ phải nhận lại toàn bộ dữ liệu ở lần đồng bộ tới:",
          en: "These devices will have to take the whole state with their next sync:",
          uk: "Ці пристрої наступного разу мусять отримати весь стан:")), toErrors: true)
    for device in devices {
      let seen = device.lastSeenMilliseconds.map(localTime) ?? "–"
      Program.write(
        "  \(device.label), \(device.officerName): \(seen), #\(device.cursor)", toErrors: true)
    }
    if yes { return }
    guard Questions.canAsk else {
      throw Failure(
        .usage,
        Phrase(vi: "Chưa làm gì.", en: "Nothing was done.", uk: "Нічого не зроблено."),
        hint: Phrase(
          vi: "Chắc chắn thì thêm --yes.", en: "If you are sure, add --yes.",
          uk: "Якщо впевнені, додайте --yes."))
    }
    let isSure = try Questions.choose(
      Phrase(vi: "Vẫn làm?", en: "Go on?", uk: "Продовжити?"),
      [
        (false, say(vi: "Không", en: "No", uk: "Ні")),
        (true, say(vi: "Có, dọn", en: "Yes", uk: "Так")),
      ])
    guard isSure else {
      throw Failure(
        .changed, Phrase(vi: "Chưa làm gì.", en: "Nothing was done.", uk: "Нічого не зроблено."))
    }
  }
}
