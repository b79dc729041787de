import Foundation
import GRDB
import SyncCore
import SyncDevice
import SyncHub
import SyncSQLite
import TestSupport
import Testing

/// Random lives of a few devices over tiny domains, so that collisions are the rule.
///
/// The laws are checked at the end of each; a seed that fails is printed and replays.
struct RandomLifeTests {
  @Test func `whatever people do and in whatever order they sync, the laws hold`() throws {
    let from = UInt64(ProcessInfo.processInfo.environment["THUAN_SEED"] ?? "") ?? 1
    for seed in from...from + 29 {
      do { try Life(seed: seed).run(steps: 60) } catch {
        Issue.record("seed \(seed): \(error)")
        return
      }
    }
  }
}

private struct Broken: Error, CustomStringConvertible {
  let description: String
}

private final class Life {
  private let world: World
  private var devices: [TestDevice]
  private var random: SplitMix64
  private var trace: [String] = []

  init(seed: UInt64) throws {
    world = try World()
    random = SplitMix64(state: seed)
    devices = []
    for name in ["an", "binh", "chi"] { devices.append(try world.device(name)) }
  }

  func run(steps: Int) throws {
    for _ in 0..<steps {
      let device = devices[Int.random(in: 0..<devices.count, using: &random)]
      switch Int.random(in: 0..<10, using: &random) {
      case 0...5: write(device)
      case 6: try sync(device, .push)
      case 7, 8: try sync(device, [.push, .pull])
      default: try decide()
      }
    }
    for _ in 0..<3 { for device in devices { try sync(device, [.push, .pull]) } }
    try check()
  }

  private func sync(_ device: TestDevice, _ directions: SyncRound.Directions) throws {
    trace.append("\(device.officer) syncs \(directions.rawValue)")
    try device.sync(directions)
  }

  private func pick(_ values: [String]) -> String {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  /// A transaction of one to three statements.
  ///
  /// Some are refused by a constraint: then nothing of it may be left.
  private func write(_ device: TestDevice) {
    let statements = (0..<Int.random(in: 1...3, using: &random)).map { _ in statement() }
    let sql = statements.joined(separator: "; ")
    trace.append("\(device.officer): \(sql)")
    if Int.random(in: 0..<6, using: &random) == 0 {
      try? device.store.database.write { try $0.execute(sql: sql) }
    } else {
      try? device.write(sql)
    }
  }

  private func statement() -> String {
    let id = pick(["p", "q"])
    let item = pick(["i", "j", "k"])
    let text = pick(["'a'", "'b'", "'c'", "NULL"])
    switch Int.random(in: 0..<14, using: &random) {
    case 0: return "INSERT INTO project (id, title, place) VALUES ('\(id)', \(text), \(text))"
    case 1: return "INSERT OR REPLACE INTO project (id, title) VALUES ('\(id)', \(text))"
    case 2: return "UPDATE project SET title = \(text) WHERE id = '\(id)'"
    case 3: return "UPDATE project SET place = \(text), tags = \(text) WHERE id = '\(id)'"
    case 4:
      return
        "UPDATE project SET stage = '\(pick(["draft", "held", "reported", "cancelled"]))' WHERE id = '\(id)'"
    case 5: return "UPDATE project SET starts = \(text), ends = \(text) WHERE id = '\(id)'"
    case 6: return "UPDATE project SET secrecy = '\(pick(["normal", "internal"]))', code = \(text)"
    case 7: return "INSERT INTO item VALUES ('\(item)', '\(id)', \(text), \(pick(["1", "2"])))"
    case 8: return "UPDATE item SET project_id = '\(id)', name = \(text) WHERE id = '\(item)'"
    case 9: return "DELETE FROM item WHERE id = '\(item)'"
    case 10: return "DELETE FROM project WHERE id = '\(id)'"
    case 11: return "INSERT OR IGNORE INTO tag VALUES ('\(id)', '\(pick(["x", "y"]))')"
    case 12: return "DELETE FROM tag WHERE word = '\(pick(["x", "y"]))'"
    default: return "UPDATE project SET prose = '\(pick(["a b", "a c", "d b"]))' WHERE id = '\(id)'"
    }
  }

  private func decide() throws {
    let ruling = Ruling(by: "ha", reason: "r", wallMilliseconds: world.now)
    for conflict in try world.hub.conflicts(openOnly: true).prefix(1) {
      let choices: [Choice] =
        if conflict.otherKey != nil {
          [.both]
        } else if conflict.unit.isEmpty {
          [.keepRow, .deleteRow]
        } else {
          [.current, .candidate(1)]
        }
      let choice = choices[Int.random(in: 0..<choices.count, using: &random)]
      trace.append("decide \(conflict.unit) \(choice)")
      do {
        try world.hub.resolve(conflict.id, version: conflict.version, choice, ruling)
      } catch HubError.refusedByConstraint { trace.append("  refused") }
      if Int.random(in: 0..<3, using: &random) == 0,
        try world.hub.conflict(conflict.id).state == .resolved
      {
        trace.append("undo \(conflict.unit)")
        try world.hub.undo(conflict.id, ruling)
      }
    }
    for work in try world.hub.quarantine(openOnly: true).prefix(1) {
      if Bool.random(using: &random) {
        trace.append("retry \(work.number)")
        _ = try world.hub.retry(work.number, ruling)
      } else {
        trace.append("dismiss \(work.number)")
        try world.hub.dismiss(work.number, ruling)
      }
    }
  }

  private func check() throws {
    let problems = try world.hub.problems() + world.hubDatabase.problems()
    if !problems.isEmpty { throw broken(problems.joined(separator: "; ")) }
    for device in devices {
      let status = try device.status()
      if status.waitingChangeSets > 0 { throw broken("\(device.officer) still waits") }
      if status.quarantined > 0 { continue }
      for table in world.schema.tables {
        let (mine, hubs) = (try device.rows(table.name), try world.hubRows(table.name))
        if mine != hubs { throw broken("\(device.officer) \(table.name): \(mine) | hub \(hubs)") }
      }
      if !status.isInStep { throw broken("\(device.officer) does not say that it is in step") }
    }
  }

  private func broken(_ what: String) -> Broken {
    Broken(description: what + "\n" + trace.joined(separator: "\n"))
  }
}

private struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
