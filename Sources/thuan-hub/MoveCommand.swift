import ArgumentParser
import FieldModel
import Foundation
import HubServer
import SyncCore
import SyncHub
import Terminal

struct MoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move",
    abstract: say(
      vi: "Ký cho thiết bị biết địa chỉ hoặc chứng thư mới của máy chủ.",
      en: "Sign for devices where the hub is now, or which certificate it has.",
      uk: "Підписати для пристроїв нову адресу або сертифікат хаба."),
    discussion: say(
      vi: """
        Không thiết bị nào phải ghi danh lại. Thiết bị tự theo khi nơi cũ chuyển tiếp (thuan-hub \
        serve --moved, hoặc proxy trả 308), hoặc khi chứng thư ở địa chỉ đã biết đổi; nếu không, \
        gửi văn bản được in ra cho cán bộ: thuan move TỆP. Không có --to thì in lại văn bản hiện có.
        """,
      en: """
        No device has to be enrolled anew. Devices follow by themselves where the old place sends \
        them on (thuan-hub serve --moved, or a proxy that answers 308), or where the certificate \
        at the known address has changed; otherwise send officers the text that is printed: thuan \
        move FILE. Without --to the present text is printed again.
        """,
      uk: """
        Жоден пристрій не треба реєструвати знову. Пристрої йдуть самі, коли старе місце їх \
        перенаправляє (thuan-hub serve --moved або проксі з 308), чи коли сертифікат за відомою \
        адресою змінився; інакше надішліть надрукований текст: thuan move ФАЙЛ. Без --to \
        друкується чинний текст.
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var operatorOptions: OperatorOptions

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Địa chỉ như thiết bị thấy.", en: "The address as devices see it.",
        uk: "Адреса, як її бачать пристрої."), valueName: "url"))
  var to: String?

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Chứng thư (PEM) mà thiết bị phải tin ở đó; không có nếu tổ chức chứng thực đã ký.",
        en: "The certificate (PEM) to trust there; none where an authority has signed it.",
        uk: "Сертифікат (PEM), якому там довіряти; без нього — підписаний центром."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var certificate: String?

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Lý do, được lưu mãi.", en: "The reason, kept for good.",
        uk: "Підстава, зберігається назавжди."),
      valueName: say(vi: "lý-do", en: "text", uk: "текст")))
  var reason = ""

  @OptionGroup var listing: ListingOptions

  func validate() throws {
    guard to != nil || certificate == nil else {
      throw ValidationError(
        say(
          vi: "--certificate cần --to.", en: "--certificate needs --to.",
          uk: "--certificate потребує --to."))
    }
  }

  func run() throws {
    let open = try options.open()
    let statement = try signed(open)
    if listing.json {
      return Program.write(
        Cell.object([
          ("address", .text(statement.address)), ("pinned", .flag(!statement.certificate.isEmpty)),
          ("serial", .integer(statement.serial)), ("signed", .instant(statement.wallMilliseconds)),
          ("text", .text(statement.text)),
        ]).json)
    }
    Program.write(
      say(
        vi: "Máy chủ ở \(statement.address) (ký \(localTime(statement.wallMilliseconds))).",
        en: "The hub is at \(statement.address) (signed \(localTime(statement.wallMilliseconds))).",
        uk:
          "Хаб за адресою \(statement.address) (підписано \(localTime(statement.wallMilliseconds)))."
      ))
    Program.write(statement.text)
  }

  private func signed(_ open: OpenHub) throws -> AddressStatement {
    guard let to else {
      guard let statement = try open.hub.addressStatement() else { throw Self.nothingSigned }
      return statement
    }
    guard let address = Self.address(to) else {
      throw Failure(
        .input,
        Phrase(
          vi: "“\(to)” không phải địa chỉ máy chủ.", en: "“\(to)” is no address of a hub.",
          uk: "«\(to)» — не адреса хаба."),
        hint: Phrase(
          vi: "Dạng: https://ten-may-chu", en: "Write https://name-of-the-hub",
          uk: "Пишіть https://назва-хабу"))
    }
    return try open.hub.move(
      to: address, certificate: try readCertificate(),
      Ruling(
        by: operatorOptions.name, reason: reason.precomposedStringWithCanonicalMapping,
        wallMilliseconds: wallMilliseconds()))
  }

  /// An address as devices write it; nothing if it is none of a hub.
  private static func address(_ text: String) -> String? {
    guard var parts = URLComponents(string: text.trimmingCharacters(in: .whitespaces)),
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil,
      parts.query == nil, parts.fragment == nil
    else { return nil }
    (parts.scheme, parts.host) = (scheme, host.lowercased())
    while parts.path.hasSuffix("/") { parts.path.removeLast() }
    return parts.string
  }

  private func readCertificate() throws -> String {
    guard let certificate else { return "" }
    do {
      return try HubServer.Certificate.pinnedText(ofFile: certificate)
    } catch {
      throw Failure(
        .input,
        Phrase(
          vi: "“\(certificate)” không phải chứng thư PEM.",
          en: "“\(certificate)” is no PEM certificate.",
          uk: "«\(certificate)» — не сертифікат PEM."))
    }
  }

  static let nothingSigned = Failure(
    .notFound,
    Phrase(
      vi: "Chưa ký địa chỉ nào.", en: "No address has been signed yet.",
      uk: "Ще не підписано жодної адреси."),
    hint: Phrase(
      vi: "thuan-hub move --to https://ĐỊA-CHỈ", en: "thuan-hub move --to https://ADDRESS",
      uk: "thuan-hub move --to https://АДРЕСА"))
}
