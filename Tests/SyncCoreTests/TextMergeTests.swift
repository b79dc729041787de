import Testing

@testable import SyncCore

struct TextMergeTests {
  // MARK: Laws, for all small inputs

  @Test func `the result is the same bytes whichever side is ours`() {
    expectOfSmallMerges { $0.merged.map { Array($0.utf8) } == $0.swapped.map { Array($0.utf8) } }
  }

  @Test func `a change on one side or the same change on both is the result`() {
    expectOfSmallMerges { $0.theirs != $0.base || $0.merged == $0.ours }
    expectOfSmallMerges { $0.ours != $0.base || $0.merged == $0.theirs }
    expectOfSmallMerges { $0.ours != $0.theirs || $0.merged == $0.ours }
  }

  @Test func `a word either side added is in a clean result`() {
    expectOfSmallMerges { texts in
      guard let merged = texts.merged.map(words) else { return true }
      let (ours, theirs) = (words(texts.ours), words(texts.theirs))
      return Set(ours + theirs).subtracting(words(texts.base)).allSatisfy { word in
        let (mine, other) = (ours.count { $0 == word }, theirs.count { $0 == word })
        return (max(mine, other)...mine + other).contains(merged.count { $0 == word })
      }
    }
  }

  @Test func `a clean result has only words that one of the sides has`() {
    expectOfSmallMerges { texts in
      guard let merged = texts.merged.map(words) else { return true }
      let sides = Set(words(texts.ours) + words(texts.theirs))
      return sides.isSuperset(of: merged)
    }
  }

  /// Single edits have one right outcome, so it is computed here without a diff.
  @Test func `single edits merge unless they change the same token or insert in the same place`() {
    let base = ["p", "q", "r"]
    for separator in ["\n", "\n\n", "\r\n", " ", "\t"] {
      for mine in Edit.single(slots: 3) {
        for other in Edit.single(slots: 3) {
          let merged = mergeText(
            base: base.joined(separator: separator),
            ours: mine.applied(to: base, by: "x").joined(separator: separator),
            theirs: other.applied(to: base, by: "y").joined(separator: separator))
          let expected = mine.merged(with: other, to: base)?.joined(separator: separator)
          #expect(merged == expected, "\(mine) against \(other)")
        }
      }
    }
  }

  @Test func `in a clean merge of any edits each side finds its words once and in order`() {
    let base = ["p", "q"]
    for separator in ["\n\n", " "] {
      for mine in Edit.all(slots: 2) {
        for other in Edit.all(slots: 2) {
          let (ours, theirs) = (mine.applied(to: base, by: "x"), other.applied(to: base, by: "y"))
          guard
            let merged = mergeText(
              base: base.joined(separator: separator), ours: ours.joined(separator: separator),
              theirs: theirs.joined(separator: separator))
          else { continue }
          let result = words(merged)
          let kept = base.filter { ours.contains($0) && theirs.contains($0) }
          let isRight =
            result.filter { $0.hasPrefix("x") } == ours.filter { $0.hasPrefix("x") }
            && result.filter { $0.hasPrefix("y") } == theirs.filter { $0.hasPrefix("y") }
            && result.filter { base.contains($0) } == kept
            && result.filter { ours.contains($0) } == ours.filter { result.contains($0) }
            && result.filter { theirs.contains($0) } == theirs.filter { result.contains($0) }
            && merged == result.joined(separator: separator)
          #expect(isRight, "\(ours) and \(theirs) became \(merged.debugDescription)")
        }
      }
    }
  }

  // MARK: Paragraphs

