import ArgumentParser
import FieldModel
import Foundation
import SyncClient
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan enrol URL CODE`.
struct Enrol: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Ghi danh máy này với máy chủ tỉnh.", en: "Enrol this device at the hub.",
        uk: "Зареєструвати пристрій на хабі."),
      discussion: say(
        vi: "Địa chỉ và mã một lần do người điều phối cấp. Những gì đã ghi trước đó được giữ và "
          + "gửi sau. Nếu tệp danh tính của máy bị mất, xin mã mới rồi ghi danh lại: việc chưa gửi "
          + "vẫn còn.\nVí dụ: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1",
        en: "The operator gives the address and a one-time code. What you recorded before is kept "
          + "and sent later. If the device’s identity file is lost, ask for another code and enrol "
          + "again: unsent work is kept.\nExample: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1",
        uk: "Адресу й одноразовий код дає оператор. Записане раніше зберігається й надсилається "
          + "потім. Якщо файл ідентичності втрачено, попросіть новий код і зареєструйтеся знову: "
          + "ненадіслане збережено.\nПриклад: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1"
      ))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(vi: "Địa chỉ máy chủ tỉnh.", en: "The hub’s address.", uk: "Адреса хабу.")))
  var url: String
  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã một lần; không cần nếu địa chỉ là liên kết có #MÃ.",
        en: "The one-time code; not needed where the address is a link with #CODE.",
        uk: "Одноразовий код; не потрібен, якщо адреса — посилання з #КОД.")))
  var code: String?
  @Option(
    help: ArgumentHelp(
      say(vi: "Tên máy cho dễ nhận.", en: "What people call the machine.", uk: "Назва пристрою.")))
  var label: String?

  mutating func run() async throws {
    let field = try FieldStore(common.store, evenLocked: true)
    let (address, code) = try addressAndCode()
    if !address.isEncrypted {
      Program.write(
        Style.warning(
          say(
            vi: "Kết nối không mã hóa (http): chỉ dùng trong mạng nội bộ tin cậy.",
            en: "The connection is not encrypted (http): only for a network you trust.",
            uk: "З’єднання не шифрується (http): лише для довіреної мережі.")), toErrors: true)
    }
    let enrolment = try await enrol(
      store: field.store, path: field.path, client: try HubClient(address, through: .ofEnvironment),
      code: code,
      label: Folding.normalise(label ?? ProcessInfo.processInfo.hostName))
    let name = enrolment.officerName
    if enrolment.isRenewed == true {
      sayWhatBecame(of: try field.store.status(wallMilliseconds: field.now))
    }
    Program.write(
      say(
        vi: "Đã ghi danh cho \(name). Tiếp theo: thuan sync (để nhận danh mục địa bàn, tổ chức).",
        en: "Enrolled for \(name). Next: thuan sync (it brings the units and organisations).",
        uk: "Зареєстровано: \(name). Далі: thuan sync (принесе довідники)."))
  }

  /// The code is an argument of its own, or stands behind the address in a link.
  private func addressAndCode() throws -> (HubAddress, String) {
    let parts = url.split(separator: "#", maxSplits: 1).map(String.init)
    let address = try HubAddress(code == nil ? parts.first ?? "" : url)
    if let code = code ?? parts.dropFirst().first { return (address, code) }
    throw Failure(
      .usage, Phrase(vi: "Thiếu mã một lần.", en: "The code is missing.", uk: "Бракує коду."),
      hint: Phrase(
        vi: "thuan enrol ĐỊA-CHỈ MÃ", en: "thuan enrol ADDRESS CODE",
        uk: "thuan enrol АДРЕСА КОД"))
  }

  /// A store that becomes another device keeps everything; people should know what goes where.
  private func sayWhatBecame(of status: StoreStatus) {
    Program.write(
      say(
        vi:
          "Danh tính cũ của máy đã mất hoặc hỏng nên máy được ghi danh lại như một thiết bị mới. Dữ liệu "
          + "còn nguyên: \(status.waitingChangeSets) lần ghi sẽ gửi dưới tên mới; máy chủ nhận ra "
          + "những gì đã có và không ghi trùng.",
        en:
          "The device’s former identity was lost or damaged, so it is enrolled anew as a new device. The "
          + "data is untouched: \(status.waitingChangeSets) transactions will be sent under the new "
          + "name; the hub knows what it has already and doubles nothing.",
        uk:
          "Попередню ідентичність пристрою втрачено чи пошкоджено, тож його зареєстровано як новий. Дані цілі: "
          + "записів до надсилання під новим іменем: \(status.waitingChangeSets); хаб упізнає вже "
          + "отримане й нічого не подвоїть."))
  }
}
