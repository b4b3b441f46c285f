-- Campaigns: one message to many people, whom it is for, and how far it has got.

CREATE TABLE campaign (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- stands in ids that systems keep, so it is never given again
    organisation INTEGER NOT NULL,
    template INTEGER NOT NULL,              -- of a version
    name TEXT NOT NULL,
    reference TEXT NOT NULL,
    key TEXT NOT NULL,                      -- live, test
    source TEXT NOT NULL,                   -- file, agreed, followers
    terms BLOB NOT NULL,                    -- Terms as JSON
    status TEXT NOT NULL,                   -- draft, reading, ready, running, paused, stopped, done
    flow INTEGER NOT NULL,                  -- 0 before it runs
    columns TEXT NOT NULL,                  -- JSON
    reading INTEGER NOT NULL,               -- which reading of an audience its rows are of
    rows INTEGER NOT NULL,
    chunks INTEGER NOT NULL,
    refused TEXT NOT NULL,                  -- JSON: reason -> rows
    looked INTEGER NOT NULL,
    cursor INTEGER NOT NULL,                -- the chunk that is planned next
    counted BLOB NOT NULL,                  -- Counted as JSON
    preview BLOB NOT NULL,                  -- Preview as JSON, or nothing
    begins_ms INTEGER,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    began_ms INTEGER,
    ended_ms INTEGER,
    swept_ms INTEGER NOT NULL
);
CREATE INDEX campaign_organisation ON campaign (organisation);
CREATE INDEX campaign_open ON campaign (id) WHERE ended_ms IS NULL AND (began_ms IS NOT NULL OR begins_ms IS NOT NULL);

-- Whom it is for, in chunks. Those of a reading that was broken off go as well.
CREATE TABLE audience (
    id INTEGER PRIMARY KEY,
    campaign INTEGER NOT NULL,
    reading INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    sealed BLOB NOT NULL
);
CREATE UNIQUE INDEX audience_chunk ON audience (campaign, reading, chunk);

-- The first rows that were left out. No person is in it.
CREATE TABLE audience_refused (
    campaign INTEGER NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (campaign, line)
) WITHOUT ROWID;
