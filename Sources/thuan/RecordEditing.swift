import FieldModel
import SyncCore
import SyncDevice
import Terminal

/// Changing and deleting, with the questions that belong to them.
struct RecordEditing {
  private let field: FieldStore
  private let actions: RecordActions

  init(_ field: FieldStore) {
    self.field = field
    actions = RecordActions(field: field)
  }

  /// Changes a record as the options say; without options, a person is asked what to change.
  func run(_ record: Record, _ options: [(flag: String, value: String)]) throws {
    var options = options
    var base: Int64?
    if options.isEmpty {
      guard Questions.canAsk else {
        throw Failure(
          .usage,
          Phrase(
            vi: "Không có gì để sửa: thêm tùy chọn, ví dụ --text …",
            en: "Nothing to change: add an option, such as --text …",
            uk: "Нічого змінювати: додайте параметр, напр. --text …"))
      }
      // What arrives while the person thinks is not what the person has seen.
      base = try field.store.currentCursor()
      options = try ask(record)
    }
    let count = try actions.edit(record, options, knowing: base)
    let id = Style.bold(RecordID.short(record.id))
    Program.write(
      count == 0
        ? say(
          vi: "\(id): không có gì thay đổi.", en: "\(id): nothing changed.",
          uk: "\(id): нічого не змінилося.")
        : say(
          vi: "\(id): đã sửa \(count) mục.", en: "\(id): \(count) changed.",
          uk: "\(id): змінено \(count)."))
  }

  /// Deletes a record; asks first if more goes with it.
  func delete(_ record: Record, isConfirmed: Bool) throws {
    let removal = try actions.removal(of: record)
    let label = try field.read { lookup, _ in try lookup.label(of: record) }
    if !isConfirmed {
      let dependents = removal.dependents
      let lines = try field.read { lookup, _ in
        try dependents.map {
          "  \($0.kind.title.text) \(RecordID.short($0.id)): \(try lookup.label(of: $0))"
        }
      }
      guard Questions.canAsk else {
        if dependents.isEmpty { return try finish(removal, label) }
        throw needsConfirmation(lines)
      }
      for line in lines { Program.write(line, toErrors: true) }
      let isSure = try Questions.choose(
        Phrase(
          vi: "Xóa “\(label)” và \(dependents.count) bản ghi thuộc về nó?",
          en: "Delete “\(label)” and \(dependents.count) records that belong to it?",
          uk: "Видалити «\(label)» і записи, що до нього належать (\(dependents.count))?"),
        [
          (option: false, name: say(vi: "Không xóa", en: "Keep it", uk: "Залишити")),
          (option: true, name: say(vi: "Xóa", en: "Delete", uk: "Видалити")),
        ])
      guard isSure else { return }
    }
    try finish(removal, label)
  }

  private func finish(_ removal: RecordRemoval, _ label: String) throws {
    try actions.delete(removal)
    Program.write(
      say(vi: "Đã xóa: \(label)", en: "Deleted: \(label)", uk: "Видалено: \(label)"))
  }

  private func needsConfirmation(_ lines: [String]) -> Failure {
    let list = lines.joined(separator: "\n")
    return Failure(
      .usage,
      Phrase(
        vi: "Sẽ xóa cùng lúc:\n\(list)", en: "These go with it:\n\(list)",
        uk: "Разом із ним буде видалено:\n\(list)"),
      hint: Phrase(
        vi: "Chắc chắn thì thêm --yes.", en: "If you are sure, add --yes.",
        uk: "Якщо впевнені, додайте --yes."))
  }

  // MARK: Questions

  private func ask(_ record: Record) throws -> [(flag: String, value: String)] {
    let form = RecordForm(record.kind, isNew: false)
    var options: [(flag: String, value: String)] = []
    while true {
      var choices: [(option: RecordForm.Entry?, name: String)] = [
        (nil, say(vi: "Xong, lưu lại", en: "Done, save", uk: "Готово, зберегти"))
      ]
      for entry in form.entries {
        let value = try shown(entry, of: record, options)
        choices.append((entry, "\(entry.field.title.text): \(value)"))
      }
      let question = Phrase(vi: "Sửa mục nào", en: "Change which", uk: "Що змінити")
      guard let entry = try Questions.choose(question, choices) else { return options }
      options.append((entry.field.flag, try value(for: entry.field)))
    }
  }

  private func shown(
    _ entry: RecordForm.Entry, of record: Record, _ options: [(flag: String, value: String)]
  ) throws -> String {
    if let typed = options.last(where: { $0.flag == entry.field.flag }) { return typed.value }
    return try field.read { lookup, db in
      switch entry.destination {
      case .record: try lookup.cell(record[entry.field.column], entry.field).shown
      case .part:
        try lookup.cell(try record.part(in: db)?[entry.field.column] ?? .null, entry.field).shown
      case .tags(let index):
        try record.tags(record.kind.tags[index], in: db).joined(separator: ", ")
      case .companion: ""
      }
    }
  }

  private func value(for field: RecordField) throws -> String {
    if case .choice(let terms) = field.form {
      return try Questions.choose(
        field.title, terms.map { (option: $0.value, name: $0.phrase.text) })
    }
    return try Questions.ask(field.title, isRequired: field.isRequired) { answer in
      do {
        _ = try self.field.read { lookup, _ in try field.value(from: answer, lookup) }
        return nil
      } catch let problem as RecordProblem { return problem.what } catch { return nil }
    } ?? ""
  }
}
