import SyncCore
import SyncDevice
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
    let access = try Self.access(view.rows(Self.query, [.text(device.officer)]))
    given.withLock { $0[access.version] = access }
    return access
  }

  private static let query = "SELECT area, rights FROM permit WHERE officer = ?"

  /// What the officer to whom a device was given may see and write now.
  func access(of device: String, in connection: any HubConnection) throws -> Access {
    let officer = try connection.first(
      "SELECT officer FROM hub_device WHERE id = ?", [.text(device)])
    var permits: [[Value]] = []
    try connection.each(Self.query, officer ?? [.null]) {
      permits.append($0)
      return true
    }
    return Self.access(permits)
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

  /// Whether somebody may change rows of a scope: those that everybody holds, if he may write at all.
  fileprivate func changes(_ scope: Scope) -> Bool {
    guard let written else { return true }
    return scope == .shared ? !written.isEmpty : written.contains(scope)
  }
}

extension World {
  /// Nobody's push changes a row that is not his to write, nor leaves one where he may not.
  func checkPermitted(_ change: HubDifference, from sender: String) throws {
    guard let device = devices.first(where: { $0.identity.device == sender }),
      let access = try attemptAtHub({ _ in
        try hub.read { try hub.permits.access(of: sender, in: $0) }
      })
    else { return }
    for scope in [change.from, change.to].compactMap(\.self)
    where !scope.isOfDevice && !access.changes(scope) {
      throw Violation(
        law: .scope, what: "\(device.name) may not write to \(scope.stored), but did: \(change.row)"
      )
    }
  }
}
