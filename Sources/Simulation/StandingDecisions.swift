import SyncCore
import SyncHub

/// What people have decided, and whether it stands (law L10), looked at from outside.
///
/// A decision about a column is replaced by work that knew it, or by work that builds on the very value
/// that was decided; texts and lists of tags may merge it. The change sets themselves say which it was:
/// their base, and what each field held before.
final class StandingDecisions {
  struct Place: Hashable {
    let table: Int
    let key: RowKey
    let unit: Int
  }

  struct Decision {
    let conflict: String
    let values: [Value]
    /// The hub's sequence with which it was made.
    let sequence: Int64
    /// Devices that had it when the hub was put back to before it; empty as long as the hub has it.
    var witnesses: Set<Int> = []
  }

  private(set) var decisions: [Place: Decision] = [:]

  func note(_ decision: Decision, at place: Place) { decisions[place] = decision }
  func forget(_ place: Place) { decisions[place] = nil }

  /// What is decided anew, or taken back, may be so though a crash hid it from whoever asked.
  func forget(about conflict: String) {
    decisions = decisions.filter { $0.value.conflict != conflict }
  }

  /// A device is not what it was: what it knew it may know no more.
  func forgetWitness(_ index: Int) {
    for (place, decision) in decisions where !decision.witnesses.isEmpty {
      decisions[place]?.witnesses.remove(index)
      if decision.witnesses == [index] { decisions[place] = nil }
    }
  }

  /// The hub is put back to before some of them: those count on that a device has.
  func noteRestore(to head: Int64, witnesses: (Place, Decision) -> Set<Int>) {
    for (place, decision) in decisions where decision.sequence > head {
      let known =
        decision.witnesses.isEmpty ? witnesses(place, decision) : decision.witnesses
      decisions[place]?.witnesses = known
      if known.isEmpty { decisions[place] = nil }
    }
  }
}

extension World {
  /// Remembers what has just been decided about a unit of a row.
  func noteDecision(of conflict: Conflict) throws {
    guard conflict.otherKey == nil, let table = hub.schema.schema.table(named: conflict.table),
      let unit = table.units.firstIndex(where: { $0.name == conflict.unit }),
      ![.text, .set].contains(table.units[unit].policy)
    else { return }
    let place = StandingDecisions.Place(table: table.number, key: conflict.key, unit: unit)
    guard let row = mirror.values(table.number, conflict.key) else {
      return standing.forget(place)
    }
    standing.note(
      StandingDecisions.Decision(
        conflict: conflict.place, values: table.units[unit].columns.map { row[$0] },
        sequence: mirror.sequence),
      at: place)
  }

  /// Looks at what has changed at the hub; without a sender it is the hub's people who spoke.
  func checkDecisions(_ difference: RowDifference, from sender: String?, isJudged: Bool) throws {
    let table = difference.table
    for (index, unit) in table.units.enumerated() {
      let place = StandingDecisions.Place(table: table.number, key: difference.key, unit: index)
      guard let decision = standing.decisions[place], decision.witnesses.isEmpty else { continue }
      let new = difference.new.map { row in unit.columns.map { row[$0] } }
      if let new, zip(new, decision.values).allSatisfy({ $0.agrees(with: $1) }) { continue }
      standing.forget(place)
      guard let sender, isJudged, let new, !decidesAll else { continue }
      if try isAware(new, of: decision, at: place, table, sender) { continue }
      throw Violation(
        law: .decisions,
        what: "\(decision.conflict): \(decision.values) was decided, and \(new) of a device that "
          + "did not know it took its place")
    }
  }

  /// Whether what a sender wrote last about a unit knew a decision, or goes back to the value that was
  /// decided.
  private func isAware(
    _ new: [Value], of decision: StandingDecisions.Decision, at place: StandingDecisions.Place,
    _ table: TableSchema, _ sender: String?
  ) throws -> Bool {
    let said = try changeSetsAtHub().filter { sender == nil || $0.stream.device == sender }
    let columns = table.units[place.unit].columns.map { table.columns[$0].number }
    return zip(columns, zip(new, decision.values)).allSatisfy { column, values in
      var value = values.0
      if value.agrees(with: values.1) { return true }
      for changeSet in said.reversed() {
        for change in changeSet.changes.reversed()
        where change.table == place.table && change.key == place.key {
          let field = change.fields.first { $0.column == column }
          guard (field?.after ?? .null).agrees(with: value), field != nil else { continue }
          if changeSet.base.sequence >= decision.sequence { return true }
          value = field?.before ?? .null
          if value.agrees(with: values.1) { return true }
        }
      }
      return false
    }
  }

  /// A decision that a device brought back to a hub which had lost it stands, or is a question again.
  func checkRecalledDecisions() throws {
    for (place, decision) in standing.decisions where !decision.witnesses.isEmpty {
      guard let table = hub.schema.schema.table(number: place.table),
        let row = mirror.values(place.table, place.key)
      else { continue }
      let unit = table.units[place.unit]
      let live = unit.columns.map { row[$0] }
      if zip(live, decision.values).allSatisfy({ $0.agrees(with: $1) }) { continue }
      let isAsked = try attemptAtHub { hub in
        try hub.conflicts(openOnly: false).contains {
          $0.table == table.name && $0.key == place.key && $0.unit == unit.name
        }
      }
      if isAsked != false { continue }
      if try isAware(live, of: decision, at: place, table, nil) { continue }
      throw Violation(
        law: .decisions,
        what: "\(decision.conflict): \(decision.values) was decided in a life of the hub's that is "
          + "gone, \(live) is live, and nobody is asked")
    }
  }
}

extension SimulatedDevice {
  /// Whether the decided row is held here as it was decided: whoever may not see it has no word of it.
  func shows(_ decision: StandingDecisions.Decision, at place: StandingDecisions.Place) -> Bool {
    guard let position = schema.schema.tables.firstIndex(where: { $0.number == place.table }),
      let row = rows?.tables[position].first(where: {
        schema.schema.tables[position].rowKey(of: $0) == place.key
      })
    else { return false }
    let columns = schema.schema.tables[position].units[place.unit].columns
    return zip(columns, decision.values).allSatisfy { row[$0].agrees(with: $1) }
  }
}
