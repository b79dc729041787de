-- What devices say that they cannot send: of each device its last WaitingReport message. A device that
-- says nothing of it any more has no row.
CREATE TABLE hub_waiting (
  device TEXT NOT NULL PRIMARY KEY,
  report BLOB NOT NULL,
  reported_at INTEGER NOT NULL
) STRICT;
