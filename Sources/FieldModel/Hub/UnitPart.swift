package import SyncCore
package import SyncHub

/// What an heir of a unit that was split gets of it: the records that the operator has put into a part
/// with a name, such as a hamlet's.
///
/// Several heirs may get the same part, and none gets what is in no part (the scope chapter of the
/// semantics; scenario 8). Records are put into it by ``PartPlacement``.
package struct UnitPart: Equatable, Sendable {
  /// The unit that was split.
  package var unit: String
  package var name: String
  /// The unit that gets it.
  package var heir: String
  package var access: Access

  /// What of a part an heir may read.
  package enum Access: String, CaseIterable, Sendable {
    /// Nothing any more.
    case none
    /// What is not private.
    case open
    /// All of it.
    case `private`
  }

  package init(unit: String, name: String, heir: String, access: Access) {
    self.unit = unit
    self.name = name
    self.heir = heir
    self.access = access
  }

  private init?(_ row: [Value]) {
    guard let unit = row[0].text, let name = row[1].text, let heir = row[2].text,
      let access = row[3].text.flatMap(Access.init)
    else { return nil }
    self.init(unit: unit, name: name, heir: heir, access: access)
  }

  /// All parts, each once for every heir.
  ///
  /// - Throws: The storage's errors.
  package static func all(in view: HubView) throws -> [UnitPart] {
    try view.rows(
      "SELECT unit_id, name, new_unit_id, access FROM unit_part ORDER BY unit_id, name, new_unit_id",
      []
    ).compactMap(UnitPart.init)
  }

  /// The units that got a part of another, by the law that split it.
  ///
  /// - Throws: The storage's errors.
  package static func heirs(of unit: String, in view: HubView) throws -> [String] {
    try view.rows(
      """
      SELECT DISTINCT new_unit_id FROM unit_succession
      WHERE old_unit_id = ? AND relation = 'part' AND new_unit_id IS NOT NULL ORDER BY 1
      """, [.text(unit)]
    ).compactMap { $0[0].text }
  }

  /// The change that gives the heir this much of the part from now on; nothing if it has just that.
  ///
  /// - Throws: ``PartProblem`` if the heir got nothing of the unit; the storage's errors.
  package func giving(in hub: Hub) throws -> [RowChange] {
    let heirs = try hub.view { try Self.heirs(of: unit, in: $0) }
    guard heirs.contains(heir) else { throw PartProblem.noHeir(heir, of: unit, heirs) }
    var plan = try ReferenceImport(hub, table: "unit_part")
    try plan.want(
      RowKey([.text("\(unit)/\(name)>\(heir)")]),
      [
        "unit_id": .text(unit), "name": .text(name), "new_unit_id": .text(heir),
        "access": .text(access.rawValue),
      ])
    return plan.changes
  }
}

/// Why a part of a unit cannot be given, or a record not be put into it.
package enum PartProblem: Error, Equatable {
  /// The law has given the unit nothing of the other; these got something.
  case noHeir(String, of: String, [String])
  /// The unit has no part of that name; it has these.
  case noPart(String, of: String, [String])
  /// The record is of a kind that belongs to another record.
  case belongsToAnother(table: String, RowKey)
  /// The records are not all of one unit.
  case severalUnits([String])
}
