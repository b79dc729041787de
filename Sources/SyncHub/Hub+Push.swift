import Crypto
package import SyncCore

extension Hub {
  /// Takes an envelope in: every change set is merged or put in quarantine, and has its receipt
  /// when this returns.
  ///
  /// An envelope that comes again changes nothing and gets the same receipts.
  ///
  /// - Parameters:
  ///   - bytes: The envelope as it came, by whatever road.
  ///   - device: Who has signed the request that it came with.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: A receipt for every change set, to be closed with ``Hub/sign(_:)``.
  /// - Throws: `Refusal` if the envelope as a whole cannot be taken; nothing is changed then.
  package func receive(
    envelope bytes: consuming [UInt8], from device: HubDevice, wallMilliseconds: Int64
  )
    throws -> PushReply
  {
    let envelope = try checked(bytes, device)
    let offset = wallMilliseconds - envelope.wallMilliseconds
    let isClockOff = abs(offset) > SyncLimits.clockOffsetMilliseconds
    return try write(envelope.changeSets.lazy.map(\.count).max() ?? 0) { store in
      var reply = PushReply()
      reply.epoch = envelope.stream.epoch
      reply.hubMilliseconds = wallMilliseconds
      reply.clockOffsetMilliseconds = isClockOff ? offset : 0
      let reader =
        try device.isRevoked
        ? nil : self.reader(device, store, wallMilliseconds: wallMilliseconds)
      var reception = try Reception(
        hub: self, store: store, id: envelope.stream, isClockOff: isClockOff, reader: reader,
        wallMilliseconds: wallMilliseconds)
      reply.receipts = try reception.take(envelope)
      reply.device = device.id
      if !reply.receipts.isEmpty {
        reply.lastHash = ChangeSet.hash(of: envelope.changeSets[reply.receipts.count - 1])
      }
      try store.noteContact(device.id, wallMilliseconds: wallMilliseconds, clockOffset: offset)
      return reply
    }
  }

  private func checked(_ bytes: consuming [UInt8], _ device: HubDevice) throws -> Envelope {
    var envelope: Envelope
    do { envelope = try Envelope(decoding: bytes) } catch {
      throw Refusal(.malformed, detail: "envelope")
    }
    guard envelope.protocolVersion <= SyncLimits.protocolVersion else {
      throw Refusal(.protocolNewer, detail: String(SyncLimits.protocolVersion))
    }
    guard envelope.schemaVersion <= schema.version else {
      throw Refusal(.schemaNewer, detail: String(schema.version))
    }
    guard envelope.changeSets.count <= SyncLimits.envelopeChangeSets else {
      throw Refusal(.tooLarge, detail: String(SyncLimits.envelopeChangeSets))
    }
    guard envelope.stream.device == device.id,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: device.publicKey),
      key.isValidSignature(envelope.signature, for: envelope.signed)
    else { throw Refusal(.badSignature) }
    envelope.forgetSigned()
    return envelope
  }
}

/// The taking in of one envelope's change sets, in one transaction.
private struct Reception {
  private let hub: Hub
  private let store: HubStore
  private var stream: HubStream
  private let id: StreamID
  private let isClockOff: Bool
  /// What the device's holder may see and change; nothing if it was revoked.
  private let reader: Reader?
  private let wallMilliseconds: Int64
  private var mayRepeat: Bool
  private var ancestors: [ChangeOrigin.Ancestor]
  /// The last base that was looked up; most change sets of an envelope share one.
  private var provenBase: HubPoint?

  init(
    hub: Hub, store: HubStore, id: StreamID, isClockOff: Bool, reader: Reader?,
    wallMilliseconds: Int64
  ) throws {
    self.hub = hub
    self.store = store
    self.id = id
    self.isClockOff = isClockOff
    self.reader = reader
    self.wallMilliseconds = wallMilliseconds
    stream = try store.stream(id)
    mayRepeat = try store.mayRepeat(stream, id)
    ancestors = try store.ancestors(of: stream)
  }

