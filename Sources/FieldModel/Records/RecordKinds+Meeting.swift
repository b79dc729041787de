extension RecordKinds {
  package static let meeting = RecordKind(
    "meeting", "Buổi làm việc", "Working meeting", "Робоча зустріч", parent: "session_id",
    order: "held_on, start_time, id",
    fields: [
      RecordField(
        "session_id", .reference("session"), flag: "session", "Cuộc", "Session", "Захід",
        [.required]),
      RecordField(
        "kind", .choice(Term.meetingKind), "Loại", "Kind", "Вид", [.required, .listed, .label]),
      RecordField(
        "held_on", .day, flag: "on", "Ngày", "Day", "День", [.listed, .asked, .label]),
      RecordField("start_time", .time, flag: "start", "Từ giờ", "From", "З години", [.listed]),
      RecordField("end_time", .time, flag: "end", "Đến giờ", "Until", "До години", [.listed]),
      RecordField("place", .line, "Địa điểm", "Place", "Місце", [.listed, .asked, .label]),
      RecordField("presided_by", .line, "Chủ trì", "Presided by", "Головує"),
      RecordField(
        "target_id", .reference("session_target"), flag: "target", "Đối tượng", "Monitored body",
        "Об’єкт"),
      RecordField(
        "minutes_text", .prose, flag: "minutes", "Nội dung biên bản", "Minutes", "Протокол"),
    ])

  package static let attendance = RecordKind(
    "attendance", "Người dự", "Attendance", "Присутній", parent: "meeting_id", order: "id",
    fields: [
      RecordField(
        "meeting_id", .reference("meeting"), flag: "meeting", "Buổi làm việc", "Meeting",
        "Зустріч", [.required]),
      RecordField(
        "person_id", .reference("person"), flag: "person", "Họ tên", "Person", "Особа",
        [.required, .listed, .label]),
      RecordField(
        "role", .choice(Term.attendanceRole), "Vai trò", "Role", "Роль",
        [.required, .listed, .label]),
      RecordField("present", .flag, "Có mặt", "Present", "Присутній", [.listed]),
      RecordField("paid_days", .decimal, "Số ngày được chi", "Paid days", "Оплачені дні"),
    ])

  package static let opinion = RecordKind(
    "opinion", "Ý kiến", "Opinion", "Думка", parent: "meeting_id", order: "noted_at, id",
    writing: .appendOnly,
    fields: [
      RecordField(
        "meeting_id", .reference("meeting"), flag: "meeting", "Buổi làm việc", "Meeting",
        "Зустріч", [.required]),
      RecordField(
        "person_id", .reference("person"), flag: "person", "Họ tên", "Person", "Особа", [.listed]),
      RecordField(
        "speaker_text", .line, flag: "speaker", "Người phát biểu", "Speaker", "Промовець",
        [.listed, .asked]),
      RecordField("text", .prose, "Nội dung", "Text", "Зміст", [.required, .label]),
      RecordField("reply_text", .prose, flag: "reply", "Trả lời", "Reply", "Відповідь"),
      RecordField("noted_by", .officer, "Người ghi", "Noted by", "Записав", [.automatic]),
      RecordField("noted_at", .instant, "Ghi lúc", "Noted at", "Записано", [.automatic]),
    ])

  package static let person = RecordKind(
    "person", "Người", "Person", "Особа", order: "display_name, id", part: personPrivate,
    fields: [
      RecordField(
        "display_name", .line, flag: "name", "Họ tên", "Name", "Ім’я",
        [.required, .listed, .label]),
      RecordField(
        "unit_id", .reference("admin_unit"), flag: "unit", "Địa bàn", "Unit", "Територія",
        [.required, .listed]),
      RecordField("org_text", .line, flag: "org", "Cơ quan", "Organisation", "Установа", [.listed]),
      RecordField("title_vi", .line, flag: "title", "Chức vụ", "Title", "Посада"),
      RecordField(
        "merged_into", .reference("person"), "Đã gộp vào", "Merged into", "Об’єднано з",
        [.automatic]),
      partOfUnit,
    ])

  private static let personPrivate = RecordKind.Part(
    table: "person_private", key: "person_id",
    fields: [
      RecordField("phone", .line, "Điện thoại", "Phone", "Телефон"),
      RecordField("address", .line, "Địa chỉ", "Address", "Адреса"),
      RecordField("ethnicity", .line, "Dân tộc", "Ethnicity", "Національність"),
      RecordField("religion", .line, "Tôn giáo", "Religion", "Релігія"),
      RecordField("remark", .prose, "Ghi chú riêng", "Private remark", "Приватна примітка"),
    ], condition: nil)

  package static let note = RecordKind(
    "note", "Ghi chú", "Note", "Примітка", order: "at DESC, id DESC", writing: .appendOnly,
    fields: [
      RecordField("entity", .line, "Loại bản ghi", "Kind of record", "Вид запису", [.automatic]),
      RecordField("entity_id", .line, "Bản ghi", "Record", "Запис", [.automatic]),
      RecordField("text", .prose, "Nội dung", "Text", "Зміст", [.required, .label]),
      RecordField(
        "unit_id", .reference("admin_unit"), "Địa bàn", "Unit", "Територія", [.automatic]),
      RecordField("by_user", .officer, "Người ghi", "By", "Записав", [.automatic, .listed]),
      RecordField("at", .instant, "Lúc", "At", "Час", [.automatic, .listed]),
    ])
}
