-- Organisations that write to people, what people chose and agreed to, and notifications with their tries.

CREATE TABLE organisation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- stands in ids that its system keeps, so it is never given again
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    country TEXT NOT NULL,
    audience TEXT NOT NULL,
    mark TEXT NOT NULL,
    per_day INTEGER NOT NULL,
    per_person_day INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    guests TEXT NOT NULL,                   -- JSON
    standing TEXT NOT NULL,                 -- submitted, approved, refused, suspended
    reason TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    created_ms INTEGER NOT NULL
);

CREATE TABLE organisation_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation INTEGER NOT NULL,
    kind TEXT NOT NULL,                     -- live, team, test
    label TEXT NOT NULL,
    sealed BLOB NOT NULL,                   -- the secret, which signs requests
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
);
CREATE INDEX organisation_key_organisation ON organisation_key (organisation);

-- One row a template; what it says stands in its versions.
CREATE TABLE template (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation INTEGER NOT NULL,
    slug TEXT NOT NULL,
    kind TEXT NOT NULL,                     -- message, sms, email
    archived_ms INTEGER,
    UNIQUE (organisation, slug)
);

CREATE TABLE template_version (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    template INTEGER NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,                  -- what it is about, as rules know it
    text BLOB NOT NULL,                     -- TemplateText as JSON
    status TEXT NOT NULL,                   -- submitted, approved, refused
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (template, version)
);

-- Addresses that are one person's stand for the one of them that was linked to; NULL: it stands for itself.
-- From now on no number is given again: what somebody agreed to stays on record under theirs when they are forgotten.
CREATE TABLE address_for_good (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    sealed BLOB,                            -- NULL for somebody who follows or was written to, but never met
    status TEXT NOT NULL,                   -- alive, left, dead
    lang TEXT,
    heard_ms INTEGER NOT NULL,              -- 0: never
    zone TEXT,
    person INTEGER
);
INSERT INTO address_for_good SELECT id, conversation, account, sealed, status, lang, heard_ms, zone, NULL FROM address;
DROP TABLE address;
ALTER TABLE address_for_good RENAME TO address;
CREATE INDEX address_person ON address (person) WHERE person IS NOT NULL;

-- What people chose. Few do.
CREATE TABLE choices (
    person INTEGER PRIMARY KEY,
    chosen BLOB NOT NULL                    -- Choices as JSON
);

-- What people agreed to. Rows are only added; each seal covers its row and the seal before it.
CREATE TABLE agreed (
    id INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    organisation TEXT NOT NULL,
    content TEXT NOT NULL,
    consent TEXT NOT NULL,                  -- none, given, written, soft
    channel TEXT NOT NULL,
    lang TEXT NOT NULL,
    version TEXT NOT NULL,                  -- of the form
    shown TEXT NOT NULL,                    -- what they saw
    at_ms INTEGER NOT NULL,
    seal BLOB NOT NULL
);
CREATE INDEX agreed_person ON agreed (person);

-- What stands in a queue by itself: the single messages of an organisation, or one campaign. 0 is no row here: the
-- notices about cases.
CREATE TABLE flow (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation INTEGER NOT NULL,
    campaign INTEGER NOT NULL,              -- 0: its single messages
    state TEXT NOT NULL,                    -- running, paused, stopped
    UNIQUE (organisation, campaign)
);

-- Plans that are alike are kept once; no person is in one. One that no notification uses any more goes.
CREATE TABLE plan (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,            -- of body
    body BLOB NOT NULL,
    uses INTEGER NOT NULL
);

