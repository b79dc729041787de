import FieldModel
import Foundation
import SyncCore
import SyncSQLite
import Terminal

/// A list of records of one kind.
struct RecordListing {
  let kind: RecordKind

  init(_ kind: RecordKind) { self.kind = kind }

  /// Columns by which a list can be narrowed.
  var filters: [RecordField] {
    kind.fields.filter { field in
      switch field.form {
      case .choice, .tag, .reference, .flag: true
      default: false
      }
    } + kind.tags.map(\.field)
  }

  var flags: Set<String> {
    Set(filters.map(\.flag)).union(dayColumn == nil ? ["limit"] : ["limit", "from", "to"])
  }

  var switches: Set<String> {
    Set(
      filters.compactMap { field in
        if case .flag = field.form { return field.flag }
        return nil
      })
  }

  /// The day by which `--from` and `--to` narrow.
  private var dayColumn: String? {
    ["held_from", "held_on", "happened_on", "issued_on"].first { kind.field($0) != nil }
  }

  func print(_ field: FieldStore, _ words: Words, asJSON: Bool) throws {
    let records = try self.records(field, words)
    var columns = [Listing.Column("id", Phrase(vi: "Mã", en: "Id", uk: "Код"))]
    let listed = asJSON ? kind.fields : kind.fields.filter(\.isListed)
    columns += listed.map { Listing.Column($0.column, $0.title) }
    columns += kind.tags.map { Listing.Column($0.table, $0.field.title) }
    if !asJSON { columns.append(Listing.Column("label", kind.title)) }
    var listing = Listing(columns)
    try field.read { lookup, db in
      for record in records {
        let isReference = kind.writing == .hubOnly
        var cells: [Cell] = [.text(asJSON || isReference ? record.id : RecordID.short(record.id))]
        for column in listed {
          let value = record[column.column]
          cells.append(asJSON ? value.cell : try lookup.cell(value, column))
        }
        for tags in kind.tags {
          let values = try record.tags(tags, in: db)
          cells.append(
            .list(values.map { .text(asJSON ? $0 : tags.field.terms[$0]?.text ?? $0) }))
        }
        if !asJSON { cells.append(.text(try lookup.label(of: record))) }
        listing.add(cells)
      }
    }
    listing.print(
      asJSON: asJSON,
      whenEmpty: Phrase(
        vi: "Chưa có bản ghi nào.", en: "Nothing here yet.",
        uk: "Поки нічого немає."))
  }

  private func records(_ field: FieldStore, _ words: Words) throws -> [Record] {
    var conditions = ["1"]
    var arguments: [SyncCore.Value] = []
    try field.read { lookup, _ in
      if let parent = words.rest.first, let column = kind.parent,
        let parentKind = kind.parentTable.flatMap(RecordKinds.of)
      {
        conditions.append("\(quoted(column)) = ?")
        arguments.append(.text(try lookup.record(parent, of: parentKind).id))
      }
      for option in words.options {
        if let tags = kind.tags.first(where: { $0.field.flag == option.flag }) {
          conditions.append(
            "\(kind.key) IN (SELECT \(quoted(tags.key)) FROM \(quoted(tags.table)) WHERE "
              + "\(quoted(tags.field.column)) = ?)")
          arguments.append(try tags.field.value(from: option.value, lookup))
        } else if let column = filters.first(where: { $0.flag == option.flag }) {
          conditions.append("\(quoted(column.column)) = ?")
          arguments.append(try column.value(from: option.value, lookup))
        }
      }
      if let name = dayColumn, let column = kind.field(name) {
        for (flag, sign) in [("from", ">="), ("to", "<=")] {
          guard let text = words.value(flag) else { continue }
          conditions.append("\(quoted(name)) \(sign) ?")
          arguments.append(try column.value(from: text, lookup))
        }
      }
    }
    let limit = try words.value("limit").map { text in
      guard let limit = Int(text), limit > 0 else {
        throw Failure(
          .usage,
          Phrase(
            vi: "--limit cần một số dương.", en: "--limit wants a positive number.",
            uk: "--limit потребує додатного числа."))
      }
      return limit
    }
    return try field.read { _, db in
      try Record.all(
        kind, where: conditions.joined(separator: " AND "), arguments, limit: limit, in: db)
    }
  }
}

extension SyncCore.Value {
  /// The value for programs.
  var cell: Cell {
    switch self {
    case .null: .none
    case .integer(let integer): .integer(integer)
    case .real(let real): .text(String(real))
    case .text(let text): .text(text)
    case .blob: .text(description)
    }
  }
}

extension Lookup {
  /// The value as people read it.
  func cell(_ value: SyncCore.Value, _ field: RecordField?) throws -> Cell {
    guard value != .null else { return .none }
    if case .flag = field?.form { return .flag(value != .integer(0)) }
    if case .instant = field?.form, let text = value.text {
      return milliseconds(of: text).map(Cell.instant) ?? .text(text)
    }
    if field?.column == "entity" {
      return .text(RecordKinds.title(ofTable: value.description).text)
    }
    if field?.column == "entity_id" { return .text(RecordID.short(value.description)) }
    return .text(try shown(value, field, in: .current))
  }

  /// An instant as columns hold it, with or without a fraction of a second.
  private func milliseconds(of text: String) -> Int64? {
    for hasFraction in [true, false] {
      let style = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFraction)
      if let date = try? Date(text, strategy: style) {
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
      }
    }
    return nil
  }
}
