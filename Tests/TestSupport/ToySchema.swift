package import SyncCore
package import SyncSQLite

/// A small schema with every policy in it, for tests of the engine.
package enum ToySchema {
  package static let policies = """
    table project 10
      id 1 key
      title 2 operator
      place 3 lastWriter
      prose 4 text
      tags 5 set
      stage 6 workflow draft > held > reported; draft > cancelled
      secrecy 7 max normal < internal < sensitive
      first_day 8 min
      code 9 hubOnly
      origin 10 immutable
      weight 11 operator
      picture 12 operator
      group period operator : starts 13, ends 14
      group due max practice < agreed < document : due_basis 15, due_on 16
    table item 11
      id 1 key
      project_id 2 operator
      name 3 operator
      number 4 operator
      unique number (project_id, number)
    table tag 12 rows set
      project_id 1 key
      word 2 key
    table entry 13 rows appendOnly
      id 1 key
      project_id 2 immutable
      said 3 immutable
    table region 14 rows hubOnly
      code 1 key
      name 2 hubOnly
    """

  package static let sql = """
    CREATE TABLE region (code TEXT NOT NULL PRIMARY KEY, name TEXT) STRICT;
    CREATE TABLE project (
      id TEXT NOT NULL PRIMARY KEY, title TEXT CHECK (title <> ''), place TEXT, prose TEXT,
      tags TEXT, stage TEXT, secrecy TEXT, first_day TEXT, code TEXT, origin TEXT, weight REAL,
      picture BLOB, starts TEXT, ends TEXT, due_basis TEXT, due_on TEXT
    ) STRICT;
    CREATE TABLE item (
      id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL REFERENCES project (id),
      name TEXT, number INTEGER
    ) STRICT;
    CREATE TABLE tag (
      project_id TEXT NOT NULL REFERENCES project (id), word TEXT NOT NULL,
      PRIMARY KEY (project_id, word)
    ) STRICT;
    CREATE TABLE entry (
      id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL REFERENCES project (id), said TEXT
    ) STRICT;
    """

  package static let migrations = [Migration(name: "toy-v1", sql: sql)]

  package static func schema() throws -> SyncSchema {
    try SyncSchema(parsing: policies, version: 1)
  }

  /// The project table on its own, for tests of merging.
  package static func project() throws -> TableSchema {
    guard let table = try schema().table(named: "project") else {
      throw SchemaError("no project table")
    }
    return table
  }
}
