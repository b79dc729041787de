/// What a column may hold besides null.
package enum ColumnKind: Sendable {
  case integer, real, text, blob
  /// Anything, or what storing it would make of it.
  case any

  /// By the type of a column in a table whose columns hold to their types.
  package init(declared type: String) {
    switch type.uppercased() {
    case "INT", "INTEGER": self = .integer
    case "REAL": self = .real
    case "TEXT": self = .text
    case "BLOB": self = .blob
    default: self = .any
    }
  }

  /// Whether a value may be stored.
  ///
  /// What a column would turn into something else is not what its writer sent: two sides would hold
  /// different values and nobody would have written one of them. A text with a zero in it ends there
  /// for others.
  package func takes(_ value: Value) -> Bool {
    guard case .any = self else { return keeps(value) }
    return value.text.map { !$0.containsZero } ?? true
  }

  /// Whether a value is known to be stored as it is.
  package func keeps(_ value: Value) -> Bool {
    switch (self, value) {
    case (_, .null), (.integer, .integer), (.real, .real), (.blob, .blob): true
    case (.text, .text(let text)): !text.containsZero
    default: false
    }
  }
}
