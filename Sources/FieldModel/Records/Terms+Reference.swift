extension Term {
  /// Kinds of administrative unit.
  package static let unitKind: [Term] = [
    Term("province", "Tỉnh", "Province", "Провінція"),
    Term("city", "Thành phố thuộc tỉnh", "Provincial city", "Місто провінційного підпорядкування"),
    Term("town", "Thị xã", "District-level town", "Місто районного рівня"),
    Term("rural_district", "Huyện", "Rural district", "Сільський район"),
    Term("ward", "Phường", "Ward", "Квартал (phường)"),
    Term("township", "Thị trấn", "Township", "Селище"),
    Term("commune", "Xã", "Commune", "Комуна"),
    Term("special_zone", "Đặc khu", "Special zone", "Спеціальна зона"),
  ]

  /// What a successor may read of a part that it was given.
  package static let partAccess = [
    Term("none", "không còn", "nothing any more", "більше нічого"),
    Term("open", "trừ thông tin riêng", "all but what is private", "усе, крім приватного"),
    Term("private", "tất cả", "everything", "усе"),
  ]

  /// What somebody is at the hub.
  package static let role = [
    Term("field_officer", "Cán bộ cơ sở", "Field officer", "Польовий працівник"),
    Term(
      "org_officer", "Cán bộ đoàn thể", "Officer of a member organisation",
      "Працівник громадської організації"),
    Term("clerk", "Văn thư", "Records clerk", "Діловод"),
    Term("approver", "Người ký duyệt", "Approving signatory", "Особа, що підписує"),
    Term(
      "hub_operator", "Người điều phối dữ liệu (cấp tỉnh)", "Hub operator", "Оператор хабу"),
    Term("viewer", "Người xem", "Viewer", "Переглядач"),
    Term("auditor", "Người kiểm tra nhật ký", "Auditor", "Аудитор"),
    Term("admin", "Quản trị hệ thống", "System administrator", "Системний адміністратор"),
  ]

  package static let unitTier: [Term] = [
    Term("province", "Cấp tỉnh", "Provincial level", "Провінційний рівень"),
    Term(
      "district", "Cấp huyện (đến 30/6/2025)", "District level (until 30 June 2025)",
      "Районний рівень (до 30.06.2025)"),
    Term("commune", "Cấp xã", "Commune level", "Рівень комуни"),
  ]

  /// Kinds of organisation.
  package static let organisationType: [Term] = [
    Term(
      "front", "Mặt trận Tổ quốc Việt Nam (MTTQ Việt Nam)", "Vietnam Fatherland Front (VFF)",
      "Вітчизняний фронт В’єтнаму"),
    Term("trade_union", "Công đoàn Việt Nam", "Trade Union", "Профспілка В’єтнаму"),
    Term("farmers", "Hội Nông dân Việt Nam", "Farmers’ Union", "Спілка селян В’єтнаму"),
    Term(
      "youth", "Đoàn Thanh niên Cộng sản Hồ Chí Minh", "Ho Chi Minh Communist Youth Union",
      "Союз комуністичної молоді імені Хо Ші Міна"),
    Term("women", "Hội Liên hiệp Phụ nữ Việt Nam", "Women’s Union", "Союз жінок В’єтнаму"),
    Term(
      "veterans", "Hội Cựu chiến binh Việt Nam", "Veterans’ Association",
      "Асоціація ветеранів В’єтнаму"),
    Term(
      "peoples_inspection", "Ban Thanh tra nhân dân", "People’s Inspection Board",
      "Рада народної інспекції"),
    Term(
      "community_investment", "Ban Giám sát đầu tư của cộng đồng",
      "Community Investment Supervision Board", "Громадська рада нагляду за інвестиціями"),
    Term("peoples_council", "Hội đồng nhân dân (HĐND)", "People’s Council", "Народна рада"),
    Term("peoples_committee", "Ủy ban nhân dân (UBND)", "People’s Committee", "Народний комітет"),
    Term("party_committee", "Cấp ủy Đảng", "Party committee", "Партійний комітет"),
    Term(
      "department", "Sở, ban, ngành", "Provincial department or agency",
      "Провінційне управління або відомство"),
    Term(
      "na_delegation", "Đoàn đại biểu Quốc hội", "National Assembly delegation",
      "Делегація Національних зборів"),
    Term(
      "mass_association", "Hội quần chúng do Đảng, Nhà nước giao nhiệm vụ",
      "Mass association with Party/State-assigned tasks",
      "Масове об’єднання із завданнями від Партії та держави"),
    Term("enterprise", "Doanh nghiệp", "Enterprise", "Підприємство"),
    Term("other", "Khác", "Other", "Інше"),
  ]

  /// Whether each type of paper is numbered by itself.
  package static let numberSeries: [Term] = [
    Term(
      "per_type", "Đánh số riêng từng loại", "A series for each type", "Окрема нумерація за типами"),
    Term("joint", "Đánh số chung", "One series for all types", "Спільна нумерація"),
  ]
}
