import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
package import SyncCore
package import SyncDevice

/// One hub over HTTP.
///
/// Copies share their connections, which close when the last copy is gone.
package struct HubClient: Sendable {
  /// How long to wait for what.
  package struct Timeouts: Sendable {
    package var connectMilliseconds: Int64 = 10_000
    /// Without a byte in either direction.
    package var idleMilliseconds: Int64 = 60_000
    /// For one request in all: the largest body over a link that barely works.
    package var requestMilliseconds: Int64 = 3_600_000

    package init() {}
  }

  package let address: HubAddress
  private let timeouts: Timeouts
  private let connections: Connections

  package init(_ address: HubAddress, timeouts: Timeouts = Timeouts()) {
    self.address = address
    self.timeouts = timeouts
    connections = Connections(timeouts)
  }

  /// A page may carry one row over its limit, and a row may be as large as a push.
  private static let answerBytesMax = 2 * SyncLimits.bodyBytes

  /// Exchanges a one-time code for this device's own credential.
  ///
  /// - Parameters:
  ///   - code: As the operator gave it.
  ///   - label: What people call the machine.
  ///   - publicKey: The raw Ed25519 key that verifies the device's envelopes.
  /// - Returns: Who the device is from now on.
  /// - Throws: ``HubUnavailable``.
  @concurrent
  package func enrol(code: String, label: String, publicKey: [UInt8]) async throws -> EnrolmentReply
  {
    let request = EnrolmentRequest(code: code, publicKey: publicKey, label: label)
    let answer = try await send(
      HTTPContract.enrolmentsPath, body: request.encoded(), credential: nil)
    do { return try EnrolmentReply(decoding: answer) } catch {
      throw HubUnavailable.notAHub("\(error)")
    }
  }

  /// Sends one request of a sync.
  ///
  /// - Parameters:
  ///   - request: What ``SyncRound`` asked for.
  ///   - identity: Whose credential goes with it.
  /// - Returns: The answer's bytes, to be decoded by whoever asked.
  /// - Throws: ``HubUnavailable``.
  @concurrent
  package func perform(
    _ request: SyncRequest, as identity: DeviceIdentity
  ) async throws -> [UInt8] {
    switch request {
    case .push(let envelope):
      return try await send(
        HTTPContract.changeSetsPath, body: envelope, credential: identity.credential)
    case .pull(let pull):
      return try await send(
        HTTPContract.changesPath, body: pull.encoded(), credential: identity.credential)
    case .compare(let comparison):
      return try await send(
        HTTPContract.comparisonsPath, body: comparison.encoded(), credential: identity.credential)
    }
  }

  private func send(_ path: String, body: [UInt8], credential: String?) async throws -> [UInt8] {
    var request = HTTPClientRequest(url: address.description + path)
    request.headers.add(name: "Accept", value: HTTPContract.mediaType)
    if let credential {
      request.headers.add(name: "Authorization", value: HTTPContract.credentialScheme + credential)
    }
    request.method = .POST
    request.headers.add(name: "Content-Type", value: HTTPContract.mediaType)
    request.headers.add(name: HTTPContract.digestHeader, value: digest(of: body))
    request.body = .bytes(ByteBuffer(bytes: body))
    let response: HTTPClientResponse
    let bytes: [UInt8]
    do {
      response = try await connections.http.execute(
        request, timeout: .milliseconds(timeouts.requestMilliseconds))
      try checkSender(of: response)
      bytes = Array(try await response.body.collect(upTo: Self.answerBytesMax).readableBytesView)
    } catch let unavailable as HubUnavailable {
      throw unavailable
    } catch {
      throw try HubUnavailable(error)
    }
    return try judge(response, bytes)
  }

  /// Whatever does not speak our media type is not the hub, whatever its status says.
  ///
  /// Redirects are not followed: the credential is for one address only, and a login page redirects
  /// too.
  private func checkSender(of response: HTTPClientResponse) throws {
    let type = response.headers.first(name: "Content-Type") ?? ""
    let name = type.split(separator: ";").first.map { $0.lowercased() } ?? ""
    guard name.trimmingCharacters(in: .whitespaces) == HTTPContract.mediaType else {
      throw HubUnavailable.notAHub("status \(response.status.code), \(name.prefix(60))")
    }
  }

  private func judge(_ response: HTTPClientResponse, _ bytes: [UInt8]) throws -> [UInt8] {
    if let expected = response.headers.first(name: HTTPContract.digestHeader),
      expected != digest(of: bytes)
    {
      throw HubUnavailable.interrupted("the answer was damaged on its way")
    }
    if response.status == .ok { return bytes }
    guard let refusal = try? Refusal(decoding: bytes) else {
      throw HubUnavailable.notAHub("status \(response.status.code)")
    }
    throw HubUnavailable.refused(refusal)
  }

  private func digest(of bytes: [UInt8]) -> String {
    HTTPContract.digest(base64: Data(ChangeSet.hash(of: bytes)).base64EncodedString())
  }
}

/// The HTTP library's client, which insists on being shut down.
private final class Connections: Sendable {
  let http: HTTPClient

  init(_ timeouts: HubClient.Timeouts) {
    var configuration = HTTPClient.Configuration()
    configuration.redirectConfiguration = .disallow
    configuration.timeout = HTTPClient.Configuration.Timeout(
      connect: .milliseconds(timeouts.connectMilliseconds),
      read: .milliseconds(timeouts.idleMilliseconds),
      write: .milliseconds(timeouts.idleMilliseconds))
    // Shorter than any server's patience, so that no request goes out on a connection that is
    // being closed at the other end.
    configuration.connectionPool.idleTimeout = .seconds(20)
    // Attempts are the caller's business: it backs off and says so.
    configuration.connectionPool.retryConnectionEstablishment = false
    http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  deinit { http.shutdown { _ in } }
}
