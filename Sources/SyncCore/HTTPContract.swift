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
  /// People's, not devices': JSON in both directions.
  package static let sessionsPath = "/v1/sessions"
  package static let paths = [
    healthPath, readyPath, enrolmentsPath, changeSetsPath, changesPath, comparisonsPath,
    sessionsPath,
  ]

  /// The methods that a path answers; none for a path that there is not.
  package static func methods(of path: String) -> [String] {
    guard paths.contains(path) else { return [] }
    switch path {
    case healthPath, readyPath: return ["GET"]
    case sessionsPath: return ["GET", "POST", "DELETE"]
    default: return ["POST"]
    }
  }

  /// What is signed of a message, and the signature, after RFC 9421: see ``SignedRequest``.
  package static let signatureInputHeader = "Signature-Input"
  package static let signatureHeader = "Signature"
  private static let signatureLabel = "thuan="

  package static func signatureInput(_ parameters: String) -> String {
    signatureLabel + parameters
  }

  package static func signature(base64: String) -> String { "\(signatureLabel):\(base64):" }

  /// What ``signatureInput(_:)`` was given.
  package static func parameters(inSignatureInput header: String) -> String? {
    header.hasPrefix(signatureLabel) ? String(header.dropFirst(signatureLabel.count)) : nil
  }

  /// What ``signature(base64:)`` was given.
  package static func base64(inSignature header: String) -> String? {
    guard header.hasPrefix(signatureLabel + ":"), header.hasSuffix(":"),
      header.utf8.count > signatureLabel.utf8.count + 2
    else { return nil }
    return String(header.dropFirst(signatureLabel.count + 1).dropLast())
  }

  /// How a body is encoded for the way; digest and signature are of what travels.
  package static let encodingHeader = "Content-Encoding"
  package static let acceptedEncodingHeader = "Accept-Encoding"
  package static let gzip = "gzip"
  /// Smaller bodies gain nothing by it.
  package static let compressedBytesMin = 256

  /// The body's digest after RFC 9530.
  ///
  /// A link that garbles bytes is noticed before they are stored.
  package static let digestHeader = "Content-Digest"

  package static func digest(base64 sha256: String) -> String { "sha-256=:\(sha256):" }

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
