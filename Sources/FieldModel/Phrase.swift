/// A language that people are addressed in.
package enum Language: String, CaseIterable, Sendable {
  case vi, en, uk
}

/// A sentence or term in all three languages.
///
/// There is no way to write one in fewer.
package struct Phrase: Equatable, Sendable {
  package let vi: String
  package let en: String
  package let uk: String

  package init(vi: String, en: String, uk: String) {
    self.vi = vi
    self.en = en
    self.uk = uk
  }

  package func text(_ language: Language) -> String {
    switch language {
    case .vi: vi
    case .en: en
    case .uk: uk
    }
  }
}
