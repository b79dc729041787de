import Foundation
package import SyncCore
package import SyncDevice

/// A device that has been let in, and for whom.
package struct Enrolment: Codable, Equatable, Sendable {
  package let identity: DeviceIdentity
  package let officer: String
  package let officerName: String
  package let unit: String
  /// Whether the store had been another device's, whose identity was lost.
  package var isRenewed: Bool?
}

/// Why a device could not be enrolled, or does not fit its store.
package enum EnrolmentFailure: Error, Equatable, Sendable {
  /// The store has an owner already.
  case alreadyEnrolled
  /// The operator's code is unknown, used or expired. A used one may have been used by this very
  /// machine when the answer got lost; the operator issues another.
  case codeRejected(Refusal.Code)
  /// The code was sent and no answer came. It may be used up: trying again shows.
  case answerLost(HubUnavailable)
  /// The identity beside the store is another device's.
  case identityBelongsToOtherStore
  /// The store belongs to another hub than the one that gave the code. The code is used up.
  case otherHub
  /// The hub's key is one with which anybody can sign. The code is used up.
  case weakHubKey
}

/// Enrols a store with a hub.
///
/// What the hub says is on disk before anything else happens; whatever crashes after that,
/// ``finishEnrolment(store:path:)`` completes it. Only an answer that never arrives costs the person
/// another code.
///
/// A store whose identity is gone, or that the hub no longer knows, becomes another device: what it had receipts for stays sent, and only the rest is sent under the new name.
///
/// - Parameters:
///   - store: The store, which has no owner that the hub knows.
///   - path: The store's file.
///   - client: The hub.
///   - code: The one-time code.
///   - label: What people call the machine.
/// - Returns: Who the device is now.
/// - Throws: ``EnrolmentFailure``, ``HubUnavailable`` if the code has not been used up, and errors
///   of the disk.
@concurrent
package func enrol(
  store: DeviceStore, path: String, client: HubClient, code: String, label: String
) async throws -> Enrolment {
  if let finished = try finishEnrolment(store: store, path: path) { return finished }
  let isRenewed = try store.owner() != nil
  if isRenewed { try await requireLostIdentity(store: store, path: path, client: client) }
  let key = try pendingKey(besideStore: path)
  let reply: EnrolmentReply
  do {
    reply = try await ask(client, EnrolmentCode(typed: code), label: label, key.publicKey)
  } catch HubUnavailable.refused(let refusal) {
    switch refusal.code {
    case .codeUnknown, .codeUsed, .codeExpired: throw EnrolmentFailure.codeRejected(refusal.code)
    default: throw HubUnavailable.refused(refusal)
    }
  } catch let unavailable as HubUnavailable {
    switch unavailable {
    case .interrupted, .timeout: throw EnrolmentFailure.answerLost(unavailable)
    default: throw unavailable
    }
  }
  if SmallOrderPoint.isSpelled(by: reply.hubKey) { throw EnrolmentFailure.weakHubKey }
  // Work that belongs to one hub must not become another's by a slip of the address.
  if let known = try store.hub(), known != reply.hub {
    throw EnrolmentFailure.otherHub
  }
  let identity = DeviceIdentity(
    device: reply.device, hub: client.address.description, hubKey: Data(reply.hubKey),
    certificate: reply.certificate.isEmpty ? nil : reply.certificate,
    addressSerial: reply.addressSerial, signingKey: key.secret,
    incarnation: UUID().uuidString.lowercased())
  let enrolment = Enrolment(
    identity: identity, officer: reply.officer, officerName: reply.officerName, unit: reply.unit,
    isRenewed: isRenewed)
  try enrolment.save(besideStore: path)
  try complete(enrolment, store: store, path: path)
  return enrolment
}

/// Asks to be let in.
///
/// A hub whose certificate no authority has signed cannot be told from another by it. It need not be: it
/// proves that it knows the code, and says which certificate to trust from then on.
@concurrent
private func ask(
  _ client: HubClient, _ code: EnrolmentCode, label: String, _ publicKey: [UInt8]
) async throws -> EnrolmentReply {
  do {
    return try await client.enrol(code: code, label: label, publicKey: publicKey)
  } catch HubUnavailable.untrusted {
    let reply = try await client.trustingAnybody().enrol(
      code: code, label: label, publicKey: publicKey)
    guard !reply.certificate.isEmpty else {
      throw HubUnavailable.untrusted("neither an authority nor the hub vouches for the certificate")
    }
    return reply
  }
}

