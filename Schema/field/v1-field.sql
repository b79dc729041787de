-- The Front's monitoring and social criticism, version 1. Later versions only add.
--  * Keys are text made on the device (UUIDv7): two devices take one number, names repeat. So nothing
--    is UNIQUE; natural keys are soft, in policies.txt.
--  * A CHECK spans columns only if they merge as one group or never change, lest two valid edits make
--    an invalid row. Other guards are rules of the hub; so is freezing a signed text.
--  * No deleted_at, no folded name: the engine keeps tombstones, history, conflicts.
--  * Officer ids have no foreign key: a device may not know one enrolled at the hub today.
--  * Days are civil dates: 'T00:00' keeps 'now' out, '0 day' finds 30 February (plain date() does not),
--    IS because a CHECK lets NULL pass. Instants are ISO 8601 UTC.

-- Versions: 22978@0 is Phong Phu, 22978@20250701 Tuy Phong.
CREATE TABLE admin_unit (
  unit_id TEXT NOT NULL PRIMARY KEY, -- code@from; @0: before our horizon
  code TEXT NOT NULL,
  name_vi TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('province','city','town','rural_district','ward','township','commune','special_zone')),
  tier TEXT NOT NULL CHECK (tier IN ('province','district','commune')),
  parent_unit_id TEXT REFERENCES admin_unit(unit_id),
  valid_from TEXT CHECK (date(valid_from||'T00:00','0 day') IS valid_from), -- NULL: open; both inclusive
  valid_to TEXT CHECK (date(valid_to||'T00:00','0 day') IS valid_to),
  CHECK (valid_from <= valid_to)
) STRICT;

-- Who became whom. Only the 'whole' relations map by themselves.
CREATE TABLE unit_succession (
  id TEXT NOT NULL PRIMARY KEY, -- old>new@date: an import repeats itself
  old_unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  new_unit_id TEXT REFERENCES admin_unit(unit_id), -- NULL: level abolished
  relation TEXT NOT NULL CHECK (relation IN ('whole','whole_keeps_code_and_name','whole_keeps_code_new_name_or_kind','part','level_abolished','level_abolished_converted')),
  effective_date TEXT NOT NULL CHECK (date(effective_date||'T00:00','0 day') IS effective_date),
  instrument TEXT, note TEXT
) STRICT;

CREATE TABLE organisation (
  id TEXT NOT NULL PRIMARY KEY,
  org_type TEXT NOT NULL CHECK (org_type IN ('front','trade_union','farmers','youth','women','veterans',
    'peoples_inspection','community_investment','peoples_council','peoples_committee','party_committee',
    'department','na_delegation','mass_association','enterprise','other')),
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  name_vi TEXT NOT NULL,
  short_vi TEXT, symbol_suffix TEXT, -- MTTQ-BTT: names no commune
  number_series TEXT NOT NULL DEFAULT 'per_type' CHECK (number_series IN ('per_type','joint')), -- Decree 30 Art. 15.1c
  active_from TEXT CHECK (date(active_from||'T00:00','0 day') IS active_from),
  active_to TEXT CHECK (date(active_to||'T00:00','0 day') IS active_to),
  parent_org_id TEXT REFERENCES organisation(id),
  CHECK (active_from <= active_to)
) STRICT;

-- Not as the units: a district Front has no single heir.
CREATE TABLE organisation_succession (
  id TEXT NOT NULL PRIMARY KEY,
  old_org_id TEXT NOT NULL REFERENCES organisation(id),
  new_org_id TEXT REFERENCES organisation(id),
  effective_date TEXT NOT NULL CHECK (date(effective_date||'T00:00','0 day') IS effective_date),
  takes_open_recommendations INTEGER NOT NULL DEFAULT 1 CHECK (takes_open_recommendations IN (0,1)),
  note TEXT
) STRICT;

CREATE TABLE officer (
  id TEXT NOT NULL PRIMARY KEY,
  display_name TEXT NOT NULL,
  org_id TEXT NOT NULL REFERENCES organisation(id),
  title_vi TEXT, disabled_at TEXT
) STRICT;

