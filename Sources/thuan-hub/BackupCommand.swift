import ArgumentParser
import FieldModel
import Foundation
import SyncHub
import SyncSQLite
import Terminal

struct BackupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: say(
      vi: "Sao lưu kho ra một tệp, cả khi máy chủ đang chạy.",
      en: "Back the hub up to a file, while it serves, too.",
      uk: "Зберегти резервну копію, також під час роботи."),
    discussion: say(
      vi: """
        Bản sao trọn vẹn tại một thời điểm, được đọc lại và kiểm tra sau khi ghi; không ghi đè \
        tệp có sẵn. Trong đó có tên người và nội dung góp ý: hãy cất như hồ sơ giấy. Nên sao lưu \
        mỗi đêm sang một máy khác.
        """,
      en: """
        The copy is whole, of one moment, and is read again and checked after writing; a file that \
        is there is never overwritten. People’s names and opinions are in it: keep it as you keep \
        paper. Better do it every night, and onto another machine.
        """,
      uk: """
        Копія ціла, на один момент, її перечитують і перевіряють після запису; наявний файл не \
        перезаписується. У ній імена й думки людей: бережіть її, як папери. Краще щоночі й на \
        іншу машину.
        """))

  @OptionGroup var options: HubOptions
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
    let open = try options.open()
    let part = DatabaseFile(target + ".part")
    try part.remove()
    defer { try? part.remove() }
    try open.database.backup(to: part.path)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: part.path)
    let copy = try HubCopy(part)
    try part.fold()
    do { try part.put(atNew: target) } catch let error as CocoaError
      where error.code == .fileWriteFileExists
    { throw Self.isThere(target) }
    Program.write(
      say(
        vi: "Đã sao lưu ra \(target), đã kiểm tra: \(copy.changeSets) gói thay đổi.",
        en: "Backed up to \(target), and checked: \(copy.changeSets) change sets.",
        uk: "Копію збережено: \(target), перевірено; наборів змін: \(copy.changeSets)."))
    guard copy.problems.isEmpty else {
      for problem in copy.problems {
        Program.write(Style.bad("✗ ") + CheckCommand.sentence(problem))
      }
      throw Failure(
        .problems,
        Phrase(
          vi: "Bản sao giống hệt kho, mà kho có vấn đề.",
          en: "The copy is as the hub is, and the hub has problems.",
          uk: "Копія така, як сховище, а в ньому є проблеми."),
        hint: Phrase(
          vi: "thuan-hub check --repair rồi sao lưu lại",
          en: "thuan-hub check --repair, then back up again",
          uk: "thuan-hub check --repair, потім нова копія"))
    }
  }

  private static func isThere(_ path: String) -> Failure {
    Failure(
      .input,
      Phrase(
        vi: "Đã có tệp \(path); không ghi đè.", en: "\(path) is there already; not overwritten.",
        uk: "\(path) уже є; не перезаписано."))
  }
}
