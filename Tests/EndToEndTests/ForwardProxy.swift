import NIOCore
import NIOPosix
import Synchronization

/// A proxy as machines are set to use: it passes requests on that name a whole address, and makes tunnels.
final class ForwardProxy: Sendable {
  typealias Connection = FaultyProxy.Connection

  private let lines = Mutex<[String]>([])
  private let password: String?
  let port: Int

  private init(port: Int, password: String?) {
    self.port = port
    self.password = password
  }

  /// The first lines of what it was asked.
  var requests: [String] { lines.withLock { $0 } }

  /// Runs a proxy while `body` runs.
  ///
  /// - Parameters:
  ///   - credentials: What it wants to see as `Proxy-Authorization`; nothing to let everybody through.
  ///   - body: What to do meanwhile.
  /// - Throws: What `body` throws.
  @concurrent
  static func run(
    credentials: String? = nil, _ body: (ForwardProxy) async throws -> Void
  ) async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try Connection(wrappingChannelSynchronously: channel)
        }
      }
    let proxy = ForwardProxy(
      port: server.channel.localAddress?.port ?? 0, password: credentials)
    let running = Task { try await proxy.serve(server) }
    let result: Result<Void, any Error>
    do { result = .success(try await body(proxy)) } catch { result = .failure(error) }
    running.cancel()
    _ = await running.result
    try result.get()
  }

  @concurrent
  private func serve(_ server: NIOAsyncChannel<Connection, Never>) async throws {
    try await server.executeThenClose { clients in
      try await withThrowingDiscardingTaskGroup { group in
        for try await client in clients {
          group.addTask { try? await self.serve(client) }
        }
      }
    }
  }

  @concurrent
  private func serve(_ client: Connection) async throws {
    try await client.executeThenClose { requests, toClient in
      var requests = requests.makeAsyncIterator()
      var bytes: [UInt8] = []
      var end: Int?
      while end == nil, let chunk = try await requests.next() {
        bytes += chunk.readableBytesView
        end = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
      }
      let head = String(decoding: bytes.prefix(end ?? 0), as: UTF8.self)
      let line = String(head.prefix { $0 != "\r\n" })
      lines.withLock { $0.append(line) }
      if let password,
        !head.lowercased().contains("proxy-authorization: basic \(password)".lowercased())
      {
        try await toClient.write(
          ByteBuffer(string: "HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
        return
      }
      let words = line.split(separator: " ")
      guard words.count == 3 else { return }
      let isTunnel = words[0] == "CONNECT"
      let address = isTunnel ? words[1] : words[1].dropFirst("http://".count)
      let place = address.prefix { $0 != "/" }
      guard let port = place.split(separator: ":").last.flatMap({ Int($0) }) else { return }
      let hub = try await rawConnection(to: port)
      try await hub.executeThenClose { answers, toHub in
        if isTunnel {
          try await toClient.write(ByteBuffer(string: "HTTP/1.1 200 Made\r\n\r\n"))
        } else {
          try await toHub.write(ByteBuffer(bytes: withoutPlace(bytes, "http://\(place)")))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask { for try await chunk in answers { try await toClient.write(chunk) } }
          while let chunk = try await requests.next() {
            let more = Array(chunk.readableBytesView)
            if !isTunnel, more.starts(with: Array("POST http://".utf8)) {
              let line = String(decoding: more.prefix { $0 != 13 }, as: UTF8.self)
              lines.withLock { $0.append(line) }
              try await toHub.write(ByteBuffer(bytes: withoutPlace(more, "http://\(place)")))
            } else {
              try await toHub.write(chunk)
            }
          }
          group.cancelAll()
        }
      }
    }
  }

  /// A request as the server itself is asked.
  private func withoutPlace(_ request: [UInt8], _ place: String) -> [UInt8] {
    guard let range = request.firstRange(of: Array(place.utf8)) else { return request }
    return Array(request[..<range.lowerBound] + request[range.upperBound...])
  }
}
