import GRDB
import SyncCore
package import SyncSQLite

/// Which triggers of others are silent while rows of the hub's are put in place.
enum Silence {
  /// Those that would write to what is kept in step, or break off what is being done.
  case asNeeded
  /// All of them, since one has failed.
  case complete
}

extension DeviceStore {
  /// Triggers of others that fire when rows are put in place, or would.
  ///
  /// Asked for each time: any program may add one at any moment.
  package func foreignTriggers() throws -> [ForeignTrigger] { try read { try foreignTriggers($0) } }

  func foreignTriggers(_ db: Database) throws -> [ForeignTrigger] {
    try schema.foreignTriggers(in: db, engine: ownTables, own: Capture.names(for: schema))
  }

  /// Tables in the file that nobody has declared.
  package func undeclaredTables() throws -> [String] {
    try read { try schema.undeclaredTables(in: $0, engine: ownTables) }
  }

  private var ownTables: Set<String> {
    Self.ownTables.union(schema.tables.map { Capture.imageTableName(of: $0) })
  }

  /// Takes triggers away until ``restoreTriggers(_:_:)``, within the transaction: those of others that
  /// have to be silent, and capture where so many rows of the hub's are about to be written that it
  /// pays: for a table that has triggers, SQLite keeps what each statement would have to undo, and asks
  /// each of them whether it has anything to do.
  ///
  /// Nobody else can write meanwhile, and what comes of it all at the end is the whole of it or nothing.
  ///
  /// - Parameters:
  ///   - silence: Which of the others'.
  ///   - withCapture: Whether capture's too.
  ///   - db: The store, within a transaction.
  /// - Returns: What ``restoreTriggers(_:_:)`` has to be given before the transaction ends.
  /// - Throws: SQLite's errors.
  func withdrawTriggers(
    _ silence: Silence, withCapture: Bool, _ db: Database
  ) throws -> WithdrawnTriggers {
    let others = try foreignTriggers(db).filter { silence == .complete || $0.isSilenced }
    let isKnown = try isCaptureKnown(db)
    let capture = try withCapture ? Capture.existing(in: db).values.sorted() : []
    if withCapture { try Capture.removeTriggers(in: db) }
    return try WithdrawnTriggers(
      others: SilencedTriggers(others, in: db), capture: capture, isKnown: isKnown)
  }

  /// Puts back what ``withdrawTriggers(_:withCapture:_:)`` has taken away, as it was.
  func restoreTriggers(_ withdrawn: WithdrawnTriggers, _ db: Database) throws {
    if withdrawn.others.isEmpty, withdrawn.capture.isEmpty { return }
    for trigger in withdrawn.capture { try db.execute(sql: trigger) }
    try withdrawn.others.restore(in: db)
    if withdrawn.isKnown { try noteCapture(db) }
  }

  /// Puts rows of the hub's in place; once more with all of the others' triggers silent if one of those
  /// that may fire has failed, since it would do so with every sync.
  ///
  /// - Parameters:
  ///   - wallMilliseconds: What the device's clock shows.
  ///   - body: Runs one transaction, in which it puts them in place.
  /// - Throws: What `body` throws.
  func placing(wallMilliseconds: Int64, _ body: (Silence) throws -> Void) throws {
    do { try body(.asNeeded) } catch let error as DatabaseError {
      let firing = try foreignTriggers().filter { !$0.isSilenced }
      if firing.isEmpty { throw error }
      try body(.complete)
      try database.write { db in
        try logEvent(
          .triggersFailed, firing.map(\.name).joined(separator: "\n"),
          wallMilliseconds: wallMilliseconds, db)
      }
    }
  }

  /// Notes triggers of others, if they are not those that were last seen.
  func noteForeignTriggers(wallMilliseconds: Int64, _ db: Database) throws {
    let names = try foreignTriggers(db).filter(\.isSilenced).map { "\($0.table) \($0.name)" }
      .joined(separator: "\n")
    let seen = try setting(.foreignTriggers, db)
    if names == seen.text ?? "" { return }
    try set(.foreignTriggers, .text(names), db)
    if !names.isEmpty {
      try logEvent(.foreignTriggers, names, wallMilliseconds: wallMilliseconds, db)
    }
  }
}

/// Triggers that are taken away within a transaction.
struct WithdrawnTriggers {
  fileprivate let others: SilencedTriggers
  /// The statements that make capture's; none where those have stayed.
  fileprivate let capture: [String]
  /// Whether capture was known to be whole.
  fileprivate let isKnown: Bool
}