-- What anybody who works there may know of people; the rest is in person_private.
CREATE TABLE person (
  id TEXT NOT NULL PRIMARY KEY,
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id), -- whose record names them
  display_name TEXT NOT NULL CHECK (trim(display_name) <> ''),
  org_text TEXT, title_vi TEXT,
  merged_into TEXT REFERENCES person(id) -- an operator's act
) STRICT;

-- No figure needs it, and it goes only where a grant says so (Law 91/2025). Citizen numbers: never.
CREATE TABLE person_private (
  person_id TEXT NOT NULL PRIMARY KEY REFERENCES person(id),
  phone TEXT, address TEXT, ethnicity TEXT, religion TEXT, remark TEXT
) STRICT;

-- Who may do what where, and when. The hub's alone: it enforces them on all that comes and goes.
CREATE TABLE role_grant (
  id TEXT NOT NULL PRIMARY KEY,
  officer_id TEXT NOT NULL REFERENCES officer(id),
  role TEXT NOT NULL CHECK (role IN ('field_officer','org_officer','clerk','approver','hub_operator','viewer','auditor','admin')),
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  includes_children INTEGER NOT NULL DEFAULT 1 CHECK (includes_children IN (0,1)),
  sees_private INTEGER NOT NULL DEFAULT 0 CHECK (sees_private IN (0,1)),
  valid_from TEXT NOT NULL CHECK (date(valid_from||'T00:00','0 day') IS valid_from),
  valid_to TEXT CHECK (date(valid_to||'T00:00','0 day') IS valid_to) -- inclusive
) STRICT;

-- For working-day terms.
CREATE TABLE holiday (
  day TEXT NOT NULL PRIMARY KEY CHECK (date(day||'T00:00','0 day') IS day),
  name_vi TEXT NOT NULL,
  instrument TEXT
) STRICT;

-- A paper. A clerk numbers it after signature (Decree 30/2020 Art. 15): NULL till then. Classified: never entered.
CREATE TABLE document (
  id TEXT NOT NULL PRIMARY KEY,
  register_org_id TEXT NOT NULL REFERENCES organisation(id), -- in whose book: issuer's or receiver's
  direction TEXT NOT NULL CHECK (direction IN ('out','in','internal')),
  issuing_org_id TEXT REFERENCES organisation(id),
  issuer_text TEXT,
  doc_type TEXT NOT NULL CHECK (doc_type IN ('KH','CTr','QĐ','TB','BB','BC','KL','KN','PB','CV','TTr','HD','GM','DT','other')),
  year INTEGER CHECK (year BETWEEN 1945 AND 2100), -- of issued_on, not of the clock
  number_int INTEGER CHECK (number_int > 0),
  number_suffix TEXT NOT NULL DEFAULT '',
  symbol TEXT,
  issued_on TEXT CHECK (date(issued_on||'T00:00','0 day') IS issued_on),
  signer_name TEXT, signer_title TEXT,
  abstract TEXT NOT NULL CHECK (trim(abstract) <> ''),
  incoming_year INTEGER, incoming_no INTEGER CHECK (incoming_no > 0),
  received_on TEXT CHECK (date(received_on||'T00:00','0 day') IS received_on),
  status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft','signed','numbered','sent','received','cancelled','replaced')),
  replaced_by TEXT REFERENCES document(id),
  confidentiality TEXT NOT NULL DEFAULT 'normal' CHECK (confidentiality IN ('normal','internal','personal','sensitive')),
  CHECK (number_int IS NULL OR year IS NOT NULL),
  CHECK (incoming_no IS NULL OR incoming_year IS NOT NULL),
  CHECK (direction <> 'out' OR issuing_org_id IS NOT NULL)
) STRICT;

-- Made in Quarter IV of the year before (NQLT 403 Art. 3).
CREATE TABLE annual_plan (
  id TEXT NOT NULL PRIMARY KEY,
  org_id TEXT NOT NULL REFERENCES organisation(id),
  year INTEGER NOT NULL CHECK (year BETWEEN 2013 AND 2100),
  status TEXT NOT NULL CHECK (status IN ('draft','consulted','issued','amended')),
  document_id TEXT REFERENCES document(id)
) STRICT;

