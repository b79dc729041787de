import Foundation
import HTTPTypes
import Hummingbird
import SyncCore
import SyncHub

private let signatureInputName = HTTPField.Name(HTTPContract.signatureInputHeader) ?? .eTag
private let signatureName = HTTPField.Name(HTTPContract.signatureHeader) ?? .eTag

extension SignedRequest {
  /// Reads what came with a request; nothing if it is not signed as devices sign.
  init?(_ request: Request) {
    guard let digest = request.headers[digestName],
      let parameters = request.headers[signatureInputName].flatMap(
        HTTPContract.parameters(inSignatureInput:)),
      let signature = requestSignature(request), let bytes = Data(base64Encoded: signature)
    else { return nil }
    self.init(
      parameters: parameters, signature: Array(bytes), path: request.uri.path,
      contentDigest: digest)
  }
}

private func requestSignature(_ request: Request) -> String? {
  guard let header = request.headers[signatureName], header.utf8.count < 128 else { return nil }
  return HTTPContract.base64(inSignature: header)
}

extension Response {
  /// Adds the hub's signature that this is its answer to a request, if the request was signed.
  mutating func sign(answering request: Request, as hub: Hub) throws {
    guard let digest = headers[digestName], let signature = request.headers[signatureName],
      requestSignature(request) != nil
    else { return }
    let question = SignedAnswer.Question(
      path: request.uri.path, contentDigest: request.headers[digestName] ?? "",
      signatureInput: request.headers[signatureInputName] ?? "", signature: signature)
    let answer = SignedAnswer(status: Int(status.code), contentDigest: digest, to: question)
    headers[signatureInputName] = HTTPContract.signatureInput(SignedAnswer.parameters)
    headers[signatureName] = HTTPContract.signature(
      base64: Data(try hub.sign(answer.signed)).base64EncodedString())
  }
}
