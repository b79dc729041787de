import SyncCore
import SyncDevice
import SyncHub

/// Law L1: what was committed is for ever somewhere.
extension World {
  /// All change sets that the hub keeps, from its own table: quarantined ones are among them.
  func changeSetsAtHub() throws -> [ChangeSet] { try changeSets { _ in true } }

  /// Those whose number is counted.
  private func changeSets(_ isCounted: (Int64) -> Bool) throws -> [ChangeSet] {
    try hub.read { connection in
      var all: [ChangeSet] = []
      try connection.each("SELECT number, body FROM hub_record ORDER BY number", []) { row in
        if isCounted(row[0].integer ?? 0), case .blob(let bytes) = row[1],
          let changeSet = try? ChangeSet(decoding: bytes)
        {
          all.append(changeSet)
        }
        return true
      }
      return all
    }
  }

  private func changeSetsOnDevices(_ isCounted: (LoggedChangeSet) -> Bool) throws -> [ChangeSet] {
    var all: [ChangeSet] = []
    for device in devices {
      let logged = try attempt(on: device) { store in
        try store.changeSets(wallMilliseconds: wall(device))
      }
      all += (logged ?? []).filter(isCounted).map(\.changeSet)
    }
    return all
  }

  /// A disk has been thrown away: what was on it alone cannot be asked for any more.
  func excuseWhatIsGone() throws {
    let kept = try changeSetsAtHub() + changeSetsOnDevices { _ in true }
    let gone = Set(oracle.missing(from: kept))
    oracle.excuse { gone.contains($0) }
  }

  func checkConservation() throws {
    let kept = try changeSetsAtHub() + changeSetsOnDevices { $0.disposition == nil }
    if let lost = oracle.missing(from: kept).first(where: { !isToldByAnother($0, kept) }) {
      let table = hub.schema.schema.table(number: lost.place.table)
      throw Violation(
        law: .conservation,
        what: "device \(lost.device.suffix(2)) committed \(table?.name ?? "") \(lost.place.key) "
          + "column \(lost.place.column) = \(lost.value), which is nowhere")
    }
    if !hasRecovered { try checkRecord() }
  }

  /// Whether what was written past the triggers was in question already, as somebody else's word: the
  /// question holds it, and it is told once.
  private func isToldByAnother(_ lost: Oracle.Commitment, _ kept: [ChangeSet]) -> Bool {
    guard devices.contains(where: { $0.identity.device == lost.device && $0.isTamperedWith })
    else { return false }
    return kept.contains { changeSet in
      changeSet.changes.contains { change in
        change.table == lost.place.table && change.key == lost.place.key
          && oracle.commitments(of: change, changeSet.stream).contains {
            $0.place == lost.place && $0.value == lost.value
          }
      }
    }
  }

  /// Whatever came can be found by a person: in a row's history or in quarantine.
  private func checkRecord() throws {
    // What is offered a second time under another name is the same work, and stands there once.
    let recorded = try recordedNumbers()
    let filed = Set(
      try changeSets { recorded.contains($0) }.map {
        "\($0.stream.device) \($0.stamp.bits) \($0.wallMilliseconds)"
      })
    let unfiled = try hub.read { connection in
      var numbers: [Int64] = []
      try connection.each(
        """
        SELECT c.number, c.body FROM hub_record c JOIN hub_stream s ON s.id = c.stream
        WHERE NOT EXISTS (SELECT 1 FROM thuan_quarantine q WHERE q.device = s.device
            AND q.epoch = s.epoch AND q.sequence = c.sequence)
        """, []
      ) { row in
        if recorded.contains(row[0].integer ?? 0) { return true }
        guard case .blob(let body) = row[1], let changeSet = try? ChangeSet(decoding: body),
          !changeSet.changes.isEmpty,
          !filed.contains(
            "\(changeSet.stream.device) \(changeSet.stamp.bits) \(changeSet.wallMilliseconds)")
        else { return true }
        numbers.append(row[0].integer ?? 0)
        return true
      }
      return numbers
    }
    if !unfiled.isEmpty {
      throw Violation(law: .conservation, what: "change sets \(unfiled) are in no history")
    }
  }

  /// The change sets that a row's history names: what it was made by, and what has become of it since.
  private func recordedNumbers() throws -> Set<Int64> {
    try hub.read { connection in
      var numbers: Set<Int64> = []
      try connection.each("SELECT DISTINCT number FROM hub_history", []) { row in
        numbers.insert(row[0].integer ?? 0)
        return true
      }
      try connection.each("SELECT tbl, meta FROM hub_row", []) { row in
        guard let number = row[0].integer, case .blob(let bytes) = row[1],
          let table = hub.schema.schema.table(number: Int(number))
        else { return true }
        numbers.insert(
          try RowState(metadata: bytes, live: nil, table: table).created.changeSet)
        return true
      }
      return numbers
    }
  }
}
