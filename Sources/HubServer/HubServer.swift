import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
package import SyncHub
import UnixSignals

/// Serves a hub over HTTP, encrypted by itself or by a reverse proxy in front of it.
package struct HubServer: Sendable {
  /// Where it listens, and what it puts up with.
  package struct Configuration: Sendable {
    package var host: String
    /// Zero takes any free port; ``HubServer`` tells which one it became.
    package var port: Int
    /// What it encrypts with; nothing behind a proxy that does.
    package var certificate: Certificate?
    /// Where the hub is now, if this is where it was: everybody is sent there.
    package var movedTo: String?
    /// Where it shows its figures, on this machine alone; nothing: nowhere.
    package var metricsPort: Int?
    /// Connections beyond these wait in the kernel's queue.
    package var connectionsMax = 2_048
    /// What the bodies of all requests under way may take together.
    package var bodyBytes = 256 << 20
    /// A connection on which nothing moves for this long is closed.
    package var idleSeconds: Int64 = 60
    /// How long requests that are being answered may take to end after a signal.
    package var shutdownSeconds: Int64 = 20
    /// Storage that somebody else holds for longer counts as storage that nothing can be written to.
    package var readyPatience = Duration.seconds(3)

    package init(host: String = "127.0.0.1", port: Int = 8080) {
      self.host = host
      self.port = port
    }
  }

  private let hub: Hub
  private let routes: SyncRoutes
  private let sessions: SessionRoutes
  private let metrics = HubMetrics()
  private let configuration: Configuration
  private let logger: Logger
  private let now: @Sendable () -> Int64
  private let onRunning: @Sendable (Int) async -> Void

  /// Prepares a server; ``run(stopsOnSignals:)`` starts it.
  ///
  /// - Parameters:
  ///   - hub: The hub to serve.
  ///   - configuration: Where to listen.
  ///   - logger: Gets one line for every request, without personal data or secrets.
  ///   - now: The hub's clock, in milliseconds since 1970.
  ///   - onRunning: Called with the port as soon as connections are taken.
  package init(
    hub: Hub, configuration: Configuration = Configuration(), logger: Logger,
    now: @escaping @Sendable () -> Int64 = hubClock,
    onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) {
    self.hub = hub
    routes = SyncRoutes(
      hub: hub, pinnedCertificate: configuration.certificate?.pinned ?? "", metrics: metrics,
      bodyBytes: configuration.bodyBytes, readyPatience: configuration.readyPatience, now: now)
    sessions = SessionRoutes(hub: hub, now: now)
    self.configuration = configuration
    self.logger = logger
    self.now = now
    self.onRunning = onRunning
  }

  /// Serves until it is told to stop, then ends the requests that are under way.
  ///
  /// - Parameter stopsOnSignals: Whether SIGTERM and SIGINT stop it; otherwise only the
  ///   cancellation of the task does.
  /// - Throws: What keeps it from listening, such as a port that is taken.
  package func run(stopsOnSignals: Bool = true) async throws {
    Allocator.giveBackLargeBlocks()
    var services: [any Service] = [
      try application(), MovingRows(hub: hub, logger: logger, now: now),
    ]
    if let port = configuration.metricsPort { services.append(figures(port: port)) }
    var group = ServiceGroupConfiguration(
      services: services,
      gracefulShutdownSignals: stopsOnSignals ? [.sigterm, .sigint] : [], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(configuration.shutdownSeconds)
    try await ServiceGroup(configuration: group).run()
  }

  private func application() throws -> some ApplicationProtocol {
    let onRunning = onRunning
    let plain = HTTPServerBuilder.http1(
      configuration: .init(
        idleTimeout: .seconds(configuration.idleSeconds),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100)))
    let server = try configuration.certificate.map {
      try HTTPServerBuilder.tls(plain, tlsConfiguration: $0.configuration)
    }
    return Application(
      router: makeRouter(routes),
      server: server ?? plain,
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: MaximumAvailableConnections(
          configuration.connectionsMax, logger: logger)),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
      logger: quietLogger())
  }

  /// The figures have a port of their own that nobody reaches from outside: they tell how much goes on.
  private func figures(port: Int) -> some ApplicationProtocol {
    let router = Router()
    router.get("/metrics") { [hub, metrics] _, _ in
      let text = try await NIOThreadPool.singleton.runIfActive { try metrics.text(of: hub) }
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
    return Application(
      router: router,
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      logger: quietLogger())
  }

  /// Hummingbird reports every connection that a client drops; here it may speak of trouble only.
  private func quietLogger() -> Logger {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    return quiet
  }

  private func makeRouter(_ routes: SyncRoutes) -> Router<BasicRequestContext> {
    let router = Router()
    router.add(middleware: RefusalMiddleware(logger: logger, hub: hub, metrics: metrics))
    if let address = configuration.movedTo { router.add(middleware: MovedMiddleware(to: address)) }
    routes.add(to: router)
    sessions.add(to: router)
    return router
  }
}
