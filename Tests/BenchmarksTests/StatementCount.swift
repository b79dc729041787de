import Foundation
import GRDBSQLite
import Synchronization

/// Counts what SQLite does for each file: the statements that begin, and the steps that they take.
///
/// Every connection of the process that is opened after the first look is counted: tests that run beside
/// have files of their own.
struct StatementCount {
  private(set) var statements = 0
  /// Instructions of SQLite's virtual machine, of statements that have ended: what work grows with when
  /// a query reads more rows than it has to.
  private(set) var steps = 0
  /// How often the bytes of a change set were read back from a hub's record, to be decoded whole.
  private(set) var reads = 0

  private static let counts = Mutex<[String: StatementCount]>([:])

  private static let isCounting: Bool = {
    typealias Entry =
      @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, OpaquePointer?
      ) -> CInt
    let entry: Entry = { database, _, _ in
      unsafe sqlite3_trace_v2(
        database, UInt32(SQLITE_TRACE_STMT | SQLITE_TRACE_PROFILE),
        { kind, context, statement, text in
          guard let context = unsafe context,
            let statement = unsafe statement.map({ OpaquePointer($0) }),
            let name = unsafe sqlite3_db_filename(OpaquePointer(context), "main")
          else { return 0 }
          let file = unsafe URL(fileURLWithPath: String(cString: name)).standardizedFileURL.path
          if kind == UInt32(SQLITE_TRACE_PROFILE) {
            let steps = unsafe Int(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1))
            StatementCount.counts.withLock { $0[file, default: .init()].steps += steps }
          } else if let sql = unsafe text?.assumingMemoryBound(to: CChar.self),
            // A part of a trigger is named by a comment.
            unsafe sql[0] != 0x2D || sql[1] != 0x2D
          {
            let isRead = unsafe strstr(sql, "FROM hub_record") != nil
            StatementCount.counts.withLock {
              $0[file, default: .init()].statements += 1
              $0[file, default: .init()].reads += isRead ? 1 : 0
            }
          }
          return 0
        }, database.map { unsafe UnsafeMutableRawPointer($0) })
      return SQLITE_OK
    }
    return unsafe sqlite3_auto_extension(unsafeBitCast(entry, to: (@convention(c) () -> Void).self))
      == SQLITE_OK
  }()

  /// Has connections counted from now on.
  static func begin() -> Bool { isCounting }

  /// What has been done on a file so far.
  static func of(_ path: String) -> StatementCount {
    let file = URL(fileURLWithPath: path).standardizedFileURL.path
    return counts.withLock { $0[file] ?? .init() }
  }

  /// What has been done since.
  static func - (left: StatementCount, right: StatementCount) -> StatementCount {
    StatementCount(
      statements: left.statements - right.statements, steps: left.steps - right.steps,
      reads: left.reads - right.reads)
  }
}
