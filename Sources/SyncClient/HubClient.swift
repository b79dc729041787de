import AsyncHTTPClient
import Foundation
import Gzip
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import SyncCore
package import SyncDevice
import Synchronization

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
  private let trust: Trust
  private let proxies: ProxySettings
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

  /// A client for one hub.
  ///
  /// - Parameters:
  ///   - address: Where the hub is.
  ///   - trust: Whom to take for it.
  ///   - proxies: Through what requests go.
  ///   - timeouts: How long to wait for what.
  /// - Throws: ``HubUnavailable/proxy(_:)`` for a setting that makes no sense, `NIOSSLError` for a
  ///   certificate that is none.
  package init(
    _ address: HubAddress, trusting trust: Trust = .authorities,
    through proxies: ProxySettings = .none,
    timeouts: Timeouts = Timeouts()
  ) throws {
    self.address = address
    self.trust = trust
    self.proxies = proxies
    self.timeouts = timeouts
    connections = try Connections(address, timeouts, trust, try proxies.proxy(for: address))
  }

  /// The same hub, whoever answers at its address.
  func trustingAnybody() throws -> HubClient {
    try HubClient(address, trusting: .anybody, through: proxies, timeouts: timeouts)
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
    guard answer.isOfMediaType else { throw answer.stranger(afterSending: body.count) }
    guard let message = answer.unsignedMessage(upTo: Self.answerBytesMax) else {
      throw HubUnavailable.altered(.answerBody)
    }
    if answer.status != .ok { throw answer.refused(message) }
    let reply: EnrolmentReply
    do { reply = try EnrolmentReply(decoding: message) } catch {
      throw HubUnavailable.notAHub("\(error)")
    }
    guard reply.isProven(by: code, publicKey: publicKey) else { throw HubUnavailable.impostor }
    connections.hasFoundHub.withLock { $0 = true }
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
    var passage = connections.passage.withLock { $0 }
    while true {
      do {
        let answer = try await ask(
          request, as: identity, hubMilliseconds: hubMilliseconds, by: passage)
        connections.passage.withLock { $0 = passage }
        return answer
      } catch let alteration as Alteration {
        guard let other = passage.avoiding(alteration) else {
          throw HubUnavailable.altered(alteration)
        }
        passage = other
      }
    }
  }

  /// - Throws: ``HubUnavailable``, and ``Alteration`` for what another passage may spare.
  private func ask(
    _ request: SyncRequest, as identity: DeviceIdentity, hubMilliseconds: Int64, by passage: Passage
  ) async throws -> [UInt8] {
    let (body, isCompressed) = Self.encoded(request.body, passage)
    let nonce = Base64URL.text((0..<8).map { _ in UInt8.random(in: 0...255) })
    let signed = try identity.signRequest(
      to: request.path, body: body, nonce: nonce, hubMilliseconds: hubMilliseconds)
    let question = SignedAnswer.Question(path: request.path, credentials: signed.credentials)
    let answer = try await send(
      request.path, body: body,
      headers: Self.headers(question, isCompressed: isCompressed, passage))
    guard let proof = answer.proof else {
      throw answer.unsigned(request, afterSending: body.count, upTo: Self.answerBytesMax)
    }
    guard let sent = answer.body(fitting: proof, upTo: Self.answerBytesMax) else {
      throw Alteration.answerBody
    }
    let digest = HTTPContract.bodyDigest(of: sent)
    let signature = SignedAnswer(status: Int(answer.status.code), bodyDigest: digest, to: question)
    guard identity.isOfHub(proof.signature, for: signature.signed) else {
      throw HubUnavailable.impostor
    }
    connections.hasFoundHub.withLock { $0 = true }
    guard let message = HubAnswer.message(in: sent, upTo: Self.answerBytesMax) else {
      throw HubUnavailable.notAHub("a body that is damaged")
    }
    if answer.status == .ok { return message }
    let refused = answer.refused(message)
    guard case .refused(let refusal) = refused, refusal.code == .malformed else { throw refused }
    // A hub that cannot read what was compressed may have been sent something else; and one that says
    // that it is something else knows.
    if isCompressed || refusal.detail == "digest" { throw Alteration.requestBody }
    throw refused
  }

  private static func headers(
    _ question: SignedAnswer.Question, isCompressed: Bool, _ passage: Passage
  ) -> [(String, String)] {
    let authorization = HTTPContract.authorization(question.credentials)
    var headers = [(HTTPContract.authorizationHeader, authorization)]
    if passage.repeatsHeaders {
      headers.append((HTTPContract.spareAuthorizationHeader, authorization))
    }
    if passage.takesCompressedAnswers {
      headers.append((HTTPContract.acceptedEncodingHeader, HTTPContract.gzip))
    }
    if isCompressed { headers.append((HTTPContract.encodingHeader, HTTPContract.gzip)) }
    return headers
  }

  /// A body as it travels, and whether it is compressed.
  private static func encoded(_ body: [UInt8], _ passage: Passage) -> ([UInt8], Bool) {
    guard passage.compressesRequests, body.count >= HTTPContract.compressedBytesMin,
      let smaller = Gzip.compressed(body), smaller.count < body.count
    else { return (body, false) }
    return (smaller, true)
  }

  /// Where the hub says that it is, whoever hands it out here; nothing if nobody does.
  ///
  /// - Throws: ``HubUnavailable``.
  @concurrent
  func addressStatement() async throws -> AddressStatement? {
    let answer = try await send(HTTPContract.addressPath, .GET, body: [], headers: [])
    guard answer.status == .ok, let message = answer.unsignedMessage(upTo: Self.answerBytesMax)
    else { return nil }
    return try? AddressStatement(decoding: message)
  }

  private func send(
    _ path: String, _ method: HTTPMethod = .POST, body: [UInt8], headers: [(String, String)]
  ) async throws -> HubAnswer {
    var request = connections.request(to: path)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.method = method
    if method == .POST { request.body = .bytes(ByteBuffer(bytes: body)) }
    let answer: HubAnswer
    do {
      let response = try await connections.http.execute(
        request, timeout: .milliseconds(timeouts.requestMilliseconds))
      answer = try await HubAnswer(response, upTo: Self.answerBytesMax)
    } catch {
      throw try await explained(connections.unavailable(after: error))
    }
    if answer.status == .badRequest, !answer.isOfMediaType, answer.proof == nil {
      throw try await explained(answer.stranger(afterSending: body.count))
    }
    if let place = answer.otherPlace(of: path) { throw HubUnavailable.redirected(place) }
    return answer
  }

  /// Whether it is the other of `http` and `https` that is spoken at the address, where what came was no
  /// answer.
  private func explained(_ failure: HubUnavailable) async throws -> HubUnavailable {
    switch failure {
    case .interrupted, .notAHub: break
    default: return failure
    }
    guard !connections.hasFoundHub.withLock({ $0 }), let other = address.inOtherScheme else {
      return failure
    }
    var timeouts = timeouts
    timeouts.requestMilliseconds = Self.probeMilliseconds
    let client = try HubClient(other, trusting: .anybody, through: proxies, timeouts: timeouts)
    let isSpoken = await client.isSpoken()
    try Task.checkCancellation()
    return isSpoken ? .wrongScheme(isEncrypted: other.isEncrypted) : failure
  }

  /// How long to look for another way to speak.
  private static let probeMilliseconds: Int64 = 5_000

  /// Whether anybody answers in this scheme.
  private func isSpoken() async -> Bool {
    let response = try? await connections.http.execute(
      connections.request(to: HTTPContract.healthPath),
      timeout: .milliseconds(timeouts.requestMilliseconds))
    // A server that encrypts says so to whoever does not, without encryption.
    return response.map { address.isEncrypted || $0.status != .badRequest } ?? false
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

/// The HTTP library's client, which insists on being shut down, and what is known of the way.
private final class Connections: Sendable {
  let http: HTTPClient
  let passage = Mutex(Passage())
  /// Whether the hub itself has answered.
  let hasFoundHub = Mutex(false)
  private let address: HubAddress
  private let proxy: WebProxy?

  init(
    _ address: HubAddress, _ timeouts: HubClient.Timeouts, _ trust: HubClient.Trust,
    _ proxy: WebProxy?
  ) throws {
    self.address = address
    self.proxy = proxy
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
    if let proxy { configuration.go(through: proxy, to: address) }
    http = HTTPClient(
      eventLoopGroupProvider: .shared(Self.group(for: trust)), configuration: configuration)
  }

  /// A request to the hub, by whatever way.
  func request(to path: String) -> HTTPClientRequest {
    guard let proxy, proxy.kind == .http, !address.isEncrypted else {
      return HTTPClientRequest(url: address.description + path)
    }
    var request = HTTPClientRequest(url: "http://\(proxy.name)\(address.path)\(path)")
    request.headers.add(name: "Host", value: String(address.origin.dropFirst("http://".count)))
    if let authorization = proxy.authorization {
      request.headers.add(name: "Proxy-Authorization", value: authorization.headerValue)
    }
    return request
  }

  /// What an error means, of the hub or of the proxy before it.
  func unavailable(after error: any Error) throws -> HubUnavailable {
    let unavailable = try HubUnavailable(error)
    guard let proxy, case .unreachable(let detail) = unavailable else { return unavailable }
    return .proxy(.unreachable(proxy.name, detail))
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

extension WebProxy {
  fileprivate var authorization: HTTPClient.Authorization? {
    user.isEmpty ? nil : .basic(username: user, password: password)
  }
}

extension HTTPClient.Configuration {
  /// Encrypted connections go through a tunnel; requests without encryption are the proxy's to pass on,
  /// since hardly any lets others than encrypted ones through.
  fileprivate mutating func go(through proxy: WebProxy, to address: HubAddress) {
    switch proxy.kind {
    case .socks: self.proxy = .socksServer(host: proxy.host, port: proxy.port)
    case .http where address.isEncrypted:
      self.proxy = .server(
        host: proxy.host, port: proxy.port, authorization: proxy.authorization)
    case .http:
      let origin = address.origin
      http1_1ConnectionDebugInitializer = { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(
            WholeAddress(origin: origin),
            position: .after(pipeline.handler(type: HTTPRequestEncoder.self)))
        }
      }
    }
  }
}

/// Names the whole address in each request, as a proxy has to be told it (RFC 9112, section 3.2.2).
private final class WholeAddress: ChannelOutboundHandler {
  typealias OutboundIn = HTTPClientRequestPart
  typealias OutboundOut = HTTPClientRequestPart
  private let origin: String

  init(origin: String) { self.origin = origin }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    var part = unwrapOutboundIn(data)
    if case .head(var head) = part {
      head.uri = origin + head.uri
      part = .head(head)
    }
    context.write(wrapOutboundOut(part), promise: promise)
  }
}
