-- The hub's bookkeeping. The application's own tables stand beside it and hold the live rows.

CREATE TABLE hub_setting (name TEXT NOT NULL PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

-- Every incarnation of every device; 0 is the hub itself. A stream that goes on from another (the
-- device was restored, cloned or enrolled anew) names the change set that it goes on from.
CREATE TABLE hub_stream (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  last_hash BLOB NOT NULL,
  from_device TEXT,
  from_epoch INTEGER,
  from_sequence INTEGER,
  from_hash BLOB,
  UNIQUE (device, epoch)
) STRICT;
INSERT INTO hub_stream (id, device, epoch, last_sequence, last_hash) VALUES (0, 'hub', 0, 0, x'');

CREATE TABLE hub_device (
  id TEXT NOT NULL PRIMARY KEY,
  label TEXT NOT NULL,
  officer TEXT NOT NULL,
  officer_name TEXT NOT NULL,
  unit TEXT NOT NULL,
  public_key BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  enrolled_at INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT,
  revoked_reason TEXT,
  last_seen_at INTEGER,
  cursor INTEGER NOT NULL DEFAULT 0,
  clock_offset INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX hub_device_officer ON hub_device (officer);

-- People who sign in at the hub, and what of their passwords is kept: see Password in SyncHub.
CREATE TABLE hub_account (
  name TEXT NOT NULL PRIMARY KEY,
  role TEXT NOT NULL,
  password BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER,
  signed_in_at INTEGER
) STRICT;

-- Wrong passwords in a row under a name, whether there is such an account or not, and when the last
-- one came.
CREATE TABLE hub_sign_in_failure (
  name TEXT NOT NULL PRIMARY KEY,
  failures INTEGER NOT NULL,
  failed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is signed in, by the SHA-256 of the token that says so.
CREATE TABLE hub_session (
  token BLOB NOT NULL PRIMARY KEY,
  account TEXT NOT NULL REFERENCES hub_account (name),
  began_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_session_account ON hub_session (account);

-- One-time codes: what names one, and what both sides prove with. See EnrolmentCode in SyncCore.
CREATE TABLE hub_enrolment (
  name BLOB NOT NULL PRIMARY KEY,
  secret BLOB NOT NULL,
  officer TEXT NOT NULL,
  officer_name TEXT NOT NULL,
  unit TEXT NOT NULL,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  device TEXT
) STRICT;

-- The bytes of change sets that came together, one after the other, under the number of the first, or a
-- higher one where damage has left that taken. One alone fills half a page, and the other half of every
-- page would be written, kept and copied empty.
CREATE TABLE hub_bundle (
  number INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
) STRICT;

-- Every change set that ever came, with where the bytes are that came, and its receipt. Nothing is
-- removed: this is where law L1 is kept. `chain` is the SHA-256 of the chain before, this one's hash
-- and when it came; it tells two lives of a hub apart that was put back from a copy.
CREATE TABLE hub_change_set (
  number INTEGER PRIMARY KEY,
  stream INTEGER NOT NULL REFERENCES hub_stream (id),
  sequence INTEGER NOT NULL,
  hash BLOB NOT NULL,
  bundle INTEGER NOT NULL REFERENCES hub_bundle (number),
  place INTEGER NOT NULL,
  size INTEGER NOT NULL,
  officer TEXT NOT NULL,
  wall INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  is_flagged INTEGER NOT NULL,
  disposition INTEGER NOT NULL,
  reason TEXT NOT NULL,
  chain BLOB NOT NULL,
  UNIQUE (stream, sequence)
) STRICT;
-- Work that is offered a second time in another stream is found by when it was written.
CREATE INDEX hub_change_set_wall ON hub_change_set (wall);

-- A change set with its bytes, which are none where they are gone.
CREATE VIEW hub_record AS
SELECT c.number, c.stream, c.sequence, c.hash, c.bundle, c.place, c.size,
  coalesce(substr(b.bytes, c.place + 1, c.size), x'') AS body,
  c.officer, c.wall, c.received_at, c.is_flagged, c.disposition, c.reason, c.chain
FROM hub_change_set c LEFT JOIN hub_bundle b ON b.number = c.bundle;

-- What the hub knows of every row beside its values: see RowState in SyncCore. `sequence` is the
-- row's place in what devices pull; every change gives it a new one, so the table is written at its
-- end, and read in the order in which it is pulled. `sum` is the sum of its live values' marks, 0
-- once it is deleted: a value that the disk has changed does not fit it. `scope` says who holds it:
-- see Scope in SyncCore. A deleted row keeps its last.
CREATE TABLE hub_row (
  sequence INTEGER PRIMARY KEY,
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  scope TEXT NOT NULL,
  sum INTEGER NOT NULL,
  meta BLOB NOT NULL,
  UNIQUE (tbl, key)
) STRICT;

-- Who holds few scopes pulls by them; within one, an index is in the order of its rows' sequences.
CREATE INDEX hub_row_scope ON hub_row (scope);

-- Rows that have left a scope, by the sequence under which they last did: who held them there and has
-- not come so far is told to let them go.
CREATE TABLE hub_exit (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  scope TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (tbl, key, scope)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_exit_sequence ON hub_exit (sequence);
CREATE INDEX hub_exit_scope ON hub_exit (scope, sequence);

-- What each device has had access to, and when, as far as it came to ask; '*' is everything.
CREATE TABLE hub_access (
  device TEXT NOT NULL REFERENCES hub_device (id),
  scope TEXT NOT NULL,
  may_write INTEGER NOT NULL,
  since_at INTEGER NOT NULL,
  until_at INTEGER
) STRICT;
CREATE INDEX hub_access_device ON hub_access (device, scope);

-- The numbers by which a device can say of which scopes its state is: those that it was given.
CREATE TABLE hub_held_access (
  device TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (device, version)
) STRICT, WITHOUT ROWID;

-- The scopes that such a number stands for: see Access in SyncCore.
CREATE TABLE hub_scope_set (
  version INTEGER NOT NULL,
  scope TEXT NOT NULL,
  PRIMARY KEY (version, scope)
) STRICT, WITHOUT ROWID;

-- Which change of which change set touched which row, and what became of it (unit, outcome pairs).
CREATE TABLE hub_history (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  number INTEGER NOT NULL,
  position INTEGER NOT NULL,
  outcomes BLOB NOT NULL,
  PRIMARY KEY (tbl, key, number, position)
) STRICT, WITHOUT ROWID;

-- Rows that quarantined change sets touch: what builds on them waits with them.
CREATE TABLE hub_quarantined_row (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tbl, key, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_quarantined_row_number ON hub_quarantined_row (number);

-- Rows that quarantined change sets lack: when one comes, they are tried again.
CREATE TABLE hub_awaited_row (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tbl, key, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_awaited_row_number ON hub_awaited_row (number);

-- Decisions, each with the row as it was before, so that it can be taken back.
CREATE TABLE hub_decision (
  id INTEGER PRIMARY KEY,
  conflict_id TEXT NOT NULL,
  choice TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  number INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  before BLOB NOT NULL,
  undone_at INTEGER
) STRICT;
CREATE INDEX hub_decision_conflict ON hub_decision (conflict_id);
CREATE INDEX hub_decision_number ON hub_decision (number);

-- For each scope and column, the sum of the marks of its rows' values.
CREATE TABLE hub_digest (
  scope TEXT NOT NULL,
  tbl INTEGER NOT NULL,
  col INTEGER NOT NULL,
  sum INTEGER NOT NULL,
  PRIMARY KEY (scope, tbl, col)
) STRICT, WITHOUT ROWID;