-- A topic (noi dung).
CREATE TABLE plan_item (
  id TEXT NOT NULL PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES annual_plan(id),
  kind TEXT NOT NULL CHECK (kind IN ('monitoring','criticism','dialogue')), form TEXT NOT NULL,
  topic TEXT NOT NULL CHECK (trim(topic) <> ''),
  target_text TEXT, planned_quarter INTEGER CHECK (planned_quarter BETWEEN 1 AND 4),
  lead_org_id TEXT NOT NULL REFERENCES organisation(id),
  ordinal INTEGER
) STRICT;

-- A session (cuoc), as reports count. Forms: Law 75/2015 Art. 27 (four), 34 (three); a dialogue may stand alone.
CREATE TABLE session (
  id TEXT NOT NULL PRIMARY KEY,
  hub_code TEXT, -- the hub's: GS-2023-000147
  kind TEXT NOT NULL, form TEXT NOT NULL,
  plan_item_id TEXT REFERENCES plan_item(id),
  lead_org_id TEXT NOT NULL REFERENCES organisation(id), -- whose figure
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id), -- of that day, never remapped
  title TEXT NOT NULL CHECK (trim(title) <> ''),
  grounds TEXT, scope_text TEXT, place TEXT,
  planned_from TEXT CHECK (date(planned_from||'T00:00','0 day') IS planned_from),
  planned_to TEXT CHECK (date(planned_to||'T00:00','0 day') IS planned_to),
  held_from TEXT CHECK (date(held_from||'T00:00','0 day') IS held_from), -- decides its period
  held_to TEXT CHECK (date(held_to||'T00:00','0 day') IS held_to),
  attendance_total INTEGER CHECK (attendance_total >= 0),
  summary TEXT, strengths TEXT, conclusion TEXT,
  keywords TEXT, -- comma-separated tags
  status TEXT NOT NULL DEFAULT 'draft' CHECK (status IN ('draft','planned','prepared','in_progress','held','reported','concluded','following','closed','postponed','cancelled','duplicate')),
  status_reason TEXT,
  confidentiality TEXT NOT NULL DEFAULT 'normal' CHECK (confidentiality IN ('normal','internal','personal','sensitive')),
  frozen_at TEXT, -- conclusion signed
  created_by TEXT,
  CHECK (CASE kind WHEN 'monitoring' THEN form IN ('document_review','team','boards','join_authority')
    WHEN 'criticism' THEN form IN ('conference','written','dialogue') ELSE kind = 'dialogue' AND form = 'dialogue' END),
  CHECK (planned_from <= planned_to),
  CHECK (held_from <= held_to)
) STRICT;

-- The draft; due 15 days before submission (Law 75/2015 Art. 36.1).
CREATE TABLE session_criticism (
  session_id TEXT NOT NULL PRIMARY KEY REFERENCES session(id),
  draft_title TEXT NOT NULL CHECK (trim(draft_title) <> ''),
  draft_kind TEXT NOT NULL CHECK (draft_kind IN ('legal_document','planning','plan','programme','project','scheme','other')),
  drafting_org_id TEXT REFERENCES organisation(id),
  deciding_org_id TEXT REFERENCES organisation(id),
  draft_version TEXT,
  draft_received_on TEXT CHECK (date(draft_received_on||'T00:00','0 day') IS draft_received_on),
  draft_to_be_submitted_on TEXT CHECK (date(draft_to_be_submitted_on||'T00:00','0 day') IS draft_to_be_submitted_on)
) STRICT;

-- Who else took part; adds nothing to the count.
CREATE TABLE session_org (
  session_id TEXT NOT NULL REFERENCES session(id),
  org_id TEXT NOT NULL REFERENCES organisation(id),
  part TEXT NOT NULL CHECK (part IN ('co_host','participant','requested_by')),
  PRIMARY KEY (session_id, org_id, part)
) STRICT;

CREATE TABLE session_field (
  session_id TEXT NOT NULL REFERENCES session(id),
  field TEXT NOT NULL CHECK (trim(field) <> ''), -- open list: ethnic, new_rural
  PRIMARY KEY (session_id, field)
) STRICT;

