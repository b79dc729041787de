import FieldModel
import SyncCore
import SyncHub
import Terminal

extension ConflictKind {
  /// The kind in the glossary's words.
  var words: Phrase {
    switch self {
    case .value: Phrase(vi: "Khác giá trị", en: "Different values", uk: "Різні значення")
    case .statusDiverged:
      Phrase(vi: "Trạng thái khác nhau", en: "Status diverged", uk: "Розбіжність стану")
    case .deletedEdited:
      Phrase(
        vi: "Đã xóa ở nơi này, đã sửa ở nơi khác", en: "Deleted here, edited there",
        uk: "Видалено тут, змінено там")
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

extension Conflict {
  /// The kind in words; a document number that is used twice has a term of its own.
  var kindWords: Phrase {
    guard kind == .duplicate, table == "document" else { return kind.words }
    return Phrase(
      vi: "Trùng số văn bản", en: "Document number clash", uk: "Збіг номера документа")
  }
}

extension ConflictState {
  var words: Phrase {
    switch self {
    case .open: Phrase(vi: "Chưa xử lý", en: "Open", uk: "Відкритий")
    case .resolved: Phrase(vi: "Đã xử lý", en: "Resolved", uk: "Вирішений")
    case .reopened: Phrase(vi: "Mở lại", en: "Reopened", uk: "Відкритий повторно")
    case .superseded:
      Phrase(vi: "Không còn khác nhau", en: "No longer differs", uk: "Розбіжності вже немає")
    }
  }
}

extension QuarantineState {
  var words: Phrase {
    switch self {
    case .open: Phrase(vi: "Chưa xử lý", en: "Open", uk: "Відкритий")
    case .applied: Phrase(vi: "Đã hợp nhất", en: "Merged", uk: "Об’єднано")
    case .dismissed: Phrase(vi: "Đã bỏ qua", en: "Dismissed", uk: "Відкладено")
    }
  }
}

extension QuarantineReason {
  /// Why the work could not be taken in, as a sentence.
  var sentence: Phrase {
    switch self {
    case .constraint:
      Phrase(
        vi: "Một bản ghi có giá trị mà máy chủ không nhận.",
        en: "A record has a value that the hub does not accept.",
        uk: "Запис має значення, якого хаб не приймає.")
    case .missingParent:
      Phrase(
        vi: "Bản ghi mà nó thuộc về chưa bao giờ đến máy chủ.",
        en: "The record that it belongs to has never reached the hub.",
        uk: "Запис, до якого це належить, так і не надійшов до хаба.")
    case .dependent:
      Phrase(
        vi: "Nó dựa trên một thay đổi khác cũng đang chờ ở đây.",
        en: "It builds on another change that waits here itself.",
        uk: "Це спирається на іншу зміну, яка сама чекає тут.")
    case .unknownRow:
      Phrase(
        vi: "Nó sửa một bản ghi chưa bao giờ đến máy chủ.",
        en: "It changes a record that has never reached the hub.",
        uk: "Це змінює запис, який так і не надійшов до хаба.")
    case .hubOnlyTable:
      Phrase(
        vi: "Nó ghi vào danh mục mà chỉ máy chủ được sửa.",
        en: "It writes reference data that only the hub may change.",
        uk: "Це змінює довідник, який може змінювати лише хаб.")
    case .unknownColumn:
      Phrase(
        vi: "Nó có bảng hoặc cột mà máy chủ chưa biết.",
        en: "It names a table or column that the hub does not know.",
        uk: "Це називає таблицю чи стовпець, яких хаб не знає.")
    case .revoked:
      Phrase(
        vi: "Thiết bị đã bị thu hồi; công việc được giữ lại chờ xem xét.",
        en: "The device had been revoked; its work is kept for review.",
        uk: "Пристрій відкликано; його роботу збережено для розгляду.")
    case .malformed:
      Phrase(
        vi: "Dữ liệu gửi đến không đọc được.", en: "What was sent cannot be read.",
        uk: "Надіслане не прочитати.")
    }
  }
}

extension Outcome {
  /// What became of a field.
  var words: Phrase {
    switch self {
    case .agreed: Phrase(vi: "trùng ý", en: "agreed", uk: "збіглося")
    case .applied: Phrase(vi: "đã ghi", en: "applied", uk: "записано")
    case .merged: Phrase(vi: "đã hợp nhất", en: "merged", uk: "об’єднано")
    case .conflicted: Phrase(vi: "xung đột", en: "conflict", uk: "конфлікт")
    }
  }
}

extension Operation {
  var words: Phrase {
    switch self {
    case .insert: Phrase(vi: "tạo", en: "made", uk: "створено")
    case .update: Phrase(vi: "sửa", en: "changed", uk: "змінено")
    case .delete: Phrase(vi: "xóa", en: "deleted", uk: "видалено")
    }
  }
}

extension ChangeSetAuthor {
  /// The hub writes as a device of this name.
  var isHub: Bool { device == "hub" }

  /// Who, when and on which device; where the clock could not be trusted, when it came in.
  var sentence: String {
    if isHub {
      let place = say(vi: "tại máy chủ", en: "at the hub", uk: "на хабі")
      return "\(officerName), \(localTime(writtenMilliseconds)), \(place)"
    }
    var text = "\(officerName), \(localTime(writtenMilliseconds)), \(deviceLabel)"
    if isFlagged {
      let received = localTime(receivedMilliseconds)
      text += say(
        vi: " (đồng hồ thiết bị sai; đến lúc \(received))",
        en: " (device clock is wrong; came in \(received))",
        uk: " (годинник пристрою неправильний; надійшло \(received))")
    }
    return text
  }
}

/// How long ago something was, in the biggest whole unit.
func age(since milliseconds: Int64) -> String {
  let minutes = max(0, wallMilliseconds() - milliseconds) / 60_000
  if minutes < 60 { return say(vi: "\(minutes) phút", en: "\(minutes) min", uk: "\(minutes) хв") }
  let hours = minutes / 60
  if hours < 48 { return say(vi: "\(hours) giờ", en: "\(hours) h", uk: "\(hours) год") }
  return say(vi: "\(hours / 24) ngày", en: "\(hours / 24) d", uk: "\(hours / 24) дн")
}

/// What a table's rows are called.
func title(ofTable table: String) -> String {
  switch table {
  case "unit_succession":
    say(vi: "Đơn vị kế thừa", en: "Successor unit", uk: "Одиниця-правонаступниця")
  case "organisation_succession":
    say(
      vi: "Tổ chức kế thừa", en: "Successor organisation", uk: "Організація-правонаступниця")
  default: RecordKinds.title(ofTable: table).text
  }
}
