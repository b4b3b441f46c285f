-- Conversations, the events that were answered, and what was said.

-- One row a conversation. The short id is what the other tables carry: people who talk now have ids that lie
-- together, so a shared commit writes few pages. The name is what the rest of Vikno knows.
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    state BLOB NOT NULL,
    position INTEGER NOT NULL,      -- of the last effect; 0 before the first
    changed_ms INTEGER NOT NULL
);

-- One row an event that was answered: its dedupe key, and which effects were the answer.
CREATE TABLE inbox (
    conversation INTEGER NOT NULL,
    event TEXT NOT NULL,
    position INTEGER NOT NULL,      -- of the last effect of the answer
    effects INTEGER NOT NULL,       -- how many there are, ending at that position
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (conversation, event)
) WITHOUT ROWID;

-- Old keys are found by age.
CREATE INDEX inbox_age ON inbox (created_ms);

-- One row an effect, written at the end of the table; `id` is the order in which all were kept.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL,
    event TEXT NOT NULL,
    position INTEGER NOT NULL,
    payload BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    status TEXT NOT NULL            -- waiting, done
);

-- A conversation's effects are read in order, and marked one by one.
CREATE UNIQUE INDEX outbox_position ON outbox (conversation, position);

-- What somebody still has to send.
CREATE INDEX outbox_waiting ON outbox (id) WHERE status = 'waiting';

-- What is done is forgotten by age.
CREATE INDEX outbox_done ON outbox (created_ms) WHERE status = 'done';
