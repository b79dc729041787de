import AsyncHTTPClient
import Foundation
import NIOCore
package import SyncCore
package import SyncDevice

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
  /// The address says `http` and it is `https` that is spoken there, or the other way round.
  case wrongScheme(isEncrypted: Bool)
  /// What answers says that the hub is somewhere else; only the hub's own word of it is believed, see
  /// ``Relocation``.
  case redirected(HubAddress)
  /// A server in front of the hub says, by this status, that it does not reach it.
  case gateway(Int)
  /// The proxy that this machine is set to go through.
  case proxy(ProxyTrouble)
  /// Something on the way has changed a request or an answer, and there was no other way to send it.
  case altered(Alteration)
  /// A body is larger than somebody takes.
  case tooLarge(TooLargeBody)
  /// The hub itself says no.
  case refused(Refusal)

  /// Whether waiting alone can help.
  package var isTransient: Bool {
    switch self {
    case .unreachable, .interrupted, .timeout, .notAHub, .gateway, .proxy, .altered: true
    case .untrusted, .impostor, .wrongScheme, .redirected, .tooLarge: false
    case .refused(let refusal): [.unavailable, .internal, .tooMany].contains(refusal.code)
    }
  }
}

/// What is wrong with a proxy.
package enum ProxyTrouble: Equatable, Sendable {
  /// The variable of the environment names none that can be used.
  case unusable(variable: String)
  /// No connection to it came about.
  case unreachable(String, String)
  /// It lets nobody through without a name and a password.
  case wantsPassword
  /// It makes no connection to the hub.
  case refused
}

/// A body that was too large for somebody.
package struct TooLargeBody: Equatable, Sendable {
  /// Its bytes as they travel, where they are known.
  package let bytes: Int?
  /// What the server calls itself that did not take it; nothing if it was the hub, and empty if it does
  /// not say.
  package let server: String?
  /// What the hub takes at most, if it was the hub.
  package var limit: Int?
  /// Whether it did not even say so, but broke the connection off.
  package var isBrokenOff = false
  /// The transaction that cannot be sent, if that is what was in it.
  package var work: OversizedWork?

  init(bytes: Int?, server: String?) {
    self.bytes = bytes
    self.server = server
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
    case .proxyAuthenticationRequired: .proxy(.wantsPassword)
    case .invalidProxyResponse: .proxy(.refused)
    case .httpProxyHandshakeTimeout, .socksHandshakeTimeout:
      .unreachable("no answer to the attempt to connect")
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