  @Test func `a paragraph rewritten and another added both survive`() {
    let base = "Thực hiện kế hoạch kiểm tra quý III.\n\nĐoạn 2."
    let rewritten = "Triển khai đợt kiểm tra quý IV tại xã.\n\nĐoạn 2."
    let extended = base + "\n\nĐoạn 3: phân công cán bộ."
    #expect(
      mergeText(base: base, ours: rewritten, theirs: extended)
        == rewritten + "\n\nĐoạn 3: phân công cán bộ.")
  }

  @Test func `a paragraph may be added after one that the other side rewrote`() {
    for (base, ours, theirs, merged) in [
      ("A", "A2", "A\nB", "A2\nB"),
      ("A\n", "A2\n", "A\nB\n", "A2\nB\n"),
      ("A\n", "A2", "A\nB\n", "A2\nB"),
      ("A\n", "A2", "A\nB", "A2\nB"),
      ("A", "A2", "B\n\nA", "B\n\nA2"),
      ("A\r\nC", "A2\r\nC", "A\r\nB\r\nC", "A2\r\nB\r\nC"),
    ] {
      #expect(mergeText(base: base, ours: ours, theirs: theirs) == merged)
    }
  }

  @Test func `neighbouring paragraphs may be edited by different sides`() {
    #expect(
      mergeText(base: "A\nB\n\nC", ours: "A2\nB\n\nC2", theirs: "A\nB2\n\nC")
        == "A2\nB2\n\nC2")
    #expect(mergeText(base: "A\nB\nC", ours: "A\nC", theirs: "A\nB") == "A")
    #expect(mergeText(base: "A\nB\nC", ours: "A\nB", theirs: "A\nB\nD\nC") == "A\nB\nD")
    #expect(mergeText(base: "A\nB", ours: "B", theirs: "A")?.isEmpty == true)
  }

  @Test func `a paragraph one side removed and the other edited is left to an operator`() {
    let base = "Đoạn một.\nĐoạn hai."
    for edit in ["Đoạn hai sửa.", "Đoạn hai. Thêm câu.", "Mới. Đoạn hai."] {
      #expect(mergeText(base: base, ours: "Đoạn một.", theirs: "Đoạn một.\n" + edit) == nil)
      let shorter = "Đoạn 1."
      #expect(mergeText(base: "Đoạn hai.", ours: "", theirs: edit) == nil)
      #expect(mergeText(base: base, ours: shorter, theirs: "Đoạn một.\n" + edit) == nil)
    }
  }

  @Test func `separators keep their bytes and merge on their own`() {
    #expect(mergeText(base: "A\nB\nC", ours: "A\r\nB\r\nC", theirs: "A\nB2\nC") == "A\r\nB2\r\nC")
    #expect(mergeText(base: "A\nB", ours: "A\n\n\nB", theirs: "A\nB2") == "A\n\n\nB2")
    #expect(mergeText(base: "A\nB", ours: "A\n\nB", theirs: "A\n \nB") == nil)
    #expect(mergeText(base: "A", ours: "A\n", theirs: " A2") == " A2\n")
  }

  @Test func `different paragraphs in the same place are left to an operator, equal ones not`() {
    #expect(mergeText(base: "A\nB", ours: "A\nX\nB", theirs: "A\nY\nB") == nil)
    #expect(mergeText(base: "A\nB", ours: "A\nX\nB", theirs: "A2\nY\nB") == nil)
    #expect(mergeText(base: "A\nB", ours: "A\n\nX\n\nB", theirs: "A2\nY\nB") == nil)
    #expect(mergeText(base: "", ours: "X", theirs: "Y") == nil)
    #expect(mergeText(base: "A\nB", ours: "A\nX\nB", theirs: "A\nX\nB\nC") == "A\nX\nB\nC")
  }

  // MARK: Words

  @Test func `words of one paragraph may be changed by different sides`() {
    let base = "Họp lúc 8 giờ tại trụ sở xã, do đồng chí An chủ trì."
    let ours = "Họp lúc 9 giờ tại trụ sở xã, do đồng chí An chủ trì."
    let theirs = "Họp lúc 8 giờ tại nhà văn hóa xã, do đồng chí Bình chủ trì."
    #expect(
      mergeText(base: base, ours: ours, theirs: theirs)
        == "Họp lúc 9 giờ tại nhà văn hóa xã, do đồng chí Bình chủ trì.")
    #expect(mergeText(base: "a b", ours: "p b", theirs: "a q") == "p q")
    #expect(mergeText(base: "a b c", ours: "p q c", theirs: "p b r") == "p q r")
    #expect(mergeText(base: "a b c d", ours: "a b\nc d", theirs: "a b c e") == "a b\nc e")
  }

  @Test func `the same word changed differently is left to an operator`() {
    let base = "Tuần tra khu vực bến cảng.\n\nBáo cáo trước 5 giờ."
    let ours = "Tuần tra khu vực bến cảng.\n\nBáo cáo trước 6 giờ."
    let theirs = "Tuần tra khu vực bến cảng.\n\nBáo cáo trước 7 giờ."
    #expect(mergeText(base: base, ours: ours, theirs: theirs) == nil)
    #expect(mergeText(base: "1.000 đồng", ours: "1.500 đồng", theirs: "2.000 đồng") == nil)
    #expect(mergeText(base: "lúc 8", ours: "lúc 8 giờ", theirs: "lúc 9 giờ sáng") == nil)
    #expect(mergeText(base: "a b c", ours: "p q r", theirs: "a n b c") == nil)
  }

  @Test func `a word both sides removed never welds its neighbours together`() {
    #expect(mergeText(base: "a\n\nb\nc", ours: "a\n\nc", theirs: "a\nc") == nil)
    #expect(mergeText(base: "a b\tc", ours: "a c", theirs: "a\tc") == nil)
    #expect(mergeText(base: "a b c d", ours: "a d", theirs: "a c d") == "a d")
  }

  // MARK: Canonical equivalence

  @Test func `retyping a text in another normal form is no change`() {
    let base = "Thực hiện kế hoạch.\n\nĐoạn 2."
    let edited = "Thực hiện kế hoạch.\n\nĐoạn 2 đã sửa."
    #expect(bytes(base, decomposed(base), edited) == Array(edited.utf8))
    #expect(bytes(base, decomposed(base), base) == Array(base.utf8))
    #expect(bytes(base, decomposed(base), decomposed(base)) == Array(base.utf8))
  }

  @Test func `unchanged paragraphs and words keep the bytes of the base`() {
    let base = "Thực hiện kế hoạch.\n\nĐoạn hai.\n\nHết."
    let ours = decomposed("Thực hiện kế hoạch.") + "\n\nĐoạn hai sửa.\n\nHết."
    let theirs = decomposed("Thực hiện kế hoạch.\n\nĐoạn hai.") + "\n\nHết rồi."
    let merged = "Thực hiện kế hoạch.\n\nĐoạn hai sửa.\n\nHết rồi."
    #expect(bytes(base, ours, theirs) == Array(merged.utf8))
    #expect(
      bytes("kế hoạch một", decomposed("kế") + " hoạch hai", decomposed("kế") + " mới một")
        == Array("kế mới hai".utf8))
  }

  @Test func `of one change typed in two normal forms the same bytes are taken on either side`() {
    let (composed, other) = ("kế hoạch mới", decomposed("kế hoạch mới"))
    for (ours, theirs) in [(composed, other), (composed + "\nA2", other + "\nA")] {
      #expect(composed.utf8.count != other.utf8.count)
      let merged = bytes("cũ\nA", ours, theirs)
      #expect(merged != nil)
      #expect(merged == bytes("cũ\nA", theirs, ours))
    }
  }

  // MARK: Bounds

  @Test func `long texts with many small edits merge`() {
    let lines = (0..<4000).map { "Dòng số \($0) của báo cáo tình hình tháng này." }
    var (ours, theirs, merged) = (lines, lines, lines)
    for line in stride(from: 0, to: 4000, by: 10) {
      ours[line] += " Đã sửa."
      theirs[line + 4] = "Đã thay dòng \(line)."
      merged[line] = ours[line]
      merged[line + 4] = theirs[line + 4]
    }
    let base = lines.joined(separator: "\n")
    #expect(base.utf8.count > 200_000)
    // Compared outside the macro, which would print all of the texts.
    let result = mergeText(
      base: base, ours: ours.joined(separator: "\n"), theirs: theirs.joined(separator: "\n"))
    let isRight = result == merged.joined(separator: "\n")
    #expect(isRight)
  }

  @Test func `texts that differ too widely to compare are left to an operator`() {
    let lines = (0..<4000).map { "Dòng số \($0)." }
    let base = lines.joined(separator: "\n")
    for (swapped, isMerged) in [(400, true), (3900, false)] {
      var reordered = lines
      for line in stride(from: 0, to: swapped, by: 2) { reordered.swapAt(line, line + 1) }
      let ours = reordered.joined(separator: "\n")
      let merged = mergeText(base: base, ours: ours, theirs: base + "\nHết.")
      let isRight = merged == (isMerged ? ours + "\nHết." : nil)
      #expect(isRight)
    }
  }

  @Test func `a long paragraph rewritten in new words is not too wide a difference`() {
    let tail = " nơi nhận lưu"
    let base = (0..<10_000).map { "cũ\($0)" }.joined(separator: " ")
    let rewritten = (0..<10_000).map { "mới\($0)" }.joined(separator: " ")
    let merged = mergeText(
      base: base + tail, ours: rewritten + tail, theirs: base + " nơi nhận gửi")
    let isRight = merged == rewritten + " nơi nhận gửi"
    #expect(isRight)
  }
}

