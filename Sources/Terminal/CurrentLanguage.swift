import Foundation
package import FieldModel

extension Language {
  /// The language of this run: `--lang`, else `THUAN_LANG` or `LANG`, else Vietnamese.
  ///
  /// It is known before the arguments are parsed, since help and errors are in it too.
  package static let current = chosen(
    arguments: CommandLine.arguments, environment: ProcessInfo.processInfo.environment)

  static func chosen(arguments: [String], environment: [String: String]) -> Language {
    var wanted: [String] = []
    for (index, argument) in arguments.enumerated() {
      if argument == "--lang", index + 1 < arguments.count { wanted.append(arguments[index + 1]) }
      if argument.hasPrefix("--lang=") { wanted.append(String(argument.dropFirst(7))) }
    }
    for name in ["THUAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
      if let value = environment[name], !value.isEmpty { wanted.append(value) }
    }
    for code in wanted {
      if let language = Language(rawValue: String(code.lowercased().prefix(2))) { return language }
    }
    return .vi
  }
}

extension Phrase {
  /// The phrase in the language of this run.
  package var text: String { text(Language.current) }
}

/// A sentence in the language of this run.
package func say(vi: String, en: String, uk: String) -> String {
  Phrase(vi: vi, en: en, uk: uk).text
}
