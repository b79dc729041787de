-- Which version of an open conflict an operator was last shown: what he decides without saying of which
-- version he speaks is decided of that one.
CREATE TABLE hub_shown (
  operator TEXT NOT NULL,
  conflict TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (operator, conflict)
) STRICT, WITHOUT ROWID;
