import Foundation
import Gzip
import HTTPTypes
import Hummingbird
import NIOCore
import SyncCore
import SyncHub
import Synchronization

/// The machine's clock, in milliseconds since 1970.
package let hubClock: @Sendable () -> Int64 = {
  Int64((Date().timeIntervalSince1970 * 1000).rounded())
}

/// What devices can ask of the hub over HTTP.
///
/// Each route reads bytes, calls one function of the hub and writes bytes.
final class SyncRoutes: Sendable {
  private let hub: Hub
  /// What devices are to trust at the other end of a connection; see ``HubServer/Certificate``.
  private let pinnedCertificate: String
  private let metrics: HubMetrics
  private let budget: BodyBudget
  private let now: @Sendable () -> Int64
  private let brake = Mutex(GuessBrake())
  private let readiness: Readiness

  /// An enrolment is a code, a key and a name; a stranger gets no more room than that takes.
  private static let enrolmentBytesMax = 16 << 10
  /// Where a device stands takes some hundred bytes; a few more for every time it was restored.
  private static let questionBytesMax = 64 << 10

  init(
    hub: Hub, pinnedCertificate: String, metrics: HubMetrics, bodyBytes: Int,
    readyPatience: Duration, now: @escaping @Sendable () -> Int64
  ) {
    self.hub = hub
    self.pinnedCertificate = pinnedCertificate
    self.metrics = metrics
    budget = BodyBudget(bytes: bodyBytes)
    self.now = now
    readiness = Readiness(patience: readyPatience) {
      try hub.checkStorage(wallMilliseconds: now())
    }
  }

  func add(to router: Router<BasicRequestContext>) {
    router.get(path(HTTPContract.healthPath)) { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/json"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ok"}"#)))
    }
    router.get(path(HTTPContract.readyPath)) { _, _ in try await self.ready() }
    router.get(path(HTTPContract.addressPath)) { [hub] _, _ in
      let statement = try await offEventLoop { try hub.addressStatement() }
      guard let statement else { throw Refusal(.notFound, detail: "address") }
      return self.message(statement.encoded())
    }
    router.post(path(HTTPContract.enrolmentsPath)) { request, _ in try await self.enrol(request) }
    let limits = [
      (HTTPContract.changeSetsPath, SyncLimits.bodyBytes),
      (HTTPContract.changesPath, Self.questionBytesMax),
      (HTTPContract.comparisonsPath, Self.questionBytesMax),
      (HTTPContract.wordsPath, 2 * SyncLimits.offerBytes),
    ]
    for (name, limit) in limits {
      router.post(path(name)) { request, _ in
        try await self.answer(request, name, upTo: limit)
      }
    }
  }

  /// Whether requests can be answered: something has to be written for nearly all.
  private func ready() async throws -> Response {
    try await readiness.check()
    return Response(
      status: .ok, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: #"{"status":"ready"}"#)))
  }

  private func path(_ text: String) -> RouterPath { RouterPath(text) }

  private func enrol(_ request: Request) async throws -> Response {
    try checkContentType(request)
    let body = try await body(of: request, upTo: Self.enrolmentBytesMax)
    if let digest = request.headers[digestName],
      digest != HTTPContract.contentDigest(HTTPContract.bodyDigest(of: body.bytes))
    {
      throw Refusal(.malformed, detail: "digest")
    }
    let bytes = body.bytes
    guard let enrolment = try? EnrolmentRequest(decoding: bytes) else {
      throw Refusal(.malformed, detail: "enrolment")
    }
    var generator = SystemRandomNumberGenerator()
    let device = hexadecimal(randomBytes(16, using: &generator))
    let reply = try await slowingGuesses { [hub, pinnedCertificate, now] in
      try hub.enrol(
        enrolment, device: device, pinnedCertificate: pinnedCertificate, wallMilliseconds: now())
    }
    return message(reply)
  }

  /// The signature is judged before the body is read, so strangers cannot fill the memory.
  private func answer(_ request: Request, _ path: String, upTo limit: Int) async throws -> Response
  {
    guard let signed = SignedRequest(request) else { throw Refusal(.unauthorised) }
    let device = try await slowingGuesses { [hub, now] in
      try hub.admit(signed, wallMilliseconds: now())
    }
    if request.headers[.contentType] != nil { try checkContentType(request) }
    let body = try await body(of: request, upTo: limit)
    let isAsSigned = HTTPContract.bodyDigest(of: body.bytes) == signed.bodyDigest
    try Encoding.check(request)
    let acceptsGzip = request.headers[.acceptEncoding]?.lowercased().contains(HTTPContract.gzip)
    return try await offEventLoop { [hub, now] in
      let message = try Encoding.message(in: body, upTo: limit)
      // Who compresses on the way what the device did not has changed nothing.
      guard isAsSigned || HTTPContract.bodyDigest(of: message.bytes) == signed.bodyDigest else {
        throw Refusal(.malformed, detail: "digest")
      }
      if path == HTTPContract.changeSetsPath {
        try message.reserve(min(limit, (try? Envelope.blockBytes(in: message.bytes)) ?? 0))
      }
      let answer = try hub.answer(
        message.takeBytes(), to: path, from: device, wallMilliseconds: now())
      return .message(answer, status: .ok, isCompressed: acceptsGzip == true)
    }
  }

  // MARK: What requests carry

  private func checkContentType(_ request: Request) throws {
    let type = request.headers[.contentType]?.split(separator: ";").first
    guard type?.trimmingCharacters(in: .whitespaces).lowercased() == HTTPContract.mediaType else {
      throw RefusedRequest(
        status: .unsupportedMediaType,
        refusal: Refusal(.malformed, detail: "content type"))
    }
  }

  private func body(of request: Request, upTo limit: Int) async throws -> HeldBody {
    let announced = request.headers[.contentLength].flatMap { Int($0) }
    if let announced, announced > limit {
      throw Refusal(.tooLarge, detail: String(limit))
    }
    let pace = BodyPace()
    let body = HeldBody(budget)
    if let announced { body.expect(announced) }
    for try await chunk in request.body {
      guard body.count + chunk.readableBytes <= limit else {
        throw Refusal(.tooLarge, detail: String(limit))
      }
      try body.append(chunk.readableBytesView)
      try pace.check(body.count)
    }
    metrics.received(body.count)
    return body
  }

  private func message(_ bytes: [UInt8]) -> Response { .message(bytes, status: .ok) }

  // MARK: Work

  private func slowingGuesses<T: Sendable>(
    _ work: @escaping @Sendable () throws -> T
  ) async throws -> T {
    do {
      return try await offEventLoop(work)
    } catch let refusal as Refusal where refusal.code.isOfSecret {
      let pause = brake.withLock { $0.failed(at: .now) }
      try await Task.sleep(for: pause)
      throw refusal
    }
  }
}

extension Refusal.Code {
  /// Whether somebody may be guessing.
  fileprivate var isOfSecret: Bool {
    switch self {
    case .unauthorised, .codeUnknown, .codeUsed, .codeExpired: true
    default: false
    }
  }
}

private func randomBytes(
  _ count: Int, using generator: inout SystemRandomNumberGenerator
) -> [UInt8] {
  (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
}
