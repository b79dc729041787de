/// Why the hub did not take a request, in words that a program understands.
///
/// A refusal never means that work is lost: the device keeps it and says what stands in the way.
package struct Refusal: Error, Equatable, Sendable {
  package enum Code: String, Sendable, CaseIterable {
    /// The signature is missing, or of a device that the hub does not know.
    case unauthorised
    /// The request was signed for another moment than now, or has come before:
    /// ``Refusal/hubMilliseconds`` says what time it is at the hub.
    case stale
    /// The device asks more often than any honest one does.
    case tooMany
    /// The device has been revoked: it may still push, and is to lock what it holds.
    case revoked
    case codeUnknown
    case codeUsed
    case codeExpired
    case tooLarge
    case malformed
    /// The signature does not belong to the device.
    case badSignature
    /// The device speaks a newer protocol than the hub.
    case protocolNewer
    /// The device has a newer schema than the hub.
    case schemaNewer
    /// The hub lacks change sets before those that came, or that the device has receipts for:
    /// ``Refusal/sequence`` of the stream of ``Refusal/epoch`` is the first.
    case gap
    /// The hub knows another change set under this number, or more of the stream than the device
    /// does: the device was restored or cloned.
    case fork
    /// The hub cannot say what has changed since the device's cursor: it was put back from a copy
    /// that is older, or it has forgotten what was deleted by then. The device asks for everything.
    case snapshotNeeded
    case notFound
    /// The hub cannot do it now, for instance because its disk is full.
    case unavailable
    /// Something went wrong that is in the hub's log under ``Refusal/detail``.
    case `internal`
  }

  /// The detail of ``Code/snapshotNeeded`` where nothing is wrong, but other scopes are the reader's.
  package static let otherScopes = "scope"

  /// The detail of ``Code/snapshotNeeded`` where the hub was put back from a copy.
  package static let rolledBack = "rolled back"

  package var code: Code
  package var sequence: Int64
  /// For people and logs; with ``Code/gap`` and ``Code/fork`` the hash of what the hub has before
  /// ``sequence``, in hexadecimal digits, as far as it has anything and says it.
  package var detail: String
  package var epoch: Int
  /// With ``Code/stale``: the hub's time.
  package var hubMilliseconds: Int64
  /// With ``Code/stale``: the very same request has been here before.
  package var isRepeated: Bool

  package init(
    _ code: Code, sequence: Int64 = 0, epoch: Int = 0, detail: String = "",
    hubMilliseconds: Int64 = 0, isRepeated: Bool = false
  ) {
    self.hubMilliseconds = hubMilliseconds
    self.isRepeated = isRepeated
    self.code = code
    self.sequence = sequence
    self.epoch = epoch
    self.detail = detail
  }

  package func encoded() -> [UInt8] {
    var writer = WireWriter()
    writer.string(1, code.rawValue)
    writer.unsigned(2, UInt64(sequence))
    writer.string(3, detail)
    writer.unsigned(4, UInt64(epoch))
    writer.signed(5, hubMilliseconds)
    writer.flag(6, isRepeated)
    return writer.bytes
  }

  /// Reads a refusal; one whose code is newer than this program reads as ``Code/internal``.
  ///
  /// - Throws: ``WireError`` for anything but a refusal.
  package init(decoding bytes: [UInt8]) throws(WireError) {
    var reader = WireReader(bytes)
    var code = ""
    self.init(.internal)
    while let field = try reader.next() {
      switch field {
      case 1: code = try reader.string()
      case 2: sequence = try reader.sequence()
      case 3: detail = try reader.string()
      case 4: epoch = try reader.count()
      case 5: hubMilliseconds = try reader.milliseconds()
      case 6: isRepeated = try reader.flag()
      default: try reader.skip()
      }
    }
    guard !code.isEmpty else { throw .malformed("refusal") }
    self.code = Code(rawValue: code) ?? .internal
  }
}

/// Why a change set lies in quarantine.
package enum QuarantineReason: String, Sendable, CaseIterable {
  /// The hub's constraints refuse a row.
  case constraint
  /// A row that another one points to has never reached the hub.
  case missingParent
  /// It builds on a change set that lies in quarantine itself.
  case dependent
  /// It changes a row that never reached the hub.
  case unknownRow
  /// It writes a table that only the hub fills.
  case hubOnlyTable
  /// It names a table or column that the hub does not know.
  case unknownColumn
  /// It is about rows that its officer has nothing to do with.
  case outsideScope
  /// It is about rows that its officer had to do with when it was written, and has no longer.
  case scopeWithdrawn
  /// Its officer may see the rows, and not change them.
  case readOnly
  /// It names somebody as its writer, or as who made a row, who is not: he does not use the device, and the
  /// writer may not record for him.
  case otherOfficer
  /// The device had been revoked.
  case revoked
  /// The bytes are no change set.
  case malformed
}
