import Testing

@testable import SyncCore

struct TagMergeTests {
  @Test func `one tag typed in two normal forms comes out in the same bytes on either side`() {
    let (composed, decomposed) = ("xã", "xa\u{303}")
    let merged = mergeTags(base: "", ours: composed, theirs: decomposed)
    #expect(merged.text?.count == 2)
    #expect(merged == mergeTags(base: "", ours: decomposed, theirs: composed))
  }

  @Test func `a tag that nobody touched keeps the bytes of the base`() {
    let (composed, decomposed) = ("xã", "xa\u{303}")
    let merged = mergeTags(base: composed, ours: decomposed, theirs: "bến, " + decomposed)
    #expect(merged == .text("bến, " + composed))
  }

  @Test func `what was merged reads as the same tags, whatever a tag begins with`() throws {
    let merged = mergeTags(base: "", ours: "a", theirs: "\u{301}")
    let text = try #require(merged.text)
    #expect(mergeTags(base: "", ours: text, theirs: "") == merged)
    #expect(mergeTags(base: "", ours: text, theirs: "a") == merged)
    #expect(mergeTags(base: "a", ours: text, theirs: "a") == merged)
  }

  /// The standard library orders a decomposed text neither before nor after a longer composed one.
  @Test func `tags in different normal forms stand in the same order on either side`() {
    let merged = mergeTags(base: "", ours: "\u{E9}1, z", theirs: "e\u{301}")
    #expect(merged == mergeTags(base: "", ours: "e\u{301}", theirs: "z, \u{E9}1"))
    #expect(merged == .text("e\u{301}, z, \u{E9}1"))
  }
}
