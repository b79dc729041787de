import Foundation
import SyncCore
import SyncHub
import TestSupport
import Testing

/// People who sign in at the hub.
struct AccountTests {
  private let world: World
  private let password = "con đường mưa 7"
  private let token = [UInt8](repeating: 7, count: 32)

  init() throws {
    world = try World()
    world.cheapenPasswords()
    try world.hub.makeAccount(
      "ha", role: "hub_operator", password: password, salt: [UInt8](0..<16), ruling)
  }

  private var ruling: Ruling { Ruling(by: "root", reason: "r", wallMilliseconds: world.now) }

  private func signIn(_ password: String, as name: String = "ha") throws -> HubAccount {
    try world.hub.signIn(name, password: password, token: token, wallMilliseconds: world.now)
  }

  private func whoever() throws -> String? {
    try world.hub.account(signedInWith: token, wallMilliseconds: world.now)?.name
  }

  @Test func `the right password lets in until the session ends`() throws {
    #expect(try signIn(password).role == "hub_operator")
    #expect(try whoever() == "ha")
    world.now += SignInLimits.idleMilliseconds - 1
    #expect(try whoever() == "ha")
    world.now += SignInLimits.idleMilliseconds
    #expect(try whoever() == nil)
    _ = try signIn(password)
    for _ in 0..<25 {
      world.now += SignInLimits.idleMilliseconds - 1
      _ = try whoever()
    }
    #expect(try whoever() == nil)
    _ = try signIn(password)
    try world.hub.signOut(token)
    #expect(try whoever() == nil)
  }

  @Test func `an accent typed another way is the same password`() throws {
    #expect(try signIn(password.decomposedStringWithCanonicalMapping).name == "ha")
  }

  @Test func `nobody learns whether it was the name or the password`() throws {
    #expect(throws: SignInProblem.refused) { try signIn("con đường mưa 8") }
    #expect(throws: SignInProblem.refused) { try signIn(password, as: "nobody") }
    try world.hub.disable(account: "ha", ruling)
    #expect(throws: SignInProblem.refused) { try signIn(password) }
  }

  @Test func `guessing becomes ever slower, and the right password ends that`() throws {
    for _ in 0..<5 { #expect(throws: SignInProblem.refused) { try signIn("guess") } }
    #expect(throws: SignInProblem.tooMany(untilMilliseconds: world.now + 1000)) {
      try signIn(password)
    }
    for _ in 0..<5 { #expect(throws: SignInProblem.refused) { try signIn("x", as: "nobody") } }
    #expect(throws: SignInProblem.tooMany(untilMilliseconds: world.now + 1000)) {
      try signIn("x", as: "nobody")
    }
    world.now += 1000
    #expect(throws: SignInProblem.refused) { try signIn("guess") }
    #expect(throws: SignInProblem.tooMany(untilMilliseconds: world.now + 2000)) {
      try signIn(password)
    }
    world.now += 2000
    #expect(try signIn(password).name == "ha")
    #expect(throws: SignInProblem.refused) { try signIn("guess") }
    try world.hub.signOut(token)
    #expect(try signIn(password).name == "ha")
  }

  @Test func `a password costs as much as it is worth`() throws {
    let costly = try World()
    try costly.hub.makeAccount("ha", role: "x", password: password, salt: [1], ruling)
    let account = try costly.hub.signIn(
      "Ha", password: password, token: token, wallMilliseconds: costly.now)
    #expect(account.name == "ha")
    try costly.hubDatabase.read { connection in
      try connection.each("SELECT password FROM hub_account", []) { row in
        guard case .blob(let kept) = row[0] else { return false }
        let costs = try Array(decodedValues(kept)[1...3])
        #expect(costs == [.integer(65_536), .integer(8), .integer(2)])
        return true
      }
    }
  }

  @Test func `another password and disabling end sessions`() throws {
    _ = try signIn(password)
    try world.hub.setPassword(of: "ha", to: "một câu khác hẳn", salt: [UInt8](1...16), ruling)
    #expect(try whoever() == nil)
    #expect(throws: SignInProblem.refused) { try signIn(password) }
    _ = try signIn("một câu khác hẳn")
    try world.hub.disable(account: "ha", ruling)
    #expect(try whoever() == nil)
    #expect(try world.hub.accounts().map(\.isDisabled) == [true])
  }

  @Test func `what cannot be an account is refused, and every act is on record`() throws {
    #expect(throws: AccountProblem.nameTaken) {
      try world.hub.makeAccount("ha", role: "x", password: password, salt: [], ruling)
    }
    #expect(throws: AccountProblem.passwordTooShort(12)) {
      try world.hub.makeAccount("lan", role: "x", password: "ngắn", salt: [], ruling)
    }
    #expect(throws: AccountProblem.passwordTooPlain) {
      try world.hub.makeAccount("lan", role: "x", password: "aaaaaaaaaaaa", salt: [], ruling)
    }
    #expect(throws: AccountProblem.nameTaken) {
      try world.hub.makeAccount("ｈＡ", role: "x", password: password, salt: [], ruling)
    }
    for name in ["", "hai người", String(repeating: "a", count: 65), "a\u{1B}[2J"] {
      #expect(throws: AccountProblem.badName) {
        try world.hub.makeAccount(name, role: "x", password: password, salt: [], ruling)
      }
    }
    #expect(throws: HubError.notFound) { try world.hub.disable(account: "lan", ruling) }
    try world.hub.disable(account: "ha", ruling)
    #expect(try world.hub.acts(limit: 2).map(\.kind) == [.disable, .account])
  }

  @Test func `neither passwords nor tokens are in the hub's file`() throws {
    _ = try signIn(password)
    try world.hubDatabase.read { connection in
      try connection.each("SELECT password FROM hub_account", []) { row in
        guard case .blob(let kept) = row[0] else { return false }
        #expect(!String(decoding: kept, as: UTF8.self).contains("mưa"))
        return true
      }
      try connection.each("SELECT token FROM hub_session", []) { row in
        #expect(row[0] != .blob(token))
        return true
      }
    }
  }
}
