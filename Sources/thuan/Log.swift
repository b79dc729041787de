import ArgumentParser
import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// The command `thuan log [RECORD]`.
struct Log: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      abstract: say(
        vi: "Lịch sử thay đổi ghi trên máy này, và máy chủ tỉnh trả lời ra sao.",
        en: "What was written on this device, and what the hub said of it.",
        uk: "Що записано на цьому пристрої і що про це сказав хаб."),
      discussion: say(
        vi: "Thêm mã bản ghi để chỉ xem bản ghi đó, kèm xung đột và quyết định đã biết.",
        en: "With a record’s id, only that record, with its conflicts and decisions.",
        uk: "З кодом запису — лише він, з відомими конфліктами й рішеннями."))
  }

  @OptionGroup var common: CommonOptions
  @OptionGroup var output: JSONOption
  @Argument(help: ArgumentHelp(RecordHelp.id)) var record: String?
  @Option(
    help: ArgumentHelp(
      say(vi: "Chỉ những mục mới nhất.", en: "Only the newest.", uk: "Лише найновіші."),
      valueName: "n"))
  var limit = 100

  func run() throws {
    let field = try FieldStore(common.store)
    let record = try record.map { text in
      try field.read { lookup, _ in try lookup.record(text) }
    }
    var sets = try field.store.changeSets(wallMilliseconds: field.now)
    if let record { sets = sets.filter { $0.touches(record, field.store.schema) } }
    let events = record == nil ? try field.store.events() : []
    let (text, json) = try field.read { lookup, db in
      let report = LogReport(lookup, field.store.schema, only: record)
      let conflicts =
        try record.map {
          try ConflictView.about(
            $0.kind.table, RowKey([.text($0.id)]), schema: field.store.schema, in: db)
        } ?? []
      let shown = sets.suffix(limit)
      return (
        try report.text(shown, conflicts, events),
        try report.cell(shown, conflicts, events)
      )
    }
    Program.write(output.json ? json.json : text)
  }
}

extension LoggedChangeSet {
  /// What became of it, for programs: in conflict only while somebody has to decide about it.
  fileprivate var outcomeName: String? {
    disposition == .conflicted && !isInQuestion ? "settled" : disposition.map { "\($0)" }
  }

  /// Whether it changed a record, its part or its sets.
  func touches(_ record: Record, _ schema: SyncSchema) -> Bool {
    changeSet.changes.contains { $0.touches(record, schema) }
  }
}

extension RowChange {
  func touches(_ record: Record, _ schema: SyncSchema) -> Bool {
    guard let table = schema.table(number: self.table)?.name,
      key.values.first == .text(record.id)
    else { return false }
    let kind = record.kind
    return table == kind.table || table == kind.part?.table
      || kind.tags.contains { $0.table == table }
      || (table == "session_org" && kind.table == "session")
  }
}

/// The log in words.
private struct LogReport {
  private let lookup: Lookup
  private let schema: SyncSchema
  private let only: Record?

  init(_ lookup: Lookup, _ schema: SyncSchema, only: Record?) {
    self.lookup = lookup
    self.schema = schema
    self.only = only
  }

  func text(
    _ sets: ArraySlice<LoggedChangeSet>, _ conflicts: [ConflictView], _ events: [LoggedEvent]
  ) throws -> String {
    var lines: [String] = []
    for set in sets {
      let changeSet = set.changeSet
      let officer =
        changeSet.isForeign
        ? say(vi: "chương trình khác", en: "another program", uk: "інша програма")
        : try lookup.label(changeSet.officer, in: "officer")
      lines.append(
        Style.bold(
          "\(set.isSealed ? "#\(changeSet.sequence)" : "–") \(localTime(changeSet.wallMilliseconds))"
        )
          + "  \(officer)  " + (try outcome(set)))
      for change in changeSet.changes where isWanted(change) {
        lines += try text(change)
      }
    }
    let names = ConflictText(lookup)
    for conflict in conflicts {
      lines.append(
        Style.warning(
          "⚠ \(ConflictText.name(conflict).text) (\(ConflictText.state(conflict).text)): "
            + names.question(conflict)))
      lines += try names.candidates(conflict, column: nil).map { "    " + $0 }
    }
    for event in events {
      lines.append("\(localTime(event.atMilliseconds))  \(EventText.sentence(event))")
    }
    let empty = say(
      vi: "Máy này chưa ghi thay đổi nào.", en: "This device has written nothing yet.",
      uk: "На цьому пристрої ще нічого не записано.")
    return lines.isEmpty ? empty : lines.joined(separator: "\n")
  }

