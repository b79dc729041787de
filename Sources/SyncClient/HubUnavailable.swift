import AsyncHTTPClient
import Foundation
import NIOCore
package import SyncCore

/// What stood between a device and its hub, sorted by what the caller does next.
///
/// None of it means that work is lost, and all of it may be tried again.
package enum HubUnavailable: Error, Equatable, Sendable {
  /// No connection came about: no network, a wrong address, or the hub is down.
  case unreachable(String)
  /// The connection broke before the answer was complete; what was sent may have arrived.
  case interrupted(String)
  /// The hub took too long; what was sent may have arrived.
  case timeout
  /// Something else answered: a login page of a wireless network, a proxy, another web server.
  case notAHub(String)
  /// The hub's certificate was not accepted. A wrong date on this machine is the usual reason.
  case untrusted(String)
  /// Whoever answers speaks like a hub and is not the one at which this device was enrolled: it does not
  /// know the one-time code, or has another key.
  case impostor
  /// The hub itself says no.
  case refused(Refusal)

  /// Whether waiting alone can help.
  package var isTransient: Bool {
    switch self {
    case .unreachable, .interrupted, .timeout, .notAHub: true
    case .untrusted, .impostor: false
    case .refused(let refusal): [.unavailable, .internal, .tooMany].contains(refusal.code)
    }
  }
}

extension HubUnavailable {
  /// What an error of the HTTP library means here.
  ///
  /// - Throws: `CancellationError` if the caller gave up itself.
  init(_ error: any Error) throws(CancellationError) {
    if error is CancellationError { throw CancellationError() }
    if let error = error as? HTTPClientError {
      self = try Self.meaning(of: error)
    } else if error is NIOTooManyBytesError {
      self = .notAHub("the answer is too large")
    } else if Self.isOfEncryption(error) {
      self = Self.isAboutTrust(error) ? .untrusted("\(error)") : .notAHub("\(error)")
    } else if String(describing: type(of: error)).contains("HTTPParserError") {
      // The parser speaks of an early end and of nonsense in the same type; both are worth a retry.
      self = .interrupted("\(error)")
    } else if let error = error as? IOError, Self.breaksConnections.contains(error.errnoCode) {
      self = .interrupted("\(error)")
    } else {
      self = .unreachable("\(error)")
    }
  }

  private static func meaning(of error: HTTPClientError) throws(CancellationError) -> HubUnavailable
  {
    switch error {
    case .cancelled: throw CancellationError()
    case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
      .unreachable("no answer to the attempt to connect")
    case .readTimeout, .writeTimeout, .deadlineExceeded: .timeout
    case .remoteConnectionClosed, .uncleanShutdown, .bodyLengthMismatch, .requestStreamCancelled:
      .interrupted("\(error)")
    default: .unreachable("\(error)")
    }
  }

  /// Which type it is depends on the platform's TLS; their names are what they have in common.
  private static func isOfEncryption(_ error: any Error) -> Bool {
    let name = String(describing: type(of: error))
    return ["NIOSSLError", "NIOSSLExtraError", "BoringSSLError", "NWTLSError"].contains(name)
  }

  /// A server that does not speak TLS at all is another matter than one that cannot prove itself.
  private static func isAboutTrust(_ error: any Error) -> Bool {
    let name = String(describing: type(of: error))
    return name == "NIOSSLExtraError" || name == "NWTLSError"
      || "\(error)".uppercased().contains("CERTIFICATE")
  }

  /// Errors for which there has to be a connection first; all others mean that none came about.
  private static let breaksConnections = [POSIXErrorCode.ECONNRESET, .EPIPE].map(\.rawValue)
}
