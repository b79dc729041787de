import ArgumentParser
import FieldModel
import Terminal
import Testing

/// The argument parser speaks English; our readers do not have to.
struct ParserWordsTests {
  private struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "thuan", version: "1", subcommands: [Part.self])
  }

  private struct Part: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "part")
    enum Mode: String, ExpressibleByArgument, CaseIterable { case one, two }
    @Option var number = 3
    @Option var mode = Mode.one
    @Flag var loud = false
    @Argument var text: String
  }

  private static let english = [
    "OVERVIEW", "USAGE", "Usage", "ARGUMENTS", "OPTIONS", "SUBCOMMANDS", "Help:", "Error",
    "Missing",
    "expected", "argument", "value", "Unknown", "option", "Did you", "invalid", "provide",
    "default",
    "See", "information", "Unexpected", "unexpected", "already", "subcommand", " or ", " and ",
  ]

  @Test(arguments: [
    ["--help"], ["part", "--help"], ["part"], ["part", "--number"], ["part", "x", "--nmber", "4"],
    ["part", "x", "--number", "four"], ["part", "x", "y"], ["part", "x", "y", "z"],
    ["part", "x", "--mode", "three"], ["help", "part"], ["part", "x", "-q"], ["nothing"],
  ])
  func `what the parser says is in the reader's language`(_ words: [String]) throws {
    do {
      var command = try Sample.parseAsRoot(words)
      try command.run()
      Issue.record("nothing was said to \(words)")
    } catch {
      let message = Sample.fullMessage(for: error)
      for language in [Language.vi, .uk] {
        let text = ParserWords.localised(message, in: language)
        for word in Self.english { #expect(!text.contains(word), "\(word) in: \(text)") }
      }
      #expect(ParserWords.localised(message, in: .en) == message)
    }
  }
}
