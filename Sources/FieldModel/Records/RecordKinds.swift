/// Every table of the field's schema that people know as records of its own.
package enum RecordKinds {
  /// All kinds, in the order in which people meet them.
  package static let all: [RecordKind] = [
    session, target, meeting, attendance, opinion, finding, recommendation, addressee, event,
    document, attachment, note, person, plan, planItem, group, unit, unitPart, organisation,
    officer,
    grant, holiday,
  ]

  /// The part of a unit that was split to which a record belongs.
  static let partOfUnit = RecordField(
    "unit_part", .line, "Phần của địa bàn", "Part of the unit", "Частина одиниці", [.automatic])

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
    case "person_private":
      return Phrase(
        vi: "Thông tin riêng của người", en: "Private facts of a person",
        uk: "Приватні дані особи")
    case "session_org":
      return Phrase(
        vi: "Đơn vị phối hợp", en: "Participating organisation", uk: "Організація-учасник")
    case "session_field": return Phrase(vi: "Lĩnh vực", en: "Field", uk: "Сфера")
    case "document_link":
      return Phrase(
        vi: "Văn bản kèm theo", en: "Linked document", uk: "Пов’язаний документ")
    case "unit_succession":
      return Phrase(
        vi: "Đơn vị kế thừa", en: "Successor unit", uk: "Одиниця-правонаступниця")
    case "organisation_succession":
      return Phrase(
        vi: "Tổ chức kế thừa", en: "Successor organisation", uk: "Організація-правонаступниця")
    default: return Phrase(vi: table, en: table, uk: table)
    }
  }

  /// Whether the field's schema has a table of that name.
  static func isTable(_ name: String) -> Bool { title(ofTable: name).vi != name }

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
    ],
    "document_link": [
      RecordField(
        "document_id", .reference("document"), "Văn bản", "Document", "Документ", [.required]),
      RecordField("entity", .line, "Loại bản ghi", "Kind of record", "Вид запису", [.automatic]),
      RecordField("entity_id", .line, "Bản ghi", "Record", "Запис", [.automatic]),
      RecordField("part", .tag(Term.documentType), "Vai trò", "Part", "Роль"),
    ],
    "unit_succession": succession("unit_id", .reference("admin_unit"), "Đơn vị", "unit", "одиниця")
      + [
        RecordField("relation", .line, "Quan hệ", "Relation", "Зв’язок"),
        RecordField("instrument", .line, "Căn cứ", "Instrument", "Підстава"),
      ],
    "organisation_succession": succession(
      "org_id", .reference("organisation"), "Tổ chức", "organisation", "організація") + [
        RecordField(
          "takes_open_recommendations", .flag, "Nhận kiến nghị chưa xong",
          "Takes open recommendations", "Бере відкриті рекомендації")
      ],
  ]

  private static func succession(
    _ column: String, _ form: RecordField.Form, _ vi: String, _ en: String, _ uk: String
  ) -> [RecordField] {
    [
      RecordField(
        "old_\(column)", form, "\(vi) trước sắp xếp", "Former \(en)", "Попередня \(uk)"),
      RecordField(
        "new_\(column)", form, "\(vi) kế thừa", "Successor \(en)", "Наступна \(uk)"),
      RecordField("effective_date", .day, "Ngày có hiệu lực", "Effective from", "Чинне від"),
      RecordField("note", .prose, "Ghi chú", "Note", "Примітка"),
    ]
  }
}
