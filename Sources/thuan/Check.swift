import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan check`.
struct Check: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Đọc và kiểm tra toàn bộ dữ liệu trên máy.", en: "Read and check the whole store.",
        uk: "Прочитати й перевірити всі дані."),
      discussion: say(
        vi: "Không ghi gì. Mã thoát 4 nếu có vấn đề.",
        en: "Writes nothing. Exit code 4 for problems.",
        uk: "Нічого не записує. Код виходу 4, якщо є проблеми."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption

  func run() throws {
    let field = try FieldStore(common.store)
    var problems = try field.store.flaws(wallMilliseconds: field.now).map(Self.text)
    // Opening the store has put right what it could; that it had to is worth knowing.
    problems += try field.store.events().filter { $0.atMilliseconds == field.now }.map { event in
      let what = EventText.sentence(event)
      return say(
        vi: "Vừa sửa khi mở: \(what)", en: "Put right while opening: \(what)",
        uk: "Виправлено під час відкриття: \(what)")
    }
    if let identity = field.identity {
      if try !field.store.isSameIncarnation(as: identity) { problems.append(Self.otherIncarnation) }
    } else if field.hasLostIdentity {
      problems.append(Phrase.identityLost.text)
    }
    if output.json {
      Program.write(Cell.object([("problems", .list(problems.map(Cell.text)))]).json)
    } else if problems.isEmpty {
      Program.write(
        Style.good(
          say(vi: "Dữ liệu nguyên vẹn.", en: "The store is whole.", uk: "Дані цілі.")))
    } else {
      for problem in problems { Program.write(Style.bad("✗ ") + problem) }
    }
    guard problems.isEmpty else { throw ExitCode(Failure.Kind.problems.rawValue) }
  }

  private static let otherIncarnation = say(
    vi: "Tệp danh tính và tệp dữ liệu không cùng một đời: dữ liệu được khôi phục hoặc sao chép.",
    en: "Identity and store are of different lives: the store was restored or copied.",
    uk: "Ідентичність і дані з різних життів: дані відновлено або скопійовано.")
  private static func place(_ table: String, _ column: String) -> Phrase {
    let (table, column) = (
      RecordKinds.title(ofTable: table), RecordKinds.title(ofColumn: column, in: table)
    )
    return Phrase(
      vi: "\(table.vi), \(column.vi)", en: "\(table.en), \(column.en)",
      uk: "\(table.uk), \(column.uk)")
  }

  private static func text(_ flaw: StoreFlaw) -> String {
    switch flaw {
    case .damagedFile(let detail):
      say(
        vi: "Tệp bị hỏng: \(detail)", en: "The file is damaged: \(detail)",
        uk: "Файл пошкоджено: \(detail)")
    case .captureIncomplete(let names):
      say(
        vi: "Bộ ghi nhận thay đổi không đủ: \(names.joined(separator: ", "))",
        en: "Change capture is incomplete: \(names.joined(separator: ", "))",
        uk: "Облік змін неповний: \(names.joined(separator: ", "))")
    case .logInconsistent(let entry):
      say(
        vi: "Nhật ký thay đổi sai ở mục \(entry)", en: "The change log is wrong at entry \(entry)",
        uk: "Журнал змін хибний у записі \(entry)")
    case .brokenChain(let epoch, let sequence):
      say(
        vi: "Chuỗi thay đổi đứt ở \(epoch)/\(sequence)",
        en: "The chain of change sets breaks at \(epoch)/\(sequence)",
        uk: "Ланцюг змін розірвано на \(epoch)/\(sequence)")
    case .unmarkedRows(let table, let keys):
      say(
        vi: "\(RecordKinds.title(ofTable: table).vi): \(keys.count) bản ghi khác dấu kiểm",
        en: "\(RecordKinds.title(ofTable: table).en): \(keys.count) rows differ from their marks",
        uk:
          "\(RecordKinds.title(ofTable: table).uk): рядків, що не збігаються з мітками: \(keys.count)"
      )
        + " (" + keys.prefix(5).map(\.description).joined(separator: ", ") + ")"
    case .wrongDigest(let table, let column):
      say(
        vi: "Tổng kiểm sai: \(place(table, column).vi)",
        en: "Wrong digest: \(place(table, column).en)",
        uk: "Хибна контрольна сума: \(place(table, column).uk)")
    }
  }
}
