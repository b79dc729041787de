import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct QuarantineAmend: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "amend",
    abstract: say(
      vi: "Nhận với giá trị đã sửa, cùng những gì chờ theo.",
      en: "Take it in with corrected values, and what waits for it.",
      uk: "Прийняти з виправленими значеннями разом із залежним."),
    discussion: say(
      vi: """
        Nội dung gửi đến được giữ nguyên làm bằng chứng; giá trị sửa ghi vào lịch sử như quyết định \
        của máy chủ, và thiết bị nhận ở lần đồng bộ sau. Bảng, mã và cột: xem ở \
        thuan-hub quarantine --json; mã gõ tắt được.

        Ví dụ: thuan-hub quarantine amend 12 --set session/8a7b6c5d.attendance_total=26 \
        --reason "theo danh sách ký tên"
        """,
      en: """
        What came stays as it came, as evidence; the corrected value stands in history as the hub's \
        decision, and the device receives it with its next sync. For tables, ids and columns see \
        thuan-hub quarantine --json; ids can be abbreviated.

        Example: thuan-hub quarantine amend 12 --set session/8a7b6c5d.attendance_total=26 \
        --reason "as the signed list says"
        """,
      uk: """
        Надіслане лишається як є, як доказ; виправлене значення стоїть в історії як рішення хаба, \
        і пристрій отримає його з наступною синхронізацією. Таблиці, коди й стовпці: \
        thuan-hub quarantine --json; коди можна скорочувати.

        Приклад: thuan-hub quarantine amend 12 --set session/8a7b6c5d.attendance_total=26 \
        --reason "за списком підписів"
        """))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var questions: RaisedQuestionOptions

  @Argument(help: quarantineHelp)
  var number: Int64

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      say(
        vi: "Giá trị đúng; bỏ trống sau dấu = là xóa giá trị. Nếu chỉ có một bản ghi thì CỘT=GIÁ "
          + "TRỊ là đủ.",
        en: "The right value; nothing after = clears it. Where there is one record only, "
          + "COLUMN=VALUE will do.",
        uk: "Правильне значення; порожньо після = очищує. Якщо запис лише один, досить "
          + "СТОВПЕЦЬ=ЗНАЧЕННЯ."),
      valueName: say(
        vi: "bảng/mã.cột=giá-trị", en: "table/id.column=value",
        uk: "таблиця/код.стовпець=значення")))
  var set: [String] = []

  func validate() throws {
    guard set.isEmpty else { return }
    throw ValidationError(
      say(
        vi: "Cần ít nhất một --set BẢNG/MÃ.CỘT=GIÁ TRỊ.",
        en: "At least one --set TABLE/ID.COLUMN=VALUE is needed.",
        uk: "Потрібне щонайменше одне --set ТАБЛИЦЯ/КОД.СТОВПЕЦЬ=ЗНАЧЕННЯ."))
  }

  func run() throws {
    let open = try options.open()
    let work = try open.waiting(number)
    let corrections = try set.map { try open.correction($0, of: work) }
    let ruling = try rulingOptions.ruling()
    let taken = try open.decide(questions) { accepted in
      try open.hub.amend(number, corrections, ruling, accepting: accepted)
    }
    Program.write(try open.text(of: work))
    Program.write(
      Style.bold(
        say(
          vi: "Đã sửa (\(ruling.by)):", en: "Corrected (\(ruling.by)):",
          uk: "Виправлено (\(ruling.by)):")))
    for correction in corrections {
      Program.write("  " + (try open.text(of: correction, in: work)))
    }
    sayTaken(taken)
  }
}

extension OpenHub {
  /// Reads `TABLE/ID.COLUMN=VALUE` for a quarantined change set.
  ///
  /// - Throws: ``Failure`` for what is in no such form, or not in the change set.
  fileprivate func correction(_ text: String, of work: QuarantinedWork) throws -> Correction {
    let rows = rows(of: work)
    guard let sign = text.firstIndex(of: "=") else { throw malformed(text) }
    var place = text[..<sign]
    let dot = place.lastIndex(of: ".")
    let entry = String(text[(dot.map(text.index(after:)) ?? text.startIndex)...])
    place = dot.map { place[..<$0] } ?? ""
    if place.isEmpty {
      guard let row = rows.first, rows.count == 1 else { throw malformed(text) }
      return try correction(entry, of: row)
    }
    guard let slash = place.firstIndex(of: "/") else { throw malformed(text) }
    let table = String(place[..<slash])
    let id = String(place[place.index(after: slash)...])
    let row = try Abbreviation.find(
      id, among: rows.filter { $0.table.name == table }, id: \.key.description,
      describe: { "\($0.table.name)/\($0.key)" })
    return try correction(entry, of: row)
  }

  private func correction(_ entry: String, of row: RecordReference) throws -> Correction {
    let entry = try ValueEntry(entry, table: row.table)
    return Correction(
      table: row.table.name, key: row.key, column: entry.column, value: entry.value)
  }

  /// The rows that a change set writes and that can be corrected.
  private func rows(of work: QuarantinedWork) -> [RecordReference] {
    var rows: [RecordReference] = []
    for change in work.changeSet?.changes ?? [] where change.operation != .delete {
      guard let table = hub.schema.table(number: change.table) else { continue }
      let row = RecordReference(table: table, key: change.key)
      if !rows.contains(row) { rows.append(row) }
    }
    return rows
  }

  /// `Số người dự: -5 → 5`, before and after.
  fileprivate func text(of correction: Correction, in work: QuarantinedWork) throws -> String {
    let table = hub.schema.table(named: correction.table)
    let number = table?.index(named: correction.column).flatMap { table?.columns[$0].number }
    let written =
      work.changeSet?.changes.last { $0.table == table?.number && $0.key == correction.key }?
      .fields.first { $0.column == number }?.after ?? .null
    let title = RecordKinds.title(ofColumn: correction.column, in: correction.table).text
    let before = try shown(written, in: correction.table, column: correction.column)
    let after = try shown(correction.value, in: correction.table, column: correction.column)
    return "\(title): \(clipped(before, to: 70)) → \(Style.good(clipped(after, to: 70)))"
  }

  private func malformed(_ text: String) -> Failure {
    Failure(
      .usage,
      Phrase(
        vi: "“\(text)” không có dạng BẢNG/MÃ.CỘT=GIÁ TRỊ.",
        en: "“\(text)” is not TABLE/ID.COLUMN=VALUE.",
        uk: "«\(text)» не має вигляду ТАБЛИЦЯ/КОД.СТОВПЕЦЬ=ЗНАЧЕННЯ."))
  }
}
