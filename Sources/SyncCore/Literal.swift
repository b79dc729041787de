/// A value as a declaration spells it, without saying of what type it is.
///
/// Of what type the column is only the database knows, and in a column of another type the same word is
/// another value: `1` is a number here and a text there. What is private would be handed out if the two
/// were not taken for the same.
package struct Literal: Sendable {
  private let word: String

  package init(_ word: Substring) { self.word = String(word) }

  /// All values that are spelt so, the text first: a column holds one of them.
  package var values: [Value] {
    guard let number else { return [.text(word)] }
    let integer = Int64(word) ?? Int64(exactly: number)
    return [.text(word)] + (integer.map { [.integer($0)] } ?? []) + [.real(number)]
  }

  /// The value where nothing is known of the column: a whole number if it is spelt as one is.
  package var value: Value {
    if let integer = Int64(word), String(integer) == word { return .integer(integer) }
    return .text(word)
  }

  /// The number that SQL would read in it; words such as `inf` are none.
  private var number: Double? {
    word.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(word) : nil
  }
}
