package import SyncCore
import SyncSQLite

/// What a device asks for when it pulls.
package struct PullRequest: Equatable, Sendable {
  /// The stream that the device writes now: its own work is not sent back to it.
  package var epoch: Int
  /// The sequence whose state the device holds.
  package var cursor: Int64
  /// Where the page begins: the cursor, or the end of the page before.
  package var position: Int64

  package init(epoch: Int, cursor: Int64, position: Int64) {
    self.epoch = epoch
    self.cursor = cursor
    self.position = position
  }
}

extension Hub {
  /// One page of what has changed since a device's cursor, by the rows' sequence.
  ///
  /// Rows that change while a device is paging come again at the end, so when the last page is made
  /// all pages together are exactly the hub's state at that moment.
  ///
  /// - Parameters:
  ///   - request: Where the device stands.
  ///   - device: Whose credential came with it.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: The page; the last one says so and carries the hub's digests.
  /// - Throws: `Refusal` for a revoked device, and the storage's errors.
  package func page(_ request: PullRequest, for device: HubDevice, wallMilliseconds: Int64) throws
    -> PullPage
  {
    if device.isRevoked { throw Refusal(.revoked) }
    let page = try read { store in
      var composer = try PageComposer(store, request, device)
      return try composer.compose(wallMilliseconds: wallMilliseconds)
    }
    try write { store in
      try store.noteContact(device.id, wallMilliseconds: wallMilliseconds, cursor: request.cursor)
    }
    return page
  }
}

private struct PageComposer {
  private let store: HubStore
  private let request: PullRequest
  /// The hub's number of the stream the device writes; nothing if it has not pushed yet.
  private let ownStream: Int?
  private let published: [Int: TableSchema]
  private var page = PullPage()
  private var bytes = 0

  /// A page ends after this many rows even if none of them is for the device, so that no request
  /// scans the whole store.
  private static let scannedRowsMax = 20 * SyncLimits.pageRows

  init(_ store: HubStore, _ request: PullRequest, _ device: HubDevice) throws {
    self.store = store
    self.request = request
    let row = try store.connection.first(
      "SELECT id FROM hub_stream WHERE device = ? AND epoch = ?",
      [.text(device.id), .integer(Int64(request.epoch))])
    ownStream = row?[0].integer.map { Int($0) }
    published = Dictionary(
      uniqueKeysWithValues: try PublishedTables.schemas().map { ($0.number, $0) })
  }

  mutating func compose(wallMilliseconds: Int64) throws -> PullPage {
    page.timeline = try store.setting(.timeline).text ?? ""
    page.schemaVersion = store.schema.version
    page.hubMilliseconds = wallMilliseconds
    page.position = max(request.cursor, request.position)
    var scanned = 0
    var isFull = false
    try store.connection.each(
      "SELECT tbl, key, sequence, meta FROM hub_row WHERE sequence > ? ORDER BY sequence",
      [.integer(page.position)]
    ) { row in
      if page.rows.count >= SyncLimits.pageRows || bytes >= SyncLimits.pageBytes
        || scanned >= Self.scannedRowsMax
      {
        isFull = true
        return false
      }
      try add(row)
      scanned += 1
      page.position = row[2].integer ?? page.position
      return true
    }
    page.isLast = !isFull
    if page.isLast { page.digests = try store.digests() }
    return page
  }

  private mutating func add(_ row: [Value]) throws {
    guard let number = row[0].integer, case .blob(let meta) = row[3] else { return }
    if let table = published[Int(number)] {
      let key = try RowKey(stored: row[1], columns: table.key.count)
      let values = try store.connection.first(table.selectByKey, key.values)
      append(table, key, values == nil ? .deleted : .whole, values ?? [], units: nil)
    } else if let table = store.schema.table(number: Int(number)) {
      let key = try RowKey(stored: row[1], columns: table.key.count)
      let live = try store.connection.first(table.selectByKey, key.values)
      let state = try RowState(metadata: meta, live: live, table: table)
      if state.isDeleted {
        append(table, key, .deleted, [], units: nil)
      } else if isNews(state.created, sent: state.sentWhole, isHeldByWriter: true) {
        append(table, key, .whole, state.values, units: nil)
      } else {
        let units = state.units.filter {
          isNews($0.value.version, sent: $0.value.sent, isHeldByWriter: $0.value.isHeldByWriter)
        }.keys
        if !units.isEmpty { append(table, key, .fields, state.values, units: Set(units)) }
      }
    }
  }

  /// Whether the device does not hold it yet: it is newer than the cursor, and not the device's own
  /// word come back unchanged.
  private func isNews(_ version: Version, sent: Int64, isHeldByWriter: Bool) -> Bool {
    guard sent > request.cursor else { return false }
    return version.stream != ownStream || sent != version.sequence || !isHeldByWriter
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
