import AsyncHTTPClient
import Foundation
import HubServer
import NIOCore
import NIOHTTP1
import NIOPosix
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import Testing

/// What the server puts up with, and what it says of itself.
struct LoadTests {
  private func get(_ url: String) async throws -> (status: UInt, text: String) {
    let response = try await HTTPClient.shared.execute(
      HTTPClientRequest(url: url), timeout: .seconds(20))
    let bytes = try await response.body.collect(upTo: 1 << 20)
    return (response.status.code, String(buffer: bytes))
  }

  @Test func `bodies take no more memory together than they may`() async throws {
    var configuration = HubServer.Configuration(port: 0)
    configuration.bodyBytes = 100_000
    try await TestHub.run(configuration: configuration) { hub in
      let lan = try await hub.device("lan")
      for number in 0..<12 { try lan.add("p\(number)", String(repeating: "x", count: 20_000)) }
      let failure = await unavailable { try await lan.sync() }
      #expect(failure == .refused(Refusal(.unavailable, detail: "busy")))
      #expect(failure?.isTransient == true)
      // What was taken has been given back, so that others are served.
      let minh = try await hub.device("minh")
      for round in 0..<10 {
        try minh.add("m\(round)", String(repeating: "y", count: 50_000))
        try await minh.sync()
      }
      #expect(try minh.status().isInStep)
    }
  }

  @Test func `the server says whether it can answer, and shows its figures on a port of its own`()
    async throws
  {
    var configuration = HubServer.Configuration(port: 0)
    configuration.metricsPort = try await freePort()
    let metrics = "http://127.0.0.1:\(configuration.metricsPort ?? 0)/metrics"
    try await TestHub.run(configuration: configuration) { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1", "Nguyễn Văn A")
      try await lan.sync()
      #expect(try await get(hub.address + HTTPContract.readyPath).status == 200)
      let figures = try await get(metrics)
      #expect(figures.status == 200)
      for line in [
        "thuan_hub_change_sets 4", "thuan_hub_rows{table=\"project\"} 1",
        "thuan_hub_devices{state=\"active\"} 1",
        "thuan_http_requests_total{route=\"/v1/change-sets\",status=\"200\"} 1",
        "thuan_http_request_seconds_count{route=\"/v1/change-sets\"} 1",
      ] {
        #expect(figures.text.split(separator: "\n").contains(Substring(line)), "\(line)")
      }
      for secret in ["Nguyễn", lan.identity.device, "lan"] {
        #expect(!figures.text.contains(secret))
      }
      #expect(try await get(hub.address + "/metrics").status == 404)
    }
  }

  @Test func `a thousand connections that say nothing keep nobody out`() async throws {
    try await TestHub.run { hub in
      let lan = try await hub.device("lan")
      try lan.add("p1")
      var idle: [any Channel] = []
      for _ in 0..<1_000 {
        idle.append(
          try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: hub.port).get())
      }
      try await lan.sync()
      #expect(try lan.status().isInStep)
      for channel in idle { try? await channel.close() }
    }
  }
}

/// A port that nobody listens on; somebody else may take it before it is used, which is unlikely.
private func freePort() async throws -> Int {
  let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    .bind(host: "127.0.0.1", port: 0).get()
  let port = try #require(channel.localAddress?.port)
  try await channel.close()
  return port
}
