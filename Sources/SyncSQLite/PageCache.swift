package import GRDB
import GRDBSQLite

extension Database {
  /// How many pages this connection has written to the disk since it was opened.
  ///
  /// That is at commits, and within a transaction that has outgrown the cache.
  package var pagesWritten: Int64 { status(SQLITE_DBSTATUS_CACHE_WRITE) }

  /// Bytes of the pages in this connection's cache, whatever has been done to them.
  ///
  /// What a transaction has written is among them, or has been counted by ``pagesWritten``.
  package var cachedBytes: Int64 { status(SQLITE_DBSTATUS_CACHE_USED) }

  private func status(_ counter: CInt) -> Int64 {
    var (now, most): (CInt, CInt) = (0, 0)
    unsafe sqlite3_db_status(sqliteConnection, counter, &now, &most, 0)
    return Int64(now)
  }
}