  /// Takes in as many as follow one another; what has a receipt keeps it though the rest is refused.
  mutating func take(_ envelope: Envelope) throws -> [Receipt] {
    var receipts: [Receipt] = []
    let start = try store.head()
    for body in envelope.changeSets {
      if try store.head() - start > SyncLimits.ingestedRows { break }
      do {
        receipts.append(try take(body))
      } catch let refusal as Refusal {
        if receipts.isEmpty { throw refusal }
        break
      }
    }
    try store.noteEnd(of: stream.number, stream.lastSequence, hash: stream.lastHash)
    return receipts
  }

  private mutating func take(_ body: [UInt8]) throws -> Receipt {
    let hash = ChangeSet.hash(of: body)
    guard let changeSet = try? ChangeSet(decoding: body) else {
      return try takeMalformed(body, hash)
    }
    guard changeSet.stream == id else { throw Refusal(.malformed, detail: "stream") }
    if changeSet.sequence <= stream.lastSequence { return try known(changeSet.sequence, hash) }
    try checkPlace(changeSet)
    let isFlagged =
      isClockOff
      || changeSet.stamp.milliseconds > wallMilliseconds + SyncLimits.clockOffsetMilliseconds
    let number = try insert(changeSet, body, hash, isFlagged: isFlagged)
    if mayRepeat, let known = try store.sameWork(as: changeSet, notIn: stream.number) {
      try store.setReceipt(number, known.receipt.disposition, reason: known.receipt.reason)
      try goOn(from: known.place, hash: known.hash)
      var receipt = known.receipt
      receipt.isSettled = try store.isSettled(receipt)
      receipt.number = number
      return receipt
    }
    let verdict = try judge(changeSet, number: number, isFlagged: isFlagged)
    if verdict.disposition == .quarantined {
      try store.quarantine(
        changeSet, number: number, verdict, wallMilliseconds: wallMilliseconds)
    }
    if verdict.disposition != .applied {
      try store.setReceipt(number, verdict.disposition, reason: verdict.text)
    }
    if verdict.disposition != .quarantined {
      try hub.recallWaiting(changeSet, store, wallMilliseconds: wallMilliseconds)
      try hub.retryWhatAwaited(number, store, wallMilliseconds: wallMilliseconds)
    }
    return Receipt(
      sequence: changeSet.sequence, disposition: verdict.disposition, number: number,
      reason: verdict.text)
  }

  /// The receipt of what has come before.
  private func known(_ sequence: Int64, _ hash: [UInt8]) throws -> Receipt {
    let receipt = try store.receipt(stream: stream.number, sequence: sequence, hash: hash)
    if var receipt {
      receipt.isSettled = try store.isSettled(receipt)
      return receipt
    }
    let before = try store.hash(of: sequence - 1, in: stream.number) ?? []
    throw Refusal(.fork, sequence: sequence, epoch: id.epoch, detail: hexadecimal(before))
  }

  /// The receipt of what has come before and was damaged on its device since: what has been taken in is
  /// whole, and nobody need be asked anything.
  private func knownDamaged(_ sequence: Int64, _ hash: [UInt8]) throws -> Receipt {
    guard let receipt = try store.receipt(stream: stream.number, sequence: sequence) else {
      return try known(sequence, hash)
    }
    return receipt
  }

  private mutating func checkPlace(_ changeSet: ChangeSet) throws {
    guard changeSet.sequence == stream.lastSequence + 1 else { throw gap }
    if changeSet.sequence == 1 {
      guard let place = changeSet.continues else { return }
      try store.setOrigin(of: stream.number, place, hash: changeSet.previous)
      stream.origin = (place, changeSet.previous)
      mayRepeat = true
      ancestors = try store.ancestors(of: stream)
    } else if changeSet.previous != stream.lastHash {
      throw Refusal(
        .fork, sequence: changeSet.sequence, epoch: id.epoch, detail: hexadecimal(stream.lastHash))
    }
  }

  private var gap: Refusal {
    Refusal(
      .gap, sequence: stream.lastSequence + 1, epoch: id.epoch,
      detail: hexadecimal(stream.lastHash))
  }

