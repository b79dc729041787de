import ArgumentParser
import FieldModel
import Foundation
import SyncClient
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan move FILE|ADDRESS`.
struct Move: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Nhận địa chỉ hoặc chứng thư mới mà máy chủ tỉnh đã ký.",
        en: "Take the new address or certificate that the hub has signed.",
        uk: "Прийняти нову адресу чи сертифікат, підписані хабом."),
      discussion: say(
        vi: "Người điều phối gửi tệp (thuan-hub move), hoặc cho địa chỉ mới. Không phải ghi danh "
          + "lại. thuan sync cũng tự theo khi nơi cũ chuyển tiếp.\nVí dụ: thuan move "
          + "https://hub-moi.example.vn",
        en: "The operator sends a file (thuan-hub move), or tells the new address. Nothing is "
          + "enrolled anew. thuan sync follows by itself where the old place sends it on.\n"
          + "Example: thuan move https://new-hub.example.vn",
        uk: "Оператор надсилає файл (thuan-hub move) або називає нову адресу. Реєструватися знову "
          + "не треба. thuan sync іде сам, коли старе місце перенаправляє.\nПриклад: thuan move "
          + "https://new-hub.example.vn"))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Tệp có văn bản đã ký, hoặc địa chỉ mới (http, https).",
        en: "A file with the signed text, or the new address (http, https).",
        uk: "Файл із підписаним текстом або нова адреса (http, https)."),
      valueName: say(vi: "tệp|địa-chỉ", en: "file|address", uk: "файл|адреса")))
  var source: String

  mutating func run() async throws {
    let field = try FieldStore(common.store, evenLocked: true)
    let relocation = try Relocation(
      of: field.store, field.knownIdentity(), through: .ofEnvironment)
    let moved: DeviceIdentity
    if source.lowercased().hasPrefix("http://") || source.lowercased().hasPrefix("https://") {
      moved = try await relocation.identity(at: HubAddress(source))
    } else {
      moved = try await relocation.identity(by: try statement())
    }
    try field.keep(movedHub: moved)
  }

  private func statement() throws -> AddressStatement {
    let path = NSString(string: source).expandingTildeInPath
    let text = try String(contentsOfFile: path, encoding: .utf8)
    do { return try AddressStatement(text: text) } catch {
      throw Failure(
        .input,
        Phrase(
          vi: "Trong “\(source)” không có văn bản địa chỉ của máy chủ.",
          en: "There is no hub’s statement of its address in “\(source)”.",
          uk: "У «\(source)» немає тексту з адресою хаба."))
    }
  }
}

extension FieldStore {
  /// The identity, which has to be there.
  ///
  /// - Throws: `Failure` if it is lost or damaged, `StoreError` before enrolment.
  func knownIdentity() throws -> DeviceIdentity {
    if let identity = DeviceIdentity.usable(besideStore: path) { return identity }
    if let trouble = identityTrouble { throw Failure(.denied, trouble, hint: .enrolAgain) }
    throw StoreError.notEnrolled
  }

  /// Follows the hub, if what stood in the way of a request was that it has moved.
  ///
  /// - Returns: Who asks on, and where; nothing if it was something else.
  /// - Throws: `RelocationRefusal`, `HubUnavailable`, and errors of the disk.
  func follow(_ identity: DeviceIdentity, after unavailable: HubUnavailable) async throws -> (
    DeviceIdentity, HubClient
  )? {
    let relocation = try Relocation(of: store, identity, through: .ofEnvironment)
    guard let moved = try await relocation.identity(after: unavailable) else { return nil }
    try keep(movedHub: moved)
    return (moved, try HubClient(to: moved))
  }

  fileprivate func keep(movedHub identity: DeviceIdentity) throws {
    try store.keep(movedHub: identity, besideStore: path, wallMilliseconds: wallClock())
    Program.write(
      say(
        vi: "Máy chủ tỉnh nay ở \(identity.hub), đúng như nó đã ký.",
        en: "The hub is at \(identity.hub) now, as it has signed.",
        uk: "Хаб тепер за адресою \(identity.hub), як він підписав."))
  }
}

extension HubClient {
  /// The hub of an identity, by whatever way this machine is set to go.
  init(to identity: DeviceIdentity) throws {
    try self.init(
      try HubAddress(identity.hub),
      trusting: identity.certificate.map { .certificate($0) } ?? .authorities,
      through: .ofEnvironment)
  }
}

/// A hub that is said to be elsewhere, where nobody has asked for its word yet.
func explain(redirectedTo place: HubAddress) -> Failure {
  Failure(
    .unreachable,
    Phrase(
      vi: "Nơi trả lời chuyển đến \(place).", en: "What answers sends on to \(place).",
      uk: "Відповідь перенаправляє на \(place)."),
    hint: Phrase(
      vi: "Dùng địa chỉ đó nếu người điều phối xác nhận.",
      en: "Use that address if the operator confirms it.",
      uk: "Користуйтеся цією адресою, якщо оператор її підтвердить."))
}

/// Why a device stays where it is.
func explain(_ refusal: RelocationRefusal) -> Failure {
  let what =
    switch refusal {
    case .notStated(let place):
      Phrase(
        vi: "Nơi trả lời chuyển đến \(place), nhưng ở đó không có văn bản máy chủ tỉnh đã ký.",
        en:
          "What answers sends on to \(place), but there is nothing there that the hub has signed.",
        uk: "Відповідь перенаправляє на \(place), але там немає нічого, підписаного хабом.")
    case .notSigned:
      Phrase(
        vi: "Địa chỉ mới không do máy chủ tỉnh đã ghi danh máy này ký.",
        en: "The new address is not signed by the hub that let this device in.",
        uk: "Нову адресу підписав не той хаб, де зареєстровано пристрій.")
    case .otherPlace(let named, let found):
      Phrase(
        vi: "Máy chủ tỉnh ký rằng nó ở \(named), không phải \(found): có kẻ đứng giữa.",
        en: "The hub has signed that it is at \(named), not at \(found): somebody sits between.",
        uk: "Хаб підписав, що він на \(named), а не на \(found): хтось посередині.")
    case .outdated:
      Phrase(
        vi: "Máy này đã có văn bản địa chỉ đó hoặc mới hơn.",
        en: "This device has that statement of the address already, or a newer one.",
        uk: "Пристрій уже має цю заяву про адресу або новішу.")
    case .unencrypted:
      Phrase(
        vi: "Không đi theo từ https sang http.", en: "It is not followed from https to http.",
        uk: "З https на http не переходимо.")
    case .otherCertificate:
      Phrase(
        vi: "Chứng thư ở đó không phải chứng thư máy chủ tỉnh đã ký: có kẻ đứng giữa.",
        en: "The certificate there is not the one that the hub has signed: somebody sits between.",
        uk: "Сертифікат там не той, що підписав хаб: хтось посередині.")
    }
  return Failure(
    .denied, what,
    hint: Phrase(
      vi: "Giữ nguyên địa chỉ cũ; hỏi người điều phối. Không mất gì.",
      en: "The known address is kept; ask the operator. Nothing is lost.",
      uk: "Залишено відому адресу; спитайте оператора. Нічого не втрачено."))
}
