import FieldModel
import Terminal
import Testing

/// What somebody wrote into a record must not steer the terminal on which another reads it.
struct HarmlessTests {
  @Test func `what would steer a terminal is shown as a replacement`() {
    let hostile: [(String, String)] = [
      ("\u{1B}[2Jxóa màn hình", "�[2Jxóa màn hình"), ("a\rb", "a�b"), ("a\r\nb", "a�\nb"),
      ("chuông\u{07}", "chuông�"), ("\u{9B}31mđỏ", "�31mđỏ"), ("\u{85}", "�"), ("\u{7F}", "�"),
      ("\u{0}", "�"), ("đuôi\u{202E}fdp.exe", "đuôi�fdp.exe"), ("\u{2066}a\u{2069}", "�a�"),
      ("\u{2028}", "�"), ("\u{1B}]0;tên\u{07}", "�]0;tên�"),
    ]
    for (text, shown) in hostile { #expect(text.harmless == shown) }
  }

  @Test func `lines, tabs and every language stay as they are`() {
    let text = "K' Văn Bình\n\tHàm Thuận Bắc – “đã gửi” · Надіслано → 中文 🛥️"
    #expect(text.harmless == text)
  }

  @Test func `JSON escapes what a terminal would obey`() {
    let cell = Cell.object([
      ("\u{9B}", .text("\u{1B}[0m \u{7F} \u{85} \u{202E} \u{2069} \u{2028} đ"))
    ])
    #expect(
      cell.json
        == #"{"\u009b":"\u001b[0m \u007f \u0085 \u202e \u2069 \u2028 đ"}"#)
  }

  @Test func `colour is ours alone, whatever the text says`() {
    let painted = Style.painted(Style.marked(31, "a\u{1B}[32mb\(Style.marked(1, "c"))"))
    #expect(painted == "\u{1B}[31ma�[32mb\u{1B}[1mc\u{1B}[0m\u{1B}[0m")
  }

  @Test func `a table cuts and pads what is shown, not what is hidden`() {
    var listing = Listing([
      .init("a", Phrase(vi: "A", en: "A", uk: "A")), .init("b", Phrase(vi: "B", en: "B", uk: "B")),
    ])
    listing.add([.text("x\r\ny"), .text("z")])
    #expect(listing.table == "A     B\nx� y  z")
  }
}
