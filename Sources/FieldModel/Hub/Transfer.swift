package import SyncCore
package import SyncHub

/// Why a recommendation cannot be transferred.
package enum TransferProblem: Error, Equatable {
  case transferredAlready
  case sameAddressee
  /// The organisation was there until this day.
  case addresseeGone(String)
}

/// A recommendation that gets another addressee: the old one's row stays as it was, with an event that
/// says so, and a new one goes on under the same term.
package struct Transfer {
  package let changes: [RowChange]

  /// Says what is to be done.
  ///
  /// - Parameters:
  ///   - target: The addressee's row.
  ///   - organisation: Who answers from now on.
  ///   - ruling: Who decides, why and when.
  ///   - hub: Where it is.
  ///   - newID: Makes ids.
  /// - Returns: The plan.
  /// - Throws: `HubError/notFound` if there is no such row or organisation, ``TransferProblem``, and the
  ///   storage's errors.
  package static func plan(
    _ target: RowKey, to organisation: RowKey, _ ruling: Ruling, for hub: Hub, newID: () -> String
  ) throws -> Transfer {
    guard let targets = hub.schema.table(named: "recommendation_target"),
      let events = hub.schema.table(named: "recommendation_event"),
      let old = try hub.row("recommendation_target", target),
      let heir = try hub.row("organisation", organisation)
    else { throw HubError.notFound }
    let values = Dictionary(uniqueKeysWithValues: old)
    guard values["superseded_by"] ?? .null == .null else {
      throw TransferProblem.transferredAlready
    }
    let day = CivilDay.inVietnam(milliseconds: ruling.wallMilliseconds)
    if values["org_id"] == organisation.values[0] { throw TransferProblem.sameAddressee }
    let lastDay = Dictionary(uniqueKeysWithValues: heir)["active_to"]?.text
    if let lastDay, lastDay < day { throw TransferProblem.addresseeGone(lastDay) }
    let names = (
      try name(values["org_id"], hub) ?? values["addressee_text"]?.text ?? "",
      Dictionary(uniqueKeysWithValues: heir)["name_vi"]?.text ?? ""
    )
    var new = values
    new["org_id"] = organisation.values[0]
    new["addressee_text"] = .null
    let newTarget = RowKey([.text(newID())])
    let at = RecordWriter.instant(ruling.wallMilliseconds)
    func event(_ kind: String, _ target: RowKey) -> RowChange {
      RowChange(
        inserting: [
          "target_id": target.values[0], "kind": .text(kind), "happened_on": .text(day),
          "text": .text("Chuyển từ \(names.0) sang \(names.1): \(ruling.reason)"),
          "recorded_by": .text(ruling.by), "recorded_at": .text(at),
        ], into: events, key: RowKey([.text(newID())]))
    }
    let supersede = RowChange(
      of: targets, key: target, from: values,
      to: ["superseded_by": newTarget.values[0], "is_lead": .integer(0)])
    return Transfer(
      changes: [RowChange(inserting: new, into: targets, key: newTarget)]
        + [supersede].compactMap { $0 } + [
          event("transferred", target), event("issued", newTarget),
        ])
  }

  private static func name(_ organisation: Value?, _ hub: Hub) throws -> String? {
    guard let organisation, organisation != .null,
      let row = try hub.row("organisation", RowKey([organisation]))
    else { return nil }
    return Dictionary(uniqueKeysWithValues: row)["name_vi"]?.text
  }
}
