extension RecordKinds {
  package static let document = RecordKind(
    "document", "Văn bản", "Document", "Документ",
    order: "coalesce(issued_on, '9999') DESC, id DESC",
    fields: [
      RecordField(
        "doc_type", .choice(Term.documentType), flag: "type", "Loại văn bản", "Type", "Тип",
        [.required, .listed, .label]),
      RecordField(
        "abstract", .line, "Trích yếu", "Abstract", "Стислий зміст", [.required, .label]),
      RecordField(
        "direction", .choice(Term.documentDirection), "Chiều", "Direction", "Напрям",
        [.required, .listed]),
      RecordField(
        "register_org_id", .reference("organisation"), flag: "register", "Sổ của",
        "In the register of",
        "У журналі", [.required]),
      RecordField(
        "issuing_org_id", .reference("organisation"), flag: "issuer", "Cơ quan ban hành", "Issuer",
        "Видавець"),
      RecordField(
        "issuer_text", .line, "Cơ quan ban hành (ngoài danh mục)", "Issuer (if in no list)",
        "Видавець (якщо немає в переліку)"),
      RecordField(
        "number_int", .integer, flag: "number", "Số văn bản", "Document number",
        "Номер документа"),
      RecordField("number_suffix", .line, flag: "suffix", "Phụ số", "Suffix", "Літера номера"),
      RecordField("symbol", .line, "Ký hiệu", "Document symbol", "Індекс документа"),
      RecordField("year", .integer, "Năm", "Year", "Рік"),
      RecordField(
        "issued_on", .day, flag: "issued", "Ngày ban hành", "Date of issue", "Дата видання",
        [.listed, .asked]),
      RecordField("signer_name", .line, flag: "signer", "Người ký", "Signatory", "Підписант"),
      RecordField(
        "signer_title", .line, "Chức vụ người ký", "Signatory’s title", "Посада підписанта"),
      RecordField("incoming_no", .integer, "Số đến", "Incoming number", "Вхідний номер"),
      RecordField("incoming_year", .integer, "Năm đến", "Incoming year", "Рік надходження"),
      RecordField("received_on", .day, flag: "received", "Ngày đến", "Received on", "Отримано"),
      RecordField(
        "status", .choice(Term.documentStatus), "Trạng thái", "Status", "Стан", [.listed]),
      RecordField(
        "replaced_by", .reference("document"), "Được thay bởi", "Replaced by", "Замінено на"),
      RecordField(
        "confidentiality", .choice(Term.confidentiality), "Mức bảo mật", "Confidentiality",
        "Конфіденційність"),
      partOfUnit,
    ])

  package static let attachment = RecordKind(
    "attachment", command: "file", "Tệp đính kèm", "Attachment", "Вкладення", writing: .hubOnly,
    fields: [
      RecordField("file_name", .line, "Tên tệp", "File name", "Назва файлу", [.listed, .label]),
      RecordField("document_id", .reference("document"), "Văn bản", "Document", "Документ"),
      RecordField("session_id", .reference("session"), "Cuộc", "Session", "Захід"),
      RecordField("mime", .line, "Kiểu", "Type", "Тип"),
      RecordField("bytes", .integer, "Số byte", "Bytes", "Байтів", [.listed]),
      RecordField("pages", .integer, "Số trang", "Pages", "Сторінок"),
      RecordField("page_no", .integer, "Trang", "Page", "Сторінка"),
      RecordField("sha256", .line, "SHA-256", "SHA-256", "SHA-256"),
      RecordField("captured_at", .instant, "Chụp lúc", "Captured at", "Знято"),
      RecordField("captured_by", .officer, "Người chụp", "Captured by", "Зняв"),
      RecordField(
        "hub_state", .choice(Term.fileState), "Ở máy chủ tỉnh", "At the hub", "На хабі", [.listed]),
    ])

  package static let group = RecordKind(
    "core_group", command: "group", "Nhóm nòng cốt", "Core group", "Основна група",
    order: "unit_id, name",
    fields: [
      RecordField(
        "unit_id", .reference("admin_unit"), flag: "unit", "Địa bàn", "Unit", "Територія",
        [.required, .listed]),
      RecordField(
        "kind", .choice(Term.groupKind), "Loại", "Kind", "Вид", [.required, .listed]),
      RecordField("name", .line, "Tên", "Name", "Назва", [.required, .label]),
      RecordField(
        "member_count", .integer, flag: "members", "Số thành viên", "Members", "Кількість членів",
        [.required, .listed]),
      partOfUnit,
    ])
}
