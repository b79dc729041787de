import AsyncHTTPClient
import Foundation
import Gzip
import NIOCore
import NIOHTTP1
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Testing

/// Bodies that are smaller on their way than they are.
struct CompressionTests {
  /// Sends a device's signed body as it is, under an encoding.
  private func send(
    _ body: [UInt8], encoding: String?, as device: TestDevice, to path: String, _ hub: TestHub
  ) async throws -> (status: UInt, encoding: String?, body: [UInt8]) {
    let signed = try device.identity.signRequest(
      to: path, body: body, nonce: UUID().uuidString, hubMilliseconds: wallClock())
    var request = HTTPClientRequest(url: hub.address + path)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: HTTPContract.mediaType)
    request.headers.add(name: "Accept-Encoding", value: "gzip")
    for (name, value) in signatureHeaders(of: signed) {
      request.headers.add(name: name, value: value)
    }
    if let encoding { request.headers.add(name: "Content-Encoding", value: encoding) }
    request.body = .bytes(ByteBuffer(bytes: body))
    // The shared client decompresses by itself.
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    do {
      let response = try await client.execute(request, timeout: .seconds(20))
      let bytes = try await response.body.collect(upTo: 1 << 24)
      try await client.shutdown()
      return (
        response.status.code, response.headers.first(name: "Content-Encoding"),
        Array(bytes.readableBytesView)
      )
    } catch {
      try await client.shutdown()
      throw error
    }
  }

  @Test func `what was compressed comes out as it was`() throws {
    for count in [0, 1, 255, 65_536, 1_000_000] {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
      let smaller = try #require(Gzip.compressed(bytes))
      #expect(try Gzip.decompressed(smaller, upTo: count) == bytes)
      #expect(throws: Gzip.Problem.damaged) {
        try Gzip.decompressed(smaller + [0], upTo: 2_000_000)
      }
      for cut in [smaller.count / 2, smaller.count - 1] {
        #expect(throws: Gzip.Problem.damaged) {
          try Gzip.decompressed(Array(smaller.prefix(cut)), upTo: 2_000_000)
        }
      }
      if count > 0 {
        #expect(throws: Gzip.Problem.tooLarge) { try Gzip.decompressed(smaller, upTo: count - 1) }
      }
    }
  }

  @Test func `pages and pushes travel compressed`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      for number in 0..<200 { try lan.add("p\(number)", "Giám sát việc thực hiện chính sách") }
      try await lan.sync()
      #expect(try lan.status().isInStep)
      let minh = try await hub.device("minh")
      let body = PullRequest(epoch: 0, cursor: 0, position: .zero).encoded()
      let answer = try await send(
        body, encoding: nil, as: minh, to: HTTPContract.changesPath, hub)
      #expect(answer.status == 200 && answer.encoding == "gzip")
      var page = try PullPage(decoding: Gzip.decompressed(answer.body, upTo: 1 << 24))
      #expect(page.rows.count >= 200)
      #expect(page.isPacked)
      page.isPacked = false
      #expect(answer.body.count < page.encoded().count / 8)
    }
  }

  @Test func `a bomb is no larger than any other body`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      let bomb = try #require(Gzip.compressed([UInt8](repeating: 0, count: 100 << 20)))
      #expect(bomb.count < 1 << 20)
      for path in [HTTPContract.changeSetsPath, HTTPContract.changesPath] {
        let answer = try await send(bomb, encoding: "gzip", as: lan, to: path, hub)
        #expect(answer.status == 413)
      }
      let junk = try await send(
        [1, 2, 3], encoding: "gzip", as: lan, to: HTTPContract.changesPath, hub)
      #expect(junk.status == 400)
      let unknown = try await send(
        [1, 2, 3], encoding: "br", as: lan, to: HTTPContract.changesPath, hub)
      #expect(unknown.status == 415)
      try lan.add("p1")
      try await lan.sync()
      #expect(try lan.status().isInStep)
    }
  }
}
