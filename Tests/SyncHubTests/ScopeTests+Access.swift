import SyncCore
import SyncDevice
import SyncHub
import TestSupport
import Testing

/// What travels where access changes: the difference, and nothing that is held already.
extension ScopeTests {
  /// Syncs, and says how many rows came.
  private func rowsSent(to device: TestDevice) throws -> Int { try device.sync().received }

  /// Syncs, and says whether the hub's whole state was ever asked for.
  private func takesTheWhole(_ device: TestDevice) throws -> Bool {
    var round = SyncRound(device.store, identity: device.identity)
    var takes = false
    while let request = try round.next(wallMilliseconds: world.now) {
      if case .pull(let pull) = request, pull.cursor == 0 { takes = true }
      do {
        try round.receive(try device.answer(request), wallMilliseconds: world.now)
      } catch let refusal as Refusal {
        try round.receive(refusal, newEpoch: 99, wallMilliseconds: world.now)
      }
    }
    return takes
  }

  @Test func `a unit that is granted is sent, and what is held is not sent again`() throws {
    for device in [an, binh] { try device.sync() }
    grants.give("an", reading: ["north", "south"], writing: ["north"])
    // Its session, finding and letter.
    #expect(try rowsSent(to: an) == 3)
    #expect(try keys("session", on: an) == ["n", "s"] && keys("finding", on: an) == ["fn", "fs"])
    #expect(try an.store.events().contains { $0.kind == .accessChanged })
    try inStep(an)
    try binh.write("UPDATE session SET title = 'sau' WHERE id = 's'")
    try binh.sync()
    #expect(try rowsSent(to: an) == 1)
    try inStep(an)
  }

  @Test func `of a unit that is withdrawn only the keys travel`() throws {
    try binh.sync()
    grants.give("binh", reading: ["north"], writing: ["north"])
    // Of a session, a finding and a letter.
    #expect(try rowsSent(to: binh) == 3)
    #expect(try keys("session", on: binh) == ["n"] && keys("letter", on: binh) == ["ln"])
    try inStep(binh)
  }

  @Test func `one unit for another, while rows move, change and go, page by page`() throws {
    world.limitPages(to: 1)
    for device in [an, binh] { try device.sync() }
    grants.give("an", reading: ["south"], writing: ["south"])
    var round = SyncRound(an.store, identity: an.identity, directions: .pull)
    let meanwhile = [
      "UPDATE session SET unit = 'north' WHERE id = 's'",
      "UPDATE session SET unit = 'south' WHERE id = 'n'",
      "INSERT INTO finding VALUES ('new', 'n', 'mới')",
      "DELETE FROM finding WHERE id = 'fs'",
    ]
    for deed in meanwhile {
      let request = try #require(try round.next(wallMilliseconds: world.now))
      try round.receive(try an.answer(request), wallMilliseconds: world.now)
      try chi.write(deed)
      try chi.sync()
    }
    #expect(try keys("session", on: an) == ["n"])
    #expect(try !takesTheWhole(an))
    #expect(try keys("session", on: an) == ["n"] && keys("finding", on: an) == ["fn", "new"])
    #expect(try keys("letter", on: an) == ["ls"])
    try inStep(an)
  }

  @Test func `a grant that changes while pages come begins them anew, and not the whole`() throws {
    world.limitPages(to: 1)
    for device in [an, binh] { try device.sync() }
    grants.give("an", reading: ["north", "south"], writing: ["north"])
    var round = SyncRound(an.store, identity: an.identity, directions: .pull)
    let request = try #require(try round.next(wallMilliseconds: world.now))
    try round.receive(try an.answer(request), wallMilliseconds: world.now)
    grants.give("an", reading: ["north"], writing: ["north"])
    let next = try #require(try round.next(wallMilliseconds: world.now))
    do {
      _ = try an.answer(next)
      Issue.record("a page of what is an's no more")
    } catch let refusal as Refusal {
      try round.receive(refusal, newEpoch: 99, wallMilliseconds: world.now)
    }
    #expect(try !takesTheWhole(an))
    #expect(try keys("session", on: an) == ["n"])
    try inStep(an)
  }

