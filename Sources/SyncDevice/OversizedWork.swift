import GRDB
package import SyncCore

/// A transaction that something on the way to the hub does not let through, since it is too large.
package struct OversizedWork: Equatable, Sendable {
  /// A row that it changes.
  package struct Row: Equatable, Sendable {
    package let table: String
    package let key: RowKey
    /// About what its values take in a message.
    package let bytes: Int
  }

  /// What its change set takes before it is compressed.
  package let bytes: Int
  /// What the device's clock showed when it was written, in milliseconds since 1970.
  package let wallMilliseconds: Int64
  package let rowCount: Int
  /// The row that takes most of it; nothing for a change set that cannot be read.
  package let largest: Row?

  init(_ body: [UInt8], _ schema: SyncSchema) {
    bytes = body.count
    let changeSet = try? ChangeSet(decoding: body)
    wallMilliseconds = changeSet?.wallMilliseconds ?? 0
    let changes = changeSet?.changes ?? []
    rowCount = Set(changes.map { RowPlace(table: $0.table, key: $0.key) }).count
    let sizes = changes.map(\.approximateBytes)
    largest = sizes.indices.max { sizes[$0] < sizes[$1] }.flatMap { index in
      schema.table(number: changes[index].table).map { table in
        Row(table: table.name, key: changes[index].key, bytes: sizes[index])
      }
    }
  }

  private struct RowPlace: Hashable {
    let table: Int
    let key: RowKey
  }
}

extension RowChange {
  fileprivate var approximateBytes: Int {
    fields.reduce(0) { $0 + $1.before.approximateBytes + $1.after.approximateBytes }
  }
}

extension DeviceStore {
  /// How many bytes of change sets may go into one envelope.
  func envelopeBytes(_ db: Database) throws -> Int {
    let known = try setting(.envelopeBytes, db).integer ?? Int64(SyncLimits.envelopeBytes)
    return Int(clamping: known)
  }

  /// Has the envelopes to come be no larger than that.
  func keepEnvelopes(upTo bytes: Int) throws {
    try database.write { db in try set(.envelopeBytes, .integer(Int64(max(1, bytes))), db) }
  }

  /// Lets envelopes be twice as large again from the next attempt on.
  ///
  /// A limit on the way that has been raised is noticed so, at the price of one refusal where it has not.
  func raiseEnvelopeBytes() throws {
    guard let known = try read({ try setting(.envelopeBytes, $0).integer }) else { return }
    let raised = known.multipliedReportingOverflow(by: 2)
    let isWhole = raised.overflow || raised.partialValue >= Int64(SyncLimits.envelopeBytes)
    try database.write { db in
      try set(.envelopeBytes, isWhole ? .null : .integer(raised.partialValue), db)
    }
  }
}
