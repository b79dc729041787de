import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import SyncHub
import UnixSignals

/// Serves a hub over HTTP.
///
/// Encryption is the business of the reverse proxy in front of it.
package struct HubServer: Sendable {
  /// Where it listens, and what it puts up with.
  package struct Configuration: Sendable {
    package var host: String
    /// Zero takes any free port; ``HubServer`` tells which one it became.
    package var port: Int
    /// Connections beyond these wait in the kernel's queue.
    package var connectionsMax = 256
    /// A connection on which nothing moves for this long is closed.
    package var idleSeconds: Int64 = 60
    /// How long requests that are being answered may take to end after a signal.
    package var shutdownSeconds: Int64 = 20

    package init(host: String = "127.0.0.1", port: Int = 8080) {
      self.host = host
      self.port = port
    }
  }

  private let hub: Hub
  private let routes: SyncRoutes
  private let configuration: Configuration
  private let logger: Logger
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
    routes = SyncRoutes(hub: hub, now: now)
    self.configuration = configuration
    self.logger = logger
    self.onRunning = onRunning
  }

  /// Serves until it is told to stop, then ends the requests that are under way.
  ///
  /// - Parameter stopsOnSignals: Whether SIGTERM and SIGINT stop it; otherwise only the
  ///   cancellation of the task does.
  /// - Throws: What keeps it from listening, such as a port that is taken.
  package func run(stopsOnSignals: Bool = true) async throws {
    var group = ServiceGroupConfiguration(
      services: [application()],
      gracefulShutdownSignals: stopsOnSignals ? [.sigterm, .sigint] : [], logger: logger)
    group.maximumGracefulShutdownDuration = .seconds(configuration.shutdownSeconds)
    try await ServiceGroup(configuration: group).run()
  }

  private func application() -> some ApplicationProtocol {
    let onRunning = onRunning
    return Application(
      router: makeRouter(routes),
      server: .http1(
        configuration: .init(
          idleTimeout: .seconds(configuration.idleSeconds),
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 16 << 10, maxHeaderFieldCount: 100))),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port),
        availableConnectionsDelegate: MaximumAvailableConnections(
          configuration.connectionsMax, logger: logger)),
      onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) },
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
    router.add(middleware: RefusalMiddleware(logger: logger, hub: hub))
    routes.add(to: router)
    return router
  }
}
