package import SyncDevice

/// One thing that happens in a simulated life, with all that it needs, so that a plan from which
/// others have been taken out still runs.
package enum Action: Codable {
  /// An officer's transaction through the store.
  case write(device: Int, Edit)
  /// A form is opened: a later edit may know no more than this moment.
  case openForm(device: Int)
  /// Another program's transaction, on a connection of its own.
  case foreign(device: Int, [String])
  /// Parts of another program's transaction, with whatever else happens in between.
  case foreignBegin(device: Int)
  case foreignRun(device: Int, String)
  case foreignEnd(device: Int, commits: Bool)
  /// Another program rebuilds a table, which loses its triggers, and goes on writing; then the app
  /// is started again.
  case rebuild(device: Int, table: String, [String])
  /// Another program writes with triggers off; then the app is started again.
  case writePastTriggers(device: Int, [String])
  case sync(device: Int, SyncRound.Directions, [MessageFault])
  /// The app is closed and started.
  case restart(Machine)

  case resolve(pick: Int, choice: Int)
  case undo(pick: Int)
  case retry(pick: Int)
  case dismiss(pick: Int)
  case hubWrite(HubEdit)
  case revoke(device: Int)
  case compact(leavesBehind: Bool)
  case scrub
  /// The hub goes on with rows that are on their way to another scope.
  case follow

  /// Time goes by.
  case pass(milliseconds: Int64)
  /// A clock is set off the true time by this much.
  case setClock(Machine, offset: Int64)

  case stop(Machine, Disk.Loss, random: UInt64)
  /// The machine stops at its nth write or sync from now on.
  case stopLater(Machine, after: Int, Disk.Loss, random: UInt64)
  case failLater(Machine, after: Int)
  case fill(Machine, bytes: Int)
  case makeRoom

  case backUp(Machine)
  /// A backup is put back; a device has its own newer identity then, or the backup's.
  case restore(Machine, withIdentity: Bool)
  /// The hub is put back once more, from another of its backups than the last.
  case restoreOlder(pick: Int)
  /// The device's files are copied to the next machine that is not in use, and both go on.
  case clone(device: Int)
  /// The device is enrolled anew with an empty store.
  case reinstall(device: Int)
  case upgrade(Machine)
}

/// The hub or a device.
package enum Machine: Equatable, Codable, CustomStringConvertible {
  case hub
  case device(Int)

  package var description: String {
    switch self {
    case .hub: "hub"
    case .device(let index): "d\(index)"
    }
  }
}

/// What an officer does in one transaction.
package struct Edit: Codable {
  package var statements: [String]
  /// Whether the edit knows only what was there when the form was opened.
  package var isFromForm = false
  /// Whether the officer thinks better of it before the commit.
  package var isAbandoned = false
}

/// What the hub writes on its own behalf.
package enum HubEdit: Codable {
  case region(code: String, name: String?)
  case projectCode(id: String, code: String?)
  /// An officer's rights in an area; without any, the permit is taken back.
  case permit(officer: String, area: String, rights: String?)
}

/// What the network does to one message and its answer.
package enum MessageFault: Equatable, Codable {
  case none
  case requestLost
  case requestDelayed(steps: Int)
  case requestCut(percent: Int)
  /// Something on the way takes no larger bodies from here on, for as long as the attempt lasts.
  case bodyRefused(above: Int)
  case requestFlipped(percent: Int)
  case responseLost
  case responseDelayed(steps: Int)
  case responseCut(percent: Int)
  /// Something else answers, such as a hotel's login page.
  case responseReplaced
  /// The hub gets the request twice at once; the second answer arrives.
  case duplicated
  /// The hub gets the request once more later.
  case repeatedLater(steps: Int)
}
