import SyncCore
import SyncDevice
import SyncHub

/// One attempt of a device to come into step, as far as it has got.
final class Flight {
  let device: SimulatedDevice
  /// The run of the app that made it; when that has ended, so has the attempt.
  let run: Int
  let pulls: Bool
  var round: SyncRound
  var faults: [MessageFault]
  /// Messages so far: an attempt that never ends is an offence against law L6.
  var messages = 0
  /// Whether the last request went out beside the faults, and whether the next one does.
  var isBesideFaults = false
  var goesBesideFaults = false
  /// How large a body may be to get through; nothing without a limit.
  var bodyMax: Int?
  /// Whether a transaction was too large for that, so that the attempt does not come to its end.
  var isHeldUp = false
  /// The version of the hub that answered last; it may be another by the time the answer arrives.
  var hubVersion = 2
  /// Which of the hub's lives that was: of a state of one that is gone nothing is known any more.
  var hubRestores = 0

  init(
    _ device: SimulatedDevice, _ round: SyncRound, pulls: Bool, _ faults: [MessageFault]
  ) {
    self.device = device
    self.pulls = pulls
    run = device.run
    self.round = round
    self.faults = faults
  }

  var isOver: Bool { run != device.run }

  func nextFault() -> MessageFault { faults.isEmpty ? .none : faults.removeFirst() }
}

/// What is on its way, and when it arrives.
struct Mail {
  enum Content {
    case request(SyncRequest, Parcel, Flight)
    case answer(Answer, SyncRequest, Flight)
    /// A request that has arrived before.
    case copy(Parcel, SimulatedDevice, first: FirstAnswer)
  }
  let due: Int
  let content: Content
}

/// A request as it goes over the network: signed once, whenever it arrives.
struct Parcel {
  let sender: DeviceIdentity
  let signed: SignedRequest
  let body: [UInt8]
  /// What it is, for the trace.
  let summary: String

  var isPush: Bool { signed.path == HTTPContract.changeSetsPath }

  func damaged(_ damage: ([UInt8]) -> [UInt8]) -> Parcel {
    Parcel(sender: sender, signed: signed, body: damage(body), summary: summary)
  }
}

/// What the hub answered when a request came for the first time, and in which of its lives.
struct FirstAnswer {
  let answer: Answer
  let restores: Int
  let starts: Int

  init(_ answer: Answer, of hub: SimulatedHub) {
    self.answer = answer
    (restores, starts) = (hub.restores, hub.starts)
  }
}

/// What comes back for a request.
enum Answer: Equatable {
  case bytes([UInt8])
  case refusal(Refusal)
  /// Nothing, or an error that only says that there is no answer.
  case silence
  /// Somebody on the way says that the body is too large.
  case tooLarge
}

extension World {
  /// Begins an attempt and carries it as far as the network lets it.
  func sync(
    _ device: SimulatedDevice, _ directions: SyncRound.Directions, _ faults: [MessageFault]
  ) throws {
    if device.owesWriting { try observe(device) }
    guard let store = try attempt(on: device, { $0 }) else { return }
    let round = SyncRound(store, identity: device.identity, directions: directions)
    let flight = Flight(device, round, pulls: directions.contains(.pull), faults)
    try carry(flight)
  }

  func carry(_ flight: Flight) throws {
    let isThrough = try exchange(flight)
    if !flight.device.isSeen { try observe(flight.device) }
    if isThrough { try afterRound(flight) }
  }

  /// Sends what there is to send, and takes in what comes back.
  ///
  /// - Returns: Whether the attempt is complete.
  private func exchange(_ flight: Flight) throws -> Bool {
    while !flight.isOver {
      let next = try attempt(on: flight.device) { _ in
        (request: try flight.round.next(wallMilliseconds: wall(flight.device)), isAlive: true)
      }
      guard let next else { return false }
      guard let request = next.request else {
        trace.note("    \(flight.device.name) is through: \(flight.round.progress)")
        return !flight.isHeldUp
      }
      flight.messages += 1
      // A hub with small pages sends all that it has in so many more.
      if flight.messages > 60 + Int(mirror.sequence) / 4 {
        throw Violation(law: .liveness, what: "\(flight.device.name): a sync that does not end")
      }
      guard let answer = try send(request, flight), try hand(answer, to: request, flight) else {
        try checkHonesty(of: flight.device)
        return false
      }
    }
    return false
  }

