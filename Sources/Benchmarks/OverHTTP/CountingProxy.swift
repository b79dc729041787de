import NIOCore
import NIOPosix
import Synchronization

/// A TCP proxy on the loopback that counts the bytes that pass: headers and all, but not what the
/// kernel wraps them in.
struct CountingProxy: Sendable {
  let port: Int
  let traffic = Traffic()
  private let listener: any Channel

  /// Listens on a free port and passes everything on to another.
  init(to target: Int) async throws {
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { [traffic] client in
        // Nothing of the client is read before the hub is there to take it.
        ClientBootstrap(group: client.eventLoop).connect(host: "127.0.0.1", port: target)
          .flatMapThrowing { hub in
            let turn = Turn()
            try client.pipeline.syncOperations.addHandler(
              Passage(to: hub, isAnswer: false, turn, traffic))
            try hub.pipeline.syncOperations.addHandler(
              Passage(to: client, isAnswer: true, turn, traffic))
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = listener.localAddress?.port ?? 0
  }

  func close() async throws { try await listener.close() }
}

/// What has passed through a proxy.
final class Traffic: Sendable {
  struct Counts {
    var requests = 0
    var bytesSent = 0
    var bytesReceived = 0

    var bytes: Int { bytesSent + bytesReceived }
  }

  private let counts = Mutex(Counts())

  /// What has passed since this was last asked.
  func take() -> Counts {
    counts.withLock { counts in
      defer { counts = Counts() }
      return counts
    }
  }

  fileprivate func add(_ bytes: Int, isAnswer: Bool, beginsRequest: Bool) {
    counts.withLock { counts in
      if beginsRequest { counts.requests += 1 }
      if isAnswer { counts.bytesReceived += bytes } else { counts.bytesSent += bytes }
    }
  }
}

/// Who speaks on a connection: a client that does after the hub has begins a request.
private final class Turn {
  var isOfClient = false
}

/// Passes on what comes from one side of a connection.
private final class Passage: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let other: any Channel
  private let isAnswer: Bool
  private let turn: Turn
  private let traffic: Traffic

  init(to other: any Channel, isAnswer: Bool, _ turn: Turn, _ traffic: Traffic) {
    self.other = other
    self.isAnswer = isAnswer
    self.turn = turn
    self.traffic = traffic
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    traffic.add(
      bytes.readableBytes, isAnswer: isAnswer, beginsRequest: !isAnswer && !turn.isOfClient)
    turn.isOfClient = !isAnswer
    other.writeAndFlush(bytes, promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
