extension RecordKinds {
  package static let unit = RecordKind(
    "admin_unit", command: "unit", "Đơn vị hành chính", "Administrative unit",
    "Адміністративна одиниця", order: "code, valid_from", writing: .hubOnly,
    fields: [
      RecordField("code", .line, "Mã", "Code", "Код", [.listed]),
      RecordField("name_vi", .line, "Tên", "Name", "Назва", [.listed, .label]),
      RecordField("kind", .choice(Term.unitKind), "Loại", "Kind", "Вид"),
      RecordField("tier", .choice(Term.unitTier), "Cấp", "Level", "Рівень", [.listed]),
      RecordField(
        "parent_unit_id", .reference("admin_unit"), "Thuộc", "Within", "У складі", [.listed]),
      RecordField("valid_from", .day, "Có hiệu lực từ", "Valid from", "Чинна з", [.listed]),
      RecordField("valid_to", .day, "Có hiệu lực đến", "Valid to", "Чинна до", [.listed]),
    ])

  package static let unitPart = RecordKind(
    "unit_part", command: "unit-part", "Phần đơn vị bị chia", "Part of a split unit",
    "Частина поділеної одиниці", order: "unit_id, name, new_unit_id", writing: .hubOnly,
    fields: [
      RecordField(
        "unit_id", .reference("admin_unit"), "Đơn vị bị chia", "Split unit", "Поділена одиниця",
        [.listed]),
      RecordField("name", .line, "Tên", "Name", "Назва", [.listed, .label]),
      RecordField(
        "new_unit_id", .reference("admin_unit"), "Đơn vị kế thừa", "Successor unit",
        "Одиниця-правонаступниця", [.listed]),
      RecordField("access", .choice(Term.partAccess), "Được xem", "May read", "Читає", [.listed]),
    ])

  package static let organisation = RecordKind(
    "organisation", "Tổ chức", "Organisation", "Організація", order: "name_vi, id",
    writing: .hubOnly,
    fields: [
      RecordField("name_vi", .line, "Tên", "Name", "Назва", [.listed, .label]),
      RecordField("short_vi", .line, "Tên tắt", "Short name", "Скорочено", [.listed]),
      RecordField(
        "org_type", .choice(Term.organisationType), flag: "type", "Loại", "Type", "Тип", [.listed]),
      RecordField(
        "unit_id", .reference("admin_unit"), flag: "unit", "Địa bàn", "Unit", "Територія",
        [.listed]),
      RecordField("symbol_suffix", .line, "Ký hiệu văn bản", "Symbol", "Індекс документів"),
      RecordField(
        "number_series", .choice(Term.numberSeries), "Cách đánh số", "Numbering", "Нумерація"),
      RecordField("active_from", .day, "Hoạt động từ", "Active from", "Діє з"),
      RecordField("active_to", .day, "Hoạt động đến", "Active to", "Діє до", [.listed]),
      RecordField(
        "parent_org_id", .reference("organisation"), "Trực thuộc", "Part of", "У складі"),
    ])

  package static let officer = RecordKind(
    "officer", "Cán bộ", "Officer", "Працівник", order: "display_name, id", writing: .hubOnly,
    fields: [
      RecordField("display_name", .line, "Họ tên", "Name", "Ім’я", [.listed, .label]),
      RecordField(
        "org_id", .reference("organisation"), "Tổ chức", "Organisation", "Організація", [.listed]),
      RecordField("title_vi", .line, "Chức vụ", "Title", "Посада", [.listed]),
      RecordField("disabled_at", .instant, "Ngừng từ", "Disabled", "Вимкнено"),
    ])

  package static let grant = RecordKind(
    "role_grant", command: "grant", "Phân quyền", "Grant", "Надане право",
    order: "officer_id, valid_from, id", writing: .hubOnly,
    fields: [
      RecordField(
        "officer_id", .reference("officer"), "Cán bộ", "Officer", "Працівник", [.listed, .label]),
      RecordField("role", .choice(Term.role), "Vai trò", "Role", "Роль", [.listed]),
      RecordField(
        "unit_id", .reference("admin_unit"), "Địa bàn", "Unit", "Територія", [.listed]),
      RecordField(
        "includes_children", .flag, "Gồm đơn vị cấp dưới", "With units within",
        "З підпорядкованими"),
      RecordField(
        "sees_private", .flag, "Gồm thông tin riêng", "With what is private", "З приватним"),
      RecordField("valid_from", .day, "Có hiệu lực từ", "Valid from", "Чинне з", [.listed]),
      RecordField("valid_to", .day, "Có hiệu lực đến", "Valid to", "Чинне до", [.listed]),
    ])

  package static let holiday = RecordKind(
    "holiday", "Ngày nghỉ", "Holiday", "Вихідний день", order: "day", writing: .hubOnly,
    fields: [
      RecordField("name_vi", .line, "Tên", "Name", "Назва", [.listed, .label]),
      RecordField("instrument", .line, "Văn bản", "Instrument", "Акт", [.listed]),
    ])
}
