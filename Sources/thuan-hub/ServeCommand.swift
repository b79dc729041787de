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
      throw Failure(
        .unreachable,
        Phrase(
          vi: "Không nhận được tại \(shownHost):\(port): \(error)",
          en: "Cannot listen on \(shownHost):\(port): \(error)",
          uk: "Не вдалося слухати \(shownHost):\(port): \(error)"))
    }
    Program.write(say(vi: "Đã dừng.", en: "Stopped.", uk: "Зупинено."))
  }
}
