import SyncCore

/// The rows that a page may hold, by their sequence: those that a reader holds, and those that have left
/// him.
///
/// Who holds a few scopes of thousands is not shown the others: each scope is read by itself, or a pull
/// would cost as much as the whole nation has written since.
struct PageScan {
  /// A row's place, and what is noted of it.
  struct Entry {
    let table: Value
    let key: Value
    let sequence: Int64
    let metadata: Value
    let scope: Scope
  }

  let store: HubStore
  let reader: Reader
  /// Whether rows may have to go that have left the reader's scopes since his cursor.
  let hasExits: Bool
  /// What the reader's access has changed by since he took what he holds, if it has.
  let difference: AccessDifference?

  /// A scope of which rows are shown, those after a sequence; and rows that have left it.
  private struct Part {
    let scope: Scope
    let rowsAfter: Int64
    let exitsAfter: Int64
  }

  /// Calls `body` with the rows after a sequence, one after the other, until it returns false.
  ///
  /// - Parameters:
  ///   - sequence: Where the page begins.
  ///   - limit: No page takes more rows.
  ///   - body: Is given each.
  /// - Returns: The sequence up to which all has been shown, if there is more.
  /// - Throws: The storage's errors, and what `body` throws.
  func forEach(
    after sequence: Int64, limit: Int, _ body: (Entry) throws -> Bool
  ) throws -> Int64? {
    guard let parts = parts(after: sequence) else {
      // They are not held together, and many may be the device's own words, which fill no page.
      return try everything(after: sequence, limit: 20 * limit, body)
    }
    let sequences = try sequences(in: parts, limit: limit)
    let isWhole = sequences.count <= limit
    guard let last = isWhole ? sequences.last : sequences[limit - 1] else { return nil }
    var reached = sequence
    for entry in try entries(in: parts, upTo: last) {
      if try !body(entry) { return reached }
      reached = entry.sequence
    }
    // Exits of rows that are still the reader's are passed over, and may be all there was.
    return isWhole ? nil : last
  }

  /// The scopes of which rows are shown; nothing for all there are.
  private func parts(after sequence: Int64) -> [Part]? {
    guard let scopes = reader.scopes else { return nil }
    guard let difference else {
      return scopes.map { Part(scope: $0, rowsAfter: sequence, exitsAfter: sequence) }
    }
    guard let lost = difference.lost(reader) else { return nil }
    let later = max(sequence, difference.cursor)
    return scopes.map {
      Part(
        scope: $0, rowsAfter: difference.holds($0, reader) ? later : sequence, exitsAfter: later)
    } + lost.map { Part(scope: $0, rowsAfter: sequence, exitsAfter: later) }
  }

  private func everything(
    after sequence: Int64, limit: Int, _ body: (Entry) throws -> Bool
  ) throws -> Int64? {
    var count = 0
    var reached = sequence
    var isWhole = true
    try store.connection.each(
      "SELECT tbl, key, sequence, meta, scope FROM hub_row WHERE sequence > ? ORDER BY sequence",
      [.integer(sequence)]
    ) { row in
      count += 1
      let entry = Entry(row)
      isWhole = try count <= limit && (!isShown(entry) || body(entry))
      if isWhole { reached = entry.sequence }
      return isWhole
    }
    return isWhole ? nil : reached
  }

  /// Whether a row may concern the reader, where all are looked at.
  private func isShown(_ entry: Entry) -> Bool {
    guard let difference else { return true }
    if !reader.reads(entry.scope) { return difference.mayHold(entry.scope) }
    return entry.sequence > difference.cursor || !difference.holds(entry.scope, reader)
  }

  /// The first sequences of rows that are, or were, in some scopes: one more than a page takes.
  private func sequences(in parts: [Part], limit: Int) throws -> [Int64] {
    var sequences: [Int64] = []
    for part in parts {
      func read(_ table: String, after sequence: Int64) throws {
        try store.connection.each(
          "SELECT sequence FROM \(table) WHERE scope = ? AND sequence > ? ORDER BY sequence LIMIT ?",
          [.text(part.scope.stored), .integer(sequence), .integer(Int64(limit + 1))]
        ) { row in
          sequences.append(row[0].integer ?? 0)
          return true
        }
      }
      try read("hub_row", after: part.rowsAfter)
      if hasExits { try read("hub_exit", after: part.exitsAfter) }
    }
    return Array(sequences.sorted().prefix(limit + 1))
  }

  private func entries(in parts: [Part], upTo last: Int64) throws -> [Entry] {
    var entries: [Entry] = []
    for part in parts {
      try store.connection.each(
        """
        SELECT tbl, key, sequence, meta, scope FROM hub_row
        WHERE scope = ? AND sequence > ? AND sequence <= ?
        """, [.text(part.scope.stored), .integer(part.rowsAfter), .integer(last)]
      ) { row in
        entries.append(Entry(row))
        return true
      }
      guard hasExits else { continue }
      try store.connection.each(
        """
        SELECT e.tbl, e.key, e.sequence, r.meta, r.scope
        FROM hub_exit e JOIN hub_row r ON r.tbl = e.tbl AND r.key = e.key
        WHERE e.scope = ? AND e.sequence > ? AND e.sequence <= ?
        """, [.text(part.scope.stored), .integer(part.exitsAfter), .integer(last)]
      ) { row in
        let entry = Entry(row)
        // One that is in another scope of his by now comes by that.
        if !reader.reads(entry.scope) { entries.append(entry) }
        return true
      }
    }
    return entries.sorted { $0.sequence < $1.sequence }
  }
}

extension PageScan.Entry {
  fileprivate init(_ row: [Value]) {
    table = row[0]
    key = row[1]
    sequence = row[2].integer ?? 0
    metadata = row[3]
    scope = Scope(stored: row[4].text ?? "")
  }
}
