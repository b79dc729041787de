import GRDB
import SyncCore
import SyncDevice
import SyncSQLite

/// An officer who thinks better of it.
private struct Abandoned: Error {}

extension World {
  func write(_ action: Action) throws {
    switch action {
    case .write(let index, let edit): if let device = device(index) { try write(device, edit) }
    case .openForm(let index):
      guard let device = device(index) else { return }
      device.formBase = try attempt(on: device) { try $0.currentCursor() }
    case .foreign(let index, let statements): try runForeign(index, statements)
    case .foreignBegin(let index): try runForeign(index, ["BEGIN IMMEDIATE"])
    case .foreignRun(let index, let sql):
      if device(index)?.isForeignTransactionOpen == true { try runForeign(index, [sql]) }
    case .foreignEnd(let index, let commits):
      guard device(index)?.isForeignTransactionOpen == true else { return }
      try runForeign(index, [commits ? "COMMIT" : "ROLLBACK"])
    case .rebuild(let index, let table, let statements):
      guard let device = device(index), !device.isForeignTransactionOpen else { return }
      try pastTriggers(device) {
        try device.rebuild(table) + device.runForeign(statements) { try overhear(device, $0) }
      }
    case .writePastTriggers(let index, let statements):
      guard let device = device(index), !device.isForeignTransactionOpen else { return }
      device.isTamperedWith = true
      try pastTriggers(device) {
        try device.runForeign(statements, triggers: false) { try overhear(device, $0) }
      }
    default: break
    }
  }

  private func write(_ device: SimulatedDevice, _ edit: Edit) throws {
    device.isWrittenLast = true
    let author = Author(officer: device.officer, wallMilliseconds: wall(device))
    let base = edit.isFromForm ? device.formBase : nil
    if edit.isFromForm { device.formBase = nil }
    let isDone = try attempt(on: device) { store in
      do {
        try store.write(by: author, knowing: base) { db in
          for statement in edit.statements {
            try db.execute(sql: statement)
            if edit.statements.count > 1 { try overhear(device, db) }
          }
          if edit.isAbandoned { throw Abandoned() }
        }
        return true
      } catch is Abandoned { return false } catch let error as DatabaseError
        where error.resultCode == .SQLITE_CONSTRAINT
      {
        trace.note("    refused: \(error.message ?? "")")
        return false
      } catch StoreError.cannotTravel(let obstacle) {
        // He gives a row another key that somebody else's program has broken.
        trace.note("    refused: \(obstacle)")
        return false
      }
    }
    try afterWriting(device, isDone: isDone)
  }

  /// What is refused leaves nothing behind; what a crash broke off is there whole or not at all.
  private func afterWriting(_ device: SimulatedDevice, isDone: Bool?) throws {
    // What could not be looked at yet may have changed before.
    let before = device.owesWriting ? nil : device.rows
    try noticeCrashes()
    try observe(device, isWriting: true)
    if let after = device.rows { try checkPairs(device, after) }
    guard isDone == false, let before, let after = device.rows, before != after else { return }
    let differences = after.differences(from: before, device.schema.schema.tables)
    throw Violation(
      law: .transactions, what: "\(device.name): what was refused left \(differences)")
  }

  private func overhear(_ device: SimulatedDevice, _ db: Database) throws {
    guard let old = device.rows else { return }
    let tables = device.schema.schema.tables
    oracle.overhear(try Rows(tables, in: db).differences(from: old, tables))
  }

  private func runForeign(_ index: Int, _ statements: [String]) throws {
    guard let device = device(index) else { return }
    // A file without the app's tables is nobody's to edit.
    guard try attempt(on: device, { _ in true }) == true else { return }
    try foreign(device) {
      try device.runForeign(statements) { db in
        if db.isInsideTransaction {
          try overhear(device, db)
        } else {
          try observe(device, isWriting: true)
        }
      }
    }
    try noticeCrashes()
    try observe(device, isWriting: true)
  }

  private func foreign(_ device: SimulatedDevice, _ body: () throws -> [DatabaseError]) throws {
    _ = wall(device)
    device.isWrittenLast = true
    do {
      for error in try body() where error.resultCode != .SQLITE_CONSTRAINT {
        // "cannot commit - no transaction is active", after an error that ended it.
        if error.resultCode == .SQLITE_ERROR { continue }
        try tolerate(error, device.prefix)
      }
    } catch { try tolerate(error, device.prefix) }
  }

