import Testing

@testable import SyncCore

/// Bytes are a text exactly where the standard library says so, and the text has those bytes.
struct TextCheckTests {
  @Test func sequencesOfUpToThreeBytesAreTextWhereTheStandardLibrarySaysSo() {
    expectAgreement([])
    for first in 0...UInt8.max {
      expectAgreement([first])
      for second in 0...UInt8.max {
        expectAgreement([first, second])
        // What a byte may be followed by changes at these.
        for third: UInt8 in [
          0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xFF,
        ] {
          expectAgreement([first, second, third])
        }
      }
    }
  }

  @Test func sequencesOfFourBytesAreTextWhereTheStandardLibrarySaysSo() {
    let others: [UInt8] = [0x41, 0x7F, 0x80, 0xBF, 0xC0, 0xE1]
    for first: UInt8 in 0xE0...0xFF {
      for second in 0...UInt8.max {
        for third in others {
          for fourth in others { expectAgreement([first, second, third, fourth]) }
        }
      }
    }
  }

  @Test func everyCharacterIsText() {
    for number in UInt32(0)...0x10_FFFF {
      guard let scalar = Unicode.Scalar(number) else { continue }
      let text = String(Character(scalar))
      if String(exactly: Array(text.utf8)) != text { Issue.record("\(number)") }
    }
  }

  @Test func aLongTextIsRefusedForOneByteWhereverItIs() {
    let text = Array("Đoàn giám sát của Uỷ ban Mặt trận Tổ quốc Việt Nam 🇻🇳 tỉnh đã làm việc".utf8)
    #expect(String(exactly: text).map { Array($0.utf8) } == text)
    for place in text.indices {
      for byte: UInt8 in [0xC0, 0xFF] {
        var broken = text
        broken[place] = byte
        #expect(String(exactly: broken) == nil, "\(byte) at \(place)")
      }
    }
  }

  private func expectAgreement(_ bytes: [UInt8]) {
    let expected = String(validating: bytes, as: UTF8.self)
    let text = String(exactly: bytes)
    if text.map({ Array($0.utf8) }) != expected.map({ Array($0.utf8) }) {
      Issue.record("\(bytes)")
    }
  }
}
