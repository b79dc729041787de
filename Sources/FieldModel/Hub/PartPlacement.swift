package import SyncCore
package import SyncHub

/// Records of a unit that was split, put into one of its parts, or taken out of any.
///
/// What belongs to a record, such as a session's findings, goes with it; what it only names, such as the
/// people who were there, is a record of its own.
package struct PartPlacement {
  /// To be committed as one change set; nothing for records that are there already.
  package let changes: [RowChange]
  package let unit: String
  /// Records that the given ones are about, of the same unit, and that were not given.
  package let linked: [RowReference]

  /// The tables whose records are put into parts, and what leads from one to its unit.
  private static let homes = [
    (table: "session", unit: "session.unit_id", join: ""),
    (table: "person", unit: "person.unit_id", join: ""),
    (
      table: "document", unit: "organisation.unit_id",
      join: "JOIN organisation ON organisation.id = document.register_org_id"
    ),
    (
      table: "annual_plan", unit: "organisation.unit_id",
      join: "JOIN organisation ON organisation.id = annual_plan.org_id"
    ),
    (table: "core_group", unit: "core_group.unit_id", join: ""),
  ]

  /// Says what is to be done.
  ///
  /// - Parameters:
  ///   - records: The records.
  ///   - part: The part's name; nothing to take them out of the one that they are in.
  ///   - takingLinked: Whether what they are about goes with them.
  ///   - hub: Where they are.
  /// - Returns: The plan.
  /// - Throws: ``PartProblem``, `HubError/notFound` for a record that does not live, and the storage's
  ///   errors.
  package static func plan(
    _ records: [RowReference], into part: String?, takingLinked: Bool, for hub: Hub
  ) throws -> PartPlacement {
    let (unit, linked) = try hub.view { view throws -> (String, [RowReference]) in
      let unit = try self.unit(of: records, part, view)
      return (unit, try self.linked(to: records, of: unit, view))
    }
    let value = part.map(Value.text) ?? .null
    let changes = try (takingLinked ? records + linked : records).compactMap { record in
      guard let table = hub.schema.table(named: record.table),
        let row = try hub.row(record.table, record.key)
      else { throw HubError.notFound }
      return RowChange(
        of: table, key: record.key, from: Dictionary(uniqueKeysWithValues: row),
        to: ["unit_part": value])
    }
    return PartPlacement(changes: changes, unit: unit, linked: takingLinked ? [] : linked)
  }

  /// A unit's records that can be put into parts, kind by kind.
  ///
  /// - Parameters:
  ///   - unit: The unit.
  ///   - part: Only those in this part; an empty name for those in none; nothing for all.
  ///   - limit: At most so many.
  ///   - view: Where they are.
  /// - Returns: Each with the part that it is in, if it is in one.
  /// - Throws: The storage's errors.
  package static func records(
    of unit: String, in part: String?, limit: Int, _ view: HubView
  ) throws -> [(record: RowReference, part: String?)] {
    let condition = part == nil ? "" : "WHERE coalesce(unit_part, '') = ?"
    let all = homes.map { home in
      """
      SELECT '\(home.table)' AS kind, \(home.table).id AS id, unit_part
      FROM \(home.table) \(home.join) WHERE \(home.unit) = ?
      """
    }.joined(separator: " UNION ALL ")
    var arguments = homes.map { _ in Value.text(unit) }
    if let part { arguments.append(.text(part)) }
    arguments.append(.integer(Int64(limit)))
    return try view.rows(
      "SELECT kind, id, unit_part FROM (\(all)) \(condition) LIMIT ?", arguments
    ).map { (record: RowReference($0[0].text ?? "", RowKey([$0[1]])), part: $0[2].text) }
  }

  private static func unit(
    of records: [RowReference], _ part: String?, _ view: HubView
  ) throws -> String {
    var units: Set<String> = []
    for record in records {
      guard let unit = try unit(of: record, view) else { throw HubError.notFound }
      units.insert(unit)
    }
    guard let unit = units.first, units.count == 1 else {
      throw PartProblem.severalUnits(units.sorted())
    }
    if let part {
      let parts = Set(try UnitPart.all(in: view).filter { $0.unit == unit }.map(\.name))
      guard parts.contains(part) else { throw PartProblem.noPart(part, of: unit, parts.sorted()) }
    }
    return unit
  }

  private static func unit(of record: RowReference, _ view: HubView) throws -> String? {
    guard let home = homes.first(where: { $0.table == record.table }) else {
      throw PartProblem.belongsToAnother(table: record.table, record.key)
    }
    return try view.rows(
      "SELECT \(home.unit) FROM \(home.table) \(home.join) WHERE \(home.table).id = ?",
      record.key.values
    ).first?[0].text
  }

  /// What records are about, where it is of their unit too.
  private static func linked(
    to records: [RowReference], of unit: String, _ view: HubView
  ) throws -> [RowReference] {
    var seen = Set(records)
    var linked: [RowReference] = []
    for record in records where record.table == "session" {
      for row in try view.rows(namedBySession, record.key.values) {
        guard let table = row[0].text else { continue }
        let other = RowReference(table, RowKey([row[1]]))
        guard seen.insert(other).inserted else { continue }
        if try self.unit(of: other, view) == unit { linked.append(other) }
      }
    }
    return linked
  }

  /// The people, papers and the plan that a session's records name.
  private static let namedBySession = """
    WITH RECURSIVE own (entity, id) AS (
      SELECT 'session', ?
      UNION ALL SELECT 'session_target', t.id FROM own JOIN session_target t ON t.session_id = own.id
        WHERE own.entity = 'session'
      UNION ALL SELECT 'meeting', m.id FROM own JOIN meeting m ON m.session_id = own.id
        WHERE own.entity = 'session'
      UNION ALL SELECT 'finding', f.id FROM own JOIN finding f ON f.session_id = own.id
        WHERE own.entity = 'session'
      UNION ALL SELECT 'recommendation', r.id FROM own JOIN recommendation r ON r.session_id = own.id
        WHERE own.entity = 'session'
      UNION ALL SELECT 'attendance', a.id FROM own JOIN attendance a ON a.meeting_id = own.id
        WHERE own.entity = 'meeting'
      UNION ALL SELECT 'opinion', o.id FROM own JOIN opinion o ON o.meeting_id = own.id
        WHERE own.entity = 'meeting'
      UNION ALL SELECT 'recommendation_target', t.id
        FROM own JOIN recommendation_target t ON t.recommendation_id = own.id
        WHERE own.entity = 'recommendation'
      UNION ALL SELECT 'recommendation_event', e.id
        FROM own JOIN recommendation_event e ON e.target_id = own.id
        WHERE own.entity = 'recommendation_target')
    SELECT DISTINCT * FROM (
      SELECT 'person' AS kind, t.person_id AS key FROM own JOIN session_target t ON t.id = own.id
        WHERE own.entity = 'session_target'
      UNION ALL SELECT 'person', a.person_id FROM own JOIN attendance a ON a.id = own.id
        WHERE own.entity = 'attendance'
      UNION ALL SELECT 'person', o.person_id FROM own JOIN opinion o ON o.id = own.id
        WHERE own.entity = 'opinion'
      UNION ALL SELECT 'document', r.document_id FROM own JOIN recommendation r ON r.id = own.id
        WHERE own.entity = 'recommendation'
      UNION ALL SELECT 'document', e.document_id FROM own JOIN recommendation_event e ON e.id = own.id
        WHERE own.entity = 'recommendation_event'
      UNION ALL SELECT 'document', l.document_id
        FROM own JOIN document_link l ON l.entity = own.entity AND l.entity_id = own.id
      UNION ALL SELECT 'annual_plan', i.plan_id
        FROM own JOIN session s ON s.id = own.id JOIN plan_item i ON i.id = s.plan_item_id
        WHERE own.entity = 'session') AS named
    WHERE named.key IS NOT NULL
    """
}
