extension FieldRules {
  /// What is in question between two records, or about one: a rule, or a key that is used twice.
  ///
  /// - Parameters:
  ///   - rule: The name under which the conflict is filed.
  ///   - table: The records' table.
  /// - Returns: The sentence.
  package static func sentence(of rule: String, in table: String) -> Phrase {
    switch rule {
    case DuplicateSessions.name:
      Phrase(
        vi: "Cùng địa bàn, cách nhau không quá 3 ngày, tên cuộc gần giống nhau.",
        en: "The same unit, at most 3 days apart, titles that are alike.",
        uk: "Та сама територія, не більш як 3 дні різниці, схожі назви.")
    case UnitOfTheDay.name:
      Phrase(
        vi: "Đơn vị hành chính không tồn tại vào ngày tổ chức.",
        en: "The unit was not there on the day the session was held.",
        uk: "Одиниці не існувало в день проведення.")
    case ClosedUnfinished.name:
      Phrase(
        vi: "Cuộc đã kết thúc nhưng còn kiến nghị chưa giải quyết xong.",
        en: "The session is closed, but a recommendation is unfinished.",
        uk: "Захід закрито, але є незавершена рекомендація.")
    case PaperBeforeSession.report.name:
      Phrase(
        vi: "Báo cáo kết quả ban hành trước ngày tổ chức.",
        en: "The result report is dated before the session was held.",
        uk: "Звіт про результати датовано раніше за проведення.")
    case PaperBeforeSession.criticism.name:
      Phrase(
        vi: "Văn bản phản biện xã hội ban hành trước ngày tổ chức.",
        en: "The social-criticism document is dated before the session was held.",
        uk: "Документ соціальної критики датовано раніше за проведення.")
    case IssuerOfTheDay.name:
      Phrase(
        vi: "Cơ quan ban hành không tồn tại vào ngày ban hành.",
        en: "The issuing organisation was not there on the date of issue.",
        uk: "Організації-видавця не існувало в день видання.")
    case AnsweredBeforeIssue.name:
      Phrase(
        vi: "Kiến nghị được trả lời trước ngày gửi.",
        en: "The recommendation was answered before it was issued.",
        uk: "На рекомендацію відповіли раніше, ніж її надіслали.")
    case PaidTwice.name:
      Phrase(
        vi: "Một người được chi cho hai buổi làm việc ở hai nơi trong cùng một ngày.",
        en: "One person is paid for two meetings in two places on one day.",
        uk: "Одній особі платять за дві зустрічі у двох місцях того самого дня.")
    case AddresseeGone.name:
      Phrase(
        vi: "Nơi nhận kiến nghị không còn hoạt động: cần quyết định chuyển cho ai.",
        en: "The addressee is no more: decide who answers for the recommendation.",
        uk: "Адресата більше немає: вирішіть, хто відповідає за рекомендацію.")
    case JointSeries.name:
      Phrase(
        vi: "Trùng số văn bản trong một sổ chung cho mọi loại văn bản.",
        en: "A document number is used twice in a series that all types share.",
        uk: "Номер документа повторено у спільній для всіх типів серії.")
    default: twice(rule, in: table)
    }
  }

  /// Keys that two offline devices can both use; see policies.txt.
  private static func twice(_ key: String, in table: String) -> Phrase {
    switch (table, key) {
    case ("document", "number"):
      Phrase(
        vi: "Cùng cơ quan ban hành, cùng năm, cùng loại, cùng số văn bản.",
        en: "The same issuer, year, type and document number.",
        uk: "Той самий видавець, рік, тип і номер документа.")
    case ("document", "incoming"):
      Phrase(
        vi: "Cùng một số đến trong sổ đăng ký văn bản đến.",
        en: "The same number in the register of incoming documents.",
        uk: "Той самий номер у журналі вхідних документів.")
    case ("session", "code"):
      Phrase(
        vi: "Cùng một mã do máy chủ cấp.", en: "The same code given by the hub.",
        uk: "Той самий код, наданий хабом.")
    case ("session_target", "body"):
      Phrase(
        vi: "Cùng một cơ quan được giám sát, ghi hai lần trong một cuộc.",
        en: "One monitored body, recorded twice in one session.",
        uk: "Ту саму установу записано двічі в одному заході.")
    case ("attendance", "person"):
      Phrase(
        vi: "Một người được ghi dự hai lần trong một buổi.",
        en: "One person, recorded twice at one meeting.",
        uk: "Ту саму особу записано двічі на одній зустрічі.")
    case ("attendance", "leader"):
      Phrase(
        vi: "Một đoàn có hai trưởng đoàn.", en: "One team has two heads.",
        uk: "В однієї групи два керівники.")
    case ("recommendation", "ordinal"):
      Phrase(
        vi: "Hai kiến nghị cùng số thứ tự trong một văn bản.",
        en: "Two recommendations bear one number in a letter.",
        uk: "Дві рекомендації під одним номером у листі.")
    case ("recommendation_target", "addressee"):
      Phrase(
        vi: "Cùng một nơi nhận, ghi hai lần cho một kiến nghị.",
        en: "One addressee, recorded twice for one recommendation.",
        uk: "Того самого адресата записано двічі для однієї рекомендації.")
    case ("recommendation_target", "lead"):
      Phrase(
        vi: "Một kiến nghị có hai cơ quan chủ trì giải quyết.",
        en: "One recommendation has two lead responsible bodies.",
        uk: "В однієї рекомендації два головні відповідальні органи.")
    case ("annual_plan", "year"):
      Phrase(
        vi: "Hai kế hoạch của một tổ chức trong một năm.",
        en: "Two plans of one organisation for one year.",
        uk: "Два плани однієї організації на один рік.")
    case ("core_group", "name"):
      Phrase(
        vi: "Hai nhóm cùng loại, cùng tên trong một địa bàn.",
        en: "Two groups of one kind and name in one unit.",
        uk: "Дві групи одного виду й назви на одній території.")
    default:
      Phrase(
        vi: "Hai bản ghi dùng chung một khóa.", en: "Two records use one key.",
        uk: "Два записи мають той самий ключ.")
    }
  }
}
