import GRDB
import SyncCore
import SyncDevice
import SyncHub

/// What is checked while life goes on.
extension World {
  // MARK: L3 and L4, wherever rows have changed

  func checkLive(_ difference: RowDifference, _ place: String) throws {
    guard let new = difference.new,
      let phantom = oracle.phantom(difference.table, difference.key, new)
    else { return }
    throw Violation(law: .noPhantom, what: "at \(place): \(phantom)")
  }

  /// The two rows of every device hold one number.
  func checkPairs(_ device: SimulatedDevice, _ rows: Rows) throws {
    guard let index = device.schema.schema.tables.firstIndex(where: { $0.name == "pair" }) else {
      return
    }
    var halves: [String: [SyncCore.Value]] = [:]
    for row in rows.tables[index] {
      halves[String((row[0].text ?? "").dropLast()), default: []].append(row[1])
    }
    for (owner, values) in halves.sorted(by: { $0.key < $1.key })
    where !isDecided(pairOf: owner) && (values.count != 2 || values[0] != values[1]) {
      throw Violation(
        law: .transactions,
        what: "\(device.name) shows half of a transaction of \(owner): \(values)")
    }
  }

  /// An operator decides row by row, and may keep one and not the other.
  private func isDecided(pairOf owner: String) -> Bool {
    ["a", "b"].contains { decidedRows.contains("pair \(RowKey([.text(owner + $0)]))") }
  }

  func checkPairAtHub(_ key: RowKey) throws {
    guard let id = key.values.first?.text,
      let table = hub.schema.schema.table(named: "pair")
    else { return }
    if isDecided(pairOf: String(id.dropLast())) { return }
    let values = ["a", "b"].map {
      mirror.values(table.number, RowKey([.text(id.dropLast() + $0)]))?[1]
    }
    if values[0] != values[1] {
      throw Violation(
        law: .transactions, what: "the hub shows half of a transaction of \(id): \(values)")
    }
  }

  /// Nobody is sent a row of a scope that is not his.
  func checkPage(_ answer: Answer, for name: String, _ device: String) throws {
    guard case .bytes(let bytes) = answer, let page = try? PullPage(decoding: bytes),
      let access = hub.permits.access(version: page.position.access), access.read != nil
    else { return }
    for row in page.rows where row.kind == .whole || row.kind == .fields {
      for scope in scopes(row.table, row.key) where scope != .device(device) && !access.holds(scope)
      {
        throw Violation(
          law: .scope, what: "\(name) is sent \(row.table) \(row.key) of \(scope.stored)")
      }
    }
  }

  /// The scope in which the hub has a row, and that of the row from which it has it.
  private func scopes(_ number: Int, _ key: RowKey) -> [Scope] {
    guard let noted = mirror.scope(number, key) else { return [] }
    let schema = hub.schema.schema
    guard let rule = schema.table(number: number)?.scope, let values = mirror.values(number, key)
    else { return [noted] }
    return [noted]
      + rule.sources(for: values).compactMap { source in
        guard case .row(let name) = source.meaning, let parent = schema.table(named: name) else {
          return nil
        }
        return mirror.scope(parent.number, RowKey([values[source.column]]))
      }
  }

  // MARK: After a device has synced

  /// What a device knows and shows.
  struct Standing {
    let status: StoreStatus
    let rows: Rows
    let published: Rows
    let waiting: [LoggedChangeSet]
  }

  func standing(_ device: SimulatedDevice) throws -> Standing? {
    try attempt(on: device) { store in
      let wall = wall(device)
      let status = try store.status(wallMilliseconds: wall)
      let hasPending =
        status.waitingChangeSets > 0 || status.quarantined > 0 || status.hasWaitingRows
      return try Standing(
        status: status,
        rows: (device.isSeen ? device.rows : nil)
          ?? store.read { try Rows(device.schema.schema.tables, in: $0) },
        published: store.read { try Rows(device.schema.published, in: $0) },
        waiting: hasPending ? store.changeSets(wallMilliseconds: wall) : [])
    }
  }

  /// Nobody is told that he is in step while his work waits (law L7), wherever a round broke off.
  func checkHonesty(of device: SimulatedDevice) throws {
    let status = try attempt(on: device) { try $0.status(wallMilliseconds: wall(device)) }
    if let status { try checkHonesty(of: status, device) }
  }

