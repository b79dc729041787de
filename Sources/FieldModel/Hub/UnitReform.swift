package import SyncCore
package import SyncHub

/// One day on which units were merged, split and abolished by law, as one act of the hub's.
///
/// It closes units and makes new ones, says who became whom, closes the old units' organisations and
/// founds the new ones', and gives officers the units that theirs went into. What a record says of the
/// past stays as it is. Nothing is decided that people have to decide: who of a split or abolished unit
/// goes where, and who answers for a recommendation whose addressee is no more.
package struct UnitReform {
  package let day: String
  /// All of it, to be committed as one change set.
  package let changes: [RowChange]
  package let closedUnits: Int
  package let newUnits: Int
  package let closedOrganisations: Int
  package let newOrganisations: Int
  /// Grants that are given.
  package let grants: [OfficerGrant]
  /// Grants in units that have no single heir, or none: somebody says where their officers go.
  package let undecided: [OfficerGrant]
  /// Units that went to several: somebody says what of them each gets (``UnitPart``).
  package let splitUnits: [String]

  /// What the reform is made of.
  package struct Sources {
    package var units: [CSVTable]
    package var succession: CSVTable
    /// Where officers of units without a single heir go: new units by the old unit's id.
    package var assignments: [String: [String]]

    package init(
      units: [CSVTable], succession: CSVTable, assignments: [String: [String]] = [:]
    ) {
      self.units = units
      self.succession = succession
      self.assignments = assignments
    }
  }

  /// Reads the files and says what is to be done.
  ///
  /// - Parameters:
  ///   - sources: The files, read.
  ///   - day: The first day of the new units.
  ///   - hub: Where it will be done.
  ///   - newID: Makes ids of grants.
  /// - Returns: The plan.
  /// - Throws: ``ImportProblems`` naming every bad row, ``ReformProblem``, and the storage's errors.
  package static func plan(
    _ sources: Sources, on day: String, for hub: Hub, newID: () -> String
  ) throws -> UnitReform {
    guard let before = CivilDay.day(day, plus: -1) else { throw ReformProblem.noDay(day) }
    let (unitPlan, units) = try UnitImport.planWithUnits(
      sources.units, for: hub, firstDay: nil)
    let (successionPlan, all) = try SuccessionImport.plan(
      sources.succession, among: units, hub)
    var reform = Draft(
      hub: hub, day: day, before: before, units: units,
      successions: all.filter { $0.day == day })
    try reform.check(sources.assignments)
    try reform.rearrangeOrganisations()
    try reform.moveOfficers(sources.assignments, newID)
    return UnitReform(
      day: day, changes: unitPlan.changes + successionPlan.changes + reform.changes,
      closedUnits: reform.closed.count, newUnits: units.values.count { $0.validFrom == day },
      closedOrganisations: reform.closedOrganisations, newOrganisations: reform.newOrganisations,
      grants: reform.grants, undecided: reform.undecided, splitUnits: reform.splitUnits)
  }
}

/// Why a reform cannot be done as it was asked for.
package enum ReformProblem: Error, Equatable {
  case noDay(String)
  /// The files name no unit that ends with the day before.
  case nothingEnds(String)
  /// Officers are sent from or to a unit that does not end, or does not begin, that day.
  case badAssignment(old: String, new: String)
}

/// A reform that is being planned.
private struct Draft {
  let hub: Hub
  let day: String
  let before: String
  let units: [String: AdministrativeUnit]
  let successions: [UnitSuccession]
  var changes: [RowChange] = []
  var closedOrganisations = 0
  var newOrganisations = 0
  var grants: [OfficerGrant] = []
  var undecided: [OfficerGrant] = []

  /// Units whose last day is the day before.
  var closed: [String: AdministrativeUnit] { units.filter { $0.value.validTo == before } }

  var splitUnits: [String] {
    Set(successions.filter { !$0.isWhole && $0.new != nil }.map(\.old)).sorted()
  }

  func check(_ assignments: [String: [String]]) throws {
    if closed.isEmpty { throw ReformProblem.nothingEnds(before) }
    for (old, heirs) in assignments.sorted(by: { $0.key < $1.key }) {
      for new in heirs where closed[old] == nil || units[new]?.validFrom != day {
        throw ReformProblem.badAssignment(old: old, new: new)
      }
    }
  }

  // MARK: Organisations

