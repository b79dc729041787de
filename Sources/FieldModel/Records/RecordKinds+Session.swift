extension RecordKinds {
  package static let session = RecordKind(
    "session", "Cuộc giám sát, phản biện", "Session", "Захід",
    order: "coalesce(held_from, planned_from, '9999') DESC, id DESC", part: criticism,
    tags: [
      RecordKind.Tags(
        table: "session_field", key: "session_id",
        field: RecordField("field", .tag(Term.field), "Lĩnh vực", "Fields", "Сфери"))
    ],
    fields: [
      RecordField("hub_code", .line, "Mã của tỉnh", "Hub code", "Код хабу", [.automatic]),
      RecordField(
        "kind", .choice(Term.sessionKind), "Loại", "Kind", "Вид", [.required, .listed]),
      RecordField("form", .choice(Term.sessionForm), "Hình thức", "Form", "Форма", [.required]),
      RecordField(
        "title", .line, "Tên cuộc", "Title", "Назва", [.required, .label]),
      RecordField(
        "unit_id", .reference("admin_unit"), flag: "unit", "Địa bàn", "Unit", "Територія",
        [.required, .listed]),
      RecordField(
        "lead_org_id", .reference("organisation"), flag: "lead", "Đơn vị chủ trì",
        "Lead organisation", "Провідна організація", [.required]),
      RecordField(
        "plan_item_id", .reference("plan_item"), flag: "plan-item", "Nội dung kế hoạch",
        "Plan item", "Пункт плану"),
      RecordField("grounds", .prose, "Căn cứ", "Grounds", "Підстави"),
      RecordField("scope_text", .prose, flag: "scope", "Phạm vi", "Scope", "Обсяг"),
      RecordField("place", .line, "Địa điểm", "Place", "Місце", [.asked]),
      RecordField("planned_from", .day, "Dự kiến từ ngày", "Planned from", "Заплановано з"),
      RecordField("planned_to", .day, "Dự kiến đến ngày", "Planned to", "Заплановано до"),
      RecordField(
        "held_from", .day, flag: "from", "Tổ chức từ ngày", "Held from", "Проведено з",
        [.listed, .asked]),
      RecordField(
        "held_to", .day, flag: "to", "Tổ chức đến ngày", "Held to", "Проведено до", [.asked]),
      RecordField(
        "attendance_total", .integer, flag: "attendance", "Số người dự", "Attendance",
        "Кількість присутніх", [.asked]),
      RecordField("summary", .prose, "Tóm tắt kết quả", "Summary", "Підсумок"),
      RecordField("strengths", .prose, "Ưu điểm", "Strengths", "Переваги"),
      RecordField(
        "conclusion", .prose, "Kết luận", "Conclusion", "Висновок", [.freezes]),
      RecordField("keywords", .line, "Từ khóa", "Keywords", "Ключові слова"),
      RecordField(
        "status", .choice(Term.sessionStatus), "Trạng thái", "Status", "Стан", [.listed]),
      RecordField("status_reason", .line, "Lý do của trạng thái", "Status reason", "Причина стану"),
      RecordField(
        "confidentiality", .choice(Term.confidentiality), "Mức bảo mật", "Confidentiality",
        "Конфіденційність"),
      RecordField(
        "frozen_at", .instant, "Kết luận ký lúc", "Conclusion signed", "Висновок підписано",
        [.automatic]),
      RecordField("created_by", .officer, "Người lập", "Created by", "Створив", [.automatic]),
      partOfUnit,
    ])

  private static let criticism = RecordKind.Part(
    table: "session_criticism", key: "session_id",
    fields: [
      RecordField(
        "draft_title", .line, "Tên dự thảo", "Draft title", "Назва проекту", [.required]),
      RecordField(
        "draft_kind", .choice(Term.draftKind), "Loại dự thảo", "Draft kind", "Вид проекту",
        [.required]),
      RecordField(
        "drafting_org_id", .reference("organisation"), flag: "drafting-org", "Cơ quan soạn thảo",
        "Drafting agency", "Орган-розробник"),
      RecordField(
        "deciding_org_id", .reference("organisation"), flag: "deciding-org", "Cơ quan quyết định",
        "Deciding body", "Орган, що ухвалює"),
      RecordField("draft_version", .line, "Bản dự thảo", "Draft version", "Версія проекту"),
      RecordField(
        "draft_received_on", .day, flag: "draft-received", "Nhận dự thảo ngày", "Draft received",
        "Проект отримано"),
      RecordField(
        "draft_to_be_submitted_on", .day, flag: "draft-submission", "Trình dự thảo ngày",
        "Draft to be submitted", "Проект буде подано"),
    ], condition: ("kind", "criticism"))

  package static let target = RecordKind(
    "session_target", command: "target", "Đối tượng giám sát", "Monitored body",
    "Об’єкт моніторингу", parent: "session_id", order: "id",
    fields: [
      RecordField(
        "session_id", .reference("session"), flag: "session", "Cuộc", "Session", "Захід",
        [.required]),
      RecordField(
        "org_id", .reference("organisation"), flag: "org", "Tổ chức", "Organisation",
        "Організація", [.listed, .label]),
      RecordField(
        "target_text", .line, flag: "text", "Tên (nếu không có trong danh mục)",
        "Name (if in no list)", "Назва (якщо немає в переліку)", [.listed, .label]),
      RecordField(
        "person_id", .reference("person"), flag: "person", "Cá nhân", "Person", "Особа",
        [.label]),
      RecordField(
        "is_individual", .flag, flag: "individual", "Là cá nhân", "Individual", "Особисто"),
      RecordField(
        "unit_id", .reference("admin_unit"), flag: "unit", "Địa bàn", "Unit", "Територія"),
      RecordField(
        "notice_sent_on", .day, flag: "notice-sent", "Gửi thông báo ngày", "Notice sent",
        "Повідомлення надіслано", [.listed]),
      RecordField(
        "report_due_on", .day, flag: "report-due", "Hạn gửi báo cáo", "Report due", "Строк звіту"),
      RecordField(
        "report_received_on", .day, flag: "report-received", "Nhận báo cáo ngày",
        "Report received", "Звіт отримано", [.listed]),
    ])

  package static let finding = RecordKind(
    "finding", "Phát hiện", "Finding", "Виявлений факт", parent: "session_id", order: "id",
    fields: [
      RecordField(
        "session_id", .reference("session"), flag: "session", "Cuộc", "Session", "Захід",
        [.required]),
      RecordField(
        "kind", .choice(Term.findingKind), "Loại", "Kind", "Вид", [.required, .listed]),
      RecordField("text", .prose, "Nội dung", "Text", "Зміст", [.required, .label]),
      RecordField(
        "target_id", .reference("session_target"), flag: "target", "Đối tượng", "Monitored body",
        "Об’єкт"),
      RecordField(
        "basis", .choice(Term.findingBasis), "Căn cứ phản biện", "Basis", "Підстава критики"),
      RecordField(
        "place_in_draft", .line, "Chỗ trong dự thảo", "Place in the draft", "Місце в проекті"),
      RecordField("evidence", .prose, "Chứng cứ", "Evidence", "Докази"),
    ])
}
