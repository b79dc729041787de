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
  /// The version of the hub that answered last; it may be another by the time the answer arrives.
  var hubVersion = 2

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
    case request(SyncRequest, Flight)
    case answer(Answer, SyncRequest, Flight)
    /// A request that has arrived before, at which life of the hub, and what it answered.
    case copy(SyncRequest, SimulatedDevice, credential: String, restores: Int, first: Answer)
  }
  let due: Int
  let content: Content
}

/// What comes back for a request.
enum Answer: Equatable {
  case bytes([UInt8])
  case refusal(Refusal)
  /// Nothing, or an error that only says that there is no answer.
  case silence
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
        return true
      }
      flight.messages += 1
      if flight.messages > 60 {
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
    let fault = flight.nextFault()
    let device = flight.device
    defer { flight.hubVersion = hub.version }
    switch fault {
    case .none: return try deliver(request, from: device)
    case .requestLost: return .silence
    case .requestDelayed(let steps):
      mail.append(Mail(due: step + steps, content: .request(request, flight)))
      return nil
    case .requestCut(let percent):
      return try deliver(
        request.damaged { Array($0.prefix($0.count * percent / 100)) }, from: device)
    case .requestFlipped(let percent):
      let bit = UInt8(1 << (percent % 8))
      return try deliver(
        request.damaged { bytes in
          var bytes = bytes
          bytes[bytes.count * percent / 100] ^= bit
          return bytes
        }, from: device)
    case .duplicated:
      let first = try deliver(request, from: device)
      return try deliverAgain(
        request, device, credential: device.identity.credential, restores: hub.restores, first)
    default: return try deliverAndAnswer(request, flight, fault)
    }
  }

  /// The request arrives; what comes back does not, or not so.
  private func deliverAndAnswer(
    _ request: SyncRequest, _ flight: Flight, _ fault: MessageFault
  ) throws -> Answer? {
    let answer = try deliver(request, from: flight.device)
    switch fault {
    case .responseLost: return .silence
    case .responseDelayed(let steps):
      mail.append(Mail(due: step + steps, content: .answer(answer, request, flight)))
      return nil
    case .responseCut(let percent):
      guard case .bytes(let bytes) = answer else { return .silence }
      return .bytes(Array(bytes.prefix(bytes.count * percent / 100)))
    case .responseReplaced: return .bytes(Array("<html><body>Welcome</body></html>".utf8))
    case .repeatedLater(let steps):
      let copy = Mail.Content.copy(
        request, flight.device, credential: flight.device.identity.credential,
        restores: hub.restores, first: answer)
      mail.append(Mail(due: step + steps, content: copy))
      return answer
    default: return answer
    }
  }

  // MARK: At the hub

  /// Brings a request before the hub.
  func deliver(_ request: SyncRequest, from device: SimulatedDevice) throws -> Answer {
    try deliver(request, credential: device.identity.credential, device.name)
  }

  private func deliver(
    _ request: SyncRequest, credential: String, _ name: String
  ) throws -> Answer {
    let wall = hubWall()
    let answer: Answer
    do {
      let bytes = try attemptAtHub { hub in
        let device = try hub.authenticate(credential)
        return try hub.answer(request, from: device, wallMilliseconds: wall)
      }
      answer = bytes.map(Answer.bytes) ?? .silence
    } catch let refusal as Refusal {
      trace.note("    hub refuses \(name): \(refusal.code) \(refusal.sequence)")
      answer = .refusal(refusal)
    }
    try noticeCrashes()
    guard case .push(let bytes) = request else {
      try observeHub()
      trace.note("    \(name) \(request.summary) → \(answer.summary), hub at \(mirror.sequence)")
      return answer
    }
    let hadQuarantine = hasQuarantine
    hasQuarantine = try attemptAtHub { try !$0.quarantine(openOnly: true).isEmpty } ?? true
    try observeHub(after: hadQuarantine || hasQuarantine ? nil : credential)
    if case .bytes = answer { try oracle.noteReceipts(for: bytes) }
    if answer != .silence {
      for device in devices where device.identity.credential == credential {
        device.pushedUpTo = mirror.sequence
      }
    }
    trace.note("    \(name) \(request.summary) → \(answer.summary), hub at \(mirror.sequence)")
    return answer
  }

  /// What the hub has had before changes nothing and gets the same answer (law L5).
  private func deliverAgain(
    _ request: SyncRequest, _ device: SimulatedDevice, credential: String, restores: Int,
    _ first: Answer
  ) throws -> Answer {
    let before = try fingerprint()
    let second = try deliver(request, credential: credential, device.name)
    guard case .bytes(let bytes) = first, second != .silence, restores == hub.restores,
      let before, let after = try fingerprint()
    else { return second }
    if before != after {
      throw Violation(
        law: .exactlyOnce, what: "\(device.name)'s request again changed \(before) to \(after)")
    }
    if case .push = request {
      guard case .bytes(let others) = second,
        try PushReply(decoding: bytes).receipts == PushReply(decoding: others).receipts
      else {
        throw Violation(law: .exactlyOnce, what: "\(device.name): other receipts for a repeat")
      }
    }
    return second
  }

  // MARK: Back at the device

  /// Hands an answer to the attempt.
  ///
  /// - Returns: Whether the attempt goes on.
  private func hand(_ answer: Answer, to request: SyncRequest, _ flight: Flight) throws -> Bool {
    if flight.device.owesWriting { try observe(flight.device) }
    guard !flight.isOver, answer != .silence else { return false }
    let newEpoch = Int(draw() % 2_000_000_000) + 1000
    let goesOn = try attempt(on: flight.device) { _ in
      let wall = wall(flight.device)
      do {
        switch answer {
        case .bytes(let bytes): try flight.round.receive(bytes, wallMilliseconds: wall)
        case .refusal(let refusal):
          if refusal.code == .gap { flight.device.hasOfferedAgain = true }
          try flight.round.receive(refusal, newEpoch: newEpoch, wallMilliseconds: wall)
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
      case .request(let request, let flight):
        trace.note("  late request of \(flight.device.name)")
        let answer = try deliver(request, from: flight.device)
        flight.hubVersion = hub.version
        if try hand(answer, to: request, flight) { try carry(flight) }
      case .answer(let answer, let request, let flight):
        trace.note("  late answer to \(flight.device.name)")
        if try hand(answer, to: request, flight) { try carry(flight) }
      case .copy(let request, let device, let credential, let restores, let first):
        trace.note("  a copy of a request of \(device.name)")
        _ = try deliverAgain(
          request, device, credential: credential, restores: restores, first)
      }
    }
  }
}

extension SyncRequest {
  fileprivate func damaged(_ damage: ([UInt8]) -> [UInt8]) -> SyncRequest {
    switch self {
    case .push(let bytes): .push(damage(bytes))
    // It does not fit its digest; the server says that it cannot read it.
    case .pull, .compare: .push([])
    }
  }

  fileprivate var summary: String {
    switch self {
    case .push(let bytes): "push of \(bytes.count) B"
    case .compare(let comparison): "compare table \(comparison.table)"
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
    }
  }
}

extension Hub {
  /// What the server does with a request, as bytes.
  fileprivate func answer(
    _ request: SyncRequest, from device: HubDevice, wallMilliseconds: Int64
  ) throws -> [UInt8] {
    switch request {
    case .push(let bytes):
      try receive(envelope: bytes, from: device, wallMilliseconds: wallMilliseconds).encoded()
    case .compare(let request): try compare(request, for: device).encoded()
    case .pull(let request):
      try page(request, for: device, wallMilliseconds: wallMilliseconds).encoded()
    }
  }
}
