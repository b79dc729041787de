/// The hub's own tables that every device receives beside the application's rows: conflicts, their
/// candidates, what lies in quarantine, and the hub's own words.
///
/// Only the hub writes them.
package enum PublishedTables {
  package static let conflict = 1
  package static let candidate = 2
  package static let quarantine = 3
  package static let word = 4

  /// The tables as the engine's own part of every schema.
  ///
  /// - Throws: ``SchemaError`` never in practice; the declaration below is checked by tests.
  package static func schemas() throws(SchemaError) -> [TableSchema] { try made.get() }

  /// Made once: every page that is sent or applied asks for them.
  private static let made = Result { () throws(SchemaError) in try make() }

  private static func make() throws(SchemaError) -> [TableSchema] {
    [
      try table(
        "thuan_conflict", conflict, keys: ["id"],
        [
          "kind", "table_name", "row_key", "unit", "other_key", "base", "state", "version",
          "opened_at", "choice", "decided_by", "decided_at", "reason", "officers",
        ]),
      try table(
        "thuan_candidate", candidate, keys: ["conflict_id", "position"],
        [
          "kind", "device", "epoch", "sequence", "officer", "officer_name", "device_label",
          "written_at", "received_at", "is_flagged", "content",
        ]),
      try table(
        "thuan_quarantine", quarantine, keys: ["device", "epoch", "sequence"],
        ["state", "reason", "detail", "since", "decided_by", "decided_reason"]),
      try table(
        "thuan_word", word, keys: ["id"],
        ["table_name", "row_key", "number", "conflict_id", "at", "body", "signature"]),
    ]
  }

  private static func table(
    _ name: String, _ number: Int, keys: [String], _ names: [String]
  ) throws(SchemaError) -> TableSchema {
    var columns = keys.enumerated().map { ColumnSchema(name: $1, number: $0 + 1, unit: nil) }
    var units: [MergeUnit] = []
    for name in names {
      units.append(
        MergeUnit(name: name, columns: [columns.count], policy: .hubOnly(initial: .null)))
      columns.append(ColumnSchema(name: name, number: columns.count + 1, unit: units.count - 1))
    }
    return try TableSchema(
      name: name, number: number, rows: .hubOnly, columns: columns, units: units)
  }

  /// The merge unit's name under which a conflict about a row's existence is filed.
  package static let rowUnit = ""
}

/// A conflict's kind, as it is stored and shown.
package enum ConflictKind: String, Sendable, CaseIterable {
  /// Two people gave one field different values.
  case value
  /// Statuses that no declared order can bring together.
  case statusDiverged
  /// Deleted here, edited there.
  case deletedEdited
  /// Two rows use one natural key.
  case duplicate
  /// A field was changed that its writer may not change.
  case notAllowed
  /// A device held another value than the hub, and nobody is known to have written it.
  case differenceFound
  /// Two rows look like the same thing recorded twice.
  case possibleDuplicate
  /// A rule of the domain holds on each side and is broken by the union.
  case ruleBroken
}

/// Where a conflict stands.
package enum ConflictState: String, Sendable, CaseIterable {
  case open
  case resolved
  /// A decision was taken back.
  case reopened
  /// Nothing is left to decide: the sides have come to agree.
  case superseded

  /// Whether it waits for the operator.
  package var isOpen: Bool { self == .open || self == .reopened }
}

/// Where a quarantined change set stands.
package enum QuarantineState: String, Sendable, CaseIterable {
  case open
  /// A retry took it in.
  case applied
  /// The operator decided that it is not taken in; it stays in the record.
  case dismissed
}

/// Values in the compact form in which conflicts carry them.
package func encodedValues(_ values: [Value]) -> [UInt8] {
  var writer = WireWriter()
  for value in values { writer.value(1, value) }
  return writer.bytes
}

/// Reads what ``encodedValues(_:)`` wrote.
///
/// - Throws: ``WireError`` if the bytes are damaged.
package func decodedValues(_ bytes: [UInt8]) throws(WireError) -> [Value] {
  var reader = WireReader(bytes)
  var values: [Value] = []
  while let field = try reader.next() {
    if field == 1 { values.append(try reader.value()) } else { try reader.skip() }
  }
  return values
}
