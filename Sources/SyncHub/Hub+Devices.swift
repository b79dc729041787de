import Crypto
package import SyncCore

/// A device as the hub knows it.
package struct HubDevice: Equatable, Sendable {
  package let id: String
  package let label: String
  package let officer: String
  package let officerName: String
  package let unit: String
  /// Who revoked it, when and why; nothing while it has access.
  package let revocation: Ruling?
  package let enrolledMilliseconds: Int64
  package let lastSeenMilliseconds: Int64?
  package let cursor: Int64
  package let clockOffsetMilliseconds: Int64
  let publicKey: [UInt8]

  package var isRevoked: Bool { revocation != nil }
}

/// For whom a one-time code is.
package struct EnrolmentGrant: Equatable, Sendable {
  package var officer: String
  package var officerName: String
  package var unit: String
  package var label: String

  package init(officer: String, officerName: String, unit: String, label: String) {
    self.officer = officer
    self.officerName = officerName
    self.unit = unit
    self.label = label
  }
}

extension Hub {
  /// Stores a one-time code for a device.
  ///
  /// Only its hash is kept.
  ///
  /// - Parameters:
  ///   - code: A random code that has been shown to nobody yet.
  ///   - grant: For whom it is.
  ///   - wallMilliseconds: The hub's time; the code is good for two weeks from then.
  /// - Throws: The storage's errors.
  package func issue(code: String, for grant: EnrolmentGrant, wallMilliseconds: Int64) throws {
    try write { store in
      try store.connection.run(
        """
        INSERT INTO hub_enrolment (code_hash, officer, officer_name, unit, label, created_at,
          expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .blob(secretHash(normalised(code))), .text(grant.officer), .text(grant.officerName),
          .text(grant.unit), .text(grant.label), .integer(wallMilliseconds),
          .integer(wallMilliseconds + SyncLimits.enrolmentMilliseconds),
        ])
    }
  }

  /// Exchanges a one-time code for a device's own credential.
  ///
  /// A device that asks again with the same code and the same key has not had the answer: it is the
  /// same device, and gets another credential.
  ///
  /// - Parameters:
  ///   - request: What the device sent.
  ///   - device: A random id for the device.
  ///   - credential: A random secret for the device.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: What the device needs from now on.
  /// - Throws: `Refusal` if the code is unknown, used or expired.
  package func enrol(
    _ request: EnrolmentRequest, device: String, credential: String, wallMilliseconds: Int64
  ) throws -> EnrolmentReply {
    guard request.protocolVersion <= SyncLimits.protocolVersion else {
      throw Refusal(.protocolNewer, detail: String(SyncLimits.protocolVersion))
    }
    let hash = secretHash(normalised(request.code))
    return try write { store in
      let row = try store.connection.first(
        """
        SELECT officer, officer_name, unit, label, expires_at, device FROM hub_enrolment
        WHERE code_hash = ?
        """, [.blob(hash)])
      guard let row else { throw Refusal(.codeUnknown) }
      if let known = row[5].text {
        return try answerAgain(request, device: known, credential: credential, store)
      }
      guard (row[4].integer ?? 0) > wallMilliseconds else { throw Refusal(.codeExpired) }
      try store.connection.run(
        "UPDATE hub_enrolment SET used_at = ?, device = ? WHERE code_hash = ?",
        [.integer(wallMilliseconds), .text(device), .blob(hash)])
      let label = row[3].text.flatMap { $0.isEmpty ? nil : $0 } ?? request.label
      try store.connection.run(
        """
        INSERT INTO hub_device (id, label, officer, officer_name, unit, public_key,
          credential_hash, state, enrolled_at) VALUES (?, ?, ?, ?, ?, ?, ?, 'active', ?)
        """,
        [
          .text(device), .text(label), row[0], row[1], row[2], .blob(request.publicKey),
          .blob(secretHash(credential)), .integer(wallMilliseconds),
        ])
      return EnrolmentReply(
        device: device, credential: credential, officer: row[0].text ?? "",
        officerName: row[1].text ?? "", unit: row[2].text ?? "",
        hub: try store.setting(.hub).text ?? "")
    }
  }

  private func answerAgain(
    _ request: EnrolmentRequest, device id: String, credential: String, _ store: HubStore
  ) throws -> EnrolmentReply {
    let known = try store.devices(where: "id = ? AND last_seen_at IS NULL", [.text(id)]).first
    guard let device = known, device.publicKey == request.publicKey, !device.isRevoked else {
      throw Refusal(.codeUsed)
    }
    try store.connection.run(
      "UPDATE hub_device SET credential_hash = ? WHERE id = ?",
      [.blob(secretHash(credential)), .text(id)])
    return EnrolmentReply(
      device: id, credential: credential, officer: device.officer,
      officerName: device.officerName, unit: device.unit,
      hub: try store.setting(.hub).text ?? "")
  }

  /// The device that a credential belongs to, revoked or not.
  ///
  /// - Throws: `Refusal` if it belongs to none.
  package func authenticate(_ credential: String) throws -> HubDevice {
    let device = try read { store in
      try store.devices(where: "credential_hash = ?", [.blob(secretHash(credential))]).first
    }
    guard let device else { throw Refusal(.unauthorised) }
    return device
  }

  /// All devices, the last enrolled last.
  package func devices() throws -> [HubDevice] { try read { try $0.devices(where: "1 = 1", []) } }

  /// Ends a device's access.
  ///
  /// What it still pushes is received, into quarantine; it pulls nothing.
  ///
  /// - Throws: ``HubError/notFound`` if there is no such active device.
  package func revoke(device: String, _ ruling: Ruling) throws {
    try write { store in
      guard try !store.devices(where: "id = ? AND state = 'active'", [.text(device)]).isEmpty else {
        throw HubError.notFound
      }
      try store.connection.run(
        """
        UPDATE hub_device SET state = 'revoked', revoked_at = ?, revoked_by = ?, revoked_reason = ?
        WHERE id = ?
        """,
        [
          .integer(ruling.wallMilliseconds), .text(ruling.by), .text(ruling.reason), .text(device),
        ])
    }
  }

  /// People type codes from paper: case and dashes do not matter.
  private func normalised(_ code: String) -> String {
    String(code.uppercased().filter { $0.isLetter || $0.isNumber })
  }

  private func secretHash(_ secret: String) -> [UInt8] {
    Array(SHA256.hash(data: Array(secret.utf8)))
  }
}

extension HubStore {
  func devices(where condition: String, _ arguments: [Value]) throws -> [HubDevice] {
    try connection.rows(
      """
      SELECT id, label, officer, officer_name, unit, state, enrolled_at, last_seen_at, cursor,
        clock_offset, public_key, revoked_by, revoked_reason, revoked_at FROM hub_device WHERE \(condition) ORDER BY enrolled_at, id
      """, arguments
    ).map { row in
      let key: [UInt8] = if case .blob(let bytes) = row[10] { bytes } else { [] }
      let revocation = Ruling(
        by: row[11].text ?? "", reason: row[12].text ?? "", wallMilliseconds: row[13].integer ?? 0)
      return HubDevice(
        id: row[0].text ?? "", label: row[1].text ?? "", officer: row[2].text ?? "",
        officerName: row[3].text ?? "", unit: row[4].text ?? "",
        revocation: row[5] == .text("revoked") ? revocation : nil,
        enrolledMilliseconds: row[6].integer ?? 0, lastSeenMilliseconds: row[7].integer,
        cursor: row[8].integer ?? 0, clockOffsetMilliseconds: row[9].integer ?? 0, publicKey: key)
    }
  }

  func noteContact(_ device: String, wallMilliseconds: Int64, clockOffset: Int64) throws {
    try connection.run(
      "UPDATE hub_device SET last_seen_at = ?, clock_offset = ? WHERE id = ?",
      [.integer(wallMilliseconds), .integer(clockOffset), .text(device)])
  }

  func noteContact(_ device: String, wallMilliseconds: Int64, cursor: Int64) throws {
    try connection.run(
      "UPDATE hub_device SET last_seen_at = ?, cursor = ? WHERE id = ?",
      [.integer(wallMilliseconds), .integer(cursor), .text(device)])
  }
}
