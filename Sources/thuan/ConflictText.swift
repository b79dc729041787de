import FieldModel
import SyncCore
import Terminal

/// A conflict in words.
struct ConflictText {
  private let lookup: Lookup

  init(_ lookup: Lookup) { self.lookup = lookup }

  /// What kind of question it is.
  static func name(_ conflict: ConflictView) -> Phrase {
    conflict.kind?.words(in: conflict.table)
      ?? Phrase(vi: "Xung đột", en: "Conflict", uk: "Конфлікт")
  }

  static func state(_ conflict: ConflictView) -> Phrase {
    (conflict.state ?? .superseded).words
  }

  static func waiting(_ conflict: ConflictView) -> String {
    name(conflict).text + ": "
      + say(
        vi: "chờ người điều phối quyết định", en: "waiting for the operator’s decision",
        uk: "чекає на рішення оператора")
  }

  /// What each side wrote, and what stood there before; of one column, or of all in question.
  func candidates(_ conflict: ConflictView, column: String?) throws -> [String] {
    var lines: [String] = []
    if !conflict.base.isEmpty {
      let base = try values(conflict.base, conflict, column)
      let title = say(
        vi: "Giá trị trước khi sửa", en: "Value before the edits", uk: "Значення до змін")
      lines.append("\(title): \(base)")
    }
    if column == nil, let live = try lookup.values(of: conflict), !live.isEmpty {
      let title = say(vi: "Đang dùng", en: "In use now", uk: "Діє зараз")
      lines.append("\(title): \(try values(live, conflict, nil))")
    }
    for candidate in conflict.candidates {
      let text =
        candidate.isDeletion
        ? say(vi: "xóa", en: "delete", uk: "видалити")
        : try values(candidate.values, conflict, column)
      let clock =
        candidate.isFlagged
        ? ", " + say(vi: "đồng hồ sai", en: "wrong clock", uk: "неправильний годинник") : ""
      lines.append(
        "→ \(text)  (\(candidate.officer), \(candidate.device), "
          + "\(localTime(candidate.writtenMilliseconds))\(clock))")
    }
    if let decision = conflict.decision {
      let title = say(vi: "Quyết định", en: "Decision", uk: "Рішення")
      lines.append(
        "\(title): \(Phrase.decision(decision.choice, ofOne: conflict.otherKey == conflict.key).text), \(decision.by), \(localTime(decision.atMilliseconds)): "
          + decision.reason)
    }
    return lines
  }

  /// The record in question, as people know it.
  func place(_ conflict: ConflictView) throws -> String {
    let title = RecordKinds.title(ofTable: conflict.table).text
    guard let id = conflict.key.values.first?.description else { return title }
    return "\(title) \(RecordID.short(id)): \(try lookup.label(id, in: labelled(conflict.table)))"
  }

  /// The columns in question, by their titles.
  func question(_ conflict: ConflictView) -> String {
    if conflict.otherKey != nil {
      return FieldRules.sentence(of: conflict.unit, in: conflict.table).text
    }
    return conflict.columns.map { RecordKinds.title(ofColumn: $0, in: conflict.table).text }
      .joined(separator: ", ")
  }

  func cell(_ conflict: ConflictView) throws -> Cell {
    .object([
      ("id", .text(conflict.id)), ("kind", .optional(conflict.kind?.rawValue)),
      ("table", .text(conflict.table)), ("key", .text(conflict.key.description)),
      ("columns", .list(conflict.columns.map(Cell.text))),
      ("base", .list(conflict.base.map(\.cell))),
      ("state", .optional(conflict.state?.rawValue)),
      ("opened", .instant(conflict.openedMilliseconds)),
      (
        "candidates",
        .list(
          conflict.candidates.map { candidate in
            .object([
              ("values", .list(candidate.values.map(\.cell))),
              ("deletion", .flag(candidate.isDeletion)), ("officer", .text(candidate.officer)),
              ("device", .text(candidate.device)),
              ("written", .instant(candidate.writtenMilliseconds)),
            ])
          })
      ),
      ("decision", .optional(conflict.decision?.choice)),
      ("reason", .optional(conflict.decision?.reason)),
    ])
  }

  private func values(
    _ values: [SyncCore.Value], _ conflict: ConflictView, _ column: String?
  ) throws -> String {
    let columns = conflict.columns
    var texts: [String] = []
    for (index, value) in values.enumerated() where index < columns.count {
      if let column, columns[index] != column { continue }
      let field = RecordKinds.field(columns[index], in: conflict.table)
      let text = try lookup.cell(value, field).shown
      let title = field?.title.text ?? columns[index]
      texts.append(column == nil && columns.count > 1 ? "\(title) \(text)" : text)
    }
    return texts.isEmpty
      ? values.map(\.description).joined(separator: ", ") : texts.joined(separator: "; ")
  }

  private func labelled(_ table: String) -> String {
    ["session_criticism", "session_org", "session_field"].contains(table) ? "session" : table
  }
}
