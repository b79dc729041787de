import AsyncHTTPClient
import Foundation
import Gzip
import NIOCore
import NIOHTTP1
import SyncCore
import SyncDevice

/// What came back for a request, whole, by whomever.
struct HubAnswer {
  let status: HTTPResponseStatus
  /// Nothing if it is not signed.
  let proof: AnswerProof?
  /// Whether it says that it is a message of ours.
  let isOfMediaType: Bool
  private let type: String
  /// As it came; empty for what cannot be the hub's.
  private let body: [UInt8]
  private let announcedDigest: String?
  private let server: String?
  private let location: String?

  /// Takes an answer in.
  ///
  /// - Parameters:
  ///   - response: The answer.
  ///   - limit: At most so many bytes of it.
  /// - Throws: The HTTP library's errors.
  init(_ response: HTTPClientResponse, upTo limit: Int) async throws {
    let headers = response.headers
    status = response.status
    let words = [HTTPContract.answerHeader, HTTPContract.spareAnswerHeader]
      .flatMap { headers[$0] }
    proof = words.lazy.compactMap { AnswerProof($0) }.first
    type =
      (headers.first(name: "Content-Type") ?? "").split(separator: ";").first
      .map { $0.trimmingCharacters(in: .whitespaces).lowercased() } ?? ""
    isOfMediaType = type == HTTPContract.mediaType
    announcedDigest = headers.first(name: HTTPContract.digestHeader)
    server = headers.first(name: "Server").map { String($0.prefix(60)) }
    location = headers.first(name: "Location")
    // A login page is not read; what has no type may be the hub's, with its signature taken out.
    let mayBeHubs =
      proof != nil || isOfMediaType || type.isEmpty || type == "application/octet-stream"
    body =
      mayBeHubs ? Array(try await response.body.collect(upTo: limit).readableBytesView) : []
  }

  /// Where the hub is said to be instead; nothing for any other answer, a login page among them.
  func otherPlace(of path: String) -> HubAddress? {
    guard [301, 302, 303, 307, 308].contains(status.code), let location,
      location.hasSuffix(path)
    else { return nil }
    return try? HubAddress(String(location.dropLast(path.count)))
  }

  /// The body that was signed, though something on the way has compressed it; nothing if it is another.
  func body(fitting proof: AnswerProof, upTo limit: Int) -> [UInt8]? {
    forms(upTo: limit).first { proof.fits(HTTPContract.bodyDigest(of: $0)) }
  }

  /// The message in an answer that nobody signs; nothing if it is not the one that was sent.
  func unsignedMessage(upTo limit: Int) -> [UInt8]? {
    guard let announcedDigest else { return Self.message(in: body, upTo: limit) }
    return forms(upTo: limit).first {
      HTTPContract.contentDigest(HTTPContract.bodyDigest(of: $0)) == announcedDigest
    }.flatMap { Self.message(in: $0, upTo: limit) }
  }

  private func forms(upTo limit: Int) -> some Sequence<[UInt8]> {
    [{ body }, { Self.message(in: body, upTo: limit) ?? [] }].lazy.map { $0() }
  }

  /// A message, compressed or not; nothing for what is damaged.
  static func message(in body: [UInt8], upTo limit: Int) -> [UInt8]? {
    Gzip.isBeginning(of: body) ? try? Gzip.decompressed(body, upTo: limit) : body
  }

  /// What the hub said instead of an answer.
  func refused(_ message: [UInt8]) -> HubUnavailable {
    guard let refusal = try? Refusal(decoding: message) else {
      return .notAHub("status \(status.code)")
    }
    return .refused(refusal)
  }

  /// What an answer means that nobody has signed.
  ///
  /// - Returns: An ``Alteration`` if it is the hub's all the same, as far as can be told; otherwise a
  ///   ``HubUnavailable``.
  func unsigned(_ request: SyncRequest, afterSending bytes: Int, upTo limit: Int) -> any Error {
    let message = Self.message(in: body, upTo: limit) ?? []
    if status == .ok {
      if !message.isEmpty, request.isAnswered(by: message) {
        return Alteration.header(HTTPContract.answerHeader)
      }
    } else if isOfMediaType, let refusal = try? Refusal(decoding: message) {
      // The hub signs whatever it is asked with a signature.
      return Alteration.header(
        refusal.code == .unauthorised
          ? HTTPContract.authorizationHeader : HTTPContract.answerHeader)
    }
    return stranger(afterSending: bytes)
  }

  /// Who has answered in the hub's place, as far as the status tells.
  func stranger(afterSending bytes: Int) -> HubUnavailable {
    switch status.code {
    case 407: .proxy(.wantsPassword)
    case 413: .tooLarge(TooLargeBody(bytes: bytes, server: server ?? ""))
    case 502, 503, 504: .gateway(Int(status.code))
    default: .notAHub("status \(status.code), \(type.prefix(60))")
    }
  }
}

extension SyncRequest {
  /// Whether bytes are an answer to it, whoever gives it.
  func isAnswered(by message: [UInt8]) -> Bool {
    switch self {
    case .push: (try? PushReply(decoding: message)).map { !$0.receipts.isEmpty } ?? false
    case .pull: (try? PullPage(decoding: message)) != nil
    case .compare: (try? ComparisonReply(decoding: message)) != nil
    case .offer: (try? WordOffer.count(inReply: message)) != nil
    }
  }
}
