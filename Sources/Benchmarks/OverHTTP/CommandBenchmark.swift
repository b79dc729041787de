import FieldModel
import Foundation
import GRDB
import SyncCore
import SyncDevice

/// What commands of `thuan` take on a store of the field's own tables, each as a whole process: from its
/// start to its end, with all that it prints.
///
/// The program is the one beside this one.
func commandFigures(rows: Int, rounds: Int) throws -> [Figure] {
  let folder = try TemporaryFolder()
  let store = try FieldFile(folder.file("thuan.db"), rows: rows)
  let commands: [(name: String, arguments: [String], lines: Int, target: Double)] = [
    ("list", ["session", "list", "--limit", "50"], 50, 60),
    ("show", ["session", "show", store.someSession], 1, 40),
    ("search", ["search", FieldFile.rareWords], 1, 80),
  ]
  var figures = commands.map {
    Figure("commands/\($0.name)", .milliseconds, [], target: $0.target)
  }
  for _ in 0..<rounds {
    for (index, command) in commands.enumerated() {
      let (lines, duration) = try store.run(command.arguments)
      figures[index].add(duration.inSeconds * 1000)
      guard lines >= command.lines else {
        throw BenchError.wrongResult("thuan \(command.name) has printed \(lines) lines")
      }
    }
  }
  return figures
}

/// An officer's store, filled past the program, and the program that reads it.
private struct FieldFile {
  /// Words that stand in one finding, as people type them: without their marks.
  static let rareWords = "den bien hai dang"

  let someSession: String
  private let path: String
  private let program: URL

  init(_ path: String, rows: Int) throws {
    program = try programFile("thuan")
    self.path = path
    let store = try DeviceStore(
      path: path, migrations: FieldSchema.migrations, schema: try FieldSchema.load(),
      wallMilliseconds: now(), isDurable: false)
    someSession = try store.database.write { db in
      var filling = FieldFilling()
      return try filling.fill(db, rows: rows)
    }
    try store.database.close()
  }

  /// Runs the program on the store.
  ///
  /// The clock stops when the system has taken the program's end of the pipe from it, which is the
  /// last thing that it does with a process that ends: `waitUntilExit` looks every 50 ms only.
  ///
  /// - Returns: How many lines it has printed, and how long it ran.
  /// - Throws: ``BenchError/wrongResult(_:)`` if it fails.
  func run(_ arguments: [String]) throws -> (lines: Int, duration: Duration) {
    let (process, output) = (Process(), Pipe())
    process.executableURL = program
    process.arguments = arguments
    process.environment = ["THUAN_STORE": path, "LANG": "C.UTF-8"]
    process.standardOutput = output
    // That there is more than was asked for is no trouble; trouble shows in how it ends.
    process.standardError = FileHandle.nullDevice
    let start = ContinuousClock.now
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let duration = ContinuousClock.now - start
    process.waitUntilExit()
    try expect("exit code of thuan \(arguments[0])", process.terminationStatus, 0)
    return (text.count { $0 == UInt8(ascii: "\n") }, duration)
  }
}

/// Fills the field's own tables: sessions with what belongs to them, in workload W's prose.
private struct FieldFilling {
  private var prose = WorkloadGenerator(seed: 20_261_124)
  private var random = SeededRandom(seed: 20_261_125)
  private var milliseconds: Int64 = 1_764_000_000_000

  private static let findings = 3
  private static let recommendations = 2
  /// A session, a meeting, its findings, and its recommendations with an addressee each.
  private static let rowsPerSession = 2 + findings + 2 * recommendations

  /// - Returns: The id of a session in the middle.
  mutating func fill(_ db: Database, rows: Int) throws -> String {
    try db.execute(
      sql: """
        INSERT INTO admin_unit (unit_id, code, name_vi, kind, tier)
          VALUES ('u@0', 'u', 'Xã La Dạ', 'commune', 'commune');
        INSERT INTO organisation (id, org_type, unit_id, name_vi)
          VALUES ('o', 'front', 'u@0', 'Ủy ban Mặt trận Tổ quốc xã La Dạ');
        """)
    var sessions: [String] = []
    for number in 0..<max(100, rows / Self.rowsPerSession) {
      let written = prose.session(
        number: number, recommendations: Self.findings + Self.recommendations)
      sessions.append(try add(written[0].values, texts: written[1...].map { $0.values[3] }, db))
    }
    let middle = sessions[sessions.count / 2]
    try db.execute(
      sql: "UPDATE finding SET text = 'Đèn biển Hải Đăng chưa sáng' WHERE id = "
        + "(SELECT min(id) FROM finding WHERE session_id = ?)", arguments: [middle])
    return middle
  }

  private mutating func add(_ session: [SyncCore.Value], texts: [SyncCore.Value], _ db: Database)
    throws -> String
  {
    let id = newID()
    try add(
      db,
      """
      INSERT INTO session (id, kind, form, lead_org_id, unit_id, title, place, held_from, held_to,
        summary, conclusion, status)
      VALUES (?, 'monitoring', 'team', 'o', 'u@0', ?, ?, ?, ?, ?, ?, 'held')
      """, [.text(id), session[3], session[10], session[8], session[9], session[11], session[12]])
    try add(
      db, "INSERT INTO meeting (id, session_id, kind, held_on) VALUES (?, ?, 'working', ?)",
      [.text(newID()), .text(id), session[8]])
    for text in texts.prefix(Self.findings) {
      try add(
        db,
        "INSERT INTO finding (id, session_id, kind, text) VALUES (?, ?, 'shortcoming', ?)",
        [.text(newID()), .text(id), text])
    }
    for text in texts.suffix(Self.recommendations) {
      let recommendation = SyncCore.Value.text(newID())
      try add(
        db,
        "INSERT INTO recommendation (id, session_id, kind, text) VALUES (?, ?, 'remedy', ?)",
        [recommendation, .text(id), text])
      try add(
        db,
        """
        INSERT INTO recommendation_target (id, recommendation_id, org_id, due_basis, due_on)
        VALUES (?, ?, 'o', 'practice', ?)
        """, [.text(newID()), recommendation, session[9]])
    }
    return id
  }

  private func add(_ db: Database, _ sql: String, _ values: [SyncCore.Value]) throws {
    try Operation(sql, values).run(in: db)
  }

  private mutating func newID() -> String {
    milliseconds += 1
    return RecordID.make(milliseconds: milliseconds, using: &random)
  }
}
