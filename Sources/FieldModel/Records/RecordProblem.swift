/// What is wrong with what a person entered or asked for, in words for that person.
package struct RecordProblem: Error, Equatable {
  package enum Kind: Sendable {
    /// There is no such record, or an abbreviation fits several.
    case notFound
    /// A value cannot be what it was given for.
    case input
  }

  package let kind: Kind
  package let what: Phrase
  package let hint: Phrase?

  package init(_ kind: Kind, _ what: Phrase, hint: Phrase? = nil) {
    self.kind = kind
    self.what = what
    self.hint = hint
  }
}
