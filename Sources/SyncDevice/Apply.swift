import Foundation
package import GRDB
package import SyncCore
import SyncSQLite

extension DeviceStore {
  /// What to ask for next: the state from the cursor on, or the next page of a pull under way.
  package func nextPull() throws -> SyncRequest {
    try read { db in
      var request = try nextPage(db)
      request.standings = try standings(db)
      request.digest = try digests(db).combined
      request.former = try formerWork(db)
      // Said only where it may matter: most requests are as small as can be.
      request.tellsLivesApart = request.standings.count > 1 || !request.former.isEmpty
      request.isRevoked = try setting(.isLocked, db) == .integer(1)
      request.waiting = try waitingReport(db)
      return .pull(request)
    }
  }

  /// A store whose schema has grown since its last pull asks for everything, its own rows too.
  ///
  /// The hub may hold values for columns that it did not know. So does one whose cursor the hub cannot
  /// place. One that had to hold rows back asks for them again.
  private func nextPage(_ db: Database) throws -> PullRequest {
    if case .blob(let bytes) = try setting(.position, db) {
      var request = PullRequest(
        epoch: Int(try setting(.pullEpoch, db).integer ?? 0),
        cursor: try setting(.pullCursor, db).integer ?? 0,
        position: try HubPoint(decoding: bytes))
      request.heldAccesses = try pulledAccesses(db)
      if !request.heldAccesses.isEmpty { request.difference = .goesOn }
      return request
    }
    let known = try setting(.cursorSchema, db).integer
    let hasGrown = known != nil && known != Int64(schema.version)
    let released = try releasedCursor(db)
    // What was held back from the first on may be gone by now.
    if try hasGrown || released == 0 || setting(.wantsSnapshot, db) == .integer(1) {
      return PullRequest(epoch: 0, cursor: 0, position: .zero)
    }
    // What was held back comes again, yet from a hub that knows the newest state seen here.
    var from = try point(at: try cursor(db), db)
    from.sequence = min(from.sequence, released ?? .max)
    let accesses = try released.map { try heldAccesses(from: $0, db) } ?? []
    // So many kinds of access that the whole costs no more.
    if accesses.count >= SyncLimits.heldAccesses {
      return PullRequest(epoch: 0, cursor: 0, position: .zero)
    }
    var request = PullRequest(
      epoch: Int(try setting(.epoch, db).integer ?? 0), cursor: from.sequence, position: from)
    // Who has never pulled holds nothing that could differ.
    if from.number > 0 {
      request.difference = .begins
      if !accesses.isEmpty { request.heldAccesses = [from.access] + accesses }
    }
    return request
  }

  /// Of which scopes the rows are that are held here, where the pull under way may bring the difference
  /// to others only.
  private func pulledAccesses(_ db: Database) throws -> [UInt64] {
    guard case .blob(let bytes) = try setting(.pullAccesses, db) else { return [] }
    return try accesses(in: bytes)
  }

  /// Work in quarantine that the store handed in before it was enrolled anew: its decision is told to
  /// whoever proves to have written it.
  private func formerWork(_ db: Database) throws -> [FormerWork] {
    let waiting = try db.all(
      """
      SELECT body, hash FROM thuan_outbox WHERE disposition = 4 AND settled = 0 ORDER BY position
      """)
    let device = try setting(.device, db).text
    var work: [FormerWork] = []
    for row in waiting where work.count < SyncLimits.formerWork {
      guard case .blob(let body) = row.value(at: 0), case .blob(let hash) = row.value(at: 1),
        let changeSet = try? ChangeSet(decoding: body), changeSet.stream.device != device
      else { continue }
      work.append(
        FormerWork(
          place: StreamPlace(stream: changeSet.stream, sequence: changeSet.sequence), hash: hash))
    }
    return work
  }

  /// Lets the next pull ask for everything: the hub cannot say what has changed since the cursor.
  func askForSnapshot(reason: String, wallMilliseconds: Int64) throws {
    try database.write { db in
      try discardStagedPages(db)
      try set(.wantsSnapshot, .integer(1), db)
      if reason == Refusal.rolledBack { try set(.offeredWord, .text(""), db) }
      try set(.isInStep, .integer(0), db)
      let event: StoreEvent = reason == Refusal.otherScopes ? .accessChanged : .snapshot
      try logEvent(event, reason, wallMilliseconds: wallMilliseconds, db)
    }
  }

