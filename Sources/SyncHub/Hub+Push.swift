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
  ///   - device: Whose credential came with it.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: A receipt for every change set.
  /// - Throws: `Refusal` if the envelope as a whole cannot be taken; nothing is changed then.
  package func receive(envelope bytes: [UInt8], from device: HubDevice, wallMilliseconds: Int64)
    throws -> PushReply
  {
    let envelope = try checked(bytes, device)
    let offset = wallMilliseconds - envelope.wallMilliseconds
    let isClockOff = abs(offset) > SyncLimits.clockOffsetMilliseconds
    return try write { store in
      var reply = PushReply()
      reply.hubMilliseconds = wallMilliseconds
      reply.clockOffsetMilliseconds = isClockOff ? offset : 0
      var reception = Reception(
        hub: self, store: store, stream: try store.stream(envelope.stream), id: envelope.stream,
        isClockOff: isClockOff, isRevoked: device.isRevoked, wallMilliseconds: wallMilliseconds)
      for body in envelope.changeSets { reply.receipts.append(try reception.take(body)) }
      try store.noteContact(device.id, wallMilliseconds: wallMilliseconds, clockOffset: offset)
      return reply
    }
  }

  private func checked(_ bytes: [UInt8], _ device: HubDevice) throws -> Envelope {
    let envelope: Envelope
    do { envelope = try Envelope(decoding: bytes) } catch {
      throw Refusal(.malformed, detail: "envelope")
    }
    guard envelope.protocolVersion <= SyncLimits.protocolVersion else {
      throw Refusal(.protocolNewer, detail: String(SyncLimits.protocolVersion))
    }
    guard envelope.schemaVersion <= schema.version else {
      throw Refusal(.schemaNewer, detail: String(schema.version))
    }
    guard envelope.stream.device == device.id,
      let key = try? Curve25519.Signing.PublicKey(rawRepresentation: device.publicKey),
      key.isValidSignature(envelope.signature, for: envelope.signed)
    else { throw Refusal(.badSignature) }
    return envelope
  }
}

/// The taking in of one envelope's change sets, in one transaction.
private struct Reception {
  let hub: Hub
  let store: HubStore
  var stream: (number: Int, lastSequence: Int64, lastHash: [UInt8])
  let id: StreamID
  let isClockOff: Bool
  let isRevoked: Bool
  let wallMilliseconds: Int64

  mutating func take(_ body: [UInt8]) throws -> Receipt {
    let hash = ChangeSet.hash(of: body)
    guard let changeSet = try? ChangeSet(decoding: body) else {
      return try takeMalformed(body, hash)
    }
    guard changeSet.stream == id else { throw Refusal(.malformed, detail: "stream") }
    if changeSet.sequence <= stream.lastSequence {
      let known = try store.receipt(
        stream: stream.number, sequence: changeSet.sequence, hash: hash)
      guard let known else { throw Refusal(.fork, sequence: changeSet.sequence) }
      return known
    }
    guard changeSet.sequence == stream.lastSequence + 1 else {
      throw Refusal(.gap, sequence: stream.lastSequence + 1)
    }
    guard changeSet.previous == stream.lastHash else {
      throw Refusal(.fork, sequence: changeSet.sequence)
    }
    let isFlagged =
      isClockOff
      || changeSet.stamp.milliseconds > wallMilliseconds + SyncLimits.stampAheadMilliseconds
    let number = try insert(changeSet, body, hash, isFlagged: isFlagged)
    let verdict =
      isRevoked
      ? Verdict(.quarantined, .revoked, "")
      : try hub.merge(
        changeSet, number: number, stream: stream.number, isFlagged: isFlagged, store,
        wallMilliseconds: wallMilliseconds)
    if verdict.disposition == .quarantined {
      try store.quarantine(
        changeSet, number: number, verdict, wallMilliseconds: wallMilliseconds)
    }
    try store.setReceipt(number, verdict.disposition, reason: verdict.text)
    return Receipt(
      sequence: changeSet.sequence, disposition: verdict.disposition, number: number,
      reason: verdict.text)
  }

  private mutating func insert(
    _ changeSet: ChangeSet, _ body: [UInt8], _ hash: [UInt8], isFlagged: Bool
  ) throws -> Int64 {
    (stream.lastSequence, stream.lastHash) = (changeSet.sequence, hash)
    return try store.insert(
      Arrival(
        stream: stream.number, sequence: changeSet.sequence, hash: hash, body: body,
        officer: changeSet.officer, wallMilliseconds: changeSet.wallMilliseconds,
        receivedMilliseconds: wallMilliseconds, isFlagged: isFlagged))
  }

