import SyncCore
package import SyncHub

/// Administrative units from CSV files: all of them or none.
///
/// Columns `code`, `name_vi`, `kind` and `tier` are needed; `unit_id`, `parent_unit_id` or
/// `parent_code`, `valid_from` and `valid_to` may be there. What a file does not say of a unit that
/// the hub has stays as it is.
package struct UnitImport {
  package static let requiredColumns = ["code", "name_vi", "kind", "tier"]
  package static let knownColumns =
    requiredColumns + ["unit_id", "parent_unit_id", "parent_code", "valid_from", "valid_to"]

  private var units: [String: AdministrativeUnit]
  private var drafts: [Draft] = []
  private var problems: [ImportProblem] = []
  private let firstDay: String?

  private struct Draft {
    let file: String
    let row: CSVTable.Row
    let columns: Set<String>
    var unit: AdministrativeUnit
  }

  /// Reads and checks the files together, over what the hub has.
  ///
  /// - Parameters:
  ///   - tables: The files, read.
  ///   - hub: Where they will go.
  ///   - firstDay: The day from which units are valid in a file that does not say so.
  /// - Returns: What is to be committed.
  /// - Throws: ``ImportProblems`` naming every bad row.
  package static func plan(_ tables: [CSVTable], for hub: Hub, firstDay: String?) throws
    -> ReferenceImport
  {
    try planWithUnits(tables, for: hub, firstDay: firstDay).plan
  }

  /// The same, with all units as they will be.
  static func planWithUnits(_ tables: [CSVTable], for hub: Hub, firstDay: String?) throws
    -> (plan: ReferenceImport, units: [String: AdministrativeUnit])
  {
    var units = UnitImport(units: try AdministrativeUnit.all(in: hub), firstDay: firstDay)
    for table in tables {
      for row in table.rows { units.read(row, of: table) }
    }
    units.overlayDrafts()
    units.resolveParents()
    units.checkOverlaps()
    if !units.problems.isEmpty { throw ImportProblems(units.problems) }
    var plan = try ReferenceImport(hub, table: "admin_unit")
    for draft in units.drafts { try plan.want(RowKey([.text(draft.unit.id)]), values(of: draft)) }
    return (plan, units.units)
  }

  private init(units: [String: AdministrativeUnit], firstDay: String?) {
    self.units = units
    self.firstDay = firstDay
  }

  // MARK: Rows

  private mutating func read(_ row: CSVTable.Row, of table: CSVTable) {
    var reader = RowReader(row, file: table.file)
    let code = reader.required("code")
    let name = reader.required("name_vi")
    let kind = reader.oneOf(AdministrativeUnit.kinds, "kind")
    let tier = reader.oneOf(AdministrativeUnit.Tier.allCases.map(\.rawValue), "tier")
    let (from, to) = reader.days("valid_from", "valid_to")
    if let code, !code.allSatisfy({ $0.isASCII && $0.isNumber }) {
      reader.note(.badCode(code))
    }
    if let kind, let tier, AdministrativeUnit.tierOfKind[kind]?.rawValue != tier {
      reader.note(.kindOfOtherTier(kind, tier))
    }
    let start = from ?? (table.header.contains("valid_from") ? nil : firstDay)
    let id = row["unit_id"] ?? AdministrativeUnit.id(code: code ?? "", validFrom: start)
    if let code, !id.hasPrefix(code + "@") { reader.note(.idOfOtherCode(id, code)) }
    if let earlier = drafts.first(where: { $0.unit.id == id }) {
      reader.note(.repeated(id, line: earlier.row.line))
    }
    problems += reader.problems
    guard reader.problems.isEmpty, let code, let name, let kind,
      let tier = tier.flatMap(AdministrativeUnit.Tier.init)
    else { return }
    var columns = Set(table.header)
    if start != nil { columns.insert("valid_from") }
    drafts.append(
      Draft(
        file: table.file, row: row, columns: columns,
        unit: AdministrativeUnit(
          id: id, code: code, name: name, kind: kind, tier: tier, parent: row["parent_unit_id"],
          validFrom: start, validTo: to)))
  }

  /// Puts the files' units over the hub's; columns that a file does not have keep the hub's values.
  private mutating func overlayDrafts() {
    for index in drafts.indices {
      if let known = units[drafts[index].unit.id] {
        let columns = drafts[index].columns
        // A list of one day says nothing of lives: under a code that was given again it would
        // rename the unit that bore it before.
        if columns.isDisjoint(with: ["unit_id", "valid_from"]),
          known.name != drafts[index].unit.name || known.kind != drafts[index].unit.kind
        {
          note(drafts[index], .otherLife(known.id, known.name))
        }
        if !columns.contains("valid_from") { drafts[index].unit.validFrom = known.validFrom }
        if !columns.contains("valid_to") { drafts[index].unit.validTo = known.validTo }
        if columns.isDisjoint(with: ["parent_unit_id", "parent_code"]) {
          drafts[index].unit.parent = known.parent
        }
      }
      units[drafts[index].unit.id] = drafts[index].unit
    }
  }

  // MARK: Parents

  private mutating func resolveParents() {
    for index in drafts.indices {
      let draft = drafts[index]
      var unit = draft.unit
      if unit.parent == nil, let code = draft.row["parent_code"] {
        guard let parent = parent(of: unit, code: code) else {
          note(draft, .noUnit(code))
          continue
        }
        unit.parent = parent.id
      }
      check(unit, draft)
      drafts[index].unit = unit
      units[unit.id] = unit
    }
  }

  /// The life of a code that was there with the unit: on its first day, or at all.
  private func parent(of unit: AdministrativeUnit, code: String) -> AdministrativeUnit? {
    let lives = units.withCode(code)
    if let first = unit.validFrom, let parent = lives.first(where: { $0.isValid(on: first) }) {
      return parent
    }
    return lives.first { $0.overlaps(unit) } ?? lives.first
  }

  private mutating func check(_ unit: AdministrativeUnit, _ draft: Draft) {
    guard let parentID = unit.parent else {
      if unit.tier != .province { note(draft, .emptyField("parent_unit_id / parent_code")) }
      return
    }
    guard let parent = units[parentID] else { return note(draft, .noUnit(parentID)) }
    let fits =
      switch unit.tier {
      case .province: false
      case .district: parent.tier == .province
      case .commune: parent.tier != .commune
      }
    if !fits { note(draft, .parentOfWrongTier(parent.id, parent.tier.rawValue)) }
    if !parent.overlaps(unit) { note(draft, .parentNotThere(parent.id)) }
  }

  /// One code means one unit on any day (U14).
  private mutating func checkOverlaps() {
    let lives = Dictionary(grouping: units.values, by: \.code)
    for draft in drafts {
      let clash = lives[draft.unit.code]?.filter {
        $0.id != draft.unit.id && $0.overlaps(draft.unit)
      }
      if let other = clash?.min(by: { $0.id < $1.id }) {
        note(draft, .codeInUse(draft.unit.code, other.id))
      }
    }
  }

  private mutating func note(_ draft: Draft, _ what: Phrase) {
    problems.append(ImportProblem(draft.file, draft.row.line, what))
  }

  private static func values(of draft: Draft) -> [String: Value] {
    let unit = draft.unit
    func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
    return [
      "code": .text(unit.code), "name_vi": .text(unit.name), "kind": .text(unit.kind),
      "tier": .text(unit.tier.rawValue), "parent_unit_id": text(unit.parent),
      "valid_from": text(unit.validFrom), "valid_to": text(unit.validTo),
    ]
  }
}

