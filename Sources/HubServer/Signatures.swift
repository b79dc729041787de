import HTTPTypes
import Hummingbird
import SyncCore
import SyncHub

private let answerName = HTTPField.Name(HTTPContract.answerHeader) ?? .eTag
private let spareAuthorizationName =
  HTTPField.Name(HTTPContract.spareAuthorizationHeader) ?? .eTag
private let spareAnswerName = HTTPField.Name(HTTPContract.spareAnswerHeader) ?? .eTag

extension SignedRequest {
  /// Reads what came with a request; nothing if it is not signed as devices sign.
  init?(_ request: Request) {
    let names: [HTTPField.Name] = [.authorization, spareAuthorizationName]
    guard
      let credentials = names.lazy.compactMap({ request.headers[$0] })
        .compactMap(HTTPContract.credentials(inAuthorization:)).first
    else { return nil }
    self.init(credentials: credentials, path: request.uri.path)
  }
}

extension Response {
  /// Adds the hub's signature that this is its answer to a request, if the request was signed.
  ///
  /// Of what was asked for, it says all that other headers say of a message.
  mutating func sign(answering request: Request, as hub: Hub) throws {
    guard let signed = SignedRequest(request),
      let bodyDigest = headers[digestName].flatMap(HTTPContract.bodyDigest(inContentDigest:))
    else { return }
    let question = SignedAnswer.Question(path: signed.path, credentials: signed.credentials)
    let answer = SignedAnswer(status: Int(status.code), bodyDigest: bodyDigest, to: question)
    let proof = AnswerProof(signature: try hub.sign(answer.signed), bodyDigest: bodyDigest)
    headers[answerName] = proof.text
    if request.headers[spareAuthorizationName] != nil { headers[spareAnswerName] = proof.text }
    guard status == .ok else { return }
    for name in [.contentType, .cacheControl, digestName] { headers[name] = nil }
  }
}
