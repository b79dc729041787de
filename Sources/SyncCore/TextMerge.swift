/// Merges two edits of one long text, or returns nil where an operator has to decide.
///
/// The texts are compared by paragraph first, and by word only inside paragraphs that both sides
/// changed, so that a word which happens to recur elsewhere never pulls two paragraphs together.
/// Tokens are equal when they are canonically equivalent: retyping a text in another Unicode
/// normal form is no change, and unchanged tokens keep the bytes of `base`.
///
/// The result does not depend on which side is called `ours`, byte for byte, because two devices
/// that merge the same three texts must store the same text.
///
/// - Parameters:
///   - base: The text both sides started from.
///   - ours: One edit of `base`.
///   - theirs: The other edit of `base`.
/// - Returns: The merged text; nil if both sides changed the same words differently, inserted
///   different text in the same place, or differ too widely to compare in bounded time.
package func mergeText(base: String, ours: String, theirs: String) -> String? {
  if let text = sharedChange(base[...], ours[...], theirs[...]) { return String(text) }
  let (base, ours, theirs) = (Framed(base), Framed(ours), Framed(theirs))
  var merger = TextMerger()
  guard let leading = sharedChange(base.leading, ours.leading, theirs.leading),
    let trailing = sharedChange(base.trailing, ours.trailing, theirs.trailing),
    let body = merger.merge(base.body, ours.body, theirs.body, by: .paragraph)
  else { return nil }
  // Where one side removed the text that the other wrote next to, the gap between them is left.
  return String(leading + Framed(body).body + trailing)
}

/// Merges texts as a whole: the only change, or the change both made, or nil.
private func sharedChange(
  _ base: Substring, _ ours: Substring, _ theirs: Substring
) -> Substring? {
  if ours == base { return theirs == base ? base : theirs }
  if theirs == base { return ours }
  return ours == theirs ? bytewiseLesser(ours, theirs) : nil
}

/// Chooses between two equal texts without looking at whose they are.
private func bytewiseLesser<Text: StringProtocol>(_ first: Text, _ second: Text) -> Text {
  second.utf8.lexicographicallyPrecedes(first.utf8) ? second : first
}

/// A text apart from the white space around it.
///
/// Only white space that separates may be merged with what it separates. An editor that strips
/// the final newline would otherwise take it from under a paragraph that the other side appends.
private struct Framed {
  let leading: Substring
  let body: Substring
  let trailing: Substring

  init(_ text: String) {
    leading = text.prefix(while: \.isWhitespace)
    let last = text.lastIndex { !$0.isWhitespace }
    let end = last.map { text.index(after: $0) } ?? leading.endIndex
    body = text[leading.endIndex..<end]
    trailing = text[end...]
  }
}

// MARK: - Tokens

/// The size of the pieces a text is compared in.
private enum Granularity {
  case paragraph
  case word
}

/// A paragraph or word, or the white space between two of them.
///
/// White space is a token of its own: were it part of the word before it, appending to a text
/// would change the last word and collide with an edit of that word.
private struct Token {
  enum Kind {
    /// A paragraph or a word, the only tokens a diff aligns.
    case solid
    case gap
    /// A gap between words that ends a paragraph as well.
    case paragraphBreak
  }

  let text: Substring
  let kind: Kind
  /// Equal for canonically equivalent texts, so that a diff compares numbers.
  let id: Int32
}

extension Sequence<Token> {
  fileprivate var joinedText: String {
    var text = ""
    for token in self { text += token.text }
    return text
  }
}

/// Numbers the distinct token texts of one comparison.
private struct Lexicon {
  private var ids: [Substring: Int32] = [:]

  mutating func tokens(of text: Substring, by granularity: Granularity) -> [Token] {
    switch granularity {
    case .word: wordRuns(in: text).map { token($0, kind: $1) }
    case .paragraph: paragraphRuns(in: text).map { token($0, kind: $1) }
    }
  }