-- A monitored body; notice 15, report 7 days before (NQLT 403 Art. 7.3).
CREATE TABLE session_target (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session(id),
  org_id TEXT REFERENCES organisation(id), target_text TEXT,
  person_id TEXT REFERENCES person(id),
  is_individual INTEGER NOT NULL DEFAULT 0 CHECK (is_individual IN (0,1)),
  unit_id TEXT REFERENCES admin_unit(unit_id),
  notice_sent_on TEXT CHECK (date(notice_sent_on||'T00:00','0 day') IS notice_sent_on),
  report_due_on TEXT CHECK (date(report_due_on||'T00:00','0 day') IS report_due_on),
  report_received_on TEXT CHECK (date(report_received_on||'T00:00','0 day') IS report_received_on),
  CHECK (org_id IS NOT NULL OR target_text IS NOT NULL OR person_id IS NOT NULL)
) STRICT;

-- A sitting (buoi).
CREATE TABLE meeting (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session(id),
  target_id TEXT REFERENCES session_target(id),
  kind TEXT NOT NULL CHECK (kind IN ('working','survey','conference','dialogue','internal')),
  held_on TEXT CHECK (date(held_on||'T00:00','0 day') IS held_on),
  start_time TEXT CHECK (start_time GLOB '[0-2][0-9]:[0-5][0-9]' AND start_time < '24'),
  end_time TEXT CHECK (end_time GLOB '[0-2][0-9]:[0-5][0-9]' AND end_time < '24'),
  place TEXT, presided_by TEXT, minutes_text TEXT
) STRICT;

-- A pay sheet (Circular 337/2016): a double row pays twice.
CREATE TABLE attendance (
  id TEXT NOT NULL PRIMARY KEY,
  meeting_id TEXT NOT NULL REFERENCES meeting(id),
  person_id TEXT NOT NULL REFERENCES person(id),
  role TEXT NOT NULL CHECK (role IN ('leader','deputy','secretary','member','expert','monitored','drafting','guest','citizen')),
  present INTEGER NOT NULL DEFAULT 1 CHECK (present IN (0,1)),
  paid_days REAL CHECK (paid_days >= 0)
) STRICT;

-- Append-only; one speech may be noted twice.
CREATE TABLE opinion (
  id TEXT NOT NULL PRIMARY KEY,
  meeting_id TEXT NOT NULL REFERENCES meeting(id),
  person_id TEXT REFERENCES person(id),
  speaker_text TEXT, text TEXT NOT NULL CHECK (trim(text) <> ''),
  reply_text TEXT,
  noted_by TEXT NOT NULL,
  noted_at TEXT NOT NULL
) STRICT;

-- What was found, good examples too (Law 75/2015 Art. 25.2); basis: Art. 33.2.
CREATE TABLE finding (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session(id),
  target_id TEXT REFERENCES session_target(id),
  kind TEXT NOT NULL CHECK (kind IN ('missing','inaccurate','inappropriate','violation','shortcoming','policy_gap','delay','not_public','positive')),
  basis TEXT CHECK (basis IN ('necessity','party_policy','law','feasibility','impact','interests')),
  place_in_draft TEXT,
  text TEXT NOT NULL CHECK (trim(text) <> ''),
  evidence TEXT
) STRICT;

CREATE TABLE recommendation (
  id TEXT NOT NULL PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session(id),
  finding_id TEXT REFERENCES finding(id),
  document_id TEXT REFERENCES document(id), -- its letter
  ordinal INTEGER CHECK (ordinal > 0), -- at signature
  kind TEXT NOT NULL CHECK (kind IN ('remedy','amend_policy','handle_violation','amend_draft','commend','other')),
  field TEXT,
  text TEXT NOT NULL CHECK (trim(text) <> ''),
  frozen_at TEXT -- letter signed
) STRICT;

-- An addressee. No law sets a general term: each has a date and its basis. Status: the view.
CREATE TABLE recommendation_target (
  id TEXT NOT NULL PRIMARY KEY,
  recommendation_id TEXT NOT NULL REFERENCES recommendation(id),
  org_id TEXT REFERENCES organisation(id), addressee_text TEXT,
  due_basis TEXT CHECK (due_basis IN ('practice','agreed','document','law')),
  due_on TEXT CHECK (date(due_on||'T00:00','0 day') IS due_on),
  is_lead INTEGER NOT NULL DEFAULT 0 CHECK (is_lead IN (0,1)),
  superseded_by TEXT REFERENCES recommendation_target(id), -- heir
  CHECK (due_on IS NULL OR due_basis IS NOT NULL),
  CHECK (org_id IS NOT NULL OR addressee_text IS NOT NULL)
) STRICT;

