#include <sqlite3.h>

/* Has SQLite keep what undoes a statement in memory up to so many bytes, and in a file beyond them. It
   holds for the process, and only where SQLite has not been used yet. Swift cannot call sqlite3_config
   itself, which takes any number of arguments. */
static inline int statement_journal_keep(int bytes) {
  return sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, bytes);
}
