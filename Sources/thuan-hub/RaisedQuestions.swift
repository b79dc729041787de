import ArgumentParser
import FieldModel
import SyncHub
import Terminal

/// What a decision would ask is shown before it is made.
struct RaisedQuestionOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      say(
        vi: "Quyết định cả khi việc này đặt ra câu hỏi mới.",
        en: "Decide although that raises new questions.",
        uk: "Вирішити, хоч це й порушує нові питання.")))
  var anyway = false
}

extension OpenHub {
  /// Decides; where that would raise questions, they are shown, and whoever decides is asked.
  ///
  /// - Parameters:
  ///   - options: Whether to ask at all.
  ///   - decide: Decides, given the questions that it may raise; nothing for all.
  /// - Returns: What deciding returns.
  /// - Throws: ``Failure`` where nobody can be asked, or says no; nothing is decided then.
  func decide<T>(
    _ options: RaisedQuestionOptions, _ decide: (Set<RaisedQuestion>?) throws -> T
  ) throws -> T {
    var accepted: Set<RaisedQuestion>? = options.anyway ? nil : []
    while true {
      do { return try decide(accepted) } catch HubError.wouldAsk(let questions) {
        try show(questions)
        guard Questions.canAsk, try isConfirmed() else { throw Self.nothingDecided }
        accepted = Set(questions)
      }
    }
  }

  private func show(_ questions: [RaisedQuestion]) throws {
    Program.write(
      Style.warning(
        say(
          vi: "Quyết định này sẽ đặt ra câu hỏi mới:", en: "This decision would ask:",
          uk: "Це рішення порушить питання:")), toErrors: true)
    for question in questions {
      Program.write("  • " + question.kind.words(in: question.table).text, toErrors: true)
      var keys = [question.key]
      if let other = question.otherKey, other != question.key { keys.append(other) }
      for key in keys {
        Program.write("    " + (try description(of: question.table, key)), toErrors: true)
      }
      if question.otherKey != nil {
        let rule = FieldRules.sentence(of: question.unit, in: question.table).text
        Program.write("    " + rule, toErrors: true)
      }
    }
  }

  private func isConfirmed() throws -> Bool {
    let answer = try Questions.ask(
      Phrase(
        vi: "Vẫn quyết định? (c/k)", en: "Decide all the same? (y/n)",
        uk: "Усе одно вирішити? (т/н)"), isRequired: false)
    return ["c", "có", "y", "yes", "т", "так"].contains(answer?.lowercased())
  }

  private static let nothingDecided = Failure(
    .input,
    Phrase(
      vi: "Chưa quyết định gì.", en: "Nothing was decided.", uk: "Нічого не вирішено."),
    hint: Phrase(
      vi: "Vẫn muốn quyết định: thêm --anyway.", en: "To decide all the same, add --anyway.",
      uk: "Щоб вирішити попри це, додайте --anyway."))
}
