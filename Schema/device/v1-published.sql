-- Rows that the hub makes and every device receives. See PublishedTables in SyncCore.

-- A question to the operator, with its life. Values are wire-coded lists (message Values).
CREATE TABLE thuan_conflict (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT, table_name TEXT, row_key ANY, unit TEXT, other_key ANY, base BLOB,
  state TEXT, version INTEGER, opened_at INTEGER,
  choice TEXT, decided_by TEXT, decided_at INTEGER, reason TEXT,
  officers TEXT
) STRICT;

-- What somebody wrote that waits for the decision.
CREATE TABLE thuan_candidate (
  conflict_id TEXT NOT NULL, position INTEGER NOT NULL,
  kind TEXT, device TEXT, epoch INTEGER, sequence INTEGER,
  officer TEXT, officer_name TEXT, device_label TEXT,
  written_at INTEGER, received_at INTEGER, is_flagged INTEGER, content BLOB,
  PRIMARY KEY (conflict_id, position)
) STRICT;

-- Change sets that could not be taken in, and what became of them.
CREATE TABLE thuan_quarantine (
  device TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
  state TEXT, reason TEXT, detail TEXT, since INTEGER, decided_by TEXT, decided_reason TEXT,
  PRIMARY KEY (device, epoch, sequence)
) STRICT;

-- By key first: asked for either of two keys, SQLite would otherwise read all questions of a table.
CREATE INDEX thuan_conflict_row ON thuan_conflict (row_key, table_name);
CREATE INDEX thuan_conflict_other ON thuan_conflict (other_key, table_name)
  WHERE other_key IS NOT NULL;
-- What is open is asked for with every sync, and is little among all that has ever been decided.
CREATE INDEX thuan_conflict_open ON thuan_conflict (opened_at, id)
  WHERE state IN ('open', 'reopened');
CREATE INDEX thuan_quarantine_open ON thuan_quarantine (device, epoch, sequence)
  WHERE state = 'open';
