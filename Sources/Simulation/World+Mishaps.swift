import GRDB
import SyncCore
import SyncDevice
import SyncHub

extension World {
  /// What befalls machines.
  func suffer(_ action: Action) throws {
    switch action {
    case .restart(let machine):
      if machine == .hub { hub.close() }
      if case .device(let index) = machine { device(index)?.closeApp() }
    case .stop(let machine, let loss, let random):
      guard let prefix = prefix(of: machine) else { return }
      Disk.crash(prefix, loss, random: random)
      try fall(machine)
    case .stopLater(let machine, let count, let loss, let random):
      guard let prefix = prefix(of: machine) else { return }
      troubled.insert(prefix)
      Disk.crash(prefix, after: count, loss, random: random)
    case .failLater(let machine, let count):
      guard let prefix = prefix(of: machine) else { return }
      troubled.insert(prefix)
      Disk.fail(prefix, after: count)
    case .fill(let machine, let bytes):
      guard let prefix = prefix(of: machine) else { return }
      troubled.insert(prefix)
      Disk.limit(prefix, bytes: bytes)
    case .makeRoom: makeRoom()
    default: try recover(action)
    }
  }

  func prefix(of machine: Machine) -> String? {
    switch machine {
    case .hub: SimulatedHub.prefix
    case .device(let index): device(index)?.prefix
    }
  }

  private var prefixes: [String] { [SimulatedHub.prefix] + devices.map(\.prefix) }

  func makeRoom() {
    for prefix in prefixes { Disk.limit(prefix, bytes: nil) }
  }

  /// All disks have room and work; what was to befall them does not.
  func mendDisks() {
    makeRoom()
    for prefix in prefixes { Disk.disarm(prefix) }
  }

  /// Machines that have stopped since it was last asked start again.
  func noticeCrashes() throws {
    if Disk.hasCrashed(SimulatedHub.prefix) { try fall(.hub) }
    for device in devices where Disk.hasCrashed(device.prefix) { try fall(.device(device.index)) }
  }

  /// Programs end with their machine; what is left on the disk has to be whole.
  private func fall(_ machine: Machine) throws {
    trace.note("    \(machine) stops and starts")
    let problems: [String]?
    switch machine {
    case .hub:
      hub.close()
      problems = try attemptAtHub { _ in try hub.database?.problems() ?? [] }
    case .device(let index):
      guard let device = device(index) else { return }
      device.close()
      problems = try attempt(on: device) { store in
        try store.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
          .filter { $0 != "ok" && !StoreFlaw.damagedFile($0).isOverlay }
      }
      try observe(device, isWriting: device.isWrittenLast)
    }
    guard let problems, !problems.isEmpty else { return }
    throw Violation(law: .integrity, what: "\(machine) after a stop: \(problems)")
  }

  /// Backups, restores, clones and upgrades.
  private func recover(_ action: Action) throws {
    if case .backUp = action {
    } else {
      hasRecovered = true
      // Who puts something back first sees to it that disks have room and work.
      mendDisks()
    }
    switch action {
    case .backUp(.hub): hub.backUp()
    case .backUp(.device(let index)):
      guard let device = device(index) else { return }
      device.backup = (StoreImage(of: device.path), device.identity, device.version)
    case .restore(.hub, _): try restoreHub(from: hub.backups.last)
    case .restoreOlder(let pick):
      let older = hub.backups.dropLast()
      try restoreHub(from: older.isEmpty ? hub.backups.last : older[pick % older.count])
    case .restore(.device(let index), let withIdentity):
      if let device = device(index) { try restore(device, withIdentity: withIdentity) }
    case .clone(let index): if let device = device(index) { try clone(device) }
    case .reinstall(let index): if let device = device(index) { try reinstall(device) }
    case .upgrade(.hub): try upgradeHub()
    case .upgrade(.device(let index)): if let device = device(index) { try upgrade(device) }
    default: break
    }
  }

  private func restoreHub(from backup: (image: StoreImage, version: Int)?) throws {
    guard let backup else { return }
    let cursors = try cursors()
    hub.restore(backup)
    hasQuarantine = true
    mirror.reset()
    try observeHub()
    standing.noteRestore(to: mirror.sequence) { place, decision in
      Set(
        devices.filter { device in
          (cursors[device.index] ?? 0) >= decision.sequence && device.shows(decision, at: place)
        }.map(\.index))
    }
    try excuseWhatIsGone()
  }

  /// How far devices are that can still say what they have had from the hub.
  private func cursors() throws -> [Int: Int64] {
    var cursors: [Int: Int64] = [:]
    for device in devices where !device.isRevoked {
      let status = try attempt(on: device) { try $0.status(wallMilliseconds: wall(device)) }
      cursors[device.index] = status?.cursor
    }
    return cursors
  }

  private func restore(_ device: SimulatedDevice, withIdentity: Bool) throws {
    guard let backup = device.backup else { return }
    standing.forgetWitness(device.index)
    device.close()
    device.version = max(device.version, backup.version)
    backup.image.put(at: device.path)
    // A store of a device that has been enrolled anew since is of no use with the new identity: the
    // program says so, and asks for another code.
    if withIdentity || backup.identity.device != device.identity.device {
      device.identity = backup.identity
    }
    device.forgetRows()
    try observe(device)
    // What the copy lacks was away before anything of it became pending once more.
    device.rowsAfterRound = device.rows
    try excuseWhatIsGone()
  }

  /// The device's files are copied to a machine of their own, and both go on.
  private func clone(_ device: SimulatedDevice) throws {
    guard devices.count < 10, !device.isRevoked else { return }
    let twin = try SimulatedDevice(devices.count, templates)
    twin.version = device.version
    twin.identity = device.identity
    twin.isTamperedWith = device.isTamperedWith
    StoreImage(of: device.path).put(at: twin.path)
    devices.append(twin)
    try observe(twin)
    twin.rowsAfterRound = twin.rows
    // A commit that failed may be in the file all the same, and then it is in the copy.
    if let mine = device.rows, let copied = twin.rows {
      oracle.overhear(copied.differences(from: mine, device.schema.schema.tables))
    }
  }

  private func reinstall(_ device: SimulatedDevice) throws {
    device.close()
    standing.forgetWitness(device.index)
    let index = 100 + installs
    installs += 1
    let isEnrolled: Bool? = try attemptAtHub { hub in
      try templates.enrol(index, at: hub, wallMilliseconds: hubWall())
      return true
    }
    guard isEnrolled == true else { return }
    // An older hub would not know the device at all; that is for people to mend.
    hub.forgetBackups()
    device.version = 1
    device.isRevoked = false
    device.isTamperedWith = false
    device.takenAway = []
    device.identity = try templates.identity(index)
    try templates.device(index).put(at: device.path)
    device.forgetRows()
    try observe(device)
    // What the copy lacks was away before anything of it became pending once more.
    device.rowsAfterRound = device.rows
    try excuseWhatIsGone()
  }

  func upgradeHub() throws {
    guard hub.version == 1 else { return }
    hub.upgrade()
    // Its rows have more columns without having changed.
    mirror.reset(isSameHub: true)
    try observeHub()
  }

  private func upgrade(_ device: SimulatedDevice) throws {
    guard !device.isForeignTransactionOpen else { return }
    device.close()
    device.version = 2
    device.forgetRows()
    try observe(device)
  }
}
