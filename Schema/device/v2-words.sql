-- What the hub itself has said of rows, signed, published with them: see HubWord in SyncCore. A hub that
-- was put back from a copy takes it from devices again. `number` is the hub's of the change set.
CREATE TABLE thuan_word (
  id TEXT NOT NULL PRIMARY KEY,
  table_name TEXT, row_key ANY, number INTEGER, conflict_id TEXT, at INTEGER,
  body BLOB, signature BLOB
) STRICT;
CREATE INDEX thuan_word_row ON thuan_word (row_key, table_name);
CREATE INDEX thuan_word_conflict ON thuan_word (conflict_id) WHERE conflict_id IS NOT NULL;
CREATE INDEX thuan_word_at ON thuan_word (at);
