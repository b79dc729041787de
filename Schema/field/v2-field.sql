-- What an heir of a unit that was split gets of it, by name: a hamlet, say. Nothing goes to it otherwise.
CREATE TABLE unit_part (
  id TEXT NOT NULL PRIMARY KEY,
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  name TEXT NOT NULL CHECK (trim(name) <> ''),
  new_unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  access TEXT NOT NULL CHECK (access IN ('none','open','private'))
) STRICT;
CREATE INDEX part_unit ON unit_part(unit_id);
CREATE INDEX part_heir ON unit_part(new_unit_id);

-- The part that a record is of; the hub's.
ALTER TABLE person ADD COLUMN unit_part TEXT;
ALTER TABLE annual_plan ADD COLUMN unit_part TEXT;
ALTER TABLE session ADD COLUMN unit_part TEXT;
ALTER TABLE document ADD COLUMN unit_part TEXT;
ALTER TABLE core_group ADD COLUMN unit_part TEXT;

-- A parent's delete looks for children here too.
CREATE INDEX person_merged ON person(merged_into);
CREATE INDEX body_person ON session_target(person_id);
CREATE INDEX opinion_person ON opinion(person_id);
CREATE INDEX plan_document ON annual_plan(document_id);
