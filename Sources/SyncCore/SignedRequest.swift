/// What a device says of a request beside its body, and its signature of that (RFC 9421, "HTTP Message
/// Signatures"): who sends it, when, what, and a number that is used once.
///
/// So nobody else can make it, change it, keep it for later or send it a second time, whoever else
/// listens on the way.
package struct SignedRequest: Equatable, Sendable {
  package let device: String
  /// The hub's time as the device reckons it: whole seconds since 1970.
  package let createdSeconds: Int64
  /// Random, and never used again by this device.
  package let nonce: String
  package let path: String
  /// The body's digest, as the header `Content-Digest` says it.
  package let contentDigest: String
  /// The signature's parameters, as the header `Signature-Input` says them.
  package let parameters: String
  package private(set) var signature: [UInt8]

  private static let components = #"("@method" "@path" "content-digest")"#
  private static let charactersMax = 64

  /// What stands in quotes, of the characters of base64 and of hexadecimal digits only.
  private static func text(_ quoted: Substring) -> String? {
    guard quoted.count > 2, quoted.first == "\"", quoted.last == "\"" else { return nil }
    let text = quoted.dropFirst().dropLast().utf8
    guard text.count <= charactersMax,
      text.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "/"),
          UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      })
    else { return nil }
    return String(text)
  }

  /// Signs a request with what makes the device's Ed25519 signature.
  package init<Failure>(
    device: String, createdSeconds: Int64, nonce: String, path: String, contentDigest: String,
    signing sign: ([UInt8]) throws(Failure) -> [UInt8]
  ) throws(Failure) {
    self.device = device
    self.createdSeconds = createdSeconds
    self.nonce = nonce
    self.path = path
    self.contentDigest = contentDigest
    parameters =
      Self.components
      + #";created=\#(createdSeconds);nonce="\#(nonce)";keyid="\#(device)";alg="ed25519""#
    signature = []
    signature = try sign(signed)
  }

  /// Reads what came with a request, without judging the signature.
  ///
  /// - Returns: Nothing if the parameters are not those that a device signs.
  package init?(parameters: String, signature: [UInt8], path: String, contentDigest: String) {
    guard parameters.utf8.count < 512, parameters.hasPrefix(Self.components) else { return nil }
    var values: [Substring: Substring] = [:]
    for part in parameters.dropFirst(Self.components.count).split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2, values.updateValue(pair[1], forKey: pair[0]) == nil else { return nil }
    }
    guard let created = values["created"].flatMap({ Int64($0) }),
      let nonce = values["nonce"].flatMap(Self.text),
      let device = values["keyid"].flatMap(Self.text),
      values["alg"].flatMap(Self.text) == "ed25519"
    else { return nil }
    self.device = device
    createdSeconds = created
    self.nonce = nonce
    self.path = path
    self.contentDigest = contentDigest
    self.parameters = parameters
    self.signature = signature
  }

  /// The bytes that are signed.
  package var signed: [UInt8] {
    Array(
      """
      "@method": POST
      "@path": \(path)
      "content-digest": \(contentDigest)
      "@signature-params": \(parameters)
      """.utf8)
  }
}

/// What the hub signs of its answer to a signed request: that it is the hub, and that this is the
/// answer to that very request.
package struct SignedAnswer: Equatable, Sendable {
  /// What was asked, as it came: a signature alone could have been put on another request.
  package struct Question: Equatable, Sendable {
    let path: String
    let contentDigest: String
    /// As the headers say them.
    package let signatureInput: String
    package let signature: String

    package init(path: String, contentDigest: String, signatureInput: String, signature: String) {
      self.path = path
      self.contentDigest = contentDigest
      self.signatureInput = signatureInput
      self.signature = signature
    }
  }

  private let status: Int
  private let contentDigest: String
  private let question: Question

  package init(status: Int, contentDigest: String, to question: Question) {
    self.status = status
    self.contentDigest = contentDigest
    self.question = question
  }

  /// The signature's parameters, as the header `Signature-Input` says them.
  package static let parameters =
    #"("@status" "content-digest" "@path";req "content-digest";req "signature-input";req "#
    + #""signature";req);keyid="hub";alg="ed25519""#

  /// The bytes that are signed.
  package var signed: [UInt8] {
    Array(
      """
      "@status": \(status)
      "content-digest": \(contentDigest)
      "@path";req: \(question.path)
      "content-digest";req: \(question.contentDigest)
      "signature-input";req: \(question.signatureInput)
      "signature";req: \(question.signature)
      "@signature-params": \(Self.parameters)
      """.utf8)
  }
}
