import FieldModel
import Foundation
import GRDB
import SyncCore
import SyncHub
import Terminal

/// Turns errors of the hub's parts into what a person is told.
func explained(_ error: any Error) -> Failure? {
  switch error {
  case let error as HubError: hubFailure(error)
  case let problems as ImportProblems: importFailure(problems)
  case let error as DatabaseError: databaseFailure(error)
  case let error as SchemaError:
    Failure(
      .store,
      Phrase(
        vi: "Cấu trúc kho không khớp: \(error)", en: "The store's schema does not fit: \(error)",
        uk: "Схема сховища не підходить: \(error)"))
  case let error as CocoaError:
    Failure(
      .storage,
      Phrase(
        vi: "Không đọc hoặc ghi được tệp: \(error.localizedDescription)",
        en: "A file cannot be read or written: \(error.localizedDescription)",
        uk: "Файл не прочитати чи не записати: \(error.localizedDescription)"))
  default: nil
  }
}

private func hubFailure(_ error: HubError) -> Failure {
  switch error {
  case .writtenByNewerProgram:
    Failure(
      .store,
      Phrase(
        vi: "Kho do phiên bản mới hơn ghi; hãy cập nhật thuan-hub.",
        en: "The store was written by a newer version; update thuan-hub.",
        uk: "Сховище записала новіша версія; оновіть thuan-hub."))
  case .notCommitted:
    Failure(
      .internal,
      Phrase(vi: "Chưa ghi được gì.", en: "Nothing was written.", uk: "Нічого не записано."))
  case .notFound: .notFound
  case .alreadyDecided:
    Failure(
      .changed,
      Phrase(
        vi: "Xung đột này đã được xử lý.", en: "This conflict has been decided already.",
        uk: "Цей конфлікт уже вирішено."),
      hint: Phrase(
        vi: "Muốn quyết định lại: thuan-hub undo", en: "To decide anew: thuan-hub undo",
        uk: "Щоб вирішити знову: thuan-hub undo"))
  case .versionChanged(let version):
    Failure(
      .changed,
      Phrase(
        vi: "Xung đột đã thay đổi, nay là phiên bản \(version); chưa quyết định gì.",
        en: "The conflict has changed, it is version \(version) now; nothing was decided.",
        uk: "Конфлікт змінився, тепер це версія \(version); нічого не вирішено."))
  case .choiceDoesNotFit:
    Failure(
      .input,
      Phrase(
        vi: "Cách xử lý này không hợp với loại xung đột.",
        en: "This choice does not fit the kind of conflict.",
        uk: "Такий вибір не підходить до цього виду конфлікту."))
  case .refusedByConstraint(let detail):
    Failure(
      .input,
      Phrase(
        vi: "Giá trị không hợp lệ, chưa ghi gì: \(detail)",
        en: "The value does not fit, nothing was written: \(detail)",
        uk: "Значення не підходить, нічого не записано: \(detail)"))
  }
}

extension Failure {
  static let notFound = Failure(
    .notFound,
    Phrase(
      vi: "Không có, hoặc không ở trạng thái làm được việc này.",
      en: "There is no such thing, or it is not in a state in which that can be done.",
      uk: "Такого немає, або це неможливо в його стані."))
}

private func importFailure(_ problems: ImportProblems) -> Failure {
  for problem in problems.problems {
    Program.write("\(problem.file):\(problem.line): \(problem.what.text)", toErrors: true)
  }
  let count = problems.problems.count
  return Failure(
    .input,
    Phrase(
      vi: "\(count) lỗi; chưa nhập gì cả.",
      en: "Problems: \(count); nothing has been imported.",
      uk: "Помилок: \(count); нічого не імпортовано."))
}

private func databaseFailure(_ error: DatabaseError) -> Failure {
  let message = error.message ?? ""
  switch error.resultCode {
  case .SQLITE_BUSY, .SQLITE_LOCKED:
    return Failure(
      .busy,
      Phrase(
        vi: "Kho đang bận; hãy thử lại.", en: "The store is busy; try again.",
        uk: "Сховище зайняте; спробуйте ще раз."))
  case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY:
    return Failure(
      .storage,
      Phrase(
        vi: "Không ghi được kho: \(message)", en: "The store cannot be written: \(message)",
        uk: "Сховище не записати: \(message)"))
  case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
    return Failure(
      .store,
      Phrase(
        vi: "Không mở được kho: \(message)", en: "The store cannot be opened: \(message)",
        uk: "Сховище не відкрити: \(message)"))
  default:
    return Failure(
      .internal,
      Phrase(
        vi: "Lỗi kho dữ liệu: \(message)", en: "Database error: \(message)",
        uk: "Помилка бази даних: \(message)"))
  }
}
