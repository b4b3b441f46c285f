-- Authorities' own systems that hear what became of the notices about their cases. The events are not kept: they are
-- read from what is on record, from where a subscriber has got to.
CREATE TABLE subscriber (
    id INTEGER PRIMARY KEY AUTOINCREMENT,   -- stands in the access log, so it is never given again
    authority TEXT NOT NULL,
    url TEXT NOT NULL,
    sealed BLOB NOT NULL,                   -- the secret that signs
    created_ms INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,                 -- the four of a `Position`: all until here has been taken
    kind INTEGER NOT NULL,                  -- 0 a notice, 1 a follower
    one INTEGER NOT NULL,
    two INTEGER NOT NULL,
    tries INTEGER NOT NULL,                 -- in vain, since it last took something
    next_ms INTEGER,                        -- when to try; NULL while it is paused
    reason TEXT NOT NULL                    -- why it did not take the last batch
);

-- What became of notices, in the order it did.
CREATE INDEX notice_became ON notice (changed_ms)
    WHERE case_id IS NOT NULL AND status IN ('sent', 'delivered', 'read', 'permanent-failure', 'technical-failure',
        'expired', 'unknown');

-- Who began to follow, in the order they did.
CREATE INDEX follow_since ON follow (since_ms);