  /// The work that the stream begins with is known under the name of the one it goes on from, or of
  /// the hub's memory of it: it goes on from there.
  ///
  /// Only the very next there counts. What waited to be sent two copies may have sent behind different
  /// work, of which the one then knows nothing.
  private mutating func goOn(from place: StreamPlace, hash: [UInt8]) throws {
    let origin = stream.origin?.place
    if origin == nil || origin?.stream == place.stream {
      guard place.sequence == (origin?.sequence ?? 0) + 1 else { return }
    } else if !ancestors.isEmpty {
      return
    }
    try store.setOrigin(of: stream.number, place, hash: hash)
    stream.origin = (place, hash)
    ancestors = try store.ancestors(of: stream)
  }

  private mutating func judge(_ changeSet: ChangeSet, number: Int64, isFlagged: Bool) throws
    -> Verdict
  {
    guard let reader else { return Verdict(.quarantined, .revoked, "") }
    guard try isNamedRightly(changeSet, reader.access) else {
      return Verdict(.quarantined, .otherOfficer, "")
    }
    let origin = ChangeOrigin(
      stream: stream.number, changeSet: number, base: changeSet.base.sequence,
      stamp: changeSet.stamp, isFlagged: isFlagged, ancestors: ancestors,
      isProven: try isProven(changeSet.base), isFound: changeSet.isFound,
      place: changeSet.sequence)
    return try hub.merge(
      changeSet, from: origin, store, within: reader, wallMilliseconds: wallMilliseconds)
  }

  /// Whether the writer is one who uses the device, or used it when it was enrolled as another.
  private func isNamedRightly(_ changeSet: ChangeSet, _ access: Access) throws -> Bool {
    guard let officers = access.officers, !officers.contains(changeSet.officer) else { return true }
    return try store.officers(of: ancestors).contains(changeSet.officer)
  }

  private mutating func isProven(_ base: HubPoint) throws -> Bool {
    if base == provenBase { return true }
    guard try store.knows(base) else { return false }
    provenBase = base
    return true
  }

  private mutating func insert(
    _ changeSet: ChangeSet, _ body: [UInt8], _ hash: [UInt8], isFlagged: Bool
  ) throws -> Int64 {
    (stream.lastSequence, stream.lastHash) = (changeSet.sequence, hash)
    return try store.insert(
      Arrival(
        stream: stream.number, id: id, sequence: changeSet.sequence, hash: hash, body: body,
        officer: changeSet.officer, wallMilliseconds: changeSet.wallMilliseconds,
        receivedMilliseconds: wallMilliseconds, isFlagged: isFlagged))
  }

  /// Bytes in a signed envelope that are no change set: kept as they are, in their place in the
  /// stream, so that they block nothing behind them.
  private mutating func takeMalformed(_ body: [UInt8], _ hash: [UInt8]) throws -> Receipt {
    let sequence = stream.lastSequence + 1
    if let damaged = DamagedChangeSet.sequence(in: body), damaged != sequence {
      if damaged < sequence { return try knownDamaged(damaged, hash) }
      throw gap
    }
    let changeSet = ChangeSet(
      stream: id, sequence: sequence, previous: [], schemaVersion: 0, base: .zero, stamp: .zero,
      wallMilliseconds: wallMilliseconds, officer: "", isForeign: true, changes: [])
    let number = try insert(changeSet, body, hash, isFlagged: true)
    let verdict = Verdict(.quarantined, .malformed, "")
    try store.quarantine(changeSet, number: number, verdict, wallMilliseconds: wallMilliseconds)
    try store.setReceipt(number, .quarantined, reason: verdict.text)
    return Receipt(
      sequence: sequence, disposition: .quarantined, number: number, reason: verdict.text)
  }
}

/// What became of a change set.
struct Verdict {
  let disposition: Receipt.Disposition
  let reason: QuarantineReason?
  let detail: String
  let awaited: Ingest.AwaitedRow?

  init(
    _ disposition: Receipt.Disposition, _ reason: QuarantineReason? = nil, _ detail: String = "",
    awaited: Ingest.AwaitedRow? = nil
  ) {
    self.disposition = disposition
    self.reason = reason
    self.detail = detail
    self.awaited = awaited
  }

