import GRDB
import SyncCore
import SyncDevice

/// One device: its disk, its clock, the app while it runs, and other programs on the same file.
final class SimulatedDevice {
  let index: Int
  let prefix: String
  let path: String
  private let templates: Templates
  var identity: DeviceIdentity
  let officer: String
  var version = 1
  var clockOffset: Int64 = 0
  private(set) var store: DeviceStore?
  /// Another program's connection.
  private var foreign: DatabaseQueue?
  private(set) var isForeignTransactionOpen = false
  /// Rises whenever the app ends: what an earlier one had begun is over.
  private(set) var run = 0
  /// What the tables held after the last thing that happened here.
  var rows: Rows?
  /// Whether that is what they hold now.
  var isSeen = false
  /// Whether something was written that could not be looked at yet.
  var owesWriting = false
  /// Whether its tables were last changed by writing there, and not by applying: a commit whose disk
  /// failed may be found when the machine starts again.
  var isWrittenLast = false
  /// Where the hub stood after the device's last push: what it shows at an older cursor has its own
  /// acknowledged work in it.
  var pushedUpTo: Int64 = 0
  /// All that its tables ever showed.
  var shown = Shown()
  var formBase: Int64?
  var isRevoked = false
  /// Whether its rows were changed past the triggers, so that a repair is nothing to wonder at.
  var isTamperedWith = false
  /// Rows that were deleted past the triggers: nobody can know it of one that is made anew before it
  /// is missed.
  var takenAway: Set<Oracle.Place> = []
  /// Whether it has offered work again to a hub that had lost it, and has not pulled since.
  var hasOfferedAgain = false
  /// What its tables held after its last round, when its own work was looked for and found.
  var rowsAfterRound: Rows?
  var backup: (image: StoreImage, identity: DeviceIdentity, version: Int)?

  init(_ index: Int, _ templates: Templates) throws {
    self.index = index
    self.templates = templates
    prefix = "/sim/d\(index)/"
    path = prefix + "store.db"
    identity = try templates.identity(index)
    officer = Templates.officer(of: index)
    try templates.device(index).put(at: path)
  }

  var name: String { "d\(index)" }
  var schema: SchemaVersion { templates.versions[version - 1] }

  /// Starts the app if it does not run.
  func open(wallMilliseconds: Int64) throws -> DeviceStore {
    if let store { return store }
    let store = try DeviceStore(
      path: path, migrations: schema.migrations, schema: schema.schema,
      wallMilliseconds: wallMilliseconds)
    self.store = store
    return store
  }

  /// Its tables are others from here on.
  func forgetRows() {
    rows = nil
    rowsAfterRound = nil
  }

  /// Whether a row was not there after the device's last round.
  func lacked(_ place: Oracle.Place, _ table: Int) -> Bool {
    guard let rows = rowsAfterRound?.tables[table] else { return false }
    return !rows.contains { schema.schema.tables[table].rowKey(of: $0) == place.key }
  }

  /// The app ends; other programs go on.
  func closeApp() {
    store = nil
    run += 1
  }

  /// Everything on the machine ends.
  func close() {
    closeApp()
    foreign = nil
    isForeignTransactionOpen = false
  }

  // MARK: Other programs

  /// A connection as the stock `sqlite3` shell makes it.
  private func otherProgram() throws -> DatabaseQueue {
    if let foreign { return foreign }
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.allowsUnsafeTransactions = true
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    foreign = queue
    return queue
  }

  /// Runs statements as another program would, each in its own transaction unless they say
  /// otherwise; what one refuses the next does not know.
  ///
  /// - Parameters:
  ///   - statements: What it does.
  ///   - triggers: Whether triggers fire on its connection.
  ///   - look: Called after each statement, to see what has become of the tables.
  /// - Returns: The errors.
  /// - Throws: What `look` throws, and SQLite's errors when the file cannot be opened.
  func runForeign(
    _ statements: [String], triggers: Bool = true, _ look: (Database) throws -> Void = { _ in }
  ) throws -> [DatabaseError] {
    try otherProgram().inDatabase { db in
      unsafe Disk.setTriggers(db.sqliteConnection, isEnabled: triggers)
      defer { unsafe Disk.setTriggers(db.sqliteConnection, isEnabled: true) }
      var errors: [DatabaseError] = []
      for statement in statements {
        do { try db.execute(sql: statement) } catch let error as DatabaseError {
          errors.append(error)
        }
        try look(db)
      }
      isForeignTransactionOpen = db.isInsideTransaction
      return errors
    }
  }

  /// A table is copied, dropped and renamed: what SQLite's own documentation says how to change a
  /// table, and what takes its triggers away.
  func rebuild(_ table: String) throws -> [DatabaseError] {
    let sql = try otherProgram().inDatabase { db in
      try String.fetchOne(
        db, sql: "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?",
        arguments: [table]) ?? ""
    }
    let made = sql.replacing(
      "CREATE TABLE \(table) ", with: "CREATE TABLE rebuilt ", maxReplacements: 1
    )
    .replacing("CREATE TABLE \"\(table)\" ", with: "CREATE TABLE rebuilt ", maxReplacements: 1)
    return try runForeign([
      "BEGIN", made, "INSERT INTO rebuilt SELECT * FROM \(table)", "DROP TABLE \(table)",
      "PRAGMA legacy_alter_table = ON", "ALTER TABLE rebuilt RENAME TO \(table)",
      "PRAGMA legacy_alter_table = OFF", "COMMIT",
    ])
  }
}
