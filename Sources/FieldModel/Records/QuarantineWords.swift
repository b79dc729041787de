package import SyncCore

/// Why the hub did not take something in: its own short text, in words that people understand.
package struct QuarantineWords {
  package let reason: QuarantineReason?
  private let detail: String

  /// - Parameters:
  ///   - reason: The reason, where it is known.
  ///   - detail: What it concerns, as the hub noted it.
  package init(_ reason: QuarantineReason?, detail: String) {
    self.reason = reason
    self.detail = detail
  }

  /// Reads a receipt's text: the reason's code, and what it concerns after a colon.
  package init(receipt text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    reason = parts.first.flatMap { QuarantineReason(rawValue: String($0)) }
    let rest = parts.count > 1 ? String(parts[1]) : ""
    detail = reason == nil ? text : String(rest.drop { $0 == " " })
  }

  /// What it concerns; nothing where the reason alone says it all.
  package var concerns: Phrase? {
    switch reason {
    case .constraint: constraint
    case .missingParent: missingParent
    case .dependent: dependent
    case .unknownRow, .hubOnlyTable, .outsideScope, .scopeWithdrawn, .readOnly: record(detail)
    case .unknownColumn: column
    case .otherOfficer: author
    case .revoked, .malformed: nil
    case nil: nil
    }
  }

  private var constraint: Phrase? {
    if detail == "children" {
      return Phrase(
        vi: "Còn bản ghi khác thuộc về bản ghi này.", en: "Other records still belong to it.",
        uk: "До нього ще належать інші записи.")
    }
    let parts = detail.split(separator: ": ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return nil }
    let table = String(parts[0].prefix { $0 != " " })
    let said = Phrase.constraint(parts[1], table: table)
    guard let record = record(parts[0]) else { return said }
    return Phrase(
      vi: "\(record.vi): \(said.vi)", en: "\(record.en): \(said.en)",
      uk: "\(record.uk): \(said.uk)")
  }

  /// The record that names somebody else, and where.
  private var author: Phrase? {
    let parts = detail.split(separator: ": ", maxSplits: 1).map(String.init)
    guard parts.count == 2, let record = record(parts[0]) else { return nil }
    let table = String(parts[0].prefix { $0 != " " })
    let title = RecordKinds.title(ofColumn: parts[1], in: table)
    return Phrase(
      vi: "\(record.vi), mục “\(title.vi)”", en: "\(record.en), field “\(title.en)”",
      uk: "\(record.uk), поле «\(title.uk)»")
  }

  private var missingParent: Phrase? {
    let parts = detail.split(separator: " → ", maxSplits: 1).map(String.init)
    guard parts.count == 2, let child = record(parts[0]), let parent = record(parts[1]) else {
      return nil
    }
    return Phrase(
      vi: "\(child.vi) thuộc về \(parent.vi)", en: "\(child.en) belongs to \(parent.en)",
      uk: "\(child.uk) належить до: \(parent.uk)")
  }

  private var dependent: Phrase? {
    guard let number = detail.split(separator: " ").last.flatMap({ Int($0) }) else { return nil }
    return Phrase(vi: "lần ghi số \(number)", en: "no. \(number)", uk: "№ \(number)")
  }

  private var column: Phrase? {
    let table = String(detail.prefix { $0 != "," })
    guard table != detail, let record = record(table) else { return nil }
    let number = detail.split(separator: " ").last ?? ""
    return Phrase(
      vi: "\(record.vi), mục \(number)", en: "\(record.en), field \(number)",
      uk: "\(record.uk), поле \(number)")
  }

  /// `session 8a7b…` with the table's title; nothing where that is no table.
  private func record(_ text: String) -> Phrase? {
    let table = String(text.prefix { $0 != " " })
    guard RecordKinds.isTable(table) else { return nil }
    let title = RecordKinds.title(ofTable: table)
    let id = String(text.dropFirst(table.count).drop { $0 == " " })
    guard !id.isEmpty else { return title }
    let digits = id.filter { $0 != "-" }
    let isRandom = digits.count == 32 && digits.allSatisfy(\.isHexDigit)
    let short = isRandom ? RecordID.short(id) : id
    return Phrase(
      vi: "\(title.vi) \(short)", en: "\(title.en) \(short)", uk: "\(title.uk) \(short)")
  }
}

extension QuarantineReason {
  /// Why the work could not be taken in, as a sentence.
  package var sentence: Phrase {
    switch self {
    case .constraint:
      Phrase(
        vi: "Một bản ghi có giá trị mà máy chủ không nhận.",
        en: "A record has a value that the hub does not accept.",
        uk: "Запис має значення, якого хаб не приймає.")
    case .missingParent:
      Phrase(
        vi: "Bản ghi mà nó thuộc về chưa bao giờ đến máy chủ.",
        en: "The record that it belongs to has never reached the hub.",
        uk: "Запис, до якого це належить, так і не надійшов до хаба.")
    case .dependent:
      Phrase(
        vi: "Nó dựa trên một thay đổi khác cũng đang chờ ở đây.",
        en: "It builds on another change that waits here itself.",
        uk: "Це спирається на іншу зміну, яка сама чекає тут.")
    case .unknownRow:
      Phrase(
        vi: "Nó sửa một bản ghi chưa bao giờ đến máy chủ.",
        en: "It changes a record that has never reached the hub.",
        uk: "Це змінює запис, який так і не надійшов до хаба.")
    case .hubOnlyTable:
      Phrase(
        vi: "Nó ghi vào danh mục mà chỉ máy chủ được sửa.",
        en: "It writes reference data that only the hub may change.",
        uk: "Це змінює довідник, який може змінювати лише хаб.")
    case .unknownColumn:
      Phrase(
        vi: "Nó có bảng hoặc cột mà máy chủ chưa biết.",
        en: "It names a table or column that the hub does not know.",
        uk: "Це називає таблицю чи стовпець, яких хаб не знає.")
    case .outsideScope:
      Phrase(
        vi: "Bản ghi không thuộc địa bàn, hoặc thông tin riêng, được giao cho cán bộ.",
        en:
          "It is about records outside the units, or the private facts, that the officer is granted.",
        uk: "Це стосується записів поза територією або приватним, дорученими працівникові.")
    case .scopeWithdrawn:
      Phrase(
        vi: "Khi ghi, bản ghi thuộc địa bàn của cán bộ; từ đó quyền hoặc bản ghi đã chuyển đi.",
        en:
          "When it was written the records were the officer’s; since then they, or the grant, have moved.",
        uk: "Коли це писали, записи належали працівникові; відтоді їх або право змінено.")
    case .readOnly:
      Phrase(
        vi: "Cán bộ chỉ được xem những bản ghi này.",
        en: "The officer may see these records, and not change them.",
        uk: "Працівник може лише переглядати ці записи.")
    case .otherOfficer:
      Phrase(
        vi: "Ghi tên một người khác với người đã ghi, mà người này không được ghi thay.",
        en: "It names somebody as its writer who is not, and for whom the writer may not record.",
        uk: "Автором названо іншого, за кого автор не має права записувати.")
    case .revoked:
      Phrase(
        vi: "Thiết bị đã bị thu hồi; công việc được giữ lại chờ xem xét.",
        en: "The device had been revoked; its work is kept for review.",
        uk: "Пристрій відкликано; його роботу збережено для розгляду.")
    case .malformed:
      Phrase(
        vi: "Dữ liệu gửi đến không đọc được.", en: "What was sent cannot be read.",
        uk: "Надіслане не прочитати.")
    }
  }
}
