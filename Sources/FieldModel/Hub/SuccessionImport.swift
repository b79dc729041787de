import SyncCore
package import SyncHub

/// Who became whom, from a CSV file: all of it or nothing.
///
/// The file names units by code and name; they are found as they were the day before, and on the
/// day of, `effective_date`. A name that does not fit is a problem, since codes are given again to
/// other units.
package struct SuccessionImport {
  package static let requiredColumns = ["old_code", "new_code", "relation", "effective_date"]
  static let relations = [
    "whole", "whole_keeps_code_and_name", "whole_keeps_code_new_name_or_kind", "part",
    "level_abolished", "level_abolished_converted",
  ]

  private let units: [String: AdministrativeUnit]
  private var problems: [ImportProblem] = []
  private var lines: [String: Int] = [:]

  /// Reads and checks a file against the units that the hub has.
  ///
  /// - Throws: ``ImportProblems`` naming every bad row.
  package static func plan(_ table: CSVTable, for hub: Hub) throws -> ReferenceImport {
    try plan(table, among: AdministrativeUnit.all(in: hub), hub).plan
  }

  /// The same among given units.
  ///
  /// - Returns: What is to be committed, and what the file says.
  static func plan(
    _ table: CSVTable, among units: [String: AdministrativeUnit], _ hub: Hub
  ) throws -> (plan: ReferenceImport, successions: [UnitSuccession]) {
    var succession = SuccessionImport(units: units)
    var successions: [UnitSuccession] = []
    var plan = try ReferenceImport(hub, table: "unit_succession")
    for row in table.rows {
      if let (id, values) = succession.read(row, file: table.file) {
        try plan.want(RowKey([.text(id)]), values)
        successions.append(
          UnitSuccession(
            old: values["old_unit_id"]?.text ?? "", new: values["new_unit_id"]?.text,
            isWhole: values["relation"] != .text("part"), day: values["effective_date"]?.text ?? "")
        )
      }
    }
    if !succession.problems.isEmpty { throw ImportProblems(succession.problems) }
    return (plan, successions)
  }

  private init(units: [String: AdministrativeUnit]) { self.units = units }

  private mutating func read(_ row: CSVTable.Row, file: String) -> (String, [String: Value])? {
    var reader = RowReader(row, file: file)
    let relation = reader.oneOf(Self.relations, "relation")
    let day = reader.day("effective_date")
    if row["effective_date"] == nil { reader.note(.emptyField("effective_date")) }
    var old: AdministrativeUnit?
    var new: AdministrativeUnit?
    if let day, let relation, let before = CivilDay.day(day, plus: -1) {
      if let code = reader.required("old_code") {
        old = find(code, on: before, name: row["old_name_vi"], &reader)
      }
      if relation != "level_abolished", let code = reader.required("new_code") {
        new = find(code, on: day, name: row["new_name_vi"], &reader)
      } else if relation == "level_abolished", let code = row["new_code"] {
        reader.note(.abolishedHasHeir(code))
      }
    }
    let id = "\(old?.id ?? "")>\(new?.id ?? "")@\(day ?? "")"
    if reader.problems.isEmpty, let line = lines.updateValue(row.line, forKey: id) {
      reader.note(.repeated(id, line: line))
    }
    problems += reader.problems
    guard reader.problems.isEmpty, let old, let relation, let day else { return nil }
    func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
    return (
      id,
      [
        "old_unit_id": .text(old.id), "new_unit_id": text(new?.id), "relation": .text(relation),
        "effective_date": .text(day), "instrument": text(row["instrument"]),
        "note": text(row["note"]),
      ]
    )
  }

  private func find(
    _ code: String, on day: String, name: String?, _ reader: inout RowReader
  ) -> AdministrativeUnit? {
    guard let unit = units.unit(code: code, on: day) else {
      reader.note(.noUnit(code, on: day))
      return nil
    }
    if let name, name != unit.name { reader.note(.otherName(unit.id, unit.name, name)) }
    return unit
  }
}

/// One unit that became another on a day, or a part of it, or nothing.
struct UnitSuccession {
  let old: String
  let new: String?
  let isWhole: Bool
  let day: String
}

extension Phrase {
  fileprivate static func otherName(_ id: String, _ known: String, _ given: String) -> Phrase {
    Phrase(
      vi: "“\(id)” là “\(known)”, không phải “\(given)”",
      en: "“\(id)” is “\(known)”, not “\(given)”", uk: "«\(id)» — це «\(known)», а не «\(given)»")
  }

  fileprivate static func abolishedHasHeir(_ code: String) -> Phrase {
    Phrase(
      vi: "cấp đã bỏ không có đơn vị kế thừa (“\(code)”)",
      en: "an abolished level has no successor (“\(code)”)",
      uk: "скасований рівень не має правонаступника («\(code)»)")
  }
}
