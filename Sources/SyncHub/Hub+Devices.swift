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
  /// - Parameters:
  ///   - code: A random code that has been shown to nobody yet.
  ///   - grant: For whom it is.
  ///   - issuer: Who issues it.
  ///   - wallMilliseconds: The hub's time; the code is good for two weeks from then.
  /// - Throws: The storage's errors.
  package func issue(
    _ code: EnrolmentCode, for grant: EnrolmentGrant, by issuer: String = "",
    wallMilliseconds: Int64
  ) throws {
    try write { store in
      try store.record(
        "issue \(grant.officer)", by: issuer, wallMilliseconds: wallMilliseconds)
      try store.connection.run(
        """
        INSERT INTO hub_enrolment (name, secret, officer, officer_name, unit, label, created_at,
          expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          .blob(code.name), .blob(code.secret), .text(grant.officer), .text(grant.officerName),
          .text(grant.unit), .text(grant.label), .integer(wallMilliseconds),
          .integer(wallMilliseconds + SyncLimits.enrolmentMilliseconds),
        ])
    }
  }

  /// Lets a device in that knows a one-time code.
  ///
  /// A device that asks again with the same code and the same key has not had the answer: it is the
  /// same device, and gets the same one.
  ///
  /// - Parameters:
  ///   - request: What the device sent.
  ///   - device: A random id for the device.
  ///   - pinnedCertificate: What the device is to trust at the other end of a connection; empty where
  ///     an authority vouches for it.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: What the device needs from now on: an ``EnrolmentReply``.
  /// - Throws: `Refusal` if the code is unknown, used or expired, or the key is one that anybody can sign
  ///   with.
  package func enrol(
    _ request: EnrolmentRequest, device: String, pinnedCertificate: String = "",
    wallMilliseconds: Int64
  ) throws -> [UInt8] {
    guard request.protocolVersion <= SyncLimits.protocolVersion else {
      throw Refusal(.protocolNewer, detail: String(SyncLimits.protocolVersion))
    }
    if SmallOrderPoint.isSpelled(by: request.publicKey) {
      throw Refusal(.malformed, detail: "public key")
    }
    return try write { store in
      let row = try store.connection.first(
        """
        SELECT officer, officer_name, unit, label, expires_at, device, secret FROM hub_enrolment
        WHERE name = ?
        """, [.blob(request.codeName)])
      // Who knows the name and not the code learns no more than who knows neither.
      guard let row, case .blob(let secret) = row[6],
        case let code = EnrolmentCode(name: request.codeName, secret: secret),
        request.isProven(by: code)
      else { throw Refusal(.codeUnknown) }
      if let known = row[5].text {
        return try answerAgain(request, code, device: known, pinnedCertificate, store)
      }
      guard (row[4].integer ?? 0) > wallMilliseconds else { throw Refusal(.codeExpired) }
      try store.connection.run(
        "UPDATE hub_enrolment SET used_at = ?, device = ? WHERE name = ?",
        [.integer(wallMilliseconds), .text(device), .blob(request.codeName)])
      let label = row[3].text.flatMap { $0.isEmpty ? nil : $0 } ?? request.label
      try store.connection.run(
        """
        INSERT INTO hub_device (id, label, officer, officer_name, unit, public_key, state,
          enrolled_at) VALUES (?, ?, ?, ?, ?, ?, 'active', ?)
        """,
        [
          .text(device), .text(label), row[0], row[1], row[2], .blob(request.publicKey),
          .integer(wallMilliseconds),
        ])
      try store.record(
        "enrol \(device)", by: row[0].text ?? "", wallMilliseconds: wallMilliseconds)
      return try answer(request, code, device: device, pinnedCertificate, store)
    }
  }

  private func answerAgain(
    _ request: EnrolmentRequest, _ code: EnrolmentCode, device id: String, _ certificate: String,
    _ store: HubStore
  ) throws -> [UInt8] {
    let known = try store.devices(where: "id = ? AND last_seen_at IS NULL", [.text(id)]).first
    guard let device = known, device.publicKey == request.publicKey, !device.isRevoked else {
      throw Refusal(.codeUsed)
    }
    return try answer(request, code, device: id, certificate, store)
  }

  private func answer(
    _ request: EnrolmentRequest, _ code: EnrolmentCode, device id: String, _ certificate: String,
    _ store: HubStore
  ) throws -> [UInt8] {
    guard let device = try store.devices(where: "id = ?", [.text(id)]).first else {
      throw Refusal(.codeUsed)
    }
    return EnrolmentReply(
      to: request, code: code, device: id, officer: device.officer,
      officerName: device.officerName, unit: device.unit,
      hub: try store.setting(.hub).text ?? "", hubKey: publicKey, certificate: certificate,
      addressSerial: try store.addressStatement()?.serial ?? 0
    ).encoded()
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
      try store.setRevoked(device, ruling)
      try store.record("revoke \(device)", ruling)
    }
  }

  /// Takes a device's access away that says it was revoked: it was by a hub that has been put back since,
  /// and holds only what it was told to let go.
  ///
  /// The request is signed by its key, so nobody can say it of another.
  func holdRevoked(_ device: HubDevice, wallMilliseconds: Int64) throws -> HubDevice {
    if device.isRevoked { return device }
    return try write { store in
      let ruling = Ruling(by: device.id, reason: "", wallMilliseconds: wallMilliseconds)
      try store.setRevoked(device.id, ruling)
      try store.record("revokedBefore \(device.id)", ruling)
      return try store.devices(where: "id = ?", [.text(device.id)]).first ?? device
    }
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

  fileprivate func setRevoked(_ device: String, _ ruling: Ruling) throws {
    try connection.run(
      """
      UPDATE hub_device SET state = 'revoked', revoked_at = ?, revoked_by = ?, revoked_reason = ?
      WHERE id = ?
      """,
      [.integer(ruling.wallMilliseconds), .text(ruling.by), .text(ruling.reason), .text(device)])
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
