import SyncDevice

/// Draws a life from a seed: who there is, what they do, and what goes wrong.
///
/// Every seed draws its own likelihoods, many of them zero (swarm testing: Groce et al., 2012), so
/// that rare things meet undisturbed.
package struct Workload {
  package enum Kind: String, CaseIterable {
    case write, writePair, writePoison, openForm, foreign, foreignTransaction
    case rebuild, writePastTriggers
    case sync, push, pull, restart
    case resolve, undo, retry, dismiss, hubWrite, permit, revoke, compact, scrub
    case pass, setClock
    case stopDevice, stopHub, stopDeviceLater, stopHubLater, failLater, fill
    case backUp, restoreDevice, restoreHub, clone, reinstall, upgrade
    case restoreHubTwice
  }

  private enum Trouble: CaseIterable {
    case requestLost, requestDelayed, requestCut, requestFlipped, responseLost, responseDelayed
    case responseCut, responseReplaced, duplicated, repeatedLater
  }

  private var random: SplitMix64
  private var statements: Statements
  private let devices: Int
  private var likelihoods: [(kind: Kind, upTo: Int)] = []
  private var total = 0
  private var troubles: [Trouble]
  private let troublePercent: Int
  /// Parts of a foreign transaction that is open, by device.
  private var open: Set<Int> = []

  private init(seed: UInt64, without excluded: Set<Kind>) {
    random = SplitMix64(seed: seed)
    devices = random.chance(70) ? random.number(in: 2...4) : random.number(in: 5...8)
    statements = Statements(isBulky: random.chance(3), usesClocks: random.chance(70))
    troubles = []
    troublePercent = random.chance(25) ? 0 : random.number(in: 3...45)
    for trouble in Trouble.allCases where random.chance(50) { troubles.append(trouble) }
    for kind in Kind.allCases {
      let share = Self.share(of: kind)
      let isOn = random.chance(share >= 10 ? 92 : 55)
      let weight = isOn ? random.number(in: max(1, share / 2)...share * 2) : 0
      // Drawn all the same, so that nothing else of a seed's life changes when it is taken out.
      if weight == 0 || excluded.contains(kind) { continue }
      total += weight
      likelihoods.append((kind, total))
    }
  }

  private static func share(of kind: Kind) -> Int {
    switch kind {
    case .write: 40
    case .sync: 24
    case .foreign, .writePair: 10
    case .push, .pull, .resolve, .pass: 6
    case .openForm, .foreignTransaction, .stopDeviceLater, .stopHubLater: 3
    case .compact, .scrub, .undo, .retry, .dismiss, .hubWrite, .setClock, .writePoison: 2
    case .permit: 4
    case .revoke, .restart, .backUp: 1
    default: 1
    }
  }

  /// Draws the plan of a seed.
  ///
  /// - Parameters:
  ///   - seed: The seed.
  ///   - steps: How many things happen.
  ///   - excluded: What does not happen in it.
  /// - Returns: The plan.
  package static func plan(seed: UInt64, steps: Int, without excluded: Set<Kind> = []) -> Plan {
    var workload = Workload(seed: seed, without: excluded)
    var actions = excluded.contains(.clone) ? [] : workload.opening()
    while actions.count < steps { actions += workload.next() }
    if excluded.isEmpty { breakTexts(in: &actions, seed: seed, devices: workload.devices) }
    if excluded.isEmpty { goOnMoving(in: &actions, seed: seed, devices: workload.devices) }
    return Plan(
      seed: seed, devices: workload.devices, usesClocks: workload.statements.usesClocks,
      actions: Array(actions.prefix(steps)))
  }

  /// In some lives other programs write texts that nobody can send, and some of them are mended.
  ///
  /// They are drawn from numbers of their own, so that nothing else of a life changes with them.
  private static func breakTexts(in actions: inout [Action], seed: UInt64, devices: Int) {
    var random = SplitMix64(seed: seed ^ 0x7468_7561_6E5F_7478)
    guard random.chance(30), !actions.isEmpty else { return }
    for number in 0..<random.number(in: 1...4) {
      let sql = Statements.brokenText(number, &random)
      let mend = Statements.mend(&random)
      let device = random.below(devices)
      let place = random.below(actions.count)
      actions.insert(.foreign(device: device, ["BEGIN", sql, "COMMIT"]), at: place)
      if random.chance(40) {
        actions.insert(
          .foreign(device: device, [mend]),
          at: random.number(in: place + 1...actions.count))
      }
    }
  }

  /// In some lives rows with many others to follow them go from area to area again and again, and the hub
  /// goes on with that between what people do.
  ///
  /// They are drawn from numbers of their own, too.
  private static func goOnMoving(in actions: inout [Action], seed: UInt64, devices: Int) {
    var random = SplitMix64(seed: seed ^ 0x6D6F_7665_5F6F_6E21)
    guard random.chance(40), !actions.isEmpty else { return }
    for _ in 0..<random.number(in: 2...8) {
      let device = random.below(devices)
      let id = random.pick(["p", "q", "r"])
      let sql = random.pick([
        "UPDATE project SET area = '\(random.pick(["n", "s"]))' WHERE id = '\(id)'",
        "UPDATE project SET secrecy = '\(random.pick(["normal", "sensitive"]))' WHERE id = '\(id)'",
      ])
      let move: [Action] = [
        .write(device: device, Edit(statements: [sql])), .sync(device: device, .push, []),
      ]
      actions.insert(
        contentsOf: random.chance(60) ? move : [.follow], at: random.below(actions.count))
    }
  }

  /// Laptops are set up once and then copied: some lives begin with one stream on two machines, and
  /// the first words of both on their way at the same time.
  private mutating func opening() -> [Action] {
    guard random.chance(8) else { return [] }
    let twin = devices
    let late = MessageFault.responseDelayed(steps: random.number(in: 6...12))
    let brokenOff = Action.sync(device: 0, [.push, .pull], [.none, .requestLost])
    return writing(.writePair, 0) + [.sync(device: 0, .push, [.requestLost]), .clone(device: 0)]
      + [.sync(device: 0, .push, [late])]
      + writing(.writePair, twin) + [.sync(device: twin, [.push, .pull], [])]
      + writing(.writePair, 0) + [brokenOff, brokenOff]
  }

  private mutating func next() -> [Action] {
    guard total > 0 else { return [.pass(milliseconds: 1000)] }
    let drawn = random.below(total)
    let kind = likelihoods.first { drawn < $0.upTo }?.kind ?? .write
    let device = random.below(devices)
    switch kind {
    case .write, .writePair, .writePoison, .openForm, .foreign, .foreignTransaction, .rebuild,
      .writePastTriggers:
      return writing(kind, device)
    case .sync: return syncing(device, [.push, .pull])
    case .push: return syncing(device, .push)
    case .pull: return syncing(device, .pull)
    case .permit: return permits(device)
    case .resolve, .undo, .retry, .dismiss, .hubWrite, .revoke, .compact, .scrub:
      return [operating(kind, device)]
    case .pass:
      return [.pass(milliseconds: Int64(random.pick([1, 60, 3600, 86_400, 864_000])) * 997)]
    case .setClock: return [.setClock(machine(device), offset: offset())]
    case .restart: return [.restart(machine(device))]
    default: return mishap(kind, device)
    }
  }

  /// A sync; where an answer is on its way for a while, its officer often goes on writing, and often it
  /// is one that brings rows.
  private mutating func syncing(
    _ device: Int, _ directions: SyncRound.Directions
  ) -> [Action] {
    let faults = faults()
    let delayed = faults.first {
      if case .responseDelayed = $0 { true } else { false }
    }
    guard let delayed, random.chance(60) else {
      return [.sync(device: device, directions, faults)]
    }
    let sync: Action =
      random.chance(50)
      ? .sync(device: device, .pull, [delayed]) : .sync(device: device, directions, faults)
    return [sync] + writing(random.chance(70) ? .write : .foreign, device)
  }

  /// A permit; often others come while what was written under it is still on its way.
  private mutating func permits(_ device: Int) -> [Action] {
    let first = permit(device)
    if random.chance(25) { return [first] + movingBetweenPages(device) }
    guard random.chance(40) else { return [first] }
    return [first] + syncing(device, [.push, .pull]) + writing(.write, device) + [permit(device)]
      + (random.chance(50) ? writing(.write, device) : []) + syncing(device, [.push, .pull])
  }

  /// A device breaks off in the middle of the whole state, and meanwhile rows move from area to area.
  private mutating func movingBetweenPages(_ device: Int) -> [Action] {
    let other = random.below(devices)
    let moves = ["p", "q", "r"].map {
      "UPDATE project SET area = '\(random.pick(["n", "s"]))' WHERE id = '\($0)'"
    }
    return [
      .sync(device: device, .pull, [.none, .none, .requestLost]),
      .write(device: other, Edit(statements: moves)), .sync(device: other, [.push, .pull], []),
      .sync(device: device, [.push, .pull], []),
    ]
  }

  private mutating func permit(_ device: Int) -> Action {
    .hubWrite(
      .permit(
        officer: Templates.officer(of: device), area: random.pick(["n", "n", "s", "x"]),
        rights: random.chance(30) ? nil : random.pick(["read", "write", "write", "private"])))
  }

  private mutating func machine(_ device: Int) -> Machine {
    random.chance(25) ? .hub : .device(device)
  }

  private mutating func offset() -> Int64 {
    let day: Int64 = 86_400_000
    return random.pick([
      0, 0, 7000, -7000, 4 * 60_000, 600_000, -600_000, 3 * day, -3 * day,
      400 * day, -400 * day, 9000 * day, -15_000 * day,
    ])
  }

  // MARK: Writing

  private mutating func writing(_ kind: Kind, _ device: Int) -> [Action] {
    switch kind {
    case .openForm: return [.openForm(device: device)]
    case .foreign: return [.foreign(device: device, lines(1...3))]
    case .foreignTransaction: return foreignTransaction(device)
    case .rebuild:
      let table = random.pick(["item", "project", "entry", "reading"])
      return [.rebuild(device: device, table: table, lines(0...3))]
    case .writePastTriggers: return [.writePastTriggers(device: device, lines(1...3))]
    case .writePoison:
      var all = lines(0...1) + [statements.poison(&random)]
      if random.chance(30) { all += statements.pair(device: device) }
      return [.foreign(device: device, ["BEGIN"] + all + ["COMMIT"])]
    default:
      var edit = Edit(statements: kind == .writePair ? [] : lines(1...3))
      if kind == .writePair {
        edit.statements = statements.pair(device: device)
        if random.chance(40) { edit.statements.insert(contentsOf: lines(1...2), at: 1) }
      }
      edit.isFromForm = random.chance(10)
      edit.isAbandoned = random.chance(4)
      return [.write(device: device, edit)]
    }
  }

  private mutating func lines(_ count: ClosedRange<Int>) -> [String] {
    (0..<random.number(in: count)).map { _ in statements.next(&random) }
  }

  /// Opens, goes on with, or ends what another program does in one transaction.
  private mutating func foreignTransaction(_ device: Int) -> [Action] {
    if open.insert(device).inserted { return [.foreignBegin(device: device)] }
    if random.chance(50) { return [.foreignRun(device: device, statements.next(&random))] }
    open.remove(device)
    return [.foreignEnd(device: device, commits: random.chance(80))]
  }

  // MARK: The hub's people

  private mutating func operating(_ kind: Kind, _ device: Int) -> Action {
    let pick = random.below(16)
    switch kind {
    case .resolve: return .resolve(pick: pick, choice: random.below(12))
    case .undo: return .undo(pick: pick)
    case .retry: return .retry(pick: pick)
    case .dismiss: return .dismiss(pick: pick)
    case .revoke: return .revoke(device: device)
    case .compact: return .compact(leavesBehind: random.chance(50))
    case .scrub: return .scrub
    default:
      if random.chance(50) {
        return .hubWrite(
          .projectCode(
            id: random.pick(["p", "q", "r"]), code: random.chance(20) ? nil : "h\(pick)"))
      }
      let name = random.chance(20) ? nil : "r\(pick)"
      return .hubWrite(.region(code: random.pick(["n", "s"]), name: name))
    }
  }

  // MARK: Mishaps

  private mutating func faults() -> [MessageFault] {
    guard !troubles.isEmpty else { return [] }
    return (0..<4).map { _ in random.chance(troublePercent) ? fault() : .none }
  }

  private mutating func fault() -> MessageFault {
    let steps = random.number(in: 1...25)
    switch random.pick(troubles) {
    case .requestLost: return .requestLost
    case .requestDelayed: return .requestDelayed(steps: steps)
    case .requestCut:
      let percent = random.below(100)
      return percent < 12
        ? .bodyRefused(above: 200 << (percent / 2)) : .requestCut(percent: percent)
    case .requestFlipped: return .requestFlipped(percent: random.below(100))
    case .responseLost: return .responseLost
    case .responseDelayed: return .responseDelayed(steps: steps)
    case .responseCut: return .responseCut(percent: random.below(100))
    case .responseReplaced: return .responseReplaced
    case .duplicated: return .duplicated
    case .repeatedLater: return .repeatedLater(steps: steps)
    }
  }

  /// A copy; sometimes all else is put back then, to before work of which the copy has the receipts, and
  /// the device goes on under the name that they share.
  private mutating func cloning(_ device: Int) -> [Action] {
    guard random.chance(30) else { return [.clone(device: device)] }
    let sync = Action.sync(device: device, [.push, .pull], [])
    let copies: [Action] = [.backUp(.hub), .backUp(.device(device))]
    let lost = writing(.write, device) + [sync]
    let pending = random.chance(50) ? writing(.write, device) : []
    return copies + lost + pending + [.clone(device: device), .restore(.hub, withIdentity: false)]
      + [.restore(.device(device), withIdentity: true)] + writing(.write, device)
      + (random.chance(50) ? [sync] : [])
  }

  /// The hub is put back from one copy and then from another, and what happens in between is in neither.
  private mutating func restoringTwice(_ device: Int) -> [Action] {
    let other = random.below(devices)
    let restored: [Action] =
      random.chance(40)
      ? [.restore(.device(device), withIdentity: random.chance(50))]
      : random.chance(20) ? [.reinstall(device: other)] : []
    var actions: [Action] = [.backUp(.hub), .backUp(.device(device))]
    actions += writing(.write, device) + syncing(device, [.push, .pull]) + [.backUp(.hub)]
    let second: Action = .restoreOlder(pick: random.below(2))
    actions += [random.chance(50) ? second : .restore(.hub, withIdentity: false)] + restored
    actions += writing(.write, device) + syncing(device, [.push, .pull])
    if random.chance(50) { actions += syncing(other, [.push, .pull]) }
    if random.chance(50) { actions += writing(.write, device) + syncing(device, .push) }
    actions.append(random.chance(50) ? second : .restore(.hub, withIdentity: false))
    return actions + syncing(random.chance(50) ? device : other, [.push, .pull])
  }

  private mutating func mishap(_ kind: Kind, _ device: Int) -> [Action] {
    let loss = random.pick(Disk.Loss.allCases)
    let bits = random.next()
    switch kind {
    case .stopDevice: return [.stop(.device(device), loss, random: bits)]
    case .stopHub: return [.stop(.hub, loss, random: bits)]
    case .stopDeviceLater:
      return [.stopLater(.device(device), after: random.number(in: 1...30), loss, random: bits)]
    case .stopHubLater:
      return [.stopLater(.hub, after: random.number(in: 1...60), loss, random: bits)]
    case .failLater: return [.failLater(machine(device), after: random.number(in: 1...30))]
    case .fill:
      return random.chance(50)
        ? [.fill(machine(device), bytes: random.below(60_000))] : [.makeRoom]
    case .backUp: return [.backUp(machine(device))]
    case .restoreDevice: return [.restore(.device(device), withIdentity: random.chance(50))]
    case .restoreHub: return [.restore(.hub, withIdentity: false)]
    case .clone: return cloning(device)
    case .restoreHubTwice: return restoringTwice(device)
    case .reinstall: return [.reinstall(device: device)]
    default: return [.upgrade(machine(device))]
    }
  }
}
