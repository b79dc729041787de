import FieldModel
import SyncClient
import SyncCore
import SyncDevice
import Terminal

/// What the address, rather than the hub, is to blame for.
func explain(wrongScheme isEncrypted: Bool) -> Failure {
  let (spoken, written) = isEncrypted ? ("https", "http") : ("http", "https")
  return Failure(
    .unreachable,
    Phrase(
      vi: "Ở địa chỉ này dùng \(spoken), không phải \(written).",
      en: "What is spoken at this address is \(spoken), not \(written).",
      uk: "За цією адресою працює \(spoken), а не \(written)."),
    hint: Phrase(
      vi: "Viết địa chỉ với \(spoken):// (khi ghi danh), hoặc hỏi người điều phối.",
      en: "Write the address with \(spoken):// (when enrolling), or ask the operator.",
      uk: "Пишіть адресу з \(spoken):// (під час реєстрації) або спитайте оператора."))
}

/// A server before the hub that does not reach it.
func explain(gateway status: Int) -> Failure {
  Failure(
    .unreachable,
    Phrase(
      vi: "Máy chủ trung gian trả lời rằng nó không liên lạc được với máy chủ tỉnh (\(status)).",
      en: "A server on the way answers that it does not reach the hub (\(status)).",
      uk: "Проміжний сервер відповідає, що не має зв’язку з хабом (\(status))."),
    hint: .workIsKept)
}

/// The proxy of this machine's network.
func explain(_ trouble: ProxyTrouble) -> Failure {
  switch trouble {
  case .unusable(let variable):
    Failure(
      .usage,
      Phrase(
        vi: "Biến \(variable) không phải địa chỉ proxy dùng được.",
        en: "The variable \(variable) is no proxy that can be used.",
        uk: "Змінна \(variable) не вказує придатного проксі."),
      hint: Phrase(
        vi: "Dạng: http://tên:cổng (hoặc socks5://tên:cổng); xóa biến nếu không cần proxy.",
        en: "Write http://name:port (or socks5://name:port); unset it if there is no proxy.",
        uk: "Пишіть http://назва:порт (або socks5://назва:порт); без проксі приберіть змінну."))
  case .unreachable(let name, let detail):
    Failure(
      .unreachable,
      Phrase(
        vi: "Không liên lạc được với proxy \(name). \(NetworkTrouble(detail).ofProxy.vi)",
        en: "The proxy \(name) cannot be reached. \(NetworkTrouble(detail).ofProxy.en)",
        uk: "Немає зв’язку з проксі \(name). \(NetworkTrouble(detail).ofProxy.uk)"),
      hint: .lookAtProxy)
  case .wantsPassword:
    Failure(
      .unreachable,
      Phrase(
        vi: "Proxy đòi tên và mật khẩu.", en: "The proxy wants a name and a password.",
        uk: "Проксі вимагає ім’я та пароль."),
      hint: Phrase(
        vi: "https_proxy=http://tên:mật-khẩu@proxy:cổng (với http: http_proxy)",
        en: "https_proxy=http://name:password@proxy:port (for http: http_proxy)",
        uk: "https_proxy=http://ім’я:пароль@проксі:порт (для http: http_proxy)"))
  case .refused:
    Failure(
      .unreachable,
      Phrase(
        vi: "Proxy không nối đến máy chủ tỉnh: bị cấm, hoặc không tìm thấy.",
        en: "The proxy makes no connection to the hub: it may not, or does not find it.",
        uk: "Проксі не з’єднує з хабом: заборонено або не знайдено."),
      hint: .lookAtProxy)
  }
}

/// What was changed on the way.
func explain(_ alteration: Alteration) -> Failure {
  let what =
    switch alteration {
    case .requestBody:
      Phrase(
        vi: "Nội dung gửi đi bị đổi trên đường: máy chủ tỉnh nhận được thứ khác.",
        en: "What was sent was changed on its way: the hub got something else.",
        uk: "Надіслане змінено в дорозі: хаб отримав інше.")
    case .answerBody:
      Phrase(
        vi: "Trả lời của máy chủ tỉnh bị đổi trên đường, nên không nhận.",
        en: "The hub’s answer was changed on its way, so it is not taken in.",
        uk: "Відповідь хаба змінено в дорозі, тож її не прийнято.")
    case .header(let name):
      Phrase(
        vi: "Trên đường có thứ đã bỏ tiêu đề “\(name)” mang chữ ký.",
        en: "Something on the way took out the header “\(name)”, which carries the signature.",
        uk: "Дорогою вилучено заголовок «\(name)» із підписом.")
    }
  return Failure(.unreachable, what, hint: .letThrough)
}

/// A request that came to the hub more than once.
let explainedRepetition = Failure(
  .unreachable,
  Phrase(
    vi: "Yêu cầu của máy đến máy chủ tỉnh hai lần: thứ gì đó trên đường gửi lặp lại.",
    en: "This device’s requests reach the hub twice: something on the way repeats them.",
    uk: "Запити пристрою доходять до хаба двічі: щось у дорозі їх повторює."),
  hint: Phrase(
    vi: "Tắt gửi lại yêu cầu POST ở proxy (nginx: proxy_next_upstream off). Không mất gì.",
    en:
      "Switch repeats of POST off at the proxy (nginx: proxy_next_upstream off). Nothing is lost.",
    uk: "Вимкніть повтори POST на проксі (nginx: proxy_next_upstream off). Нічого не втрачено."))

