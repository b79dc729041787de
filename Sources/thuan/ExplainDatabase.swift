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
        uk: "Не вдається відкрити файл даних."), hint: .lookAtPermissions)
  case .SQLITE_READONLY, .SQLITE_PERM: .readOnly
  case .SQLITE_BUSY, .SQLITE_LOCKED:
    Failure(
      .busy,
      Phrase(
        vi: "Dữ liệu đang được chương trình khác dùng.", en: "Another program is using the store.",
        uk: "Дані зараз використовує інша програма."),
      hint: Phrase(vi: "Thử lại sau.", en: "Try again.", uk: "Спробуйте пізніше."))
  case .SQLITE_FULL: .diskFull
  // A full disk shows first where the index of the write-ahead log is to grow.
  case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .diskFull
  case .SQLITE_IOERR: .diskError
  default: .database(code: error.extendedResultCode.rawValue, message: error.message ?? "")
  }
}

private func explain(constraint error: DatabaseError) -> Failure {
  Failure(.input, .constraint(error.message ?? "", table: writtenTable(error.sql ?? "")))
}

/// The table that a statement writes.
private func writtenTable(_ sql: String) -> String {
  let parts = sql.split(separator: "\"", omittingEmptySubsequences: false)
  return parts.count > 1 ? String(parts[1]) : ""
}
