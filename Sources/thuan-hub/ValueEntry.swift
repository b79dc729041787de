import FieldModel
import SyncCore
import Terminal

/// A value as an operator types it: `COLUMN=VALUE`, where nothing after the sign clears the column.
struct ValueEntry {
  let column: String
  let value: Value

  /// Reads an entry for a table.
  ///
  /// - Throws: ``Failure`` if the table has no such column, or the column cannot hold that.
  init(_ text: String, table: TableSchema) throws {
    guard let sign = text.firstIndex(of: "=") else {
      throw Failure(
        .usage,
        Phrase(
          vi: "“\(text)” không có dạng CỘT=GIÁ TRỊ.", en: "“\(text)” is not COLUMN=VALUE.",
          uk: "«\(text)» не має вигляду СТОВПЕЦЬ=ЗНАЧЕННЯ."))
    }
    column = Folding.normalise(String(text[..<sign]))
    guard let index = table.index(named: column), table.columns[index].unit != nil else {
      let names = table.columns.filter { $0.unit != nil }.map(\.name).joined(separator: ", ")
      throw Failure(
        .input,
        Phrase(
          vi: "Không có cột “\(column)” (có: \(names)).",
          en: "There is no column “\(column)” (known: \(names)).",
          uk: "Немає стовпця «\(column)» (відомі: \(names))."))
    }
    let typed = Folding.normalise(String(text[text.index(after: sign)...]))
    value = try typed.isEmpty ? .null : Self.value(typed, column, in: table.name)
  }

  private static func value(_ typed: String, _ column: String, in table: String) throws -> Value {
    switch RecordKinds.field(column, in: table)?.form {
    case .integer:
      guard let integer = Int64(typed) else { throw bad(typed, column, table, ["0, 1, 2 …"]) }
      return .integer(integer)
    case .decimal:
      guard let real = Double(typed.replacing(",", with: ".")), real.isFinite else {
        throw bad(typed, column, table, ["0,5"])
      }
      return .real(real)
    case .flag:
      guard let flag = flags[Folding.fold(typed)] else {
        throw bad(typed, column, table, ["0", "1"])
      }
      return .integer(flag)
    case .day:
      guard let day = CivilDay.parse(typed) else {
        throw bad(typed, column, table, ["06/09/2023", "2023-09-06"])
      }
      return .text(day)
    case .choice(let terms):
      guard let value = terms.value(for: typed) else {
        throw bad(typed, column, table, terms.map(\.value))
      }
      return .text(value)
    case .tag(let terms): return .text(terms.value(for: typed) ?? typed)
    default: return .text(typed)
    }
  }

  private static let flags: [String: Int64] = [
    "0": 0, "1": 1, "co": 1, "khong": 0, "yes": 1, "no": 0, "так": 1, "ні": 0, "true": 1,
    "false": 0,
  ]

  private static func bad(
    _ typed: String, _ column: String, _ table: String, _ known: [String]
  ) -> Failure {
    let title = RecordKinds.title(ofColumn: column, in: table)
    let list = known.joined(separator: ", ")
    return Failure(
      .input,
      Phrase(
        vi: "“\(title.vi)” không nhận “\(typed)” (ví dụ: \(list)).",
        en: "“\(title.en)” does not take “\(typed)” (such as: \(list)).",
        uk: "«\(title.uk)» не приймає «\(typed)» (наприклад: \(list))."))
  }
}
