/// Draws SQL statements over tiny domains, so that collisions are the rule.
struct Statements {
  /// Rises with every statement: a source of values that nobody else writes.
  private(set) var count = 0
  /// Whether values of many kilobytes are among them, so that a pull takes several pages.
  let isBulky: Bool
  /// Whether the column that clocks decide about is written.
  let usesClocks: Bool

  init(isBulky: Bool, usesClocks: Bool) {
    self.isBulky = isBulky
    self.usesClocks = usesClocks
  }

  private let projects = ["p", "q", "r"]
  private let items = ["i", "j", "k", "l"]
  private let words = ["x", "y", "z"]

  /// A statement that any program may write.
  mutating func next(_ random: inout SplitMix64) -> String {
    count += 1
    switch random.below(10) {
    case 0...4: return project(&random)
    case 5, 6: return item(&random)
    case 7: return tag(&random)
    case 8: return reading(&random)
    default: return entry(&random)
    }
  }

  /// One that the hub cannot take in, of the kind that only a foreign program gets away with.
  mutating func poison(_ random: inout SplitMix64) -> String {
    count += 1
    switch random.below(3) {
    case 0: return "INSERT INTO item VALUES ('lost\(count)', 'nowhere', 'n', 1)"
    case 1: return "INSERT INTO region VALUES ('own\(count)', 'n')"
    default: return "INSERT INTO tag VALUES ('nowhere', 'w\(count)')"
    }
  }

  /// One by which a text comes to stand somewhere that is none: with a NUL, or not UTF-8.
  static func brokenText(_ number: Int, _ random: inout SplitMix64) -> String {
    let id = random.pick(["p", "q", "r"])
    let text = random.pick([
      "'b\(number)' || char(0) || 'c'", "CAST(x'6\(number)ff' AS TEXT)",
    ])
    switch random.below(6) {
    case 0, 1: return "UPDATE project SET title = \(text) WHERE id = '\(id)'"
    case 2: return "INSERT INTO project (id, title) VALUES ('\(id)', \(text))"
    case 3: return "UPDATE project SET starts = \(text), ends = 'e' WHERE id = '\(id)'"
    case 4: return "REPLACE INTO item VALUES ('i', '\(id)', \(text), 1)"
    default: return "UPDATE reading SET label = \(text) WHERE place = 'x'"
    }
  }

  /// One that makes such texts right, where there are any.
  static func mend(_ random: inout SplitMix64) -> String {
    random.chance(50)
      ? "UPDATE project SET title = 'mended', starts = 'mended'"
      : "UPDATE item SET name = 'mended'"
  }

  /// The two rows that a device always writes together.
  mutating func pair(device: Int) -> [String] {
    count += 1
    return ["a", "b"].map {
      "INSERT INTO pair VALUES ('d\(device)\($0)', \(count)) "
        + "ON CONFLICT DO UPDATE SET number = excluded.number"
    }
  }

  private func text(_ random: inout SplitMix64) -> String {
    switch random.below(10) {
    case 0...2: return "'\(random.pick(["a", "b", "c"]))'"
    case 3: return "NULL"
    case 4: return random.pick(["'\u{e9}'", "'e\u{301}'", "'it''s'"])
    default: return "'t\(count)'"
    }
  }

  private func project(_ random: inout SplitMix64) -> String {
    let id = random.pick(projects)
    let row = "WHERE id = '\(id)'"
    switch random.below(24) {
    case 22: return "UPDATE project SET area = '\(random.pick(["n", "s"]))' \(row)"
    case 23:
      return "INSERT INTO project (id, title, area) "
        + "VALUES ('\(id)', \(text(&random)), '\(random.pick(["n", "s"]))')"
    case 0, 1:
      return "INSERT INTO project (id, title, tags, low, high) "
        + "VALUES ('\(id)', \(text(&random)), '\(random.pick(words))', 1, 9)"
    case 2:
      return "INSERT INTO project (id, origin, starts, ends) "
        + "VALUES ('\(id)', \(text(&random)), 's\(count)', 'e\(count)')"
    case 3: return "INSERT OR REPLACE INTO project (id, title) VALUES ('\(id)', \(text(&random)))"
    case 4, 5: return "DELETE FROM project \(row)"
    case 6: return "UPDATE project SET id = '\(random.pick(projects))' \(row)"
    case 7: return "UPDATE OR REPLACE project SET id = '\(random.pick(projects))' \(row)"
    case 8: return "UPDATE project SET starts = \(text(&random)), ends = \(text(&random)) \(row)"
    case 9:
      return "UPDATE project SET due_basis = '\(random.pick(["practice", "agreed", "document"]))', "
        + "due_on = \(text(&random)) \(row)"
    case 10: return "UPDATE project SET low = \(random.below(10)) \(row)"
    case 11: return "UPDATE project SET high = \(random.below(10)) \(row)"
    case 12 where isBulky:
      return "UPDATE project SET picture = zeroblob(\(1_100_000 + count)) \(row)"
    default: return "UPDATE project SET \(column(&random)) \(row)"
    }
  }

