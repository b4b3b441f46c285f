-- Who talks on which account.

-- name: find_address
-- What the other tables call this person, and whether anybody is there.
SELECT conversation, id, status FROM address WHERE conversation = ?;

-- name: begin_address
-- Somebody who was never met: a follower on the web, or whom an authority writes to first.
INSERT INTO address (conversation, account, sealed, status, lang, heard_ms) VALUES (?, ?, NULL, 'alive', NULL, 0)
RETURNING id;

-- name: meet
INSERT INTO address (conversation, account, sealed, status, lang, heard_ms) VALUES (?, ?, ?, 'alive', ?, ?)
ON CONFLICT (conversation) DO UPDATE SET
    status = 'alive', heard_ms = excluded.heard_ms,
    sealed = coalesce(sealed, excluded.sealed), lang = coalesce(lang, excluded.lang);

-- name: mark
UPDATE address SET status = ? WHERE id = ?;

-- name: set_zone
UPDATE address SET zone = ? WHERE id = ?;

-- name: drop_waiting
-- Nobody is there to hear them.
UPDATE notice SET status = 'dropped', due_ms = NULL, changed_ms = ? WHERE address = ? AND due_ms IS NOT NULL;

-- name: read_known
SELECT conversation, account, sealed, status, lang, heard_ms, zone FROM address
WHERE conversation = ? AND sealed IS NOT NULL;

-- name: forget_address
DELETE FROM address WHERE id = ?;

-- name: find_old_addresses
SELECT id, heard_ms < ? AND NOT EXISTS (SELECT 1 FROM follow AS f WHERE f.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM notice AS n WHERE n.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM conversation AS c WHERE c.name = address.conversation)
FROM address WHERE id > ? ORDER BY id LIMIT ?;

-- name: forget_old_address
DELETE FROM address
WHERE id = ? AND heard_ms < ? AND NOT EXISTS (SELECT 1 FROM follow AS f WHERE f.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM notice AS n WHERE n.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM conversation AS c WHERE c.name = address.conversation);
