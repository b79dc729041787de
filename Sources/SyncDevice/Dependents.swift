import GRDB
import SyncCore
import SyncSQLite

/// What depends on rows that wait, among changes that were written together.
struct Dependents {
  /// Rows of these changes that have to wait.
  private(set) var held: Set<LoggedPlace> = []
  private var changed: [LoggedPlace: [Int]] = [:]
  private var made: Set<LoggedPlace> = []
  private var deleted: Set<LoggedPlace> = []
  /// By the row that is pointed to, the rows that point to it now.
  private var pointing: [LoggedPlace: [LoggedPlace]] = [:]
  /// By the row that points, the rows that it pointed to before.
  private var pointed: [LoggedPlace: [LoggedPlace]] = [:]
  private var renamed: [LoggedPlace: [LoggedPlace]] = [:]

  init(
    _ changes: [RowChange], _ renames: [(LoggedPlace, LoggedPlace)], _ links: RowLinks,
    _ schema: SyncSchema, _ db: Database
  ) throws {
    for (index, change) in changes.enumerated() {
      let place = change.place
      if changed[place] == nil, change.operation == .insert { made.insert(place) }
      changed[place, default: []].append(index)
      if change.operation == .delete { deleted.insert(place) }
      func live() throws -> [Value]? {
        change.operation == .update
          ? try schema.table(number: change.table)?.read(change.key, in: db) : nil
      }
      for parent in try links.after(change, over: live) {
        pointing[parent, default: []].append(place)
      }
      pointed[place, default: []] += try links.before(change, over: live)
    }
    for (old, new) in renames {
      renamed[old, default: []].append(new)
      renamed[new, default: []].append(old)
    }
  }

  /// A row that waits already: what is written to it waits, and what points to it if the hub does not
  /// have it.
  mutating func hold(waiting place: LoggedPlace, isNew: Bool, pointed: [LoggedPlace]) {
    if changed[place] != nil { hold([place]) }
    if isNew { hold(pointing[place] ?? []) }
    hold(pointed.filter { deleted.contains($0) })
  }

  /// Rows have to wait, and what depends on them.
  mutating func hold(_ places: [LoggedPlace]) {
    var open = places
    while let place = open.popLast() {
      guard changed[place] != nil, held.insert(place).inserted else { continue }
      if made.contains(place) { open += pointing[place] ?? [] }
      open += (pointed[place] ?? []).filter { deleted.contains($0) }
      open += renamed[place] ?? []
    }
  }
}
