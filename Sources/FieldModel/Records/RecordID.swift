/// Keys of records: UUIDs of version 7, which rise with time and which two devices never both make.
package enum RecordID {
  /// A new id.
  ///
  /// - Parameters:
  ///   - milliseconds: What the device's clock shows. A wrong clock only costs the order of lists.
  ///   - random: Where chance comes from.
  /// - Returns: The id as text.
  package static func make(
    milliseconds: Int64, using random: inout some RandomNumberGenerator
  ) -> String {
    let time = UInt64(clamping: milliseconds) & 0xFFFF_FFFF_FFFF
    let high = time << 16 | 0x7000 | random.next() & 0x0FFF
    let low = 0x8000_0000_0000_0000 | random.next() >> 2
    let digits = hexadecimal(high) + hexadecimal(low)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text.append("-") }
      text.append(digit)
    }
    return text
  }

  /// The id as people see and type it: its last eight characters, where the chance is.
  package static func short(_ id: String) -> String { String(id.suffix(8)) }

  private static func hexadecimal(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
