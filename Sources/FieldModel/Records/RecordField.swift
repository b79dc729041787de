/// A column as people know it.
package struct RecordField: Sendable {
  /// What a column holds, and so how it is asked for, checked and shown.
  package enum Form: Sendable {
    case line
    /// Text of several paragraphs.
    case prose
    case day
    case time
    case integer
    case decimal
    case flag
    case choice([Term])
    /// One of a list that is open.
    case tag([Term])
    /// The key of a row of the named table.
    case reference(String)
    /// An instant in ISO 8601.
    case instant
    /// An officer's id.
    case officer
  }

  package struct Traits: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let required = Traits(rawValue: 1)
    package static let listed = Traits(rawValue: 2)
    /// Set by the program or by the hub, never by a flag.
    package static let automatic = Traits(rawValue: 4)
    /// Asked for on a terminal although it may stay empty.
    package static let asked = Traits(rawValue: 8)
    /// Part of the words by which people know the record.
    package static let label = Traits(rawValue: 16)
    /// Fixed once the record's `frozen_at` is set: it stands in a signed paper.
    package static let freezes = Traits(rawValue: 32)
  }

  package let column: String
  /// The option that sets it, without dashes.
  package let flag: String
  package let title: Phrase
  package let form: Form
  package let traits: Traits

  package init(
    _ column: String, _ form: Form, flag: String? = nil, _ vi: String, _ en: String, _ uk: String,
    _ traits: Traits = []
  ) {
    self.column = column
    self.flag = flag ?? column.split(separator: "_").joined(separator: "-")
    title = Phrase(vi: vi, en: en, uk: uk)
    self.form = form
    self.traits = traits
  }

  package var isRequired: Bool { traits.contains(.required) }
  package var isListed: Bool { traits.contains(.listed) }
  package var isAutomatic: Bool { traits.contains(.automatic) }

  /// The values that it may hold, where they are a list.
  package var terms: [Term] {
    switch form {
    case .choice(let terms), .tag(let terms): terms
    default: []
    }
  }

  /// Whether words are searched for in it.
  package var isText: Bool {
    switch form {
    case .line, .prose: true
    default: false
    }
  }
}
