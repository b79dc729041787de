import ArgumentParser
import FieldModel
import Foundation
import HubServer
import Logging
import SyncCore
import SyncHub
import Terminal

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: say(
      vi: "Nhận thiết bị qua mạng, đến khi dừng (Ctrl-C).",
      en: "Serve devices over the network until stopped (Ctrl-C).",
      uk: "Обслуговувати пристрої через мережу до зупинки (Ctrl-C)."),
    discussion: say(
      vi: "Mã hóa bằng --certificate và --key; không có thì đặt sau Caddy hoặc nginx, hoặc chỉ mở "
        + "trong mạng riêng. Thiết bị chỉ tin máy chủ đã ghi danh nó.",
      en: "It encrypts with --certificate and --key; without them put it behind Caddy or nginx, or "
        + "on a private network only. Devices believe only the hub that let them in.",
      uk: "Шифрує з --certificate і --key; без них ставте за Caddy чи nginx або лише в приватній "
        + "мережі. Пристрої вірять лише хабу, що їх зареєстрував."))

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

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Chứng thư TLS (PEM).", en: "TLS certificate (PEM).", uk: "Сертифікат TLS (PEM)."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var certificate: String?

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Khóa riêng của chứng thư (PEM).", en: "The certificate’s private key (PEM).",
        uk: "Закритий ключ сертифіката (PEM)."), valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var key: String?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Chứng thư tự ký: thiết bị tin đúng chứng thư này từ khi ghi danh.",
        en: "No authority signed the certificate: devices trust it from their enrolment on.",
        uk: "Сертифікат без центру: пристрої довіряють саме йому від реєстрації.")))
  var pin = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Cổng số liệu Prometheus, chỉ trên máy này.",
        en: "Port for Prometheus’s figures, on this machine only.",
        uk: "Порт показників Prometheus, лише на цій машині.")))
  var metricsPort: Int?

  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Máy chủ đã dời đi: chỉ chuyển thiết bị đến địa chỉ đã ký (thuan-hub move).",
        en: "The hub has moved: only send devices to the signed address (thuan-hub move).",
        uk: "Хаб переїхав: лише переспрямовувати на підписану адресу (thuan-hub move).")))
  var moved = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Mức nhật ký: info ghi từng yêu cầu, debug và trace nhiều hơn.",
        en: "Level of the log: info has a line for every request, debug and trace more.",
        uk: "Рівень журналу: info пише кожен запит, debug і trace — більше."),
      valueName: say(vi: "mức", en: "level", uk: "рівень")),
    transform: Self.level(named:))
  var logLevel = Logger.Level.notice

  private static func level(named name: String) throws -> Logger.Level {
    if let level = Logger.Level(rawValue: name.lowercased()) { return level }
    let names = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError(
      say(
        vi: "--log-level \(name): có \(names).", en: "--log-level \(name): there are \(names).",
        uk: "--log-level \(name): є \(names)."))
  }

  func validate() throws {
    guard (certificate == nil) == (key == nil), !pin || certificate != nil else {
      throw ValidationError(
        say(
          vi: "--certificate và --key đi cùng nhau; --pin cần cả hai.",
          en: "--certificate and --key go together; --pin needs both.",
          uk: "--certificate і --key вказують разом; --pin потребує обох."))
    }
    guard (0...65_535).contains(port), metricsPort.map({ 1...65_535 ~= $0 }) ?? true else {
      throw ValidationError(
        say(
          vi: "Cổng từ 0 đến 65535.", en: "A port is 0 to 65535.", uk: "Порт — від 0 до 65535."))
    }
  }

  func run() async throws {
    let open = try options.open()
    for line in ForeignText.silenced(try open.database.foreignTriggers()) {
      Program.write(Style.warning(line), toErrors: true)
    }
    var logger = Logger(label: "thuan-hub") { _ in ServerLog() }
    logger.logLevel = logLevel
    let shownHost = host.contains(":") ? "[\(host)]" : host
    var configuration = HubServer.Configuration(host: host, port: port)
    configuration.certificate = try readCertificate()
    configuration.metricsPort = metricsPort
    let statement = try open.hub.addressStatement()
    if moved {
      guard let statement else { throw MoveCommand.nothingSigned }
      configuration.movedTo = statement.address
    } else {
      warnOfCertificate(configuration.certificate, statement)
    }
    let scheme = configuration.certificate == nil ? "http" : "https"
    let server = HubServer(
      hub: open.hub, configuration: configuration, logger: logger,
      onRunning: { port in
        Program.write(
          say(
            vi: "Đang nhận tại \(scheme)://\(shownHost):\(port) (Ctrl-C để dừng)",
            en: "Listening on \(scheme)://\(shownHost):\(port) (Ctrl-C stops)",
            uk: "Слухаю на \(scheme)://\(shownHost):\(port) (Ctrl-C зупиняє)"))
      })
    do {
      try await server.run()
    } catch let error where !(error is CancellationError) {
      throw cannotListen("\(shownHost):\(port)", error)
    }
    Program.write(say(vi: "Đã dừng.", en: "Stopped.", uk: "Зупинено."))
  }

  private func readCertificate() throws -> HubServer.Certificate? {
    guard let certificate, let key else { return nil }
    do {
      let read = try HubServer.Certificate(file: certificate, keyFile: key, isPinned: pin)
      if read.lastMilliseconds < wallMilliseconds() {
        let day = localTime(read.lastMilliseconds)
        Program.write(
          Style.warning(
            say(
              vi: "Chứng thư đã hết hạn lúc \(day): thiết bị sẽ không kết nối.",
              en: "The certificate expired on \(day): devices will not connect.",
              uk: "Сертифікат минув \(day): пристрої не під’єднаються.")), toErrors: true)
      }
      return read
    } catch {
      throw Failure(
        .input,
        Phrase(
          vi: "Không dùng được chứng thư “\(certificate)” với khóa “\(key)”.",
          en: "The certificate “\(certificate)” with the key “\(key)” is of no use.",
          uk: "Сертифікат «\(certificate)» з ключем «\(key)» непридатний."),
        hint: Phrase(
          vi: "Cả hai phải là tệp PEM, và khóa phải thuộc chứng thư đó.",
          en: "Both have to be PEM files, and the key has to belong to the certificate.",
          uk: "Обидва мають бути файлами PEM, і ключ має належати сертифікату."))
    }
  }

  /// Devices that pinned another certificate follow only what the hub has signed.
  private func warnOfCertificate(
    _ certificate: HubServer.Certificate?, _ statement: AddressStatement?
  ) {
    guard let certificate, let statement, certificate.isPinned, !certificate.fits(statement) else {
      return
    }
    Program.write(
      Style.warning(
        say(
          vi: "Chứng thư này khác chứng thư đã ký cho thiết bị: thuan-hub move --to "
            + "\(statement.address) --certificate TỆP",
          en: "This is another certificate than was signed for devices: thuan-hub move --to "
            + "\(statement.address) --certificate FILE",
          uk: "Це інший сертифікат, ніж підписано для пристроїв: thuan-hub move --to "
            + "\(statement.address) --certificate ФАЙЛ")), toErrors: true)
  }

  private func cannotListen(_ place: String, _ error: any Error) -> any Error {
    guard explained(error) == nil else { return error }
    let reason = "\(error)".lowercased()
    let hint: Phrase
    if reason.contains("in use") || reason.contains("errno: 98") {
      let option = metricsPort == nil ? "--port" : "--port, --metrics-port"
      hint = Phrase(
        vi:
          "Cổng đang được chương trình khác dùng (có thể thuan-hub đã chạy): chọn \(option) khác.",
        en:
          "Another program uses the port (perhaps thuan-hub runs already): choose another \(option).",
        uk:
          "Порт зайнятий іншою програмою (можливо, thuan-hub уже працює): виберіть інший \(option)."
      )
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
