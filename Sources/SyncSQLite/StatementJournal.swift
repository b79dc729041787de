import CStatementJournal

/// What SQLite keeps to undo one statement with, or a savepoint.
///
/// A statement that fires triggers has its pages noted as they were. SQLite does so in memory up to
/// 64 KiB, and from the first statement on that has more it does so in a file until the transaction
/// ends, for every statement: a transaction of 100,000 rows takes half as long again.
package enum StatementJournal {
  /// Bytes up to which it is kept in memory: thirty pages, and in one piece, which has to stay below
  /// what allocators ask the system for anew each time.
  private static let bytesInMemory: CInt = 120 << 10

  /// SQLite's answer, asked for once in a process.
  private static let answer = statement_journal_keep(bytesInMemory)

  /// Has it kept in memory for longer, in this process.
  ///
  /// To be called first of all in a program, since it is too late once SQLite has been used by whomever:
  /// then it stays as it is, and only speed is lost. A store that is opened first sees to it itself.
  package static func keepInMemory() { _ = answer }
}
