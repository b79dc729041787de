package import FieldModel
import Foundation

/// Asks on a terminal for what the flags did not say.
package enum Questions {
  /// Whether a person sits at both ends.
  package static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Asks until there is an answer that fits.
  ///
  /// - Parameters:
  ///   - question: What is asked.
  ///   - isRequired: Whether an empty answer is none.
  ///   - check: Says what is wrong with an answer, or nothing.
  /// - Returns: The answer, or nothing for an empty one.
  /// - Throws: ``Failure`` if the input ends.
  package static func ask(
    _ question: Phrase, isRequired: Bool = true, check: (String) -> Phrase? = { _ in nil }
  ) throws -> String? {
    while true {
      Program.write("\(question.text): ", toErrors: true, terminator: "")
      guard let line = readLine() else {
        throw Failure(
          .input, Phrase(vi: "Đã dừng nhập.", en: "Input ended.", uk: "Введення перервано."))
      }
      let answer = line.trimmingCharacters(in: .whitespaces)
      if answer.isEmpty {
        if !isRequired { return nil }
        continue
      }
      guard let problem = check(answer) else { return answer }
      Program.write(problem.text, toErrors: true)
    }
  }

  /// Asks to choose one of several.
  package static func choose<Option>(
    _ question: Phrase, _ options: [(option: Option, name: String)]
  ) throws -> Option {
    for (index, option) in options.enumerated() {
      Program.write("  \(index + 1). \(option.name)", toErrors: true)
    }
    let answer = try ask(question) { answer in
      if let number = Int(answer), options.indices.contains(number - 1) { return nil }
      return Phrase(
        vi: "Nhập số từ 1 đến \(options.count).", en: "Enter a number from 1 to \(options.count).",
        uk: "Уведіть число від 1 до \(options.count).")
    }
    return options[(answer.flatMap { Int($0) } ?? 1) - 1].option
  }
}
