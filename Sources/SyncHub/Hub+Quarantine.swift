package import SyncCore
import SyncSQLite

/// A change set that could not be taken in, as an operator sees it.
package struct QuarantinedWork: Equatable, Sendable {
  /// The hub's number of the change set.
  package let number: Int64
  package let author: ChangeSetAuthor
  package let sequence: Int64
  package let state: QuarantineState
  package let reason: QuarantineReason
  package let detail: String
  /// What is in it; nothing if the bytes are no change set.
  package let changeSet: ChangeSet?
  /// Who decided on it last, and why.
  package let decidedBy: String?
  package let decidedReason: String?
}

extension Hub {
  /// Change sets in quarantine, the oldest first.
  package func quarantine(openOnly: Bool) throws -> [QuarantinedWork] {
    try read { store in
      let condition = openOnly ? "WHERE q.state = 'open'" : ""
      return try store.connection.rows(
        """
        SELECT c.number, c.sequence, q.state, q.reason, q.detail, c.body,
          q.decided_by, q.decided_reason
        FROM thuan_quarantine q
          JOIN hub_stream s ON s.device = q.device AND s.epoch = q.epoch
          JOIN hub_record c ON c.stream = s.id AND c.sequence = q.sequence
        \(condition) ORDER BY +c.number
        """
      ).compactMap { row in
        guard let number = row[0].integer, let author = try store.author(number),
          let state = row[2].text.flatMap(QuarantineState.init)
        else { return nil }
        let body: [UInt8] = if case .blob(let bytes) = row[5] { bytes } else { [] }
        return QuarantinedWork(
          number: number, author: author, sequence: row[1].integer ?? 0, state: state,
          reason: row[3].text.flatMap(QuarantineReason.init) ?? .malformed,
          detail: row[4].text ?? "", changeSet: try? ChangeSet(decoding: body),
          decidedBy: row[6].text, decidedReason: row[7].text)
      }
    }
  }

  /// Tries to take a change set in again, and after it those that were waiting with it.
  ///
  /// - Returns: The numbers of the change sets that have been taken in.
  /// - Throws: ``HubError/notFound`` if it does not lie in quarantine.
  package func retry(_ number: Int64, _ ruling: Ruling) throws -> [Int64] {
    try write { store in
      guard try store.isQuarantined(number) else { throw HubError.notFound }
      try store.record("retry \(number)", ruling)
      return try takeInChain(from: number, store, ruling, isDecided: true)
    }
  }

  /// Takes a change set in, and after it those that were waiting with it.
  private func takeInChain(
    from number: Int64, _ store: HubStore, _ ruling: Ruling, isDecided: Bool = false
  ) throws -> [Int64] {
    guard try takeIn(number, store, ruling, isDecided: isDecided) else { return [] }
    return try [number] + takeIn(store.freed(by: number), store, ruling)
  }

  /// Tries again what lacked a row that a change set has brought.
  ///
  /// After a restore of the hub, devices offer their work again in any order: nobody should have to
  /// put that right by hand.
  func retryWhatAwaited(_ number: Int64, _ store: HubStore, wallMilliseconds: Int64) throws {
    let ruling = Ruling(by: "", reason: "", wallMilliseconds: wallMilliseconds)
    _ = try takeIn(store.numbersAwaiting(rowsOf: number), store, ruling)
  }

  /// Takes in what nothing holds up any more, and what that in turn was holding up.
  ///
  /// Only what waits for the one that has been taken in is tried after it, and not all that waits: or
  /// it would be tried as often as there are others. And it is a list of what is left to do, for each may
  /// be waiting for the next, as many as there are.
  ///
  /// - Returns: Those that have been taken in.
  private func takeIn(_ numbers: [Int64], _ store: HubStore, _ ruling: Ruling) throws -> [Int64] {
    var taken: [Int64] = []
    var open = numbers
    while !open.isEmpty {
      var next: Set<Int64> = []
      for number in open
      where try store.isQuarantined(number) && seesWhatItAwaits(number, store, ruling) {
        guard try takeIn(number, store, ruling) else { continue }
        taken.append(number)
        next.formUnion(try store.freed(by: number))
      }
      open = next.sorted()
    }
    return taken
  }

