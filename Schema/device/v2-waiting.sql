-- What cannot be sent, and what waits with it.

-- Changes of rows that cannot travel (another program wrote a text with a NUL, or too much), and of
-- those that depend on them, as they were made and in their order. `change` is a RowChange message,
-- `op` and `columns` (a list of values) say what it touches. `grp` is the first of those that were
-- written together. Those with the same `tie` go together or not at all. `base`, `officer`, `wall`,
-- `stamp`, `schema_version` and `is_foreign` are what a change set would have said of them. What was found to differ
-- from its marks lies over nothing.
--
-- state 0 waits. 1 is over: the row has been sent as it came to be in the end. What it was meanwhile
-- stays here, since it is nowhere else.
CREATE TABLE thuan_waiting (
  id INTEGER PRIMARY KEY,
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  op INTEGER NOT NULL,
  columns BLOB NOT NULL,
  change BLOB NOT NULL,
  grp INTEGER NOT NULL,
  tie INTEGER,
  base INTEGER NOT NULL,
  officer TEXT NOT NULL,
  wall INTEGER NOT NULL,
  stamp INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  is_foreign INTEGER NOT NULL,
  is_found INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX thuan_waiting_row_changes ON thuan_waiting (tbl, key, id) WHERE state = 0;
CREATE INDEX thuan_waiting_tied ON thuan_waiting (tie) WHERE state = 0 AND tie IS NOT NULL;

-- The rows that wait. `operation` is what all their changes come to: 0 nothing, 1 made, 2 changed,
-- 3 deleted, 4 deleted and made again. A reason (see Obstacle in SyncCore) says why the row itself
-- cannot travel, with the column and the bytes; without one it waits for others. `points` and `pointed`
-- are the rows that it points to now, and those that it pointed to at the hub: lists of tables and keys.
-- A row that was dismissed is off the list and waits all the same.
CREATE TABLE thuan_waiting_row (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  is_found INTEGER NOT NULL,
  operation INTEGER NOT NULL DEFAULT 0,
  reason INTEGER,
  col INTEGER,
  bytes INTEGER,
  since INTEGER NOT NULL,
  points BLOB NOT NULL DEFAULT x'',
  pointed BLOB NOT NULL DEFAULT x'',
  is_dismissed INTEGER NOT NULL DEFAULT 0,
  UNIQUE (tbl, key, is_found)
) STRICT;
