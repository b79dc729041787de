import SyncCore
import SyncSQLite

/// A small schema with every policy in it, over which the simulated people work.
///
/// `pair` is for law L4: each device owns two rows that it always writes together, with one number.
enum SimulatedSchema {
  static let policies = """
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
      low 17 operator
      high 18 operator
      area 19 operator
      scope area
      private where secrecy = sensitive
    table item 11
      id 1 key
      project_id 2 operator
      name 3 operator
      number 4 operator
      unique number (project_id, number)
      scope project_id of project
    table tag 12 rows set
      project_id 1 key
      word 2 key
      scope project_id of project
    table entry 13 rows appendOnly
      id 1 key
      project_id 2 immutable
      said 3 immutable
      scope project_id of project
    table region 14 rows hubOnly
      code 1 key
      name 2 hubOnly
    table reading 15
      place 1 key
      day 2 key
      amount 3 max
      note 4 text
      label 5 operator
      scope place
    table pair 16
      id 1 key
      number 2 max
    table permit 18 rows hubOnly
      id 1 key
      officer 2 hubOnly
      area 3 hubOnly
      rights 4 hubOnly
    """

  /// What the second version of the schema adds.
  static let laterPolicies =
    policies.replacing(
      "  area 19 operator\n", with: "  area 19 operator\n  remark 20 operator since 2\n")
    + "\ntable visit 17\n  id 1 key since 2\n  note 2 operator since 2\n"

  static let migrations = [
    Migration(
      name: "simulated-v1",
      sql: """
        CREATE TABLE region (code TEXT NOT NULL PRIMARY KEY, name TEXT) STRICT;
        CREATE TABLE project (
          id TEXT NOT NULL PRIMARY KEY, title TEXT CHECK (title <> ''), place TEXT, prose TEXT,
          tags TEXT, stage TEXT, secrecy TEXT, first_day TEXT, code TEXT, origin TEXT, weight REAL,
          picture BLOB, starts TEXT, ends TEXT, due_basis TEXT, due_on TEXT,
          low INTEGER, high INTEGER, area TEXT DEFAULT 'n', CHECK (low <= high)
        ) STRICT;
        CREATE TABLE item (
          id TEXT NOT NULL PRIMARY KEY, project_id TEXT NOT NULL REFERENCES project (id),
          name TEXT, number INTEGER
        ) STRICT;
        CREATE TABLE tag (
          project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE, word TEXT NOT NULL,
          PRIMARY KEY (project_id, word)
        ) STRICT;
        CREATE TABLE entry (
          id TEXT NOT NULL PRIMARY KEY, project_id TEXT REFERENCES project (id), said TEXT
        ) STRICT;
        CREATE TABLE reading (
          place TEXT NOT NULL, day INTEGER NOT NULL, amount INTEGER, note TEXT, label TEXT,
          PRIMARY KEY (place, day)
        ) STRICT;
        CREATE TABLE pair (id TEXT NOT NULL PRIMARY KEY, number INTEGER) STRICT, WITHOUT ROWID;
        CREATE TABLE permit (
          id TEXT NOT NULL PRIMARY KEY, officer TEXT, area TEXT, rights TEXT
        ) STRICT;
        """)
  ]

  static let laterMigrations =
    migrations + [
      Migration(
        name: "simulated-v2",
        sql: """
          ALTER TABLE project ADD COLUMN remark TEXT DEFAULT 'none';
          CREATE TABLE visit (id TEXT NOT NULL PRIMARY KEY, note TEXT) STRICT;
          """)
    ]
}

/// One version of the simulated schema, with what is derived from it once per process.
struct SchemaVersion {
  let number: Int
  let schema: SyncSchema
  let migrations: [Migration]
  /// The tables that the hub makes for every device.
  let published: [TableSchema]

  init(_ number: Int) throws {
    self.number = number
    schema = try SyncSchema(
      parsing: number == 1 ? SimulatedSchema.policies : SimulatedSchema.laterPolicies,
      version: number)
    migrations = number == 1 ? SimulatedSchema.migrations : SimulatedSchema.laterMigrations
    published = try PublishedTables.schemas()
  }
}
