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
          + "gửi sau.\nVí dụ: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1",
        en: "The operator gives the address and a one-time code. What you recorded before is kept "
          + "and sent later.\nExample: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1",
        uk: "Адресу й одноразовий код дає оператор. Записане раніше зберігається й надсилається "
          + "потім.\nПриклад: thuan enrol https://hub.example.vn ABCD-1234 --label D-LH1"))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(vi: "Địa chỉ máy chủ tỉnh.", en: "The hub’s address.", uk: "Адреса хабу.")))
  var url: String
  @Argument(
    help: ArgumentHelp(say(vi: "Mã một lần.", en: "The one-time code.", uk: "Одноразовий код.")))
  var code: String
  @Option(
    help: ArgumentHelp(
      say(vi: "Tên máy cho dễ nhận.", en: "What people call the machine.", uk: "Назва пристрою.")))
  var label: String?

  mutating func run() async throws {
    let field = try FieldStore(common.store)
    let address = try HubAddress(url)
    if !address.isEncrypted {
      Program.write(
        Style.warning(
          say(
            vi: "Kết nối không mã hóa (http): chỉ dùng trong mạng nội bộ tin cậy.",
            en: "The connection is not encrypted (http): only for a network you trust.",
            uk: "З’єднання не шифрується (http): лише для довіреної мережі.")), toErrors: true)
    }
    let enrolment = try await enrol(
      store: field.store, path: field.path, client: HubClient(address), code: code,
      label: Folding.normalise(label ?? ProcessInfo.processInfo.hostName))
    let name = enrolment.officerName
    Program.write(
      say(
        vi: "Đã ghi danh cho \(name). Tiếp theo: thuan sync (để nhận danh mục địa bàn, tổ chức).",
        en: "Enrolled for \(name). Next: thuan sync (it brings the units and organisations).",
        uk: "Зареєстровано: \(name). Далі: thuan sync (принесе довідники)."))
  }
}
