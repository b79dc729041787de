import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct AccountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "account",
    abstract: say(
      vi: "Tài khoản đăng nhập máy chủ.", en: "Accounts of people who sign in at the hub.",
      uk: "Облікові записи для входу на хаб."),
    subcommands: [ListAccounts.self, AddAccount.self, SetPassword.self, DisableAccount.self],
    defaultSubcommand: ListAccounts.self)
}

struct ListAccounts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: say(vi: "Các tài khoản.", en: "All accounts.", uk: "Усі облікові записи."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  func run() throws {
    let open = try options.open()
    var table = Listing([
      .init("name", Phrase(vi: "Tên", en: "Name", uk: "Ім’я")),
      .init("role", Phrase(vi: "Vai trò", en: "Role", uk: "Роль")),
      .init("state", Phrase(vi: "Trạng thái", en: "State", uk: "Стан")),
      .init("created", Phrase(vi: "Lập lúc", en: "Made", uk: "Створено")),
      .init("signed_in", Phrase(vi: "Đăng nhập gần nhất", en: "Last sign-in", uk: "Останній вхід")),
    ])
    for account in try open.hub.accounts() {
      let state =
        listing.json
        ? (account.isDisabled ? "disabled" : "active")
        : account.isDisabled
          ? say(vi: "đã khóa", en: "disabled", uk: "вимкнено")
          : say(vi: "hoạt động", en: "active", uk: "активний")
      table.add([
        .text(account.name),
        .text(listing.json ? account.role : Role(rawValue: account.role)?.title.text ?? ""),
        .text(state), .instant(account.createdMilliseconds),
        account.signedInMilliseconds.map(Cell.instant) ?? .none,
      ])
    }
    table.print(
      asJSON: listing.json,
      whenEmpty: Phrase(
        vi: "Chưa có tài khoản nào.", en: "There are no accounts yet.",
        uk: "Облікових записів ще немає."))
  }
}

struct AddAccount: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: say(vi: "Lập tài khoản.", en: "Make an account.", uk: "Створити обліковий запис."),
    discussion: SetPassword.manner)

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions

  @Argument(
    help: ArgumentHelp(
      say(vi: "Tên đăng nhập.", en: "The name to sign in with.", uk: "Ім’я для входу."),
      valueName: say(vi: "tên", en: "name", uk: "ім’я")))
  var name: String

  @Option(
    help: ArgumentHelp(
      say(vi: "Vai trò: \(Role.list).", en: "The role: \(Role.list).", uk: "Роль: \(Role.list).")))
  var role: String

  func validate() throws { try Role.check(role) }

  func run() throws {
    let open = try options.open()
    let ruling = try rulingOptions.ruling()
    try open.hub.makeAccount(
      name, role: role, password: try Secret.ask(twice: true), salt: randomSalt(), ruling)
    Program.write(
      say(
        vi: "Đã lập tài khoản “\(name)”.", en: "The account “\(name)” is there.",
        uk: "Обліковий запис «\(name)» створено."))
  }
}

struct SetPassword: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "password",
    abstract: say(
      vi: "Đặt mật khẩu khác; các phiên đang mở kết thúc.",
      en: "Set another password; open sessions end.",
      uk: "Задати інший пароль; відкриті сеанси завершаться."),
    discussion: manner)

  static let manner = say(
    vi: "Mật khẩu được hỏi, hoặc đọc từ dòng đầu của đầu vào; không nhận trên dòng lệnh.",
    en:
      "The password is asked for, or read from the input’s first line; never from the command line.",
    uk: "Пароль запитується або читається з першого рядка вводу, не з командного рядка.")

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var account: AccountArgument

  func run() throws {
    let open = try options.open()
    let ruling = try rulingOptions.ruling()
    try open.hub.setPassword(
      of: account.name, to: try Secret.ask(twice: true), salt: randomSalt(), ruling)
    Program.write(
      say(vi: "Đã đặt mật khẩu.", en: "The password is set.", uk: "Пароль задано."))
  }
}

struct DisableAccount: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable",
    abstract: say(
      vi: "Khóa tài khoản và các phiên của nó.", en: "Disable an account and end its sessions.",
      uk: "Вимкнути обліковий запис і завершити його сеанси."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var account: AccountArgument

  func run() throws {
    let open = try options.open()
    try open.hub.disable(account: account.name, try rulingOptions.ruling())
    Program.write(
      say(
        vi: "Đã khóa “\(account.name)”.", en: "“\(account.name)” is disabled.",
        uk: "«\(account.name)» вимкнено."))
  }
}

/// An account that there is.
struct AccountArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      say(vi: "Tài khoản.", en: "The account.", uk: "Обліковий запис."),
      valueName: say(vi: "tên", en: "name", uk: "ім’я")))
  var name: String
}

private func randomSalt() -> [UInt8] { (0..<16).map { _ in .random(in: 0...255) } }