-- Append-only, the truth about status. A wrong one is voided by a later one: 'voided', or the right event.
CREATE TABLE recommendation_event (
  id TEXT NOT NULL PRIMARY KEY,
  target_id TEXT NOT NULL REFERENCES recommendation_target(id),
  kind TEXT NOT NULL CHECK (kind IN ('issued','received','urged','answered_accept','answered_partly','answered_reject','promised','progress','resolved','verified','reopened','reconsider_asked','dialogue','escalated','transferred','withdrawn','voided')),
  happened_on TEXT NOT NULL CHECK (date(happened_on||'T00:00','0 day') IS happened_on),
  text TEXT,
  document_id TEXT REFERENCES document(id),
  recorded_by TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  voids TEXT REFERENCES recommendation_event(id),
  CHECK (kind <> 'voided' OR voids IS NOT NULL)
) STRICT;

-- What a paper belongs to, in any table: no foreign key.
CREATE TABLE document_link (
  document_id TEXT NOT NULL REFERENCES document(id),
  entity TEXT NOT NULL, entity_id TEXT NOT NULL,
  part TEXT NOT NULL,
  PRIMARY KEY (document_id, entity, entity_id, part)
) STRICT;

-- A scan; its bytes may arrive later than the row.
CREATE TABLE attachment (
  id TEXT NOT NULL PRIMARY KEY,
  document_id TEXT REFERENCES document(id),
  session_id TEXT REFERENCES session(id),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64 AND sha256 NOT GLOB '*[^0-9a-f]*'),
  bytes INTEGER NOT NULL CHECK (bytes > 0),
  mime TEXT NOT NULL,
  pages INTEGER, page_no INTEGER,
  file_name TEXT NOT NULL,
  captured_at TEXT, captured_by TEXT,
  hub_state TEXT NOT NULL DEFAULT 'absent' CHECK (hub_state IN ('absent','partial','complete')),
  CHECK (document_id IS NOT NULL OR session_id IS NOT NULL)
) STRICT;

-- Talk beside any record; append-only.
CREATE TABLE note (
  id TEXT NOT NULL PRIMARY KEY,
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id), -- the record's
  entity TEXT NOT NULL, entity_id TEXT NOT NULL,
  text TEXT NOT NULL CHECK (trim(text) <> ''),
  by_user TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;

-- Counts only: members' names on phones are a danger.
CREATE TABLE core_group (
  id TEXT NOT NULL PRIMARY KEY,
  unit_id TEXT NOT NULL REFERENCES admin_unit(unit_id),
  name TEXT NOT NULL CHECK (trim(name) <> ''),
  kind TEXT NOT NULL CHECK (kind IN ('security','law','mediation','other')),
  member_count INTEGER NOT NULL CHECK (member_count >= 0)
) STRICT;

-- A parent's delete looks for children.
CREATE INDEX person_unit ON person(unit_id);
CREATE INDEX grant_officer ON role_grant(officer_id);
CREATE INDEX grant_unit ON role_grant(unit_id);
CREATE INDEX unit_parent ON admin_unit(parent_unit_id);
CREATE INDEX succession_new ON unit_succession(new_unit_id);
CREATE INDEX organisation_unit ON organisation(unit_id);
CREATE INDEX plan_org ON annual_plan(org_id);
CREATE INDEX document_register ON document(register_org_id);
CREATE INDEX document_number ON document(issuing_org_id, year, number_int);
CREATE INDEX document_replaced ON document(replaced_by);
CREATE INDEX item_plan ON plan_item(plan_id);
CREATE INDEX session_item ON session(plan_item_id);
CREATE INDEX session_lead ON session(lead_org_id);
CREATE INDEX session_unit ON session(unit_id);
CREATE INDEX body_session ON session_target(session_id);
CREATE INDEX body_org ON session_target(org_id);
CREATE INDEX meeting_session ON meeting(session_id);
CREATE INDEX meeting_target ON meeting(target_id);
CREATE INDEX attendance_meeting ON attendance(meeting_id);
CREATE INDEX attendance_person ON attendance(person_id);
CREATE INDEX opinion_meeting ON opinion(meeting_id);
CREATE INDEX finding_session ON finding(session_id);
CREATE INDEX finding_target ON finding(target_id);
CREATE INDEX rec_session ON recommendation(session_id);
CREATE INDEX rec_finding ON recommendation(finding_id);
CREATE INDEX rec_document ON recommendation(document_id);
CREATE INDEX addressee_rec ON recommendation_target(recommendation_id);
CREATE INDEX addressee_org ON recommendation_target(org_id);
CREATE INDEX addressee_heir ON recommendation_target(superseded_by);
CREATE INDEX event_target ON recommendation_event(target_id, happened_on);
CREATE INDEX event_document ON recommendation_event(document_id);
CREATE INDEX event_voids ON recommendation_event(voids);
CREATE INDEX link_entity ON document_link(entity, entity_id);
CREATE INDEX file_document ON attachment(document_id);
CREATE INDEX file_session ON attachment(session_id);
CREATE INDEX file_hash ON attachment(sha256);
CREATE INDEX note_unit ON note(unit_id);
CREATE INDEX note_entity ON note(entity, entity_id);

