-- Words that are no more: what they decided has been taken back, or they are too old for anybody to need.
-- A device that has not heard of it may offer them still, and they are not taken again.
CREATE TABLE hub_past_word (id TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;
