import Crypto
import Foundation
import GRDB
package import SyncCore

extension SyncRequest {
  /// Where it goes to at the hub.
  package var path: String {
    switch self {
    case .push: HTTPContract.changeSetsPath
    case .pull: HTTPContract.changesPath
    case .compare: HTTPContract.comparisonsPath
    case .offer: HTTPContract.wordsPath
    }
  }

  /// Its message as bytes.
  package var body: [UInt8] {
    switch self {
    case .push(let envelope): envelope
    case .pull(let request): request.encoded()
    case .compare(let request): request.encoded()
    case .offer(let offer): offer.encoded()
    }
  }
}

extension DeviceIdentity {
  /// Signs a request for one moment, so that it is good for nobody else and no other time.
  ///
  /// - Parameters:
  ///   - path: Where it goes.
  ///   - body: Its body.
  ///   - nonce: A random text of letters, digits, `-` and `_` that is never used again.
  ///   - hubMilliseconds: The hub's time: see ``DeviceStore/hubTime(wallMilliseconds:)``.
  /// - Returns: What goes along with it.
  /// - Throws: `CryptoKitError` if the identity's key is none.
  package func signRequest(
    to path: String, body: [UInt8], nonce: String, hubMilliseconds: Int64
  ) throws -> SignedRequest {
    try SignedRequest(
      device: device, createdSeconds: hubMilliseconds / 1000, nonce: nonce, path: path,
      bodyDigest: HTTPContract.bodyDigest(of: body)
    ) { try sign($0) }
  }

  /// Whether the hub that this device was enrolled at has signed something.
  package func isOfHub(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: hubKey) else {
      return false
    }
    return key.isValidSignature(signature, for: bytes)
  }
}

extension DeviceStore {
  /// What time it is at the hub, as far as the device can tell: its own clock may be years off, and is
  /// compared with the hub's at every contact.
  package func hubTime(wallMilliseconds: Int64) throws -> Int64 {
    try read { db in
      guard let hub = try setting(.hubTime, db).integer,
        let own = try setting(.lastContact, db).integer
      else { return wallMilliseconds }
      let (time, isBeyond) = hub.addingReportingOverflow(wallMilliseconds &- own)
      return isBeyond ? wallMilliseconds : time
    }
  }
}
