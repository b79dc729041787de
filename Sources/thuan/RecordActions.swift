import FieldModel
import class GRDB.Database
import SyncCore
import SyncDevice
import Terminal

/// What commands do to records, whatever their kind.
struct RecordActions {
  let field: FieldStore

  /// Adds a record with all that goes with it, as one transaction.
  ///
  /// - Parameters:
  ///   - kind: What is added.
  ///   - parent: The record that it belongs to, as the officer named it.
  ///   - options: The values, by option or column.
  /// - Returns: The new record's id.
  /// - Throws: ``Failure`` or `RecordProblem` for what is missing or wrong; nothing is added then.
  func add(_ kind: RecordKind, parent: String?, _ options: [(flag: String, value: String)]) throws
    -> String
  {
    try requireWritable(kind)
    let base = try field.store.currentCursor()
    var filling = FormFilling(field, RecordForm(kind, isNew: true))
    let isAsking = options.isEmpty && Questions.canAsk
    if let column = kind.parent, let parentKind = kind.parentTable.flatMap(RecordKinds.of) {
      if let parent {
        let found = try field.read { lookup, _ in try lookup.record(parent, of: parentKind) }
        filling.set(column, .text(found.id))
      }
    }
    try filling.take(options)
    if kind.table == "note" {
      try completeNote(&filling, about: parent)
    } else {
      try Defaults.apply(to: &filling, field)
    }
    try filling.complete(asksAll: isAsking)
    let filled = filling.filled
    if filling.isPartWanted == false, !filled.part.isEmpty { throw partNotWanted(kind, filled) }
    let id = field.newID()
    try field.write(knowing: isAsking ? base : nil) { writer, db in
      for (column, name) in filled.newPersons {
        try addPerson(name, filled.record[column]?.text ?? "", with: filled, writer, db)
      }
      try writer.insert(kind, id: id, filled.record)
      if filling.isPartWanted, let part = kind.part {
        try writer.insert(into: part.table, filled.part.merging([part.key: .text(id)]) { $1 })
      }
      for (index, values) in filled.tags { try writer.set(kind.tags[index], of: id, to: values) }
      let lookup = Lookup(db, day: field.today)
      try Companions.write(filled, of: kind, id: id, field, writer, lookup)
    }
    return id
  }

  /// Changes a record as the options say.
  ///
  /// - Returns: How many values changed.
  func edit(_ record: Record, _ options: [(flag: String, value: String)], knowing base: Int64?)
    throws -> Int
  {
    let kind = record.kind
    try requireWritable(kind)
    guard kind.writing != .appendOnly else { throw Self.neverEdited(kind) }
    var filling = FormFilling(field, RecordForm(kind, isNew: false))
    try filling.take(options)
    let filled = filling.filled
    if ["session", "plan_item"].contains(kind.table) { try filling.checkForm(of: record) }
    try requireThawed(record, filled)
    return try field.write(knowing: base) { writer, db in
      for (column, name) in filled.newPersons {
        try addPerson(name, filled.record[column]?.text ?? "", with: filled, writer, db)
      }
      var count = try writer.update(kind.table, key: kind.key, record.id, filled.record)
      if let part = kind.part, !filled.part.isEmpty {
        if try record.part(in: db) == nil {
          try writer.insert(
            into: part.table, filled.part.merging([part.key: .text(record.id)]) { $1 })
          count += filled.part.count
        } else {
          count += try writer.update(part.table, key: part.key, record.id, filled.part)
        }
      }
      for (index, values) in filled.tags {
        count += try writer.set(kind.tags[index], of: record.id, to: values)
      }
      return count
    }
  }

  /// What would go with a record; refuses what may not be deleted.
  func removal(of record: Record) throws -> RecordRemoval {
    try requireWritable(record.kind)
    guard record.kind.writing != .appendOnly else { throw Self.neverEdited(record.kind) }
    let removal = try field.read { _, db in
      try RecordRemoval(record, schema: field.store.schema, in: db)
    }
    if let lasting = removal.dependents.first(where: { $0.kind.writing == .appendOnly }) {
      throw try inTheWay(record, lasting)
    }
    if let mention = removal.mentions.first { throw try inTheWay(record, mention) }
    return removal
  }

  /// Deletes a record and what belongs to it, as one transaction.
  func delete(_ removal: RecordRemoval) throws {
    try field.write { _, db in try removal.run(in: db) }
  }

  // MARK: Parts of adding

  private func completeNote(_ filling: inout FormFilling, about parent: String?) throws {
    guard let parent else { throw Self.missingParent(RecordKinds.note) }
    try field.read { lookup, _ in
      let record = try lookup.record(parent)
      guard let unit = try lookup.unit(of: record) else { throw Self.noUnit(record) }
      filling.set("entity", .text(record.kind.table))
      filling.set("entity_id", .text(record.id))
      filling.set("unit_id", .text(unit))
    }
  }

  /// A person belongs to the unit whose record names them.
  private func addPerson(
    _ name: String, _ id: String, with filled: FilledForm, _ writer: RecordWriter, _ db: Database
  ) throws {
    let lookup = Lookup(db, day: field.today)
    var unit: String?
    for (column, table) in [("meeting_id", "meeting"), ("session_id", "session")] {
      guard let parent = filled.record[column]?.text, let kind = RecordKinds.of(table: table),
        let record = try Record.find(kind, parent, in: db)
      else { continue }
      unit = try lookup.unit(of: record)
    }
    guard let unit else {
      throw RecordProblem(
        .notFound,
        Phrase(
          vi: "Không tìm thấy “\(name)”.", en: "There is no “\(name)”.",
          uk: "Не знайдено «\(name)»."),
        hint: Phrase(
          vi: "Thêm trước: thuan person add --name … --unit …",
          en: "Add them first: thuan person add --name … --unit …",
          uk: "Спершу додайте: thuan person add --name … --unit …"))
    }
    try writer.insert(
      RecordKinds.person, id: id, ["display_name": .text(name), "unit_id": .text(unit)])
  }

  private func inTheWay(_ record: Record, _ other: Record) throws -> Failure {
    let label = try field.read { lookup, _ in try lookup.label(of: other) }
    let place = "\(RecordID.short(other.id)) \(label)"
    return Failure(
      .input,
      Phrase(
        vi: "Không xóa được: còn “\(other.kind.title.vi)” \(place) gắn với bản ghi này.",
        en: "Cannot delete it: “\(other.kind.title.en)” \(place) depends on it.",
        uk: "Не можна видалити: від нього залежить «\(other.kind.title.uk)» \(place)."),
      hint: record.kind.table == "session"
        ? Phrase(
          vi: "Cuộc không tổ chức nữa thì ghi: --status cancelled --status-reason …",
          en: "A session that does not take place: --status cancelled --status-reason …",
          uk: "Захід, що не відбудеться: --status cancelled --status-reason …") : nil)
  }
}
