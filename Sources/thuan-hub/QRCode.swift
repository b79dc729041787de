import CQRCode
import Terminal

/// A QR code as lines of text: two rows of modules to a line.
struct QRCode {
  private let width: Int
  private let modules: [UInt8]

  /// Light modules around the code, without which no camera finds it.
  private static let margin = 2

  /// - Parameter text: What the code says; nothing is made of what is too long for any.
  init?(_ text: String) {
    // Version 0 is the smallest that holds the text; M survives a smudge on the screen.
    guard let code = unsafe QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else {
      return nil
    }
    defer { unsafe QRcode_free(code) }
    width = Int(unsafe code.pointee.width)
    modules = unsafe Array(UnsafeBufferPointer(start: code.pointee.data, count: width * width))
  }

  /// The code, dark on light whatever the terminal's own colours are.
  var lines: [String] {
    let all = -Self.margin..<width + Self.margin
    return stride(from: all.lowerBound, to: all.upperBound, by: 2).map { row in
      let blocks = all.map { column in
        switch (isDark(row, column), isDark(row + 1, column)) {
        case (true, true): "\u{2588}"
        case (true, false): "\u{2580}"
        case (false, true): "\u{2584}"
        case (false, false): " "
        }
      }
      return Style.darkOnLight(blocks.joined())
    }
  }

  /// Whether a module is dark; all around the code is light.
  private func isDark(_ row: Int, _ column: Int) -> Bool {
    guard 0..<width ~= row, 0..<width ~= column else { return false }
    return modules[row * width + column] & 1 == 1
  }
}
