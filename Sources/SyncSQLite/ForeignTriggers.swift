package import GRDB
package import SyncCore

/// A trigger of somebody else's that fires when rows are put in place.
package struct ForeignTrigger: Equatable, Sendable {
  package let name: String
  /// The table that it is on.
  package let table: String
  /// Whether it has to be silent meanwhile: it writes to what is kept in step, or may break a write off.
  ///
  /// What it wrote would be nobody's change, and two sides would go on correcting each other. One that
  /// only keeps a table of somebody's own, such as a full-text index, fires.
  package let isSilenced: Bool
  /// Whether it lives in the connection and not in the file.
  fileprivate let isTemporary: Bool
  /// The statement that makes it.
  fileprivate let sql: String

  fileprivate var place: String { (isTemporary ? "temp." : "main.") + quoted(name) }

  /// What takes it out of the file.
  package var removal: String { "DROP TRIGGER \(quoted(name))" }
}

/// Triggers that have been taken away within a transaction, and have to be put back before it ends.
package struct SilencedTriggers {
  private var triggers: [ForeignTrigger]

  package var isEmpty: Bool { triggers.isEmpty }

  /// Takes triggers away until the transaction ends; nobody else can write meanwhile, and if it is
  /// undone, so is this.
  package init(_ triggers: [ForeignTrigger], in db: Database) throws {
    self.triggers = triggers
    for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger.place)") }
  }

  /// Takes more of them away, those that are there.
  ///
  /// - Returns: Whether there were any.
  package mutating func silence(_ more: [ForeignTrigger], in db: Database) throws -> Bool {
    let present = try more.filter { try $0.isPresent(in: db) }
    for trigger in present {
      try db.execute(sql: "DROP TRIGGER \(trigger.place)")
      if !triggers.contains(trigger) { triggers.append(trigger) }
    }
    return !present.isEmpty
  }

  /// Puts them back as they were.
  package func restore(in db: Database) throws {
    // What undid a part of the transaction may have brought some back.
    for trigger in triggers where try !trigger.isPresent(in: db) {
      try db.execute(sql: trigger.sql)
    }
  }
}

extension ForeignTrigger {
  fileprivate func isPresent(in db: Database) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM \(isTemporary ? "temp" : "main").sqlite_schema
          WHERE type = 'trigger' AND name = ?)
        """, arguments: [name]) ?? false
  }
}

extension SyncSchema {
  /// The triggers of others that fire when rows of the schema's tables or of the engine's are written,
  /// be it through other tables.
  ///
  /// - Parameters:
  ///   - db: The database.
  ///   - engine: The names of the engine's tables.
  ///   - own: The names of the engine's triggers.
  /// - Returns: The triggers, by their names.
  /// - Throws: SQLite's errors.
  package func foreignTriggers(
    in db: Database, engine: Set<String>, own: Set<String> = []
  ) throws -> [ForeignTrigger] {
    let kept = Set((tables.map(\.name) + engine).map { $0.lowercased() })
    let all = try FoundTrigger.all(in: db, but: own)
    if all.isEmpty { return [] }
    let onTables = Dictionary(grouping: all, by: \.place)
    let reaching = FoundTrigger.reaching(all, kept)
    var fired: Set<Int> = []
    var open = Array(kept)
    var seen = kept
    while let place = open.popLast() {
      for trigger in onTables[place] ?? [] where fired.insert(trigger.id).inserted {
        if reaching.contains(trigger.id) { continue }
        open += trigger.text.targets.filter { seen.insert($0).inserted }
      }
    }
    return all.filter { fired.contains($0.id) }
      .map { $0.trigger(isSilenced: reaching.contains($0.id)) }
      .sorted { ($0.table, $0.name) < ($1.table, $1.name) }
  }
}

/// A trigger as it stands in the file.
private struct FoundTrigger {
  let id: Int
  let name: String
  /// What it is on, as it is spelt, and in small letters.
  let table: String
  let place: String
  let isOnView: Bool
  let isTemporary: Bool
  let sql: String
  let text: TriggerText

  static func all(in db: Database, but own: Set<String>) throws -> [FoundTrigger] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT 0, name, tbl_name, sql FROM main.sqlite_schema WHERE type = 'trigger'
        UNION ALL SELECT 1, name, tbl_name, sql FROM temp.sqlite_schema WHERE type = 'trigger'
        """)
    let others = rows.filter { $0[0] == 1 || !own.contains($0[1]) }
    if others.isEmpty { return [] }
    let views = Set(
      try String.fetchAll(
        db,
        sql: """
          SELECT name FROM main.sqlite_schema WHERE type = 'view'
          UNION ALL SELECT name FROM temp.sqlite_schema WHERE type = 'view'
          """
      ).map { $0.lowercased() })
    return others.enumerated().map { id, row in
      let (name, table, sql): (String, String, String) = (row[1], row[2], row[3])
      let place = table.lowercased()
      return FoundTrigger(
        id: id, name: name, table: table, place: place, isOnView: views.contains(place),
        isTemporary: row[0] == 1, sql: sql, text: TriggerText(sql))
    }
  }

  /// Those that write to one of some tables, or may raise.
  ///
  /// Through a view they write what its own triggers do: without those nobody could write to it at all.
  static func reaching(_ all: [FoundTrigger], _ kept: Set<String>) -> Set<Int> {
    var reaching = Set(
      all.filter { $0.text.mayRaise || !$0.text.targets.isDisjoint(with: kept) }.map(\.id))
    while true {
      let views = Set(all.filter { $0.isOnView && reaching.contains($0.id) }.map(\.place))
      let more = all.filter {
        !reaching.contains($0.id) && !$0.text.targets.isDisjoint(with: views)
      }
      if more.isEmpty { return reaching }
      reaching.formUnion(more.map(\.id))
    }
  }

  func trigger(isSilenced: Bool) -> ForeignTrigger {
    // The text is kept without the word that says where it lives.
    let make =
      isTemporary
      ? sql.replacing(/^CREATE\s+TRIGGER/.ignoresCase(), with: "CREATE TEMP TRIGGER") : sql
    return ForeignTrigger(
      name: name, table: table, isSilenced: isSilenced, isTemporary: isTemporary, sql: make)
  }
}
