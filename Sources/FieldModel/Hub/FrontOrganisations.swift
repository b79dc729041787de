import SyncCore
package import SyncHub

/// The Front committee and the five socio-political organisations of every unit, with the names
/// that they bear there: “Ủy ban MTTQ Việt Nam xã La Dạ”, “Hội Nông dân xã La Dạ”.
package enum FrontOrganisations {
  private static let kinds: [(type: String, name: String, short: String)] = [
    ("front", "Ủy ban MTTQ Việt Nam", "MTTQ"),
    ("trade_union", "Công đoàn", "Công đoàn"),
    ("farmers", "Hội Nông dân", "HND"),
    ("youth", "Đoàn Thanh niên Cộng sản Hồ Chí Minh", "Đoàn TN"),
    ("women", "Hội Liên hiệp Phụ nữ", "HLHPN"),
    ("veterans", "Hội Cựu chiến binh", "HCCB"),
  ]

  /// Their types.
  static var types: [String] { kinds.map(\.type) }

  /// What is missing of them at the hub; organisations that are there stay as they are.
  package static func plan(for hub: Hub) throws -> ReferenceImport {
    try plan(for: AdministrativeUnit.all(in: hub), hub)
  }

  /// What is missing of those of the given units.
  static func plan(for units: [String: AdministrativeUnit], _ hub: Hub) throws -> ReferenceImport {
    let known = try hub.keys(in: "organisation", containing: "-", limit: .max)
    let ids = Set(known.compactMap { $0.values.first?.text })
    var plan = try ReferenceImport(hub, table: "organisation")
    for unit in units.values.sorted(by: { ($0.tier.place, $0.id) < ($1.tier.place, $1.id) }) {
      for kind in kinds {
        let id = OrganisationImport.id(type: kind.type, unit: unit.id)
        if ids.contains(id) { continue }
        try plan.want(RowKey([.text(id)]), values(kind, of: unit))
      }
    }
    return plan
  }

  private static func values(
    _ kind: (type: String, name: String, short: String), of unit: AdministrativeUnit
  ) -> [String: Value] {
    func text(_ text: String?) -> Value { text.map(Value.text) ?? .null }
    return [
      "org_type": .text(kind.type), "unit_id": .text(unit.id),
      "name_vi": .text("\(name(kind, of: unit)) \(unit.nameInSentence)"),
      "short_vi": .text("\(kind.short) \(unit.nameInSentence)"),
      // The Standing Board's symbol is the same at every level; the others' are their own affair.
      "symbol_suffix": kind.type == "front" ? .text("MTTQ-BTT") : .null,
      "number_series": .text("per_type"), "active_from": text(unit.validFrom),
      "active_to": text(unit.validTo),
      "parent_org_id": text(unit.parent.map { OrganisationImport.id(type: kind.type, unit: $0) }),
    ]
  }

  /// Above the commune the trade union is a labour federation.
  private static func name(
    _ kind: (type: String, name: String, short: String), of unit: AdministrativeUnit
  ) -> String {
    kind.type == "trade_union" && unit.tier != .commune ? "Liên đoàn Lao động" : kind.name
  }
}

extension AdministrativeUnit.Tier {
  fileprivate var place: Int {
    switch self {
    case .province: 0
    case .district: 1
    case .commune: 2
    }
  }
}
