package import SyncCore
package import SyncHub

/// What one officer may do in one unit, and when.
package struct OfficerGrant: Equatable, Sendable {
  package var id: String
  package var officer: String
  package var role: Role
  package var unit: String
  package var includesChildren: Bool
  package var seesPrivate: Bool
  /// First and last day; without a last one until it is withdrawn.
  package var validFrom: String
  package var validTo: String?

  package init(
    id: String, officer: String, role: Role, unit: String, includesChildren: Bool = true,
    seesPrivate: Bool? = nil, validFrom: String, validTo: String? = nil
  ) {
    self.id = id
    self.officer = officer
    self.role = role
    self.unit = unit
    self.includesChildren = includesChildren
    self.seesPrivate = seesPrivate ?? role.seesPrivate
    self.validFrom = validFrom
    self.validTo = validTo
  }

  /// Whether both give an officer the same, on some day.
  package func repeats(_ other: OfficerGrant) -> Bool {
    officer == other.officer && role == other.role && unit == other.unit
      && includesChildren == other.includesChildren && seesPrivate == other.seesPrivate
      && validFrom <= (other.validTo ?? "9999-12-31")
      && other.validFrom <= (validTo ?? "9999-12-31")
  }

  package func isValid(on day: String) -> Bool {
    validFrom <= day && day <= (validTo ?? "9999-12-31")
  }

  /// All grants that the hub has, in the order in which they were given.
  ///
  /// - Throws: The storage's errors.
  package static func all(in hub: Hub) throws -> [OfficerGrant] {
    try hub.keys(in: "role_grant", containing: "", limit: .max).compactMap { key in
      try hub.row("role_grant", key).flatMap {
        OfficerGrant(Dictionary(uniqueKeysWithValues: $0))
      }
    }.sorted { $0.id < $1.id }
  }

  private init?(_ row: [String: Value]) {
    guard let id = row["id"]?.text, let officer = row["officer_id"]?.text,
      let role = row["role"]?.text.flatMap(Role.init), let unit = row["unit_id"]?.text,
      let from = row["valid_from"]?.text
    else { return nil }
    self.init(
      id: id, officer: officer, role: role, unit: unit,
      includesChildren: row["includes_children"] == .integer(1),
      seesPrivate: row["sees_private"] == .integer(1), validFrom: from,
      validTo: row["valid_to"]?.text)
  }

  /// The change that gives it.
  ///
  /// - Throws: `HubError/notFound` if the schema has no grants.
  package func giving(_ schema: SyncSchema) throws -> RowChange {
    guard let table = schema.table(named: "role_grant") else { throw HubError.notFound }
    return RowChange(
      inserting: [
        "officer_id": .text(officer), "role": .text(role.rawValue), "unit_id": .text(unit),
        "includes_children": .integer(includesChildren ? 1 : 0),
        "sees_private": .integer(seesPrivate ? 1 : 0), "valid_from": .text(validFrom),
        "valid_to": validTo.map(Value.text) ?? .null,
      ], into: table, key: RowKey([.text(id)]))
  }

  /// The change that ends it with a day; nothing if it has ended by then anyway.
  ///
  /// - Throws: `HubError/notFound` if the schema has no grants.
  package func ending(with day: String, _ schema: SyncSchema) throws -> RowChange? {
    guard let table = schema.table(named: "role_grant") else { throw HubError.notFound }
    if let validTo, validTo <= day { return nil }
    return RowChange(
      of: table, key: RowKey([.text(id)]),
      from: ["valid_to": validTo.map(Value.text) ?? .null], to: ["valid_to": .text(day)])
  }
}

extension Role {
  /// Whether a grant includes what is private if nothing is said: who records it has to hold it.
  package var seesPrivate: Bool { writesRecords }
}
