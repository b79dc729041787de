import FieldModel
import SyncCore
import SyncHub
import Terminal

extension OpenHub {
  /// A conflict with all that was said, for a person to decide on.
  func text(of conflict: Conflict) throws -> String {
    var lines = [
      Style.bold(
        "\(conflict.kind.words(in: conflict.table).text) · \(Abbreviation.shown(conflict: conflict.id))"
      )
        + Style.faint("  \(conflict.state.words.text), v\(conflict.version), \(age(of: conflict))"),
      "  " + (try description(of: conflict.table, conflict.key)),
    ]
    if let other = conflict.otherKey, other != conflict.key {
      lines.append("  " + (try description(of: conflict.table, other)))
    }
    if conflict.otherKey != nil {
      lines += try sideBySide(conflict)
    } else if conflict.unit != PublishedTables.rowUnit {
      lines += try values(of: conflict)
    } else {
      lines += statements(of: conflict) { _ in
        say(vi: "muốn xóa", en: "wants it deleted", uk: "хоче видалити")
      }
    }
    if let decision = conflict.decision { lines.append("  " + sentence(decision, conflict)) }
    if let former = conflict.formerDecision {
      lines.append(
        "  " + say(vi: "đã quyết định trước đó", en: "decided before", uk: "раніше вирішено") + " "
          + sentence(former, conflict))
    }
    return lines.joined(separator: "\n")
  }

  func age(of conflict: Conflict) -> String {
    let time = age(since: conflict.openedMilliseconds)
    return say(vi: "từ \(time) trước", en: "\(time) old", uk: "\(time) тому")
  }

  private func age(since milliseconds: Int64) -> String { thuan_hub.age(since: milliseconds) }

  private func values(of conflict: Conflict) throws -> [String] {
    let base = try fields(conflict.base, of: conflict)
    let live = try fields(conflict.live, of: conflict)
    var lines = [
      "  \(Phrase.baseValue.text): \(base)",
      "  \(Phrase.liveValue.text): \(Style.good(live))"
        + Style.faint(conflict.liveAuthor.map { "  – \($0.sentence)" } ?? ""),
    ]
    let said = try conflict.statements.map { try fields($0.values, of: conflict) }
    lines += statements(of: conflict) { Style.warning(said[$0]) }
    return lines
  }

  private func statements(of conflict: Conflict, _ say: (Int) -> String) -> [String] {
    conflict.statements.enumerated().map { index, statement in
      "  [\(statement.position)] \(say(index))" + Style.faint("  – \(statement.author.sentence)")
    }
  }

  /// A unit's values, with the columns' titles where there are several.
  func fields(_ values: [Value], of conflict: Conflict) throws -> String {
    if values.isEmpty { return "–" }
    return try zip(conflict.columns, values).map { column, value in
      let title = RecordKinds.title(ofColumn: column, in: conflict.table).text
      return "\(title) = \(try shown(value, in: conflict.table, column: column))"
    }.joined(separator: "; ")
  }

  /// The columns in which two rows of a suspicion differ, or all of one row.
  private func sideBySide(_ conflict: Conflict) throws -> [String] {
    var lines = [rule(of: conflict)]
    if conflict.unit == UnitOfTheDay.name, let heirs = try heirs(of: conflict) {
      lines.append("  \(heirs)")
    }
    if conflict.unit == AddresseeGone.name {
      let id = Abbreviation.shown(conflict.key.values.first?.text ?? "")
      lines.append("  thuan-hub transfer \(id) --to … --reason …")
    }
    guard let other = conflict.otherKey,
      let left = try hub.row(conflict.table, conflict.key)
    else { return lines }
    let right = try values(conflict.table, other)
    for (column, value) in left where column != "id" {
      let twin = right[column] ?? .null
      if value == .null && twin == .null { continue }
      let title = RecordKinds.title(ofColumn: column, in: conflict.table).text
      let mine = clipped(try shown(value, in: conflict.table, column: column), to: 60)
      if other == conflict.key {
        lines.append("    \(title): \(mine)")
      } else {
        let theirs = clipped(try shown(twin, in: conflict.table, column: column), to: 60)
        lines.append(
          value == twin
            ? Style.faint("    = \(title): \(mine)") : "    ≠ \(title): \(mine)  |  \(theirs)")
      }
    }
    return lines
  }

