package import FieldModel
package import Foundation

/// What can be wrong with files and disks, said alike by both programs.
extension Failure {
  package static let diskFull = Failure(
    .storage,
    Phrase(
      vi: "Ổ đĩa đầy: chưa ghi được. Dữ liệu cũ còn nguyên.",
      en: "The disk is full: nothing was written. The data is as before.",
      uk: "Диск заповнено: нічого не записано. Дані як були."),
    hint: Phrase(
      vi: "Giải phóng chỗ rồi làm lại.", en: "Make room and repeat.",
      uk: "Звільніть місце й повторіть."))

  package static let readOnly = Failure(
    .storage,
    Phrase(
      vi: "Tệp dữ liệu chỉ cho đọc; không ghi được.", en: "The store is read-only.",
      uk: "Файл даних лише для читання."),
    hint: .lookAtPermissions)

  package static let diskError = Failure(
    .storage,
    Phrase(
      vi: "Ổ đĩa báo lỗi khi đọc hoặc ghi; dữ liệu đã lưu còn nguyên.",
      en: "The disk reports an error; what was saved is as before.",
      uk: "Диск повідомляє про помилку; збережене як було."),
    hint: Phrase(
      vi: "Xem ổ còn chỗ và còn tốt không rồi thử lại.",
      en: "See whether the disk has room and is sound, then try again.",
      uk: "Перевірте, чи є місце і чи диск справний, тоді спробуйте ще."))

  /// A file that cannot be read or written.
  package static func file(_ error: CocoaError) -> Failure {
    if error.code == .fileWriteOutOfSpace { return .diskFull }
    let place = error.filePath ?? error.url?.path ?? ""
    return Failure(
      .storage,
      Phrase(
        vi: "Không đọc hoặc ghi được: \(place)", en: "Cannot read or write: \(place)",
        uk: "Не вдається прочитати або записати: \(place)"),
      hint: .lookAtPermissions)
  }

  /// An error that this program has no words for.
  package static func unexpected(_ error: any Error) -> Failure {
    Failure(
      .internal,
      Phrase(
        vi: "Lỗi không lường trước (\(error)).", en: "An error that was not expected (\(error)).",
        uk: "Неочікувана помилка (\(error))."),
      hint: .tellMaintainer)
  }

  /// An error of SQLite that nobody expected, by its extended code and in its own words.
  ///
  /// The values that a statement carried may be personal and are no part of them.
  package static func database(code: Int32, message: String) -> Failure {
    Failure(
      .internal,
      Phrase(
        vi: "Kho dữ liệu báo lỗi không lường trước (SQLite \(code): \(message)).",
        en: "The store reports an error that was not expected (SQLite \(code): \(message)).",
        uk: "Сховище повідомляє про неочікувану помилку (SQLite \(code): \(message))."),
      hint: .tellMaintainer)
  }

  /// Tables that differ from what this program knows, and where, for whoever maintains it.
  package static func schemaMismatch(_ detail: String) -> Failure {
    Failure(
      .store,
      Phrase(
        vi: "Cấu trúc dữ liệu không khớp với chương trình này (\(detail)).",
        en: "The store does not fit this program (\(detail)).",
        uk: "Структура даних не відповідає цій програмі (\(detail))."),
      hint: Phrase(
        vi: "Cập nhật chương trình; cột hay chỉ mục ai đó tự thêm vào thì gỡ ra như ghi ở trên.",
        en: "Update the program; what somebody added by hand, take out again as it says above.",
        uk: "Оновіть програму; додане вручну приберіть, як сказано вище."))
  }
}

extension Phrase {
  package static let lookAtPermissions = Phrase(
    vi: "Xem quyền của tệp và của thư mục chứa nó.",
    en: "Look at the permissions of the file and its folder.",
    uk: "Перевірте права на файл і теку.")

  /// Before what only a maintainer understands.
  package static let tellMaintainer = Phrase(
    vi: "Dữ liệu đã lưu còn nguyên. Thử lại; nếu vẫn vậy, gửi dòng này cho người bảo trì.",
    en: "What was saved is as before. Try again; if it stays so, send this line to the maintainer.",
    uk:
      "Збережене як було. Спробуйте ще; якщо не допоможе, надішліть цей рядок тому, хто супроводжує."
  )
}
