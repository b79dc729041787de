import SyncCore
import SyncDevice
import SyncHub

/// The end of a life: faults stop, everybody syncs, and every law is checked.
extension World {
  func settle() throws {
    trace.note("faults stop")
    try endFaults()
    for device in devices { try mendTexts(on: device) }
    try drain()
    // Over a row that was taken away past the triggers what waits lies again once the hub's has come.
    for device in devices { try mendTexts(on: device) }
    try drain()
    try checkAll(isDecided: false)
    // What a device finds when it is compared in the end may wait for somebody too.
    for round in 0..<3 {
      let isWaiting = try attemptAtHub { try !$0.quarantine(openOnly: true).isEmpty }
      if round > 0, isWaiting == false { break }
      trace.note("the operator decides everything")
      try decideAll()
      try drain()
    }
    try checkAll(isDecided: true)
  }

  private func endFaults() throws {
    mendDisks()
    try noticeCrashes()
    troubled = []
    try noteRevocations()
    // A hub that is behind its devices is upgraded in the end.
    if devices.contains(where: { $0.version == 2 }) { try upgradeHub() }
    for device in devices where device.isForeignTransactionOpen {
      _ = wall(device)
      _ = try device.runForeign(["COMMIT"])
      try observe(device, isWriting: true)
    }
    for device in devices where device.owesWriting { try observe(device) }
    try deliverMail(upTo: .max)
    // A late answer may have been the first step of a longer exchange.
    try deliverMail(upTo: .max)
    mail = []
  }

  /// Somebody makes right what cannot be sent: of a row with more than one such text, one after another.
  private func mendTexts(on device: SimulatedDevice) throws {
    for _ in 0..<4 {
      let status = try attempt(on: device) { try $0.status(wallMilliseconds: wall(device)) }
      let rows = status?.waiting.rows ?? []
      if rows.isEmpty { return }
      try mend(rows, on: device)
    }
  }

  private func mend(_ rows: [WaitingRow], on device: SimulatedDevice) throws {
    for row in rows {
      guard let table = device.schema.schema.table(number: row.obstacle.table),
        let column = table.index(number: row.obstacle.column)
      else { continue }
      let key = zip(table.key, row.obstacle.key.values).map {
        "\(table.columns[$0].name) = '\($1)'"
      }.joined(separator: " AND ")
      _ = wall(device)
      device.isWrittenLast = true
      _ = try device.runForeign([
        "UPDATE \(table.name) SET \(table.columns[column].name) = 'mended' WHERE \(key)"
      ])
      try observe(device, isWriting: true)
    }
  }

  /// Within a bounded number of rounds nothing is pending (law L6).
  private func drain() throws {
    var behind = devices
    for _ in 0..<5 {
      for device in behind {
        now += 1000
        try sync(device, [.push, .pull], [])
      }
      behind = try devices.filter { try isBehind($0) }
      if behind.isEmpty { return }
    }
    throw Violation(law: .liveness, what: try standstill())
  }

  private func isBehind(_ device: SimulatedDevice) throws -> Bool {
    if device.isRevoked { return false }
    let status = try attempt(on: device) { try $0.status(wallMilliseconds: wall(device)) }
    guard let status else { return false }
    // Where nothing is left but what has been forgotten, nothing brings a cursor up to it.
    let isPast = status.cursor > mirror.sequence && status.cursor <= mirror.horizon
    return status.waitingChangeSets > 0 || (status.cursor != mirror.sequence && !isPast)
  }

  private func standstill() throws -> String {
    let lines = try devices.compactMap { device in
      try attempt(on: device) { store in
        let status = try store.status(wallMilliseconds: wall(device))
        return "\(device.name): \(status.waitingChangeSets) waiting, cursor \(status.cursor)"
      }
    }
    return "nothing moves any more; hub at \(mirror.sequence); " + lines.joined(separator: "; ")
  }

  private func decideAll() throws {
    decidesAll = true
    for pass in 0..<4 {
      for work in try attemptAtHub({ try $0.quarantine(openOnly: true) }) ?? [] {
        if pass < 2 {
          // One before it may have taken it in.
          let taken =
            try attemptAtHub { hub in
              do { return try hub.retry(work.number, ruling()) } catch HubError.notFound {
                return []
              }
            } ?? []
          if !taken.isEmpty { break }
        }
        if pass >= 1 { try settle(work.number) }
      }
      let conflicts = try attemptAtHub { try $0.conflicts(openOnly: true) } ?? []
      // In an order and in a way that no clock decides.
      for (place, conflict) in conflicts.map({ ($0.place, $0) }).sorted(by: { $0.0 < $1.0 }) {
        try settle(conflict, number: Int(hashOfRow(pass, [.text(place)]) % 12))
      }
    }
    for work in try attemptAtHub({ try $0.quarantine(openOnly: true) }) ?? [] {
      try settle(work.number)
    }
    try observeHub()
  }