  private mutating func token(_ text: Substring, kind: Token.Kind) -> Token {
    let next = Int32(ids.count)
    let id = ids[text, default: next]
    if id == next { ids[text] = next }
    return Token(text: text, kind: kind, id: id)
  }
}

/// Splits a text into alternating words and gaps.
///
/// A word is all that stands between white space. Splitting off punctuation would let edits of
/// `1.000` into `1.500` and `2.000` meet in a number that nobody wrote.
private func wordRuns(in text: Substring) -> [(text: Substring, kind: Token.Kind)] {
  var runs: [(text: Substring, kind: Token.Kind)] = []
  var rest = text
  while let first = rest.first {
    let isGap = first.isWhitespace
    let run = rest.prefix { $0.isWhitespace == isGap }
    let gapKind: Token.Kind = run.contains(where: \.isNewline) ? .paragraphBreak : .gap
    runs.append((run, isGap ? gapKind : .solid))
    rest = rest[run.endIndex...]
  }
  return runs
}

/// Splits a text into alternating paragraphs and the gaps, with their newlines, between them.
private func paragraphRuns(in text: Substring) -> [(text: Substring, kind: Token.Kind)] {
  var runs: [(text: Substring, kind: Token.Kind)] = []
  var start = text.startIndex
  for run in wordRuns(in: text) where run.kind == .paragraphBreak {
    if start < run.text.startIndex { runs.append((text[start..<run.text.startIndex], .solid)) }
    runs.append((run.text, .gap))
    start = run.text.endIndex
  }
  if start < text.endIndex { runs.append((text[start...], .solid)) }
  return runs
}

// MARK: - Hunks

/// One side's replacement of a run of base tokens, possibly by nothing or of an empty run.
private struct Hunk {
  var range: Range<Int>
  var replacement: [Token]
  /// The places between solid tokens at which the hunk may have inserted something.
  ///
  /// An insertion before or after a gap is the same edit, so places are counted by solids.
  let places: ClosedRange<Int>
  let removesParagraphBreak: Bool

  var grows: Bool { replacement.count > range.count }
  var shrinks: Bool { replacement.count < range.count }
  var isDeletion: Bool { replacement.isEmpty }
  /// Whether the hunk adds to the base without replacing any of its paragraphs or words.
  var isInsertion: Bool { grows && places.lowerBound == places.upperBound }

  /// Whether text the other side inserts at the hunk's edge cannot be placed with certainty.
  ///
  /// A replacement that grew may hold an insertion at that very place, and words inserted at the
  /// edge of a removed paragraph may have been meant to be a part of it.
  var guardsItsEdges: Bool { grows || (shrinks && removesParagraphBreak) }

  /// Whether the base tokens touched overlap; an insertion overlaps a run it is strictly inside.
  func overlaps(_ other: Hunk) -> Bool {
    range.lowerBound < other.range.upperBound && other.range.lowerBound < range.upperBound
  }

  /// Whether the hunk cannot be applied beside another that the other side made.
  func clashes(with other: Hunk) -> Bool {
    if overlaps(other) { return true }
    let isAmbiguous =
      (isInsertion && other.guardsItsEdges) || (guardsItsEdges && other.isInsertion)
    return isAmbiguous && places.overlaps(other.places)
  }

  /// Returns the same edit one token to the left where only a gap keeps it off another hunk.
  ///
  /// Removing the second of three paragraphs removes either gap around it. A diff picks the
  /// later one, which is also the gap that goes when the other side removes the third.
  func avoiding(_ others: [Int: Hunk], in base: [Token]) -> Hunk {
    guard let other = others[range.upperBound - 1], overlaps(other), range.lowerBound > 0,
      range.isEmpty != replacement.isEmpty,
      let last = range.isEmpty ? replacement.last : base[range].last,
      last.kind != .solid, last.id == base[range.lowerBound - 1].id
    else { return self }
    var moved = self
    moved.range = range.lowerBound - 1..<range.upperBound - 1
    if range.isEmpty { moved.replacement = [last] + replacement.dropLast() }
    return moved
  }
}

