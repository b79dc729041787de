package import ArgumentParser
package import FieldModel

/// What ended a command, as a person is told and as a script can tell apart.
///
/// The codes are stable.
package struct Failure: Error {
  package enum Kind: Int32, Sendable {
    /// Something that should not happen.
    case `internal` = 1
    /// No such record, or an abbreviation that fits several.
    case notFound = 2
    /// Something changed meanwhile; look again and repeat.
    case changed = 3
    /// A check found something wrong.
    case problems = 4
    /// The command line is wrong (what swift-argument-parser uses).
    case usage = 64
    /// What was entered or imported is wrong.
    case input = 65
    /// The store cannot be opened: not there, no database, written by a newer program.
    case store = 66
    /// The hub cannot be reached, or what answers is no hub.
    case unreachable = 69
    /// The disk is full, or the place cannot be written.
    case storage = 74
    /// The store is in use by another program; try again.
    case busy = 75
    /// The hub does not let this device in.
    case denied = 77
  }

  package let kind: Kind
  package let what: Phrase
  /// What to do about it.
  package let hint: Phrase?

  package init(_ kind: Kind, _ what: Phrase, hint: Phrase? = nil) {
    self.kind = kind
    self.what = what
    self.hint = hint
  }

  package var exitCode: ExitCode { ExitCode(kind.rawValue) }
}