  /// What is written past the triggers is found when the app starts next, as it is then.
  private func pastTriggers(
    _ device: SimulatedDevice, _ body: () throws -> [DatabaseError]
  ) throws {
    let wall = wall(device)
    let known = try attempt(on: device) {
      (sealed: try $0.changeSets(wallMilliseconds: wall), marks: try $0.marks())
    }
    guard let known, let before = device.rows else { return }
    try foreign(device, body)
    device.closeApp()
    try noticeCrashes()
    try observe(device, isWriting: true)
    guard let after = device.rows else { return }
    let touched = after.differences(from: before, device.schema.schema.tables)
    device.takenAway.formUnion(touched.filter { $0.new == nil }.map(\.existence))
    try excuseUnsealed(touched, on: device, known.sealed.map(\.changeSet), known.marks)
  }

  /// Excuses deletions past the triggers of rows that are made anew: they were changed, for all that
  /// anybody can know.
  func excuseRemade(_ differences: [RowDifference], on device: SimulatedDevice) {
    for difference in differences where difference.new != nil {
      guard device.takenAway.remove(difference.existence) != nil else { continue }
      oracle.excuse {
        $0.device == device.identity.device && $0.place == difference.existence
      }
    }
  }

  /// Excuses what stood in a row and in no change set yet.
  ///
  /// It is gone when the row is changed past the triggers: nobody can know it any more. Of a row that has
  /// no marks yet, nobody can say that it is gone. And of a value that is the one with which the row was
  /// last known, nobody can say that it was written.
  private func excuseUnsealed(
    _ touched: [RowDifference], on device: SimulatedDevice, _ sealed: [ChangeSet],
    _ marks: [Oracle.Place: UInt64]
  ) throws {
    let now = try attempt(on: device) { try $0.changeSets(wallMilliseconds: wall(device)) } ?? []
    let before = Set(oracle.missing(from: sealed))
    let gone = oracle.missing(from: now.map(\.changeSet)).filter { commitment in
      commitment.device == device.identity.device
        && touched.contains {
          $0.concerns(commitment.place)
            && (!before.contains(commitment) || $0.tookAway(commitment.value, at: commitment.place)
              || $0.isAsKnown(commitment.value, at: commitment.place, marks))
        }
    }
    let unmade = touched.filter { $0.new == nil }.map(\.existence).filter { marks[$0] == nil }
    let excused = Set(gone)
    oracle.excuse {
      excused.contains($0) || (unmade.contains($0.place) && $0.value == .integer(0))
    }
  }
}

extension DeviceStore {
  /// The marks that the store has of its rows; those of a row's existence are 1.
  fileprivate func marks() throws -> [Oracle.Place: UInt64] {
    try read { db in
      var marks: [Oracle.Place: UInt64] = [:]
      try db.each("SELECT tbl, key, marks FROM thuan_shadow") { row in
        guard let table = schema.table(number: Int(row[0].integer ?? 0)),
          case .blob(let bytes) = row[2]
        else { return true }
        let key = try RowKey(stored: row[1], columns: table.key.count)
        marks[Oracle.Place(table: table.number, key: key, column: 0)] = 1
        for (index, column) in table.columnsByNumber.enumerated() {
          let own = bytes.dropFirst(8 * index).prefix(8)
          marks[Oracle.Place(table: table.number, key: key, column: column.number)] =
            own.reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        return true
      }
      return marks
    }
  }
}

extension RowDifference {
  fileprivate var existence: Oracle.Place {
    Oracle.Place(table: table.number, key: key, column: 0)
  }

  fileprivate func concerns(_ place: Oracle.Place) -> Bool {
    table.number == place.table && key == place.key
  }

  /// Whether the row says this now, and did when it was last known.
  fileprivate func isAsKnown(
    _ value: SyncCore.Value, at place: Oracle.Place, _ marks: [Oracle.Place: UInt64]
  ) -> Bool {
    guard let index = table.index(number: place.column), new?[index] == value else { return false }
    return marks[place]
      == RowMarker(table: table.number, key: key).mark(column: place.column, value)
  }

  /// Whether the row said this and does not any more.
  fileprivate func tookAway(_ value: SyncCore.Value, at place: Oracle.Place) -> Bool {
    guard place.column != 0 else { return old != nil && new == nil && value == .integer(1) }
    guard let index = table.index(number: place.column) else { return false }
    return old?[index] == value && new?[index] != value
  }
}
