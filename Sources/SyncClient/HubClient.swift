import AsyncHTTPClient
import Foundation
import Gzip
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
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

  /// Whom to take for the hub's end of an encrypted connection.
  package enum Trust: Sendable {
    /// Whoever the machine's authorities vouch for.
    case authorities
    /// Whoever has this certificate, in PEM.
    case certificate(String)
    /// Anybody: for an enrolment, in which both sides prove themselves otherwise.
    case anybody
  }

  package init(
    _ address: HubAddress, trusting trust: Trust = .authorities, timeouts: Timeouts = Timeouts()
  ) throws {
    self.address = address
    self.timeouts = timeouts
    connections = try Connections(timeouts, trust)
  }

  /// The same hub, whoever answers at its address.
  func trustingAnybody() throws -> HubClient {
    try HubClient(address, trusting: .anybody, timeouts: timeouts)
  }

  /// A page may carry one row over its limit, and a row may be as large as a push.
  private static let answerBytesMax = 2 * SyncLimits.bodyBytes

  /// Asks to be let in with a one-time code.
  ///
  /// - Parameters:
  ///   - code: As the operator gave it.
  ///   - label: What people call the machine.
  ///   - publicKey: The raw Ed25519 key that verifies what the device signs.
  /// - Returns: Who the device is from now on.
  /// - Throws: ``HubUnavailable``; ``HubUnavailable/impostor`` if whoever answers does not know the code.
  @concurrent
  package func enrol(code: EnrolmentCode, label: String, publicKey: [UInt8]) async throws
    -> EnrolmentReply
  {
    let request = EnrolmentRequest(code: code, publicKey: publicKey, label: label)
    let body = request.encoded()
    let answer = try await send(
      HTTPContract.enrolmentsPath, body: body,
      headers: [
        ("Accept", HTTPContract.mediaType), ("Content-Type", HTTPContract.mediaType),
        (
          HTTPContract.digestHeader,
          HTTPContract.contentDigest(HTTPContract.bodyDigest(of: body))
        ),
      ])
    if answer.status != .ok { throw try answer.refused() }
    let reply: EnrolmentReply
    do { reply = try EnrolmentReply(decoding: answer.body) } catch {
      throw HubUnavailable.notAHub("\(error)")
    }
    guard reply.isProven(by: code, publicKey: publicKey) else { throw HubUnavailable.impostor }
    return reply
  }

  /// Sends one request of a sync.
  ///
  /// - Parameters:
  ///   - request: What ``SyncRound`` asked for.
  ///   - identity: Who asks, and which hub is to answer.
  ///   - hubMilliseconds: What time it is at the hub, as far as is known.
  /// - Returns: The answer's bytes, to be decoded by whoever asked.
  /// - Throws: ``HubUnavailable``; ``HubUnavailable/impostor`` if whoever answers is not that hub.
  @concurrent
  package func perform(
    _ request: SyncRequest, as identity: DeviceIdentity, hubMilliseconds: Int64 = wallClock()
  ) async throws -> [UInt8] {
    let (body, encoding) = Self.encoded(request.body)
    let nonce = Base64URL.text((0..<8).map { _ in UInt8.random(in: 0...255) })
    let signed = try identity.signRequest(
      to: request.path, body: body, nonce: nonce, hubMilliseconds: hubMilliseconds)
    let question = SignedAnswer.Question(path: request.path, credentials: signed.credentials)
    let answer = try await send(
      request.path, body: body,
      headers: [
        (HTTPContract.authorizationHeader, HTTPContract.authorization(question.credentials)),
        (HTTPContract.acceptedEncodingHeader, HTTPContract.gzip),
      ] + encoding)
    guard let proof = answer.proof else {
      throw HubUnavailable.notAHub("status \(answer.status.code), not signed")
    }
    guard answer.isSigned(proof, by: identity, answering: question) else {
      throw HubUnavailable.impostor
    }
    if answer.status != .ok { throw try answer.refused() }
    return try answer.decoded(upTo: Self.answerBytesMax)
  }

  /// A body as it travels, and the header that says so.
  private static func encoded(_ body: [UInt8]) -> ([UInt8], [(String, String)]) {
    guard body.count >= HTTPContract.compressedBytesMin, let smaller = Gzip.compressed(body),
      smaller.count < body.count
    else { return (body, []) }
    return (smaller, [(HTTPContract.encodingHeader, HTTPContract.gzip)])
  }

  private func send(
    _ path: String, body: [UInt8], headers: [(String, String)]
  ) async throws -> HubAnswer {
    var request = HTTPClientRequest(url: address.description + path)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.method = .POST
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
    let answer = HubAnswer(response, bytes)
    if answer.isDamaged { throw HubUnavailable.interrupted("the answer was damaged on its way") }
    return answer
  }

  /// Whatever neither signs nor speaks our media type is not the hub, whatever its status says.
  ///
  /// Redirects are not followed: what is signed is for one address only, and a login page redirects
  /// too.
  private func checkSender(of response: HTTPClientResponse) throws {
    if response.headers.contains(name: HTTPContract.answerHeader) { return }
    let type = response.headers.first(name: "Content-Type") ?? ""
    let name = type.split(separator: ";").first.map { $0.lowercased() } ?? ""
    guard name.trimmingCharacters(in: .whitespaces) == HTTPContract.mediaType else {
      throw HubUnavailable.notAHub("status \(response.status.code), \(name.prefix(60))")
    }
  }
}

