import Foundation
import GRDB
import HubServer
import Logging
import SyncClient
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import Synchronization
import Testing

/// Two tables are enough: what merges how is tested elsewhere.
enum SmallSchema {
  static let policies = """
    table project 10
      id 1 key
      title 2 operator
      place 3 lastWriter
    table item 11
      id 1 key
      project_id 2 operator
      name 3 operator
    """

  static let migrations = [
    Migration(
      name: "small-v1",
      sql: """
        CREATE TABLE project (id TEXT NOT NULL PRIMARY KEY, title TEXT, place TEXT) STRICT;
        CREATE TABLE item (
          id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL REFERENCES project (id), name TEXT
        ) STRICT;
        """)
  ]

  static func load() throws -> SyncSchema { try SyncSchema(parsing: policies, version: 1) }
}

/// A hub in a file, served on a free port of the loopback, while `body` runs.
struct TestHub: Sendable {
  let folder: URL
  let hub: Hub
  let port: Int
  let log: CapturedLog

  var address: String { "http://127.0.0.1:\(port)" }

  @concurrent
  static func run(
    wrapping wrap: (SQLiteHubDatabase) -> any HubDatabase = { $0 },
    configuration: HubServer.Configuration = HubServer.Configuration(port: 0),
    now: @escaping @Sendable () -> Int64 = wallClock,
    _ body: (TestHub) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("thuan-e2e-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let schema = try SmallSchema.load()
    let database = try SQLiteHubDatabase(
      path: folder.appendingPathComponent("hub.db").path, migrations: SmallSchema.migrations,
      schema: schema)
    let hub = try Hub(
      wrap(database), schema: schema, timeline: UUID().uuidString,
      secret: Array(DeviceIdentity.makeSigningKey().secret),
      randomness: SystemRandomNumberGenerator(), wallMilliseconds: now())
    let log = CapturedLog()
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    let server = HubServer(
      hub: hub, configuration: configuration, logger: log.logger(), now: now
    ) { announce.yield($0) }
    let running = Task { try await server.run(stopsOnSignals: false) }
    var iterator = ports.makeAsyncIterator()
    let port = try #require(await iterator.next())
    do {
      try await body(TestHub(folder: folder, hub: hub, port: port, log: log))
    } catch {
      running.cancel()
      throw error
    }
    running.cancel()
    _ = await running.result
  }

  /// A one-time code that has just been issued.
  func code(for officer: String = "lan") throws -> String {
    let code = UUID().uuidString
    try hub.issue(
      EnrolmentCode(typed: code),
      for: EnrolmentGrant(officer: officer, officerName: officer, unit: "u1", label: ""),
      wallMilliseconds: wallClock())
    return code
  }

  func path(_ name: String) -> String { folder.appendingPathComponent("\(name).db").path }

  func store(_ name: String) throws -> (store: DeviceStore, path: String) {
    let path = path(name)
    let store = try DeviceStore(
      path: path, migrations: SmallSchema.migrations, schema: try SmallSchema.load(),
      wallMilliseconds: wallClock(), isDurable: false)
    return (store, path)
  }

  /// A store that has been enrolled over HTTP.
  func device(_ officer: String, through port: Int? = nil) async throws -> TestDevice {
    let (store, path) = try store(officer)
    let client = try HubClient(
      try HubAddress("http://127.0.0.1:\(port ?? self.port)"), timeouts: .short)
    let enrolment = try await enrol(
      store: store, path: path, client: client, code: try code(for: officer), label: "D-\(officer)")
    return TestDevice(store: store, identity: enrolment.identity, client: client, officer: officer)
  }
}

/// What a client sends along with a request that it has signed.
func signatureHeaders(of request: SignedRequest) -> [(String, String)] {
  [(HTTPContract.authorizationHeader, HTTPContract.authorization(request.credentials))]
}

extension HubClient.Timeouts {
  static var short: HubClient.Timeouts {
    var timeouts = HubClient.Timeouts()
    timeouts.connectMilliseconds = 2_000
    timeouts.idleMilliseconds = 5_000
    return timeouts
  }
}

/// An enrolled device.
struct TestDevice: Sendable {
  let store: DeviceStore
  var identity: DeviceIdentity
  var client: HubClient
  let officer: String

  func write(_ sql: String) throws {
    try store.write(by: Author(officer: officer, wallMilliseconds: wallClock())) { db in
      try db.execute(sql: sql)
    }
  }

  func add(_ id: String, _ title: String = "t") throws {
    try write("INSERT INTO project (id, title) VALUES ('\(id)', '\(title)')")
  }

  @discardableResult
  func sync(
    _ directions: SyncRound.Directions = [.push, .pull],
    progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
  ) async throws -> SyncProgress {
    try await synchronise(
      store: store, identity: identity, client: client, directions: directions, progress: progress)
  }

  func status() throws -> StoreStatus { try store.status(wallMilliseconds: wallClock()) }

  func projects() throws -> [String] {
    try store.read { db in
      try String.fetchAll(db, sql: "SELECT id || '=' || ifnull(title, '') FROM project ORDER BY id")
    }
  }
}

/// What the server has logged, for tests that look for what must not be in it.
final class CapturedLog: Sendable {
  private let lines = Mutex<[String]>([])

  var text: String { lines.withLock { $0.joined(separator: "\n") } }

  func logger() -> Logger {
    var logger = Logger(label: "hub") { _ in Handler(log: self) }
    logger.logLevel = .trace
    return logger
  }

  private struct Handler: LogHandler {
    let log: CapturedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let metadata = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted()
      log.lines.withLock {
        $0.append("\(event.level) \(event.message) \(metadata.joined(separator: " "))")
      }
    }
  }
}

/// What a task throws, if it is what the hub had to say.
func unavailable(_ work: () async throws -> Void) async -> HubUnavailable? {
  do {
    try await work()
    return nil
  } catch let unavailable as HubUnavailable {
    return unavailable
  } catch {
    Issue.record("another error: \(error)")
    return nil
  }
}
