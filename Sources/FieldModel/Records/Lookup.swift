package import GRDB
import SyncCore
import SyncSQLite

/// Finds the record that a person means by a name, a code or a piece of an id.
package struct Lookup {
  let db: Database
  /// The day on which a unit or organisation has to exist, if only a name is given.
  let day: String

  /// A piece of an id shorter than this fits too much.
  private static let fragmentLengthMin = 4
  private static let candidatesMax = 12

  package init(_ db: Database, day: String) {
    self.db = db
    self.day = day
  }

  /// The record of any kind that an id, or a piece of it, belongs to.
  ///
  /// - Throws: ``RecordProblem`` if there is none, or if there are several.
  package func record(_ text: String) throws -> Record {
    var found: [Record] = []
    // A whole id is meant, even where others end with it.
    for kind in RecordKinds.all {
      if let record = try Record.find(kind, text, in: db) { found.append(record) }
    }
    if found.isEmpty {
      for kind in RecordKinds.all { found += try records(kind, fragment: text) }
    }
    return try only(found, text, nil)
  }

  /// The record of one kind that a person means.
  ///
  /// - Throws: ``RecordProblem`` if there is none, or if there are several.
  package func record(_ text: String, of kind: RecordKind) throws -> Record {
    if let record = try Record.find(kind, text, in: db) { return record }
    let named: [Record] =
      switch kind.table {
      case "admin_unit": try units(named: text)
      case "organisation": try organisations(named: text)
      case "person": try persons(named: text)
      default: []
      }
    return try only(named.isEmpty ? try records(kind, fragment: text) : named, text, kind)
  }

  /// People of that name; six may be called Nguyễn Văn Hùng.
  package func persons(named name: String) throws -> [Record] {
    let folded = Folding.fold(name)
    let all = try Record.all(RecordKinds.person, where: "merged_into IS NULL", in: db)
      .filter { Folding.fold($0["display_name"].text ?? "") == folded }
    let exact = all.filter { $0["display_name"].text == name }
    return exact.isEmpty ? all : exact
  }

  /// Records whose id begins or ends with a piece of one.
  private func records(_ kind: RecordKind, fragment: String) throws -> [Record] {
    let text = fragment.lowercased()
    guard text.count >= Self.fragmentLengthMin else { return [] }
    let key = quoted(kind.key)
    let length = SyncCore.Value.integer(Int64(text.unicodeScalars.count))
    return try Record.all(
      kind, where: "substr(lower(\(key)), 1, ?) = ? OR substr(lower(\(key)), -?) = ?",
      [length, .text(text), length, .text(text)], in: db)
  }

  private func only(_ found: [Record], _ text: String, _ kind: RecordKind?) throws -> Record {
    guard let first = found.first else { throw try missing(text, kind) }
    if found.count == 1 { return first }
    let lines = try found.prefix(Self.candidatesMax).map { record in
      "  \(record.kind.writing == .hubOnly ? record.id : RecordID.short(record.id))  "
        + (try label(of: record))
    }
    let more = found.count > lines.count ? "\n  … (\(found.count))" : ""
    let list = lines.joined(separator: "\n") + more
    throw RecordProblem(
      .notFound,
      Phrase(
        vi: "“\(text)” khớp với \(found.count) bản ghi:\n\(list)",
        en: "“\(text)” fits \(found.count) records:\n\(list)",
        uk: "«\(text)» відповідає записам (\(found.count)):\n\(list)"),
      hint: Phrase(
        vi: "Ghi rõ hơn: thêm ký tự của mã, hoặc dùng mã đầy đủ.",
        en: "Be more precise: more of the id, or the whole of it.",
        uk: "Уточніть: більше знаків коду або весь код."))
  }

  private func missing(_ text: String, _ kind: RecordKind?) throws -> RecordProblem {
    let title = kind?.title ?? Phrase(vi: "bản ghi", en: "record", uk: "запис")
    var hint: Phrase?
    if let kind, kind.writing == .hubOnly {
      let isEmpty = try db.first("SELECT 1 FROM \(quoted(kind.table)) LIMIT 1") == nil
      hint = isEmpty ? .noReferenceData : .searchReferenceData
    } else if text.count < Self.fragmentLengthMin {
      hint = Phrase(
        vi: "Cần ít nhất \(Self.fragmentLengthMin) ký tự của mã.",
        en: "At least \(Self.fragmentLengthMin) characters of the id are needed.",
        uk: "Потрібно щонайменше \(Self.fragmentLengthMin) знаки коду.")
    }
    return RecordProblem(
      .notFound,
      Phrase(
        vi: "Không tìm thấy “\(text)” (\(title.vi.lowercased())).",
        en: "There is no “\(text)” (\(title.en.lowercased())).",
        uk: "Не знайдено «\(text)» (\(title.uk.lowercased()))."), hint: hint)
  }
}

extension Phrase {
  fileprivate static let noReferenceData = Phrase(
    vi: "Máy này chưa có danh mục địa bàn và tổ chức: danh mục về cùng lần đồng bộ đầu tiên. "
      + "Hãy ghi danh (thuan enrol) và đồng bộ (thuan sync) một lần khi có mạng.",
    en: "This device has no units and organisations yet: the first sync brings them. "
      + "Enrol (thuan enrol) and sync (thuan sync) once while there is a network.",
    uk: "На цьому пристрої ще немає переліку територій та організацій: його приносить перша "
      + "синхронізація. Зареєструйтеся (thuan enrol) і синхронізуйтеся (thuan sync), коли є мережа."
  )

  fileprivate static let searchReferenceData = Phrase(
    vi: "Tìm trong danh mục: thuan units TÊN, thuan organisations TÊN (gõ không dấu cũng được).",
    en: "Look it up: thuan units NAME, thuan organisations NAME (marks may be left out).",
    uk: "Шукайте: thuan units НАЗВА, thuan organisations НАЗВА (можна без діакритики).")
}

extension Record {
  /// Whether a name or an id stands for at least one record.
  package static func isThere(_ kind: RecordKind, _ text: String, _ lookup: Lookup) throws -> Bool {
    do {
      _ = try lookup.record(text, of: kind)
      return true
    } catch let problem as RecordProblem where problem.kind == .notFound {
      // Several are there too, and the person has to choose.
      return kind.table == "person" ? try !lookup.persons(named: text).isEmpty : false
    }
  }
}
