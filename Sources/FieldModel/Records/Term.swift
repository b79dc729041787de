package import SyncCore

/// A value that a column may hold, and what people call it.
package struct Term: Equatable, Sendable {
  /// As it is stored.
  package let value: String
  package let phrase: Phrase

  package init(_ value: String, _ vi: String, _ en: String, _ uk: String) {
    self.value = value
    phrase = Phrase(vi: vi, en: en, uk: uk)
  }
}

extension [Term] {
  /// What people call a stored value; nothing if it is not in the list.
  package subscript(_ value: String) -> Phrase? { first { $0.value == value }?.phrase }

  /// The stored value that a person means, who may have typed the term instead.
  package func value(for text: String) -> String? {
    if let term = first(where: { $0.value == text || $0.value == text.lowercased() }) {
      return term.value
    }
    let folded = Folding.fold(text)
    return first { term in
      Language.allCases.contains { Folding.fold(term.phrase.text($0)) == folded }
        || Folding.fold(term.value) == folded
    }?.value
  }
}

extension Term {
  /// The forms that a session of the given kind can have (Law 75/2015, articles 27 and 34).
  package static func forms(of kind: SyncCore.Value?) -> [Term] {
    let names: Set<String>
    switch kind?.text {
    case "monitoring": names = ["document_review", "team", "boards", "join_authority"]
    case "criticism": names = ["conference", "written", "dialogue"]
    case "dialogue": names = ["dialogue"]
    default: return sessionForm
    }
    return sessionForm.filter { names.contains($0.value) }
  }
}
