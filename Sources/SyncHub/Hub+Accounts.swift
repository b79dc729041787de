import Crypto
import Foundation
import SyncCore
import SyncSQLite

/// Somebody who may sign in at the hub.
package struct HubAccount: Equatable, Sendable {
  package let name: String
  /// A word of the application's.
  package let role: String
  package let createdMilliseconds: Int64
  package let disabledMilliseconds: Int64?
  package let signedInMilliseconds: Int64?

  package var isDisabled: Bool { disabledMilliseconds != nil }
}

/// Why somebody is not let in.
package enum SignInProblem: Error, Equatable {
  /// There is no such account, it is disabled, or the password is another: nobody is told which.
  case refused
  /// Too many wrong passwords: nothing is looked at before this time.
  case tooMany(untilMilliseconds: Int64)
}

/// Why an account cannot be as it was asked for.
package enum AccountProblem: Error, Equatable {
  case passwordTooShort(Int)
  /// It is a few characters over and over.
  case passwordTooPlain
  case nameTaken
  case badName
}

/// Rules for accounts and sessions, each with its reason.
package enum SignInLimits {
  /// NIST SP 800-63B asks for eight; nobody types this one on a phone.
  package static let passwordCharacters = 12
  package static let passwordDifferentCharacters = 5
  /// So many wrong passwords are anybody's typing.
  package static let freeFailures: Int64 = 5
  /// After them each wrong one doubles the wait, up to this.
  package static let longestWaitMilliseconds: Int64 = 5 * 60_000
  /// After so long without another they are forgotten.
  package static let failureMilliseconds: Int64 = 24 * 3_600_000
  /// A session ends when nobody has used it for half an hour, or after a working day.
  package static let idleMilliseconds: Int64 = 30 * 60_000
  package static let sessionMilliseconds: Int64 = 12 * 3_600_000
}

extension Hub {
  /// All accounts, by name.
  package func accounts() throws -> [HubAccount] {
    try read { store in
      try store.connection.rows(
        "SELECT name, role, created_at, disabled_at, signed_in_at FROM hub_account ORDER BY name"
      ).map(HubAccount.init)
    }
  }

  /// Makes an account.
  ///
  /// - Parameters:
  ///   - name: What its owner types; at most 64 letters, digits, points and hyphens.
  ///   - role: What the owner is.
  ///   - password: Chosen by whoever makes it; the owner changes it.
  ///   - salt: 16 random bytes.
  ///   - ruling: Who makes it, why and when.
  /// - Throws: ``AccountProblem``, and the storage's errors.
  package func makeAccount(
    _ name: String, role: String, password: String, salt: [UInt8], _ ruling: Ruling
  ) throws {
    let kept = try checked(password, salt)
    let name = canonical(name)
    guard (1...64).contains(name.count),
      name.allSatisfy({ $0.isLetter || $0.isNumber || ".-_@".contains($0) })
    else { throw AccountProblem.badName }
    try write { store in
      let known = try store.connection.first(
        "SELECT 1 FROM hub_account WHERE name = ?", [.text(name)])
      if known != nil { throw AccountProblem.nameTaken }
      try store.record("account \(name) \(role)", ruling)
      try store.connection.run(
        "INSERT INTO hub_account (name, role, password, created_at) VALUES (?, ?, ?, ?)",
        [.text(name), .text(role), .blob(kept.encoded), .integer(ruling.wallMilliseconds)])
    }
  }

  /// Gives an account another password and ends its sessions.
  ///
  /// - Throws: ``AccountProblem/passwordTooShort(_:)``, ``HubError/notFound``, and the storage's errors.
  package func setPassword(
    of name: String, to password: String, salt: [UInt8], _ ruling: Ruling
  ) throws {
    let kept = try checked(password, salt)
    let name = canonical(name)
    try write { store in
      try store.account(name)
      try store.record("password \(name)", ruling)
      try store.connection.run(
        "UPDATE hub_account SET password = ? WHERE name = ?", [.blob(kept.encoded), .text(name)])
      try store.forgetFailures(of: name)
      try store.endSessions(of: name)
    }
  }

  /// Ends an account's access and its sessions, for good.
  ///
  /// - Throws: ``HubError/notFound`` if there is no such account, and the storage's errors.
  package func disable(account name: String, _ ruling: Ruling) throws {
    let name = canonical(name)
    try write { store in
      try store.account(name)
      try store.record("disable \(name)", ruling)
      try store.connection.run(
        "UPDATE hub_account SET disabled_at = coalesce(disabled_at, ?) WHERE name = ?",
        [.integer(ruling.wallMilliseconds), .text(name)])
      try store.endSessions(of: name)
    }
  }

  private func checked(_ password: String, _ salt: [UInt8]) throws -> Password {
    guard password.count >= SignInLimits.passwordCharacters else {
      throw AccountProblem.passwordTooShort(SignInLimits.passwordCharacters)
    }
    guard Set(password).count >= SignInLimits.passwordDifferentCharacters else {
      throw AccountProblem.passwordTooPlain
    }
    return try Password(password, salt: salt, costs: passwordCosts)
  }

  /// However an account's name is typed, it is one account.
  private func canonical(_ name: String) -> String {
    name.precomposedStringWithCompatibilityMapping.lowercased()
  }

  // MARK: Signing in