  /// Begins the pull under way anew: something else is the holder's since.
  func beginPullAnew() throws { try database.write { try discardStagedPages($0) } }

  /// The oldest cursor of a row that was held back and need not be any more.
  func releasedCursor(_ db: Database) throws -> Int64? {
    let held = try db.all("SELECT tbl, key, cursor FROM thuan_held ORDER BY cursor")
    guard !held.isEmpty else { return nil }
    let pending = try PendingWork(schema, db)
    for row in held {
      guard let table = schema.table(number: row[0]) else { continue }
      let key = try RowKey(stored: row.value(at: 1), columns: table.key.count)
      if pending.columns(table.number, key) == nil, !pending.isDeleted(table.number, key) {
        return row[2]
      }
    }
    return nil
  }

  /// Stages a page, and applies all that is staged when it is the last.
  ///
  /// - Parameters:
  ///   - bytes: The page as it came.
  ///   - request: What it is the answer to. If the store has moved on meanwhile, because another
  ///     program synced it, the page is passed over.
  ///   - wallMilliseconds: What the device's clock shows.
  /// - Returns: The page, for whoever reports progress; nothing if it was passed over.
  /// - Throws: `WireError` for anything but a page, ``StoreError/otherHub`` for another hub's.
  package func receive(page bytes: [UInt8], for request: SyncRequest, wallMilliseconds: Int64)
    throws -> PullPage?
  {
    let head = try PullPage(decoding: bytes, readsRows: false)
    // The rows of one that is only staged are read when they are applied.
    let page = head.isLast ? try PullPage(decoding: bytes) : head
    guard case .pull(let asked) = request else { return nil }
    do {
      var isExpected = false
      try placing(wallMilliseconds: wallMilliseconds) { silence in
        isExpected = try stage(page, bytes, asked, silence, wallMilliseconds: wallMilliseconds)
      }
      return isExpected ? page : nil
    } catch let error as WireError where page.isLast {
      // Pages that cannot be read would be in the way for ever.
      try database.write { try discardStagedPages($0) }
      throw error
    }
  }

  /// - Returns: Whether the page is the one that the store waits for.
  private func stage(
    _ page: PullPage, _ bytes: [UInt8], _ asked: PullRequest, _ silence: Silence,
    wallMilliseconds: Int64
  ) throws -> Bool {
    var isExpected = true
    let writesRows = page.isLast && (!page.rows.isEmpty || asked.isUnderWay)
    try transaction(writesRows: writesRows) { db in
      let hub = try setting(.hub, db)
      guard hub == .null || hub == .text(page.hub) else { throw StoreError.otherHub }
      guard try nextPage(db).asksTheSame(as: asked) else {
        isExpected = false
        return
      }
      if try setting(.position, db) == .null {
        try set(.pullEpoch, .integer(Int64(asked.epoch)), db)
        try set(.pullCursor, .integer(asked.cursor), db)
        try set(.pullOutbox, UnreceivedWork(db, since: asked.standings.last).encoded, db)
        let accesses = asked.difference == .none ? [] : asked.accesses
        try set(.pullAccesses, .blob(encodedAccesses(accesses)), db)
      }
      try set(.hub, .text(page.hub), db)
      try noteContact(hubMilliseconds: page.hubMilliseconds, wallMilliseconds, db)
      if page.isLast {
        return try applyStaged(last: page, silence, wallMilliseconds: wallMilliseconds, db)
      }
      try db.run("INSERT INTO thuan_inbox (body) VALUES (?)", [.blob(bytes)])
      try set(.position, .blob(page.position.encoded()), db)
    }
    return isExpected
  }

