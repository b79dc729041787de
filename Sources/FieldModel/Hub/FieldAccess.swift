package import SyncCore
package import SyncHub

/// What an officer may see and change: the units that are granted to him, while they are.
///
/// A grant of a unit covers the records of the units that went into it whole as well. Of one that was
/// split its heirs may read what the operator has named for them (``UnitPart``), and write none of it,
/// unless the old unit itself is granted (story 8); what is private of that only where he has said so.
package struct FieldAccess: AccessPolicy {
  package init() {}

  package func access(
    of device: HubDevice, in view: HubView, wallMilliseconds: Int64
  ) throws -> Access {
    let day = Value.text(CivilDay.inVietnam(milliseconds: wallMilliseconds))
    let grants = try view.rows(
      """
      SELECT g.role, g.unit_id, g.includes_children, g.sees_private
      FROM role_grant g JOIN officer o ON o.id = g.officer_id
      WHERE o.id = ? AND o.disabled_at IS NULL AND g.valid_from <= ?
        AND coalesce(g.valid_to, '9999-12-31') >= ?
      """, [.text(device.officer), day, day])
    var (read, written): (Set<Scope>, Set<Scope>) = ([], [])
    var desk: Set<String> = []
    let parts = try UnitPart.all(in: view)
    for grant in grants {
      guard let role = grant[0].text.flatMap(Role.init), role.readsRecords else { continue }
      let units = try units(grant[1], withChildren: grant[2] == .integer(1), on: day, view)
      let seesPrivate = grant[3] == .integer(1)
      func scopes(_ unit: String, _ part: String?, isPrivate: Bool) -> Set<Scope> {
        let open = Scope.named(unit, part: part)
        return isPrivate && seesPrivate
          ? [open, .named(unit, part: part, isPrivate: true)] : [open]
      }
      var whole: Set<Scope> = []
      for unit in units { whole.formUnion(scopes(unit, nil, isPrivate: true)) }
      for part in parts {
        if units.contains(part.unit) {
          whole.formUnion(scopes(part.unit, part.name, isPrivate: true))
        } else if part.access != .none, units.contains(part.heir) {
          read.formUnion(scopes(part.unit, part.name, isPrivate: part.access == .private))
        }
      }
      read.formUnion(whole)
      if role.writesRecords { written.formUnion(whole) }
      if role == .clerk { desk.formUnion(units) }
    }
    return Access(
      reading: read, writing: written, naming: [device.officer],
      recordingFor: try officers(in: desk, on: day, view))
  }

  /// Officers who work in some units, or have been granted one: a clerk there records for them.
  private func officers(
    in units: Set<String>, on day: Value, _ view: HubView
  ) throws -> Set<String> {
    if units.isEmpty { return [] }
    let rows = try view.rows(
      """
      SELECT o.id, w.unit_id FROM officer o JOIN organisation w ON w.id = o.org_id
      UNION SELECT officer_id, unit_id FROM role_grant WHERE valid_from <= ?
      """, [day])
    return Set(
      rows.compactMap { row in
        row[1].text.map(units.contains) == true ? row[0].text : nil
      })
  }

  /// A unit, those within it, and those that went whole into one of them.
  private func units(
    _ unit: Value, withChildren: Bool, on day: Value, _ view: HubView
  ) throws -> Set<String> {
    let rows = try view.rows(
      """
      WITH RECURSIVE covered (unit) AS (
        SELECT ?
        UNION SELECT u.unit_id FROM covered JOIN admin_unit u ON u.parent_unit_id = unit WHERE ?
        UNION SELECT s.old_unit_id
          FROM covered JOIN unit_succession s ON s.new_unit_id = unit
            JOIN admin_unit old ON old.unit_id = s.old_unit_id
          WHERE s.relation <> 'part' AND s.effective_date <= ? AND old.valid_to < s.effective_date)
      SELECT unit FROM covered
      """, [unit, .integer(withChildren ? 1 : 0), day])
    return Set(rows.compactMap { $0[0].text })
  }
}

/// What somebody is at the hub.
package enum Role: String, CaseIterable, Sendable {
  case fieldOfficer = "field_officer"
  case orgOfficer = "org_officer"
  case clerk, approver
  case hubOperator = "hub_operator"
  case viewer, auditor, admin

  /// Whether he changes records in the units that are granted to him.
  package var writesRecords: Bool {
    switch self {
    case .fieldOfficer, .orgOfficer, .clerk, .approver: true
    case .hubOperator, .viewer, .auditor, .admin: false
    }
  }

  /// Whether he sees records; whoever looks after the system needs none.
  package var readsRecords: Bool { self != .admin }
}
