import Gzip
import HTTPTypes
import Hummingbird
import SyncCore

/// How a request's body is encoded for the way.
enum Encoding {
  case none, gzip

  /// - Throws: ``RefusedRequest`` for one that is not spoken here.
  init(of request: Request) throws {
    switch request.headers[.contentEncoding]?.lowercased() {
    case nil, "identity": self = .none
    case HTTPContract.gzip: self = .gzip
    default:
      throw RefusedRequest(
        status: .unsupportedMediaType, refusal: Refusal(.malformed, detail: "content encoding"))
    }
  }

  /// The message in a body: as bounded as one that came as it is, and within the same budget.
  ///
  /// - Throws: `Refusal`.
  func decode(_ body: HeldBody, upTo limit: Int) throws -> HeldBody {
    guard self == .gzip else { return body }
    var message = body.another()
    do {
      try Gzip.decompress(body.bytes, upTo: limit) { try message.append($0) }
    } catch Gzip.Problem.tooLarge {
      throw Refusal(.tooLarge, detail: String(limit))
    } catch Gzip.Problem.damaged {
      throw Refusal(.malformed, detail: "gzip")
    }
    return message
  }
}