  /// Whether a request is still to be made as it was, or another program or a late answer has
  /// brought the store further meanwhile.
  func isWaiting(for request: SyncRequest) throws -> Bool {
    try read { db in
      switch request {
      case .pull(let asked): return try asked.asksTheSame(as: nextPage(db))
      case .compare(let asked): return try nextComparison(db) == asked
      case .offer(let asked): return try nextOffer(db)?.offer == asked
      case .push(let bytes):
        let envelope = try Envelope(decoding: bytes)
        guard let body = envelope.changeSets.first else { return false }
        return try db.first(
          "SELECT 1 FROM thuan_outbox WHERE disposition IS NULL AND +epoch = ? AND hash = ?",
          [.integer(Int64(envelope.stream.epoch)), .blob(ChangeSet.hash(of: body))]) != nil
      }
    }
  }

  /// Throws staged pages away, so that the next pull starts from the cursor.
  func discardStagedPages(_ db: Database) throws {
    try db.run("DELETE FROM thuan_inbox")
    try set(.position, .null, db)
  }

  /// A page that is only staged, or without rows, is no reason to switch anything off, which makes
  /// SQLite prepare every statement anew.
  private func transaction(writesRows: Bool, _ body: (Database) throws -> Void) throws {
    if writesRows { try withoutForeignKeys(body) } else { try database.write(body) }
  }

  /// The hub's state is whole, but pending work on top of it need not be (a new child of a row that
  /// the hub has deleted): foreign keys are not for this transaction to judge, and must on no
  /// account cascade.
  ///
  /// Neither are checks of a schema that is a version behind.
  func withoutForeignKeys(_ body: (Database) throws -> Void) throws {
    try database.barrierWriteWithoutTransaction { db in
      let isOn = try Bool.fetchOne(db, sql: "PRAGMA foreign_keys") ?? false
      try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
      defer {
        try? db.execute(
          sql: "PRAGMA foreign_keys = \(isOn ? "ON" : "OFF"); PRAGMA ignore_check_constraints = OFF"
        )
      }
      try db.inTransaction(.immediate) {
        try body(db)
        return .commit
      }
    }
  }

  private func applyStaged(
    last: PullPage, _ silence: Silence, wallMilliseconds: Int64, _ db: Database
  ) throws {
    try seal(db, wallMilliseconds: wallMilliseconds)
    let cursor = try setting(.pullCursor, db).integer ?? 0
    // Without the device's own words the rows are the hub's state in part only.
    let isSnapshot = try cursor == 0 && setting(.pullEpoch, db) == .integer(0)
    if isSnapshot {
      try logUntrackedChanges(db, isFound: true, wallMilliseconds: wallMilliseconds)
    }
    let pages = StagedPages(db, last: last)
    try lookOver(pages, isSnapshot: isSnapshot, wallMilliseconds: wallMilliseconds, db)
    try settleUnknownQuarantine(pages, db)
    let isLarge = try db.exists(
      "SELECT 1 FROM thuan_inbox LIMIT 1 OFFSET ?", [.integer(SyncLimits.pagesUnderCapture)])
    let hasRows =
      try isSnapshot || !last.rows.isEmpty || db.exists("SELECT 1 FROM thuan_inbox LIMIT 1")
    let triggers = try hasRows ? withdrawTriggers(silence, withCapture: isLarge, db) : nil
    try db.run("UPDATE thuan_capture SET applying = 1")
    // Rows that were held back since then have come again with these pages.
    try db.run("DELETE FROM thuan_held WHERE cursor >= ?", [.integer(cursor)])
    let accesses = try pulledAccesses(db)
    if let held = accesses.first, held != last.position.access {
      try logEvent(.accessChanged, Refusal.otherScopes, wallMilliseconds: wallMilliseconds, db)
    }
    // Rows are held back from the difference too, where it is more than what has changed since.
    let isDifference = accesses.contains { $0 != last.position.access }
    var applier = try Applier(
      self, db, cursor: cursor, differingFrom: isDifference ? accesses : [])
    if isSnapshot { try applier.beginSnapshot() }
    try pages.forEachRow { try applier.apply($0) }
    try applier.finish()
    try db.run("UPDATE thuan_capture SET applying = 0")
    if let triggers { try restoreTriggers(triggers, db) }
    try discardStagedPages(db)
    // Another life of the hub gives the same sequences to other states.
    if isSnapshot { try db.run("DELETE FROM thuan_base") }
    try setCursor(last.position, db)
    try set(.wantsSnapshot, .null, db)
    try set(.cursorSchema, .integer(Int64(schema.version)), db)
    try compare(with: last, wallMilliseconds: wallMilliseconds, db)
  }

