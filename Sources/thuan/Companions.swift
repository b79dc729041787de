import FieldModel
import GRDB
import SyncCore

/// Rows that are made together with a record because nobody wants to type a second command.
enum Companions {
  /// The options of a kind that make companions.
  static func fields(of kind: RecordKind) -> [RecordField] {
    switch kind.table {
    case "session":
      [
        RecordField(
          "host", .reference("organisation"), "Đơn vị phối hợp (lặp lại được)",
          "Co-host (repeatable)", "Співорганізатор (можна кілька)"),
        RecordField(
          "target", .line, "Đối tượng giám sát (lặp lại được)", "Monitored body (repeatable)",
          "Об’єкт моніторингу (можна кілька)"),
      ]
    case "recommendation":
      [
        RecordField(
          "to", .reference("organisation"), "Nơi nhận kiến nghị", "Addressee", "Адресат"),
        RecordField(
          "to_text", .line, "Nơi nhận (ngoài danh mục)", "Addressee (in no list)",
          "Адресат (немає в переліку)"),
        RecordField("due", .day, "Thời hạn trả lời", "Reply due date", "Строк відповіді"),
        RecordField(
          "due_basis", .choice(Term.dueBasis), "Căn cứ thời hạn", "Basis of the date",
          "Підстава строку"),
      ]
    case "document":
      [
        RecordField(
          "link", .line, "Bản ghi mà văn bản kèm theo (lặp lại được)",
          "Record that it belongs to (repeatable)", "Запис, до якого належить (можна кілька)"),
        RecordField("part", .line, "Vai trò của văn bản", "Part it plays", "Роль документа"),
      ]
    default: []
    }
  }

  /// Makes what was asked for beside a new record.
  static func write(
    _ filled: FilledForm, of kind: RecordKind, id: String, _ field: FieldStore,
    _ writer: RecordWriter, _ lookup: Lookup
  ) throws {
    let values = filled.companions
    switch kind.table {
    case "session":
      for host in values["host"] ?? [] {
        try writer.insert(
          into: "session_org", ["session_id": .text(id), "org_id": host, "part": .text("co_host")])
      }
      for name in values["target"] ?? [] {
        try writer.insert(
          RecordKinds.target, id: field.newID(), try target(name, of: id, lookup))
      }
    case "recommendation": try addAddressee(values, to: id, field, writer)
    case "document":
      let part = values["part"]?.last ?? filled.record["doc_type"] ?? .text("other")
      for link in values["link"] ?? [] {
        let record = try lookup.record(link.text ?? "")
        try writer.insert(
          into: "document_link",
          [
            "document_id": .text(id), "entity": .text(record.kind.table),
            "entity_id": .text(record.id), "part": part,
          ])
      }
    default: break
    }
  }

  /// A monitored body: an organisation of the list if the name is one, and else the name.
  private static func target(
    _ name: SyncCore.Value, of session: String, _ lookup: Lookup
  ) throws -> [String: SyncCore.Value] {
    let text = name.text ?? ""
    guard try Record.isThere(RecordKinds.organisation, text, lookup) else {
      return ["session_id": .text(session), "target_text": name]
    }
    let organisation = try lookup.record(text, of: RecordKinds.organisation)
    return ["session_id": .text(session), "org_id": .text(organisation.id)]
  }

  private static func addAddressee(
    _ values: [String: [SyncCore.Value]], to recommendation: String, _ field: FieldStore,
    _ writer: RecordWriter
  ) throws {
    let organisations = values["to"] ?? []
    let texts = values["to_text"] ?? []
    for (column, value) in organisations.map({ ("org_id", $0) })
      + texts.map({ ("addressee_text", $0) })
    {
      var row: [String: SyncCore.Value] = [
        "recommendation_id": .text(recommendation), column: value,
      ]
      if let due = values["due"]?.last {
        row["due_on"] = due
        row["due_basis"] = values["due_basis"]?.last ?? Defaults.dueBasis
      }
      try writer.insert(RecordKinds.addressee, id: field.newID(), row)
    }
  }
}

/// What a record starts with where the officer says nothing.
enum Defaults {
  /// The weakest claim: nobody wins an argument by having said nothing.
  static let dueBasis = SyncCore.Value.text("practice")

  /// Fills in what is known anyway.
  static func apply(to filling: inout FormFilling, _ field: FieldStore) throws {
    let values = filling.filled.record
    switch filling.form.kind.table {
    case "session":
      if let home = try home(field) {
        filling.set("lead_org_id", home.organisation)
        filling.set("unit_id", home.unit)
      }
      filling.set("created_by", .text(field.officer))
    case "document": try completeDocument(&filling, field)
    case "annual_plan":
      filling.set("status", .text("draft"))
      if let home = try home(field) { filling.set("org_id", home.organisation) }
    case "plan_item":
      if let home = try home(field) { filling.set("lead_org_id", home.organisation) }
    case "recommendation_target":
      if values["due_on"] != nil { filling.set("due_basis", dueBasis) }
    case "core_group", "person": if let home = try home(field) { filling.set("unit_id", home.unit) }
    default: break
    }
  }

  private static func completeDocument(_ filling: inout FormFilling, _ field: FieldStore) throws {
    let values = filling.filled.record
    let isMinutes = values["doc_type"] == .text("BB")
    let isIncoming = values["incoming_no"] != nil || values["received_on"] != nil
    filling.set("direction", .text(isIncoming ? "in" : isMinutes ? "internal" : "out"))
    if let link = filling.filled.companions["link"]?.first?.text, values["register_org_id"] == nil {
      let session = try field.read { lookup, _ in try lookup.record(link) }
      if session["lead_org_id"] != .null { filling.set("register_org_id", session["lead_org_id"]) }
    }
    if let home = try home(field) { filling.set("register_org_id", home.organisation) }
    let filled = filling.filled.record
    if filled["direction"] == .text("out"), let register = filled["register_org_id"] {
      filling.set("issuing_org_id", register)
    }
    // The year of a number is that of its paper, whatever the clock shows.
    if filled["number_int"] != nil, let year = filled["issued_on"]?.text?.prefix(4) {
      filling.set("year", .integer(Int64(year) ?? 0))
    }
  }

  /// The officer's own organisation and its unit; nothing if the officer is not in the list.
  private static func home(_ field: FieldStore) throws -> (
    organisation: SyncCore.Value, unit: SyncCore.Value
  )? {
    try field.read { _, db in
      guard let officer = try Record.find(RecordKinds.officer, field.officer, in: db),
        let id = officer["org_id"].text,
        let organisation = try Record.find(RecordKinds.organisation, id, in: db)
      else { return nil }
      return (.text(id), organisation["unit_id"])
    }
  }
}
