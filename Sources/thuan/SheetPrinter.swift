import FieldModel
import SyncDevice
import SyncCore
import SyncSQLite
import Terminal

/// Prints a record with all that belongs to it.
struct SheetPrinter {
  private let field: FieldStore

  init(_ field: FieldStore) { self.field = field }

  func print(_ record: Record, asJSON: Bool) throws {
    let text = try field.read { lookup, db in
      let sheet = try RecordSheet(
        record, schema: field.store.schema, today: field.today, in: db)
      if asJSON { return try SheetJSON(lookup).cell(sheet).json }
      var lines: [String] = []
      try SheetText(lookup).write(sheet, depth: 0, to: &lines)
      return lines.joined(separator: "\n")
    }
    Program.write(text)
  }
}

/// A sheet as people read it.
private struct SheetText {
  private let lookup: Lookup

  init(_ lookup: Lookup) { self.lookup = lookup }

  func write(_ sheet: RecordSheet, depth: Int, to lines: inout [String]) throws {
    let indent = String(repeating: "  ", count: depth)
    let record = sheet.record
    let id = record.kind.writing == .hubOnly ? record.id : RecordID.short(record.id)
    let label = try lookup.label(of: record)
    let head = depth == 0 ? "\(Style.bold(record.kind.title.text)) \(id)" : "• \(id)  \(label)"
    lines.append(indent + head)
    let inner = indent + "  "
    for (field, value) in try values(sheet, isWhole: depth == 0) {
      lines.append(contentsOf: Self.line(inner, field.title.text, value))
      let open = sheet.conflicts.filter { $0.columns.contains(field.column) }
      for conflict in open { try write(conflict, inner + "    ", field.column, to: &lines) }
    }
    for conflict in sheet.conflicts where conflict.columns.isEmpty {
      try write(conflict, inner, nil, to: &lines)
    }
    if let standing = sheet.standing { lines.append(inner + Self.standing(standing)) }
    try writeAround(sheet, inner, to: &lines)
    for (kind, sheets) in sheet.children {
      lines.append(inner + Style.bold("\(kind.title.text) (\(sheets.count))"))
      for child in sheets { try write(child, depth: depth + 2, to: &lines) }
    }
  }

  /// The values that are worth a line: of a record within another one, not what its label says.
  private func values(_ sheet: RecordSheet, isWhole: Bool) throws -> [(RecordField, String)] {
    let record = sheet.record
    var values: [(RecordField, String)] = []
    for field in record.kind.fields {
      let value = record[field.column]
      let isInConflict = sheet.conflicts.contains { $0.columns.contains(field.column) }
      if field.column == "number_int", value == .null {
        values.append((field, Self.numberPending))
        continue
      }
      guard value != .null || isInConflict else { continue }
      if !isWhole, !isInConflict {
        if field.column == record.kind.parent { continue }
        let isLong = (value.text?.count ?? 0) > 60
        if field.traits.contains(.label), !isLong { continue }
        // A flag is worth a line where it is not what one expects: led, individual, absent.
        let expected: SyncCore.Value = field.column == "present" ? .integer(1) : .integer(0)
        if case .flag = field.form, value == expected { continue }
      }
      values.append((field, try lookup.cell(value, field).shown))
    }
    if let part = sheet.part, let fields = record.kind.part?.fields {
      for field in fields where part[field.column] ?? .null != .null {
        values.append((field, try lookup.cell(part[field.column] ?? .null, field).shown))
      }
    }
    for (tags, texts) in sheet.tags where !texts.isEmpty {
      let names = texts.map { tags.field.terms[$0]?.text ?? $0 }
      values.append((tags.field, names.joined(separator: "; ")))
    }
    return values
  }

  static let numberPending = say(
    vi: "Chưa cấp số", en: "Number not yet assigned", uk: "Номер ще не надано")

  private func write(
    _ conflict: ConflictView, _ indent: String, _ column: String?, to lines: inout [String]
  ) throws {
    lines.append(indent + Style.warning("⚠ " + ConflictText.waiting(conflict)))
    for text in try ConflictText(lookup).candidates(conflict, column: column) {
      lines.append(indent + "  " + text)
    }
  }

