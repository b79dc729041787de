/// A point on a hybrid logical clock: 48 bits of milliseconds since 1970, 16 bits of counter.
///
/// After Kulkarni et al., "Logical Physical Clocks" (2014). Within one replica it only rises, and
/// it rises above every time the replica has seen, so what follows from a change sorts after it.
/// It decides nothing but ``MergePolicy/lastWriter`` between changes that nobody's order settles.
package struct HybridTime: Comparable, Hashable, Sendable {
  package let bits: UInt64

  package init(bits: UInt64) { self.bits = bits }

  package init(milliseconds: Int64, counter: UInt16 = 0) {
    bits = UInt64(clamping: milliseconds) << 16 | UInt64(counter)
  }

  package static let zero = HybridTime(bits: 0)

  package var milliseconds: Int64 { Int64(bits >> 16) }

  package static func < (left: HybridTime, right: HybridTime) -> Bool { left.bits < right.bits }

  /// The next time of a clock that stands at `self` when the wall shows `wallMilliseconds`.
  package func next(wallMilliseconds: Int64) -> HybridTime {
    max(HybridTime(milliseconds: wallMilliseconds), HybridTime(bits: bits + 1))
  }
}
