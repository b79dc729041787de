package import SyncCore

/// Says what the holder of a device may see and change: the application's rule, made of its own rows.
package protocol AccessPolicy: Sendable {
  /// - Parameters:
  ///   - device: Whose.
  ///   - view: The hub's rows.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: What he may.
  /// - Throws: The storage's errors.
  func access(of device: HubDevice, in view: HubView, wallMilliseconds: Int64) throws -> Access
}

/// Every device holds everything.
package struct OpenAccess: AccessPolicy {
  package init() {}

  package func access(
    of device: HubDevice, in view: HubView, wallMilliseconds: Int64
  ) throws -> Access { .everything }
}

/// Who is sent rows: what he has access to, what is shared, and what concerns his device alone.
struct Reader {
  let access: Access
  /// The device, and those as which its store was enrolled before.
  let own: Set<Scope>

  func reads(_ scope: Scope) -> Bool {
    access.reads(scope) || scope == .shared || own.contains(scope)
  }

  /// All scopes whose rows he holds; nothing for all there are.
  var scopes: [Scope]? { access.read.map { $0.union(own).union([.shared]).sorted() } }

  /// A condition on a column `scope`, with its arguments.
  var condition: (String, [Value]) {
    guard let scopes else { return ("1 = 1", []) }
    let places = Array(repeating: "?", count: scopes.count).joined(separator: ", ")
    return ("scope IN (\(places))", scopes.map { .text($0.stored) })
  }

  /// Whether he may leave a row in a scope, or change one that is there.
  func writes(_ scope: Scope) -> Bool {
    switch scope {
    case .shared: access.written.map { !$0.isEmpty } ?? true
    default: own.contains(scope) || access.writes(scope)
    }
  }
}

/// What a device holds, where that is of other scopes than are its holder's now.
///
/// Then only the difference travels: the rows of what has come to be his, however old, and that those of
/// what is his no more are to go.
struct AccessDifference {
  /// The cursor of what is held.
  let cursor: Int64
  /// The scopes whose rows are held for certain; nothing for all there are.
  private let held: Set<Scope>?
  /// Those whose rows may be held, some of them held back from other times; nothing for all there are.
  private let maybeHeld: Set<Scope>?

  /// - Parameters:
  ///   - accesses: The scopes of the state that is held, and of rows held back; nothing for all.
  ///   - cursor: Its cursor.
  init(_ accesses: [Set<Scope>?], since cursor: Int64) {
    self.cursor = cursor
    let limited = accesses.compactMap(\.self)
    held = limited.dropFirst().reduce(limited.first) { $0?.intersection($1) }
    maybeHeld =
      limited.count < accesses.count ? nil : limited.reduce(into: Set()) { $0.formUnion($1) }
  }

  /// Whether the rows of a scope of the reader's are all held, as they were at the cursor.
  func holds(_ scope: Scope, _ reader: Reader) -> Bool {
    held?.contains(scope) ?? true || scope == .shared || reader.own.contains(scope)
  }

  /// Whether rows of a scope may be held.
  func mayHold(_ scope: Scope) -> Bool { maybeHeld?.contains(scope) ?? true }

  /// The scopes that are the reader's no more; nothing where those cannot be told one by one.
  func lost(_ reader: Reader) -> [Scope]? {
    maybeHeld.map { $0.filter { !reader.reads($0) }.sorted() }
  }
}

/// A scope that a device has had, and from when to when.
package struct HeldScope: Equatable, Sendable {
  /// Nothing is everything.
  package let scope: Scope?
  package let mayWrite: Bool
  package let sinceMilliseconds: Int64
  /// Nothing while it has it.
  package let untilMilliseconds: Int64?
}

extension Hub {
  /// What a device may see and change now.
  package func access(of device: HubDevice, wallMilliseconds: Int64) throws -> Access {
    try read { try access(of: device, $0, wallMilliseconds: wallMilliseconds) }
  }

  func access(of device: HubDevice, _ store: HubStore, wallMilliseconds: Int64) throws -> Access {
    try policy.access(
      of: device, in: HubView(connection: store.connection), wallMilliseconds: wallMilliseconds)
  }

  func reader(_ device: HubDevice, _ store: HubStore, wallMilliseconds: Int64) throws -> Reader {
    Reader(
      access: try access(of: device, store, wallMilliseconds: wallMilliseconds),
      own: [.device(device.id)])
  }

  /// Which scopes a device has had, as far as it came to ask; the oldest first.
  ///
  /// - Throws: The storage's errors.
  package func scopes(heldBy device: String) throws -> [HeldScope] {
    try read { store in
      try store.connection.rows(
        """
        SELECT scope, may_write, since_at, until_at FROM hub_access WHERE device = ?
        ORDER BY since_at, scope
        """, [.text(device)]
      ).map { row in
        HeldScope(
          scope: row[0] == .text("*") ? nil : Scope(stored: row[0].text ?? ""),
          mayWrite: row[1] == .integer(1), sinceMilliseconds: row[2].integer ?? 0,
          untilMilliseconds: row[3].integer)
      }
    }
  }
}

