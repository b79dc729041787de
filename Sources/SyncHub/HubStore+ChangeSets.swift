import SyncCore
import SyncSQLite

extension HubStore {
  /// Stores a change set's bytes under a new number, as one that is applied as it came.
  ///
  /// Another receipt follows when it is merged; and ``noteEnd(of:_:hash:)``, once for all that came.
  func insert(_ arrival: Arrival) throws -> Int64 {
    let (last, chain) = try lastChangeSet()
    let number = last + 1
    let (bundle, place) = try bundle(arrival.body, of: number)
    let salt = transaction.randomness.bytes(HistoryChain.saltBytes)
    let entry = HistoryEntryDraft(
      number: number, before: chain, seal: HistoryChain.seal(salt, arrival.hash),
      notes: arrival.notes)
    let (notes, next) = (entry.notes, entry.chain)
    try connection.run(
      """
      INSERT INTO hub_change_set (number, stream, sequence, hash, bundle, place, size, officer, wall,
        received_at, is_flagged, disposition, reason, chain, seal)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        .integer(number), .integer(Int64(arrival.stream)), notes.sequence, .blob(arrival.hash),
        .integer(bundle), .integer(Int64(place)), .integer(Int64(arrival.body.count)),
        notes.officer, notes.wall, notes.received, notes.isFlagged, notes.disposition,
        notes.reason, .blob(next), .blob(salt),
      ])
    note(entry, chain: next)
    return number
  }

  /// So many bytes are written together: a few pages, all of which are read for one change set.
  private static let bundleBytes = 16 << 10

  /// Puts a change set's bytes behind those that came before it in this transaction.
  ///
  /// - Returns: The bundle's number, and where in it they begin.
  private func bundle(_ body: [UInt8], of number: Int64) throws -> (bundle: Int64, place: Int) {
    if let waiting = transaction.bundle?.bytes.count, waiting + body.count > Self.bundleBytes {
      try writeBundle()
    }
    // A large one is not copied: a bundle of its own is written as it is.
    if transaction.bundle == nil, body.count > Self.bundleBytes {
      let bundle = try bundleNumber(from: number)
      try write(body, asBundle: bundle)
      return (bundle, 0)
    }
    let (bundle, place) =
      try transaction.bundle.map { ($0.number, $0.bytes.count) } ?? (bundleNumber(from: number), 0)
    if transaction.bundle == nil { transaction.bundle = (bundle, []) }
    transaction.bundle?.bytes += body
    return (bundle, place)
  }

  /// A number that no bundle has and no change set names, though the disk has lost either's end.
  private func bundleNumber(from changeSet: Int64) throws -> Int64 {
    let last = try connection.first("SELECT max(number) FROM hub_bundle")?[0].integer ?? 0
    return max(changeSet, last + 1)
  }

  /// Writes the bytes that wait to be.
  ///
  /// Never within a savepoint, which might undo it and not what refers to them.
  func writeBundle() throws {
    guard let (number, bytes) = transaction.bundle else { return }
    transaction.bundle = nil
    try write(bytes, asBundle: number)
  }

  private func write(_ bytes: [UInt8], asBundle number: Int64) throws {
    try connection.run(
      "INSERT INTO hub_bundle VALUES (?, ?)", [.integer(number), .blob(bytes)])
  }

  /// Notes how far a stream has come.
  func noteEnd(of stream: Int, _ sequence: Int64, hash: [UInt8]) throws {
    try connection.run(
      "UPDATE hub_stream SET last_sequence = ?, last_hash = ? WHERE id = ?",
      [.integer(sequence), .blob(hash), .integer(Int64(stream))])
  }

  /// Says for good what became of the last change set on record, which its chain covers.
  func setReceipt(_ number: Int64, _ disposition: Receipt.Disposition, reason: String) throws {
    guard var entry = transaction.entry, entry.number == number else {
      preconditionFailure("a receipt for another change set than the last")
    }
    entry.notes.disposition = .integer(Int64(disposition.rawValue))
    entry.notes.reason = .text(reason)
    let chain = entry.chain
    try connection.run(
      "UPDATE hub_change_set SET disposition = ?, reason = ?, chain = ? WHERE number = ?",
      [entry.notes.disposition, entry.notes.reason, .blob(chain), .integer(number)])
    note(entry, chain: chain)
  }

  /// The receipt of a change set that has come before.
  ///
  /// - Parameters:
  ///   - stream: The hub's number of its stream.
  ///   - sequence: Its place there.
  ///   - hash: Only if it has this hash; whatever it is where none is given.
  /// - Returns: The receipt; nothing if there is no such change set.
  /// - Throws: The storage's errors.
  func receipt(stream: Int, sequence: Int64, hash: [UInt8]? = nil) throws -> Receipt? {
    guard
      let row = try connection.first(
        """
        SELECT number, disposition, reason FROM hub_change_set
        WHERE stream = ? AND sequence = ? AND hash = coalesce(?, hash)
        """,
        [
          .integer(Int64(stream)), .integer(sequence), hash.map { .blob($0) } ?? .null,
        ]),
      let number = row[0].integer, let code = row[1].integer,
      let disposition = Receipt.Disposition(rawValue: Int(code))
    else { return nil }
    return Receipt(
      sequence: sequence, disposition: disposition, number: number, reason: row[2].text ?? "")
  }

  /// The questions that are open.
  func openQuestions() throws -> OpenQuestions {
    var questions = OpenQuestions()
    try connection.each(OpenQuestions.select, []) {
      try questions.add($0, in: schema)
      return true
    }
    return questions
  }

  /// Whether a receipt that is given once more says that something is in question which is no longer.
  func isSettled(_ receipt: Receipt) throws -> Bool {
    guard receipt.disposition == .conflicted, let stored = try changeSet(receipt.number),
      let changeSet = try? ChangeSet(decoding: stored.body)
    else { return false }
    return try !openQuestions().concern(changeSet)
  }

  func changeSet(_ number: Int64) throws -> (stream: Int, body: [UInt8], isFlagged: Bool)? {
    guard
      let row = try connection.first(
        "SELECT stream, body, is_flagged, bundle, place, size FROM hub_record WHERE number = ?",
        [.integer(number)]),
      let stream = row[0].integer, case .blob(var body) = row[1], let place = row[4].integer,
      let size = row[5].integer
    else { return nil }
    if let waiting = transaction.bundle, row[3] == .integer(waiting.number) {
      body = Array(waiting.bytes.dropFirst(Int(place)).prefix(Int(size)))
    }
    return (Int(stream), body, row[2] == .integer(1))
  }

  /// A stream as the hub knows it; nothing if it has never pushed.
  func knownStream(_ id: StreamID) throws -> HubStream? {
    let row = try connection.first(
      """
      SELECT id, last_sequence, last_hash, from_device, from_epoch, from_sequence, from_hash
      FROM hub_stream WHERE device = ? AND epoch = ?
      """, [.text(id.device), .integer(Int64(id.epoch))])
    guard let row, let number = row[0].integer, let sequence = row[1].integer,
      case .blob(let hash) = row[2]
    else { return nil }
    var stream = HubStream(number: Int(number), lastSequence: sequence, lastHash: hash)
    if let device = row[3].text, let epoch = row[4].integer, let from = row[5].integer,
      case .blob(let hash) = row[6]
    {
      let id = StreamID(device: device, epoch: Int(epoch))
      stream.origin = (StreamPlace(stream: id, sequence: from), hash)
    }
    return stream
  }

  /// The stream of a device's epoch; it is made on first sight.
  func stream(_ id: StreamID) throws -> HubStream {
    if let stream = try knownStream(id) { return stream }
    try connection.run(
      "INSERT INTO hub_stream (device, epoch, last_sequence, last_hash) VALUES (?, ?, 0, x'')",
      [.text(id.device), .integer(Int64(id.epoch))])
    guard let stream = try knownStream(id) else { throw HubError.notFound }
    return stream
  }

  /// Notes where a stream goes on from.
  func setOrigin(of stream: Int, _ place: StreamPlace, hash: [UInt8]) throws {
    try connection.run(
      """
      UPDATE hub_stream SET from_device = ?, from_epoch = ?, from_sequence = ?, from_hash = ?
      WHERE id = ?
      """,
      [
        .text(place.stream.device), .integer(Int64(place.stream.epoch)), .integer(place.sequence),
        .blob(hash), .integer(Int64(stream)),
      ])
  }

  /// The streams that one goes on from, each up to the change set that is named by number and hash.
  ///
  /// One that the hub does not have (any more) is no ancestor: its words are not known then, and at
  /// worst somebody is asked a question too many.
  func ancestors(of stream: HubStream) throws -> [ChangeOrigin.Ancestor] {
    var ancestors: [ChangeOrigin.Ancestor] = []
    var next = stream.origin
    while let (place, hash) = next, ancestors.count < SyncLimits.standings {
      guard let parent = try knownStream(place.stream),
        let number = try number(of: place.sequence, in: parent.number, hash: hash)
      else { break }
      ancestors.append(ChangeOrigin.Ancestor(stream: parent.number, last: number))
      next = parent.origin
    }
    return ancestors
  }

  /// Who used the devices whose streams another goes on from.
  func officers(of ancestors: [ChangeOrigin.Ancestor]) throws -> Set<String> {
    try Set(
      ancestors.compactMap { ancestor in
        try connection.first(
          """
          SELECT d.officer FROM hub_stream s JOIN hub_device d ON d.id = s.device WHERE s.id = ?
          """, [.integer(Int64(ancestor.stream))])?[0].text
      })
  }

  /// The hub's number of a stream's change set, if its hash is the given one.
  func number(of sequence: Int64, in stream: Int, hash: [UInt8]) throws -> Int64? {
    try connection.first(
      "SELECT number FROM hub_change_set WHERE stream = ? AND sequence = ? AND hash = ?",
      [.integer(Int64(stream)), .integer(sequence), .blob(hash)])?[0].integer
  }

  /// The hash of a stream's change set; nothing if there is none.
  func hash(of sequence: Int64, in stream: Int) throws -> [UInt8]? {
    let row = try connection.first(
      "SELECT hash FROM hub_change_set WHERE stream = ? AND sequence = ?",
      [.integer(Int64(stream)), .integer(sequence)])
    guard case .blob(let hash)? = row?[0] else { return nil }
    return hash
  }

  /// Whether a stream may offer work that another has brought already: it goes on from another, or
  /// its device has written others.
  func mayRepeat(_ stream: HubStream, _ id: StreamID) throws -> Bool {
    if stream.origin != nil { return true }
    return try connection.first(
      "SELECT 1 FROM hub_stream WHERE device = ? AND epoch <> ?",
      [.text(id.device), .integer(Int64(id.epoch))]) != nil
  }

  /// The same work in another stream, if it has been taken in there: its receipt, and its place.
  func sameWork(as changeSet: ChangeSet, notIn stream: Int) throws -> (
    receipt: Receipt, place: StreamPlace, hash: [UInt8]
  )? {
    let rows = try connection.rows(
      """
      SELECT number, disposition, reason, hash FROM hub_change_set
      WHERE wall = ? AND stream <> ? AND disposition <> 4 ORDER BY number
      """, [.integer(changeSet.wallMilliseconds), .integer(Int64(stream))])
    for row in rows {
      guard let number = row[0].integer, let stored = try self.changeSet(number),
        let other = try? ChangeSet(decoding: stored.body), changeSet.isSameWork(as: other),
        let disposition = row[1].integer.flatMap({ Receipt.Disposition(rawValue: Int($0)) }),
        case .blob(let hash) = row[3]
      else { continue }
      let receipt = Receipt(
        sequence: changeSet.sequence, disposition: disposition, number: number,
        reason: row[2].text ?? "")
      return (receipt, StreamPlace(stream: other.stream, sequence: other.sequence), hash)
    }
    return nil
  }

  /// Whose change set it is, and what its writer knew.
  func origin(of changeSet: ChangeSet, number: Int64, isFlagged: Bool) throws -> ChangeOrigin {
    let stream = try stream(changeSet.stream)
    return ChangeOrigin(
      stream: stream.number, changeSet: number, base: changeSet.base.sequence,
      stamp: changeSet.stamp, isFlagged: isFlagged, ancestors: try ancestors(of: stream),
      isProven: try knows(changeSet.base), isFound: changeSet.isFound, place: changeSet.sequence)
  }

  /// Puts something that the hub did on record, where no row's change says it.
  ///
  /// - Returns: The hub's number of the change set.
  @discardableResult
  func record(_ act: String, by officer: String, wallMilliseconds: Int64) throws -> Int64 {
    let (_, number) = try insertOwn(
      [], by: officer, act: act, wallMilliseconds: wallMilliseconds)
    return number
  }

  /// Stores a change set of the hub's own stream.
  func insertOwn(
    _ changes: [RowChange], by officer: String, act: String = "", wallMilliseconds: Int64
  ) throws -> (ChangeSet, number: Int64) {
    let id = StreamID(device: "hub", epoch: 0)
    let stream = try stream(id)
    var changeSet = ChangeSet(
      stream: id, sequence: stream.lastSequence + 1, previous: stream.lastHash,
      schemaVersion: schema.version, base: try point(at: try head()),
      stamp: HybridTime(milliseconds: wallMilliseconds), wallMilliseconds: wallMilliseconds,
      officer: officer, isForeign: false, changes: changes)
    changeSet.act = act
    let body = changeSet.encoded()
    let hash = ChangeSet.hash(of: body)
    let number = try insert(
      Arrival(
        stream: stream.number, id: id, sequence: changeSet.sequence, hash: hash, body: body,
        officer: officer, wallMilliseconds: wallMilliseconds,
        receivedMilliseconds: wallMilliseconds, isFlagged: false))
    try noteEnd(of: stream.number, changeSet.sequence, hash: hash)
    return (changeSet, number)
  }
}

/// A stream of change sets as the hub knows it.
struct HubStream {
  let number: Int
  var lastSequence: Int64
  var lastHash: [UInt8]
  /// The change set of another stream that this one goes on from, and its hash.
  var origin: (place: StreamPlace, hash: [UInt8])?

  init(number: Int, lastSequence: Int64, lastHash: [UInt8]) {
    self.number = number
    self.lastSequence = lastSequence
    self.lastHash = lastHash
  }
}