/// What came back for a request, whole.
private struct HubAnswer {
  let status: HTTPResponseStatus
  /// As it travelled.
  let body: [UInt8]
  private let encoding: String?
  /// Nothing if it is not signed.
  let proof: AnswerProof?
  private let digest: String
  private let announcedDigest: String?

  init(_ response: HTTPClientResponse, _ body: [UInt8]) {
    status = response.status
    self.body = body
    encoding = response.headers.first(name: HTTPContract.encodingHeader)
    proof = response.headers.first(name: HTTPContract.answerHeader).flatMap { AnswerProof($0) }
    digest = HTTPContract.bodyDigest(of: body)
    announcedDigest = response.headers.first(name: HTTPContract.digestHeader)
  }

  /// Whether another body was sent.
  var isDamaged: Bool {
    if let proof { return !proof.fits(digest) }
    return announcedDigest.map { $0 != HTTPContract.contentDigest(digest) } ?? false
  }

  /// Whether the device's own hub has signed it as the answer to a request.
  func isSigned(
    _ proof: AnswerProof, by identity: DeviceIdentity, answering question: SignedAnswer.Question
  ) -> Bool {
    let answer = SignedAnswer(status: Int(status.code), bodyDigest: digest, to: question)
    return identity.isOfHub(proof.signature, for: answer.signed)
  }

  /// The message in it.
  func decoded(upTo limit: Int) throws -> [UInt8] {
    guard let encoding else { return body }
    guard encoding.lowercased() == HTTPContract.gzip,
      let bytes = try? Gzip.decompressed(body, upTo: limit)
    else { throw HubUnavailable.notAHub("encoding \(encoding.prefix(20))") }
    return bytes
  }

  /// What the hub said instead of an answer.
  func refused() throws -> HubUnavailable {
    guard let refusal = try? Refusal(decoding: body) else {
      throw HubUnavailable.notAHub("status \(status.code)")
    }
    return .refused(refusal)
  }
}

extension TLSConfiguration {
  fileprivate init(_ trust: HubClient.Trust) throws {
    self = .makeClientConfiguration()
    switch trust {
    case .authorities: break
    case .certificate(let text):
      // The name in it does not matter: it is this certificate or none.
      trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(text.utf8)))
      certificateVerification = .noHostnameVerification
    case .anybody: certificateVerification = .none
    }
  }
}

/// The HTTP library's client, which insists on being shut down.
private final class Connections: Sendable {
  let http: HTTPClient

  init(_ timeouts: HubClient.Timeouts, _ trust: HubClient.Trust) throws {
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = try TLSConfiguration(trust)
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
    http = HTTPClient(
      eventLoopGroupProvider: .shared(Self.group(for: trust)), configuration: configuration)
  }

  /// Apple's own network library knows its authorities best, but cannot trust one certificate and
  /// whatever name is in it.
  private static func group(for trust: HubClient.Trust) -> any EventLoopGroup {
    switch trust {
    case .authorities: HTTPClient.defaultEventLoopGroup
    case .certificate, .anybody: MultiThreadedEventLoopGroup.singleton
    }
  }

  deinit { http.shutdown { _ in } }
}
