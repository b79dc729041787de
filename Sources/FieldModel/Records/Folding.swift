import Foundation

/// Text as people search for it: without marks, đ as d, in lower case.
package enum Folding {
  /// The text for comparison: "Hàm Thuận Bắc, đập" gives "ham thuan bac, dap".
  package static func fold(_ text: String) -> String {
    var folded = ""
    folded.unicodeScalars.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x41...0x5A: folded.unicodeScalars.append(lowercased(scalar))
      case 0..<0x80: folded.unicodeScalars.append(scalar)
      case 0x300...0x36F: break
      case 0xC0...0x1EFF:
        let index = Int(scalar.value) - 0xC0
        folded.unicodeScalars.append(contentsOf: table[index])
      // The marks by which Ukrainian and Vietnamese set quotation and apostrophe apart.
      case 0x2019, 0x2BC: folded.unicodeScalars.append("'")
      default: folded.unicodeScalars.append(contentsOf: String(scalar).lowercased().unicodeScalars)
      }
    }
    return folded
  }

  /// Folded so far that spellings which both are in use agree: Phú Quí and Phú Quý.
  package static func loosen(_ text: String) -> String {
    var loose = ""
    for scalar in fold(text).unicodeScalars {
      loose.unicodeScalars.append(scalar == "y" ? "i" : scalar)
    }
    return loose
  }

  /// The text as it is stored: composed (NFC), in lower case, for comparison with its marks.
  package static func lowercase(_ text: String) -> String { normalise(text).lowercased() }

  /// What a person typed as it is stored: composed (NFC) and without blanks around it.
  package static func normalise(_ text: String) -> String {
    text.precomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value | 0x20))
  }

  /// What the letters from À to ỿ fold to; worked out once, since decomposing is slow.
  private static let table: [[Unicode.Scalar]] = (UInt32(0xC0)...0x1EFF).map { number in
    guard let scalar = Unicode.Scalar(number) else { return [] }
    if number == 0x110 || number == 0x111 { return ["d"] }
    let lower = String(scalar).lowercased().decomposedStringWithCanonicalMapping
    // Letters of other scripts keep theirs: й is no и.
    guard number < 0x300 || number >= 0x1E00 else {
      return Array(String(scalar).lowercased().unicodeScalars)
    }
    return lower.unicodeScalars.filter { !(0x300...0x36F).contains($0.value) }
  }
}
