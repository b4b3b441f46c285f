-- Systems of organisations that hear what became of their messages as GOV.UK Notify tells it.

CREATE TABLE notify_callback (
    organisation INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    sealed BLOB NOT NULL,                   -- the token that it knows us by
    at_ms INTEGER NOT NULL,                 -- how far it has got: the end of this notification was told
    one INTEGER NOT NULL
);

-- Ends that were not taken, each to be told again some times.
CREATE TABLE notify_again (
    notification INTEGER NOT NULL,
    completed_ms INTEGER NOT NULL,
    organisation INTEGER NOT NULL,
    status TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    PRIMARY KEY (notification, completed_ms)
) WITHOUT ROWID;
CREATE INDEX notify_again_next ON notify_again (next_ms);
CREATE INDEX notify_again_organisation ON notify_again (organisation);
