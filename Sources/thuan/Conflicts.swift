import ArgumentParser
import FieldModel
import SyncDevice
import Terminal

/// The command `thuan conflicts [--all]`.
struct Conflicts: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Xung đột chờ người điều phối quyết định.",
        en: "Conflicts that wait for the operator’s decision.",
        uk: "Конфлікти, що чекають рішення оператора."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Cả những xung đột đã xử lý.", en: "Also those that are resolved.",
        uk: "Також вирішені.")))
  var all = false

  func run() throws {
    let field = try FieldStore(common.store)
    let text = try field.read { lookup, db in
      let conflicts = try ConflictView.all(openOnly: !all, schema: field.store.schema, in: db)
      let names = ConflictText(lookup)
      if output.json { return Cell.list(try conflicts.map(names.cell)).json }
      if conflicts.isEmpty {
        return say(vi: "Không có xung đột nào.", en: "No conflicts.", uk: "Конфліктів немає.")
      }
      return try conflicts.flatMap { conflict in
        let question = names.question(conflict)
        return [
          Style.bold(try names.place(conflict)),
          "  \(ConflictText.name(conflict).text)"
            + (question.isEmpty ? "" : ": \(question)")
            + " — \(ConflictText.state(conflict).text), \(localTime(conflict.openedMilliseconds))",
        ] + (try names.candidates(conflict, column: nil)).map { "    " + $0 }
      }.joined(separator: "\n")
    }
    Program.write(text)
  }
}
