import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy that does to answers what bad links, cheap routers and login pages do.
final class FaultyProxy: Sendable {
  enum Fault: Sendable {
    case none
    /// The connection breaks after so many bytes of answers.
    case cut(after: Int)
    /// One bit of the answer's byte at this place is flipped.
    case garble(at: Int)
    /// Every request is answered with these bytes by the proxy itself.
    case answer(String)
    /// Requests vanish.
    case silence
    /// A connection breaks once so many bytes of a request have come over it.
    case breakRequests(after: Int)
  }

  typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>

  private struct State {
    var fault = Fault.none
    var seen = 0
    var fired = 0
  }

  private let state = Mutex(State())
  let port: Int

  private init(port: Int) { self.port = port }

  /// How many faults of the kinds that happen once have happened.
  var fired: Int { state.withLock { $0.fired } }

  /// Sets what happens from now on; places in answers count from here.
  func set(_ fault: Fault) {
    state.withLock { state in
      state.fault = fault
      state.seen = 0
    }
  }

  /// Runs a proxy to a port of the loopback while `body` runs.
  @concurrent
  static func run(to target: Int, _ body: (FaultyProxy) async throws -> Void) async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try Connection(wrappingChannelSynchronously: channel)
        }
      }
    let proxy = FaultyProxy(port: server.channel.localAddress?.port ?? 0)
    let running = Task { try await proxy.serve(server, target) }
    do { try await body(proxy) } catch {
      running.cancel()
      throw error
    }
    running.cancel()
    _ = await running.result
  }

  @concurrent
  private func serve(_ server: NIOAsyncChannel<Connection, Never>, _ target: Int) async throws {
    try await server.executeThenClose { clients in
      try await withThrowingDiscardingTaskGroup { group in
        for try await client in clients {
          group.addTask { try? await self.connect(client, target) }
        }
      }
    }
  }

  @concurrent
  private func connect(_ client: Connection, _ target: Int) async throws {
    let hub = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: "127.0.0.1", port: target) { channel in
        channel.eventLoop.makeCompletedFuture {
          try Connection(wrappingChannelSynchronously: channel)
        }
      }
    try await client.executeThenClose { requests, toClient in
      try await hub.executeThenClose { answers, toHub in
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { try await self.forward(requests, toHub, toClient) }
          group.addTask { try await self.answer(answers, toClient) }
          // Whichever side ends first ends the other.
          _ = try await group.next()
          group.cancelAll()
        }
      }
    }
  }

  @concurrent
  private func forward(
    _ requests: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ toHub: NIOAsyncChannelOutboundWriter<ByteBuffer>,
    _ toClient: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) async throws {
    var seen = 0
    for try await chunk in requests {
      if chunk.readableBytesView.starts(with: Array("POST ".utf8)) { seen = 0 }
      seen += chunk.readableBytes
      switch state.withLock({ $0.fault }) {
      case .answer(let text):
        try await toClient.write(ByteBuffer(string: text))
        return
      case .silence: continue
      case .breakRequests(let limit) where seen > limit: return
      default: try await toHub.write(chunk)
      }
    }
  }

  @concurrent
  private func answer(
    _ answers: NIOAsyncChannelInboundStream<ByteBuffer>,
    _ toClient: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) async throws {
    for try await chunk in answers {
      let (bytes, isCut) = spoil(chunk)
      if bytes.readableBytes > 0 { try await toClient.write(bytes) }
      if isCut { return }
    }
  }

  private func spoil(_ chunk: ByteBuffer) -> (ByteBuffer, isCut: Bool) {
    state.withLock { state in
      let start = state.seen
      state.seen += chunk.readableBytes
      switch state.fault {
      case .cut(let place) where state.seen >= place:
        state.fault = .none
        state.fired += 1
        return (chunk.getSlice(at: chunk.readerIndex, length: place - start) ?? ByteBuffer(), true)
      case .garble(let place) where state.seen > place:
        state.fault = .none
        state.fired += 1
        var bytes = Array(chunk.readableBytesView)
        bytes[place - start] ^= 0x04
        return (ByteBuffer(bytes: bytes), false)
      default: return (chunk, false)
      }
    }
  }
}

/// A connection on which a test can write what no client would.
func rawConnection(to port: Int) async throws -> FaultyProxy.Connection {
  try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    .connect(host: "127.0.0.1", port: port) { channel in
      channel.eventLoop.makeCompletedFuture {
        try FaultyProxy.Connection(wrappingChannelSynchronously: channel)
      }
    }
}
