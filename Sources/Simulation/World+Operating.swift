import SyncCore
import SyncDevice
import SyncHub

extension World {
  /// The operator's work, and what the hub writes itself.
  func operate(_ action: Action) throws {
    switch action {
    case .resolve(let pick, let choice): try resolve(pick, choice)
    case .undo(let pick):
      try decide { hub in
        let decided = try hub.conflicts(openOnly: false).filter { $0.state == .resolved }
        guard let conflict = pickOf(decided, pick) else { return }
        trace.note("    takes back \(conflict.place)")
        standing.forget(about: conflict.place)
        try hub.undo(conflict.id, ruling())
      }
    case .retry(let pick):
      try decide { hub in
        let work = try hub.quarantine(openOnly: true)
        guard !work.isEmpty else { return }
        let taken = try hub.retry(work[pick % work.count].number, ruling())
        trace.note("    takes in \(taken)")
      }
    case .dismiss(let pick):
      try decide { hub in
        let work = try hub.quarantine(openOnly: true)
        guard !work.isEmpty else { return }
        try hub.dismiss(work[pick % work.count].number, ruling())
      }
    case .hubWrite(let edit): try decide { hub in try write(edit, hub) }
    case .revoke(let index):
      guard let device = device(index), !device.isRevoked else { return }
      try decide { try $0.revoke(device: device.identity.device, ruling()) }
      try noteRevocations()
    case .compact(let leavesBehind):
      try decide { hub in
        let done = try hub.compact(upTo: leavesBehind ? mirror.sequence : nil, ruling())
        trace.note("    forgets \(done.tombstones) tombstones up to \(done.horizon)")
      }
      _ = try attemptAtHub { _ in try self.hub.read { try mirror.noteCompaction($0) } }
    case .follow: try decide { _ = try $0.goOnMoving(wallMilliseconds: hubWall()) }
    case .scrub:
      try decide { hub in
        let damaged = try hub.scrub(limit: 50, wallMilliseconds: hubWall())
        if damaged.isEmpty { return }
        throw Violation(law: .integrity, what: "the hub scrubs undamaged rows: \(damaged)")
      }
    default: break
    }
  }

  /// A hub that stopped may have committed a revocation of which nobody was told.
  func noteRevocations() throws {
    let revoked = try attemptAtHub { hub in
      Set(try hub.devices().filter(\.isRevoked).map(\.id))
    }
    for device in devices where revoked?.contains(device.identity.device) == true {
      device.isRevoked = true
      standing.forgetWitness(device.index)
    }
  }

  func ruling() -> Ruling { Ruling(by: "ha", reason: "r", wallMilliseconds: hubWall()) }

  /// Does something that the hub may refuse.
  private func decide(_ body: (Hub) throws -> Void) throws {
    try attemptAtHub { hub in
      do { try body(hub) } catch let error as HubError { trace.note("    refused: \(error)") }
    }
    try noticeCrashes()
    try observeHub()
  }

  private func resolve(_ pick: Int, _ choice: Int) throws {
    var decided: Conflict?
    try decide { hub in
      guard let conflict = pickOf(try hub.conflicts(openOnly: true), pick) else { return }
      let choice = self.choice(choice, for: conflict)
      trace.note("    \(conflict.place) \(conflict.kind): \(choice)")
      for key in [conflict.key, conflict.otherKey ?? conflict.key] {
        decidedRows.insert("\(conflict.table) \(key)")
      }
      standing.forget(about: conflict.place)
      // Written down first: what the hub has committed may be all that a crash leaves.
      if case .written(let values) = choice {
        try remember(conflict, columns: conflict.columns, values)
      }
      if case .amend(let key, let values) = choice {
        for (column, value) in values.sorted(by: { $0.key < $1.key }) {
          try remember(conflict, key: key, columns: [column], [value])
        }
      }
      try hub.resolve(conflict.id, version: conflict.version, choice, ruling())
      decided = conflict
    }
    if let decided { try noteDecision(of: decided) }
  }

  /// Chosen by what it is about and not by when it came up: that a clock may decide.
  private func pickOf(_ conflicts: [Conflict], _ pick: Int) -> Conflict? {
    let sorted = conflicts.map { ($0.place, $0) }.sorted { $0.0 < $1.0 }
    return sorted.isEmpty ? nil : sorted[pick % sorted.count].1
  }

  func choice(_ number: Int, for conflict: Conflict) -> Choice {
    if let other = conflict.otherKey {
      if number % 3 == 0, conflict.table == "item" {
        return .amend(number % 2 == 0 ? conflict.key : other, ["number": .integer(Int64(number))])
      }
      return .both
    }
    if conflict.unit.isEmpty { return number % 2 == 0 ? .keepRow : .deleteRow }
    let values = conflict.statements.filter { !$0.isDeletion }
    switch number % 4 {
    case 0: return .current
    case 1 where conflict.columns.allSatisfy { ["title", "name", "label"].contains($0) }:
      return .written([.text("decided \(number)")])
    default:
      return values.isEmpty ? .current : .candidate(values[number % values.count].position)
    }
  }

  private func remember(
    _ conflict: Conflict, key: RowKey? = nil, columns: [String], _ values: [Value]
  ) throws {
    guard let table = hub.schema.schema.table(named: conflict.table) else { return }
    for (name, value) in zip(columns, values) {
      guard let index = table.index(named: name) else { continue }
      oracle.rememberAtHub(
        table, key ?? conflict.key, column: table.columns[index].number, value)
    }
  }

  private func write(_ edit: HubEdit, _ hub: Hub) throws {
    switch edit {
    case .region(let code, let name): try write("region", code, ["name": name], hub)
    case .projectCode(let id, let code):
      if try hub.row("project", RowKey([.text(id)])) == nil { return }
      try write("project", id, ["code": code], isAlways: true, hub)
    case .permit(let officer, let area, let rights):
      let values = ["officer": officer, "area": area, "rights": rights]
      try write("permit", "\(officer) \(area)", rights == nil ? ["rights": nil] : values, hub)
    }
  }

  /// Writes a row on the hub's behalf; one that is left without a value is deleted.
  private func write(
    _ name: String, _ key: String, _ values: [String: String?], isAlways: Bool = false, _ hub: Hub
  ) throws {
    guard let table = self.hub.schema.schema.table(named: name) else { return }
    let rowKey = RowKey([.text(key)])
    let old = try hub.row(name, rowKey)
    let isDeleted = !isAlways && values.values.allSatisfy { $0 == nil }
    if old == nil, isDeleted { return }
    var fields: [FieldChange] = []
    for (column, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let index = table.index(named: column) else { continue }
      let number = table.columns[index].number
      let before = old?.first { $0.column == column }?.value ?? .null
      let new = value.map(Value.text) ?? .null
      oracle.rememberAtHub(table, rowKey, column: number, new)
      fields.append(FieldChange(column: number, before: before, after: new))
    }
    let change = RowChange(
      table: table.number, operation: old == nil ? .insert : isDeleted ? .delete : .update,
      key: rowKey, fields: fields)
    try hub.commit([change], by: "ha", wallMilliseconds: hubWall())
  }
}

extension Conflict {
  /// What it is about, as a text that sorts.
  var place: String { "\(table) \(key) \(unit) \(kind.rawValue) \(otherKey?.description ?? "")" }
}
