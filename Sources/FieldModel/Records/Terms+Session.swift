extension Term {
  /// What a session is: monitoring, criticism, or a dialogue of its own.
  package static let sessionKind: [Term] = [
    Term("monitoring", "Giám sát", "Monitoring", "Моніторинг"),
    Term("criticism", "Phản biện xã hội", "Social criticism", "Соціальна критика"),
    Term("dialogue", "Đối thoại", "Dialogue", "Діалог"),
  ]

  /// Law 75/2015, articles 27 and 34.
  package static let sessionForm: [Term] = [
    Term(
      "document_review", "Nghiên cứu, xem xét văn bản", "Study and review of documents",
      "Вивчення та розгляд документів"),
    Term("team", "Tổ chức đoàn giám sát", "Monitoring team", "Організація моніторингової групи"),
    Term(
      "boards", "Thông qua Ban TTND, Ban GSĐTCCĐ",
      "Through the People’s Inspection / Community Investment boards",
      "Через раду народної інспекції та раду нагляду за інвестиціями"),
    Term(
      "join_authority", "Tham gia giám sát với cơ quan có thẩm quyền",
      "Joining the monitoring of a competent body", "Участь у моніторингу компетентного органу"),
    Term(
      "conference", "Hội nghị phản biện xã hội", "Social-criticism conference",
      "Конференція із соціальної критики"),
    Term(
      "written", "Gửi dự thảo lấy ý kiến phản biện", "Written opinions on the draft",
      "Письмові відгуки на проект"),
    Term("dialogue", "Đối thoại trực tiếp", "Direct dialogue", "Прямий діалог"),
  ]

  /// Where a session stands.
  package static let sessionStatus: [Term] = [
    Term("draft", "Bản nháp", "Draft", "Чернетка"),
    Term("planned", "Đã đưa vào kế hoạch", "Planned", "Заплановано"),
    Term(
      "prepared", "Đã chuẩn bị, đã thông báo", "Prepared and notified", "Підготовлено й повідомлено"
    ),
    Term("in_progress", "Đang tiến hành", "In progress", "Триває"),
    Term("held", "Đã tổ chức", "Held", "Проведено"),
    Term("reported", "Đã có báo cáo kết quả", "Result reported", "Звіт подано"),
    Term(
      "concluded", "Đã kết luận, kiến nghị", "Concluded, recommendations issued",
      "Є висновок і рекомендації"),
    Term("following", "Đang theo dõi kiến nghị", "Following up", "Відстежується"),
    Term("closed", "Đã kết thúc", "Closed", "Закрито"),
    Term("postponed", "Hoãn", "Postponed", "Відкладено"),
    Term("cancelled", "Hủy", "Cancelled", "Скасовано"),
    Term("duplicate", "Trùng lặp", "Duplicate", "Дублікат"),
  ]

  /// How carefully a record has to be kept.
  package static let confidentiality: [Term] = [
    Term("normal", "Thường", "Ordinary", "Звичайний"),
    Term("internal", "Nội bộ", "Internal", "Внутрішній"),
    Term("personal", "Có dữ liệu cá nhân", "Contains personal data", "Містить персональні дані"),
    Term(
      "sensitive", "Có dữ liệu cá nhân nhạy cảm", "Contains sensitive personal data",
      "Містить чутливі персональні дані"),
  ]

  /// What kind of draft is criticised.
  package static let draftKind: [Term] = [
    Term(
      "legal_document", "Văn bản quy phạm pháp luật", "Legal normative document",
      "Нормативно-правовий акт"),
    Term("planning", "Quy hoạch", "Master planning", "Генеральне планування"),
    Term(
      "plan", "Kế hoạch của cơ quan nhà nước", "Plan of a state agency", "План державного органу"),
    Term("programme", "Chương trình phát triển", "Development programme", "Програма розвитку"),
    Term("project", "Dự án", "Project", "Інвестиційний проект"),
    Term("scheme", "Đề án", "Scheme", "Концепція (đề án)"),
    Term("other", "Khác", "Other", "Інше"),
  ]

  /// As what an organisation takes part in a session.
  package static let sessionPart: [Term] = [
    Term("co_host", "Đồng chủ trì", "Co-host", "Співорганізатор"),
    Term("participant", "Tham gia", "Participant", "Учасник"),
    Term("requested_by", "Theo đề nghị của", "At the request of", "На прохання"),
  ]

  /// Fields of life that sessions are about; the list is open.
  package static let field: [Term] = [
    Term(
      "land", "Đất đai, bồi thường, tái định cư", "Land, compensation, resettlement",
      "Земля, компенсація, переселення"),
    Term("environment", "Môi trường", "Environment", "Довкілля"),
    Term(
      "social", "An sinh xã hội, giảm nghèo", "Social security, poverty reduction",
      "Соціальний захист, подолання бідності"),
    Term(
      "health", "Y tế, bảo hiểm y tế", "Health, health insurance",
      "Охорона здоров’я, медичне страхування"),
    Term("education", "Giáo dục, đào tạo", "Education and training", "Освіта і навчання"),
    Term(
      "new_rural", "Nông thôn mới, đô thị văn minh", "New rural areas, civilised towns",
      "Нове село, впорядковане місто"),
    Term("ethnic", "Dân tộc, tôn giáo", "Ethnic and religious affairs", "Справи етносів і релігій"),
    Term(
      "budget", "Ngân sách, đầu tư công", "Budget, public investment", "Бюджет, державні інвестиції"
    ),
    Term(
      "admin_reform", "Cải cách hành chính, thái độ phục vụ",
      "Administrative reform, conduct of officials", "Адміністративна реформа, поведінка службовців"
    ),
    Term("grassroots", "Thực hiện dân chủ ở cơ sở", "Grassroots democracy", "Демократія на місцях"),
    Term(
      "complaints", "Giải quyết khiếu nại, tố cáo", "Complaints and denunciations",
      "Скарги і викриття"),
    Term(
      "fisheries", "Thủy sản, biển đảo", "Fisheries, sea and islands", "Рибальство, море й острови"),
    Term(
      "ethics", "Tu dưỡng đạo đức, lối sống của cán bộ, đảng viên",
      "Ethics of officials and Party members", "Етика посадовців і членів Партії"),
  ]

  /// What a sitting is.
  package static let meetingKind: [Term] = [
    Term("working", "Buổi làm việc", "Working meeting", "Робоча зустріч"),
    Term("survey", "Khảo sát thực tế", "On-site survey", "Обстеження на місці"),
    Term("conference", "Hội nghị", "Conference", "Конференція"),
    Term("dialogue", "Đối thoại", "Dialogue", "Діалог"),
    Term("internal", "Họp nội bộ", "Internal meeting", "Внутрішня нарада"),
  ]

  /// As what a person attends a meeting.
  package static let attendanceRole: [Term] = [
    Term(
      "leader", "Trưởng đoàn giám sát", "Head of the monitoring team",
      "Керівник моніторингової групи"),
    Term("deputy", "Phó Trưởng đoàn", "Deputy head of the team", "Заступник керівника групи"),
    Term("secretary", "Thư ký", "Secretary (minutes taker)", "Секретар"),
    Term(
      "member", "Thành viên đoàn giám sát", "Member of the monitoring team",
      "Член моніторингової групи"),
    Term("expert", "Chuyên gia, nhà khoa học", "Expert, scientist", "Експерт, науковець"),
    Term(
      "monitored", "Đại diện cơ quan được giám sát", "Representative of the monitored body",
      "Представник установи, що підлягає моніторингу"),
    Term(
      "drafting", "Đại diện cơ quan soạn thảo", "Representative of the drafting agency",
      "Представник органу-розробника"),
    Term("guest", "Khách mời", "Guest", "Запрошений"),
    Term("citizen", "Người dân", "Citizen", "Мешканець"),
  ]

  /// What was found.
  package static let findingKind: [Term] = [
    Term("missing", "Thiếu sót", "Omission", "Недолік"),
    Term("inaccurate", "Chưa chính xác, chưa sát thực tế", "Inaccuracy", "Неточність"),
    Term("inappropriate", "Nội dung chưa phù hợp", "Inappropriate content", "Неналежний зміст"),
    Term("violation", "Sai phạm", "Violation", "Порушення"),
    Term("shortcoming", "Khuyết điểm, hạn chế", "Shortcoming", "Хиба"),
    Term("policy_gap", "Bất cập của chính sách", "Gap in policy", "Прогалина в політиці"),
    Term("delay", "Chậm trễ", "Delay", "Затримка"),
    Term("not_public", "Chưa công khai, minh bạch", "Not made public", "Не оприлюднено"),
    Term("positive", "Nhân tố mới, điển hình tiên tiến", "Good practice", "Позитивний приклад"),
  ]

  /// On what ground a draft is criticised (Law 75/2015, article 33.2).
  package static let findingBasis: [Term] = [
    Term("necessity", "Sự cần thiết", "Necessity", "Необхідність"),
    Term(
      "party_policy", "Phù hợp chủ trương, đường lối của Đảng", "Conformity with Party policy",
      "Відповідність політиці Партії"),
    Term(
      "law", "Phù hợp chính sách, pháp luật", "Conformity with law", "Відповідність законодавству"),
    Term(
      "feasibility", "Tính đúng đắn, khoa học, khả thi", "Soundness and feasibility",
      "Обґрунтованість і здійсненність"),
    Term(
      "impact", "Đánh giá tác động, hiệu quả", "Impact and effectiveness", "Вплив та ефективність"),
    Term("interests", "Hài hòa lợi ích", "Balance of interests", "Баланс інтересів"),
  ]
}