  private func column(_ random: inout SplitMix64) -> String {
    switch random.below(13) {
    case 0, 1: return "title = \(text(&random))"
    case 2 where usesClocks: return "place = \(text(&random))"
    case 3, 4: return "prose = '\(prose(&random))'"
    case 5, 6: return "tags = \(tags(&random))"
    case 7:
      return "stage = '\(random.pick(["draft", "held", "reported", "cancelled", "odd"]))'"
    case 8: return "secrecy = '\(random.pick(["normal", "internal", "sensitive"]))'"
    case 9: return "first_day = '\(random.pick(["2026-01-01", "2026-01-02", "2026-02-01"]))'"
    case 10: return "code = \(text(&random)), weight = \(count).5"
    case 11: return "origin = \(text(&random))"
    default: return "picture = x'\(random.pick(["00", "ff00", "0a0b"]))', weight = \(count)"
    }
  }

  /// A few words of a few, in paragraphs.
  private func prose(_ random: inout SplitMix64) -> String {
    let words = ["m", "n", "o", "w\(count)"]
    let paragraphs = (0..<random.number(in: 1...3)).map { _ in
      (0..<random.number(in: 1...4)).map { _ in random.pick(words) }.joined(separator: " ")
    }
    return paragraphs.joined(separator: "\n")
  }

  private func tags(_ random: inout SplitMix64) -> String {
    let tags = (words + ["w\(count)"]).filter { _ in random.chance(50) }
    return tags.isEmpty ? "NULL" : "'\(tags.joined(separator: ", "))'"
  }

  private func item(_ random: inout SplitMix64) -> String {
    let id = random.pick(items)
    let project = random.pick(projects)
    switch random.below(9) {
    case 0, 1, 2:
      return "INSERT INTO item VALUES ('\(id)', '\(project)', \(text(&random)), \(random.below(3)))"
    case 3:
      return
        "REPLACE INTO item VALUES ('\(id)', '\(project)', \(text(&random)), \(random.below(3)))"
    case 4: return "DELETE FROM item WHERE id = '\(id)'"
    case 5: return "UPDATE item SET id = '\(random.pick(items))' WHERE id = '\(id)'"
    case 6: return "UPDATE item SET project_id = '\(project)' WHERE id = '\(id)'"
    case 7: return "UPDATE item SET number = \(random.below(3)) WHERE id = '\(id)'"
    default: return "UPDATE item SET name = \(text(&random)) WHERE id = '\(id)'"
    }
  }

  private func tag(_ random: inout SplitMix64) -> String {
    let (project, word) = (random.pick(projects), random.pick(words))
    switch random.below(4) {
    case 0: return "DELETE FROM tag WHERE word = '\(word)'"
    case 1: return "UPDATE OR IGNORE tag SET word = '\(random.pick(words))' WHERE word = '\(word)'"
    default: return "INSERT OR IGNORE INTO tag VALUES ('\(project)', '\(word)')"
    }
  }

  private func reading(_ random: inout SplitMix64) -> String {
    let (place, day) = (random.pick(["x", "it''s"]), random.below(3))
    let row = "WHERE place = '\(place)' AND day = \(day)"
    switch random.below(7) {
    case 0, 1:
      return "INSERT INTO reading VALUES ('\(place)', \(day), \(random.below(50)), "
        + "'\(prose(&random))', \(text(&random)))"
    case 2: return "UPDATE reading SET amount = \(random.below(50)) \(row)"
    case 3: return "UPDATE reading SET note = '\(prose(&random))' \(row)"
    case 4: return "UPDATE OR REPLACE reading SET day = \(random.below(3)) \(row)"
    case 5: return "DELETE FROM reading \(row)"
    default: return "UPDATE reading SET label = \(text(&random)) \(row)"
    }
  }

  private func entry(_ random: inout SplitMix64) -> String {
    let id = random.chance(30) ? random.pick(["e", "f"]) : "e\(count)"
    let project = random.chance(30) ? "NULL" : "'\(random.pick(projects))'"
    switch random.below(6) {
    case 0: return "DELETE FROM entry WHERE id = '\(id)'"
    case 1: return "UPDATE entry SET said = \(text(&random)) WHERE id = '\(id)'"
    default: return "INSERT INTO entry VALUES ('\(id)', \(project), \(text(&random)))"
    }
  }
}
