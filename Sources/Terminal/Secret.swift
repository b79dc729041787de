import FieldModel
import Foundation

/// Asks for a password without showing it.
package enum Secret {
  /// - Parameter twice: Whether it has to be typed twice, on a terminal.
  /// - Returns: The password as it was typed.
  /// - Throws: ``Failure`` if the input ends or the two differ.
  package static func ask(twice: Bool) throws -> String {
    let first = try line(Phrase(vi: "Mật khẩu", en: "Password", uk: "Пароль"))
    guard twice, Questions.canAsk else { return first }
    let second = try line(Phrase(vi: "Gõ lại", en: "Once more", uk: "Ще раз"))
    guard first == second else {
      throw Failure(
        .input,
        Phrase(
          vi: "Hai lần gõ khác nhau.", en: "The two are not the same.", uk: "Паролі різні."))
    }
    return first
  }

  private static func line(_ question: Phrase) throws -> String {
    let isTerminal = isatty(STDIN_FILENO) == 1
    if isTerminal { Program.write("\(question.text): ", toErrors: true, terminator: "") }
    var shown = termios()
    if isTerminal {
      unsafe tcgetattr(STDIN_FILENO, &shown)
      var hidden = shown
      hidden.c_lflag &= ~tcflag_t(ECHO)
      unsafe tcsetattr(STDIN_FILENO, TCSANOW, &hidden)
    }
    defer {
      if isTerminal {
        unsafe tcsetattr(STDIN_FILENO, TCSANOW, &shown)
        Program.write("", toErrors: true)
      }
    }
    guard let line = readLine() else {
      throw Failure(
        .input, Phrase(vi: "Đã dừng nhập.", en: "Input ended.", uk: "Введення перервано."))
    }
    return line
  }
}