  private func checkHonesty(of status: StoreStatus, _ device: SimulatedDevice) throws {
    if status.isInStep,
      status.waitingChangeSets > 0 || status.quarantined > 0 || status.hasWaitingRows
    {
      throw Violation(law: .honestStatus, what: "\(device.name) is in step with work pending")
    }
  }

  func afterRound(_ flight: Flight) throws {
    let device = flight.device
    guard let standing = try standing(device) else { return }
    try noticeCrashes()
    if flight.pulls { device.hasOfferedAgain = false }
    try checkOverlay(device, standing)
    if flight.round.progress.repaired > 0, !device.isTamperedWith, hub.restores == 0 {
      throw Violation(law: .convergence, what: "\(device.name) had rows that had to be repaired")
    }
    let status = standing.status
    try checkHonesty(of: status, device)
    let isPending =
      status.waitingChangeSets > 0 || status.quarantined > 0 || status.hasWaitingRows
    guard flight.pulls, !isPending, !device.isRevoked, status.cursor >= device.pushedUpTo,
      device.version <= flight.hubVersion, flight.hubRestores == hub.restores
    else { return }
    try checkState(device, standing)
  }

  /// A device with nothing pending shows a state that the hub had (laws L2, L4 and L7).
  private func checkState(_ device: SimulatedDevice, _ standing: Standing) throws {
    if device.version > hub.version { return }
    let access = access(standing.status)
    let wanted = mirror.sums(at: standing.status.cursor, version: device.version, access)
    guard let wanted else {
      if hub.restores > 0 || hub.hub == nil { return }
      throw Violation(
        law: .transactions,
        what: "\(device.name) stands at \(standing.status.cursor), where the hub never was")
    }
    let sum =
      standing.rows.sum(device.schema.schema.tables)
      &+ standing.published.sum(device.schema.published, where: isCompared(access))
    guard !wanted.contains(sum) else { return }
    let differences =
      standing.status.cursor == mirror.sequence
      ? try differencesFromHub(device, standing) : "the hub has moved on"
    throw Violation(
      law: standing.status.isInStep ? .honestStatus : .convergence,
      what: "\(device.name) does not show the hub's state \(standing.status.cursor): \(differences)"
    )
  }

  /// What the rows of a store are of.
  private func access(_ status: StoreStatus) -> Access {
    hub.permits.access(version: status.access) ?? .everything
  }

  /// Which of the hub's own tables are in what the mirror sums up for an access: what lies in quarantine
  /// concerns the device alone that wrote it.
  private func isCompared(_ access: Access) -> (TableSchema) -> Bool {
    { access.read == nil || $0.number != PublishedTables.quarantine }
  }

  func differencesFromHub(_ device: SimulatedDevice, _ standing: Standing) throws -> String {
    let access = access(standing.status)
    let tables = device.schema.schema.tables
    let published = device.schema.published
    let atHub = try hub.read { connection in
      (try Rows(tables, in: connection), try Rows(published, in: connection))
    }
    let own = Scope.device(device.identity.device)
    func held(_ rows: Rows, _ tables: [TableSchema]) -> Rows {
      rows.filter(tables) {
        mirror.scope($0.number, $1).map { access.holds($0) || $0 == own } ?? true
      }
    }
    let all =
      held(atHub.0, tables).differences(from: standing.rows, tables)
      + held(atHub.1, published).differences(from: standing.published, published)
    return all.map(\.description).joined(separator: "\n  ")
  }

