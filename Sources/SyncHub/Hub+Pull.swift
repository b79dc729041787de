package import SyncCore
import SyncSQLite

extension Hub {
  /// One page of what has changed since a device's cursor, by the rows' sequence.
  ///
  /// Rows that change while a device is paging come again at the end, so when the last page is made
  /// all pages together are exactly the hub's state at that moment.
  ///
  /// - Parameters:
  ///   - request: Where the device stands.
  ///   - device: Who has signed the request.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: The page; the last one says so and carries the hub's digests.
  /// - Throws: `Refusal` for a revoked device and for one that has to do something else first (it or
  ///   the hub was put back from a copy), and the storage's errors.
  package func page(_ request: PullRequest, for device: HubDevice, wallMilliseconds: Int64) throws
    -> PullPage
  {
    let device =
      try request.isRevoked ? holdRevoked(device, wallMilliseconds: wallMilliseconds) : device
    let (page, access) = try readPlaced(wallMilliseconds) { store -> (PullPage, Access) in
      // A revoked device learns nothing, but what it has handed in must not go with a hub that was
      // put back.
      try store.checkStreams(request, of: device)
      if device.isRevoked { throw Refusal(.revoked) }
      let access = try self.access(of: device, store, wallMilliseconds: wallMilliseconds)
      let difference = try store.difference(request, device, access)
      try store.checkPlace(request, access, difference)
      let reader = Reader(access: access, own: try store.ownScopes(request, device))
      var composer = try PageComposer(
        store, request, device, reader, difference, pageRows: pageRows)
      return (try composer.compose(wallMilliseconds: wallMilliseconds), access)
    }
    // A device that takes page after page need not be noted, and waited for by the disk, with each.
    let isNoted = device.hasJustCome(at: wallMilliseconds, from: request.cursor)
    if isNoted, !page.isLast { return page }
    let damaged = try write { store -> [DamagedRow] in
      try store.noteContact(device.id, wallMilliseconds: wallMilliseconds, cursor: request.cursor)
      guard page.isLast else { return [] }
      try store.noteWaiting(request.waiting, of: device.id, wallMilliseconds: wallMilliseconds)
      // With the last page the device holds it all; what it held before it holds until then.
      try store.noteAccess(access, of: device.id, wallMilliseconds: wallMilliseconds)
      guard scrubPace.isDue(wallMilliseconds) else { return [] }
      return try store.scrub(limit: SyncLimits.scrubRows, wallMilliseconds: wallMilliseconds)
    }
    damage.add(damaged)
    return page
  }
}

extension HubDevice {
  /// Whether it is noted already, as precisely as anybody looks at it, that the device was here.
  fileprivate func hasJustCome(at wallMilliseconds: Int64, from cursor: Int64) -> Bool {
    guard let last = lastSeenMilliseconds, self.cursor == cursor else { return false }
    return (0..<SyncLimits.contactMilliseconds).contains(wallMilliseconds - last)
  }
}

extension HubStore {
  /// Looks at where a device stands before it is told anything.
  ///
  /// What a copy that was put back gives away, on either side, is that one side has less of a stream
  /// than the other was told it has.
  fileprivate func checkStreams(_ request: PullRequest, of device: HubDevice) throws {
    for standing in request.standings {
      let stream = try knownStream(StreamID(device: device.id, epoch: standing.epoch))
      let last = stream?.lastSequence ?? 0
      if standing.acknowledged > last {
        throw Refusal(
          .gap, sequence: last + 1, epoch: standing.epoch,
          detail: hexadecimal(stream?.lastHash ?? []))
      }
      let isPresent = standing == request.standings.last
      guard isPresent || request.tellsLivesApart, let stream else { continue }
      if standing.acknowledged > 0, !standing.hash.isEmpty,
        try number(of: standing.acknowledged, in: stream.number, hash: standing.hash) == nil
      {
        throw Refusal(.fork, sequence: standing.acknowledged, epoch: standing.epoch)
      }
      if isPresent, last > standing.sealed {
        throw Refusal(.fork, sequence: last, epoch: standing.epoch)
      }
    }
    guard request.tellsLivesApart else { return }
    for work in request.former where try !has(work) {
      throw Refusal(.gap, sequence: work.place.sequence, epoch: work.place.stream.epoch)
    }
  }

  /// Whether a store has handed something in as another device, as it says.
  fileprivate func has(_ work: FormerWork) throws -> Bool {
    guard let stream = try knownStream(work.place.stream) else { return false }
    return try number(of: work.place.sequence, in: stream.number, hash: work.hash) != nil
  }

