import Foundation
package import SyncCore
package import SyncDevice

/// Why a device stays with the address and certificate that it knows.
package enum RelocationRefusal: Error, Equatable, Sendable {
  /// Where the hub is said to be, nobody has a statement of its.
  case notStated(HubAddress)
  /// The statement is not of the hub that let this device in.
  case notSigned
  /// It names another place than the one where it was found: whoever is there has fetched it.
  case otherPlace(named: String, found: String)
  /// It is not newer than the last that was taken.
  case outdated
  /// It leads from an encrypted connection to one that is not.
  case unencrypted
  /// Whoever is at that place has another certificate than the statement names.
  case otherCertificate
}

/// The way of a device to where its hub is now, without being enrolled anew.
package struct Relocation: Sendable {
  private let identity: DeviceIdentity
  private let hub: String?
  private let request: SyncRequest
  private let hubMilliseconds: Int64
  private let proxies: ProxySettings
  private let timeouts: HubClient.Timeouts

  /// - Parameters:
  ///   - store: The device's store.
  ///   - identity: The identity kept beside it.
  ///   - proxies: Through what requests go.
  ///   - timeouts: How long to wait for what.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Throws: SQLite's errors.
  package init(
    of store: DeviceStore, _ identity: DeviceIdentity, through proxies: ProxySettings = .none,
    timeouts: HubClient.Timeouts = HubClient.Timeouts(), wallMilliseconds: Int64 = wallClock()
  ) throws {
    self.identity = identity
    self.proxies = proxies
    self.timeouts = timeouts
    hub = try store.hub()
    request = try store.nextPull()
    hubMilliseconds = try store.hubTime(wallMilliseconds: wallMilliseconds)
  }

  /// Follows the hub after what stood in the way of a request to it.
  ///
  /// - Parameter unavailable: A redirect, or a certificate that is not the known one.
  /// - Returns: The identity with the place where the hub is, to be kept; nothing if the hub has said
  ///   nothing of another, or something else stood in the way.
  /// - Throws: ``RelocationRefusal``, and ``HubUnavailable`` if the hub does not answer there.
  @concurrent
  package func identity(after unavailable: HubUnavailable) async throws -> DeviceIdentity? {
    let place: HubAddress
    switch unavailable {
    case .redirected(let address): place = address
    case .untrusted: place = try HubAddress(identity.hub)
    default: return nil
    }
    try checkEncryption(of: place)
    do {
      return try await identity(at: place)
    } catch RelocationRefusal.notStated where unavailable.isUntrusted {
      return nil
    }
  }

  /// Goes to an address, if the hub has said that it is there.
  ///
  /// - Returns: The identity with it, to be kept.
  /// - Throws: ``RelocationRefusal``, and ``HubUnavailable`` if the hub does not answer there.
  @concurrent
  package func identity(at place: HubAddress) async throws -> DeviceIdentity {
    try checkEncryption(of: place)
    // Whoever answers: what counts is who has signed it, and whether it is true.
    let stranger = try HubClient(
      place, trusting: .anybody, through: proxies, timeouts: timeouts)
    guard let statement = try await stranger.addressStatement() else {
      throw RelocationRefusal.notStated(place)
    }
    try check(statement)
    let named = try HubAddress(statement.address)
    guard named.isSamePlace(as: place) else {
      throw RelocationRefusal.otherPlace(
        named: named.description, found: place.description)
    }
    return try await identity(by: statement)
  }

  /// Goes where a statement says that the hub is, however it came here.
  ///
  /// - Returns: The identity with it, to be kept.
  /// - Throws: ``RelocationRefusal``, and ``HubUnavailable`` if the hub does not answer there.
  @concurrent
  package func identity(by statement: AddressStatement) async throws -> DeviceIdentity {
    try check(statement)
    let place = try HubAddress(statement.address)
    var moved = identity
    moved.hub = place.description
    moved.certificate =
      place.isEncrypted && !statement.certificate.isEmpty ? statement.certificate : nil
    moved.addressSerial = statement.serial
    let client = try HubClient(
      place, trusting: moved.certificate.map { .certificate($0) } ?? .authorities,
      through: proxies, timeouts: timeouts)
    do {
      _ = try await client.perform(request, as: moved, hubMilliseconds: hubMilliseconds)
    } catch HubUnavailable.refused {
      // That, too, it has signed.
    } catch HubUnavailable.untrusted {
      throw RelocationRefusal.otherCertificate
    }
    return moved
  }

  private func checkEncryption(of place: HubAddress) throws {
    let known = try HubAddress(identity.hub)
    if known.isEncrypted, !place.isEncrypted { throw RelocationRefusal.unencrypted }
  }

  private func check(_ statement: AddressStatement) throws {
    guard identity.isOfHub(statement.signature, for: statement.signed),
      hub.map({ $0 == statement.hub }) ?? true
    else { throw RelocationRefusal.notSigned }
    let place = try HubAddress(statement.address)
    try checkEncryption(of: place)
    let certificate = statement.certificate.isEmpty ? nil : statement.certificate
    let isKnown =
      try place.isSamePlace(as: HubAddress(identity.hub))
      && (certificate == identity.certificate || !place.isEncrypted)
    guard
      statement.serial > identity.addressSerial
        || statement.serial == identity.addressSerial && !isKnown
    else { throw RelocationRefusal.outdated }
  }
}

extension HubUnavailable {
  fileprivate var isUntrusted: Bool {
    if case .untrusted = self { true } else { false }
  }
}
