import FieldModel
import SyncCore
import SyncHub
import Terminal

extension Conflict.Decision {
  /// What was decided about a conflict.
  func words(about conflict: Conflict) -> Phrase {
    .decision(choice, ofOne: conflict.otherKey == conflict.key)
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

extension HistoryEntry.Field {
  /// Whether it was in question once and is no longer.
  var isSettled: Bool { outcome == .conflicted && !isInQuestion }

  /// What became of it, as far as it is so now.
  var words: Phrase {
    isSettled
      ? Phrase(vi: "đã hỏi, đã xong", en: "was asked about, settled", uk: "питання, вже вирішене")
      : outcome.words
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
func title(ofTable table: String) -> String { RecordKinds.title(ofTable: table).text }
