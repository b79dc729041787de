import Crypto
import CryptoExtras
import Foundation
import SyncCore

/// What deriving a key from a password costs, whoever does it.
package struct PasswordCosts: Equatable, Sendable {
  let rounds: Int
  let blockSize: Int
  let parallelism: Int

  package init(rounds: Int, blockSize: Int, parallelism: Int) {
    self.rounds = rounds
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// 64 MiB and some tenths of a second: what OWASP advises for scrypt.
  package static let present = PasswordCosts(rounds: 1 << 16, blockSize: 8, parallelism: 2)
}

/// What is kept of a password: a key that scrypt derives from it (RFC 7914), with the salt and the
/// costs, so that costs can rise without anybody's password changing.
struct Password {
  private let salt: [UInt8]
  private let costs: PasswordCosts
  private let key: [UInt8]

  /// Derives a key anew.
  ///
  /// - Parameters:
  ///   - password: As it was typed.
  ///   - salt: 16 random bytes.
  ///   - costs: What it is to cost.
  /// - Throws: `CryptoKitError`.
  init(_ password: String, salt: [UInt8], costs: PasswordCosts) throws {
    self.salt = salt
    self.costs = costs
    key = try Self.derive(password, salt, costs)
  }

  /// Reads what ``encoded`` gives.
  ///
  /// - Throws: `WireError` if the bytes are damaged.
  init(decoding bytes: [UInt8]) throws {
    let values = try decodedValues(bytes)
    guard values.count == 5, case .blob(let salt) = values[0], case .blob(let key) = values[4],
      let rounds = values[1].integer, let blockSize = values[2].integer,
      let parallelism = values[3].integer
    else { throw WireError.malformed("password") }
    self.salt = salt
    self.key = key
    costs = PasswordCosts(
      rounds: Int(rounds), blockSize: Int(blockSize), parallelism: Int(parallelism))
  }

  var encoded: [UInt8] {
    encodedValues([
      .blob(salt), .integer(Int64(costs.rounds)), .integer(Int64(costs.blockSize)),
      .integer(Int64(costs.parallelism)), .blob(key),
    ])
  }

  /// Whether it is this password, in a time that does not tell how much of it is right.
  func fits(_ typed: String) throws -> Bool {
    let derived = try Self.derive(typed, salt, costs)
    guard derived.count == key.count else { return false }
    return zip(derived, key).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// One way of typing an accent is as good as another.
  private static func derive(_ password: String, _ salt: [UInt8], _ costs: PasswordCosts) throws
    -> [UInt8]
  {
    let bytes = Array(password.precomposedStringWithCanonicalMapping.utf8)
    return unsafe try KDF.Scrypt.deriveKey(
      from: bytes, salt: salt, outputByteCount: 32, rounds: costs.rounds,
      blockSize: costs.blockSize, parallelism: costs.parallelism
    ).withUnsafeBytes { unsafe Array($0) }
  }
}
