package import ArgumentParser
import FieldModel
import Foundation

/// Runs a program's root command and turns whatever ends it into words and an exit code.
package enum Program {
  /// What `--version` says of both programs.
  package static let version = "1.0.0"

  /// Runs the command that the arguments name.
  ///
  /// - Parameters:
  ///   - root: The program's root command.
  ///   - explain: Turns errors of the program's own parts into failures; nothing for an error that
  ///     it does not know.
  package static func run(
    _ root: any ParsableCommand.Type, explain: (any Error) -> Failure?
  ) async -> Never {
    // What is recorded is about people: what these programs make is for its owner alone.
    _ = umask(0o077)
    do {
      var command = try root.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      exit(0)
    } catch let failure as Failure {
      report(failure)
    } catch let error where isParsersOwn(error) {
      let code = root.exitCode(for: error)
      let message = root.fullMessage(for: error)
      if !message.isEmpty { write(ParserWords.localised(message), toErrors: !code.isSuccess) }
      exit(code.rawValue)
    } catch {
      report(explain(error) ?? .unexpected(error))
    }
  }

  private static func isParsersOwn(_ error: any Error) -> Bool {
    let module = String(reflecting: type(of: error))
    return module.hasPrefix("ArgumentParser.")
  }

  private static func report(_ failure: Failure) -> Never {
    let label = say(vi: "Lỗi", en: "Error", uk: "Помилка")
    write("\(label): \(failure.what.text)", toErrors: true)
    if let hint = failure.hint { write("  → \(hint.text)", toErrors: true) }
    exit(failure.kind.rawValue)
  }

  /// Writes a line; to the error stream for what is no result.
  ///
  /// Everything that a terminal gets goes through here or ``writeOver(_:)``, and is harmless then.
  package static func write(_ text: String, toErrors: Bool = false, terminator: String = "\n") {
    let handle = toErrors ? FileHandle.standardError : FileHandle.standardOutput
    try? handle.write(contentsOf: Data((Style.painted(text) + terminator).utf8))
  }

  /// Writes over the line that the terminal's cursor is in; nothing clears it.
  package static func writeOver(_ text: String) {
    let line = "\r\u{1B}[K" + Style.painted(text)
    try? FileHandle.standardError.write(contentsOf: Data(line.utf8))
  }
}
