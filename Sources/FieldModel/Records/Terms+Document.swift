extension Term {
  /// Types of paper, by the abbreviation that stands in their symbol.
  package static let documentType: [Term] = [
    Term("KH", "Kế hoạch (KH)", "Plan", "План"),
    Term("CTr", "Chương trình (CTr)", "Programme", "Програма"),
    Term("QĐ", "Quyết định (QĐ)", "Decision", "Рішення"),
    Term("TB", "Thông báo (TB)", "Notice", "Повідомлення"),
    Term("BB", "Biên bản (BB)", "Minutes", "Протокол"),
    Term("BC", "Báo cáo (BC)", "Report", "Звіт"),
    Term("KL", "Kết luận (KL)", "Conclusion", "Висновок"),
    Term("KN", "Văn bản kiến nghị", "Recommendation letter", "Лист-рекомендація"),
    Term(
      "PB", "Văn bản phản biện xã hội", "Social-criticism document", "Документ соціальної критики"),
    Term("CV", "Công văn", "Official letter", "Офіційний лист"),
    Term("TTr", "Tờ trình (TTr)", "Submission", "Подання"),
    Term("HD", "Hướng dẫn (HD)", "Guideline", "Інструкція"),
    Term("GM", "Giấy mời (GM)", "Invitation", "Запрошення"),
    Term("DT", "Dự thảo văn bản", "Draft document", "Проект документа"),
    Term("other", "Khác", "Other", "Інше"),
  ]

  /// Which way a paper goes.
  package static let documentDirection: [Term] = [
    Term("out", "Văn bản đi", "Outgoing", "Вихідний"),
    Term("in", "Văn bản đến", "Incoming", "Вхідний"),
    Term("internal", "Văn bản nội bộ", "Internal", "Внутрішній"),
  ]

  /// Where a paper stands.
  package static let documentStatus: [Term] = [
    Term("draft", "Bản nháp", "Draft", "Чернетка"),
    Term("signed", "Đã ký", "Signed", "Підписано"),
    Term("numbered", "Đã cấp số", "Number assigned", "Номер надано"),
    Term("sent", "Đã phát hành", "Sent out", "Розіслано"),
    Term("received", "Đã tiếp nhận", "Received", "Отримано"),
    Term("cancelled", "Văn bản đã hủy", "Cancelled", "Анульовано"),
    Term("replaced", "Đã thay thế", "Replaced", "Замінено"),
  ]

  /// Where a year’s plan stands.
  package static let planStatus: [Term] = [
    Term("draft", "Bản nháp", "Draft", "Чернетка"),
    Term("consulted", "Đã hiệp thương, thống nhất", "Consulted and agreed", "Узгоджено"),
    Term("issued", "Kế hoạch đã ban hành", "Plan issued", "План видано"),
    Term("amended", "Kế hoạch đã điều chỉnh", "Plan amended", "План змінено"),
  ]

  /// What a core group is for.
  package static let groupKind: [Term] = [
    Term(
      "security", "Nhóm nòng cốt chính trị về an ninh, trật tự",
      "Political core group for security and order", "Основна політична група з безпеки та порядку"),
    Term("law", "Nhóm nòng cốt về pháp luật", "Core group on law", "Основна група з права"),
    Term("mediation", "Tổ hòa giải", "Mediation group", "Група примирення"),
    Term("other", "Khác", "Other", "Інше"),
  ]

  /// How much of a file the hub has.
  package static let fileState: [Term] = [
    Term("absent", "Tệp đính kèm chưa gửi", "Attachment not yet sent", "Вкладення ще не надіслано"),
    Term("partial", "Đang gửi", "Sending", "Надсилається"),
    Term("complete", "Đã gửi về máy chủ tỉnh", "Sent to the hub", "Надіслано до хабу"),
  ]
}
