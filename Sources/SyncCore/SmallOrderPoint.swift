/// Points of Curve25519 that generate no more than eight.
///
/// As a public key, one of them verifies signatures that nobody has made with a key of his own: whoever
/// has such a key is anybody.
package enum SmallOrderPoint {
  /// Whether a raw Ed25519 public key is one, in any of its spellings.
  package static func isSpelled(by key: [UInt8]) -> Bool {
    guard let last = key.last else { return false }
    // The highest bit is the sign of x, which does not matter here.
    return heights.contains(key.dropLast() + [last & 0x7F])
  }

  /// The heights y of them all, little-endian: of orders 1, 2, 4 and 8, and those of 0 and 1 once more as
  /// they are spelled beyond the field's prime.
  private static let heights: Set<[UInt8]> = Set(
    [
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ].compactMap { bytesFromHexadecimal($0) })
}
