import Foundation
package import SyncCore
package import SyncDevice

/// A device that has been let in, and for whom.
package struct Enrolment: Codable, Equatable, Sendable {
  package let identity: DeviceIdentity
  package let officer: String
  package let officerName: String
  package let unit: String
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
}

/// Enrols a store with a hub.
///
/// The hub shows the credential once, so it is on disk before anything else happens; whatever
/// crashes after that, ``finishEnrolment(store:path:)`` completes it. Only an answer that never
/// arrives costs the person another code.
///
/// - Parameters:
///   - store: The store, which has no owner yet.
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
  guard try store.owner() == nil else { throw EnrolmentFailure.alreadyEnrolled }
  let key = DeviceIdentity.makeSigningKey()
  let reply: EnrolmentReply
  do {
    reply = try await client.enrol(code: code, label: label, publicKey: key.publicKey)
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
  let identity = DeviceIdentity(
    device: reply.device, credential: reply.credential, hub: client.address.description,
    signingKey: key.secret, incarnation: UUID().uuidString.lowercased())
  let enrolment = Enrolment(
    identity: identity, officer: reply.officer, officerName: reply.officerName, unit: reply.unit)
  try enrolment.save(besideStore: path)
  try complete(enrolment, store: store, path: path)
  return enrolment
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
  if let owner = try store.owner(), owner.device != enrolment.identity.device {
    throw EnrolmentFailure.alreadyEnrolled
  }
  if try DeviceIdentity.load(besideStore: path) != enrolment.identity {
    try enrolment.identity.save(besideStore: path)
  }
  try synchroniseToDisk(DeviceIdentity.file(besideStore: path))
  if try store.owner() == nil {
    try store.enrol(
      enrolment.identity, officer: enrolment.officer, epoch: .random(in: 1...Int(Int32.max)),
      wallMilliseconds: wallClock())
  }
  try FileManager.default.removeItem(atPath: Enrolment.file(besideStore: path))
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
