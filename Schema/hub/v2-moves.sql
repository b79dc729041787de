-- Rows that have gone to another scope and whose dependents have not all followed them yet: which of the
-- kinds of dependents that their table has is next, and behind which key.
CREATE TABLE hub_following (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  kind INTEGER NOT NULL,
  after ANY,
  PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