  mutating func rearrangeOrganisations() throws {
    let new = units.filter { $0.value.validFrom == day }
    let front = try FrontOrganisations.plan(for: new, hub)
    let committees = try PeoplesCommittees.plan(for: new, hub)
    newOrganisations = front.added + committees.added
    changes += front.changes + committees.changes
    guard let table = hub.schema.table(named: "organisation") else { throw HubError.notFound }
    var ids: Set<String> = []
    for key in try hub.keys(in: "organisation", containing: "", limit: .max) {
      guard let id = key.values.first?.text, let row = try hub.row("organisation", key) else {
        continue
      }
      ids.insert(id)
      let values = Dictionary(uniqueKeysWithValues: row)
      guard let unit = values["unit_id"]?.text, closed[unit] != nil,
        values["active_to"] ?? .null == .null,
        let change = RowChange(of: table, key: key, from: values, to: ["active_to": .text(before)])
      else { continue }
      closedOrganisations += 1
      changes.append(change)
    }
    for unit in new.keys {
      for type in FrontOrganisations.types + [PeoplesCommittees.type] {
        ids.insert(OrganisationImport.id(type: type, unit: unit))
      }
    }
    try nameHeirs(among: ids)
  }

  /// Says which organisation goes on with whose work, as the units do.
  private mutating func nameHeirs(among ids: Set<String>) throws {
    var plan = try ReferenceImport(hub, table: "organisation_succession")
    for succession in successions {
      for type in FrontOrganisations.types + [PeoplesCommittees.type] {
        let old = OrganisationImport.id(type: type, unit: succession.old)
        guard ids.contains(old) else { continue }
        let new = succession.new.map { OrganisationImport.id(type: type, unit: $0) }
        try plan.want(
          RowKey([.text("\(old)>\(new ?? "")@\(day)")]),
          [
            "old_org_id": .text(old), "new_org_id": new.map(Value.text) ?? .null,
            "effective_date": .text(day),
            "takes_open_recommendations": .integer(succession.isWhole && new != nil ? 1 : 0),
          ])
      }
    }
    changes += plan.changes
  }

  // MARK: Officers

  /// Gives whoever has an old unit the one that it went into.
  ///
  /// The old grants go on: what was recorded under them is still their officers' to follow up.
  mutating func moveOfficers(_ assignments: [String: [String]], _ newID: () -> String) throws {
    let known = try OfficerGrant.all(in: hub)
    for grant in known where grant.lasts(beyond: before) && closed[grant.unit] != nil {
      let heirs = assignments[grant.unit] ?? soleHeir(of: grant.unit).map { [$0] } ?? []
      if heirs.isEmpty { undecided.append(grant) }
      for heir in heirs {
        // What was withdrawn since is not given again.
        let isThere = (known + grants).contains {
          $0.officer == grant.officer && $0.role == grant.role && $0.unit == heir
        }
        if isThere { continue }
        var new = grant
        (new.id, new.unit, new.validFrom) = (newID(), heir, max(day, grant.validFrom))
        grants.append(new)
        changes.append(try new.giving(hub.schema))
      }
    }
  }

  /// The unit that another went into whole.
  private func soleHeir(of unit: String) -> String? {
    let all = successions.filter { $0.old == unit }
    guard all.count == 1, let only = all.first, only.isWhole else { return nil }
    return only.new
  }
}

extension OfficerGrant {
  /// Whether it goes on after a day: one that was given late, in a unit that was gone, does too.
  fileprivate func lasts(beyond day: String) -> Bool { (validTo ?? "9999-12-31") > day }
}

/// The People's Committees of units: whom most recommendations are addressed to.
enum PeoplesCommittees {
  static let type = "peoples_committee"

  /// What is missing of them for the given units.
  static func plan(for units: [String: AdministrativeUnit], _ hub: Hub) throws -> ReferenceImport {
    var plan = try ReferenceImport(hub, table: "organisation")
    for unit in units.values.sorted(by: { $0.id < $1.id }) {
      let key = RowKey([.text(OrganisationImport.id(type: type, unit: unit.id))])
      if try hub.row("organisation", key) != nil { continue }
      func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
      try plan.want(
        key,
        [
          "org_type": .text(type), "unit_id": .text(unit.id),
          "name_vi": .text("Ủy ban nhân dân \(unit.nameInSentence)"),
          "short_vi": .text("UBND \(unit.nameInSentence)"), "symbol_suffix": .text("UBND"),
          "number_series": .text("per_type"), "active_from": text(unit.validFrom),
          "active_to": text(unit.validTo),
        ])
    }
    return plan
  }
}