/// The hunks of both sides that have to be settled together, in base order.
private struct HunkGroup {
  var range: Range<Int>
  var ours: [Hunk] = []
  var theirs: [Hunk] = []

  var all: [Hunk] { ours + theirs }

  init(_ hunk: Hunk, isOurs: Bool) {
    range = hunk.range
    add(hunk, isOurs: isOurs)
  }

  /// Whether a hunk that follows in base order clashes with the group.
  ///
  /// The latest hunk of the opposite side decides, since hunks of one side never touch.
  func claims(_ hunk: Hunk, isOurs: Bool) -> Bool {
    (isOurs ? theirs : ours).last?.clashes(with: hunk) ?? false
  }

  mutating func add(_ hunk: Hunk, isOurs: Bool) {
    range =
      min(range.lowerBound, hunk.range.lowerBound)..<max(range.upperBound, hunk.range.upperBound)
    if isOurs { ours.append(hunk) } else { theirs.append(hunk) }
  }

  /// Returns what one side's hunks make of the group's base tokens.
  func applying(_ hunks: [Hunk], to base: [Token]) -> [Token] {
    var tokens: [Token] = []
    var position = range.lowerBound
    for hunk in hunks {
      tokens += base[position..<hunk.range.lowerBound]
      tokens += hunk.replacement
      position = hunk.range.upperBound
    }
    return tokens + base[position..<range.upperBound]
  }
}

/// Gathers the hunks of both sides into groups that do not clash with each other.
private func groups(ours: [Hunk], theirs: [Hunk], base: [Token]) -> [HunkGroup] {
  let oursByStart = Dictionary(uniqueKeysWithValues: ours.map { ($0.range.lowerBound, $0) })
  let theirsByStart = Dictionary(uniqueKeysWithValues: theirs.map { ($0.range.lowerBound, $0) })
  var hunks = ours.map { (hunk: $0.avoiding(theirsByStart, in: base), isOurs: true) }
  hunks += theirs.map { (hunk: $0.avoiding(oursByStart, in: base), isOurs: false) }
  // An insertion goes before the replacement of what follows it. Only hunks that clash can tie,
  // and those end up in one group in either order.
  hunks.sort {
    ($0.hunk.range.lowerBound, $0.hunk.range.upperBound)
      < ($1.hunk.range.lowerBound, $1.hunk.range.upperBound)
  }
  var groups: [HunkGroup] = []
  for (hunk, isOurs) in hunks {
    if let last = groups.indices.last, groups[last].claims(hunk, isOurs: isOurs) {
      groups[last].add(hunk, isOurs: isOurs)
    } else {
      groups.append(HunkGroup(hunk, isOurs: isOurs))
    }
  }
  return groups
}

// MARK: - Merge

/// Merges by paragraph and then by word, within one allowance of work.
private struct TextMerger {
  var differ = Differ()

  mutating func merge(
    _ base: Substring, _ ours: Substring, _ theirs: Substring, by granularity: Granularity
  ) -> String? {
    var lexicon = Lexicon()
    let base = lexicon.tokens(of: base, by: granularity)
    let ours = lexicon.tokens(of: ours, by: granularity)
    let theirs = lexicon.tokens(of: theirs, by: granularity)
    guard let ourHunks = differ.hunks(from: base, to: ours),
      let theirHunks = differ.hunks(from: base, to: theirs)
    else { return nil }
    var merged = ""
    var position = 0
    for group in groups(ours: ourHunks, theirs: theirHunks, base: base) {
      guard let settled = settle(group, base: base, by: granularity),
        append(base[position..<group.range.lowerBound].joinedText, to: &merged),
        append(settled, to: &merged)
      else { return nil }
      position = group.range.upperBound
    }
    return append(base[position...].joinedText, to: &merged) ? merged : nil
  }

  /// Appends text unless two solids or two gaps would meet.
  ///
  /// Two sides that delete one word but keep different gaps around it would weld its neighbours
  /// into a word that nobody wrote, or leave a separator of a length that nobody chose.
  private func append(_ text: String, to merged: inout String) -> Bool {
    if let last = merged.last, let first = text.first, last.isWhitespace == first.isWhitespace {
      return false
    }
    merged += text
    return true
  }