  /// Looks at what the staged rows are about to be written over.
  ///
  /// Work whose quarantine has ended lies over them no longer: the same pull brings the hub's. That
  /// includes what the hub's whole state does not hold back: another life of the hub did, and this
  /// one took it in when a clone offered it again. And what was written past the triggers is found
  /// before it is gone.
  private func lookOver(
    _ pages: StagedPages, isSnapshot: Bool, wallMilliseconds: Int64, _ db: Database
  ) throws {
    // It has said that it has all of these streams, or the pull would not have got this far. What got
    // its receipt since the pull began, the pages do not know.
    let unreceived = try UnreceivedWork(decoding: setting(.pullOutbox, db))
    let butUnreceived = unreceived.map { " AND position NOT IN (\($0.positions))" } ?? ""
    for standing in isSnapshot ? try standings(db) : [] {
      try db.run(
        """
        UPDATE thuan_outbox SET settled = 1
        WHERE disposition = 4 AND settled = 0 AND epoch = ?\(butUnreceived)
        """, [.integer(Int64(standing.epoch))] + (unreceived?.arguments ?? []))
    }
    let filled = Dictionary(
      uniqueKeysWithValues: try schema.tables.filter { try isFilled($0, db) }.map {
        ($0.number, $0)
      })
    let hasSent = try db.exists("SELECT 1 FROM thuan_outbox LIMIT 1")
    // In a store that is being filled there is nothing to look over.
    if filled.isEmpty, !hasSent { return }
    var found: [UntrackedChange] = []
    try pages.forEachRow { row in
      if row.table == PublishedTables.quarantine, row.key.values.count == 3 {
        try settleQuarantine(row, db)
      } else if let table = filled[row.table], row.key.values.count == table.key.count,
        let change = try table.untrackedChange(of: row.key, db)
      {
        found.append(change)
      }
    }
    try logFound(found, wallMilliseconds: wallMilliseconds, db)
  }

  private func isFilled(_ table: TableSchema, _ db: Database) throws -> Bool {
    try db.exists("SELECT 1 FROM \(quoted(table.name)) LIMIT 1")
      || db.exists(
        "SELECT 1 FROM thuan_shadow WHERE tbl = ? LIMIT 1", [.integer(Int64(table.number))])
  }

  private func settleQuarantine(_ row: PulledRow, _ db: Database) throws {
    guard let state = row.values.lazy.compactMap(\.text).compactMap(QuarantineState.init).first,
      try isOwn(device: row.key.values[0], row.key.values[1], row.key.values[2], db)
    else { return }
    let settled: Int64 =
      switch state {
      case .open: 0
      case .applied: 1
      case .dismissed: 2
      }
    // A hub that was put back may ask once more; here the answer has been seen.
    try db.run(
      """
      UPDATE thuan_outbox SET settled = CASE WHEN ? = 0 AND settled = 2 THEN 2 ELSE ? END
      WHERE epoch = ? AND sequence = ?
      """, [.integer(settled), .integer(settled), row.key.values[1], row.key.values[2]])
  }

  /// Work whose receipt says quarantine, but of which a hub that has it says nothing: it lay there in
  /// another life of the hub, and this one took it in when a clone or a copy offered it again.
  private func settleUnknownQuarantine(_ pages: StagedPages, _ db: Database) throws {
    let waiting = try db.all(
      """
      SELECT epoch, sequence FROM thuan_outbox
      WHERE disposition = 4 AND settled = 0 AND number <= ?
      """, [.integer(pages.last.position.number)])
    if waiting.isEmpty { return }
    var known: Set<RowKey> = []
    try pages.forEachRow { row in
      guard row.table == PublishedTables.quarantine else { return }
      known.insert(RowKey(Array(row.key.values.dropFirst())))
    }
    for row in waiting {
      // Under whichever device's name the store wrote it.
      let place = [row.value(at: 0), row.value(at: 1)]
      let isPublished = try db.first(
        "SELECT 1 FROM thuan_quarantine WHERE epoch = ? AND sequence = ?", place)
      if isPublished != nil || known.contains(RowKey(place)) { continue }
      try db.run(
        "UPDATE thuan_outbox SET settled = 1 WHERE epoch = ? AND sequence = ?", place)
    }
  }

