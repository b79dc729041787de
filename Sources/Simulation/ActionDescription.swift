import SyncDevice

extension Action: CustomStringConvertible {
  /// The action as a person reads it in a scenario.
  package var description: String {
    switch self {
    case .write, .openForm, .foreign, .foreignBegin, .foreignRun, .foreignEnd, .rebuild,
      .writePastTriggers:
      writing
    case .sync(let device, let directions, let faults): sync(device, directions, faults)
    case .resolve, .undo, .retry, .dismiss, .hubWrite, .revoke, .compact, .scrub: operating
    default: mishap
    }
  }

  private var writing: String {
    switch self {
    case .write(let device, let edit):
      "d\(device) writes\(edit.isFromForm ? " (form opened earlier)" : "")"
        + "\(edit.isAbandoned ? " (abandoned)" : ""): \(edit.statements.joined(separator: "; "))"
    case .openForm(let device): "d\(device) opens a form"
    case .foreign(let device, let statements):
      "d\(device) sqlite3: \(statements.joined(separator: "; "))"
    case .foreignBegin(let device): "d\(device) sqlite3: BEGIN"
    case .foreignRun(let device, let sql): "d\(device) sqlite3, in its transaction: \(sql)"
    case .foreignEnd(let device, let commits):
      "d\(device) sqlite3: \(commits ? "COMMIT" : "ROLLBACK")"
    case .rebuild(let device, let table, let statements):
      "d\(device) sqlite3 rebuilds \(table): \(statements.joined(separator: "; ")); restart"
    case .writePastTriggers(let device, let statements):
      "d\(device) sqlite3 with triggers off: \(statements.joined(separator: "; ")); restart"
    default: ""
    }
  }

  private func sync(
    _ device: Int, _ directions: SyncRound.Directions, _ faults: [MessageFault]
  ) -> String {
    let ways =
      directions == .push ? "pushes" : directions == .pull ? "pulls" : "syncs"
    let list = faults.map { "\($0)" }.joined(separator: ", ")
    return "d\(device) \(ways)" + (faults.isEmpty ? "" : " [\(list)]")
  }

  private var operating: String {
    switch self {
    case .resolve(let pick, let choice): "operator resolves conflict \(pick) by choice \(choice)"
    case .undo(let pick): "operator takes decision \(pick) back"
    case .retry(let pick): "operator retries quarantined work \(pick)"
    case .dismiss(let pick): "operator dismisses quarantined work \(pick)"
    case .hubWrite(.region(let code, let name)): "hub: region \(code) = \(name ?? "deleted")"
    case .hubWrite(.projectCode(let id, let code)): "hub: project \(id) code = \(code ?? "null")"
    case .hubWrite(.permit(let officer, let area, let rights)):
      "hub: \(officer) may \(rights ?? "not see") \(area)"
    case .revoke(let device): "hub revokes d\(device)"
    case .compact(let leavesBehind): "hub compacts\(leavesBehind ? ", leaving devices behind" : "")"
    case .scrub: "hub scrubs"
    case .follow: "hub goes on moving rows"
    default: ""
    }
  }

  private var mishap: String {
    switch self {
    case .restart(let machine): "\(machine) restarts"
    case .pass(let milliseconds): "\(milliseconds / 1000) s go by"
    case .setClock(let machine, let offset): "\(machine)'s clock is \(offset / 1000) s off"
    case .stop(let machine, let loss, _): "\(machine) stops (loss: \(loss))"
    case .stopLater(let machine, let count, let loss, let random):
      "\(machine) will stop at write \(count) (loss: \(loss), \(random))"
    case .failLater(let machine, let count): "\(machine)'s write \(count) will fail"
    case .fill(let machine, let bytes): "\(machine)'s disk has \(bytes) bytes left"
    case .makeRoom: "all disks have room again"
    case .backUp(let machine): "\(machine) is backed up"
    case .restore(let machine, let withIdentity):
      "\(machine) is restored\(withIdentity ? " with its old identity" : "")"
    case .restoreOlder(let pick): "hub is restored from older backup \(pick)"
    case .clone(let device): "d\(device) is cloned"
    case .reinstall(let device): "d\(device) is reinstalled"
    case .upgrade(let machine): "\(machine) is upgraded"
    default: ""
    }
  }
}
