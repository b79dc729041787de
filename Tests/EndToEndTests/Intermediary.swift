import AsyncHTTPClient
import Gzip
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// A reverse proxy that does to requests and answers what such servers do.
final class Intermediary: Sendable {
  /// What it does; nothing at first.
  struct Habits: Sendable {
    /// Larger bodies get status 413 and a page of its own.
    var bodyBytesMax = Int.max
    /// Headers that it takes out, in small letters.
    var removedFromRequests: Set<String> = []
    var removedFromAnswers: Set<String> = []
    /// Whether it decompresses what travels compressed, and takes out the header that says so.
    var decompressesRequests = false
    var decompressesAnswers = false
    /// Whether it compresses what does not.
    var compressesRequests = false
    var compressesAnswers = false
    /// Whether it changes a byte of every body.
    var garblesRequests = false
    var garblesAnswers = false
    /// How often it sends each request; the last answer is passed on.
    var times = 1
    /// Answers itself, with this status.
    var status: Int?
  }

  private let habits = Mutex(Habits())
  private let sizes = Mutex<[Int]>([])
  private let client = HTTPClient(eventLoopGroupProvider: .singleton)
  private let target: String

  private init(target: String) { self.target = target }

  func set(_ habits: Habits) { self.habits.withLock { $0 = habits } }

  /// How large the bodies were that have come so far.
  var bodySizes: [Int] { sizes.withLock { $0 } }

  /// Runs one before a server while `body` runs.
  @concurrent
  static func run(
    to target: String, _ body: @Sendable (Intermediary, _ address: String) async throws -> Void
  ) async throws {
    let own = Intermediary(target: target)
    let router = Router()
    for method in [HTTPRequest.Method.post, .get] {
      router.on("**", method: method) { request, _ in try await own.answer(request) }
    }
    let result: Result<Void, any Error>
    do {
      result = .success(
        try await serving(router) { try await body(own, "http://127.0.0.1:\($0)") })
    } catch {
      result = .failure(error)
    }
    try await own.client.shutdown()
    try result.get()
  }

  private func answer(_ request: Request) async throws -> Response {
    let habits = habits.withLock { $0 }
    var body = Array(try await request.body.collect(upTo: 1 << 28).readableBytesView)
    sizes.withLock { $0.append(body.count) }
    if body.count > habits.bodyBytesMax { return Self.page(413) }
    if let status = habits.status { return Self.page(status) }
    var forwarded = HTTPClientRequest(url: target + request.uri.path)
    forwarded.method = HTTPMethod(rawValue: request.method.rawValue)
    var removed = habits.removedFromRequests.union(["content-length", "connection"])
    if habits.decompressesRequests, Gzip.isBeginning(of: body) {
      body = try Gzip.decompressed(body, upTo: 1 << 28)
      removed.insert("content-encoding")
    } else if habits.compressesRequests, !body.isEmpty, !Gzip.isBeginning(of: body) {
      body = Gzip.compressed(body) ?? body
      forwarded.headers.add(name: "Content-Encoding", value: "gzip")
    }
    if habits.garblesRequests, !body.isEmpty { body[body.count / 2] ^= 1 }
    for field in request.headers where !removed.contains(field.name.canonicalName) {
      forwarded.headers.add(name: field.name.rawName, value: field.value)
    }
    if !body.isEmpty { forwarded.body = .bytes(ByteBuffer(bytes: body)) }
    var answers: [(HTTPClientResponse, [UInt8])] = []
    for _ in 0..<habits.times {
      let response = try await client.execute(forwarded, timeout: .seconds(60))
      let bytes = try await response.body.collect(upTo: 1 << 28)
      answers.append((response, Array(bytes.readableBytesView)))
    }
    let (response, bytes) = try #require(answers.last)
    return Self.passedOn(response, bytes, habits)
  }

  private static func passedOn(
    _ response: HTTPClientResponse, _ bytes: [UInt8], _ habits: Habits
  ) -> Response {
    var body = bytes
    var removed = habits.removedFromAnswers.union(["content-length", "connection"])
    var headers = HTTPFields()
    if habits.decompressesAnswers, Gzip.isBeginning(of: body) {
      body = (try? Gzip.decompressed(body, upTo: 1 << 28)) ?? body
      removed.insert("content-encoding")
    } else if habits.compressesAnswers, !body.isEmpty, !Gzip.isBeginning(of: body) {
      body = Gzip.compressed(body) ?? body
      headers[.contentEncoding] = "gzip"
    }
    if habits.garblesAnswers, !body.isEmpty { body[body.count / 2] ^= 1 }
    for (name, value) in response.headers where !removed.contains(name.lowercased()) {
      if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
    }
    return Response(
      status: .init(code: Int(response.status.code)), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }

  private static func page(_ status: Int) -> Response {
    Response(
      status: .init(code: status), headers: [.contentType: "text/html", .server: "between/1"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: "<html><h1>\(status)</h1></html>")))
  }
}

/// Serves what a test answers by itself, on a free port of the loopback, while `body` runs.
@concurrent
func serving(
  _ router: Router<BasicRequestContext>, _ body: @Sendable (_ port: Int) async throws -> Void
) async throws {
  let (ports, announce) = AsyncStream.makeStream(of: Int.self)
  let server = Application(
    router: router,
    configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
    onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) },
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  let running = Task { try await server.run() }
  var iterator = ports.makeAsyncIterator()
  let port = try #require(await iterator.next())
  let result: Result<Void, any Error>
  do { result = .success(try await body(port)) } catch { result = .failure(error) }
  running.cancel()
  _ = await running.result
  try result.get()
}
