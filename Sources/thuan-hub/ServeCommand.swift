import ArgumentParser
import FieldModel
import Foundation
import HubServer
import Logging
import Terminal

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: say(
      vi: "Nhận thiết bị qua mạng, đến khi dừng (Ctrl-C).",
      en: "Serve devices over the network until stopped (Ctrl-C).",
      uk: "Обслуговувати пристрої через мережу до зупинки (Ctrl-C)."),
    discussion: say(
      vi: "Không có mã hóa TLS: đặt sau Caddy hoặc nginx, hoặc chỉ mở trong mạng riêng.",
      en: "There is no TLS: put it behind Caddy or nginx, or on a private network only.",
      uk: "TLS немає: ставте за Caddy чи nginx або лише в приватній мережі."))

  @OptionGroup var options: HubOptions

  @Option(
    help: ArgumentHelp(
      say(vi: "Địa chỉ lắng nghe.", en: "Address to listen on.", uk: "Адреса прослуховування.")))
  var host = "127.0.0.1"

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Cổng; 0: cổng trống bất kỳ.", en: "Port; 0: any free one.",
        uk: "Порт; 0: будь-який вільний.")))
  var port = 8080

  func validate() throws {
    guard (0...65_535).contains(port) else {
      throw ValidationError(
        say(
          vi: "Cổng từ 0 đến 65535.", en: "A port is 0 to 65535.", uk: "Порт — від 0 до 65535."))
    }
  }

  func run() async throws {
    let open = try options.open()
    let logger = Logger(label: "thuan-hub") { _ in ServerLog() }
    let shownHost = host.contains(":") ? "[\(host)]" : host
    let server = HubServer(
      hub: open.hub, configuration: .init(host: host, port: port), logger: logger,
      onRunning: { port in
        Program.write(
          say(
            vi: "Đang nhận tại http://\(shownHost):\(port) (Ctrl-C để dừng)",
            en: "Listening on http://\(shownHost):\(port) (Ctrl-C stops)",
            uk: "Слухаю на http://\(shownHost):\(port) (Ctrl-C зупиняє)"))
      })
    do {
      try await server.run()
    } catch let error where !(error is CancellationError) {
      throw cannotListen("\(shownHost):\(port)", error)
    }
    Program.write(say(vi: "Đã dừng.", en: "Stopped.", uk: "Зупинено."))
  }

  private func cannotListen(_ place: String, _ error: any Error) -> any Error {
    guard explained(error) == nil else { return error }
    let reason = "\(error)".lowercased()
    let hint: Phrase
    if reason.contains("in use") || reason.contains("errno: 98") {
      hint = Phrase(
        vi: "Cổng đang được chương trình khác dùng (có thể thuan-hub đã chạy): chọn --port khác.",
        en:
          "Another program uses the port (perhaps thuan-hub runs already): choose another --port.",
        uk: "Порт зайнятий іншою програмою (можливо, thuan-hub уже працює): виберіть інший --port.")
    } else if reason.contains("permission") || reason.contains("errno: 13") {
      hint = Phrase(
        vi: "Cổng dưới 1024 cần quyền quản trị: chọn --port khác.",
        en: "Ports below 1024 need an administrator: choose another --port.",
        uk: "Порти до 1024 потребують адміністратора: виберіть інший --port.")
    } else {
      hint = Phrase(
        vi: "Xem --host có phải là địa chỉ của máy này không.",
        en: "See whether --host is an address of this machine.",
        uk: "Перевірте, чи --host є адресою цієї машини.")
    }
    return Failure(
      .unreachable,
      Phrase(
        vi: "Không nhận được thiết bị tại \(place).", en: "Cannot listen on \(place).",
        uk: "Не вдалося слухати \(place)."), hint: hint)
  }
}
