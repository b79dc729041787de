-- Words of the hub's that devices have offered after it was put back and whose row is not there yet.
CREATE TABLE hub_waiting_word (
  id TEXT NOT NULL PRIMARY KEY,
  tbl INTEGER NOT NULL,
  key ANY NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hub_waiting_word_row ON hub_waiting_word (tbl, key);

-- Decisions of another life of the hub that nobody has signed: the question is shown with them.
CREATE TABLE hub_former_decision (
  table_name TEXT NOT NULL,
  row_key ANY NOT NULL,
  unit TEXT NOT NULL,
  other_key ANY,
  choice TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX hub_former_decision_row ON hub_former_decision (row_key, table_name, unit);
