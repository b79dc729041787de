import SyncCore
import SyncHub
import Synchronization

/// Who may see and write what in a simulated life: an officer of whom no permit says anything may do
/// everything.
final class Permits: AccessPolicy {
  /// What was given to anybody, by its version: what a device's state is made of.
  private let given = Mutex<[UInt64: Access]>([0: .everything])

  func access(
    of device: HubDevice, in view: HubView, wallMilliseconds: Int64
  ) throws -> Access {
    let access = try Self.access(
      view.rows(
        "SELECT area, rights FROM permit WHERE officer = ?", [.text(device.officer)]))
    given.withLock { $0[access.version] = access }
    return access
  }

  private static func access(_ permits: [[Value]]) -> Access {
    guard !permits.isEmpty else { return .everything }
    var (read, written): (Set<Scope>, Set<Scope>) = ([], [])
    for permit in permits {
      guard let area = permit[0].text, let rights = permit[1].text else { continue }
      let scopes: Set<Scope> =
        rights == "private"
        ? [.named(area), .named(area, isPrivate: true)] : [.named(area)]
      read.formUnion(scopes)
      if rights != "read" { written.formUnion(scopes) }
    }
    return Access(reading: read, writing: written)
  }

  func access(version: UInt64) -> Access? { given.withLock { $0[version] } }
}

extension Access {
  /// Whether somebody holds rows of a scope, beside what concerns his device alone.
  func holds(_ scope: Scope) -> Bool {
    guard read != nil else { return true }
    return reads(scope) || scope == .shared
  }
}