-- Status from the union of events, in whatever order they came.
--  * The furthest wins. urged, dialogue, escalated, reconsider_asked move nothing, even after an answer.
--  * promised, progress: in_progress, with a receipt or answer before (else talk), no rejection after.
--  * reopened: in_progress; resolved before no longer counts. transferred, withdrawn: final.
--  * Accepted and rejected: the later day's, contradictory = 1. Overdue needs a day: the reader's.
CREATE VIEW recommendation_target_status AS
WITH live AS NOT MATERIALIZED (
  SELECT e.target_id, e.kind, e.happened_on, e.happened_on || ' ' || e.recorded_at || ' ' || e.id AS place,
    CASE WHEN e.kind IN ('transferred','withdrawn') THEN 7 WHEN e.kind = 'verified' THEN 6
      WHEN e.kind = 'resolved' THEN 5 WHEN e.kind IN ('promised','progress','reopened') THEN 4
      WHEN e.kind LIKE 'answered%' THEN 3 WHEN e.kind = 'received' THEN 2
      WHEN e.kind = 'issued' THEN 1 ELSE 0 END AS rank,
    CASE WHEN e.kind IN ('promised','progress','reopened') THEN 'in_progress'
      WHEN e.kind = 'answered_accept' THEN 'accepted' WHEN e.kind = 'answered_partly' THEN 'partly'
      WHEN e.kind = 'answered_reject' THEN 'rejected' ELSE e.kind END AS status
  FROM recommendation_event e
  WHERE e.kind <> 'voided' AND NOT EXISTS (SELECT 1 FROM recommendation_event v WHERE v.voids = e.id)
)
SELECT t.id AS target_id, t.recommendation_id,
  coalesce((SELECT e.status FROM live e WHERE e.target_id = t.id AND e.rank > 0
    AND (e.kind NOT IN ('promised','progress') OR EXISTS (SELECT 1 FROM live b
      WHERE b.target_id = t.id AND b.rank IN (2,3) AND b.happened_on <= e.happened_on))
    AND NOT EXISTS (SELECT 1 FROM live u WHERE u.target_id = t.id AND u.place > e.place
      AND ((u.kind = 'reopened' AND e.rank IN (5,6)) OR (u.kind = 'answered_reject' AND e.rank = 4)))
    ORDER BY e.rank DESC, e.place DESC LIMIT 1), 'draft') AS status,
  max(l.happened_on) AS last_event_on,
  min(CASE l.rank WHEN 1 THEN l.happened_on END) AS issued_on,
  (SELECT a.status FROM live a WHERE a.target_id = t.id AND a.rank = 3 ORDER BY a.place DESC LIMIT 1) AS answer,
  min(CASE l.rank WHEN 3 THEN l.happened_on END) AS answered_on,
  count(CASE l.kind WHEN 'urged' THEN 1 END) AS urged_count,
  count(DISTINCT CASE WHEN l.status IN ('accepted','rejected') THEN l.status END) = 2 AS contradictory
FROM recommendation_target t LEFT JOIN live l ON l.target_id = t.id
GROUP BY t.id, t.recommendation_id;
