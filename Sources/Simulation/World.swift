import GRDB
import SyncCore
import SyncDevice
import SyncHub

/// A hub, its devices, and all that lies between them, in one process and in one thread.
final class World {
  let seed: UInt64
  let templates: Templates
  let hub: SimulatedHub
  var devices: [SimulatedDevice] = []
  let oracle: Oracle
  let mirror: HubMirror
  let trace: Trace
  let hasHonestClocks: Bool
  /// The true time.
  var now = Templates.start
  /// The number of the action under way: what is delayed waits for it.
  var step = 0
  var mail: [Mail] = []
  var draws = 0
  var installs = 0
  /// Whether the end has come, when people decide about everything.
  var decidesAll = false
  /// Whether anything waited in quarantine after the last push, as far as is known.
  var hasQuarantine = false
  /// Whether anything was put back from a copy.
  var hasRecovered = false
  /// Rows about which the operator has decided something.
  var decidedRows: Set<String> = []
  /// What was decided, as far as it still has to stand.
  let standing = StandingDecisions()
  /// What rows came to life with at the hub that their sender never showed.
  var lateValues: [Oracle.Place: SyncCore.Value] = [:]
  /// Machines whose next failures were provoked.
  var troubled: Set<String> = []

  init(_ plan: Plan, _ templates: Templates, _ trace: Trace, hasHonestClocks: Bool) throws {
    seed = plan.seed
    self.templates = templates
    self.trace = trace
    self.hasHonestClocks = hasHonestClocks
    let images = try templates.hub(devices: plan.devices)
    for index in 0..<plan.devices { _ = try templates.device(index) }
    Disk.reset(seed: plan.seed)
    hub = SimulatedHub(templates, seed: plan.seed)
    images.put(at: SimulatedHub.path)
    oracle = Oracle(templates.versions[1].schema)
    mirror = HubMirror(templates.versions)
    for index in 0..<plan.devices { devices.append(try SimulatedDevice(index, templates)) }
    for device in devices { try observe(device) }
    try observeHub()
  }

  /// Ends all programs, so that nothing holds the disk when the next life begins.
  func close() {
    mail = []
    for device in devices { device.close() }
    hub.close()
  }

  /// Does one thing, and looks at what has become of the laws.
  func perform(_ action: Action) throws {
    step += 1
    now += 1000
    trace.note("\(step) \(action)")
    try act(action)
    try deliverMail(upTo: step)
    try noticeCrashes()
  }

  private func act(_ action: Action) throws {
    switch action {
    case .write, .openForm, .foreign, .foreignBegin, .foreignRun, .foreignEnd, .rebuild,
      .writePastTriggers:
      try write(action)
    case .sync(let index, let directions, let faults):
      if let device = device(index) { try sync(device, directions, faults) }
    case .resolve, .undo, .retry, .dismiss, .hubWrite, .revoke, .compact, .scrub:
      try operate(action)
    case .pass(let milliseconds): now += milliseconds
    case .setClock(let machine, let offset):
      if !hasHonestClocks { setClock(machine, offset) }
    default: try suffer(action)
    }
  }

  func device(_ index: Int) -> SimulatedDevice? {
    devices.indices.contains(index) ? devices[index] : nil
  }

  private func setClock(_ machine: Machine, _ offset: Int64) {
    switch machine {
    case .hub: hub.clockOffset = offset
    case .device(let index): device(index)?.clockOffset = offset
    }
  }

  /// A number that depends on the seed and on how many were drawn, not on any clock.
  func draw() -> UInt64 {
    draws += 1
    var random = SplitMix64(seed: seed &+ UInt64(draws) &* 0x1234_5678_9abc)
    return random.next()
  }

  // MARK: Machines

  /// What the device's clock shows; every clock on the machine does.
  func wall(_ device: SimulatedDevice) -> Int64 {
    let time = now + device.clockOffset
    Disk.setTime(time)
    return time
  }

  /// What the hub's clock shows.
  func hubWall() -> Int64 {
    let time = now + hub.clockOffset
    Disk.setTime(time)
    hub.wallMilliseconds = time
    return time
  }

  /// Runs something on a device; what its disk refuses is noted.
  ///
  /// - Returns: What `body` gives; nothing if the disk or a lock stood in the way.
  func attempt<T>(on device: SimulatedDevice, _ body: (DeviceStore) throws -> T) throws -> T? {
    do { return try body(try device.open(wallMilliseconds: wall(device))) } catch {
      try tolerate(error, device.prefix)
      return nil
    }
  }

  /// Errors that were provoked are part of life; all others are found.
  func tolerate(_ error: any Error, _ prefix: String) throws {
    guard let error = error as? DatabaseError else {
      if error is Violation { throw error }
      throw Violation(law: .unexpected, what: "\(prefix): \(error)")
    }
    switch error.resultCode {
    case .SQLITE_BUSY: break
    case .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL:
      guard troubled.contains(prefix) else { fallthrough }
    default: throw Violation(law: .unexpected, what: "\(prefix): \(error)")
    }
    trace.note("    \(prefix) \(error.resultCode)")
  }

  // MARK: Observing

  /// Looks at a device's tables.
  ///
  /// - Parameters:
  ///   - device: The device.
  ///   - isWriting: Whether what has changed was written there; otherwise it was applied.
  /// - Throws: ``Violation``.
  func observe(_ device: SimulatedDevice, isWriting: Bool = false) throws {
    let tables = device.schema.schema.tables
    let new = try attempt(on: device) { store in
      try store.read { try Rows(tables, in: $0) }
    }
    device.isSeen = new != nil
    guard let new else {
      device.owesWriting = device.owesWriting || isWriting
      return
    }
    let isWriting = isWriting || device.owesWriting
    device.owesWriting = false
    defer { device.rows = new }
    guard let old = device.rows else { return }
    let differences = new.differences(from: old, tables)
    for difference in differences { device.shown.note(difference) }
    if isWriting {
      oracle.remember(differences, on: device.identity.device)
      excuseRemade(differences, on: device)
      return
    }
    for difference in differences { try checkLive(difference, device.name) }
    if !differences.isEmpty { try checkPairs(device, new) }
  }

  /// Looks at what has changed at the hub.
  ///
  /// - Parameters:
  ///   - sender: Whose push it was, if it was one that changed it.
  ///   - isAlone: Whether nobody else's work can have been taken in with it.
  ///   - isJudged: Whether what it replaced is looked at; not while work lies in quarantine, since then
  ///     others' work may have been taken in with it.
  /// - Throws: ``Violation``.
  func observeHub(
    after sender: String? = nil, isAlone: Bool = true, isJudged: Bool = true
  ) throws {
    let differences = try attemptAtHub { _ in
      try hub.read { try mirror.refresh($0, version: hub.version) }
    }
    for change in differences ?? [] {
      let difference = change.row
      try checkLive(difference, "hub")
      if let sender, isAlone { try checkPermitted(change, from: sender) }
      if let sender, difference.old == nil { noteLateValues(difference, from: sender) }
      if let sender, isJudged { try checkBlindWrites(difference, from: sender) }
      try checkDecisions(difference, from: sender, isJudged: isJudged && !hasRecovered)
      if difference.table.name == "pair" { try checkPairAtHub(difference.key) }
    }
  }

  func attemptAtHub<T>(_ body: (Hub) throws -> T) throws -> T? {
    _ = hubWall()
    do { return try body(try hub.open()) } catch let error as DatabaseError {
      try tolerate(error, SimulatedHub.prefix)
      return nil
    }
  }
}