// MARK: - Support

/// What became of one base and two sides, and of the same with the sides swapped.
private struct SmallMerge {
  let base: String
  let ours: String
  let theirs: String
  let merged: String?
  let swapped: String?
}

/// All merges of texts of up to three letters, which form words, and of up to two whole words.
private let smallMerges =
  merges(of: texts(over: ["a", "b", "\n"], upTo: 3))
  + merges(of: texts(over: ["a ", " b", "\n"], upTo: 2))

private func texts(over alphabet: [String], upTo length: Int) -> [String] {
  var longest = [""]
  var texts = longest
  for _ in 0..<length {
    longest = longest.flatMap { text in alphabet.map { text + $0 } }
    texts += longest
  }
  return texts
}

private func merges(of texts: [String]) -> [SmallMerge] {
  var merges: [SmallMerge] = []
  for base in texts {
    let results = texts.map { ours in
      texts.map { mergeText(base: base, ours: ours, theirs: $0) }
    }
    for (row, ours) in texts.enumerated() {
      for (column, theirs) in texts.enumerated() {
        merges.append(
          SmallMerge(
            base: base, ours: ours, theirs: theirs, merged: results[row][column],
            swapped: results[column][row]))
      }
    }
  }
  return merges
}

/// Reports each small merge that a law does not hold for.
private func expectOfSmallMerges(_ holds: (SmallMerge) -> Bool) {
  for merge in smallMerges where !holds(merge) { Issue.record("\(merge)") }
}

