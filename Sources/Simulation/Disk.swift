import SimulatedDisk

/// The simulated disk in Swift's words: see SimulatedDisk.h.
package enum Disk {
  /// What is left of unsynced writes when a machine stops.
  package enum Loss: Int32, CaseIterable, Codable {
    case none = 0
    case tail = 1
    case any = 2
  }

  static func install() { _ = simulated_disk_install() }
  static func reset(seed: UInt64) {
    simulated_disk_reset()
    simulated_disk_set_random(seed)
  }
  static func setTime(_ milliseconds: Int64) { simulated_disk_set_time(max(milliseconds, 1)) }
  static func size(_ path: String) -> Int64 { unsafe simulated_disk_size(path) }
  static func remove(_ path: String) { unsafe simulated_disk_remove(path) }

  static func crash(_ prefix: String, _ loss: Loss, random: UInt64) {
    unsafe simulated_disk_crash(prefix, loss.rawValue, random)
  }
  static func crash(_ prefix: String, after count: Int, _ loss: Loss, random: UInt64) {
    unsafe simulated_disk_crash_after(prefix, Int64(count), loss.rawValue, random)
  }
  static func fail(_ prefix: String, after count: Int) {
    unsafe simulated_disk_fail_after(prefix, Int64(count))
  }
  static func hasCrashed(_ prefix: String) -> Bool {
    unsafe simulated_disk_has_crashed(prefix) != 0
  }
  static func disarm(_ prefix: String) { unsafe simulated_disk_disarm(prefix) }
  static func limit(_ prefix: String, bytes: Int?) {
    unsafe simulated_disk_limit(prefix, bytes.map(Int64.init) ?? -1)
  }
  static func flip(_ path: String, offset: Int64, mask: UInt8) -> Bool {
    unsafe simulated_disk_flip(path, offset, mask) != 0
  }

  static func setTriggers(_ connection: OpaquePointer?, isEnabled: Bool) {
    _ = unsafe simulated_set_triggers(UnsafeMutableRawPointer(connection), isEnabled ? 1 : 0)
  }
}

/// The files of one store outside the disk: a template or a backup.
@safe final class StoreImage {
  private let database: OpaquePointer?
  private let log: OpaquePointer?

  /// Takes the database and its log; what programs see counts, synced or not.
  init(of path: String) {
    unsafe database = simulated_disk_take(path)
    unsafe log = simulated_disk_take(path + "-wal")
  }

  deinit {
    unsafe simulated_image_free(database)
    unsafe simulated_image_free(log)
  }

  /// Makes the files what they were; whoever has them open loses them.
  func put(at path: String) {
    for suffix in ["", "-wal"] { Disk.remove(path + suffix) }
    if let database = unsafe database { unsafe simulated_disk_put(database, path) }
    if let log = unsafe log { unsafe simulated_disk_put(log, path + "-wal") }
  }
}
