import Gzip
import HTTPTypes
import Hummingbird
import SyncCore

/// How a request's body is encoded for the way.
///
/// What stands between may take the header out or put one in, so the bytes themselves tell.
enum Encoding {
  /// - Throws: ``RefusedRequest`` for one that is not spoken here.
  static func check(_ request: Request) throws {
    switch request.headers[.contentEncoding]?.lowercased() {
    case nil, "identity", HTTPContract.gzip: return
    default:
      throw RefusedRequest(
        status: .unsupportedMediaType, refusal: Refusal(.malformed, detail: "content encoding"))
    }
  }

  /// The message in a body, which is empty then if it was another: as bounded as one that came as it is,
  /// and within the same budget.
  ///
  /// - Throws: `Refusal`.
  static func message(in body: HeldBody, upTo limit: Int) throws -> HeldBody {
    guard Gzip.isBeginning(of: body.bytes) else { return body }
    let bytes = body.takeBytes()
    let message = body.another()
    message.expect(min(limit, Gzip.announcedBytes(in: bytes)))
    do {
      try Gzip.decompress(bytes, upTo: limit) { try message.append($0) }
    } catch Gzip.Problem.tooLarge {
      throw Refusal(.tooLarge, detail: String(limit))
    } catch Gzip.Problem.damaged {
      throw Refusal(.malformed, detail: "gzip")
    }
    return message
  }
}
