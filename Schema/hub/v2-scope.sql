-- Rows that a waiting or outranked statement about another row points to: while one does, nobody's
-- deletion of them goes live unasked, as with a row that points to them. What is live is in the tables.
CREATE TABLE hub_named_row (
  tbl INTEGER NOT NULL,
  key ANY NOT NULL,
  by_tbl INTEGER NOT NULL,
  by_key ANY NOT NULL,
  PRIMARY KEY (tbl, key, by_tbl, by_key)
) STRICT, WITHOUT ROWID;