/// A device that the hub would still let in must not become two.
///
/// - Throws: ``EnrolmentFailure/alreadyEnrolled`` if the hub knows the store's device, and
///   ``HubUnavailable`` if that cannot be found out.
@concurrent
private func requireLostIdentity(
  store: DeviceStore, path: String, client: HubClient
) async throws {
  guard let identity = DeviceIdentity.usable(besideStore: path), try identity.fits(store),
    try !store.isLocked()
  else { return }
  do {
    _ = try await client.perform(
      try store.nextPull(), as: identity,
      hubMilliseconds: store.hubTime(wallMilliseconds: wallClock()))
  } catch HubUnavailable.impostor {
    // Another hub: which one it is shows when it lets the device in.
    return
  } catch HubUnavailable.untrusted {
    // A hub with another certificate than this device trusts, which it will say when it lets it in.
    return
  } catch HubUnavailable.refused(let refusal) {
    switch refusal.code {
    // Who has been revoked and has a new code is let in as another device.
    case .unauthorised, .revoked: return
    // Whatever else the hub objects to, it knows the device.
    default: break
    }
  }
  throw EnrolmentFailure.alreadyEnrolled
}

extension DeviceIdentity {
  /// The identity beside a store; nothing if there is none, or none that can be read.
  package static func usable(besideStore path: String) -> DeviceIdentity? {
    (try? load(besideStore: path)) ?? nil
  }

  fileprivate func fits(_ store: DeviceStore) throws -> Bool {
    try store.owner()?.device == device && store.isSameIncarnation(as: self)
  }
}

/// Completes an enrolment that was broken off after the hub's answer had come.
///
/// - Parameters:
///   - store: The store.
///   - path: The store's file.
/// - Returns: The enrolment; nothing if none was under way.
/// - Throws: Errors of the disk.
package func finishEnrolment(store: DeviceStore, path: String) throws -> Enrolment? {
  let file = Enrolment.file(besideStore: path)
  guard FileManager.default.fileExists(atPath: file) else { return nil }
  let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
  let enrolment = try JSONDecoder().decode(Enrolment.self, from: bytes)
  try complete(enrolment, store: store, path: path)
  return enrolment
}

/// Each step may find itself done already.
private func complete(_ enrolment: Enrolment, store: DeviceStore, path: String) throws {
  if DeviceIdentity.usable(besideStore: path) != enrolment.identity {
    try setAside(DeviceIdentity.file(besideStore: path))
    try enrolment.identity.save(besideStore: path)
  }
  try synchroniseToDisk(DeviceIdentity.file(besideStore: path))
  if try store.owner()?.device != enrolment.identity.device {
    try store.enrol(
      enrolment.identity, officer: enrolment.officer, epoch: .random(in: 1...Int(Int32.max)),
      wallMilliseconds: wallClock())
  }
  try FileManager.default.removeItem(atPath: Enrolment.file(besideStore: path))
  try? FileManager.default.removeItem(atPath: keyFile(besideStore: path))
}

/// The key of an enrolment that is under way, kept until it is complete: if the answer gets lost, the
/// hub knows by it that the same device asks again, and the code is not used up.
private func pendingKey(besideStore path: String) throws -> (secret: Data, publicKey: [UInt8]) {
  let file = keyFile(besideStore: path)
  if let secret = try? Data(contentsOf: URL(fileURLWithPath: file)),
    let publicKey = DeviceIdentity.publicKey(of: secret)
  {
    return (secret, publicKey)
  }
  let key = DeviceIdentity.makeSigningKey()
  try? FileManager.default.removeItem(atPath: file)
  guard
    FileManager.default.createFile(
      atPath: file, contents: key.secret, attributes: [.posixPermissions: 0o600])
  else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file]) }
  return key
}

private func keyFile(besideStore path: String) -> String { path + ".enrolling-key" }

/// Keeps a file under another name: an identity that is of no use here may be another store's.
private func setAside(_ file: String) throws {
  guard FileManager.default.fileExists(atPath: file) else { return }
  let aside = file + ".old"
  if FileManager.default.fileExists(atPath: aside) {
    try FileManager.default.removeItem(atPath: aside)
  }
  try FileManager.default.moveItem(atPath: file, toPath: aside)
}

private func synchroniseToDisk(_ path: String) throws {
  let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
  defer { try? file.close() }
  try file.synchronize()
}

extension Enrolment {
  /// Where an enrolment is kept until it is complete.
  static func file(besideStore path: String) -> String { path + ".enrolment" }

  /// Writes the enrolment so that only the owner can read it, whole or not at all.
  fileprivate func save(besideStore path: String) throws {
    let file = Self.file(besideStore: path)
    let temporary = file + ".new"
    try? FileManager.default.removeItem(atPath: temporary)
    guard
      FileManager.default.createFile(
        atPath: temporary, contents: try JSONEncoder().encode(self),
        attributes: [.posixPermissions: 0o600])
    else { throw CocoaError(.fileWriteUnknown) }
    try synchroniseToDisk(temporary)
    try FileManager.default.moveItem(atPath: temporary, toPath: file)
  }
}
