import SyncCore

extension Hub {
  /// Sees whether the storage takes anything in.
  ///
  /// Whether a disk is full or a file may be written shows only when something is.
  ///
  /// - Parameter wallMilliseconds: The hub's time.
  /// - Throws: The storage's errors.
  package func checkStorage(wallMilliseconds: Int64) throws {
    try write { try $0.set(.written, .integer(wallMilliseconds)) }
  }

  /// Answers a request of a device: bytes in, bytes out, whatever the road.
  ///
  /// - Parameters:
  ///   - body: The message, as it came.
  ///   - path: Which request it is, by its path in ``HTTPContract``.
  ///   - device: Who has signed it.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: The answer.
  /// - Throws: `Refusal`, and the storage's errors.
  package func answer(
    _ body: consuming [UInt8], to path: String, from device: HubDevice, wallMilliseconds: Int64
  ) throws -> [UInt8] {
    switch path {
    case HTTPContract.changeSetsPath:
      return try receive(envelope: body, from: device, wallMilliseconds: wallMilliseconds)
        .encoded { try sign($0) }
    case HTTPContract.changesPath:
      guard let request = try? PullRequest(decoding: body) else {
        throw Refusal(.malformed, detail: "pull request")
      }
      return try page(request, for: device, wallMilliseconds: wallMilliseconds).encoded()
    case HTTPContract.comparisonsPath:
      guard let request = try? ComparisonRequest(decoding: body) else {
        throw Refusal(.malformed, detail: "comparison")
      }
      return try compare(request, for: device, wallMilliseconds: wallMilliseconds).encoded()
    case HTTPContract.wordsPath:
      guard let offer = try? WordOffer(decoding: body) else {
        throw Refusal(.malformed, detail: "offer of words")
      }
      return WordOffer.reply(
        try take(offer, from: device, wallMilliseconds: wallMilliseconds))
    default: throw Refusal(.notFound)
    }
  }
}
