import Foundation
import SyncCore
import Testing

@testable import Benchmarks

/// What the parts over HTTP see, and what stops them.
struct OverHTTPTests {
  private let rows = Workload(rows: 30).rows

  @Test func `a proxy counts the requests that the hub answers, and all bytes`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("hub.db")
    let device = try OwnDevice(CountryHub(path: path, .whole).identity(1), .whole)
    let hub = try HTTPHub(path: path)
    let proxy = try await CountingProxy(to: hub.port)
    let client = try hub.client(port: proxy.port)
    try device.insert(rows)
    try await device.sync(client)
    let traffic = proxy.traffic.take()
    #expect(try hub.work().requests == Double(traffic.requests))
    #expect(traffic.requests == 2)
    #expect(traffic.bytesSent > 1_000 && traffic.bytesReceived > 500)
    #expect(proxy.traffic.take().bytes == 0)
    try await proxy.close()
    #expect(throws: BenchError.self) { try hub.end(holding: rows.count - 1) }
    try CountryHub(path: path, .whole).requireRows(rows.count)
  }

  @Test func `a device that has work left, or lacks rows, stops a benchmark`() throws {
    let folder = try TemporaryFolder()
    let hub = try CountryHub(path: folder.file("hub.db"), .whole)
    let device = try OwnDevice(hub.identity(1), .whole)
    try device.insert(rows)
    #expect(throws: BenchError.self) { try device.requireInStep() }
    #expect(throws: BenchError.self) { try device.requireRows(rows.count + 1) }
  }

  @Test func `a process that ends before its time stops a benchmark`() throws {
    let worker = try Worker(.device, ["/nowhere/store.db", "whole", "http://127.0.0.1:1"])
    #expect(throws: BenchError.self) { try worker.answer() }
  }

  @Test func `officers hold what is of their unit, and nothing else`() async throws {
    let evening = try await Evening(devices: 4, devicesPerUnit: 2, atOnce: 2)
    try await evening.run()
    try await evening.settle()
    #expect(evening.home == 4)
    #expect(evening.failures == 0 && evening.work.failed == 0)
    #expect(try evening.connections() ?? 2 >= 2)
    try evening.end()
  }
}
