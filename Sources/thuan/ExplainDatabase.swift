import FieldModel
import GRDB
import Terminal

/// SQLite's errors in words.
func explain(database error: DatabaseError) -> Failure {
  switch error.resultCode {
  case .SQLITE_CONSTRAINT: explain(constraint: error)
  case .SQLITE_NOTADB, .SQLITE_CORRUPT:
    Failure(
      .store,
      Phrase(
        vi: "Tệp dữ liệu bị hỏng hoặc không phải tệp của chương trình này.",
        en: "The store is damaged, or is no store of this program.",
        uk: "Файл даних пошкоджено або він не від цієї програми."),
      hint: Phrase(
        vi: "Đừng xóa tệp; giữ lại và liên hệ người điều phối.",
        en: "Do not delete the file; keep it and speak to the operator.",
        uk: "Не видаляйте файл; збережіть його і зверніться до оператора."))
  case .SQLITE_CANTOPEN:
    Failure(
      .store,
      Phrase(
        vi: "Không mở được tệp dữ liệu.", en: "The store cannot be opened.",
        uk: "Не вдається відкрити файл даних."))
  case .SQLITE_READONLY, .SQLITE_PERM:
    Failure(
      .storage,
      Phrase(
        vi: "Tệp dữ liệu chỉ cho đọc; không ghi được.", en: "The store is read-only.",
        uk: "Файл даних лише для читання."),
      hint: Phrase(
        vi: "Xem quyền của tệp và của thư mục chứa nó.",
        en: "Look at the permissions of the file and its folder.",
        uk: "Перевірте права на файл і теку."))
  case .SQLITE_BUSY, .SQLITE_LOCKED:
    Failure(
      .busy,
      Phrase(
        vi: "Dữ liệu đang được chương trình khác dùng.", en: "Another program is using the store.",
        uk: "Дані зараз використовує інша програма."),
      hint: Phrase(vi: "Thử lại sau.", en: "Try again.", uk: "Спробуйте пізніше."))
  case .SQLITE_FULL: Failure(.storage, .diskFull)
  case .SQLITE_IOERR:
    Failure(
      .storage,
      Phrase(
        vi: "Ổ đĩa báo lỗi khi đọc hoặc ghi.", en: "The disk reports an error.",
        uk: "Диск повідомляє про помилку."))
  default:
    // The values that a statement carried may be personal: only SQLite's own words are said.
    Failure(
      .internal,
      Phrase(
        vi: "Lỗi SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "")",
        en: "SQLite error \(error.extendedResultCode.rawValue): \(error.message ?? "")",
        uk: "Помилка SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "")"))
  }
}

private func explain(constraint error: DatabaseError) -> Failure {
  let message = error.message ?? ""
  let table = writtenTable(error.sql ?? "")
  let names = message.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
  var fields: [RecordField] = []
  for name in names {
    guard let field = RecordKinds.field(name, in: table),
      !fields.contains(where: { $0.column == field.column })
    else { continue }
    fields.append(field)
  }
  switch error.extendedResultCode {
  case .SQLITE_CONSTRAINT_FOREIGNKEY:
    return Failure(
      .input,
      Phrase(
        vi: "Bản ghi khác còn gắn với bản ghi này, hoặc bản ghi được nhắc đến không có.",
        en: "Another record depends on it, or a record that it names is not there.",
        uk: "Від нього залежить інший запис, або згаданого запису немає."))
  case .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_UNIQUE:
    return Failure(
      .input, Phrase(vi: "Đã có rồi.", en: "It is there already.", uk: "Такий уже є."))
  default: return Failure(.input, broken(message, fields))
  }
}

/// The table that a statement writes.
private func writtenTable(_ sql: String) -> String {
  let parts = sql.split(separator: "\"", omittingEmptySubsequences: false)
  return parts.count > 1 ? String(parts[1]) : ""
}

private func broken(_ message: String, _ fields: [RecordField]) -> Phrase {
  func list(_ language: Language) -> String {
    fields.map { "“\($0.title.text(language))” (--\($0.flag))" }.joined(separator: ", ")
  }
  guard let first = fields.first else {
    return Phrase(
      vi: "Dữ liệu không hợp lệ: \(message)", en: "The data is not valid: \(message)",
      uk: "Дані хибні: \(message)")
  }
  if fields.count == 2, message.contains("<=") {
    let last = fields[1]
    return Phrase(
      vi:
        "“\(first.title.vi)” (--\(first.flag)) không được sau “\(last.title.vi)” (--\(last.flag)).",
      en:
        "“\(first.title.en)” (--\(first.flag)) must not be after “\(last.title.en)” (--\(last.flag)).",
      uk:
        "«\(first.title.uk)» (--\(first.flag)) не може бути пізніше за «\(last.title.uk)» (--\(last.flag))."
    )
  }
  if fields.count == 1, message.contains(">= 0") {
    return Phrase(
      vi: "\(list(.vi)) không được âm.", en: "\(list(.en)) must not be negative.",
      uk: "\(list(.uk)) не може бути від’ємним.")
  }
  if message.contains("NOT NULL") || message.contains("IS NOT NULL") || message.contains("trim(") {
    return Phrase(
      vi: "Cần ghi: \(list(.vi)).", en: "Needed: \(list(.en)).", uk: "Потрібно: \(list(.uk)).")
  }
  return Phrase(
    vi: "Không hợp lệ: \(list(.vi)).", en: "Not valid: \(list(.en)).", uk: "Хибно: \(list(.uk)).")
}
