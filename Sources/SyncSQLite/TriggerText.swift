/// What a trigger's statement says that it does, as far as the engine has to know.
///
/// SQLite tells nobody what a trigger writes, but its grammar is narrow: inside one only four kinds of
/// statement write, and none of them names a table by anything but its bare name.
struct TriggerText {
  /// The tables and views that it writes to, in small letters.
  let targets: Set<String>
  /// Whether it may break off what fired it, or have it passed over (`RAISE`).
  let mayRaise: Bool

  init(_ sql: String) {
    let words = SQLWords(sql).words
    var targets: Set<String> = []
    var mayRaise = false
    for index in words.indices {
      let rest = words[index...]
      if rest.starts(with: ["RAISE", "("]) { mayRaise = true }
      if let target = Self.target(rest) { targets.insert(target.lowercased()) }
    }
    (self.targets, self.mayRaise) = (targets, mayRaise)
  }

  /// The name of what a statement writes to, if one that does begins here.
  ///
  /// Looked for everywhere: where the header of a trigger ends only a whole parser could tell, since
  /// nearly all of its words may be names too.
  private static func target(_ words: ArraySlice<SQLWords.Word>) -> String? {
    guard let first = words.first?.keyword else { return nil }
    var rest = words.dropFirst()
    if first == "INSERT" || first == "UPDATE", rest.first?.keyword == "OR" {
      rest = rest.dropFirst(2)
    }
    switch first {
    case "INSERT", "REPLACE":
      return rest.first?.keyword == "INTO" ? rest.dropFirst().first?.name : nil
    case "DELETE": return rest.first?.keyword == "FROM" ? rest.dropFirst().first?.name : nil
    case "UPDATE":
      let next = rest.dropFirst().first?.keyword
      return ["SET", "INDEXED", "NOT"].contains(next) ? rest.first?.name : nil
    default: return nil
    }
  }
}

extension ArraySlice<SQLWords.Word> {
  fileprivate func starts(with keywords: [String]) -> Bool {
    prefix(keywords.count).map(\.keyword) == keywords
  }
}

/// A statement's words, without what stands between them.
private struct SQLWords {
  enum Word {
    case bare(String)
    /// Between quotation marks of whatever kind: a name, or a text, which SQLite takes for a name where
    /// only that can stand.
    case quoted(String)
    case sign(Character)

    /// What SQL may read as one of its own words, in capitals.
    var keyword: String? {
      switch self {
      case .bare(let word): word.uppercased()
      case .sign(let sign): String(sign)
      case .quoted: nil
      }
    }

    var name: String? {
      switch self {
      case .bare(let word), .quoted(let word): word
      case .sign: nil
      }
    }
  }

  private(set) var words: [Word] = []
  private var rest: Substring.UnicodeScalarView

  init(_ sql: String) {
    rest = Substring(sql).unicodeScalars
    while let scalar = rest.popFirst() { read(scalar) }
  }

  private mutating func read(_ scalar: Unicode.Scalar) {
    switch scalar {
    case "-" where rest.first == "-": skip(past: ["\n"])
    case "/" where rest.first == "*":
      rest.removeFirst()
      skip(past: ["*", "/"])
    case "'", "\"", "`": words.append(.quoted(quoted(by: scalar)))
    case "[": words.append(.quoted(bracketed()))
    case _ where Self.isWord(scalar): words.append(.bare(word(from: scalar)))
    case _ where scalar.properties.isWhitespace: break
    default: words.append(.sign(Character(scalar)))
    }
  }

  /// As SQLite sees it: letters, digits, `_`, `$`, and whatever is not ASCII.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value > 127 || scalar == "_" || scalar == "$" || Character(scalar).isLetter
      || Character(scalar).isNumber
  }

  private mutating func word(from first: Unicode.Scalar) -> String {
    var word = String.UnicodeScalarView([first])
    while let next = rest.first, Self.isWord(next) { word.append(rest.removeFirst()) }
    return String(word)
  }

  private mutating func quoted(by mark: Unicode.Scalar) -> String {
    var text = String.UnicodeScalarView()
    while let next = rest.popFirst() {
      if next == mark {
        guard rest.first == mark else { break }
        rest.removeFirst()
      }
      text.append(next)
    }
    return String(text)
  }

  private mutating func bracketed() -> String {
    var text = String.UnicodeScalarView()
    while let next = rest.popFirst(), next != "]" { text.append(next) }
    return String(text)
  }

  private mutating func skip(past end: [Unicode.Scalar]) {
    while !rest.isEmpty, !rest.starts(with: end) { rest.removeFirst() }
    rest.removeFirst(min(end.count, rest.count))
  }
}
