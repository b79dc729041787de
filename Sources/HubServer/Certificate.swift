import Foundation
import HummingbirdTLS
import NIOSSL
package import SyncCore

extension HubServer {
  /// What the server proves itself with to whoever connects, and encrypts by.
  package struct Certificate: Sendable {
    let configuration: TLSConfiguration
    /// The certificate as devices are to trust it; empty where an authority vouches for it.
    let pinned: String
    /// The last moment at which devices take it.
    package let lastMilliseconds: Int64

    /// Reads a certificate and its key.
    ///
    /// - Parameters:
    ///   - file: A PEM file: the server's certificate, then those that lead to its authority's.
    ///   - keyFile: Its private key, in PEM.
    ///   - isPinned: Whether devices are to trust this very certificate from their enrolment on, since
    ///     no authority has signed it.
    /// - Throws: `NIOSSLError` and `CocoaError` for files that are no such thing.
    package init(file: String, keyFile: String, isPinned: Bool) throws {
      let chain = try NIOSSLCertificate.fromPEMFile(file)
      guard !chain.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
      configuration = .makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem)))
      // A key that does not fit is found now and not with the first device.
      _ = try NIOSSLContext(configuration: configuration)
      lastMilliseconds = Int64(chain[0].notValidAfter) * 1000
      pinned = isPinned ? try String(contentsOfFile: file, encoding: .utf8) : ""
    }

    /// A certificate in PEM as devices are to trust it.
    ///
    /// - Throws: `NIOSSLError` and `CocoaError` for a file that is no such thing.
    package static func pinnedText(ofFile file: String) throws -> String {
      guard try !NIOSSLCertificate.fromPEMFile(file).isEmpty else {
        throw NIOSSLError.failedToLoadCertificate
      }
      return try String(contentsOfFile: file, encoding: .utf8)
    }

    /// Whether devices are to trust this very certificate.
    package var isPinned: Bool { !pinned.isEmpty }

    /// Whether devices that believe a statement of the hub's take this certificate.
    package func fits(_ statement: AddressStatement) -> Bool { pinned == statement.certificate }
  }
}
