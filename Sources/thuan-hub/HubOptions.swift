import ArgumentParser
import FieldModel
import Foundation
import SyncCore
import SyncHub
import SyncSQLite
import Terminal

/// What every command takes.
struct HubOptions: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: ArgumentHelp(
      say(
        vi: "Thư mục dữ liệu (mặc định $THUAN_HUB hoặc ./thuan-hub-data).",
        en: "Data folder (default $THUAN_HUB or ./thuan-hub-data).",
        uk: "Тека даних (типово $THUAN_HUB або ./thuan-hub-data)."),
      valueName: say(vi: "thư-mục", en: "folder", uk: "тека")))
  var data: String?

  @OptionGroup var language: LanguageOption

  var folder: URL {
    let path =
      data ?? ProcessInfo.processInfo.environment["THUAN_HUB"].flatMap { $0.isEmpty ? nil : $0 }
      ?? "thuan-hub-data"
    return URL(fileURLWithPath: path, isDirectory: true)
  }

  /// Opens the hub that is there.
  func open() throws -> OpenHub {
    let path = databasePath
    guard FileManager.default.fileExists(atPath: path) else {
      throw Failure(
        .store,
        Phrase(
          vi: "Không có máy chủ ở “\(folder.path)”.", en: "There is no hub in “\(folder.path)”.",
          uk: "У «\(folder.path)» немає хаба."),
        hint: Phrase(
          vi: "thuan-hub init --data \(folder.path)", en: "thuan-hub init --data \(folder.path)",
          uk: "thuan-hub init --data \(folder.path)"))
    }
    // Whoever puts another file in this one's place waits until this program has ended.
    guard StoreLock.hold(path) else {
      throw Failure(
        .busy,
        Phrase(
          vi: "Kho đang được khôi phục.", en: "The hub is being put back from a backup.",
          uk: "Сховище зараз відновлюється з копії."),
        hint: Phrase(vi: "Thử lại sau.", en: "Try again.", uk: "Спробуйте пізніше."))
    }
    return try OpenHub(path: path)
  }

  /// The file itself, where the folder has a link to it.
  var databasePath: String { DatabaseFile.real(folder.appendingPathComponent("hub.db").path) }
}

/// The language, which every command takes.
///
/// It is read before parsing, by `Language.current`; here it is only let through.
struct LanguageOption: ParsableArguments {
  @Option(
    name: .customLong("lang"),
    help: ArgumentHelp(
      say(vi: "Ngôn ngữ: vi, en, uk.", en: "Language: vi, en, uk.", uk: "Мова: vi, en, uk."),
      valueName: say(vi: "ngôn-ngữ", en: "language", uk: "мова")))
  var language: String?

  func validate() throws {
    if let language, Language(rawValue: language) == nil {
      throw ValidationError(
        say(
          vi: "Không có ngôn ngữ “\(language)”; chọn vi, en hoặc uk.",
          en: "There is no language “\(language)”; choose vi, en or uk.",
          uk: "Немає мови «\(language)»; виберіть vi, en або uk."))
    }
  }
}

/// Listings that programs read.
struct ListingOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "In ra JSON cho chương trình.", en: "Print JSON for programs.",
        uk: "Вивести JSON для програм.")))
  var json = false
}

/// Who decides, and why.
struct RulingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(
        vi: "Lý do, được lưu mãi.", en: "The reason, kept for good.",
        uk: "Підстава, зберігається назавжди."),
      valueName: say(vi: "lý-do", en: "text", uk: "текст")))
  var reason: String

  @OptionGroup var operatorOptions: OperatorOptions

  func validate() throws {
    guard !reason.trimmingCharacters(in: .whitespaces).isEmpty else {
      throw ValidationError(
        say(vi: "Cần ghi lý do.", en: "A reason is needed.", uk: "Потрібна підстава."))
    }
  }

  func ruling() throws -> Ruling {
    Ruling(
      by: operatorOptions.name, reason: reason.precomposedStringWithCanonicalMapping,
      wallMilliseconds: wallMilliseconds())
  }
}

/// How much of a long list to show.
struct LengthOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(vi: "Nhiều nhất bao nhiêu mục.", en: "At most so many entries.", uk: "Не більше записів.")
    )
  )
  var limit = 30

  func validate() throws {
    guard limit > 0 else {
      throw ValidationError(
        say(
          vi: "--limit phải lớn hơn 0.", en: "--limit has to be above 0.",
          uk: "--limit має бути більше 0."))
    }
  }
}

/// Who sits at the hub.
struct OperatorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      say(
        vi: "Người thực hiện (mặc định $THUAN_OPERATOR hoặc tên đăng nhập).",
        en: "Who does it (default $THUAN_OPERATOR or the login name).",
        uk: "Хто це робить (типово $THUAN_OPERATOR або ім’я входу)."),
      valueName: say(vi: "tên", en: "name", uk: "ім’я")))
  var by: String?

  var name: String {
    let candidates = [by, ProcessInfo.processInfo.environment["THUAN_OPERATOR"], NSUserName()]
    let name = candidates.compactMap { $0?.trimmingCharacters(in: .whitespaces) }
      .first { !$0.isEmpty }
    return (name ?? "operator").precomposedStringWithCanonicalMapping
  }
}

/// The hub's time: milliseconds since 1970.
func wallMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