extension Phrase {
  fileprivate static func badCode(_ code: String) -> Phrase {
    Phrase(
      vi: "mã “\(code)” không phải chữ số", en: "code “\(code)” is not digits",
      uk: "код «\(code)» не з цифр")
  }

  fileprivate static func kindOfOtherTier(_ kind: String, _ tier: String) -> Phrase {
    Phrase(
      vi: "loại “\(kind)” không thuộc cấp “\(tier)”", en: "a “\(kind)” is not of tier “\(tier)”",
      uk: "«\(kind)» не належить до рівня «\(tier)»")
  }

  fileprivate static func idOfOtherCode(_ id: String, _ code: String) -> Phrase {
    Phrase(
      vi: "“\(id)” không phải của mã “\(code)”", en: "“\(id)” does not belong to code “\(code)”",
      uk: "«\(id)» не належить коду «\(code)»")
  }

  fileprivate static func otherLife(_ id: String, _ name: String) -> Phrase {
    Phrase(
      vi: "“\(id)” là “\(name)”; danh sách của ngày khác cần --valid-from",
      en: "“\(id)” is “\(name)”; a list of another day needs --valid-from",
      uk: "«\(id)» — це «\(name)»; перелік на інший день потребує --valid-from")
  }

  fileprivate static func parentOfWrongTier(_ id: String, _ tier: String) -> Phrase {
    Phrase(
      vi: "đơn vị cấp trên “\(id)” sai cấp (\(tier))",
      en: "the parent “\(id)” is of a wrong tier (\(tier))",
      uk: "вища одиниця «\(id)» не того рівня (\(tier))")
  }

  fileprivate static func parentNotThere(_ id: String) -> Phrase {
    Phrase(
      vi: "đơn vị cấp trên “\(id)” không tồn tại cùng thời gian",
      en: "the parent “\(id)” was not there at the same time",
      uk: "вища одиниця «\(id)» не існувала в той самий час")
  }

  fileprivate static func codeInUse(_ code: String, _ id: String) -> Phrase {
    Phrase(
      vi: "mã “\(code)” cùng thời gian đã là của “\(id)”",
      en: "code “\(code)” belongs to “\(id)” at the same time",
      uk: "код «\(code)» у той самий час належить «\(id)»")
  }
}
