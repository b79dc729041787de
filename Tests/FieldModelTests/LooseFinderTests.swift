import Testing

@testable import FieldModel

struct LooseFinderTests {
  private func found(_ words: [String], in text: String) -> UInt64 {
    var finder = LooseFinder(words.map(Folding.loosen))
    var text = text
    return text.withUTF8 { unsafe finder.words(in: $0) }
  }

  @Test(arguments: [
    "Đập Phú Quý", "ngư dân “Hàm Thuận Bắc” – 2026", "Європа, П'ятихатки, ґанок",
    "a\u{302}\u{301}n",
    "ß İ ŉ ﬁ 漢 😀", "", "y Y ý Ỹ",
  ])
  func `a letter is found as the folding of whole texts has it`(_ text: String) {
    let loose = Folding.loosen(text)
    #expect(found([loose], in: text) == 1)
    for character in loose { #expect(found([String(character)], in: text) == 1) }
    #expect(found([loose + "x", "zzz"], in: text) == 0)
  }

  @Test func `each word is told apart, and of what is no text all may be there`() {
    #expect(found(["hop", "khong", "dap"], in: "Cuộc họp về đập") == 0b101)
    var finder = LooseFinder(["a", "b"])
    let broken: [UInt8] = [0x61, 0xC3]
    #expect(unsafe broken.withUnsafeBufferPointer { unsafe finder.words(in: $0) } == 0b11)
    let many = (0..<70).map { "w\($0)" }
    #expect(found(many, in: many.joined(separator: " ")) == .max)
  }
}
