-- Of which scopes the store's state was when a row had to be held back: what has come or gone with
-- other access since has to be asked for again of that. A wire-coded list (message Values).
ALTER TABLE thuan_held ADD COLUMN access BLOB;
