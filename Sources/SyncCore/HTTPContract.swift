/// What both ends of the HTTP road agree on; `Schema/api/openapi.yaml` says the same to others.
package enum HTTPContract {
  /// Every body but the health check's, in both directions, is one message of the wire schema.
  package static let mediaType = "application/vnd.thuan+protobuf"
  package static let healthPath = "/v1/health"
  package static let readyPath = "/v1/ready"
  package static let enrolmentsPath = "/v1/enrolments"
  package static let changeSetsPath = "/v1/change-sets"
  package static let changesPath = "/v1/changes"
  package static let comparisonsPath = "/v1/comparisons"
  package static let wordsPath = "/v1/words"
  /// Where the hub is, as it has signed it: anybody's to read.
  package static let addressPath = "/v1/address"
  /// People's, not devices': JSON in both directions.
  package static let sessionsPath = "/v1/sessions"
  package static let paths = [
    healthPath, readyPath, enrolmentsPath, changeSetsPath, changesPath, comparisonsPath, wordsPath,
    addressPath, sessionsPath,
  ]

  /// The methods that a path answers; none for a path that there is not.
  package static func methods(of path: String) -> [String] {
    guard paths.contains(path) else { return [] }
    switch path {
    case healthPath, readyPath, addressPath: return ["GET"]
    case sessionsPath: return ["GET", "POST", "DELETE"]
    default: return ["POST"]
    }
  }

  /// Who has signed a request: see ``SignedRequest``.
  package static let authorizationHeader = "Authorization"
  private static let scheme = "Thuan "
  /// That the hub has signed an answer: see ``AnswerProof``.
  ///
  /// What is asked for so has no media type: it is the message of the wire schema that the path names.
  package static let answerHeader = "Authentication-Info"

  /// The same two once more, for where something between device and hub takes those out that have a meaning
  /// of their own: whoever signs by this one is answered by that one too.
  package static let spareAuthorizationHeader = "Thuan-Authorization"
  package static let spareAnswerHeader = "Thuan-Authentication-Info"

  package static func authorization(_ credentials: String) -> String { scheme + credentials }

  /// What ``authorization(_:)`` was given.
  package static func credentials(inAuthorization header: String) -> Substring? {
    header.hasPrefix(scheme) ? header.dropFirst(scheme.count) : nil
  }

  /// How a body is encoded for the way; digest and signature are of what travels.
  ///
  /// It is not signed, and nobody depends on it: no message begins as gzip does.
  package static let encodingHeader = "Content-Encoding"
  package static let acceptedEncodingHeader = "Accept-Encoding"
  package static let gzip = "gzip"
  /// Smaller bodies gain nothing by it.
  package static let compressedBytesMin = 256

  /// The digest after RFC 9530 of a body that is not signed.
  ///
  /// A link that garbles bytes is noticed before they are stored.
  package static let digestHeader = "Content-Digest"

  /// What the header says of a body whose ``bodyDigest(of:)`` is given.
  package static func contentDigest(_ bodyDigest: String) -> String {
    "sha-256=:\(bodyDigest.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 } + "=" as String):"
  }

  /// What ``contentDigest(_:)`` was given.
  package static func bodyDigest(inContentDigest header: String) -> String? {
    guard header.hasPrefix("sha-256=:"), header.hasSuffix("=:") else { return nil }
    return String(
      header.dropFirst(9).dropLast(2).map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
  }

  /// SHA-256 of a body as it travels, in base64url.
  package static func bodyDigest(of body: [UInt8]) -> String {
    Base64URL.text(ChangeSet.hash(of: body))
  }

  /// The HTTP status that goes with a refusal.
  ///
  /// Programs look at the code in the body; the status is for what stands between them, and for
  /// people with a network trace.
  package static func status(of code: Refusal.Code) -> Int {
    switch code {
    case .malformed, .badSignature: 400
    case .unauthorised, .stale: 401
    case .tooMany: 429
    case .revoked: 403
    case .codeUnknown, .notFound: 404
    case .gap, .fork, .snapshotNeeded: 409
    case .codeUsed, .codeExpired: 410
    case .tooLarge: 413
    case .protocolNewer, .schemaNewer: 426
    case .internal: 500
    case .unavailable: 503
    }
  }
}
