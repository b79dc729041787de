import SyncCore
import SyncHub

/// The hub's machine: its disk, its clock, and the hub while it runs.
final class SimulatedHub {
  static let prefix = "/sim/hub/"
  static let path = "/sim/hub/hub.db"

  private let templates: Templates
  let permits = Permits()
  /// 1 or 2: which version of the schema the program has.
  private(set) var version = 1
  var clockOffset: Int64 = 0
  private(set) var database: SQLiteHubDatabase?
  private(set) var hub: Hub?
  /// The last of them last.
  private(set) var backups: [(image: StoreImage, version: Int)] = []
  /// How often it became another in the middle of a life: put back to an earlier state, or upgraded.
  var restores = 0

  /// In some lives pages hold few rows and few are compared one by one, as if there were many.
  private let isSparing: Bool
  private let seed: UInt64

  init(_ templates: Templates, seed: UInt64) {
    self.templates = templates
    self.seed = seed
    isSparing = seed.isMultiple(of: 3)
  }

  var schema: SchemaVersion { templates.versions[version - 1] }

  /// What the hub's clock shows.
  var wallMilliseconds = Templates.start
  /// How often the program was started: what it remembers of requests ends with it.
  private(set) var starts = 0
  private var sinceSeconds: Int64 = 0
  private var lastSeconds: Int64 = 0

  /// Starts the hub's program if it does not run.
  func open() throws -> Hub {
    if let hub { return hub }
    let database = try SQLiteHubDatabase(
      path: Self.path, migrations: schema.migrations, schema: schema.schema)
    var hub = try Hub(
      database, schema: schema.schema, policy: permits, timeline: "t1",
      secret: Templates.hubSecret, randomness: SplitMix64(seed: seed &+ UInt64(starts) << 32),
      wallMilliseconds: wallMilliseconds)
    if isSparing { (hub.pageRows, hub.comparedRows, hub.movedRows) = (5, 2, 1) }
    self.database = database
    self.hub = hub
    starts += 1
    (sinceSeconds, lastSeconds) = (wallMilliseconds / 1000, wallMilliseconds / 1000)
    return hub
  }

  /// Whether the hub will take a request for one of this moment, unless it has come before.
  func isOfThisMoment(_ request: SignedRequest, _ wallMilliseconds: Int64) -> Bool {
    let now = wallMilliseconds / 1000
    if hub == nil || now < lastSeconds - 5 { sinceSeconds = now }
    lastSeconds = now
    return request.createdSeconds >= sinceSeconds
      && abs(request.createdSeconds - now) <= SyncLimits.freshnessSeconds
  }

  /// The program ends, by itself or not.
  func close() {
    hub = nil
    database = nil
  }

  func backUp() {
    backups = backups.suffix(2) + [(StoreImage(of: Self.path), version)]
  }

  /// None of them is of use any more.
  func forgetBackups() { backups = [] }

  func upgrade() {
    close()
    restores += 1
    version = 2
  }

  func restore(_ backup: (image: StoreImage, version: Int)) {
    close()
    restores += 1
    version = max(version, backup.version)
    backup.image.put(at: Self.path)
  }

  /// Reads with the hub's own connection.
  func read<T>(_ body: (any HubConnection) throws -> T) throws -> T {
    _ = try open()
    guard let database else { throw HubError.notFound }
    return try database.read(body)
  }
}