  /// Looks at whether the state that a device holds is one from which it can go on.
  fileprivate func checkPlace(
    _ request: PullRequest, _ access: Access, _ difference: AccessDifference?
  ) throws {
    if try !knows(request.position) { throw Refusal(.snapshotNeeded, detail: Refusal.rolledBack) }
    let mayGoOn =
      difference == nil
      ? request.isWholly(of: access.version)
      : request.difference == .begins || request.position.access == access.version
    if request.position != .zero || request.mayHoldOwnRows, !mayGoOn {
      throw Refusal(.snapshotNeeded, detail: Refusal.otherScopes)
    }
    if try hasMissedTombstones(request) { throw Refusal(.snapshotNeeded, detail: "compacted") }
  }

  /// Whether rows that the device holds may have been deleted and forgotten since.
  private func hasMissedTombstones(_ request: PullRequest) throws -> Bool {
    guard let horizon = try horizon() else { return false }
    if request.cursor > 0 { return request.cursor < horizon }
    if request.position.sequence > 0 {
      return request.position.number < (try setting(.compacted).integer ?? 0)
    }
    return request.mayHoldOwnRows
  }
}

extension HubStore {
  /// What of the device's access has changed since it took what it holds; nothing if that is all of its
  /// access now, or if the hub does not know to have given it that.
  fileprivate func difference(
    _ request: PullRequest, _ device: HubDevice, _ access: Access
  ) throws -> AccessDifference? {
    guard request.difference != .none, request.cursor > 0, !request.isWholly(of: access.version)
    else { return nil }
    let id = StreamID(device: device.id, epoch: request.epoch)
    let ancestors = try knownStream(id).map { try self.ancestors(of: $0) } ?? []
    var held: [Set<Scope>?] = []
    for version in request.accesses {
      guard try wasGiven(version, to: id, ancestors) else { return nil }
      held.append(try scopes(of: version))
    }
    return AccessDifference(held, since: request.cursor)
  }
}

extension PullRequest {
  /// Whether all that the device holds is of some access, and so is the pull that is under way.
  fileprivate func isWholly(of access: UInt64) -> Bool {
    position.access == access && accesses.allSatisfy { $0 == access }
  }

  /// Whether a device that has never pulled may hold what it has pushed: its receipts may have been
  /// lost on their way.
  fileprivate var mayHoldOwnRows: Bool { epoch != 0 && standings.contains { $0.sealed > 0 } }
}

extension HubStore {
  /// The scopes of a device, and of those as which its store is proven to have been enrolled before.
  fileprivate func ownScopes(_ request: PullRequest, _ device: HubDevice) throws -> Set<Scope> {
    var scopes: Set<Scope> = [.device(device.id)]
    for work in request.former where try has(work) {
      scopes.insert(.device(work.place.stream.device))
    }
    return scopes
  }

  fileprivate func ownWords(_ request: PullRequest, _ device: HubDevice) throws
    -> [ChangeOrigin.Ancestor]
  {
    guard let standing = request.standings.last, standing.epoch == request.epoch,
      let stream = try knownStream(StreamID(device: device.id, epoch: request.epoch))
    else { return [] }
    let number = try connection.first(
      "SELECT number FROM hub_change_set WHERE stream = ? AND sequence = ?",
      [.integer(Int64(stream.number)), .integer(standing.acknowledged)])?[0].integer
    let acknowledged = ChangeOrigin.Ancestor(stream: stream.number, last: number ?? 0)
    return [acknowledged] + (try ancestors(of: stream))
  }
}

private struct PageComposer {
  private let store: HubStore
  private let request: PullRequest
  /// The streams whose words are the device's own, each up to a change set that it has its receipt
  /// for; none if the device has not pushed yet, or wants its own words too.
  private let own: [ChangeOrigin.Ancestor]
  private let reader: Reader
  /// Whether rows may have to go that have left the reader's scopes since his cursor.
  private let hasExits: Bool
  /// What the reader's access has changed by since he took what he holds, if it has.
  private let difference: AccessDifference?
  private let published: [Int: TableSchema]
  private var page = PullPage()
  private var bytes = 0

  private let pageRows: Int

  init(
    _ store: HubStore, _ request: PullRequest, _ device: HubDevice, _ reader: Reader,
    _ difference: AccessDifference?, pageRows: Int
  ) throws {
    self.difference = difference
    self.store = store
    self.reader = reader
    // Who takes the whole state lets everything else go, but for what an earlier page has brought.
    hasExits =
      try reader.access.read != nil && (request.epoch != 0 || request.position.sequence > 0)
      && store.connection.first(
        "SELECT 1 FROM hub_exit WHERE sequence > ? LIMIT 1",
        [.integer(max(request.cursor, request.position.sequence))]) != nil
    self.pageRows = pageRows
    self.request = request
    own = try store.ownWords(request, device)
    published = Dictionary(
      uniqueKeysWithValues: try PublishedTables.schemas().map { ($0.number, $0) })
  }

