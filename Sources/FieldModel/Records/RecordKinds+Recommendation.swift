extension RecordKinds {
  package static let recommendation = RecordKind(
    "recommendation", "Kiến nghị", "Recommendation", "Рекомендація", parent: "session_id",
    order: "ordinal, id",
    fields: [
      RecordField(
        "session_id", .reference("session"), flag: "session", "Cuộc", "Session", "Захід",
        [.required]),
      RecordField("ordinal", .integer, "Thứ tự", "Number", "Номер", [.automatic]),
      RecordField(
        "kind", .choice(Term.recommendationKind), "Loại", "Kind", "Вид", [.required, .listed]),
      RecordField("text", .prose, "Nội dung", "Text", "Зміст", [.required, .label, .freezes]),
      RecordField("field", .tag(Term.field), "Lĩnh vực", "Field", "Сфера"),
      RecordField(
        "finding_id", .reference("finding"), flag: "finding", "Từ phát hiện", "From finding",
        "За фактом"),
      RecordField(
        "document_id", .reference("document"), flag: "document", "Văn bản kiến nghị",
        "Recommendation letter", "Лист-рекомендація"),
      RecordField(
        "frozen_at", .instant, "Văn bản ký lúc", "Letter signed", "Лист підписано", [.automatic]),
    ])

  package static let addressee = RecordKind(
    "recommendation_target", command: "addressee", "Nơi nhận kiến nghị", "Addressee", "Адресат",
    parent: "recommendation_id", order: "is_lead DESC, id",
    fields: [
      RecordField(
        "recommendation_id", .reference("recommendation"), flag: "recommendation",
        "Kiến nghị", "Recommendation", "Рекомендація", [.required]),
      RecordField(
        "org_id", .reference("organisation"), flag: "org", "Tổ chức", "Organisation",
        "Організація", [.listed, .label]),
      RecordField(
        "addressee_text", .line, flag: "text", "Tên (nếu không có trong danh mục)",
        "Name (if in no list)", "Назва (якщо немає в переліку)", [.listed, .label]),
      RecordField(
        "due_on", .day, flag: "due", "Thời hạn trả lời", "Reply due date", "Строк відповіді",
        [.listed, .asked]),
      RecordField(
        "due_basis", .choice(Term.dueBasis), "Căn cứ thời hạn", "Basis of the date",
        "Підстава строку", [.listed]),
      RecordField(
        "is_lead", .flag, flag: "lead", "Cơ quan chủ trì giải quyết", "Lead responsible body",
        "Головний відповідальний орган"),
      RecordField(
        "superseded_by", .reference("recommendation_target"), "Cơ quan kế thừa", "Successor",
        "Правонаступник"),
    ])

  package static let event = RecordKind(
    "recommendation_event", command: "event", "Diễn biến", "Event", "Подія", parent: "target_id",
    order: "happened_on, recorded_at, id", writing: .appendOnly,
    fields: [
      RecordField(
        "target_id", .reference("recommendation_target"), flag: "addressee",
        "Nơi nhận", "Addressee", "Адресат", [.required]),
      RecordField(
        "kind", .choice(Term.eventKind), "Loại", "Kind", "Вид", [.required, .listed, .label]),
      RecordField(
        "happened_on", .day, flag: "on", "Ngày", "Day", "День", [.required, .listed, .label]),
      RecordField("text", .prose, "Nội dung", "Text", "Зміст", [.asked, .label]),
      RecordField(
        "document_id", .reference("document"), flag: "document", "Văn bản", "Document", "Документ"),
      RecordField(
        "voids", .reference("recommendation_event"), "Hủy diễn biến", "Voids", "Скасовує"),
      RecordField("recorded_by", .officer, "Người ghi", "Recorded by", "Записав", [.automatic]),
      RecordField("recorded_at", .instant, "Ghi lúc", "Recorded at", "Записано", [.automatic]),
    ])

  package static let plan = RecordKind(
    "annual_plan", command: "plan", "Kế hoạch năm", "Annual plan", "Річний план",
    order: "year DESC, id",
    fields: [
      RecordField(
        "org_id", .reference("organisation"), flag: "org", "Tổ chức", "Organisation",
        "Організація", [.required, .listed, .label]),
      RecordField("year", .integer, "Năm", "Year", "Рік", [.required, .listed, .label]),
      RecordField(
        "status", .choice(Term.planStatus), "Trạng thái", "Status", "Стан", [.required, .listed]),
      RecordField(
        "document_id", .reference("document"), flag: "document", "Văn bản", "Document", "Документ"),
      partOfUnit,
    ])

  package static let planItem = RecordKind(
    "plan_item", command: "plan-item", "Nội dung giám sát, phản biện", "Plan item", "Пункт плану",
    parent: "plan_id", order: "plan_id, ordinal, id",
    fields: [
      RecordField(
        "plan_id", .reference("annual_plan"), flag: "plan", "Kế hoạch năm", "Plan",
        "План", [.required]),
      RecordField("ordinal", .integer, "Thứ tự", "Number", "Номер", [.listed]),
      RecordField(
        "kind", .choice(Term.sessionKind), "Loại", "Kind", "Вид", [.required, .listed]),
      RecordField("form", .choice(Term.sessionForm), "Hình thức", "Form", "Форма", [.required]),
      RecordField("topic", .prose, "Nội dung", "Topic", "Тема", [.required, .label]),
      RecordField(
        "lead_org_id", .reference("organisation"), flag: "lead", "Đơn vị chủ trì",
        "Lead organisation", "Провідна організація", [.required, .listed]),
      RecordField(
        "target_text", .line, flag: "target", "Đối tượng", "Monitored body", "Об’єкт"),
      RecordField(
        "planned_quarter", .integer, flag: "quarter", "Quý", "Quarter", "Квартал", [.listed]),
    ])
}
