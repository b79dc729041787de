import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log",
    abstract: say(
      vi: "Lịch sử thay đổi của một bản ghi, hoặc của cả máy chủ.",
      en: "The history of a record, or of the whole hub.",
      uk: "Історія змін запису або всього хаба."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions

  @Argument(
    help: ArgumentHelp(
      say(
        vi: "Mã bản ghi, hoặc BẢNG:MÃ.", en: "A record's id, or TABLE:ID.",
        uk: "Код запису або ТАБЛИЦЯ:КОД."),
      valueName: say(vi: "bản-ghi", en: "record", uk: "запис")))
  var record: String?

  @OptionGroup var length: LengthOption

  func run() throws {
    let open = try options.open()
    var entries: [HistoryEntry]
    if let record {
      let found = try open.record(record)
      entries = try open.hub.history(of: found.table.name, found.key).suffix(length.limit)
      if !listing.json {
        Program.write(Style.bold(try open.description(of: found.table.name, found.key)))
      }
    } else {
      entries = try open.hub.history(limit: length.limit)
    }
    if listing.json { return Program.write(Cell.list(entries.map(cell)).json) }
    if entries.isEmpty {
      return Program.write(
        say(vi: "Chưa có thay đổi nào.", en: "There are no changes.", uk: "Змін немає."))
    }
    for entry in entries { Program.write(try text(of: entry, open)) }
  }

  private func text(of entry: HistoryEntry, _ open: OpenHub) throws -> String {
    var head = "#\(entry.number)  \(entry.author.sentence)  \(entry.operation.words.text)"
    if let officer = entry.recordedFor {
      let name = try open.name("officer", RowKey([.text(officer)]))
      head += say(vi: ", ghi thay \(name)", en: ", for \(name)", uk: ", за \(name)")
    }
    if entry.isForeign {
      head += say(
        vi: " (bằng chương trình khác)", en: " (by another program)", uk: " (іншою програмою)")
    }
    var lines = [Style.faint(head)]
    if record == nil { lines.append("  " + (try open.description(of: entry.table, entry.key))) }
    if let conflict = entry.conflict { lines.append("  " + (try decision(entry, conflict, open))) }
    // Among the hub's last changes a new record is named, not told.
    let isTold = entry.operation == .update || (entry.operation == .insert && record != nil)
    // A group of columns travels whole; what did not change in it tells nothing.
    for field in entry.fields where isTold && field.before != field.after {
      let title = RecordKinds.title(ofColumn: field.column, in: entry.table).text
      let after = try open.shown(field.after, in: entry.table, column: field.column)
      let before = try open.shown(field.before, in: entry.table, column: field.column)
      let outcome =
        field.outcome == .applied ? "" : Style.warning("  (\(field.words.text))")
      lines.append(
        entry.operation == .insert
          ? "    \(title): \(after)\(outcome)" : "    \(title): \(before) → \(after)\(outcome)")
    }
    return lines.joined(separator: "\n")
  }

  /// The decision that a change set carried out; the conflict itself keeps the last one only.
  private func decision(_ entry: HistoryEntry, _ conflict: String, _ open: OpenHub) throws -> String
  {
    let row = try open.rows(
      "SELECT reason, undone_at FROM hub_decision WHERE number = ?", [.integer(entry.number)]
    ).first
    var text = what(conflict)
    if let reason = row?[0].text, !reason.isEmpty { text += ": \(reason)" }
    if let row, row[1] != .null {
      text += say(vi: " (đã hoàn tác)", en: " (taken back)", uk: " (скасовано)")
    }
    return text
  }

  private func what(_ decision: String) -> String {
    if let number = Hub.amendedNumber(decision) {
      return say(
        vi: "Sửa để nhận lần ghi số \(number)", en: "Correction to take in no. \(number)",
        uk: "Виправлення, щоб прийняти № \(number)")
    }
    let id = Abbreviation.shown(conflict: decision)
    return say(
      vi: "Quyết định về xung đột \(id)", en: "Decision about conflict \(id)",
      uk: "Рішення про конфлікт \(id)")
  }

  private func cell(_ entry: HistoryEntry) -> Cell {
    .object([
      ("number", .integer(entry.number)), ("table", .text(entry.table)),
      ("key", .text(entry.key.description)), ("operation", .text("\(entry.operation)")),
      ("author", entry.author.cell), ("foreign", .flag(entry.isForeign)),
      ("recorded_for", .optional(entry.recordedFor)),
      ("conflict", .optional(entry.conflict)),
      (
        "fields",
        .list(
          entry.fields.map { field in
            .object([
              ("column", .text(field.column)), ("before", Cell(field.before)),
              ("after", Cell(field.after)),
              ("outcome", .text(field.isSettled ? "settled" : "\(field.outcome)")),
            ])
          })
      ),
    ])
  }
}