extension Phrase {
  fileprivate static let lookAtProxy = Phrase(
    vi: "Xem các biến http_proxy, https_proxy và no_proxy. Việc đã ghi vẫn giữ trên máy.",
    en: "Look at the variables http_proxy, https_proxy and no_proxy. Your work is kept here.",
    uk: "Перевірте змінні http_proxy, https_proxy і no_proxy. Ваша робота збережена.")

  fileprivate static let letThrough = Phrase(
    vi: "Proxy, tường lửa hoặc phần mềm diệt vi-rút phải để nguyên nội dung và tiêu đề. "
      + "Không mất gì.",
    en: "Have the proxy, firewall or virus scanner leave bodies and headers as they are. "
      + "Nothing is lost.",
    uk: "Проксі, брандмауер чи антивірус мають залишати вміст і заголовки. Нічого не втрачено.")
}

/// Work that is too large for somebody on the way.
struct TooLargeText {
  private let body: TooLargeBody
  private let record: String?

  /// - Parameters:
  ///   - body: What was not taken.
  ///   - field: The store it comes from, where its record may be named.
  init(_ body: TooLargeBody, in field: FieldStore? = nil) {
    self.body = body
    record = field.flatMap { field in body.work.flatMap { try? Self.name($0, in: field) } }
  }

  /// An error, with the record named if it is about work that is too large.
  static func named(_ error: any Error, in field: FieldStore) -> any Error {
    guard case HubUnavailable.tooLarge(let body) = error else { return error }
    return TooLargeText(body, in: field).failure
  }

  var failure: Failure {
    Failure(.input, what, hint: hint)
  }

  private var what: Phrase {
    let size = Self.size(body.work?.bytes ?? body.bytes ?? 0)
    let travelled = body.bytes.map(Self.size).map {
      Phrase(
        vi: ", \($0) khi gửi", en: ", \($0) on the way", uk: ", \($0) у дорозі")
    }
    let name = record.map { ": \($0)" } ?? ""
    let reason = reason
    return Phrase(
      vi: "Một lần ghi quá lớn để gửi (\(size)\(travelled?.vi ?? ""))\(name). \(reason.vi)",
      en:
        "One transaction is too large to send (\(size)\(travelled?.en ?? ""))\(name). \(reason.en)",
      uk: "Один запис завеликий для надсилання (\(size)\(travelled?.uk ?? ""))\(name). \(reason.uk)"
    )
  }

  private var reason: Phrase {
    if body.isBrokenOff {
      return Phrase(
        vi: "Kết nối đứt mỗi khi gửi nó, còn những thứ nhỏ hơn thì đi qua.",
        en: "The connection breaks off while it is sent, where smaller ones get through.",
        uk: "Зв’язок обривається під час надсилання, а менше проходить.")
    }
    guard let server = body.server else {
      let limit = Self.size(body.limit ?? SyncLimits.bodyBytes)
      return Phrase(
        vi: "Máy chủ tỉnh nhận nhiều nhất \(limit) một lần.",
        en: "The hub takes \(limit) at a time at most.",
        uk: "Хаб приймає щонайбільше \(limit) за раз.")
    }
    let name = server.isEmpty ? "" : " (\(server))"
    return Phrase(
      vi: "Không phải máy chủ tỉnh từ chối mà là máy chủ trung gian\(name): 413.",
      en: "It is not the hub that refuses it but a server on the way\(name): 413.",
      uk: "Відмовляє не хаб, а проміжний сервер\(name): 413.")
  }

  private var hint: Phrase {
    guard body.server != nil else {
      return Phrase(
        vi: "Việc đã ghi vẫn giữ trên máy. Báo người điều phối.",
        en: "Your work is kept here. Tell the operator.",
        uk: "Ваша робота збережена тут. Скажіть оператору.")
    }
    let limit = SyncLimits.bodyBytes
    let settings =
      "nginx: client_max_body_size \(limit >> 20)m; Apache: LimitRequestBody \(limit); "
      + "Caddy: request_body max_size \(limit >> 20)MB; IIS: maxAllowedContentLength \(limit)"
    return Phrase(
      vi: "Những gì ghi sau nó cũng chờ; việc nhận vẫn chạy. Người quản trị máy chủ đó cần tăng "
        + "giới hạn (\(settings)).",
      en: "What was written after it waits too; receiving goes on. Whoever runs that server has to "
        + "raise its limit (\(settings)).",
      uk: "Записане після нього теж чекає; отримання триває. Адміністратор того сервера має "
        + "збільшити межу (\(settings)).")
  }

  private static func size(_ bytes: Int) -> String {
    if bytes < 1_000_000 { return "\((bytes + 999) / 1000) kB" }
    return "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB"
  }

  /// The record that takes most of it, as people know it, and when it was written.
  private static func name(_ work: OversizedWork, in field: FieldStore) throws -> String? {
    guard let row = work.largest, try !field.store.isLocked() else { return nil }
    let title = RecordKinds.title(ofTable: row.table).text
    let id = row.key.values.first?.description ?? ""
    let label = try field.read { lookup, _ in try lookup.label(id, in: row.table) }
    let others = work.rowCount > 1 ? " (+\(work.rowCount - 1))" : ""
    return "\(title) \(RecordID.short(id)) “\(label.prefix(80))”\(others), "
      + localTime(work.wallMilliseconds)
  }
}
