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
  var failure: HubUnavailable?
  while let request = try round.next(wallMilliseconds: now()) {
    try Task.checkCancellation()
    do {
      let answer = try await client.perform(
        request, as: identity, hubMilliseconds: round.hubTime(wallMilliseconds: now()))
      try receive(answer, to: request, &round, wallMilliseconds: now())
    } catch let unavailable as HubUnavailable {
      failure = try receive(unavailable, &round, wallMilliseconds: now()) ?? failure
    }
    progress(round.progress)
  }
  // What could not be sent has kept nothing else from being done.
  if let failure { throw failure }
  return round.progress
}

/// Hands the round what stood in the way of its last request.
///
/// - Returns: What is to be said in the end, if the attempt goes on without sending.
/// - Throws: What stood in the way, if there is nothing that can be done about it.
private func receive(
  _ unavailable: HubUnavailable, _ round: inout SyncRound, wallMilliseconds: Int64
) throws -> HubUnavailable? {
  switch unavailable {
  case .tooLarge(let body): return try sendLess(body, &round, otherwise: unavailable)
  case .refused(let refusal) where refusal.code == .tooLarge:
    var body = TooLargeBody(bytes: nil, server: nil)
    body.limit = Int(refusal.detail)
    return try sendLess(body, &round, otherwise: unavailable)
  case .interrupted:
    // Some do not say that a body is too large for them, and a bad link carries a small one sooner.
    var body = TooLargeBody(bytes: nil, server: "")
    body.isBrokenOff = true
    return try sendLess(body, &round, ifAbove: breakingBytes, otherwise: unavailable)
  case .refused(let refusal):
    do {
      try round.receive(
        refusal, newEpoch: .random(in: 1...Int(Int32.max)), wallMilliseconds: wallMilliseconds)
    } catch let refusal as Refusal {
      throw HubUnavailable.refused(refusal)
    }
    return nil
  default: throw unavailable
  }
}

/// A push of no more bytes than this breaks off for another reason than its size.
private let breakingBytes = 64 << 10

private func sendLess(
  _ body: TooLargeBody, _ round: inout SyncRound, ifAbove minimum: Int = 0,
  otherwise unavailable: HubUnavailable
) throws -> HubUnavailable? {
  switch try round.sendLess(ifAbove: minimum) {
  case .smaller: return nil
  case .single(let work):
    var body = body
    body.work = work
    return .tooLarge(body)
  case .notAPush: throw unavailable
  }
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
    if request.isAnswered(by: answer) { throw error }
    throw HubUnavailable.notAHub("\(error)")
  }
}