  /// Returns the text that takes the place of a group's base tokens.
  private mutating func settle(
    _ group: HunkGroup, base: [Token], by granularity: Granularity
  ) -> String? {
    let ours = group.applying(group.ours, to: base)
    let theirs = group.applying(group.theirs, to: base)
    if group.theirs.isEmpty { return ours.joinedText }
    if group.ours.isEmpty { return theirs.joinedText }
    if ours.map(\.id) == theirs.map(\.id) {
      return bytewiseLesser(ours.joinedText, theirs.joinedText)
    }
    // Deletions only clash by overlapping, so together they remove the whole run.
    if group.all.allSatisfy(\.isDeletion) { return "" }
    if group.all.allSatisfy({ !$0.grows && !$0.shrinks }) {
      return settleOneByOne(Array(base[group.range]), ours, theirs, by: granularity)
    }
    // A paragraph one side removed and the other edited must not survive as the edit alone.
    if granularity == .word || group.all.contains(where: \.isDeletion) { return nil }
    let text = base[group.range].joinedText
    return merge(text[...], ours.joinedText[...], theirs.joinedText[...], by: .word)
  }

  /// Merges tokens that correspond to each other, as no side added or removed any.
  private mutating func settleOneByOne(
    _ base: [Token], _ ours: [Token], _ theirs: [Token], by granularity: Granularity
  ) -> String? {
    var merged = ""
    for (base, (ours, theirs)) in zip(base, zip(ours, theirs)) {
      if let text = sharedChange(base.text, ours.text, theirs.text) {
        merged += text
      } else if granularity == .paragraph,
        let words = merge(base.text, ours.text, theirs.text, by: .word)
      {
        merged += words
      } else {
        return nil
      }
    }
    return merged
  }
}

// MARK: - Diff

/// Finds what a side changed, at a bounded cost for all comparisons of a merge.
private struct Differ {
  /// The entries that the search paths of one merge may take up: 16 MB.
  ///
  /// The count grows with the square of the differences, not with the length of the texts, and
  /// allows for some 2800 differing words or paragraphs between the sides and the base. Texts
  /// that differ more are rewritten rather than edited: an operator should see the outcome, and
  /// a phone should not run out of memory for it.
  static let cellLimit = 4_000_000

  private var cellsLeft = Differ.cellLimit

  /// Returns the hunks that turn the base into a side, or nil if the work exceeds the limit.
  ///
  /// Only solids are aligned, or the many equal gaps would outweigh the words between them. All
  /// that lies between two aligned solids is one hunk, less the gaps equal at either end.
  mutating func hunks(from base: [Token], to side: [Token]) -> [Hunk]? {
    let baseSolids = base.indices.filter { base[$0].kind == .solid }
    let sideSolids = side.indices.filter { side[$0].kind == .solid }
    guard
      let pairs = alignment(
        baseSolids.map { base[$0].id }, sideSolids.map { side[$0].id })
    else { return nil }
    var hunks: [Hunk] = []
    var (baseStart, sideStart, place) = (0, 0, 0)
    for (baseSolid, sideSolid) in pairs + [(baseSolids.count, sideSolids.count)] {
      let baseEnd = baseSolid < baseSolids.count ? baseSolids[baseSolid] : base.count
      let sideEnd = sideSolid < sideSolids.count ? sideSolids[sideSolid] : side.count
      if let hunk = hunk(
        from: base[baseStart..<baseEnd], to: side[sideStart..<sideEnd],
        places: place...baseSolid)
      {
        hunks.append(hunk)
      }
      (baseStart, sideStart, place) = (baseEnd + 1, sideEnd + 1, baseSolid + 1)
    }
    return hunks
  }