CREATE TABLE notification (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organisation INTEGER NOT NULL,
    flow INTEGER NOT NULL,
    template INTEGER NOT NULL,              -- of a version
    person INTEGER NOT NULL,                -- the address it was made for
    ways TEXT NOT NULL,                     -- JSON: the addresses of the plan's steps; "" where that is person alone
    plan INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    lang TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    direction TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    step INTEGER NOT NULL,                  -- tried last; -1: none yet
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,            -- goes up with each change of it or of its notices
    sent_ms INTEGER,
    completed_ms INTEGER,                   -- when it came to what it has ended as
    expires_ms INTEGER NOT NULL,
    due_ms INTEGER,                         -- when the router looks at it; NULL: its notice will say
    micros INTEGER NOT NULL
);
CREATE INDEX notification_person ON notification (person);
CREATE INDEX notification_listed ON notification (organisation);
CREATE INDEX notification_flow ON notification (flow);
CREATE INDEX notification_due ON notification (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX notification_reference ON notification (organisation, reference) WHERE reference <> '';
CREATE INDEX notification_ended ON notification (organisation, completed_ms) WHERE completed_ms IS NOT NULL;
CREATE INDEX notification_age ON notification (created_ms);

-- Of what somebody got from an organisation: how much, and since when. So rules are asked without reading any of it.
CREATE INDEX notification_told ON notification (person, organisation, created_ms)
    WHERE status <> 'permanent-failure' AND status <> 'technical-failure';

-- What was decided about one after it was planned.
CREATE TABLE trace (
    id INTEGER PRIMARY KEY,
    notification INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    said BLOB NOT NULL                      -- JSON
);
CREATE INDEX trace_notification ON trace (notification);

-- A request that comes again is known by its key.
CREATE TABLE request (
    organisation INTEGER NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    first INTEGER NOT NULL,                 -- of the notifications it made
    count INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (organisation, key)
) WITHOUT ROWID;
CREATE INDEX request_age ON request (at_ms);

-- Notices that try a notification. Each kind of index holds only the notices it is asked about.
ALTER TABLE notice ADD COLUMN flow INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notice ADD COLUMN notification INTEGER;
ALTER TABLE notice ADD COLUMN step INTEGER NOT NULL DEFAULT 0;
DROP INDEX notice_due;
CREATE INDEX notice_due ON notice (account, lane, flow, due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX notice_notification ON notice (notification) WHERE notification IS NOT NULL;
DROP INDEX notice_age;
CREATE INDEX notice_age ON notice (created_ms) WHERE notification IS NULL;
DROP INDEX notice_letter;
CREATE INDEX notice_letter ON notice (account) WHERE notification IS NULL
    AND (status = 'permanent-failure' OR status = 'technical-failure' OR status = 'expired' OR status = 'unknown');
DROP INDEX notice_letters;
CREATE INDEX notice_letters ON notice (id) WHERE notification IS NULL
    AND (status = 'permanent-failure' OR status = 'technical-failure' OR status = 'expired' OR status = 'unknown');

-- Whatever becomes of a notice brings its notification back to the router; nothing that changes one can forget it.
CREATE TRIGGER notice_moved AFTER UPDATE OF status ON notice
WHEN new.notification IS NOT NULL AND new.status <> old.status
    AND new.status <> 'sending' AND new.status <> 'created' AND new.status <> 'temporary-failure'
BEGIN
    UPDATE notification SET due_ms = new.changed_ms, changed_ms = max(new.changed_ms, changed_ms + 1)
    WHERE id = new.notification AND (completed_ms IS NULL OR status = 'sent');
END;

-- So does its end with the address that it was for.
CREATE TRIGGER notice_gone AFTER DELETE ON notice WHEN old.notification IS NOT NULL
BEGIN
    UPDATE notification SET due_ms = old.changed_ms, changed_ms = changed_ms + 1
    WHERE id = old.notification AND completed_ms IS NULL;
END;

-- Nothing of a notification outlives it.
CREATE TRIGGER notification_gone AFTER DELETE ON notification
BEGIN
    DELETE FROM trace WHERE notification = old.id;
    DELETE FROM notice WHERE notification = old.id;
    UPDATE plan SET uses = uses - 1 WHERE id = old.plan;
    DELETE FROM plan WHERE id = old.plan AND uses = 0;
END;
