import Crypto
package import SyncCore

/// The key by which devices know their hub.
///
/// It is in the hub's storage, so that a hub that is put back from a copy is still the one that its
/// devices know.
struct HubKey: Sendable {
  private let secret: Curve25519.Signing.PrivateKey

  /// - Throws: `CryptoKitError` for anything but 32 bytes.
  init(rawRepresentation: [UInt8]) throws {
    secret = try Curve25519.Signing.PrivateKey(rawRepresentation: rawRepresentation)
  }

  var publicKey: [UInt8] { Array(secret.publicKey.rawRepresentation) }

  func sign(_ bytes: [UInt8]) throws -> [UInt8] { Array(try secret.signature(for: bytes)) }
}

extension Hub {
  /// The raw Ed25519 public key that verifies what the hub signs.
  package var publicKey: [UInt8] { key.publicKey }

  /// The hub's Ed25519 signature.
  ///
  /// - Throws: `CryptoKitError`.
  package func sign(_ bytes: [UInt8]) throws -> [UInt8] { try key.sign(bytes) }

  /// The device that has signed a request, revoked or not, if it was signed for now.
  ///
  /// - Parameters:
  ///   - request: What came with the request; its body may still be on its way.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: The device.
  /// - Throws: `Refusal` if no device has signed it, or not for now, or it has come before.
  package func admit(_ request: SignedRequest, wallMilliseconds: Int64) throws -> HubDevice {
    let device = try read { store in
      try store.devices(where: "id = ?", [.text(request.device)]).first
    }
    guard let device,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: device.publicKey),
      key.isValidSignature(request.signature, for: request.signed)
    else { throw Refusal(.unauthorised) }
    switch replays.judge(request, wallMilliseconds: wallMilliseconds) {
    case .fresh: return device
    case .stale: throw Refusal(.stale, hubMilliseconds: wallMilliseconds)
    case .repeated: throw Refusal(.stale, hubMilliseconds: wallMilliseconds, isRepeated: true)
    case .tooMany: throw Refusal(.tooMany)
    }
  }
}