  /// Sends a request over the network.
  ///
  /// - Returns: The answer; nothing if it comes later.
  private func send(_ request: SyncRequest, _ flight: Flight) throws -> Answer? {
    let device = flight.device
    defer { (flight.hubVersion, flight.hubRestores) = (hub.version, hub.restores) }
    guard let parcel = try seal(request, flight) else { return .silence }
    // A clock that is off costs a round trip more and nothing else (law L9): what goes wrong on the way
    // goes wrong with the request that counts.
    flight.isBesideFaults = flight.goesBesideFaults || !hub.isOfThisMoment(parcel.signed, hubWall())
    flight.goesBesideFaults = false
    if flight.isBesideFaults { return try deliver(parcel, device.name) }
    let fault = flight.nextFault()
    if case .bodyRefused(let limit) = fault { flight.bodyMax = limit }
    if let limit = flight.bodyMax, parcel.isPush, parcel.body.count > limit {
      trace.note("    \(device.name)'s push of \(parcel.body.count) B is too large on the way")
      return .tooLarge
    }
    switch fault {
    case .none, .bodyRefused: return try deliver(parcel, device.name)
    case .requestLost: return .silence
    case .requestDelayed(let steps):
      mail.append(Mail(due: step + steps, content: .request(request, parcel, flight)))
      return nil
    case .requestCut(let percent):
      return try deliver(
        parcel.damaged { Array($0.prefix($0.count * percent / 100)) }, device.name)
    case .requestFlipped(let percent):
      let bit = UInt8(1 << (percent % 8))
      return try deliver(
        parcel.damaged { bytes in
          var bytes = bytes
          bytes[bytes.count * percent / 100] ^= bit
          return bytes
        }, device.name)
    case .duplicated:
      let first = try deliver(parcel, device.name)
      return try deliverAgain(parcel, device, FirstAnswer(first, of: hub))
    case let fault: return try deliverAndAnswer(request, parcel, flight, fault)
    }
  }

  /// Signs a request for this moment; nothing if the device's disk stands in the way.
  private func seal(_ request: SyncRequest, _ flight: Flight) throws -> Parcel? {
    let nonce = String(draw(), radix: 16)
    return try attempt(on: flight.device) { _ in
      let signed = try flight.round.sign(
        request, nonce: nonce, wallMilliseconds: wall(flight.device))
      return Parcel(
        sender: flight.device.identity, signed: signed, body: request.body,
        summary: request.summary)
    }
  }

  /// The request arrives; what comes back does not, or not so.
  private func deliverAndAnswer(
    _ request: SyncRequest, _ parcel: Parcel, _ flight: Flight, _ fault: MessageFault
  ) throws -> Answer? {
    let answer = try deliver(parcel, flight.device.name)
    switch fault {
    case .responseLost: return .silence
    case .responseDelayed(let steps):
      mail.append(Mail(due: step + steps, content: .answer(answer, request, flight)))
      return nil
    case .responseCut(let percent):
      // Whoever carries it sees that the hub did not sign that, unless it can't be read at all.
      guard case .bytes(let bytes) = answer, percent < 5 else { return .silence }
      return .bytes(Array(bytes.prefix(bytes.count * percent / 100)))
    case .responseReplaced: return .bytes(Array("<html><body>Welcome</body></html>".utf8))
    case .repeatedLater(let steps):
      let copy = Mail.Content.copy(
        parcel, flight.device, first: FirstAnswer(answer, of: hub))
      mail.append(Mail(due: step + steps, content: copy))
      return answer
    default: return answer
    }
  }

  // MARK: At the hub

  /// Brings a request before the hub.
  private func deliver(_ parcel: Parcel, _ name: String) throws -> Answer {
    let wall = hubWall()
    let answer: Answer
    do {
      let bytes = try attemptAtHub { hub in
        let device = try hub.admit(parcel.signed, wallMilliseconds: wall)
        guard HTTPContract.bodyDigest(of: parcel.body) == parcel.signed.bodyDigest else {
          throw Refusal(.malformed, detail: "digest")
        }
        return try hub.answer(
          parcel.body, to: parcel.signed.path, from: device, wallMilliseconds: wall)
      }
      answer = bytes.map(Answer.bytes) ?? .silence
    } catch let refusal as Refusal {
      trace.note("    hub refuses \(name): \(refusal.code) \(refusal.sequence)")
      answer = .refusal(refusal)
    }
    try noticeCrashes()
    guard parcel.isPush else {
      try observeHub()
      try checkPage(answer, for: name, parcel.sender.device)
      trace.note("    \(name) \(parcel.summary) → \(answer.summary), hub at \(mirror.sequence)")
      return answer
    }
    let hadQuarantine = hasQuarantine
    hasQuarantine = try attemptAtHub { try !$0.quarantine(openOnly: true).isEmpty } ?? true
    let sender = parcel.sender.device
    try observeHub(
      after: sender, isAlone: !hadQuarantine, isJudged: !hadQuarantine && !hasQuarantine)
    if case .bytes = answer { try oracle.noteReceipts(for: parcel.body) }
    if answer != .silence {
      for device in devices where device.identity.device == sender {
        device.pushedUpTo = mirror.sequence
      }
    }
    trace.note("    \(name) \(parcel.summary) → \(answer.summary), hub at \(mirror.sequence)")
    return answer
  }

  /// What an answer says for ever of what was pushed, and not how a question about it stands now.
  private static func receipts(_ answer: [UInt8]) throws -> [Receipt] {
    try PushReply(decoding: answer).receipts.map { receipt in
      Receipt(
        sequence: receipt.sequence, disposition: receipt.disposition, number: receipt.number,
        reason: receipt.reason)
    }
  }

