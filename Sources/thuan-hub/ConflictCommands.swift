import ArgumentParser
import FieldModel
import SyncCore
import SyncHub
import Terminal

struct ConflictsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflicts",
    abstract: say(
      vi: "Các xung đột chờ xử lý, cũ nhất trước.", en: "Conflicts that wait, the oldest first.",
      uk: "Конфлікти, що чекають, найдавніші перші."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var operatorOptions: OperatorOptions

  @Flag(
    help: ArgumentHelp(
      say(vi: "Cả đã xử lý.", en: "Also those decided.", uk: "Також вирішені.")))
  var all = false

  func run() throws {
    let open = try options.open()
    let conflicts = try open.hub.conflicts(openOnly: !all)
    if listing.json {
      Program.write(Cell.list(try conflicts.map { try open.cells(of: $0) }).json)
      return open.noteShown(conflicts, to: operatorOptions.name)
    }
    if conflicts.isEmpty {
      return Program.write(
        say(
          vi: "Không có xung đột nào chờ xử lý.", en: "No conflict waits for a decision.",
          uk: "Немає конфліктів, що чекають рішення."))
    }
    let texts = try conflicts.map { try open.text(of: $0) }
    Program.write(texts.joined(separator: "\n\n"))
    open.noteShown(conflicts, to: operatorOptions.name)
    Program.write(
      Style.faint(
        "\n"
          + say(
            vi: "\(conflicts.count) xung đột. Xử lý: thuan-hub resolve MÃ --take N --reason …",
            en: "\(conflicts.count) conflicts. To decide: thuan-hub resolve ID --take N --reason …",
            uk: "Конфліктів: \(conflicts.count). Рішення: thuan-hub resolve КОД --take N --reason …"
          )), toErrors: true)
  }
}

struct ConflictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conflict",
    abstract: say(
      vi: "Chi tiết một xung đột.", en: "One conflict in detail.", uk: "Один конфлікт докладно."))

  @OptionGroup var options: HubOptions
  @OptionGroup var listing: ListingOptions
  @OptionGroup var operatorOptions: OperatorOptions

  @Argument(help: conflictHelp)
  var id: String

  func run() throws {
    let open = try options.open()
    let conflict = try open.conflict(id)
    Program.write(
      listing.json ? try open.cells(of: conflict).json : try open.text(of: conflict))
    open.noteShown([conflict], to: operatorOptions.name)
    guard !listing.json, conflict.state.isOpen else { return }
    Program.write(Style.faint("\n" + conflict.waysOut.text))
  }
}

let conflictHelp = ArgumentHelp(
  say(vi: "Mã xung đột.", en: "The conflict's id.", uk: "Код конфлікту."),
  valueName: say(vi: "mã", en: "id", uk: "код"))

extension Conflict {
  /// Which choices fit its kind.
  fileprivate var waysOut: Phrase {
    let start = "thuan-hub resolve \(Abbreviation.shown(conflict: id)) --version \(version)"
    let value = say(vi: "CỘT=GIÁ-TRỊ", en: "COLUMN=VALUE", uk: "СТОВПЕЦЬ=ЗНАЧЕННЯ")
    let choices =
      if otherKey != nil {
        "--both | --amend \(say(vi: "MÃ", en: "ID", uk: "КОД")) \(value)"
      } else if unit.isEmpty {
        "--keep | --delete"
      } else {
        "--current | --take N | --write \(value)"
      }
    return Phrase(
      vi: "Xử lý: \(start) (\(choices)) --reason …",
      en: "To decide: \(start) (\(choices)) --reason …",
      uk: "Рішення: \(start) (\(choices)) --reason …")
  }
}

struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo",
    abstract: say(
      vi: "Hoàn tác quyết định về một xung đột.", en: "Take a decision about a conflict back.",
      uk: "Скасувати рішення про конфлікт."))

  @OptionGroup var options: HubOptions
  @OptionGroup var rulingOptions: RulingOptions
  @OptionGroup var questions: RaisedQuestionOptions

  @Argument(help: conflictHelp)
  var id: String

  func run() throws {
    let open = try options.open()
    let conflict = try open.conflict(id)
    let ruling = try rulingOptions.ruling()
    try open.decide(questions) { try open.hub.undo(conflict.id, ruling, accepting: $0) }
    Program.write(
      say(
        vi: "Đã hoàn tác; xung đột mở lại:", en: "Taken back; the conflict is open again:",
        uk: "Скасовано; конфлікт відкрито знову:"))
    let again = try open.hub.conflict(conflict.id)
    Program.write(try open.text(of: again))
    open.noteShown([again], to: ruling.by)
  }
}

extension OpenHub {
  /// Notes which versions an operator has been shown.
  ///
  /// Where that cannot be written he was shown them all the same, and is only asked to look once more
  /// before he decides.
  func noteShown(_ conflicts: [Conflict], to reader: String) {
    try? hub.noteShown(conflicts, to: reader)
  }
}
