import SyncCore
import Synchronization

/// Knows which signed requests have been here, for as long as they could pass for fresh ones.
///
/// It is in memory: a hub that starts anew takes nothing for fresh that was signed before.
final class ReplayGuard: Sendable {
  fileprivate struct Seen {
    /// When the hub started; nothing that was signed earlier is taken.
    var since: Int64
    var lastCleaned: Int64
    /// What the clock showed last.
    var last: Int64
    /// Seconds by which requests overtake one another on their way here.
    static let reordering: Int64 = 5
    /// By device: the numbers used, and when they were signed.
    var nonces: [String: [String: Int64]] = [:]
  }

  private let seen: Mutex<Seen>

  init(wallMilliseconds: Int64) {
    let now = wallMilliseconds / 1000
    seen = Mutex(Seen(since: now, lastCleaned: now, last: now))
  }

  enum Verdict { case fresh, stale, repeated, tooMany }

  /// Judges a request whose signature is the device's.
  func judge(_ request: SignedRequest, wallMilliseconds: Int64) -> Verdict {
    let now = wallMilliseconds / 1000
    let tolerance = SyncLimits.freshnessSeconds
    return seen.withLock { seen in
      // A clock that has been set back must not keep everybody out; but what was seen before, by
      // whatever clock, may have been forgotten while it was ahead.
      if now < seen.last - Seen.reordering { seen.since = now }
      seen.last = now
      if abs(now - seen.lastCleaned) > tolerance { seen.clean(now: now) }
      guard request.createdSeconds >= seen.since, abs(request.createdSeconds - now) <= tolerance
      else { return .stale }
      guard seen.nonces[request.device]?[request.nonce] == nil else { return .repeated }
      guard seen.nonces[request.device, default: [:]].count < SyncLimits.requestsMax else {
        return .tooMany
      }
      seen.nonces[request.device, default: [:]][request.nonce] = request.createdSeconds
      return .fresh
    }
  }
}

extension ReplayGuard.Seen {
  fileprivate mutating func clean(now: Int64) {
    lastCleaned = now
    nonces = nonces.mapValues { used in
      used.filter { $0.value >= now - SyncLimits.freshnessSeconds }
    }.filter { !$0.value.isEmpty }
  }
}
