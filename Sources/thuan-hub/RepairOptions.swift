import ArgumentParser
import FieldModel
import Foundation
import SyncCore
import SyncHub
import Terminal

/// Whether a check puts right what it finds.
struct RepairOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Sửa: giá trị bị ổ đĩa làm hỏng được lấy lại từ lịch sử; cái không lấy lại được thì để "
          + "thiết bị đưa giá trị của mình ra hỏi.",
        en: "Put right: what the disk has changed is taken from history; where history cannot "
          + "tell, devices put what they hold before you.",
        uk: "Виправити: зіпсоване диском береться з історії; де історія не знає, пристрої покажуть "
          + "вам своє.")))
  var repair = false

  @Option(
    help: ArgumentHelp(
      say(
        vi: "Lý do sửa, được lưu mãi.", en: "Why, kept for good.",
        uk: "Підстава, зберігається назавжди."),
      valueName: say(vi: "lý-do", en: "text", uk: "текст")))
  var reason = "check --repair"

  @OptionGroup var operatorOptions: OperatorOptions

  /// What was found; nothing without `--repair`.
  func repair(_ open: OpenHub) throws -> [DamagedRow] {
    guard repair else { return [] }
    return try open.hub.repair(
      Ruling(
        by: operatorOptions.name, reason: reason.precomposedStringWithCanonicalMapping,
        wallMilliseconds: wallMilliseconds()))
  }
}

extension DamagedRow {
  func text(_ open: OpenHub) throws -> String {
    let name = try open.description(of: table, key)
    return isRestored
      ? Style.good("✓ ")
        + say(
          vi: "Đã lấy lại từ lịch sử: \(name)", en: "Restored from history: \(name)",
          uk: "Відновлено з історії: \(name)")
      : Style.warning("⚠ ")
        + say(
          vi:
            "Lịch sử không đủ để lấy lại, giữ giá trị tìm thấy; thiết bị nào có giá trị khác sẽ đưa "
            + "ra hỏi: \(name)",
          en:
            "History cannot tell; what was found stands, and devices that hold something else put "
            + "it before you: \(name)",
          uk: "Історія не знає; лишилося знайдене, пристрої з іншим значенням спитають: \(name)")
  }

  var cell: Cell {
    .object([
      ("table", .text(table)), ("key", .text(key.description)), ("restored", .flag(isRestored)),
    ])
  }
}