  private func settle(_ number: Int64) throws {
    try attemptAtHub { hub in
      do { try hub.dismiss(number, ruling()) } catch HubError.notFound {}
    }
  }

  private func settle(_ conflict: Conflict, number: Int) throws {
    let wanted = choice(number, for: conflict)
    let safe: Choice =
      conflict.otherKey != nil ? .both : conflict.unit.isEmpty ? .keepRow : .current
    let choices: [Choice] = if case .candidate = wanted { [wanted, safe] } else { [safe] }
    try attemptAtHub { hub in
      for choice in choices {
        // Decisions before this one may have changed it.
        guard let now = try? hub.conflict(conflict.id), now.state.isOpen else { return }
        do {
          try hub.resolve(now.id, version: now.version, choice, ruling())
          return
        } catch is HubError { continue }
      }
    }
  }

  // MARK: Checking

  private func checkAll(isDecided: Bool) throws {
    for device in devices { try check(device, isDecided: isDecided) }
    let problems = try attemptAtHub { hub in
      try hub.problems() + (self.hub.database?.problems() ?? [])
        + (hub.verifyHistory().flaw.map { ["the record: \($0.kind) \($0.number)"] } ?? [])
    }
    if let problems, !problems.isEmpty {
      throw Violation(law: .integrity, what: "hub: " + problems.joined(separator: "; "))
    }
    try checkOffers()
    if !isDecided { try checkRecalledDecisions() }
    try checkConservation()
  }

  /// What a question offers can be taken: it points to no row that is gone.
  private func checkOffers() throws {
    let project = hub.schema.schema.table(named: "project")
    for conflict in try attemptAtHub({ try $0.conflicts(openOnly: true) }) ?? []
    where conflict.columns == ["project_id"] {
      for named in conflict.statements.compactMap(\.values.first) where named != .null {
        guard let project, mirror.values(project.number, RowKey([named])) == nil else { continue }
        throw Violation(
          law: .integrity, what: "\(conflict.place) offers \(named), which is gone")
      }
    }
  }

  private func check(_ device: SimulatedDevice, isDecided: Bool) throws {
    guard let standing = try standing(device) else {
      throw Violation(law: .liveness, what: "\(device.name) does not start")
    }
    // Once is enough: reading everything is dear.
    let flaws =
      !isDecided
      ? []
      : (try attempt(on: device) { try $0.flaws(wallMilliseconds: wall(device)) } ?? [])
        .filter { !$0.isOverlay }
    if !flaws.isEmpty, !device.isRevoked || !device.isTamperedWith {
      throw Violation(law: .integrity, what: "\(device.name): \(flaws)")
    }
    if standing.status.isLocked { try checkRevocation(of: device) }
    if device.isRevoked { return }
    if standing.status.quarantined > 0 {
      guard isDecided else { return }
      throw Violation(law: .liveness, what: "\(device.name) has decided work in quarantine")
    }
    let differences = try differencesFromHub(device, standing)
    if !differences.isEmpty {
      throw Violation(law: .convergence, what: "\(device.name) → hub:\n  \(differences)")
    }
    if !standing.status.isInStep {
      throw Violation(law: .honestStatus, what: "\(device.name) does not say that it is in step")
    }
  }

  /// What a device was told by a hub that has been put back since holds again.
  private func checkRevocation(of device: SimulatedDevice) throws {
    let isRevoked = try attemptAtHub { hub in
      try hub.devices().contains { $0.id == device.identity.device && $0.isRevoked }
    }
    if isRevoked == false {
      throw Violation(
        law: .scope, what: "\(device.name) knows that it is revoked, and the hub does not")
    }
  }

  /// All that is live at the end, and what is in question, for comparison with another life.
  func outcome() throws -> Outcome {
    let tables = hub.schema.schema.tables
    let rows = try hub.read { try Rows(tables, in: $0) }
    let conflicts = try attemptAtHub { hub in
      try hub.conflicts(openOnly: false).map { conflict in
        let statements = conflict.statements.map { "\($0.isDeletion) \($0.values)" }
        return conflict.place + " " + statements.joined(separator: ", ")
      }.sorted()
    }
    var lines: [String] = []
    for (index, table) in tables.enumerated() {
      for row in rows.tables[index] { lines.append("\(table.name) \(row)") }
    }
    return Outcome(rows: lines, conflicts: conflicts ?? [])
  }
}

/// The end of a life, in words that compare.
struct Outcome: Equatable {
  let rows: [String]
  let conflicts: [String]
}