  /// A device sees its own pending work at all times (law L8).
  private func checkOverlay(_ device: SimulatedDevice, _ standing: Standing) throws {
    var expected: [Oracle.Place: SyncCore.Value] = [:]
    var next: Int64?
    for logged in standing.waiting.reversed() {
      // Where something has been forgotten since, it may have been the row's last word.
      let sequence = logged.changeSet.sequence
      guard next == nil || logged.disposition == nil || sequence == (next ?? 0) - 1 else { break }
      next = sequence
    }
    for logged in standing.waiting {
      let isForgetful = logged.changeSet.sequence < next ?? 0
      // What is offered again to a hub that has forgotten it shows what became of it the first time,
      // until the hub's next page comes.
      let isWaiting = logged.disposition == nil && logged.acknowledgedMilliseconds == nil
      let isQuarantined =
        logged.disposition == .quarantined && !isForgetful && !device.hasOfferedAgain
      let isPending = !logged.isSettled && (isWaiting || isQuarantined)
      for change in logged.changeSet.changes {
        // What nobody is known to have written need not be shown, nor what waits, and has no place
        // among the rest, where something was written past the triggers.
        let isUnsure =
          logged.changeSet.isFound || (logged.changeSet.sequence == 0 && device.isTamperedWith)
        lay(change, isPending: isPending && !isUnsure, over: &expected)
      }
    }
    let tables = device.schema.schema.tables
    for (index, table) in tables.enumerated() {
      let rows = Dictionary(
        uniqueKeysWithValues: standing.rows.tables[index].map { (table.rowKey(of: $0), $0) })
      let places = expected.filter { $0.key.table == table.number }
      for (place, value) in places.sorted(by: {
        ($0.key.key.stored, $0.key.column) < ($1.key.key.stored, $1.key.column)
      }) {
        let shown: SyncCore.Value? =
          place.column == 0
          ? .integer(rows[place.key] == nil ? 0 : 1)
          : table.index(number: place.column).flatMap { rows[place.key]?[$0] }
        if shown == value { continue }
        // Somebody has taken the whole row away past the triggers.
        let existence = Oracle.Place(table: table.number, key: place.key, column: 0)
        let isTakenAway = device.isTamperedWith || device.takenAway.contains(existence)
        if isTakenAway, rows[place.key] == nil { continue }
        // It was away already when nothing of it was pending; what had been taken in then, and lies in
        // quarantine since it was offered again to a hub that was put back, has nothing to lie over.
        let wasAway = hub.restores > 0 && expected[existence] == nil && device.lacked(place, index)
        if wasAway, rows[place.key] == nil { continue }
        throw Violation(
          law: .readYourWrites,
          what: "\(device.name) \(table.name) \(place.key) column \(place.column): "
            + "wrote \(value), sees \(shown.map(\.description) ?? "no row")")
      }
    }
    device.rowsAfterRound = standing.rows
  }

  private func lay(
    _ change: RowChange, isPending: Bool, over expected: inout [Oracle.Place: SyncCore.Value]
  ) {
    func place(_ column: Int) -> Oracle.Place {
      Oracle.Place(table: change.table, key: change.key, column: column)
    }
    if change.operation != .update {
      expected = expected.filter { $0.key.table != change.table || $0.key.key != change.key }
      expected[place(0)] = isPending ? .integer(change.operation == .insert ? 1 : 0) : nil
    } else if expected[place(0)] == .integer(0) {
      // It was there to be changed: made again past the triggers.
      expected[place(0)] = nil
    }
    guard change.operation != .delete else { return }
    for field in change.fields { expected[place(field.column)] = isPending ? field.after : nil }
  }

  // MARK: L5

  /// What the hub holds, in a few numbers; all but when devices were last seen.
  func fingerprint() throws -> [[SyncCore.Value]]? {
    try attemptAtHub { _ in
      try hub.read { connection in
        var all: [[SyncCore.Value]] = []
        try connection.each(
          """
          SELECT (SELECT group_concat(quote(value)) FROM hub_setting),
            (SELECT count(*) FROM hub_change_set), (SELECT sum(disposition) FROM hub_change_set),
            (SELECT count(*) FROM hub_history), (SELECT sum(sequence) FROM hub_row),
            (SELECT sum(length(meta)) FROM hub_row), (SELECT count(*) FROM hub_quarantined_row),
            (SELECT sum(version) FROM thuan_conflict), (SELECT count(*) FROM thuan_candidate),
            (SELECT group_concat(state) FROM thuan_quarantine),
            (SELECT group_concat(sum) FROM
              (SELECT sum FROM hub_digest ORDER BY scope, tbl, col)),
            (SELECT sum(sequence) FROM hub_exit),
            (SELECT group_concat(last_sequence || hex(last_hash)) FROM hub_stream)
          """, []
        ) {
          all.append($0)
          return true
        }
        return all
      }
    }
  }
}

extension StoreFlaw {
  /// Pending work over the hub's values may break a CHECK, which SQLite calls damage.
  var isOverlay: Bool {
    if case .damagedFile(let what) = self { return what.hasPrefix("CHECK constraint failed") }
    return false
  }
}