  /// What the unit became, for the operator to choose from: after a split no code tells.
  private func heirs(of conflict: Conflict) throws -> String? {
    let unit = try values(conflict.table, conflict.key)["unit_id"] ?? .null
    let rows = try rows(
      """
      SELECT new_unit_id FROM unit_succession WHERE old_unit_id = ? AND new_unit_id <> old_unit_id
      ORDER BY effective_date, new_unit_id
      """, [unit])
    if rows.isEmpty { return nil }
    let names = try rows.map { "\(try name("admin_unit", RowKey($0))) [\($0[0])]" }
    return say(vi: "Đơn vị kế thừa", en: "Successor unit", uk: "Одиниця-правонаступниця") + ": "
      + names.joined(separator: ", ")
  }

  private func rule(of conflict: Conflict) -> String {
    "  " + FieldRules.sentence(of: conflict.unit, in: conflict.table).text
  }

  private func sentence(_ decision: Conflict.Decision, _ conflict: Conflict) -> String {
    let reason = say(vi: "lý do", en: "reason", uk: "підстава")
    return
      "→ \(decision.words(about: conflict).text): \(decision.by), \(localTime(decision.atMilliseconds)), "
      + "\(reason): \(decision.reason)"
  }

  /// A conflict as programs read it.
  func cells(of conflict: Conflict) throws -> Cell {
    .object([
      ("id", .text(conflict.id)), ("kind", .text(conflict.kind.rawValue)),
      ("state", .text(conflict.state.rawValue)), ("version", .integer(conflict.version)),
      ("opened", .instant(conflict.openedMilliseconds)), ("table", .text(conflict.table)),
      ("key", .text(conflict.key.description)),
      ("other_key", .optional(conflict.otherKey?.description)),
      ("record", .text(try name(conflict.table, conflict.key))), ("field", .text(conflict.unit)),
      ("base", cells(conflict.base, of: conflict)), ("live", cells(conflict.live, of: conflict)),
      ("live_author", conflict.liveAuthor?.cell ?? .none),
      (
        "statements",
        .list(
          conflict.statements.map { statement in
            .object([
              ("position", .integer(Int64(statement.position))),
              ("deletes", .flag(statement.isDeletion)),
              ("values", cells(statement.values, of: conflict)),
              ("author", statement.author.cell),
            ])
          })
      ),
      (
        "decision", conflict.decision?.cell ?? .none
      ), ("former_decision", conflict.formerDecision?.cell ?? .none),
    ])
  }

  private func cells(_ values: [Value], of conflict: Conflict) -> Cell {
    .object(zip(conflict.columns, values).map { ($0, Cell($1)) })
  }
}

extension Conflict.Decision {
  /// As programs read it.
  fileprivate var cell: Cell {
    .object([
      ("choice", .text(choice)), ("by", .text(by)), ("at", .instant(atMilliseconds)),
      ("reason", .text(reason)),
    ])
  }
}

extension ChangeSetAuthor {
  /// As programs read it.
  var cell: Cell {
    .object([
      ("officer", .text(officer)), ("name", .text(officerName)), ("device", .text(device)),
      ("label", .text(deviceLabel)), ("written", .instant(writtenMilliseconds)),
      ("received", .instant(receivedMilliseconds)), ("clock_wrong", .flag(isFlagged)),
    ])
  }
}

extension Cell {
  /// A stored value.
  init(_ value: Value) {
    switch value {
    case .null: self = .none
    case .integer(let integer): self = .integer(integer)
    default: self = .text(value.description)
    }
  }
}

extension Phrase {
  static let baseValue = Phrase(
    vi: "Giá trị trước khi sửa", en: "Value before the edits", uk: "Значення до змін")
  static let liveValue = Phrase(vi: "Đang dùng", en: "Live now", uk: "Чинне")
}
