import GRDB
import SyncCore
import SyncSQLite

/// Which rows the rows of a store point to: by its foreign keys, and where their scope is told.
struct RowLinks {
  private struct Link {
    /// Indices of columns, in the order of the parent's key.
    let columns: [Int]
    let parent: Int
  }

  private let schema: SyncSchema
  private let links: [Int: [Link]]

  init(_ schema: SyncSchema, _ db: Database) throws {
    self.schema = schema
    links = try schema.tables.reduce(into: [:]) { all, table in
      all[table.number] = try Self.links(of: table, schema, db)
    }
  }

  private static func links(
    of table: TableSchema, _ schema: SyncSchema, _ db: Database
  ) throws -> [Link] {
    var links: [Link] = []
    for key in try db.foreignKeys(on: table.name) {
      guard
        let parent = schema.tables.first(where: {
          $0.name.lowercased() == key.destinationTable.lowercased()
        })
      else { continue }
      let columns = parent.key.compactMap { index in
        key.mapping.first {
          $0.destination.lowercased() == parent.columns[index].name.lowercased()
        }.flatMap { link in
          table.columns.firstIndex { $0.name.lowercased() == link.origin.lowercased() }
        }
      }
      // What points to anything but a key is no link to a row that could be named.
      if columns.count == parent.key.count {
        links.append(Link(columns: columns, parent: parent.number))
      }
    }
    for source in table.scope?.sources ?? [] {
      guard let name = source.table, let parent = schema.table(named: name),
        !links.contains(where: { $0.parent == parent.number && $0.columns == [source.column] })
      else { continue }
      links.append(Link(columns: [source.column], parent: parent.number))
    }
    return links
  }

  /// The rows that a change makes its row point to.
  ///
  /// - Parameters:
  ///   - change: The change.
  ///   - live: The row as it stands, for the columns that the change does not name.
  /// - Returns: The rows' places.
  /// - Throws: What reading the row throws.
  func after(
    _ change: RowChange, over live: () throws -> [Value]?
  ) rethrows -> [LoggedPlace] {
    change.operation == .delete ? [] : try places(of: change, live) { $0.after }
  }

  /// The rows that a change's row pointed to before it, where the change says anything of that.
  func before(
    _ change: RowChange, over live: () throws -> [Value]?
  ) rethrows -> [LoggedPlace] {
    change.operation == .insert ? [] : try places(of: change, live) { $0.before }
  }

  private func places(
    of change: RowChange, _ live: () throws -> [Value]?, _ value: (FieldChange) -> Value
  ) rethrows -> [LoggedPlace] {
    guard let links = links[change.table], !links.isEmpty,
      let table = schema.table(number: change.table)
    else { return [] }
    var values = try live() ?? Array(repeating: .null, count: table.columns.count)
    for (column, value) in zip(table.key, change.key.values) { values[column] = value }
    var named = Set(table.key)
    for field in change.fields {
      guard let index = table.index(number: field.column) else { continue }
      values[index] = value(field)
      named.insert(index)
    }
    return links.compactMap { link in
      let key = RowKey(link.columns.map { values[$0] })
      let isSaid = change.operation != .update || link.columns.contains(where: named.contains)
      guard isSaid, !key.values.contains(.null) else { return nil }
      return LoggedPlace(table: link.parent, key: key.stored)
    }
  }
}