  /// What the hub has had before changes nothing (law L5): signed anew it gets the same answer, and
  /// as it was, none.
  private func deliverAgain(
    _ parcel: Parcel, _ device: SimulatedDevice, _ first: FirstAnswer
  ) throws -> Answer {
    // What is still on its way to another scope goes on with whatever comes.
    _ = try attemptAtHub { while try $0.goOnMoving(wallMilliseconds: hubWall()) {} }
    let before = try fingerprint()
    let replayed = try deliver(parcel, device.name)
    if case .bytes = first.answer, case .bytes = replayed, first.starts == hub.starts {
      throw Violation(
        law: .exactlyOnce, what: "\(device.name)'s request was taken for a new one when replayed")
    }
    let second = try deliver(try resigned(parcel), device.name)
    guard case .bytes(let bytes) = first.answer, second != .silence,
      first.restores == hub.restores,
      let before, let after = try fingerprint()
    else { return second }
    if before != after {
      throw Violation(
        law: .exactlyOnce, what: "\(device.name)'s request again changed \(before) to \(after)")
    }
    if parcel.isPush {
      guard case .bytes(let others) = second,
        try Self.receipts(bytes) == Self.receipts(others)
      else {
        throw Violation(law: .exactlyOnce, what: "\(device.name): other receipts for a repeat")
      }
    }
    return second
  }

  /// The same request, signed for now.
  private func resigned(_ parcel: Parcel) throws -> Parcel {
    let signed = try parcel.sender.signRequest(
      to: parcel.signed.path, body: parcel.body, nonce: String(draw(), radix: 16),
      hubMilliseconds: hubWall())
    return Parcel(
      sender: parcel.sender, signed: signed, body: parcel.body, summary: parcel.summary)
  }

  // MARK: Back at the device

  /// Hands an answer to the attempt.
  ///
  /// - Returns: Whether the attempt goes on.
  private func hand(_ answer: Answer, to request: SyncRequest, _ flight: Flight) throws -> Bool {
    if flight.device.owesWriting { try observe(flight.device) }
    guard !flight.isOver, answer != .silence else { return false }
    flight.device.isWrittenLast = false
    let newEpoch = Int(draw() % 2_000_000_000) + 1000
    let goesOn = try attempt(on: flight.device) { _ in
      let wall = wall(flight.device)
      do {
        switch answer {
        case .bytes(let bytes): try flight.round.receive(bytes, wallMilliseconds: wall)
        case .refusal(let refusal):
          if refusal.code == .gap { flight.device.hasOfferedAgain = true }
          flight.goesBesideFaults = refusal.code == .stale && !flight.isBesideFaults
          try flight.round.receive(refusal, newEpoch: newEpoch, wallMilliseconds: wall)
        case .tooLarge:
          if case .single = try flight.round.sendLess() { flight.isHeldUp = true }
        case .silence: break
        }
      } catch let error as WireError {
        trace.note("    \(flight.device.name) cannot read the answer: \(error)")
        return false
      } catch let refusal as Refusal {
        trace.note("    \(flight.device.name) gives up: \(refusal.code)")
        return false
      }
      return true
    }
    try noticeCrashes()
    // Receipts change no row; if one did, it is seen with what comes next.
    if goesOn == true, case .push = request {
      if case .bytes(let reply) = answer { try checkReceipts(of: flight.device, from: reply) }
      flight.device.isSeen = false
    } else {
      try observe(flight.device)
    }
    return goesOn == true
  }

  // MARK: What comes late

  func deliverMail(upTo step: Int) throws {
    let due = mail.filter { $0.due <= step }
    mail.removeAll { $0.due <= step }
    for letter in due {
      switch letter.content {
      case .request(let request, let parcel, let flight):
        trace.note("  late request of \(flight.device.name)")
        // If the hub's clock has been set meanwhile it comes as if it were on time: with honest clocks
        // it would have (law L9), and whoever sent it may not be there any more to sign anew.
        let isOnTime = hub.isOfThisMoment(parcel.signed, hubWall())
        let answer = try deliver(isOnTime ? parcel : resigned(parcel), flight.device.name)
        (flight.hubVersion, flight.hubRestores) = (hub.version, hub.restores)
        if try hand(answer, to: request, flight) { try carry(flight) }
      case .answer(let answer, let request, let flight):
        trace.note("  late answer to \(flight.device.name)")
        if try hand(answer, to: request, flight) { try carry(flight) }
      case .copy(let parcel, let device, let first):
        trace.note("  a copy of a request of \(device.name)")
        _ = try deliverAgain(parcel, device, first)
      }
    }
  }
}

extension SyncRequest {
  fileprivate var summary: String {
    switch self {
    case .push(let bytes): "push of \(bytes.count) B"
    case .compare(let comparison): "compare table \(comparison.table)"
    case .offer(let offer): "offer of \(offer.words.count) words"
    case .pull(let pull): "pull \(pull.epoch) \(pull.cursor) \(pull.position.sequence)"
    }
  }
}

extension Answer {
  fileprivate var summary: String {
    switch self {
    case .bytes(let bytes): "\(bytes.count) B"
    case .refusal(let refusal): refusal.code.rawValue
    case .silence: "silence"
    case .tooLarge: "too large on the way"
    }
  }
}
