-- Addresses, cases, who follows them, the notices that wait, what was put aside, keys and the access log.

-- One row a person on an account. The short id is what the other tables carry, as with conversations.
CREATE TABLE address (
    id INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    sealed BLOB,                    -- NULL for somebody who follows or was written to, but never met
    status TEXT NOT NULL,           -- alive, left, dead
    lang TEXT,
    heard_ms INTEGER NOT NULL
);

-- One row a case. Its id stands on paper, in a signed token, so it is never given again.
CREATE TABLE cases (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    authority TEXT NOT NULL,
    number TEXT NOT NULL,
    service TEXT NOT NULL,
    code TEXT NOT NULL,             -- digest of the check code
    office TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    stage TEXT NOT NULL,            -- "" before the first
    stage_ms INTEGER NOT NULL,
    UNIQUE (authority, number)
);

-- The staff's list.
CREATE INDEX cases_authority ON cases (authority);

-- One row a report of a stage that was not refused: the history of its case, and the dedupe key.
CREATE TABLE report (
    id INTEGER PRIMARY KEY,
    case_id INTEGER NOT NULL,
    authority TEXT NOT NULL,
    event TEXT NOT NULL,
    stage TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    verdict TEXT NOT NULL           -- reached, again, late
);
CREATE UNIQUE INDEX report_event ON report (authority, event);
CREATE INDEX report_case ON report (case_id);

-- Who follows what.
CREATE TABLE follow (
    case_id INTEGER NOT NULL,
    address INTEGER NOT NULL,
    lang TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (case_id, address)
) WITHOUT ROWID;
CREATE INDEX follow_address ON follow (address, since_ms);

-- When to look at a case again.
CREATE TABLE timer (
    case_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    PRIMARY KEY (case_id, kind)
) WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_ms);

-- One row a notice. A sender holds ids while it sends, so none is given again after its notice was forgotten.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address INTEGER NOT NULL,
    account TEXT NOT NULL,
    lane TEXT NOT NULL,             -- notice, bulk
    status TEXT NOT NULL,
    due_ms INTEGER,                 -- when it may be sent; NULL unless it waits (created, temporary-failure)
    expires_ms INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    case_id INTEGER,                -- what it tells of, if a case has planned it
    subject TEXT NOT NULL,
    message TEXT NOT NULL,          -- the platform's id, "" until it has one
    reason TEXT NOT NULL,
    payload BLOB NOT NULL
);

-- What a sender takes next.
CREATE INDEX notice_due ON notice (account, lane, due_ms) WHERE due_ms IS NOT NULL;

-- What is on its way.
CREATE INDEX notice_sending ON notice (account, address) WHERE status = 'sending';

-- What was said to one person. They are few: what waits among them is found by looking at each.
CREATE INDEX notice_address ON notice (address);

-- Receipts name the platform's id.
CREATE INDEX notice_message ON notice (account, message) WHERE message <> '';

-- What an operator has to look at, of one account and of all.
CREATE INDEX notice_letter ON notice (account)
    WHERE status IN ('permanent-failure', 'technical-failure', 'expired', 'unknown');
CREATE INDEX notice_letters ON notice (id)
    WHERE status IN ('permanent-failure', 'technical-failure', 'expired', 'unknown');

-- What is old is forgotten.
CREATE INDEX notice_age ON notice (created_ms);

-- What came and could not be read. `nth` counts within an account, so that the oldest are found without counting.
CREATE TABLE aside (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    nth INTEGER NOT NULL,
    reason TEXT NOT NULL,
    sealed BLOB NOT NULL,
    at_ms INTEGER NOT NULL
);
CREATE UNIQUE INDEX aside_nth ON aside (account, nth);
CREATE INDEX aside_account ON aside (account);
CREATE INDEX aside_age ON aside (at_ms);

-- How often somebody has tried, in the window that began with the first try.
CREATE TABLE attempt (
    key TEXT PRIMARY KEY,
    began_ms INTEGER NOT NULL,
    count INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX attempt_age ON attempt (began_ms);

-- Keys of authorities' own systems. A key's id stands in the access log, so it is never given again.
CREATE TABLE api_key (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    authority TEXT NOT NULL,
    label TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER
);
CREATE INDEX api_key_authority ON api_key (authority);

-- Who looked at what, or changed it. Rows are only added.
CREATE TABLE access (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE INDEX access_about ON access (about);
