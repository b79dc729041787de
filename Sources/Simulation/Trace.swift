/// What happened, a line each, as a person reads it and as two runs are compared.
package final class Trace {
  package private(set) var lines: [String] = []
  private let isKept: Bool
  private var prints: Bool

  /// - Parameters:
  ///   - isKept: Whether lines are kept for whoever asks.
  ///   - prints: Whether lines go to standard output as they come.
  package init(isKept: Bool, prints: Bool = false) {
    self.isKept = isKept
    self.prints = prints
  }

  func note(_ line: @autoclosure () -> String) {
    guard isKept || prints else { return }
    let line = line()
    if prints { print(line) }
    if isKept { lines.append(line) }
  }
}

/// A law that was broken, or something else that must not happen.
package struct Violation: Error, CustomStringConvertible {
  package let law: Law
  package let what: String

  package enum Law: String {
    case conservation = "L1"
    case convergence = "L2"
    case noPhantom = "L3"
    case transactions = "L4"
    case exactlyOnce = "L5"
    case liveness = "L6"
    case honestStatus = "L7"
    case readYourWrites = "L8"
    case clocks = "L9"
    case decisions = "L10"
    /// Somebody holds what is none of his.
    case scope = "scope"
    /// What a store or the hub says of itself, or SQLite of a file.
    case integrity = "integrity"
    /// An error that nobody provoked.
    case unexpected = "unexpected"
    /// The same seed gave two traces.
    case determinism = "determinism"
  }

  package var description: String { "\(law.rawValue): \(what)" }
}