  /// Whether what a change set waits for is there for its writer: while it is not, nothing is tried
  /// and nothing told.
  private func seesWhatItAwaits(
    _ number: Int64, _ store: HubStore, _ ruling: Ruling
  ) throws -> Bool {
    guard let changeSet = try store.readChangeSet(number)?.changeSet,
      let reader = try author(of: changeSet, store, wallMilliseconds: ruling.wallMilliseconds)
    else { return false }
    return try store.connection.rows(
      """
      SELECT r.scope FROM hub_awaited_row a JOIN hub_row r ON r.tbl = a.tbl AND r.key = a.key
      WHERE a.number = ?
      """, [.integer(number)]
    ).allSatisfy { reader.reads(Scope(stored: $0[0].text ?? "")) }
  }

  /// Tries a change set again.
  ///
  /// Where somebody has decided that it is done, its officer may have nothing to do with the rows.
  func takeIn(
    _ number: Int64, _ store: HubStore, _ ruling: Ruling, isDecided: Bool = false
  ) throws -> Bool {
    guard let read = try store.readChangeSet(number) else { return false }
    let changeSet = read.changeSet
    let reader = try author(
      of: changeSet, store, wallMilliseconds: ruling.wallMilliseconds)
    if reader == nil, !isDecided { return false }
    let origin = try store.origin(of: changeSet, number: number, isFlagged: read.isFlagged)
    let verdict = try merge(
      changeSet, from: origin, store, within: isDecided ? nil : reader,
      wallMilliseconds: ruling.wallMilliseconds)
    if verdict.disposition == .quarantined {
      try store.setQuarantine(changeSet, number, .open, verdict.reason, verdict.detail, ruling)
      try store.setAwaited(verdict.awaited, by: number)
      return false
    }
    try store.setQuarantine(changeSet, number, .applied, nil, "", ruling)
    try store.takeBack(changeSet)
    return true
  }

  /// The present access of whoever wrote a change set; nothing if the device is not known any more.
  func author(
    of changeSet: ChangeSet, _ store: HubStore, wallMilliseconds: Int64
  ) throws -> Reader? {
    let device = try store.devices(where: "id = ?", [.text(changeSet.stream.device)]).first
    guard let device else { return nil }
    return try reader(device, store, wallMilliseconds: wallMilliseconds)
  }

  /// Decides that a change set is not taken in.
  ///
  /// It stays in the record, and its device gets the hub's rows in its place.
  ///
  /// - Throws: ``HubError/notFound`` if it does not lie in quarantine.
  package func dismiss(_ number: Int64, _ ruling: Ruling) throws {
    try write { store in
      guard try store.isQuarantined(number), let stored = try store.changeSet(number) else {
        throw HubError.notFound
      }
      try store.record("dismiss \(number)", ruling)
      guard let changeSet = try? ChangeSet(decoding: stored.body) else {
        try store.dismissMalformed(number, ruling)
        return
      }
      for change in changeSet.changes {
        try store.sendAgain(change, to: changeSet.stream.device)
      }
      try store.setQuarantine(changeSet, number, .dismissed, nil, "", ruling)
      try store.takeBack(changeSet)
    }
  }
}

