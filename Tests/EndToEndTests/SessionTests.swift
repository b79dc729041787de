import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import SyncClient
import SyncCore
import SyncHub
import Testing

/// Signing in at the hub over HTTP.
struct SessionTests {
  private struct Session: Decodable {
    let name: String
    let role: String
    let token: String?
  }

  private func ask(
    _ method: String, _ hub: TestHub, token: String? = nil, _ body: String? = nil,
    type: String = "application/json"
  ) async throws -> (status: UInt, session: Session?) {
    var request = HTTPClientRequest(url: hub.address + HTTPContract.sessionsPath)
    request.method = .RAW(value: method)
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if let body {
      request.headers.add(name: "Content-Type", value: type)
      request.body = .bytes(ByteBuffer(string: body))
    }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    let bytes = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    return (response.status.code, try? JSONDecoder().decode(Session.self, from: bytes))
  }

  private func makeAccount(at hub: TestHub) throws {
    var maker = hub.hub
    maker.passwordCosts = PasswordCosts(rounds: 16, blockSize: 1, parallelism: 1)
    try maker.makeAccount(
      "ha", role: "hub_operator", password: "con đường mưa 7", salt: [1],
      Ruling(by: "root", reason: "r", wallMilliseconds: wallClock()))
  }

  @Test func `who signs in is known until he signs out`() async throws {
    try await TestHub.run { hub in
      try makeAccount(at: hub)
      let body = #"{"name":"HA","password":"con đường mưa 7"}"#
      let (status, session) = try await ask("POST", hub, body)
      #expect(status == 201 && session?.role == "hub_operator")
      let token = try #require(session?.token)
      #expect(try await ask("GET", hub, token: token).session?.name == "ha")
      #expect(try await ask("DELETE", hub, token: token).status == 204)
      #expect(try await ask("GET", hub, token: token).status == 401)
      #expect(!hub.log.text.contains("mưa") && !hub.log.text.contains(token))
    }
  }

  @Test func `what does not fit is refused`() async throws {
    try await TestHub.run { hub in
      try makeAccount(at: hub)
      let right = #"{"name":"ha","password":"con đường mưa 7"}"#
      #expect(try await ask("POST", hub, #"{"name":"ha","password":"x"}"#).status == 401)
      #expect(try await ask("POST", hub, #"{"name":"ai","password":"x"}"#).status == 401)
      #expect(try await ask("POST", hub, "[]").status == 400)
      #expect(try await ask("POST", hub, right, type: "text/plain").status == 415)
      let long = String(repeating: "x", count: 5000)
      #expect(try await ask("POST", hub, #"{"name":"\#(long)"}"#).status == 413)
      #expect(try await ask("GET", hub).status == 401)
      #expect(try await ask("GET", hub, token: String(repeating: "é", count: 32)).status == 401)
      #expect(try await ask("PUT", hub, right).status == 405)
      for _ in 0..<5 { _ = try await ask("POST", hub, #"{"name":"ha","password":"x"}"#) }
      #expect(try await ask("POST", hub, right).status == 429)
    }
  }
}
