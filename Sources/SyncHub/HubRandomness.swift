import Synchronization

/// Where the hub's random numbers come from: whoever opens it says so, and a simulated life always draws
/// the same.
final class HubRandomness: Sendable {
  private let generator: Mutex<any RandomNumberGenerator & Sendable>

  init(_ generator: any RandomNumberGenerator & Sendable) { self.generator = Mutex(generator) }

  /// Draws bytes, a multiple of eight of them.
  func bytes(_ count: Int) -> [UInt8] {
    generator.withLock { generator in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count)
      while bytes.count < count {
        let drawn = generator.next()
        for shift in stride(from: 0, to: UInt64.bitWidth, by: UInt8.bitWidth) {
          bytes.append(UInt8(truncatingIfNeeded: drawn >> UInt64(shift)))
        }
      }
      return bytes
    }
  }
}
