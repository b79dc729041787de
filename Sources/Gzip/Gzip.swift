import CZlib

/// Bytes made smaller for the way, by the system's zlib (RFC 1952).
package enum Gzip {
  package enum Problem: Error, Equatable {
    /// The bytes are not what anybody compressed.
    case damaged
    /// What they hold is more than was allowed: a few bytes can stand for millions.
    case tooLarge
  }

  /// How hard to look for what has come before.
  private struct Effort {
    let level: Int32
    let strategy: Int32

    /// As `gzip` itself does.
    static let usual = Effort(level: 6, strategy: Z_DEFAULT_STRATEGY)
    /// Four times as fast, and leaves a few bytes in a hundred more.
    static let little = Effort(level: 1, strategy: Z_DEFAULT_STRATEGY)
    /// Looks no further than the byte before: three times as fast again.
    static let least = Effort(level: 1, strategy: Z_RLE)

    /// What a body is worth: in packed rows hardly anything is there twice, and that shows in a few
    /// pieces of it.
    init(for bytes: [UInt8]) {
      let piece = 16 << 10
      guard bytes.count >= 4 * piece else {
        self = .usual
        return
      }
      let pieces = [1, 3].flatMap { bytes[($0 * bytes.count / 4)...].prefix(piece) }
      let (little, least) = (compressed(pieces, .little), compressed(pieces, .least))
      self = 100 * (least?.count ?? .max / 100) <= 102 * (little?.count ?? 0) ? .least : .little
    }

    private init(level: Int32, strategy: Int32) {
      self.level = level
      self.strategy = strategy
    }
  }

  private static let chunkBytes = 64 << 10
  /// 32 KiB to look back on, with gzip's own header and check.
  private static let windowBits: Int32 = 15 + 16

  /// Whether bytes begin as compressed ones do, and as no message of the wire schema can.
  package static func isBeginning(of bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x1F, 0x8B, 8])
  }

  /// The bytes compressed; nothing if there is no memory for it.
  package static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
    compressed(bytes, Effort(for: bytes))
  }

  private static func compressed(_ bytes: [UInt8], _ effort: Effort) -> [UInt8]? {
    var stream = unsafe z_stream()
    let began = unsafe deflateInit2_(
      &stream, effort.level, Z_DEFLATED, windowBits, 8, effort.strategy, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard began == Z_OK else { return nil }
    defer { unsafe deflateEnd(&stream) }
    var output = [UInt8](
      repeating: 0, count: Int(unsafe deflateBound(&stream, uLong(bytes.count))))
    let ended = unsafe bytes.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        // It is only read from.
        unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.avail_in = uInt(source.count)
        unsafe stream.next_out = target.baseAddress
        unsafe stream.avail_out = uInt(target.count)
        return unsafe deflate(&stream, Z_FINISH)
      }
    }
    guard ended == Z_STREAM_END else { return nil }
    output.removeLast(output.count - Int(unsafe stream.total_out))
    return output
  }

  /// Decompresses piece by piece, so that nothing is held that is not wanted.
  ///
  /// - Parameters:
  ///   - bytes: What ``compressed(_:)`` made, or another program.
  ///   - limit: At most so many bytes may come out.
  ///   - take: Takes each piece.
  /// - Throws: ``Problem``, and what `take` throws.
  package static func decompress(
    _ bytes: [UInt8], upTo limit: Int, _ take: (ArraySlice<UInt8>) throws -> Void
  ) throws {
    var stream = unsafe z_stream()
    let began = unsafe inflateInit2_(
      &stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard began == Z_OK else { throw Problem.damaged }
    defer { unsafe inflateEnd(&stream) }
    var output = [UInt8](repeating: 0, count: chunkBytes)
    var total = 0
    var isAtEnd = false
    while !isAtEnd {
      let offset = Int(unsafe stream.total_in)
      var written = 0
      let state = unsafe bytes.withUnsafeBufferPointer { source in
        unsafe output.withUnsafeMutableBufferPointer { target in
          unsafe stream.next_in = UnsafeMutablePointer(
            mutating: source.baseAddress?.advanced(by: offset))
          unsafe stream.avail_in = uInt(source.count - offset)
          unsafe stream.next_out = target.baseAddress
          unsafe stream.avail_out = uInt(target.count)
          let state = unsafe inflate(&stream, Z_NO_FLUSH)
          written = unsafe target.count - Int(stream.avail_out)
          return state
        }
      }
      guard state == Z_OK || state == Z_STREAM_END else { throw Problem.damaged }
      isAtEnd = state == Z_STREAM_END
      if !isAtEnd, written == 0 { throw Problem.damaged }
      total += written
      if total > limit { throw Problem.tooLarge }
      if written > 0 { try take(output[..<written]) }
    }
    guard Int(unsafe stream.total_in) == bytes.count else { throw Problem.damaged }
  }

  /// How many bytes compressed ones say that they hold, by which room is made: nobody has to believe it.
  package static func announcedBytes(in bytes: [UInt8]) -> Int {
    bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Decompresses all at once.
  ///
  /// - Throws: ``Problem``.
  package static func decompressed(_ bytes: [UInt8], upTo limit: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(min(limit, announcedBytes(in: bytes)))
    try decompress(bytes, upTo: limit) { all += $0 }
    return all
  }
}
