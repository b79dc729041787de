-- By what a change set enters the chain of the history: 16 random bytes, whose SHA-256 with `hash` is its
-- seal. Where the bytes have been erased by law, and an act says so, it is the seal itself, of 32 bytes,
-- and nobody who has another guess at what was erased can try it on the chain. From the first row that has
-- one on, `chain` covers beside the seal what the hub noted of the change set: see HistoryChain in SyncHub.
-- Rows without are from before: theirs is the SHA-256 of the chain before, the hash, and when it came.
ALTER TABLE hub_change_set ADD COLUMN seal BLOB;
