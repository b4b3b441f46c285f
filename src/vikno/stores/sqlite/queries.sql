-- Conversations, their events and what was said.
-- "name:" is how the code calls a statement; the lines below it say what it is for.

-- name: find
-- The conversation as the last turn left it. (Joined with the next statement it takes four times as long as both.)
SELECT id, state, position FROM conversation WHERE name = ?;

-- name: find_key
-- Whether this event was answered, and where the answer is.
SELECT position, effects FROM inbox WHERE conversation = ? AND event = ?;

-- name: read_answer
-- The effects of the first turn, for an event seen before.
SELECT payload FROM outbox WHERE conversation = ? AND position > ? AND position <= ? ORDER BY position;

-- name: last_conversation
-- Ids of new conversations follow this one; the transaction holds the write lock, so nobody else gives them.
SELECT coalesce(max(id), 0) FROM conversation;

-- name: begin_conversation
INSERT INTO conversation (id, name, state, position, changed_ms) VALUES (?, ?, ?, ?, ?);

-- name: change_conversation
UPDATE conversation SET state = ?, position = ?, changed_ms = ? WHERE id = ?;

-- name: keep_key
INSERT INTO inbox (conversation, event, position, effects, created_ms) VALUES (?, ?, ?, ?, ?);

-- name: keep_effect
INSERT INTO outbox (conversation, event, position, payload, created_ms, status) VALUES (?, ?, ?, ?, ?, ?);

-- name: mark_done
UPDATE outbox SET status = 'done'
WHERE conversation = (SELECT id FROM conversation WHERE name = ?) AND position = ? AND status = 'waiting';

-- name: forget_keys
-- The oldest dedupe keys, a bounded number at a time.
DELETE FROM inbox WHERE (conversation, event) IN
    (SELECT conversation, event FROM inbox WHERE created_ms < ? ORDER BY created_ms LIMIT ?)
RETURNING conversation;

-- name: forget_effects
-- The oldest done effects, a bounded number at a time; only when no key so old is left, since keys point at them.
DELETE FROM outbox WHERE id IN
    (SELECT id FROM outbox WHERE status = 'done' AND created_ms < ? ORDER BY created_ms LIMIT ?)
RETURNING conversation;

-- name: forget_if_empty
-- A conversation of which no key and no effect is left. Its number may be given again: nothing stands under it.
DELETE FROM conversation WHERE id = ?
AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.conversation = conversation.id)
AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.conversation = conversation.id);

-- name: forget_its_keys
-- This and the next two: one conversation, whatever its age, because the person asked for it.
DELETE FROM inbox WHERE conversation = (SELECT id FROM conversation WHERE name = ?);

-- name: forget_its_effects
DELETE FROM outbox WHERE conversation = (SELECT id FROM conversation WHERE name = ?);

-- name: forget_conversation
DELETE FROM conversation WHERE name = ?;

-- name: read_state
SELECT state FROM conversation WHERE name = ?;

-- name: read_page
SELECT name, state FROM conversation WHERE name > ? ORDER BY name LIMIT ?;

-- name: read_since
-- A conversation's effects from a position on, for a page that comes back.
SELECT c.name, o.event, o.position, o.payload, o.created_ms, o.status, o.id
FROM conversation AS c
JOIN outbox AS o ON o.conversation = c.id
WHERE c.name = ? AND o.position > ?
ORDER BY o.position LIMIT ?;

-- name: read_waiting
-- What is to be sent, oldest first, after a number, of names that begin like this.
SELECT c.name, o.event, o.position, o.payload, o.created_ms, o.status, o.id
FROM outbox AS o
JOIN conversation AS c ON c.id = o.conversation
WHERE o.status = 'waiting' AND o.id > ?1 AND substr(c.name, 1, length(?2)) = ?2
ORDER BY o.id LIMIT ?3;
