/// Every table of the field's schema that people know as records of its own.
package enum RecordKinds {
  /// All kinds, in the order in which people meet them.
  package static let all: [RecordKind] = [
    session, target, meeting, attendance, opinion, finding, recommendation, addressee, event,
    document, attachment, note, person, plan, planItem, group, unit, organisation, officer, holiday,
  ]

  package static func named(_ command: String) -> RecordKind? {
    all.first { $0.command == command || $0.table == command }
  }

  package static func of(table: String) -> RecordKind? { all.first { $0.table == table } }

  /// What a table is called, parts and link tables too.
  package static func title(ofTable table: String) -> Phrase {
    if let kind = of(table: table) { return kind.title }
    switch table {
    case "session_criticism":
      return Phrase(
        vi: "Dự thảo được phản biện", en: "Draft under criticism", uk: "Проект, що критикується")
    case "session_org":
      return Phrase(
        vi: "Đơn vị phối hợp", en: "Participating organisation", uk: "Організація-учасник")
    case "session_field": return Phrase(vi: "Lĩnh vực", en: "Field", uk: "Сфера")
    case "document_link":
      return Phrase(
        vi: "Văn bản kèm theo", en: "Linked document", uk: "Пов’язаний документ")
    default: return Phrase(vi: table, en: table, uk: table)
    }
  }

  /// What a column is called.
  package static func title(ofColumn column: String, in table: String) -> Phrase {
    field(column, in: table)?.title ?? Phrase(vi: column, en: column, uk: column)
  }

  /// A column's description, in parts and link tables too.
  package static func field(_ column: String, in table: String) -> RecordField? {
    if let kind = of(table: table) { return kind.field(column) }
    for kind in all {
      if let part = kind.part, part.table == table {
        return part.fields.first { $0.column == column }
      }
      for tags in kind.tags where tags.table == table && tags.field.column == column {
        return tags.field
      }
    }
    return linkFields[table]?.first { $0.column == column }
  }

  private static let linkFields: [String: [RecordField]] = [
    "session_org": [
      RecordField(
        "session_id", .reference("session"), "Cuộc", "Session", "Захід", [.required]),
      RecordField(
        "org_id", .reference("organisation"), "Tổ chức", "Organisation", "Організація", [.required]),
      RecordField("part", .choice(Term.sessionPart), "Vai trò", "Part", "Роль", [.required]),
    ]
  ]
}