  private static func standing(_ standing: RecordSheet.Standing) -> String {
    let name = Term.addresseeStatus[standing.status]?.text ?? standing.status
    var text = say(vi: "Trạng thái", en: "Status", uk: "Стан") + ": " + Style.bold(name)
    if let day = standing.lastEventOn { text += " (\(CivilDay.shown(day)))" }
    if standing.urgedCount > 0 {
      text += say(
        vi: ", đôn đốc \(standing.urgedCount) lần", en: ", reminded \(standing.urgedCount)×",
        uk: ", нагадувань: \(standing.urgedCount)")
    }
    if standing.isOverdue { text += ", " + Style.bad(Term.addresseeStatus["overdue"]?.text ?? "") }
    if standing.isContradictory {
      text +=
        ", "
        + Style.warning(
          say(vi: "trả lời mâu thuẫn", en: "contradictory answers", uk: "суперечливі відповіді"))
    }
    return text
  }

  private func writeAround(
    _ sheet: RecordSheet, _ indent: String, to lines: inout [String]
  ) throws {
    for host in sheet.hosts {
      let part = Term.sessionPart[host.part]?.text ?? host.part
      lines.append("\(indent)\(part): \(try lookup.label(host.organisation, in: "organisation"))")
    }
    for (document, part) in sheet.documents {
      let name = Term.documentType[part]?.text ?? part
      let number = Lookup.number(of: document) == nil ? " — \(Self.numberPending)" : ""
      let id = RecordID.short(document.id)
      lines.append(
        "\(indent)\(RecordKinds.document.title.text) [\(name)] \(id): "
          + (try lookup.label(of: document)) + number)
    }
    for note in sheet.notes {
      let by = try lookup.cell(note["by_user"], note.kind.field("by_user")).shown
      let at = try lookup.cell(note["at"], note.kind.field("at")).shown
      lines.append(
        contentsOf: Self.line(
          indent, "\(note.kind.title.text) (\(by), \(at))", note["text"].text ?? ""))
    }
  }

  /// A title and a value; a value of several lines stands below its title.
  private static func line(_ indent: String, _ title: String, _ value: String) -> [String] {
    let parts = value.split(separator: "\n", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return ["\(indent)\(Style.faint(title + ":")) \(value)"] }
    return ["\(indent)\(Style.faint(title + ":"))"] + parts.map { "\(indent)    \($0)" }
  }
}

/// A sheet for programs.
private struct SheetJSON {
  private let lookup: Lookup

  init(_ lookup: Lookup) { self.lookup = lookup }

  func cell(_ sheet: RecordSheet) throws -> Cell {
    let record = sheet.record
    var fields: [(String, Cell)] = [
      ("record", .text(record.kind.command)), (record.kind.key, .text(record.id)),
    ]
    for field in record.kind.fields { fields.append((field.column, record[field.column].cell)) }
    if let part = record.kind.part, let values = sheet.part {
      for field in part.fields {
        fields.append((field.column, (values[field.column] ?? .null).cell))
      }
    }
    for (tags, values) in sheet.tags { fields.append((tags.table, .list(values.map(Cell.text)))) }
    if let standing = sheet.standing {
      fields.append(("status", .text(standing.status)))
      fields.append(("overdue", .flag(standing.isOverdue)))
      fields.append(("urged", .integer(standing.urgedCount)))
    }
    if !sheet.hosts.isEmpty {
      fields.append(
        (
          "session_org",
          .list(
            sheet.hosts.map {
              .object([("org_id", .text($0.organisation)), ("part", .text($0.part))])
            })
        ))
    }
    for (kind, sheets) in sheet.children {
      fields.append((kind.table, .list(try sheets.map(cell))))
    }
    if !sheet.documents.isEmpty {
      fields.append(
        (
          "documents",
          .list(
            sheet.documents.map {
              .object([("id", .text($0.document.id)), ("part", .text($0.part))])
            })
        ))
    }
    if !sheet.notes.isEmpty {
      fields.append(
        (
          "notes",
          .list(sheet.notes.map { .object([("id", .text($0.id)), ("text", $0["text"].cell)]) })
        ))
    }
    fields.append(
      ("conflicts", .list(try sheet.conflicts.map { try ConflictText(lookup).cell($0) })))
    return .object(fields)
  }
}
