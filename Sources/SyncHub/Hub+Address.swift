package import SyncCore

extension Hub {
  /// Has devices know from now on where the hub is, and by which certificate.
  ///
  /// - Parameters:
  ///   - address: As devices see it, without a slash at its end.
  ///   - certificate: In PEM what they are to trust there; empty where an authority vouches for it.
  ///   - ruling: Who says so, why and when.
  /// - Returns: What the hub has signed.
  /// - Throws: The storage's errors.
  @discardableResult
  package func move(to address: String, certificate: String = "", _ ruling: Ruling) throws
    -> AddressStatement
  {
    try write { store in
      // A hub that is put back from a copy has forgotten numbers that devices know; time has not.
      let last = try store.addressStatement()?.serial ?? 0
      let statement = try AddressStatement(
        hub: try store.setting(.hub).text ?? "", address: address, certificate: certificate,
        serial: max(last + 1, ruling.wallMilliseconds), wallMilliseconds: ruling.wallMilliseconds
      ) { try sign($0) }
      try store.set(.address, .blob(statement.encoded()))
      try store.record("move \(address)", ruling)
      return statement
    }
  }

  /// Where the hub is, as it has said last; nothing if it never did.
  package func addressStatement() throws -> AddressStatement? {
    try read { try $0.addressStatement() }
  }
}

extension HubStore {
  func addressStatement() throws -> AddressStatement? {
    guard case .blob(let bytes) = try setting(.address) else { return nil }
    return try AddressStatement(decoding: bytes)
  }
}
