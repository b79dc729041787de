import SyncCore
import Testing

struct PolicyParserTests {
  @Test func `a declaration that cannot be used is refused with its line`() {
    let wrong = [
      "table a": "line 1: expected: table NAME NUMBER [rows KIND]",
      "table a 3": "line 1: table numbers below 10 are the engine's",
      "table a 10 rows odd": "line 1: unknown kind of rows: odd",
      "id 1 key": "line 1: a column outside a table",
      "table a 10\n id key": "line 2: expected: COLUMN NUMBER POLICY",
      "table a 10\n id 1 key\n x 2 guess": "line 3: unknown policy guess",
      "table a 10\n id 1 key\n x 2 operator now": "line 3: operator takes no order",
      "table a 10\n id 1 key\n x 2 workflow a > b; b > a":
        "line 3: a workflow needs an order that does not run in a circle",
      "table a 10\n id 1 key\n group g text : x 2, y 3":
        "line 3: a group cannot merge as text or set",
      "table a 10\n id 1 key\n unique u (z)":
        "line 3: unknown column z; declare columns before what uses them",
      "table a 10\n id 1 key\n x 2 operator since 2":
        "line 3: since 2: the schema is version 1",
      "table a 10\n id 1 key\n scope z":
        "line 3: unknown column z; declare columns before what uses them",
      "table a 10\n id 1 key\n scope id in b":
        "line 3: expected: scope COLUMN [of TABLE | of TABLE.COLUMN] [part COLUMN] [where …]",
      "table a 10\n id 1 key\n x 2 operator\n scope id part x":
        "line 4: x names parts and has to be hubOnly",
      "table a 10\n id 1 key\n x 2 hubOnly\n scope id of b part x":
        "line 4: a row that is of another's scope is of no part of its own",
      "table a 10\n id 1 key\n scope id of b":
        "the scope of a: b is no table with a key of one column",
      "table a 10\n id 1 key\n scope id of b.c\ntable b 11\n id 1 key":
        "the scope of a: b has no column c",
      "table a 10\n id 1 key\n scope id of a": "the scope of a depends on itself",
      "table a 10\n id 1 key\n private": "table a is private and declares no scope",
      "table a 10\n id 1 key\n private where":
        "line 3: expected: private [where COLUMN = VALUE, …]",
      "table a 10\n x 1 operator": "table a has no key",
      "table a 10\n id 1 key\n x 1 operator": "table a uses a column number twice",
      "table a 10\n id 1 key\ntable b 10\n id 1 key": "a table number is used twice",
    ]
    for (text, message) in wrong {
      #expect(throws: SchemaError(message)) { try SyncSchema(parsing: text, version: 1) }
    }
  }

  @Test func `the engine's own tables are declared as its stores make them`() throws {
    #expect(try PublishedTables.schemas().map(\.number) == [1, 2, 3, 4])
  }

  @Test func `a scope tells of what it is a part, whatever the names are`() {
    var stored: Set<String> = []
    for name in ["", "a", "1:a", "=a", "đ:é"] {
      for part in [nil, "", "b", ":b", "1:b", "é"] {
        for isPrivate in [false, true] {
          let scope = Scope(stored: Scope.named(name, part: part, isPrivate: isPrivate).stored)
          #expect(scope.name == name && scope.part == part && scope.isPrivate == isPrivate)
          #expect(scope.madePrivate == .named(name, part: part, isPrivate: true))
          stored.insert(scope.stored)
        }
      }
    }
    #expect(stored.count == 60)
    #expect(Scope.shared.name == nil && Scope.nobody.name == nil && Scope.device("x").name == nil)
  }
}
