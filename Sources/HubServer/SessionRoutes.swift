import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import SyncCore
import SyncHub

/// Where people sign in at the hub, for the pages that they use: JSON in both directions.
///
/// A session is a token that whoever signed in sends with every request, as `Authorization: Bearer`.
final class SessionRoutes: Sendable {
  private let hub: Hub
  private let now: @Sendable () -> Int64
  /// Deriving a key takes much memory and time on purpose: one after another.
  private let queue = Queue()

  private static let bytesMax = 4 << 10

  private struct Credentials: Decodable {
    let name: String
    let password: String
  }

  private struct Session: Encodable {
    let name: String
    let role: String
    var token: String?
  }

  init(hub: Hub, now: @escaping @Sendable () -> Int64) {
    self.hub = hub
    self.now = now
  }

  func add(to router: Router<BasicRequestContext>) {
    let path = RouterPath(HTTPContract.sessionsPath)
    router.post(path) { request, _ in try await self.signIn(request) }
    router.get(path) { request, _ in try await self.whoever(request) }
    router.delete(path) { request, _ in try await self.signOut(request) }
  }

  private func signIn(_ request: Request) async throws -> Response {
    let type = request.headers[.contentType]?.split(separator: ";").first
    guard type?.trimmingCharacters(in: .whitespaces).lowercased() == "application/json" else {
      throw RefusedRequest(
        status: .unsupportedMediaType, refusal: Refusal(.malformed, detail: "content type"))
    }
    let body = try await request.body.collect(upTo: Self.bytesMax)
    guard
      let credentials = try? JSONDecoder().decode(
        Credentials.self, from: Data(body.readableBytesView))
    else { throw Refusal(.malformed, detail: "credentials") }
    let token = (0..<32).map { _ in UInt8.random(in: 0...255) }
    do {
      let account = try await queue.run { [hub, now] in
        try await offEventLoop {
          try hub.signIn(
            credentials.name, password: credentials.password, token: token, wallMilliseconds: now())
        }
      }
      return json(
        Session(name: account.name, role: account.role, token: hexadecimal(token)), status: .created
      )
    } catch SignInProblem.refused {
      throw Refusal(.unauthorised)
    } catch SignInProblem.tooMany(let until) {
      let seconds = max(1, (until - now() + 999) / 1000)
      throw Refusal(.tooMany, detail: String(seconds))
    }
  }

  private func whoever(_ request: Request) async throws -> Response {
    let token = try token(of: request)
    let account = try await offEventLoop { [hub, now] in
      try hub.account(signedInWith: token, wallMilliseconds: now())
    }
    guard let account else { throw Refusal(.unauthorised) }
    return json(Session(name: account.name, role: account.role), status: .ok)
  }

  private func signOut(_ request: Request) async throws -> Response {
    let token = try token(of: request)
    try await offEventLoop { [hub] in try hub.signOut(token) }
    return Response(status: .noContent)
  }

  private func token(of request: Request) throws -> [UInt8] {
    let words = (request.headers[.authorization] ?? "").split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bearer", words[1].utf8.count == 64,
      let token = bytes(hexadecimal: words[1])
    else { throw Refusal(.unauthorised) }
    return token
  }

  private func bytes(hexadecimal text: Substring) -> [UInt8]? {
    let digits = Array(text)
    let bytes = stride(from: 0, to: digits.count, by: 2).map {
      UInt8(String(digits[$0..<($0 + 2)]), radix: 16)
    }
    return bytes.contains(nil) ? nil : bytes.compactMap { $0 }
  }

  private func json(_ session: Session, status: HTTPResponse.Status) -> Response {
    let bytes = (try? JSONEncoder().encode(session)) ?? Data()
    return Response(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