  /// Bytes in a signed envelope that are no change set: kept as they are, in their place in the
  /// stream, so that they block nothing behind them.
  private mutating func takeMalformed(_ body: [UInt8], _ hash: [UInt8]) throws -> Receipt {
    let sequence = stream.lastSequence + 1
    let changeSet = ChangeSet(
      stream: id, sequence: sequence, previous: [], schemaVersion: 0, base: 0, stamp: .zero,
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

  init(_ disposition: Receipt.Disposition, _ reason: QuarantineReason? = nil, _ detail: String = "")
  {
    self.disposition = disposition
    self.reason = reason
    self.detail = detail
  }

  /// The reason's code, and what it concerns after a colon.
  var text: String {
    guard let reason else { return "" }
    return detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)"
  }
}

extension Hub {
  /// Merges a change set that has been stored, or says why it belongs in quarantine.
  func merge(
    _ changeSet: ChangeSet, number: Int64, stream: Int, isFlagged: Bool, _ store: HubStore,
    wallMilliseconds: Int64
  ) throws -> Verdict {
    let origin = ChangeOrigin(
      stream: stream, changeSet: number, base: changeSet.base, stamp: changeSet.stamp,
      isFlagged: isFlagged)
    var ingest = Ingest(
      store, links: links, rules: rules,
      changeSet: changeSet.schemaVersion < schema.version ? filledIn(changeSet) : changeSet,
      origin: origin,
      book: ConflictBook(store, wallMilliseconds: wallMilliseconds))
    do {
      return Verdict(try store.connection.attempt { try ingest.run() })
    } catch let rejection as Ingest.Rejection {
      return Verdict(.quarantined, rejection.reason, rejection.detail)
    }
  }

  /// A change set of a device with an older schema, whose new rows get the defaults of columns that
  /// the device does not know.
  ///
  /// Only merging sees it so; the bytes that came are kept as they are.
  private func filledIn(_ changeSet: ChangeSet) -> ChangeSet {
    var filled = changeSet
    filled.changes = changeSet.changes.map { change in
      guard change.operation == .insert, let table = schema.table(number: change.table),
        let defaults = defaults[change.table]
      else { return change }
      let missing = zip(table.columns, defaults).filter { column, value in
        column.unit != nil && value != .null && column.since > changeSet.schemaVersion
      }
      let fields = missing.map { FieldChange(column: $0.number, before: .null, after: $1) }
      return RowChange(
        table: change.table, operation: .insert, key: change.key, fields: change.fields + fields)
    }
    return filled
  }

  /// Makes changes on the hub's own behalf.
  ///
  /// They flow to every device like anybody's.
  ///
  /// - Parameters:
  ///   - changes: What to do; the hub knows all that it holds, so nothing here is concurrent.
  ///   - officer: Who decided it.
  ///   - wallMilliseconds: The hub's time.
  /// - Throws: ``HubError/refusedByConstraint(_:)`` if a row does not fit; nothing is changed then.
  package func commit(_ changes: [RowChange], by officer: String, wallMilliseconds: Int64) throws {
    guard !changes.isEmpty else { return }
    try write { store in
      let (changeSet, number) = try store.insertOwn(
        changes, by: officer, schemaVersion: schema.version, wallMilliseconds: wallMilliseconds)
      let verdict = try merge(
        changeSet, number: number, stream: ChangeOrigin.hubStream, isFlagged: false, store,
        wallMilliseconds: wallMilliseconds)
      if verdict.disposition == .quarantined { throw HubError.refusedByConstraint(verdict.text) }
      try store.setReceipt(number, verdict.disposition, reason: "")
    }
  }
}

extension HubStore {
  /// Stores a change set of the hub's own stream.
  func insertOwn(
    _ changes: [RowChange], by officer: String, schemaVersion: Int, wallMilliseconds: Int64
  ) throws -> (ChangeSet, number: Int64) {
    let id = StreamID(device: "hub", epoch: 0)
    let stream = try stream(id)
    let changeSet = ChangeSet(
      stream: id, sequence: stream.lastSequence + 1, previous: stream.lastHash,
      schemaVersion: schemaVersion, base: try head(),
      stamp: HybridTime(milliseconds: wallMilliseconds), wallMilliseconds: wallMilliseconds,
      officer: officer, isForeign: false, changes: changes)
    let body = changeSet.encoded()
    let number = try insert(
      Arrival(
        stream: stream.number, sequence: changeSet.sequence, hash: ChangeSet.hash(of: body),
        body: body, officer: officer, wallMilliseconds: wallMilliseconds,
        receivedMilliseconds: wallMilliseconds, isFlagged: false))
    return (changeSet, number)
  }
}