  func cell(
    _ sets: ArraySlice<LoggedChangeSet>, _ conflicts: [ConflictView], _ events: [LoggedEvent]
  ) throws -> Cell {
    .object([
      ("change_sets", .list(sets.map(cell))),
      ("conflicts", .list(try conflicts.map { try ConflictText(lookup).cell($0) })),
      (
        "events",
        .list(
          events.map {
            .object([
              ("at", .instant($0.atMilliseconds)), ("kind", .optional($0.kind?.rawValue)),
              ("detail", .text($0.detail)),
            ])
          })
      ),
    ])
  }

  private func isWanted(_ change: RowChange) -> Bool {
    only.map { change.touches($0, schema) } ?? true
  }

  private func text(_ change: RowChange) throws -> [String] {
    guard let table = schema.table(number: change.table) else { return [] }
    let verb =
      switch change.operation {
      case .insert: say(vi: "thêm", en: "added", uk: "додано")
      case .update: say(vi: "sửa", en: "changed", uk: "змінено")
      case .delete: say(vi: "xóa", en: "deleted", uk: "видалено")
      }
    let key = try keyText(change.key, table)
    var lines = ["  \(verb) \(RecordKinds.title(ofTable: table.name).text.lowercased()) \(key)"]
    for field in change.fields where field.before != field.after {
      guard let index = table.index(number: field.column) else { continue }
      let column = table.columns[index].name
      let described = RecordKinds.field(column, in: table.name)
      let title = described?.title.text ?? column
      let after = Self.cut(try lookup.cell(field.after, described).shown)
      if change.operation == .update {
        let before = Self.cut(try lookup.cell(field.before, described).shown)
        lines.append("      \(title): \(before) → \(after)")
      } else if change.operation == .insert {
        lines.append("      \(title): \(after)")
      }
    }
    return lines
  }

  /// A link row is its key: what it links is named.
  private func keyText(_ key: RowKey, _ table: TableSchema) throws -> String {
    guard key.values.count > 1 else { return RecordID.short(key.description) }
    return try zip(table.key, key.values).map { index, value in
      let field = RecordKinds.field(table.columns[index].name, in: table.name)
      if field == nil, let text = value.text { return RecordID.short(text) }
      return try lookup.cell(value, field).shown
    }.joined(separator: " · ")
  }

  private func outcome(_ set: LoggedChangeSet) throws -> String {
    let reason = set.reason.isEmpty ? "" : ": \(set.reason)"
    switch set.disposition {
    case nil where !set.isSealed:
      return Style.warning(
        set.isSettled
          ? say(
            vi: "Không gửi được; đã gửi theo nội dung sửa sau đó",
            en: "Could not be sent; sent as it was changed later",
            uk: "Не надіслано; надіслано так, як змінено пізніше")
          : say(vi: "Không gửi được", en: "Cannot be sent", uk: "Не можна надіслати"))
    case nil: return Style.faint(say(vi: "Chờ gửi", en: "Waiting to send", uk: "Очікує надсилання"))
    case .applied:
      return Style.good(
        say(vi: "Đã gửi về máy chủ tỉnh", en: "Sent to the hub", uk: "Надіслано до хабу"))
    case .merged: return Style.good(say(vi: "Đã hợp nhất", en: "Merged", uk: "Об’єднано")) + reason
    case .conflicted where !set.isInQuestion:
      return Style.good(
        say(
          vi: "Đã gửi; câu hỏi về nó đã xong", en: "Sent; the question about it is settled",
          uk: "Надіслано; питання про це вирішено")) + reason
    case .conflicted:
      return Style.warning(say(vi: "Xung đột", en: "Conflict", uk: "Конфлікт")) + reason
    case .quarantined:
      return QuarantineText.shown(
        reason: set.reason, try lookup.quarantine(of: set.changeSet))
    }
  }

  private func cell(_ set: LoggedChangeSet) -> Cell {
    let changeSet = set.changeSet
    return .object([
      ("sequence", .integer(changeSet.sequence)), ("officer", .text(changeSet.officer)),
      ("written", .instant(changeSet.wallMilliseconds)),
      ("foreign", .flag(changeSet.isForeign)), ("cannot_be_sent", .flag(!set.isSealed)),
      ("outcome", .optional(set.outcomeName)), ("reason", .text(set.reason)),
      (
        "changes",
        .list(
          changeSet.changes.filter(isWanted).map { change in
            let table = schema.table(number: change.table)
            return .object([
              ("table", .optional(table?.name)), ("operation", .text("\(change.operation)")),
              ("key", .text(change.key.description)),
              (
                "fields",
                .list(
                  change.fields.map { field in
                    let index = table?.index(number: field.column)
                    return .object([
                      ("column", .optional(index.flatMap { table?.columns[$0].name })),
                      ("before", field.before.cell), ("after", field.after.cell),
                    ])
                  })
              ),
            ])
          })
      ),
    ])
  }

  private static func cut(_ text: String) -> String {
    let line = text.replacing("\n", with: " ")
    return line.count > 80 ? String(line.prefix(79)) + "…" : line
  }
}
