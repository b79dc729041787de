import Foundation

/// Colour, where a person looks at a terminal and has not asked for none (`NO_COLOR`).
///
/// Styled text carries marks that nobody outside this run can know. Only ``Program/write(_:toErrors:terminator:)``
/// turns them into a terminal's codes, after it has neutralised everything else, so that colour is
/// never mistaken for what a record says, nor the other way round.
package enum Style {
  private static let isOn =
    isTerminal && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  private static let mark = "\u{F0000}\(UInt64.random(in: 0...UInt64.max))["

  package static func bold(_ text: String) -> String { code(1, text) }
  package static func faint(_ text: String) -> String { code(2, text) }
  package static func good(_ text: String) -> String { code(32, text) }
  package static func warning(_ text: String) -> String { code(33, text) }
  package static func bad(_ text: String) -> String { code(31, text) }

  /// Dark on light, whatever the terminal's own colours are.
  package static func darkOnLight(_ text: String) -> String { code(30, code(47, text)) }

  /// Whether a person looks at a terminal.
  package static let isTerminal = isatty(STDOUT_FILENO) == 1

  private static func code(_ number: Int, _ text: String) -> String {
    isOn ? marked(number, text) : text
  }

  /// Text that will stand in a style, whether or not this run has colour.
  package static func marked(_ number: Int, _ text: String) -> String {
    "\(mark)\(number)m\(text)\(mark)0m"
  }

  /// Text as a terminal is to get it: nothing in it steers but our own styles.
  package static func painted(_ text: String) -> String {
    text.harmless.replacing(mark, with: "\u{1B}[")
  }
}