  /// Whether the outbox holds this very change set, under whichever device's name the store wrote it.
  private func isOwn(device: Value, _ epoch: Value, _ sequence: Value, _ db: Database) throws
    -> Bool
  {
    guard
      let row = try db.first(
        "SELECT body FROM thuan_outbox WHERE epoch = ? AND sequence = ?", [epoch, sequence]),
      case .blob(let body) = row.value(at: 0)
    else { return false }
    // One that is damaged names nobody; it was sent as this device's.
    guard let changeSet = try? ChangeSet(decoding: body) else {
      return try setting(.device, db) == device
    }
    return changeSet.stream.device == device.text
  }

  /// "In step" is a comparison of digests with nothing pending, never the absence of an error
  /// (law L7).
  private func compare(with page: PullPage, wallMilliseconds: Int64, _ db: Database) throws {
    let isPending = try hasPendingWork(db)
    // What an older hub does not know yet, it has no other opinion of.
    let own = try digests(db)
    let isConfirmed = page.confirmedDigest != 0 && page.confirmedDigest == own.combined
    let differences =
      isConfirmed
      ? [] : own.differences(from: page.digests, in: schema, upTo: page.schemaVersion)
    let isDifferent = try hasDifferences(db)
    let isInStep = !isPending && differences.isEmpty && !isDifferent
    try set(.isInStep, .integer(isInStep ? 1 : 0), db)
    if isInStep { try set(.inStepAt, .integer(wallMilliseconds), db) }
    try db.run("DELETE FROM thuan_comparison")
    // A confirmation of what the store held before says nothing of where it differs.
    if !isPending, !differences.isEmpty, page.confirmedDigest == 0,
      page.schemaVersion >= schema.version
    {
      try beginComparison(with: page.digests, wallMilliseconds: wallMilliseconds, db)
    } else if !isPending, isDifferent {
      for (table, range) in try rangesOfDifferences(db) { try compare(table, range, db) }
    }
  }

  func hasPendingWork(_ db: Database) throws -> Bool {
    try db.exists(
      """
      SELECT 1 WHERE EXISTS (SELECT 1 FROM thuan_log)
        OR EXISTS (SELECT 1 FROM thuan_outbox WHERE disposition IS NULL)
        OR EXISTS (SELECT 1 FROM thuan_outbox WHERE disposition = 4 AND settled = 0)
        OR EXISTS (SELECT 1 FROM thuan_held)
        OR EXISTS (SELECT 1 FROM thuan_waiting WHERE state = 0 AND is_found = 0)
      """)
  }

  /// The columns' digests of what was last sealed or applied.
  package func digests(_ db: Database) throws -> ColumnDigests {
    var digests = ColumnDigests()
    for row in try db.all("SELECT tbl, col, sum FROM thuan_digest") {
      let sum: Int64 = row[2]
      digests.sums[.init(table: row[0], column: row[1])] = UInt64(bitPattern: sum)
    }
    return digests
  }
}

/// The pages of one pull: those that are staged in the store, and the last, which has just come and
/// needs no place there.
private struct StagedPages {
  let last: PullPage
  private let db: Database

  init(_ db: Database, last: PullPage) {
    self.db = db
    self.last = last
  }

  /// Reads all rows; while those of one page are worked on, the next is decoded.
  func forEachRow(_ body: (PulledRow) throws -> Void) throws {
    var page: Ahead<[PulledRow]>?
    try db.each("SELECT body FROM thuan_inbox ORDER BY page") { row in
      guard case .blob(let bytes) = row[0] else { return true }
      let next = Ahead { try PullPage(decoding: bytes).rows }
      try page?.value().forEach(body)
      page = next
      return true
    }
    try page?.value().forEach(body)
    for row in last.rows { try body(row) }
  }
}
