package import SyncCore

extension ConflictKind {
  /// What kind of question it is about records of a table, in the glossary's words: a document
  /// number that is used twice has a term of its own.
  package func words(in table: String) -> Phrase {
    switch self {
    case .value: Phrase(vi: "Khác giá trị", en: "Different values", uk: "Різні значення")
    case .statusDiverged:
      Phrase(vi: "Trạng thái khác nhau", en: "Status diverged", uk: "Розбіжність стану")
    case .deletedEdited:
      Phrase(
        vi: "Đã xóa ở nơi này, đã sửa ở nơi khác", en: "Deleted here, edited there",
        uk: "Видалено тут, змінено там")
    case .duplicate where table == "document":
      Phrase(vi: "Trùng số văn bản", en: "Document number clash", uk: "Збіг номера документа")
    case .duplicate: Phrase(vi: "Trùng lặp", en: "Duplicate", uk: "Дублікат")
    case .notAllowed: Phrase(vi: "Không được chấp nhận", en: "Refused", uk: "Відхилено")
    case .differenceFound:
      Phrase(
        vi: "Máy và máy chủ khác nhau, không rõ ai ghi",
        en: "Device and hub differ, nobody is known to have written it",
        uk: "Пристрій і хаб різняться, автор невідомий")
    case .possibleDuplicate:
      Phrase(vi: "Nghi trùng lặp", en: "Possible duplicate", uk: "Можливий дублікат")
    case .ruleBroken:
      Phrase(
        vi: "Vi phạm ràng buộc sau hợp nhất", en: "Rule broken after merge",
        uk: "Порушення правила після об’єднання")
    }
  }
}

extension ConflictState {
  /// Where a conflict stands, in the glossary's words.
  package var words: Phrase {
    switch self {
    case .open: Phrase(vi: "Chưa xử lý", en: "Open", uk: "Відкритий")
    case .resolved: Phrase(vi: "Đã xử lý", en: "Resolved", uk: "Вирішений")
    case .reopened: Phrase(vi: "Mở lại", en: "Reopened", uk: "Відкритий повторно")
    case .superseded:
      Phrase(vi: "Không còn khác nhau", en: "No longer differs", uk: "Розбіжності вже немає")
    }
  }
}

extension Phrase {
  /// What was decided about a conflict, from the name under which the decision is kept.
  ///
  /// `ofOne` says that one record alone was in question.
  package static func decision(_ choice: String, ofOne isSingle: Bool = false) -> Phrase {
    switch choice {
    case "both" where isSingle: Phrase(vi: "Để nguyên", en: "Leave it", uk: "Лишити так")
    case "current":
      Phrase(vi: "Giữ giá trị đang dùng", en: "Keep what is in use", uk: "Залишити чинне")
    case "candidate": Phrase(vi: "Giữ bản kia", en: "Keep the other", uk: "Залишити інше")
    case "written":
      Phrase(vi: "Tự soạn lại", en: "Write a merged value", uk: "Скласти об’єднане значення")
    case "keep": Phrase(vi: "Giữ bản ghi", en: "Keep the record", uk: "Залишити запис")
    case "delete":
      Phrase(vi: "Xác nhận xóa", en: "Confirm the deletion", uk: "Підтвердити видалення")
    case "both": Phrase(vi: "Giữ cả hai", en: "Keep both", uk: "Залишити обидва")
    case "amend":
      Phrase(vi: "Sửa một bản ghi", en: "Amend one record", uk: "Виправити один запис")
    case "undo": Phrase(vi: "Hoàn tác", en: "Undo", uk: "Скасувати дію")
    default: Phrase(vi: "Quyết định khác", en: "Another decision", uk: "Інше рішення")
    }
  }
}