private func words(_ text: String) -> [String] {
  text.split(whereSeparator: \.isWhitespace).map(String.init)
}

private func bytes(_ base: String, _ ours: String, _ theirs: String) -> [UInt8]? {
  mergeText(base: base, ours: ours, theirs: theirs).map { Array($0.utf8) }
}

/// Decomposes the Vietnamese letters these tests use, without Foundation.
private func decomposed(_ text: String) -> String {
  let letters: [Character: String] = [
    "ự": "u\u{31B}\u{323}", "ệ": "e\u{323}\u{302}", "ế": "e\u{302}\u{301}",
    "ạ": "a\u{323}", "ớ": "o\u{31B}\u{301}",
  ]
  return text.map { letters[$0] ?? String($0) }.joined()
}

/// What one side does to a list of tokens: a fate for each, and whether it inserts around them.
private struct Edit: CustomStringConvertible {
  enum Fate: CaseIterable {
    case kept
    case removed
    case replaced
  }

  var fates: [Fate]
  var inserts: [Bool]

  var description: String { "\(fates) \(inserts)" }

  static func single(slots: Int) -> [Edit] {
    all(slots: slots).filter { edit in
      edit.fates.count { $0 != .kept } + edit.inserts.count { $0 } == 1
    }
  }

  static func all(slots: Int) -> [Edit] {
    var edits = [Edit(fates: [], inserts: [false]), Edit(fates: [], inserts: [true])]
    for _ in 0..<slots {
      edits = edits.flatMap { edit in
        Fate.allCases.flatMap { fate in
          [false, true].map { Edit(fates: edit.fates + [fate], inserts: edit.inserts + [$0]) }
        }
      }
    }
    return edits
  }

  func applied(to base: [String], by side: String) -> [String] {
    var tokens = inserts[0] ? ["\(side)0"] : []
    for (slot, token) in base.enumerated() {
      switch fates[slot] {
      case .kept: tokens.append(token)
      case .removed: break
      case .replaced: tokens.append("\(side)\(token)")
      }
      if inserts[slot + 1] { tokens.append("\(side)\(slot + 1)") }
    }
    return tokens
  }

  /// Returns what this edit by x and another by y come to, or nil if they conflict.
  func merged(with other: Edit, to base: [String]) -> [String]? {
    var tokens: [String] = []
    for place in 0...base.count {
      if inserts[place] && other.inserts[place] { return nil }
      if inserts[place] { tokens.append("x\(place)") }
      if other.inserts[place] { tokens.append("y\(place)") }
      guard place < base.count else { continue }
      switch (fates[place], other.fates[place]) {
      case (.kept, .kept): tokens.append(base[place])
      case (.replaced, .kept): tokens.append("x" + base[place])
      case (.kept, .replaced): tokens.append("y" + base[place])
      case (.removed, .kept), (.kept, .removed), (.removed, .removed): break
      default: return nil
      }
    }
    return tokens
  }
}
