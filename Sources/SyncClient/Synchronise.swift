import Foundation
import SyncCore
package import SyncDevice

/// The machine's clock, in milliseconds since 1970.
package let wallClock: @Sendable () -> Int64 = {
  Int64((Date().timeIntervalSince1970 * 1000).rounded())
}

/// Makes one attempt to come into step with the hub.
///
/// It may be cancelled at any time: every step is a transaction of the store, and the next attempt
/// goes on where this one stopped.
///
/// - Parameters:
///   - store: The device's store.
///   - identity: The identity kept beside it.
///   - client: The hub.
///   - directions: Which ways to go.
///   - now: The device's clock, in milliseconds since 1970.
///   - progress: Called after every answer.
/// - Returns: What it has done.
/// - Throws: ``HubUnavailable`` for all that is about the hub, `StoreError` and ``EnrolmentFailure``
///   for a store that cannot sync, and SQLite's errors.
@concurrent
package func synchronise(
  store: DeviceStore, identity: DeviceIdentity, client: HubClient,
  directions: SyncRound.Directions = [.push, .pull],
  now: @escaping @Sendable () -> Int64 = wallClock,
  progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
) async throws -> SyncProgress {
  guard let owner = try store.owner() else { throw StoreError.notEnrolled }
  guard owner.device == identity.device else {
    throw EnrolmentFailure.identityBelongsToOtherStore
  }
  if try !store.isSameIncarnation(as: identity) {
    // One of the two has been put back or copied; the device goes on in another life.
    try store.beginLife(
      incarnation: identity.incarnation, epoch: .random(in: 1...Int(Int32.max)),
      wallMilliseconds: now())
  }
  var round = SyncRound(store, identity: identity, directions: directions)
  while let request = try round.next(wallMilliseconds: now()) {
    try Task.checkCancellation()
    do {
      let answer = try await client.perform(
        request, as: identity, hubMilliseconds: round.hubTime(wallMilliseconds: now()))
      try receive(answer, to: request, &round, wallMilliseconds: now())
    } catch HubUnavailable.refused(let refusal) {
      do {
        try round.receive(
          refusal, newEpoch: .random(in: 1...Int(Int32.max)), wallMilliseconds: now())
      } catch let refusal as Refusal {
        throw HubUnavailable.refused(refusal)
      }
    }
    progress(round.progress)
  }
  return round.progress
}

/// Hands an answer to the round.
///
/// Bytes that are no answer say something about the hub; the same error from within the store says
/// something about the store.
private func receive(
  _ answer: [UInt8], to request: SyncRequest, _ round: inout SyncRound, wallMilliseconds: Int64
) throws {
  do {
    try round.receive(answer, wallMilliseconds: wallMilliseconds)
  } catch let error as WireError {
    switch request {
    case .push:
      if let reply = try? PushReply(decoding: answer), !reply.receipts.isEmpty { throw error }
    case .pull: if (try? PullPage(decoding: answer)) != nil { throw error }
    case .compare: if (try? ComparisonReply(decoding: answer)) != nil { throw error }
    case .offer: if (try? WordOffer.count(inReply: answer)) != nil { throw error }
    }
    throw HubUnavailable.notAHub("\(error)")
  }
}