  mutating func compose(wallMilliseconds: Int64) throws -> PullPage {
    page.hub = try store.setting(.hub).text ?? ""
    page.schemaVersion = store.schema.version
    page.isPacked = request.readsBlocks
    page.hubMilliseconds = wallMilliseconds
    page.position = try store.point(at: max(request.cursor, request.position.sequence))
    page.position.access = reader.access.version
    // What has come to be the reader's may be as old as anything.
    let isBeginning = difference != nil && request.difference == .begins
    let start =
      isBeginning
      ? 0 : difference == nil ? page.position.sequence : request.position.sequence
    let scan = PageScan(store: store, reader: reader, hasExits: hasExits, difference: difference)
    let reached = try scan.forEach(after: start, limit: pageRows) { entry in
      if page.rows.count >= pageRows || bytes >= SyncLimits.pageBytes { return false }
      try add(entry)
      return true
    }
    page.isLast = reached == nil
    // What is not this reader's he need not be shown again.
    page.position.sequence = try reached ?? max(start, store.head())
    if page.isLast {
      page.digests = try store.digests(of: reader)
      // Most syncs have nothing to say: then this is most of what travels.
      if request.digest != 0, page.rows.isEmpty, page.digests.combined == request.digest {
        (page.confirmedDigest, page.digests) = (request.digest, ColumnDigests())
      }
    }
    return page
  }

  private mutating func add(_ entry: PageScan.Entry) throws {
    guard let number = entry.table.integer, case .blob(let meta) = entry.metadata else { return }
    guard reader.reads(entry.scope) else { return try letGo(entry) }
    let isGained = difference?.holds(entry.scope, reader) == false
    if let table = published[Int(number)] {
      let key = try RowKey(stored: entry.key, columns: table.key.count)
      let values = try store.connection.first(table.selectByKey, key.values)
      append(table, key, values == nil ? .deleted : .whole, values ?? [], units: nil)
    } else if let table = store.schema.table(number: Int(number)) {
      let key = try RowKey(stored: entry.key, columns: table.key.count)
      let live = try store.connection.first(table.selectByKey, key.values)
      let state = try RowState(metadata: meta, live: live, table: table)
      if state.isDeleted {
        append(table, key, .deleted, [], units: nil)
      } else if isGained || isNews(state.created, sent: state.sentWhole, isHeldByWriter: true) {
        append(table, key, .whole, state.values, units: nil)
      } else {
        let units = state.units.filter {
          isNews($0.value.version, sent: $0.value.sent, isHeldByWriter: $0.value.isHeldByWriter)
        }.keys
        if !units.isEmpty { append(table, key, .fields, state.values, units: Set(units)) }
      }
    }
  }

  /// A row that the reader has nothing to do with; he may have had.
  private mutating func letGo(_ entry: PageScan.Entry) throws {
    guard let number = entry.table.integer.map({ Int($0) }),
      let table = published[number] ?? store.schema.table(number: number)
    else { return }
    // One that has never pulled holds nothing but what it has made, and what has come before this page.
    if request.cursor == 0, request.position.sequence == 0, try !isOwn(entry.metadata, table) {
      return
    }
    append(
      table, try RowKey(stored: entry.key, columns: table.key.count), .evicted, [], units: nil)
  }

  private func isOwn(_ metadata: Value, _ table: TableSchema) throws -> Bool {
    guard case .blob(let bytes) = metadata, !bytes.isEmpty else { return false }
    let created = try RowState(metadata: bytes, live: nil, table: table).created
    return own.contains { $0.stream == created.stream }
  }

  /// Whether the device does not hold it yet: it is newer than the cursor, and not the device's own
  /// word come back unchanged.
  private func isNews(_ version: Version, sent: Int64, isHeldByWriter: Bool) -> Bool {
    guard sent > request.cursor else { return false }
    let isOwn = own.contains { $0.stream == version.stream && version.changeSet <= $0.last }
    return !isOwn || sent != version.sequence || !isHeldByWriter
  }

  private mutating func append(
    _ table: TableSchema, _ key: RowKey, _ kind: PulledRow.Kind, _ values: [Value], units: Set<Int>?
  ) {
    var row = PulledRow(table: table.number, kind: kind, key: key, columns: [], values: [])
    for (column, value) in zip(table.columns, values) {
      guard let unit = column.unit else { continue }
      if let units {
        guard units.contains(unit) else { continue }
      } else if value == .null {
        continue
      }
      row.columns.append(column.number)
      row.values.append(value)
      bytes += value.approximateBytes
    }
    page.rows.append(row)
  }
}
