package import SyncCore
import SyncSQLite

/// The province's authority: it merges what devices push and hands out what has become of it.
///
/// All functions are synchronous, run in one transaction each, and take the time and randomness as
/// arguments.
package struct Hub: Sendable {
  package let schema: SyncSchema
  let database: any HubDatabase
  let rules: [any HubRule]
  let policy: any AccessPolicy
  let links: [TableLink]
  let defaults: [Int: [Value]]
  let kinds: [Int: [ColumnKind]]
  let key: HubKey
  let replays: ReplayGuard
  let randomness: HubRandomness
  let scrubPace = ScrubPace()
  let damage = DamageFound()
  let moving = Moving()
  /// A page ends after so many rows.
  package var pageRows = SyncLimits.pageRows
  /// So many rows are compared one by one.
  package var comparedRows = SyncLimits.comparedRows
  /// So many rows are looked at in one transaction because another has gone to another scope.
  package var movedRows = SyncLimits.movedRows
  /// What passwords cost that are set from now on.
  package var passwordCosts = PasswordCosts.present

  /// Opens a hub over its storage.
  ///
  /// - Parameters:
  ///   - database: The storage, with the application's tables in it.
  ///   - schema: Their merge policies.
  ///   - rules: What the application wants looked at after every change set.
  ///   - policy: Who may see and change what.
  ///   - timeline: A random name, taken as the hub's own and its first timeline's if it is new.
  ///   - secret: 32 random bytes, taken as its signing key if it is new.
  ///   - randomness: What it draws from whenever it needs more.
  ///   - wallMilliseconds: The hub's time: what devices have signed before is not taken any more.
  /// - Throws: The storage's errors, `SchemaError` for values in the policies or the tables that no column
  ///   can hold, and `CryptoKitError` for a secret of another length.
  package init(
    _ database: any HubDatabase, schema: SyncSchema, rules: [any HubRule] = [],
    policy: any AccessPolicy = OpenAccess(), timeline: String, secret: [UInt8],
    randomness: some RandomNumberGenerator & Sendable, wallMilliseconds: Int64
  ) throws {
    let randomness = HubRandomness(randomness)
    self.randomness = randomness
    replays = ReplayGuard(wallMilliseconds: wallMilliseconds)
    self.database = database
    let schema = try database.fitted(schema)
    self.schema = schema
    self.rules = rules
    self.policy = policy
    let links = try database.links(in: schema)
    self.links = links
    defaults = try database.defaults(in: schema)
    kinds = try database.kinds(in: schema)
    key = try database.write { connection in
      let store = HubStore(connection, schema, links, randomness)
      if try store.setting(.hub) == .null {
        try store.set(.hub, .text(timeline))
        try store.set(.timeline, .text(timeline))
        try store.set(.key, .blob(secret))
      }
      try store.beginChain(wallMilliseconds: wallMilliseconds)
      try store.adoptSchema()
      try store.adoptNames()
      try store.adoptNumbers()
      guard case .blob(let kept) = try store.setting(.key) else {
        throw WireError.malformed("the hub's key")
      }
      return try HubKey(rawRepresentation: kept)
    }
  }

  /// Begins another life of the hub: it has been put back from a copy.
  ///
  /// Devices notice by themselves what is missing, and offer it again; the name is for people.
  ///
  /// - Parameters:
  ///   - timeline: A random name.
  ///   - ruling: Who put the copy back, and why.
  /// - Throws: The storage's errors.
  package func beginTimeline(_ timeline: String, _ ruling: Ruling) throws {
    try write { store in
      try store.set(.timeline, .text(timeline))
      // Versions are counted anew from the copy's on, and one that was shown may be another now.
      try store.connection.run("DELETE FROM hub_shown", [])
      try store.record("timeline \(timeline)", ruling)
    }
  }

  func write<T>(_ body: (HubStore) throws -> T) throws -> T {
    try database.write { try run(body, $0) }
  }

  /// The same for a change set of so many bytes.
  func write<T>(_ bytes: Int, _ body: (HubStore) throws -> T) throws -> T {
    if bytes <= SyncLimits.smallChangeSetBytes { return try write(body) }
    return try database.writeMuch { try run(body, $0) }
  }

  private func run<T>(
    _ body: (HubStore) throws -> T, _ connection: any HubConnection
  ) throws -> T {
    let store = HubStore(connection, schema, links, randomness, movedRows: movedRows)
    let result = try body(store)
    try store.finish()
    return result
  }

  func read<T>(_ body: (HubStore) throws -> T) throws -> T {
    try database.read { try body(HubStore($0, schema, links, randomness)) }
  }

  /// Reads the application's tables, all as they are at one moment.
  ///
  /// - Parameter body: What is to be read.
  /// - Returns: What that returns.
  /// - Throws: Its errors and the storage's.
  package func view<T>(_ body: (HubView) throws -> T) throws -> T {
    try read { try body(HubView(connection: $0.connection)) }
  }
}

/// Something that can be true on each device and false of the union, which the engine cannot know.
package protocol HubRule: Sendable {
  /// Rows beside the touched ones that the change set may have made wrong, or put right: their
  /// findings are made anew by every rule. Deleted rows come with their last values.
  func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference]

  /// Looks at rows that a change set has touched and says what an operator should look at.
  func findings(about rows: [TouchedRow], in view: HubView) throws -> [RuleFinding]
}

extension HubRule {
  package func concerned(by rows: [TouchedRow], in view: HubView) throws -> [RowReference] { [] }
}

/// A row by its table's name and its key.
package struct RowReference: Hashable, Sendable {
  package let table: String
  package let key: RowKey

  package init(_ table: String, _ key: RowKey) {
    self.table = table
    self.key = key
  }
}

/// A row that a change set has touched.
package struct TouchedRow: Sendable {
  package let table: TableSchema
  package let key: RowKey
  package let values: [Value]
}

/// What rules and the application may ask of the hub's tables.
package struct HubView {
  let connection: any HubConnection

  /// Rows of a query of the application's tables.
  package func rows(_ sql: String, _ arguments: [Value]) throws -> [[Value]] {
    try connection.rows(sql, arguments)
  }
}

/// A suspicion for the operator.
///
/// It is raised once for the same rows and rule.
package struct RuleFinding: Sendable {
  package let kind: ConflictKind
  package let table: String
  package let key: RowKey
  /// The rule's name.
  package let rule: String
  package let otherKey: RowKey

  package init(kind: ConflictKind, table: String, key: RowKey, rule: String, otherKey: RowKey) {
    self.kind = kind
    self.table = table
    self.key = key
    self.rule = rule
    self.otherKey = otherKey
  }
}

/// What can go wrong at the hub beside a device's mistake.
package enum HubError: Error, Equatable {
  /// The file has migrations that this program does not know.
  case writtenByNewerProgram
  case notCommitted
  /// There is no such thing, or it is not in a state in which that can be done.
  case notFound
  case alreadyDecided
  /// The conflict has changed since it was shown; this is its version now.
  case versionChanged(Int64)
  /// The choice does not fit the conflict's kind.
  case choiceDoesNotFit
  /// The decided value cannot be taken in, with the reason as a receipt has it.
  case refusedByConstraint(String)
  /// It would raise questions that have not been accepted; these are all of them.
  case wouldAsk([RaisedQuestion])
}