  /// The reason's code, and what it concerns after a colon.
  var text: String {
    guard let reason else { return "" }
    return detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
  }
}

extension Hub {
  /// Merges a change set that has been stored, or says why it belongs in quarantine.
  ///
  /// Without a reader, who would have to be let do that, it has been decided that it is done. A decision
  /// says what becomes of the one row that the change set changes.
  func merge(
    _ changeSet: ChangeSet, from origin: ChangeOrigin, _ store: HubStore,
    within reader: Reader? = nil, deciding decision: Ingest.Decision? = nil,
    wallMilliseconds: Int64
  ) throws -> Verdict {
    if changeSet.changes.holdNoNumber,
      let change = changeSet.changes.first(where: \.holdsNoNumber)
    {
      let table = schema.table(number: change.table)?.name ?? ""
      return Verdict(.quarantined, .constraint, "\(table) \(change.key)")
    }
    let past = Past(store, changeSet, origin)
    var ingest = Ingest(
      store, kinds: kinds, rules: rules,
      permission: reader.flatMap { Permission(store, $0, past) }, decision: decision, past: past,
      changeSet: changeSet, origin: origin,
      filled: { change in
        changeSet.schemaVersion < schema.version
          ? filled(change, from: changeSet.schemaVersion) : change
      },
      book: ConflictBook(store, wallMilliseconds: wallMilliseconds))
    do {
      return Verdict(try store.connection.attempt { try ingest.run() })
    } catch let rejection as Ingest.Rejection {
      return Verdict(
        .quarantined, rejection.reason, rejection.detail, awaited: rejection.awaited)
    }
  }

  /// What a device with an older schema has left out of the rows that it made: they get the defaults of
  /// columns that it does not know.
  ///
  /// Only merging sees it so; the bytes that came are kept as they are.
  private func filled(_ change: RowChange, from version: Int) -> RowChange {
    guard change.operation == .insert, let table = schema.table(number: change.table),
      let defaults = defaults[change.table]
    else { return change }
    let missing = zip(table.columns, defaults).filter { column, value in
      column.unit != nil && value != .null && column.since > version
    }
    let fields = missing.map { FieldChange(column: $0.number, before: .null, after: $1) }
    return RowChange(
      table: change.table, operation: .insert, key: change.key, fields: change.fields + fields)
  }

  /// Makes changes on the hub's own behalf.
  ///
  /// They flow to every device like anybody's.
  ///
  /// - Parameters:
  ///   - changes: What to do; the hub knows all that it holds, so nothing here is concurrent.
  ///   - officer: Who decided it.
  ///   - act: What is done by it, where that is more than the changes say: a word of
  ///     ``AdministrativeAct/Kind``, what with, and after a colon why.
  ///   - wallMilliseconds: The hub's time.
  /// - Throws: ``HubError/refusedByConstraint(_:)`` if a row does not fit; nothing is changed then.
  package func commit(
    _ changes: [RowChange], by officer: String, act: String = "", wallMilliseconds: Int64
  ) throws {
    guard !changes.isEmpty else { return }
    try write { store in
      let (changeSet, number) = try store.insertOwn(
        changes, by: officer, act: act, wallMilliseconds: wallMilliseconds)
      let verdict = try merge(
        changeSet, from: .hub(number, changeSet), store, wallMilliseconds: wallMilliseconds)
      if verdict.disposition == .quarantined { throw HubError.refusedByConstraint(verdict.text) }
      try store.setReceipt(number, verdict.disposition, reason: "")
      if changes.count > SyncLimits.wordRows { return }
      let ruling = Ruling(by: officer, reason: "", wallMilliseconds: wallMilliseconds)
      for change in changes { try store.publishWord(of: change, number, ruling, signedBy: key) }
    }
  }
}

extension ChangeOrigin {
  /// The hub itself, which knows all that it holds.
  static func hub(_ number: Int64, _ changeSet: ChangeSet) -> ChangeOrigin {
    ChangeOrigin(
      stream: hubStream, changeSet: number, base: changeSet.base.sequence, stamp: changeSet.stamp,
      isFlagged: false)
  }
}
