-- The device's bookkeeping: what was written here, what was sent, what is about to come.

-- One row that every capture trigger reads: whether rows from the hub are being applied, which are
-- nobody's change here.
CREATE TABLE thuan_capture (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  applying INTEGER NOT NULL
) STRICT;
INSERT INTO thuan_capture VALUES (1, 0);

-- The change log. op 1 insert (a pointer: the row holds the values), 2 update of one column,
-- 3 delete, 4 a row that a REPLACE may be about to remove without a trace. The values of 3 and 4
-- are in thuan_gone_TABLE under the same id. `at` is in Unix seconds.
--
-- Where a transaction of the library's own ends, an entry says so, since the page with the log's end
-- is written anyway: op 5, `key` the transaction's first entry, `old` the officer, `new` the stamp,
-- `at` the time in milliseconds, `col` the cursor that the officer knew where it was not the store's.
-- op 6 is the same of what nobody is known to have written: rows that differed from their marks
-- although triggers were whole. All else was written by other programs.
CREATE TABLE thuan_log (
  id INTEGER PRIMARY KEY,
  tbl INTEGER NOT NULL,
  op INTEGER NOT NULL,
  key ANY NOT NULL,
  col INTEGER,
  old ANY,
  new ANY,
  at INTEGER
) STRICT;

-- Change sets, sealed: the bytes that travel. A disposition comes with the hub's receipt; settled
-- says that a quarantined one has been decided on: 1 taken in, 2 dismissed. What was dismissed lies
-- over the hub's rows no longer, even if a hub that was put back has to be offered it again.
CREATE TABLE thuan_outbox (
  position INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  hash BLOB NOT NULL,
  body BLOB NOT NULL,
  officer TEXT NOT NULL,
  wall INTEGER NOT NULL,
  disposition INTEGER,
  number INTEGER,
  reason TEXT,
  settled INTEGER NOT NULL DEFAULT 0,
  acknowledged_at INTEGER,
  UNIQUE (epoch, sequence)
) STRICT;
CREATE INDEX thuan_outbox_waiting ON thuan_outbox (position, epoch) WHERE disposition IS NULL;
CREATE INDEX thuan_outbox_quarantined ON thuan_outbox (position)
  WHERE disposition = 4 AND settled = 0;

-- Pull pages that wait for the last one.
CREATE TABLE thuan_inbox (page INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;

-- Rows that a pull could not write, or not whole, because of work of this device's own on top; and
-- the cursor from which they have to be pulled again. What is written here to such a row was
-- written in the knowledge of that cursor, not of the present one.
CREATE TABLE thuan_held (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  cursor INTEGER NOT NULL,
  PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;

-- Hub states that this store has held, with the proof that the hub gave of each: what was written
-- upon one names it as its base. `access` says of which scopes the state is.
CREATE TABLE thuan_base (
  sequence INTEGER PRIMARY KEY,
  number INTEGER NOT NULL,
  proof INTEGER NOT NULL,
  access INTEGER NOT NULL
) STRICT;

-- Marks of every row as it was last sealed or applied, eight bytes a column by wire number, and
-- their sums by column. A row that differs from its marks was written past the triggers.
CREATE TABLE thuan_shadow (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  marks BLOB NOT NULL,
  PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE thuan_digest (
  tbl INTEGER NOT NULL,
  col INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (tbl, col)
) STRICT, WITHOUT ROWID;

-- Ranges of keys in which the device and the hub do not hold the same, until they have been looked
-- into; a missing end is no end.
CREATE TABLE thuan_comparison (
  id INTEGER PRIMARY KEY,
  tbl INTEGER NOT NULL,
  after ANY,
  up_to ANY
) STRICT;

-- Everything that there is one of.
CREATE TABLE thuan_setting (name TEXT NOT NULL PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

-- What happened to the store that people should be able to look up.
CREATE TABLE thuan_event (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
