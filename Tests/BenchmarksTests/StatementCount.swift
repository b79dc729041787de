import Foundation
import GRDBSQLite
import Synchronization

/// Counts the statements that SQLite begins, for each file.
///
/// Every connection of the process that is opened after the first look is counted: tests that run beside
/// have files of their own.
enum StatementCount {
  private static let counts = Mutex<[String: Int]>([:])

  private static let isCounting: Bool = {
    typealias Entry =
      @convention(c) (
        OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, OpaquePointer?
      ) -> CInt
    let entry: Entry = { database, _, _ in
      sqlite3_trace_v2(
        database, UInt32(SQLITE_TRACE_STMT),
        { _, context, _, text in
          guard let context, let text else { return 0 }
          // A part of a trigger is named by a comment.
          let sql = text.assumingMemoryBound(to: CChar.self)
          if sql[0] == 0x2D, sql[1] == 0x2D { return 0 }
          guard let name = sqlite3_db_filename(OpaquePointer(context), "main") else { return 0 }
          let file = URL(fileURLWithPath: String(cString: name)).standardizedFileURL.path
          StatementCount.counts.withLock { $0[file, default: 0] += 1 }
          return 0
        }, database.map { UnsafeMutableRawPointer($0) })
      return SQLITE_OK
    }
    return sqlite3_auto_extension(unsafeBitCast(entry, to: (@convention(c) () -> Void).self))
      == SQLITE_OK
  }()

  /// Has connections counted from now on.
  static func begin() -> Bool { isCounting }

  /// How many statements have begun on a file so far.
  static func of(_ path: String) -> Int {
    let file = URL(fileURLWithPath: path).standardizedFileURL.path
    return counts.withLock { $0[file] ?? 0 }
  }
}