  @Test func `work pending on a withdrawn unit stays until it is decided on, and then goes`()
    throws
  {
    try binh.sync()
    try binh.write("UPDATE session SET title = 'đã sửa' WHERE id = 's'")
    grants.give("binh", reading: ["north"], writing: ["north"])
    // Before anything is sent.
    try binh.sync(.pull)
    #expect(try keys("session", on: binh) == ["n", "s"] && keys("finding", on: binh) == ["fn"])
    try binh.sync()
    #expect(try keys("session", on: binh) == ["n", "s"])
    for work in try quarantine() { try world.hub.dismiss(work.number, ruling) }
    #expect(try !takesTheWhole(binh))
    #expect(try keys("session", on: binh) == ["n"])
    try inStep(binh)
  }

  @Test func `a unit withdrawn and given again while work is pending is whole again`() throws {
    try binh.sync()
    try binh.write("UPDATE session SET title = 'đã sửa' WHERE id = 's'")
    grants.give("binh", reading: ["north"], writing: ["north"])
    try binh.sync(.pull)
    try chi.write("UPDATE session SET secrecy = 'x' WHERE id = 's'")
    try chi.sync()
    grants.give("binh", reading: ["north", "south"], writing: ["north", "south"])
    try binh.sync(.pull)
    #expect(try !takesTheWhole(binh))
    #expect(try binh.value("SELECT secrecy FROM session WHERE id = 's'") == .text("x"))
    #expect(try keys("finding", on: binh) == ["fn", "fs"])
    try chi.sync()
    #expect(try chi.value("SELECT title FROM session WHERE id = 's'") == .text("đã sửa"))
    try inStep(binh, chi)
  }

  @Test func `who held everything is left with what is his, and gets everything back`() throws {
    for device in [an, binh, chi] { try device.sync() }
    grants.give("chi", reading: ["south"], writing: ["south"])
    #expect(try !hears("lúa", chi))
    #expect(try keys("session", on: chi) == ["s"] && keys("letter", on: chi) == ["ls"])
    try inStep(chi)
    grants.take("chi")
    // The north's session, finding and letter.
    #expect(try rowsSent(to: chi) == 3)
    #expect(try keys("session", on: chi) == ["n", "s"])
    try inStep(chi)
  }

  @Test func `questions come with a unit that is granted, and go with it`() throws {
    for device in [an, binh] { try device.sync() }
    try binh.write("UPDATE session SET title = 'của Bình' WHERE id = 's'")
    try chi.write("UPDATE session SET title = 'của Chi' WHERE id = 's'")
    for device in [binh, chi] { try device.sync() }
    grants.give("an", reading: ["north", "south"], writing: ["north"])
    try an.sync()
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(1))
    grants.give("an", reading: ["north"], writing: ["north"])
    try an.sync()
    #expect(try an.value("SELECT count(*) FROM thuan_conflict") == .integer(0))
    #expect(try an.value("SELECT count(*) FROM thuan_candidate") == .integer(0))
    try inStep(an)
  }

  @Test func `a device of before takes the whole, as it always did`() throws {
    for device in [an, binh] { try device.sync() }
    grants.give("an", reading: ["north", "south"], writing: ["north"])
    guard case .pull(var request) = try an.store.nextPull() else { return }
    request.difference = .none
    #expect(throws: Refusal(.snapshotNeeded, detail: "scope")) { try an.answer(.pull(request)) }
  }

  @Test func `nobody is told the keys of rows that he says he held and never did`() throws {
    for device in [an, binh] { try device.sync() }
    guard case .pull(var request) = try an.store.nextPull(),
      case .pull(let others) = try binh.store.nextPull()
    else { return }
    request.heldAccesses = [request.position.access, others.position.access]
    #expect(throws: Refusal(.snapshotNeeded, detail: "scope")) { try an.answer(.pull(request)) }
  }
}
