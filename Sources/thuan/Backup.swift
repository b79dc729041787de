import ArgumentParser
import FieldModel
import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncSQLite
import Terminal

/// The command `thuan backup FILE`.
struct Backup: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Sao lưu dữ liệu trên máy ra một tệp.", en: "Back the store up to a file.",
        uk: "Зберегти резервну копію даних у файл."),
      discussion: say(
        vi: """
          Làm được cả khi đang dùng; bản sao trọn vẹn tại một thời điểm và được kiểm tra sau khi \
          ghi. Không ghi đè tệp có sẵn.

          Bản sao có mọi bản ghi, kể cả việc chưa gửi, nhưng không có khóa và danh tính của máy: \
          người khác cầm bản sao không thể gửi thay máy này. Nội dung không được mã hóa; hãy cất \
          như hồ sơ giấy.

          Ví dụ: thuan backup /media/usb/thuan-2026-05-12.db
          """,
        en: """
          It may run while the store is in use; the copy is whole, of one moment, and is checked \
          after writing. A file that is there is never overwritten.

          The copy holds every record, unsent work too, but not the device’s key and identity: \
          whoever has it cannot send in this device’s name. It is not encrypted; keep it as you \
          keep paper.

          Example: thuan backup /media/usb/thuan-2026-05-12.db
          """,
        uk: """
          Можна під час роботи; копія ціла, на один момент, і перевіряється після запису. \
          Наявний файл не перезаписується.

          У копії всі записи, також ненадіслані, але без ключа й ідентичності пристрою: надіслати \
          щось від його імені з неї не можна. Вона не зашифрована; бережіть її, як папери.

          Приклад: thuan backup /media/usb/thuan-2026-05-12.db
          """))
  }

  @OptionGroup var common: CommonOptions
  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Tệp sẽ ghi; chưa được có.", en: "The file to write; there must be none yet.",
        uk: "Файл для запису; його ще не має бути."),
      valueName: say(vi: "tệp", en: "file", uk: "файл")))
  var file: String

  func run() throws {
    let target = NSString(string: file).expandingTildeInPath
    if FileManager.default.fileExists(atPath: target) { throw Self.isThere(target) }
    let field = try FieldStore(common.store)
    let part = DatabaseFile(target + ".part")
    try part.remove()
    defer { try? part.remove() }
    try field.store.backup(to: part.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: part.path)
    let (flaws, waiting) = try verify(part, field.now)
    if let damage = flaws.first(where: { if case .damagedFile = $0 { true } else { false } }) {
      throw Failure(
        .problems,
        Phrase(
          vi: "Bản sao hỏng nên không giữ lại: \(Check.text(damage))",
          en: "The copy is damaged and was not kept: \(Check.text(damage))",
          uk: "Копія пошкоджена, її не збережено: \(Check.text(damage))"),
        hint: Phrase(vi: "thuan check", en: "thuan check", uk: "thuan check"))
    }
    do { try part.put(atNew: target) } catch let error as CocoaError
      where error.code == .fileWriteFileExists
    { throw Self.isThere(target) }
    Program.write(
      say(
        vi: "Đã sao lưu ra \(target), đã kiểm tra. Trong đó có \(waiting) lần ghi chưa gửi.",
        en: "Backed up to \(target), and checked. Unsent transactions in it: \(waiting).",
        uk: "Копію збережено: \(target), перевірено. Ненадісланих записів у ній: \(waiting)."))
    guard flaws.isEmpty else {
      for flaw in flaws { Program.write(Style.bad("✗ ") + Check.text(flaw)) }
      throw Failure(
        .problems,
        Phrase(
          vi: "Bản sao giống hệt dữ liệu trên máy, mà dữ liệu trên máy có vấn đề.",
          en: "The copy is as the store is, and the store has problems.",
          uk: "Копія така, як дані, а в даних є проблеми."),
        hint: Phrase(
          vi: "thuan check --repair rồi sao lưu lại",
          en: "thuan check --repair, then back up again",
          uk: "thuan check --repair, потім нова копія"))
    }
  }

  /// Opens the copy as `restore` would, and takes from it what makes it a life of the device.
  private func verify(_ copy: DatabaseFile, _ now: Int64) throws -> ([StoreFlaw], Int) {
    let result = try {
      let store = try FieldStore.open(copy.path, now)
      try store.forgetIncarnation()
      let waiting = try store.status(wallMilliseconds: now).waitingChangeSets
      return (try store.flaws(wallMilliseconds: now), waiting)
    }()
    try copy.fold()
    return result
  }

  private static func isThere(_ path: String) -> Failure {
    Failure(
      .input,
      Phrase(
        vi: "Đã có tệp \(path); không ghi đè.", en: "\(path) is there already; not overwritten.",
        uk: "\(path) уже є; не перезаписано."),
      hint: Phrase(vi: "Chọn tên khác.", en: "Choose another name.", uk: "Виберіть іншу назву."))
  }
}
