extension String {
  /// The text with a replacement in place of whatever a terminal would obey instead of showing.
  ///
  /// Names, labels and texts come from other people's machines. Lines and tabs stay.
  package var harmless: String {
    guard unicodeScalars.contains(where: \.steersTerminals) else { return self }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars { text.append(scalar.steersTerminals ? "\u{FFFD}" : scalar) }
    return String(text)
  }
}

extension Unicode.Scalar {
  /// Whether it is a control character, or changes the order in which others are shown.
  var steersTerminals: Bool {
    switch value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F...0x9F: true
    // Separators of lines and paragraphs, then what embeds, overrides and isolates directions.
    case 0x2028...0x2029, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
