import SyncCore
package import SyncHub

/// One life of a unit under a code: `22978@0` is xã Phong Phú, `22978@20250701` xã Tuy Phong.
package struct AdministrativeUnit: Equatable, Sendable {
  package var id: String
  package var code: String
  package var name: String
  package var kind: String
  package var tier: Tier
  package var parent: String?
  package var validFrom: String?
  package var validTo: String?

  package enum Tier: String, CaseIterable, Sendable { case province, district, commune }

  /// Which tier each kind of unit belongs to.
  static let tierOfKind: [String: Tier] = [
    "province": .province, "city": .district, "town": .district, "rural_district": .district,
    "ward": .commune, "township": .commune, "commune": .commune, "special_zone": .commune,
  ]

  static let kinds = [
    "province", "city", "town", "rural_district", "ward", "township", "commune", "special_zone",
  ]

  /// The id of a unit that a file gives no id.
  static func id(code: String, validFrom: String?) -> String {
    code + "@" + (validFrom.map { $0.filter { $0 != "-" } } ?? "0")
  }

  /// Whether it was there on a day.
  package func isValid(on day: String) -> Bool {
    (validFrom ?? "0") <= day && day <= (validTo ?? "9999-12-31")
  }

  /// Whether both were there on some day.
  func overlaps(_ other: AdministrativeUnit) -> Bool {
    (validFrom ?? "0") <= (other.validTo ?? "9999-12-31")
      && (other.validFrom ?? "0") <= (validTo ?? "9999-12-31")
  }

  /// The name inside a sentence: “xã La Dạ”.
  package var nameInSentence: String { name.prefix(1).lowercased() + name.dropFirst() }

  /// All units that the hub has, by id.
  package static func all(in hub: Hub) throws -> [String: AdministrativeUnit] {
    var units: [String: AdministrativeUnit] = [:]
    for key in try hub.keys(in: "admin_unit", containing: "@", limit: .max) {
      guard let row = try hub.row("admin_unit", key),
        let unit = AdministrativeUnit(Dictionary(uniqueKeysWithValues: row))
      else { continue }
      units[unit.id] = unit
    }
    return units
  }

  private init?(_ row: [String: Value]) {
    guard let id = row["unit_id"]?.text, let code = row["code"]?.text,
      let name = row["name_vi"]?.text, let kind = row["kind"]?.text,
      let tier = row["tier"]?.text.flatMap(Tier.init)
    else { return nil }
    self.init(
      id: id, code: code, name: name, kind: kind, tier: tier,
      parent: row["parent_unit_id"]?.text, validFrom: row["valid_from"]?.text,
      validTo: row["valid_to"]?.text)
  }

  init(
    id: String, code: String, name: String, kind: String, tier: Tier, parent: String?,
    validFrom: String?, validTo: String?
  ) {
    self.id = id
    self.code = code
    self.name = name
    self.kind = kind
    self.tier = tier
    self.parent = parent
    self.validFrom = validFrom
    self.validTo = validTo
  }
}

extension [String: AdministrativeUnit] {
  /// The lives of a code, the earliest first.
  package func withCode(_ code: String) -> [AdministrativeUnit] {
    values.filter { $0.code == code }.sorted { ($0.validFrom ?? "") < ($1.validFrom ?? "") }
  }

  /// The unit that had a code on a day.
  package func unit(code: String, on day: String) -> AdministrativeUnit? {
    withCode(code).first { $0.isValid(on: day) }
  }
}
