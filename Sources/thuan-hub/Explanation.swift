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
  case let problem as ReformProblem: reformFailure(problem)
  case let problem as AccountProblem: accountFailure(problem)
  case let problem as TransferProblem: transferFailure(problem)
  case let problem as PartProblem: partFailure(problem)
  case let error as DatabaseError: databaseFailure(error)
  case let error as SchemaError: .schemaMismatch(error.description)
  case let error as CocoaError: .file(error)
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
  case .refusedByConstraint(let detail): refused(QuarantineWords(receipt: detail))
  case .wouldAsk(let questions):
    Failure(
      .input,
      Phrase(
        vi: "Chưa quyết định gì: việc này sẽ đặt ra câu hỏi mới (\(questions.count)).",
        en: "Nothing was decided: it would raise new questions (\(questions.count)).",
        uk: "Нічого не вирішено: це порушить нові питання (\(questions.count))."))
  }
}

private func refused(_ words: QuarantineWords) -> Failure {
  let reason = words.reason?.sentence
  return Failure(
    .input,
    Phrase(
      vi: "Chưa ghi gì. \(reason?.vi ?? "Giá trị không hợp lệ.")",
      en: "Nothing was written. \(reason?.en ?? "The value does not fit.")",
      uk: "Нічого не записано. \(reason?.uk ?? "Значення не підходить.")"),
    hint: words.concerns)
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

private func reformFailure(_ problem: ReformProblem) -> Failure {
  switch problem {
  case .noDay(let text):
    Failure(
      .usage,
      Phrase(
        vi: "“\(text)” không phải là ngày.", en: "“\(text)” is no day.",
        uk: "«\(text)» не є датою."))
  case .nothingEnds(let day):
    Failure(
      .input,
      Phrase(
        vi: "Không đơn vị nào trong tệp kết thúc vào \(CivilDay.shown(day)).",
        en: "No unit in the files ends on \(CivilDay.shown(day)).",
        uk: "Жодна одиниця у файлах не закінчується \(CivilDay.shown(day))."))
  case .badAssignment(let old, let new):
    Failure(
      .input,
      Phrase(
        vi: "\(old)=\(new): đơn vị cũ phải kết thúc và đơn vị mới phải bắt đầu vào ngày này.",
        en: "\(old)=\(new): the old unit has to end and the new one to begin that day.",
        uk: "\(old)=\(new): стара одиниця має закінчуватися, а нова — починатися цього дня."))
  }
}

private func transferFailure(_ problem: TransferProblem) -> Failure {
  switch problem {
  case .transferredAlready:
    Failure(
      .changed,
      Phrase(
        vi: "Kiến nghị này đã được chuyển đi; nơi nhận mới có mã riêng.",
        en: "It has been transferred already; the new addressee has an id of its own.",
        uk: "Її вже передано; новий адресат має власний код."))
  case .sameAddressee:
    Failure(
      .input,
      Phrase(
        vi: "Tổ chức này đang là nơi nhận.", en: "That organisation is the addressee.",
        uk: "Ця організація вже є адресатом."))
  case .addresseeGone(let day):
    Failure(
      .input,
      Phrase(
        vi: "Tổ chức này chỉ hoạt động đến \(CivilDay.shown(day)).",
        en: "That organisation was there until \(CivilDay.shown(day)) only.",
        uk: "Ця організація діяла лише до \(CivilDay.shown(day))."))
  }
}

private func accountFailure(_ problem: AccountProblem) -> Failure {
  switch problem {
  case .passwordTooShort(let count):
    Failure(
      .input,
      Phrase(
        vi: "Mật khẩu cần ít nhất \(count) ký tự.",
        en: "A password has at least \(count) characters.",
        uk: "Пароль має щонайменше \(count) символів."))
  case .passwordTooPlain:
    Failure(
      .input,
      Phrase(
        vi: "Mật khẩu cần nhiều ký tự khác nhau hơn.",
        en: "A password needs more different characters.",
        uk: "Пароль потребує більше різних символів."))
  case .nameTaken:
    Failure(
      .changed,
      Phrase(
        vi: "Tên này đã có.", en: "There is an account of this name.",
        uk: "Обліковий запис із таким ім’ям уже є."))
  case .badName:
    Failure(
      .input,
      Phrase(
        vi: "Tên chỉ gồm chữ, số và . - _ @, nhiều nhất 64 ký tự.",
        en: "A name has letters, digits and . - _ @, at most 64 of them.",
        uk: "Ім’я — літери, цифри та . - _ @, щонайбільше 64."))
  }
}

private func databaseFailure(_ error: DatabaseError) -> Failure {
  switch error.resultCode {
  case .SQLITE_BUSY, .SQLITE_LOCKED:
    Failure(
      .busy,
      Phrase(
        vi: "Kho đang bận.", en: "The store is busy.", uk: "Сховище зайняте."),
      hint: Phrase(vi: "Thử lại sau.", en: "Try again.", uk: "Спробуйте пізніше."))
  case .SQLITE_FULL: .diskFull
  case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: .readOnly
  // A full disk shows first where the index of the write-ahead log is to grow.
  case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .diskFull
  case .SQLITE_IOERR: .diskError
  case .SQLITE_NOTADB, .SQLITE_CORRUPT:
    Failure(
      .store,
      Phrase(
        vi: "Kho bị hỏng hoặc không phải kho của chương trình này.",
        en: "The store is damaged, or is no store of this program.",
        uk: "Сховище пошкоджено або воно не від цієї програми."),
      hint: Phrase(
        vi: "Đừng xóa gì; giữ một bản sao của thư mục trước khi làm gì khác.",
        en: "Delete nothing; keep a copy of the folder before anything else.",
        uk: "Нічого не видаляйте; спершу збережіть копію теки."))
  case .SQLITE_CANTOPEN:
    Failure(
      .store,
      Phrase(
        vi: "Không mở được kho.", en: "The store cannot be opened.",
        uk: "Сховище не відкрити."),
      hint: .lookAtPermissions)
  default:
    .database(code: error.extendedResultCode.rawValue, message: error.message ?? "")
  }
}

private func partFailure(_ problem: PartProblem) -> Failure {
  func hint(_ names: [String]) -> Phrase? {
    let list = names.joined(separator: ", ")
    return names.isEmpty
      ? nil
      : Phrase(vi: "Có: \(list).", en: "There are: \(list).", uk: "Є: \(list).")
  }
  switch problem {
  case .noHeir(let heir, let unit, let heirs):
    return Failure(
      .input,
      Phrase(
        vi: "\(heir) không nhận phần nào của \(unit).", en: "\(heir) got no part of \(unit).",
        uk: "\(heir) не отримала частини \(unit)."),
      hint: hint(heirs))
  case .noPart(let name, let unit, let parts):
    return Failure(
      .notFound,
      Phrase(
        vi: "\(unit) không có phần “\(name)”.", en: "\(unit) has no part “\(name)”.",
        uk: "\(unit) не має частини «\(name)»."),
      hint: hint(parts)
        ?? Phrase(
          vi: "Trước hết: thuan-hub part", en: "First: thuan-hub part",
          uk: "Спершу: thuan-hub part"))
  case .belongsToAnother(let table, let key):
    let kind = RecordKinds.title(ofTable: table)
    let id = Abbreviation.shown(key.description)
    return Failure(
      .input,
      Phrase(
        vi: "\(kind.vi) \(id) đi theo bản ghi của nó; hãy nêu bản ghi ấy.",
        en: "\(kind.en) \(id) goes with the record that it belongs to; name that one.",
        uk: "\(kind.uk) \(id) іде за записом, до якого належить; назвіть його."))
  case .severalUnits(let units):
    let list = units.joined(separator: ", ")
    return Failure(
      .input,
      Phrase(
        vi: "Các bản ghi thuộc nhiều đơn vị: \(list).",
        en: "The records are of several units: \(list).",
        uk: "Записи належать кільком одиницям: \(list)."))
  }
}
