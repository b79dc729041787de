import Foundation
import SyncClient
import SyncCore
import SyncDevice
import Testing

@testable import Benchmarks

/// How much memory a hub takes for a body.
@Suite(.serialized) struct BodyMemoryTests {
  /// SQLite's cache, which is bounded by itself, and what any request takes.
  private static let allowance = 24.0 * ProcessMemory.mebibyte

  @Test func `a hub holds no body more than four times`() async throws {
    for body in Body.all(Workload(rows: 10_000)) where body.name != "rows" {
      let (added, bytes) = try await body.memory()
      #expect(added <= 4 * bytes + Self.allowance, "\(body.name): \(added) for \(bytes)")
    }
  }

  @Test func `a hub holds no change set that is none more than four times`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("hub.db")
    let identity = try CountryHub(path: path, .whole).identity(1)
    let hub = try HTTPHub(path: path)
    let client = try hub.client()
    let envelope = Envelope(
      schemaVersion: 1, stream: StreamID(device: identity.device, epoch: 1),
      wallMilliseconds: now(), changeSets: [Array(repeating: 0xFF, count: 24 << 20)])
    let bytes = try envelope.encoded { try identity.sign($0) }
    let grown = try await added(to: hub.worker) {
      let reply = try PushReply(decoding: await client.perform(.push(bytes), as: identity))
      #expect(reply.receipts.map(\.disposition) == [.quarantined])
    }
    #expect(
      grown * ProcessMemory.mebibyte <= 4 * Double(bytes.count) + Self.allowance,
      "\(grown) MiB for \(bytes.count)")
    try hub.worker.end()
  }
}