  private func hunk(
    from base: ArraySlice<Token>, to side: ArraySlice<Token>, places: ClosedRange<Int>
  ) -> Hunk? {
    let prefix = zip(base, side).prefix { $0.id == $1.id }.count
    let (base, side) = (base.dropFirst(prefix), side.dropFirst(prefix))
    let suffix = zip(base.reversed(), side.reversed()).prefix { $0.id == $1.id }.count
    let (removed, added) = (base.dropLast(suffix), side.dropLast(suffix))
    if removed.isEmpty && added.isEmpty { return nil }
    return Hunk(
      range: removed.indices, replacement: Array(added), places: places,
      removesParagraphBreak: removed.contains { $0.kind == .paragraphBreak })
  }

  /// Returns the index pairs of a longest common subsequence, or nil beyond the limit.
  private mutating func alignment(_ first: [Int32], _ second: [Int32]) -> [(Int, Int)]? {
    let prefix = zip(first, second).prefix { $0 == $1 }.count
    let tails = (first.dropFirst(prefix), second.dropFirst(prefix))
    let suffix = zip(tails.0.reversed(), tails.1.reversed()).prefix { $0 == $1 }.count
    // What occurs on one side only cannot be aligned. Leaving it out costs nothing in accuracy
    // and makes a rewritten paragraph, which shares few words with the old one, cheap to compare.
    let (inFirst, inSecond) = (Set(tails.0.dropLast(suffix)), Set(tails.1.dropLast(suffix)))
    let left = tails.0.dropLast(suffix).indices.filter { inSecond.contains(first[$0]) }
    let right = tails.1.dropLast(suffix).indices.filter { inFirst.contains(second[$0]) }
    guard let middle = shortestEdit(left.map { first[$0] }, right.map { second[$0] })
    else { return nil }
    var pairs = (0..<prefix).map { ($0, $0) }
    pairs += middle.map { (left[$0], right[$1]) }
    pairs += (0..<suffix).map { (first.count - suffix + $0, second.count - suffix + $0) }
    return pairs
  }

  /// Returns the index pairs that a shortest edit script leaves alone (Myers, 1986).
  ///
  /// Row `d` holds, for each diagonal that `d` edits can reach, how far into `first` they get.
  /// Entry `i` of the row stands for diagonal `2 * i - d`, counted as first minus second index.
  private mutating func shortestEdit(_ first: [Int32], _ second: [Int32]) -> [(Int, Int)]? {
    var rows: [[Int32]] = []
    for edits in 0...(first.count + second.count) {
      cellsLeft -= edits + 1
      guard cellsLeft >= 0 else { return nil }
      var row: [Int32] = []
      row.reserveCapacity(edits + 1)
      for entry in 0...edits {
        var position = rows.last.map { reach($0, entry).position } ?? 0
        let diagonal = 2 * entry - edits
        while position < first.count, position - diagonal < second.count,
          first[position] == second[position - diagonal]
        {
          position += 1
        }
        row.append(Int32(position))
        if position >= first.count, position - diagonal >= second.count {
          return untouchedPairs(rows + [row], entry)
        }
      }
      rows.append(row)
    }
    return nil
  }

  /// Returns the entry of the row before that an entry is reached from, and how far that gets.
  private func reach(_ row: [Int32], _ entry: Int) -> (from: Int, position: Int) {
    if entry == 0 || (entry < row.count && row[entry - 1] < row[entry]) {
      return (entry, Int(row[entry]))
    }
    return (entry - 1, Int(row[entry - 1]) + 1)
  }

  /// Walks back from where the search ended and collects the pairs it passed over.
  private func untouchedPairs(_ rows: [[Int32]], _ lastEntry: Int) -> [(Int, Int)] {
    var pairs: [(Int, Int)] = []
    var entry = lastEntry
    for edits in rows.indices.reversed() {
      let source = edits > 0 ? reach(rows[edits - 1], entry) : (from: 0, position: 0)
      let diagonal = 2 * entry - edits
      for position in (source.position..<Int(rows[edits][entry])).reversed() {
        pairs.append((position, position - diagonal))
      }
      entry = source.from
    }
    return pairs.reversed()
  }
}
