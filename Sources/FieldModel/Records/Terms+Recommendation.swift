extension Term {
  /// What a recommendation asks for.
  package static let recommendationKind: [Term] = [
    Term("remedy", "Khắc phục hạn chế", "Remedy a shortcoming", "Усунути недолік"),
    Term("amend_policy", "Sửa đổi, bổ sung chính sách", "Amend policy", "Змінити політику"),
    Term(
      "handle_violation", "Xử lý sai phạm", "Act on a violation", "Вжити заходів щодо порушення"),
    Term("amend_draft", "Chỉnh sửa dự thảo", "Amend the draft", "Доопрацювати проект документа"),
    Term("commend", "Biểu dương, nhân rộng", "Commend and replicate", "Відзначити й поширити"),
    Term("other", "Khác", "Other", "Інше"),
  ]

  /// What a reply date rests on, the weakest first.
  package static let dueBasis: [Term] = [
    Term("practice", "Theo thông lệ", "By practice", "За усталеною практикою"),
    Term("agreed", "Theo cam kết", "As agreed", "За домовленістю"),
    Term("document", "Theo văn bản", "By the document", "За документом"),
    Term("law", "Theo luật", "By law", "За законом"),
  ]

  /// What can happen to a recommendation at one addressee.
  package static let eventKind: [Term] = [
    Term("issued", "Đã gửi", "Issued", "Надіслано"),
    Term("received", "Đã tiếp nhận", "Received", "Отримано"),
    Term("urged", "Đôn đốc", "Reminder", "Нагадування"),
    Term("answered_accept", "Trả lời: tiếp thu", "Answered: accepted", "Відповідь: прийнято"),
    Term(
      "answered_partly", "Trả lời: tiếp thu một phần", "Answered: accepted in part",
      "Відповідь: прийнято частково"),
    Term(
      "answered_reject", "Trả lời: không tiếp thu (có giải trình)",
      "Answered: not accepted (explained)", "Відповідь: не прийнято (з поясненням)"),
    Term("promised", "Hứa giải quyết", "Promised", "Обіцяно"),
    Term("progress", "Đang giải quyết", "Being resolved", "Вирішується"),
    Term("resolved", "Đã giải quyết", "Resolved", "Вирішено"),
    Term("verified", "Đã kiểm chứng", "Verified", "Перевірено"),
    Term("reopened", "Mở lại", "Reopened", "Відкритий повторно"),
    Term(
      "reconsider_asked", "Đề nghị xem xét lại", "Request to reconsider", "Прохання про перегляд"),
    Term("dialogue", "Đối thoại", "Dialogue", "Діалог"),
    Term(
      "escalated", "Kiến nghị lên cấp trên", "Escalated to a higher level",
      "Передано на вищий рівень"),
    Term(
      "transferred", "Chuyển cơ quan kế thừa", "Transferred to a successor",
      "Передано правонаступнику"),
    Term("withdrawn", "Rút kiến nghị", "Withdrawn", "Відкликано"),
    Term("voided", "Hủy ghi nhận trước", "Voids an earlier entry", "Скасовує попередній запис"),
  ]

  /// Where a recommendation stands at one addressee, derived from its events.
  package static let addresseeStatus: [Term] = [
    Term("draft", "Dự thảo kiến nghị", "Draft", "Чернетка рекомендації"),
    Term("issued", "Đã gửi", "Issued", "Надіслано"),
    Term("received", "Đã tiếp nhận", "Received", "Отримано"),
    Term("accepted", "Tiếp thu", "Accepted", "Прийнято"),
    Term("partly", "Tiếp thu một phần", "Accepted in part", "Прийнято частково"),
    Term(
      "rejected", "Không tiếp thu (có giải trình)", "Not accepted (explained)",
      "Не прийнято (з поясненням)"),
    Term("in_progress", "Đang giải quyết", "Being resolved", "Вирішується"),
    Term("resolved", "Đã giải quyết", "Resolved", "Вирішено"),
    Term("verified", "Đã kiểm chứng", "Verified", "Перевірено"),
    Term("unanswered", "Chưa trả lời", "Unanswered", "Без відповіді"),
    Term("overdue", "Quá hạn", "Overdue", "Прострочено"),
    Term(
      "transferred", "Chuyển cơ quan kế thừa", "Transferred to a successor",
      "Передано правонаступнику"),
    Term("withdrawn", "Rút kiến nghị", "Withdrawn", "Відкликано"),
  ]
}