  /// Lets somebody in who knows an account's password.
  ///
  /// - Parameters:
  ///   - name: The account.
  ///   - password: As it was typed.
  ///   - token: 32 random bytes, which say from now on who it is.
  ///   - wallMilliseconds: The hub's time.
  /// - Returns: The account.
  /// - Throws: ``SignInProblem``, and the storage's errors.
  package func signIn(
    _ name: String, password: String, token: [UInt8], wallMilliseconds: Int64
  ) throws -> HubAccount {
    let name = canonical(name)
    let (kept, until) = try read { store in
      (try store.password(of: name), try store.waitingTime(of: name))
    }
    if until > wallMilliseconds { throw SignInProblem.tooMany(untilMilliseconds: until) }
    let isRight: Bool
    if let kept {
      isRight = try Password(decoding: kept).fits(password)
    } else {
      // As long as it takes for an account that is there.
      _ = try Password(
        password, salt: [UInt8](repeating: 0, count: 16), costs: passwordCosts)
      isRight = false
    }
    return try write { store in
      // What was looked at may have been disabled or changed while the key was derived.
      guard isRight, try store.password(of: name) == kept else {
        try store.noteFailure(of: name, wallMilliseconds: wallMilliseconds)
        return nil
      }
      return try store.begin(token: Self.digest(token), of: name, wallMilliseconds)
    } ?? { throw SignInProblem.refused }()
  }

  /// How long an account waits after so many wrong passwords.
  static func wait(after failures: Int64) -> Int64 {
    guard failures >= SignInLimits.freeFailures else { return 0 }
    let doublings = min(failures - SignInLimits.freeFailures, 20)
    return min(1_000 << doublings, SignInLimits.longestWaitMilliseconds)
  }

  /// Whose token it is; nothing if its session has ended.
  ///
  /// - Throws: The storage's errors.
  package func account(signedInWith token: [UInt8], wallMilliseconds: Int64) throws -> HubAccount? {
    try write { store in
      try store.forgetSessions(wallMilliseconds: wallMilliseconds)
      let session: [Value] = [.blob(Self.digest(token))]
      guard
        let name = try store.connection.first(
          "SELECT account FROM hub_session WHERE token = ?", session)?[0].text,
        case let account = try store.account(name), !account.isDisabled
      else { return nil }
      try store.connection.run(
        "UPDATE hub_session SET used_at = ? WHERE token = ?",
        [.integer(wallMilliseconds)] + session)
      return account
    }
  }

  /// Ends a session.
  ///
  /// - Throws: The storage's errors.
  package func signOut(_ token: [UInt8]) throws {
    try write { store in
      try store.connection.run(
        "DELETE FROM hub_session WHERE token = ?", [.blob(Self.digest(token))])
    }
  }

  /// Whoever reads the hub's files finds no token in them.
  private static func digest(_ token: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: token)) }
}

extension HubAccount {
  fileprivate init(_ row: [Value]) {
    name = row[0].text ?? ""
    role = row[1].text ?? ""
    createdMilliseconds = row[2].integer ?? 0
    disabledMilliseconds = row[3].integer
    signedInMilliseconds = row[4].integer
  }
}

extension HubStore {
  @discardableResult
  fileprivate func account(_ name: String) throws -> HubAccount {
    let row = try connection.first(
      """
      SELECT name, role, created_at, disabled_at, signed_in_at FROM hub_account WHERE name = ?
      """, [.text(name)])
    guard let row else { throw HubError.notFound }
    return HubAccount(row)
  }

  /// What is kept of an account's password; nothing if nobody gets in by it.
  fileprivate func password(of name: String) throws -> [UInt8]? {
    let row = try connection.first(
      "SELECT password FROM hub_account WHERE name = ? AND disabled_at IS NULL", [.text(name)])
    guard case .blob(let kept)? = row?[0] else { return nil }
    return kept
  }

  /// Until when nothing is looked at under a name, whether there is such an account or not.
  fileprivate func waitingTime(of name: String) throws -> Int64 {
    let row = try connection.first(
      "SELECT failures, failed_at FROM hub_sign_in_failure WHERE name = ?", [.text(name)])
    return (row?[1].integer ?? 0) + Hub.wait(after: row?[0].integer ?? 0)
  }

  fileprivate func noteFailure(of name: String, wallMilliseconds: Int64) throws {
    try connection.run(
      "DELETE FROM hub_sign_in_failure WHERE failed_at < ?",
      [.integer(wallMilliseconds - SignInLimits.failureMilliseconds)])
    try connection.run(
      """
      INSERT INTO hub_sign_in_failure VALUES (?, 1, ?)
      ON CONFLICT (name) DO UPDATE SET failures = failures + 1, failed_at = excluded.failed_at
      """, [.text(name), .integer(wallMilliseconds)])
  }

  fileprivate func forgetFailures(of name: String) throws {
    try connection.run("DELETE FROM hub_sign_in_failure WHERE name = ?", [.text(name)])
  }

  fileprivate func begin(token: [UInt8], of name: String, _ wallMilliseconds: Int64) throws
    -> HubAccount
  {
    let time = Value.integer(wallMilliseconds)
    try forgetFailures(of: name)
    try connection.run(
      "UPDATE hub_account SET signed_in_at = ? WHERE name = ?", [time, .text(name)])
    try connection.run(
      "INSERT INTO hub_session (token, account, began_at, used_at) VALUES (?, ?, ?, ?)",
      [.blob(token), .text(name), time, time])
    try forgetSessions(wallMilliseconds: wallMilliseconds)
    return try account(name)
  }

  fileprivate func endSessions(of name: String) throws {
    try connection.run("DELETE FROM hub_session WHERE account = ?", [.text(name)])
  }

  /// Sessions that are over, by the hub's time; one from the future is none either.
  fileprivate func forgetSessions(wallMilliseconds: Int64) throws {
    try connection.run(
      "DELETE FROM hub_session WHERE used_at <= ? OR began_at <= ? OR began_at > ?",
      [
        .integer(wallMilliseconds - SignInLimits.idleMilliseconds),
        .integer(wallMilliseconds - SignInLimits.sessionMilliseconds), .integer(wallMilliseconds),
      ])
  }
}
