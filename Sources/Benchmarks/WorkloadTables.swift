import SyncCore
import SyncSQLite

/// A table of workload W, with the statements that both sides use.
struct WorkloadTable {
  let name: String
  let columns: [String]
  /// The index of the column that the workload updates.
  let status: Int
  let insert: String
  let updateStatus: String
  let updateFirst: String
  let updateSecond: String
  let delete: String

  /// The indices of two columns that two officers change at once, each a merge unit of its own.
  ///
  /// About the first the operator is asked if both change it.
  let edited: (first: Int, second: Int)

  init(_ name: String, _ columns: [String], edited: (first: String, second: String)) {
    self.name = name
    self.columns = columns
    self.edited = (
      first: columns.firstIndex(of: edited.first) ?? 0,
      second: columns.firstIndex(of: edited.second) ?? 0
    )
    updateFirst = "UPDATE \(name) SET \(edited.first) = ? WHERE id = ?"
    updateSecond = "UPDATE \(name) SET \(edited.second) = ? WHERE id = ?"
    status = columns.firstIndex(of: "status") ?? 0
    let places = columns.map { _ in "?" }.joined(separator: ", ")
    insert = "INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(places))"
    updateStatus = "UPDATE \(name) SET status = ? WHERE id = ?"
    delete = "DELETE FROM \(name) WHERE id = ?"
  }
}

/// The schema of workload W.
enum WorkloadTables {
  static let all = [
    WorkloadTable(
      "session",
      [
        "id", "kind", "number", "title", "unit_code", "lead_org", "form", "status", "started_on",
        "ended_on", "location", "summary", "conclusion", "updated_at",
      ], edited: ("lead_org", "location")),
    WorkloadTable(
      "recommendation",
      [
        "id", "session_id", "position", "text", "addressed_to", "status", "deadline", "response",
        "responded_on", "updated_at",
      ], edited: ("addressed_to", "deadline")),
  ]

  static let sql = """
    CREATE TABLE session (
      id TEXT NOT NULL PRIMARY KEY, kind TEXT, number INTEGER, title TEXT, unit_code TEXT,
      lead_org TEXT, form TEXT, status TEXT, started_on TEXT, ended_on TEXT, location TEXT,
      summary TEXT, conclusion TEXT, updated_at TEXT
    ) STRICT;
    CREATE TABLE recommendation (
      id TEXT NOT NULL PRIMARY KEY, session_id TEXT NOT NULL REFERENCES session (id),
      position INTEGER, text TEXT, addressed_to TEXT, status TEXT, deadline TEXT, response TEXT,
      responded_on TEXT, updated_at TEXT
    ) STRICT;
    CREATE INDEX recommendation_session ON recommendation (session_id);
    """

  static let migrations = [Migration(name: "workload", sql: sql)]

  static let policies = """
    table session 10
      id 1 key
      kind 2 operator
      number 3 operator
      title 4 operator
      unit_code 5 operator
      lead_org 6 operator
      form 7 operator
      status 8 workflow du_thao > dang_dien_ra > da_ket_thuc > da_cong_bo > luu_tru
      group period operator : started_on 9, ended_on 10
      location 11 lastWriter
      summary 12 text
      conclusion 13 text
      updated_at 14 max
    table recommendation 11
      id 1 key
      session_id 2 operator
      position 3 operator
      text 4 text
      addressed_to 5 operator
      status 6 operator
      deadline 7 operator
      group answer operator : response 8, responded_on 9
      updated_at 10 max
    """

  static func schema() throws -> SyncSchema { try SyncSchema(parsing: policies, version: 1) }
}
