import SyncCore
package import SyncHub

/// Organisations from a CSV file, or made for every unit: all of them or none.
///
/// Columns `org_type`, `name_vi` and one of `unit_id` and `unit_code` are needed; `id`, `short_vi`,
/// `symbol_suffix`, `number_series`, `active_from`, `active_to` and `parent_org_id` may be there.
/// Without an id it is `TYPE-UNIT`, such as `front-23065@0`, so a unit's second organisation of a
/// type needs one.
package struct OrganisationImport {
  package static let requiredColumns = ["org_type", "name_vi"]
  static let types = [
    "front", "trade_union", "farmers", "youth", "women", "veterans", "peoples_inspection",
    "community_investment", "peoples_council", "peoples_committee", "party_committee",
    "department", "na_delegation", "mass_association", "enterprise", "other",
  ]

  private let units: [String: AdministrativeUnit]
  private let known: Set<String>
  private let day: String
  private var problems: [ImportProblem] = []
  private var lines: [String: Int] = [:]
  private var wanted: [(id: String, line: Int, values: [String: Value])] = []

  /// The id of a unit's organisation of a type, where no other is given.
  package static func id(type: String, unit: String) -> String { "\(type)-\(unit)" }

  /// Reads and checks a file against the units that the hub has.
  ///
  /// - Parameters:
  ///   - table: The file, read.
  ///   - hub: Where it will go.
  ///   - day: The day on which a unit's code is looked up.
  /// - Returns: What is to be committed.
  /// - Throws: ``ImportProblems`` naming every bad row.
  package static func plan(_ table: CSVTable, for hub: Hub, day: String) throws -> ReferenceImport {
    let known = try hub.keys(in: "organisation", containing: "", limit: .max)
    var organisations = OrganisationImport(
      units: try AdministrativeUnit.all(in: hub),
      known: Set(known.compactMap { $0.values.first?.text }), day: day)
    for row in table.rows { organisations.read(row, of: table) }
    organisations.checkParents(table)
    if !organisations.problems.isEmpty { throw ImportProblems(organisations.problems) }
    var plan = try ReferenceImport(hub, table: "organisation")
    for row in organisations.wanted { try plan.want(RowKey([.text(row.id)]), row.values) }
    return plan
  }

  private init(units: [String: AdministrativeUnit], known: Set<String>, day: String) {
    self.units = units
    self.known = known
    self.day = day
  }

  private mutating func read(_ row: CSVTable.Row, of table: CSVTable) {
    var reader = RowReader(row, file: table.file)
    let type = reader.oneOf(Self.types, "org_type")
    let name = reader.required("name_vi")
    let (from, to) = reader.days("active_from", "active_to")
    let unit = unit(&reader)
    let series = row["number_series"] ?? "per_type"
    if !["per_type", "joint"].contains(series) {
      reader.note(.unknownValue(series, of: "number_series", known: ["per_type", "joint"]))
    }
    let id = row["id"] ?? Self.id(type: type ?? "", unit: unit?.id ?? "")
    if reader.problems.isEmpty, let line = lines.updateValue(row.line, forKey: id) {
      reader.note(.repeated(id, line: line))
    }
    problems += reader.problems
    guard reader.problems.isEmpty, let type, let name, let unit else { return }
    var values: [String: Value] = [
      "org_type": .text(type), "unit_id": .text(unit.id), "name_vi": .text(name),
    ]
    if !known.contains(id) || table.header.contains("number_series") {
      values["number_series"] = .text(series)
    }
    let optional = [
      "short_vi": row["short_vi"], "symbol_suffix": row["symbol_suffix"], "active_from": from,
      "active_to": to, "parent_org_id": row["parent_org_id"],
    ]
    for (column, value) in optional where table.header.contains(column) {
      values[column] = value.map(Value.text) ?? .null
    }
    wanted.append((id, row.line, values))
  }

  private func unit(_ reader: inout RowReader) -> AdministrativeUnit? {
    if let id = reader.row["unit_id"] {
      if let unit = units[id] { return unit }
      reader.note(.noUnit(id))
      return nil
    }
    guard let code = reader.row["unit_code"] else {
      reader.note(.emptyField("unit_id / unit_code"))
      return nil
    }
    if let unit = units.unit(code: code, on: day) { return unit }
    reader.note(.noUnit(code, on: day))
    return nil
  }

  private mutating func checkParents(_ table: CSVTable) {
    let all = known.union(lines.keys)
    for row in wanted {
      if let parent = row.values["parent_org_id"]?.text, !all.contains(parent) {
        problems.append(ImportProblem(table.file, row.line, .noOrganisation(parent)))
      }
    }
  }
}

extension Phrase {
  fileprivate static func noOrganisation(_ id: String) -> Phrase {
    Phrase(
      vi: "không có tổ chức “\(id)”", en: "there is no organisation “\(id)”",
      uk: "немає організації «\(id)»")
  }
}
