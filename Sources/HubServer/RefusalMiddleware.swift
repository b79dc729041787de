import Foundation
import Gzip
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SyncCore
import SyncHub

/// Turns every error into a refusal that a device understands, signs every answer to a device, and
/// writes one line per request.
///
/// Strangers learn nothing of the hub's insides: what is unforeseen gets an id that the log has
/// too.
struct RefusalMiddleware: RouterMiddleware {
  typealias Context = BasicRequestContext
  let logger: Logger
  let hub: Hub
  let metrics: HubMetrics

  @concurrent
  func handle(
    _ request: Request, context: Context,
    next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    metrics.began()
    var response: Response
    do {
      response = try await next(request, context)
    } catch {
      let refused = refused(error)
      response = .message(refused.refusal.encoded(), status: refused.status)
      let methods = HTTPContract.methods(of: request.uri.path)
      if refused.status == .notFound, !methods.isEmpty, !methods.contains(request.method.rawValue) {
        response.status = .methodNotAllowed
        response.headers[.allow] = methods.joined(separator: ", ")
      }
    }
    let took = start.duration(to: .now)
    metrics.ended(
      route: route(of: request), status: Int(response.status.code), seconds: took / .seconds(1))
    log(request, response.status, took: took)
    for row in hub.takeDamageFound() { log(row) }
    try response.sign(answering: request, as: hub)
    if request.method == .head { response.body = ResponseBody() }
    return response
  }

  private func refused(_ error: any Error) -> RefusedRequest {
    switch error {
    case let refused as RefusedRequest: return refused
    case let refusal as Refusal:
      return RefusedRequest(
        status: .init(code: HTTPContract.status(of: refusal.code)), refusal: refusal)
    case let error as any HTTPResponseError where error.status.code < 500:
      let code: Refusal.Code = error.status == .notFound ? .notFound : .malformed
      return RefusedRequest(status: error.status, refusal: Refusal(code))
    // Whoever goes away in the middle of a request, or garbles it, is no trouble of the hub's.
    case let error where Self.isOfTheConnection(error):
      return RefusedRequest(status: .badRequest, refusal: Refusal(.malformed))
    case is CancellationError:
      return RefusedRequest(status: .serviceUnavailable, refusal: Refusal(.unavailable))
    default: return unforeseen(error)
    }
  }

  private static func isOfTheConnection(_ error: any Error) -> Bool {
    let names = ["HTTPParserError", "IOError", "ChannelError", "NIOAsyncWriterError"]
    return names.contains(String(describing: type(of: error)))
  }

  private func unforeseen(_ error: any Error) -> RefusedRequest {
    let id = hexadecimal((0..<4).map { _ in UInt8.random(in: 0...255) })
    let trouble = StorageTrouble(error)
    logger.error(
      "A request failed.",
      metadata: ["error-id": "\(id)", "error": "\(loggable(error, trouble))"])
    if trouble?.mayPass == true {
      return RefusedRequest(
        status: .serviceUnavailable, refusal: Refusal(.unavailable, detail: id))
    }
    return RefusedRequest(status: .internalServerError, refusal: Refusal(.internal, detail: id))
  }

  /// Errors of unknown types may quote rows, and rows are about people; of those only the type is
  /// logged.
  ///
  /// GRDB keeps statements' arguments out of its own errors.
  private func loggable(_ error: any Error, _ trouble: StorageTrouble?) -> String {
    switch error {
    case is HubError, is WireError: "\(type(of: error)): \(error)"
    default: trouble == nil ? "\(type(of: error))" : "\(error)"
    }
  }

  /// The query holds sequences only, but what strangers ask for is theirs: unknown paths stay out.
  private func log(_ request: Request, _ status: HTTPResponse.Status, took: Duration) {
    logger.info(
      "\(request.method) \(route(of: request)) \(status.code)",
      metadata: ["milliseconds": "\(took / .milliseconds(1))"])
  }

  /// The key says which row it is, and nothing of what it holds.
  private func log(_ row: DamagedRow) {
    metrics.foundDamaged(isRestored: row.isRestored)
    logger.warning(
      row.isRestored
        ? "A damaged row has been put right from the record."
        : "A row is damaged, and the record does not tell what it was.",
      metadata: ["table": "\(row.table)", "key": "\(row.key)"])
  }

  private func route(of request: Request) -> String {
    HTTPContract.paths.contains(request.uri.path) ? request.uri.path : "(unknown)"
  }
}

/// A refusal with a status that says more than the code alone would.
struct RefusedRequest: Error {
  let status: HTTPResponse.Status
  let refusal: Refusal
}

/// What SQLite says is wrong, where it is SQLite that says so.
///
/// The hub's storage is behind a protocol, so its driver's error type is not known here, only how
/// it presents itself.
private struct StorageTrouble {
  private let code: Int

  init?(_ error: any Error) {
    guard let error = error as? any CustomNSError,
      type(of: error).errorDomain == "GRDB.DatabaseError"
    else { return nil }
    code = error.errorCode & 0xFF
  }

  /// Busy, locked, out of memory, read only, I/O error, full, cannot open: an operator can end these
  /// without touching the data, and the device tries again by itself.
  var mayPass: Bool { [5, 6, 7, 8, 10, 13, 14].contains(code) }
}

extension Response {
  /// A message of the wire schema; smaller for whoever wants it so and where it gains anything.
  static func message(
    _ bytes: [UInt8], status: HTTPResponse.Status, isCompressed: Bool = false
  ) -> Response {
    var headers: HTTPFields = [
      .contentType: HTTPContract.mediaType, .cacheControl: "no-store",
    ]
    var bytes = bytes
    if isCompressed, bytes.count >= HTTPContract.compressedBytesMin,
      let smaller = Gzip.compressed(bytes), smaller.count < bytes.count
    {
      bytes = smaller
      headers[.contentEncoding] = HTTPContract.gzip
    }
    headers[digestName] = HTTPContract.contentDigest(HTTPContract.bodyDigest(of: bytes))
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

let digestName = HTTPField.Name(HTTPContract.digestHeader) ?? .eTag
