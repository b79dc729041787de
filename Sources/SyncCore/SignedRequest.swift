/// What a device says of a request beside its body, and its signature of that: who sends it, when, what,
/// and a number that is used once.
///
/// So nobody else can make it, change it, keep it for later or send it a second time, whoever else
/// listens on the way. It is what RFC 9421 ("HTTP Message Signatures") would have signed, in a third of
/// the bytes: most requests have less to say than that.
package struct SignedRequest: Equatable, Sendable {
  package let device: String
  /// The hub's time as the device reckons it: whole seconds since 1970.
  package let createdSeconds: Int64
  /// Random, and never used again by this device.
  package let nonce: String
  package let path: String
  /// SHA-256 of the body as it travels, in base64url.
  package let bodyDigest: String
  package private(set) var signature: [UInt8]

  private static let charactersMax = 64

  /// Signs a request with what makes the device's Ed25519 signature.
  package init<Failure>(
    device: String, createdSeconds: Int64, nonce: String, path: String, bodyDigest: String,
    signing sign: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) {
    self.device = device
    self.createdSeconds = createdSeconds
    self.nonce = nonce
    self.path = path
    self.bodyDigest = bodyDigest
    signature = []
    signature = try sign(signed)
  }

  /// Reads what came with a request, without judging the signature.
  ///
  /// - Returns: Nothing if ``credentials`` does not say it so.
  package init?(credentials: some StringProtocol, path: String) {
    guard credentials.utf8.count < 512 else { return nil }
    let parts = credentials.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 5,
      let device = Self.name(parts[0]), let created = Int64(parts[1]), parts[1] == "\(created)",
      let nonce = Self.name(parts[2]), let bodyDigest = Self.name(parts[3]),
      let signature = Base64URL.bytes(parts[4])
    else { return nil }
    self.device = device
    createdSeconds = created
    self.nonce = nonce
    self.path = path
    self.bodyDigest = bodyDigest
    self.signature = signature
  }

  /// A name of letters, digits, `-` and `_`.
  private static func name(_ text: some StringProtocol) -> String? {
    let isName = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
    return isName && !text.isEmpty && text.utf8.count <= charactersMax ? String(text) : nil
  }

  /// All of it but the path, as the header `Authorization` says it.
  package var credentials: String { "\(statement).\(Base64URL.text(signature))" }

  private var statement: String { "\(device).\(createdSeconds).\(nonce).\(bodyDigest)" }

  /// The bytes that are signed.
  package var signed: [UInt8] { Array("thuan request\n\(path)\n\(statement)".utf8) }
}

/// What the hub signs of its answer to a signed request: that it is the hub, and that this is the answer
/// to that very request.
package struct SignedAnswer: Equatable, Sendable {
  /// What was asked, as it came: a signature alone could have been put on another request.
  package struct Question: Equatable, Sendable {
    let path: String
    package let credentials: String

    package init(path: String, credentials: String) {
      self.path = path
      self.credentials = credentials
    }
  }

  private let status: Int
  private let bodyDigest: String
  private let question: Question

  /// - Parameters:
  ///   - status: HTTP's.
  ///   - bodyDigest: SHA-256 of the body as it travels, in base64url.
  ///   - question: What it is the answer to.
  package init(status: Int, bodyDigest: String, to question: Question) {
    self.status = status
    self.bodyDigest = bodyDigest
    self.question = question
  }

  /// The bytes that are signed.
  package var signed: [UInt8] {
    Array(
      """
      thuan answer
      \(status)
      \(question.path)
      \(question.credentials)
      \(bodyDigest)
      """.utf8)
  }
}

/// The hub's signature as the header `Authentication-Info` says it, with the beginning of the body's
/// digest: that tells an answer which was damaged on its way from one that is not the hub's.
package struct AnswerProof: Equatable, Sendable {
  package let signature: [UInt8]
  private let digestStart: String

  private static let startCharacters = 11

  package init(signature: [UInt8], bodyDigest: String) {
    self.signature = signature
    digestStart = String(bodyDigest.prefix(Self.startCharacters))
  }

  /// - Returns: Nothing if ``text`` does not say it so.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].hasPrefix("d="), parts[1].hasPrefix("s="),
      parts[0].utf8.count == 2 + Self.startCharacters,
      let signature = Base64URL.bytes(parts[1].dropFirst(2))
    else { return nil }
    self.signature = signature
    digestStart = String(parts[0].dropFirst(2))
  }

  package var text: String { "d=\(digestStart),s=\(Base64URL.text(signature))" }

  /// Whether a body may be the one that was sent.
  package func fits(_ bodyDigest: String) -> Bool { bodyDigest.hasPrefix(digestStart) }
}
