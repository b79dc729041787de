package import SyncCore

/// Why a record cannot be sent, in words that people understand.
package struct ObstacleWords {
  private let obstacle: Obstacle
  private let table: String
  private let column: String?

  package init(_ obstacle: Obstacle, _ schema: SyncSchema) {
    self.obstacle = obstacle
    let table = schema.table(number: obstacle.table)
    self.table = table?.name ?? "\(obstacle.table)"
    column = table?.index(number: obstacle.column).map { table?.columns[$0].name ?? "" }
  }

  /// The table's and the column's name in the schema.
  package var tableName: String { table }
  package var columnName: String? { column }

  /// The kind of record, which one and which of its fields.
  package var place: Phrase {
    let kind = RecordKinds.title(ofTable: table)
    let field = column.map { RecordKinds.title(ofColumn: $0, in: table) }
    let key = Self.shown(obstacle.key)
    func text(_ language: Language) -> String {
      "\(kind.text(language)) \(key)" + (field.map { ", \($0.text(language))" } ?? "")
    }
    return Phrase(vi: text(.vi), en: text(.en), uk: text(.uk))
  }

  /// What is wrong with it.
  package var reason: Phrase {
    switch obstacle.reason {
    case .zero:
      Phrase(
        vi: "văn bản có ký tự NUL (thường do tệp UTF-16)",
        en: "the text has a NUL character in it (often from a UTF-16 file)",
        uk: "у тексті є символ NUL (часто з файлу UTF-16)")
    case .notUTF8:
      Phrase(
        vi: "văn bản không phải UTF-8", en: "the text is not UTF-8",
        uk: "текст не у кодуванні UTF-8")
    case .outsideColumn:
      Phrase(
        vi: "giá trị không hợp với mục này", en: "the value does not fit its field",
        uk: "значення не підходить до цього поля")
    case .tooLarge:
      Phrase(
        vi: "quá lớn: \(Self.megabytes(obstacle.bytes)) MB kể cả nội dung bị thay; gửi được nhiều "
          + "nhất \(Self.limit) MB",
        en: "too large: \(Self.megabytes(obstacle.bytes)) MB with what it replaces; at most "
          + "\(Self.limit) MB can be sent",
        uk: "завелике: \(Self.megabytes(obstacle.bytes)) МБ разом із заміненим; надіслати можна "
          + "щонайбільше \(Self.limit) МБ")
    }
  }

  /// Where it is, and why.
  package var sentence: Phrase {
    let (place, reason) = (place, reason)
    return Phrase(
      vi: "\(place.vi): \(reason.vi)", en: "\(place.en): \(reason.en)",
      uk: "\(place.uk): \(reason.uk)")
  }

  private static let limit = SyncLimits.rowChangeBytes / 1_000_000

  private static func megabytes(_ bytes: Int) -> Int { (bytes + 999_999) / 1_000_000 }

  /// A key that is no text by its bytes, as far as they are text.
  private static func shown(_ key: RowKey) -> String {
    key.values.map { value in
      guard case .blob(let bytes) = value else { return RecordID.short(value.description) }
      return String(decoding: bytes, as: UTF8.self)
    }.joined(separator: "/")
  }
}
