-- Rows that differ from their marks as a question that is open already says, or work that waits to be
-- sent: there is nothing more to tell of them, and the hub's are fetched to put them right.
CREATE TABLE thuan_difference (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  PRIMARY KEY (tbl, key)
) STRICT, WITHOUT ROWID;