extension Hub {
  /// Keys of a table's rows that a device holds as far as the hub has given them to it: those in the
  /// scopes that it has, and those that have left one since it last came.
  ///
  /// - Parameters:
  ///   - table: The table's name.
  ///   - scopes: What the device has, or has had; nothing for everything.
  ///   - cursor: How far it has come.
  /// - Returns: The keys.
  /// - Throws: The storage's errors.
  package func keys(in table: String, scopes: [Scope]?, since cursor: Int64) throws -> [RowKey] {
    guard let table = schema.table(named: table) else { return [] }
    let number = Value.integer(Int64(table.number))
    guard let scopes else {
      return try keys(
        "SELECT key FROM hub_row WHERE tbl = ? AND sum <> 0 ORDER BY key", [number], table)
    }
    let places = Array(repeating: "?", count: scopes.count).joined(separator: ", ")
    let names = scopes.map { Value.text($0.stored) }
    return try keys(
      """
      SELECT key FROM hub_row WHERE tbl = ? AND sum <> 0 AND scope IN (\(places))
      UNION SELECT key FROM hub_exit WHERE tbl = ? AND sequence > ? AND scope IN (\(places))
      ORDER BY key
      """, [number] + names + [number, .integer(cursor)] + names, table)
  }

  private func keys(_ sql: String, _ arguments: [Value], _ table: TableSchema) throws -> [RowKey] {
    try read { store in
      try store.connection.rows(sql, arguments).map {
        try RowKey(stored: $0[0], columns: table.key.count)
      }
    }
  }
}

extension HubStore {
  /// Notes what a device has access to, if that has changed since it last came.
  func noteAccess(_ access: Access, of device: String, wallMilliseconds: Int64) throws {
    var now: [String: Bool] = [:]
    for scope in access.read ?? [] { now[scope.stored] = access.writes(scope) }
    if access.read == nil { now["*"] = access.written == nil }
    let noted = try connection.rows(
      "SELECT scope, may_write FROM hub_access WHERE device = ? AND until_at IS NULL",
      [.text(device)])
    var known: [String: Bool] = [:]
    for row in noted { known[row[0].text ?? ""] = row[1] == .integer(1) }
    if known == now { return }
    try connection.run(
      "INSERT INTO hub_held_access VALUES (?, ?) ON CONFLICT DO NOTHING",
      [.text(device), .integer(Int64(bitPattern: access.version))])
    let time = Value.integer(wallMilliseconds)
    for (scope, mayWrite) in known where now[scope] != mayWrite {
      try connection.run(
        "UPDATE hub_access SET until_at = ? WHERE device = ? AND scope = ? AND until_at IS NULL",
        [time, .text(device), .text(scope)])
    }
    for (scope, mayWrite) in now.sorted(by: { $0.key < $1.key }) where known[scope] != mayWrite {
      try connection.run(
        "INSERT INTO hub_access (device, scope, may_write, since_at) VALUES (?, ?, ?, ?)",
        [.text(device), .text(scope), .integer(mayWrite ? 1 : 0), time])
    }
    for scope in access.read ?? [] {
      try connection.run(
        "INSERT INTO hub_scope_set VALUES (?, ?) ON CONFLICT DO NOTHING",
        [.integer(Int64(bitPattern: access.version)), .text(scope.stored)])
    }
  }

  /// Whether a device was ever given what it says its state is of, under this name or an earlier one.
  func wasGiven(_ access: UInt64, to stream: StreamID, _ ancestors: [ChangeOrigin.Ancestor]) throws
    -> Bool
  {
    let places = Array(repeating: "?", count: ancestors.count).joined(separator: ", ")
    return try connection.first(
      """
      SELECT 1 FROM hub_held_access WHERE version = ? AND (device = ?
        OR device IN (SELECT device FROM hub_stream WHERE id IN (\(places)))) LIMIT 1
      """,
      [.integer(Int64(bitPattern: access)), .text(stream.device)]
        + ancestors.map { .integer(Int64($0.stream)) }) != nil
  }

  /// The scopes that a device's word for its access stands for; nothing for all there are.
  func scopes(of access: UInt64) throws -> Set<Scope>? {
    if access == 0 { return nil }
    let rows = try connection.rows(
      "SELECT scope FROM hub_scope_set WHERE version = ?", [.integer(Int64(bitPattern: access))])
    return Set(rows.compactMap { $0[0].text.map { Scope(stored: $0) } })
  }

  /// Whether a device was last sent the rows of a scope.
  func isSent(_ scope: Scope, to device: String) throws -> Bool {
    if scope == .shared || scope.isOfDevice { return true }
    return try connection.first(
      """
      SELECT 1 FROM hub_access WHERE device = ? AND scope IN (?, '*') AND until_at IS NULL LIMIT 1
      """, [.text(device), .text(scope.stored)]) != nil
  }

  /// Whether a state that is made of some scopes has the rows of one in it.
  func isHeld(_ scope: Scope, in access: UInt64) throws -> Bool {
    if access == 0 || scope == .shared || scope.isOfDevice { return true }
    return try connection.first(
      "SELECT 1 FROM hub_scope_set WHERE version = ? AND scope = ?",
      [.integer(Int64(bitPattern: access)), .text(scope.stored)]) != nil
  }
}