extension HubStore {
  func quarantine(
    _ changeSet: ChangeSet, number: Int64, _ verdict: Verdict, wallMilliseconds: Int64
  ) throws {
    let key = quarantineKey(changeSet)
    transaction.hasQuarantine = true
    try connection.run(
      """
      INSERT INTO thuan_quarantine (device, epoch, sequence, state, reason, detail, since)
      VALUES (?, ?, ?, 'open', ?, ?, ?)
      """,
      key.values + [
        .text(verdict.reason?.rawValue ?? ""), .text(verdict.detail), .integer(wallMilliseconds),
      ])
    try publishQuarantine(key)
    try setAwaited(verdict.awaited, by: number)
    // A row without a key is none that anything could build on.
    for change in changeSet.changes where change.key.stored != .null {
      try connection.run(
        "INSERT INTO hub_quarantined_row VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [.integer(Int64(change.table)), change.key.stored, .integer(number)])
    }
  }

  /// What lies in quarantine concerns the device that wrote it.
  private func publishQuarantine(_ key: RowKey) throws {
    try publish(
      PublishedTables.quarantine, key, in: .device(key.values.first?.text ?? ""))
  }

  private func quarantineKey(_ changeSet: ChangeSet) -> RowKey {
    RowKey([
      .text(changeSet.stream.device), .integer(Int64(changeSet.stream.epoch)),
      .integer(changeSet.sequence),
    ])
  }

  /// Whether anything may wait in quarantine: while nothing does, no row need be looked for there.
  func hasQuarantine() throws -> Bool {
    if let known = transaction.hasQuarantine { return known }
    let hasQuarantine = try connection.first("SELECT 1 FROM hub_quarantined_row LIMIT 1") != nil
    transaction.hasQuarantine = hasQuarantine
    return hasQuarantine
  }

  func isQuarantined(_ number: Int64) throws -> Bool {
    try connection.first(
      """
      SELECT 1 FROM hub_change_set c JOIN hub_stream s ON s.id = c.stream
        JOIN thuan_quarantine q ON q.device = s.device AND q.epoch = s.epoch
          AND q.sequence = c.sequence
      WHERE c.number = ? AND q.state = 'open'
      """, [.integer(number)]) != nil
  }

  /// Change sets of any stream that wait because of what they build on, in their order.
  ///
  /// Read from what is noted of waiting change sets, and not from all that have come since: after a
  /// restore this is asked for each that is taken in.
  func dependents(after number: Int64) throws -> [Int64] {
    try connection.rows(
      """
      SELECT c.number FROM hub_change_set c JOIN hub_stream s ON s.id = c.stream
        JOIN thuan_quarantine q ON q.device = s.device AND q.epoch = s.epoch
          AND q.sequence = c.sequence
      WHERE c.number IN (SELECT number FROM hub_quarantined_row WHERE number > ?)
        AND q.state = 'open' AND q.reason IN ('dependent', 'unknownRow', 'missingParent')
      ORDER BY c.number
      """, [.integer(number)]
    ).compactMap { $0[0].integer }
  }

  func setQuarantine(
    _ changeSet: ChangeSet, _ number: Int64, _ state: QuarantineState, _ reason: QuarantineReason?,
    _ detail: String, _ ruling: Ruling
  ) throws {
    let key = quarantineKey(changeSet)
    try connection.run(
      """
      UPDATE thuan_quarantine SET state = ?, reason = coalesce(?, reason),
        detail = CASE WHEN ? IS NULL THEN detail ELSE ? END, decided_by = ?, decided_reason = ?
      WHERE device = ? AND epoch = ? AND sequence = ?
      """,
      [
        .text(state.rawValue), reason.map { .text($0.rawValue) } ?? .null,
        reason.map { .text($0.rawValue) } ?? .null, .text(detail), .text(ruling.by),
        .text(ruling.reason),
      ] + key.values)
    try publishQuarantine(key)
    guard state != .open else { return }
    try connection.run("DELETE FROM hub_quarantined_row WHERE number = ?", [.integer(number)])
    try setAwaited(nil, by: number)
  }

  /// Notes the row that a change set lacks, in place of what it lacked before.
  func setAwaited(_ row: Ingest.AwaitedRow?, by number: Int64) throws {
    try connection.run("DELETE FROM hub_awaited_row WHERE number = ?", [.integer(number)])
    guard let row else { return }
    try connection.run(
      "INSERT INTO hub_awaited_row VALUES (?, ?, ?)",
      [.integer(Int64(row.table)), row.key.stored, .integer(number)])
  }

  /// Quarantined change sets that lack a row which a change set has touched, in their order.
  func numbersAwaiting(rowsOf number: Int64) throws -> [Int64] {
    guard try hasQuarantine(),
      try connection.first("SELECT 1 FROM hub_awaited_row LIMIT 1") != nil,
      let read = try readChangeSet(number)
    else { return [] }
    var numbers: Set<Int64> = []
    for change in read.changeSet.changes where change.operation != .delete {
      let rows = try connection.rows(
        "SELECT number FROM hub_awaited_row WHERE tbl = ? AND key = ?",
        [.integer(Int64(change.table)), change.key.stored])
      numbers.formUnion(rows.compactMap { $0[0].integer })
    }
    return numbers.sorted()
  }

  /// Quarantined change sets that may have waited for one that has left quarantine: they lack a row of
  /// its, or build on one.
  func freed(by number: Int64) throws -> [Int64] {
    guard try hasQuarantine(), let read = try readChangeSet(number) else { return [] }
    var numbers = Set(try numbersAwaiting(rowsOf: number))
    for change in read.changeSet.changes where change.key.stored != .null {
      try eachBuilding(on: change, after: number, of: read.stream) { numbers.insert($0) }
    }
    return numbers.sorted()
  }

  /// Of the quarantined change sets of a stream that build on a row, the next: those behind it wait for
  /// that one too, unless the row is the very one that it lacks.
  private func eachBuilding(
    on change: RowChange, after number: Int64, of stream: Int, _ body: (Int64) -> Void
  ) throws {
    try connection.each(
      """
      SELECT q.number, EXISTS (SELECT 1 FROM hub_awaited_row a
          WHERE a.tbl = q.tbl AND a.key = q.key AND a.number = q.number)
      FROM hub_quarantined_row q JOIN hub_change_set c ON c.number = q.number
      WHERE q.tbl = ? AND q.key = ? AND q.number > ? AND c.stream = ? ORDER BY q.number
      """,
      [
        .integer(Int64(change.table)), change.key.stored, .integer(number),
        .integer(Int64(stream)),
      ]
    ) { row in
      if let number = row[0].integer { body(number) }
      return row[1] == .integer(1)
    }
  }

  /// Puts an operator's act on record, where no row's change says it.
  ///
  /// - Returns: The hub's number of the change set.
  @discardableResult
  func record(_ act: String, _ ruling: Ruling) throws -> Int64 {
    try record(
      ruling.reason.isEmpty ? act : "\(act): \(ruling.reason)", by: ruling.by,
      wallMilliseconds: ruling.wallMilliseconds)
  }

  func dismissMalformed(_ number: Int64, _ ruling: Ruling) throws {
    guard
      let row = try connection.first(
        """
        SELECT s.device, s.epoch, c.sequence FROM hub_change_set c
          JOIN hub_stream s ON s.id = c.stream WHERE c.number = ?
        """, [.integer(number)])
    else { throw HubError.notFound }
    try connection.run(
      """
      UPDATE thuan_quarantine SET state = 'dismissed', decided_by = ?, decided_reason = ?
      WHERE device = ? AND epoch = ? AND sequence = ?
      """, [.text(ruling.by), .text(ruling.reason)] + row)
    try publishQuarantine(RowKey(row))
  }

  /// Has a device let go of the rows of its own change set that its holder has nothing to do with by the
  /// time that he hears of it.
  func takeBack(_ changeSet: ChangeSet) throws {
    for change in changeSet.changes {
      try noteExit(fromDevice: changeSet.stream.device, change.table, change.key)
    }
  }

  /// Has a row sent to devices once more, whole; one that the hub does not have is sent, as deleted,
  /// to the device that made it.
  func sendAgain(_ change: RowChange, to device: String) throws {
    guard let table = schema.table(number: change.table),
      change.key.values.count == table.key.count
    else { return }
    let sequence = try nextSequence()
    let version = Version(
      sequence: sequence, stream: ChangeOrigin.hubStream, changeSet: 0, stamp: .zero,
      isFlagged: false)
    var state: RowState
    if let known = try row(table, change.key) {
      state = known
    } else {
      var values = Array(repeating: Value.null, count: table.columns.count)
      for (column, value) in zip(table.key, change.key.values) { values[column] = value }
      state = RowState(values: values, created: version)
      state.deletion = version
      state.scope = .device(device)
    }
    state.sentWhole = sequence
    try writeMetadata(state, table, change.key, sequence: sequence)
    if state.isForgotten { try moveConflicts(of: table, change.key) }
  }
}
