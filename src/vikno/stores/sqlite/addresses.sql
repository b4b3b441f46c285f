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
-- What somebody chose or agreed to stays, and with it the address: or they would be written to again. Those of one
-- person stay while one of them is in use.
SELECT id, heard_ms < ?1 AND NOT EXISTS (SELECT 1 FROM follow AS f WHERE f.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM notice AS n WHERE n.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM conversation AS c WHERE c.name = address.conversation)
    AND NOT EXISTS (SELECT 1 FROM notification AS m WHERE m.person = address.id)
    AND NOT EXISTS (SELECT 1 FROM agreed AS g WHERE g.person = address.id)
    AND NOT EXISTS (SELECT 1 FROM choices AS h WHERE h.person = coalesce(address.person, address.id))
    AND NOT EXISTS (SELECT 1 FROM address AS o WHERE o.person = coalesce(address.person, address.id)
        AND o.heard_ms >= ?1)
    AND NOT EXISTS (SELECT 1 FROM address AS o WHERE o.id = address.person AND o.heard_ms >= ?1)
FROM address WHERE id > ?2 ORDER BY id LIMIT ?3;

-- name: forget_old_address
DELETE FROM address
WHERE id = ?1 AND heard_ms < ?2 AND NOT EXISTS (SELECT 1 FROM follow AS f WHERE f.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM notice AS n WHERE n.address = address.id)
    AND NOT EXISTS (SELECT 1 FROM conversation AS c WHERE c.name = address.conversation)
    AND NOT EXISTS (SELECT 1 FROM notification AS m WHERE m.person = address.id)
    AND NOT EXISTS (SELECT 1 FROM agreed AS g WHERE g.person = address.id)
    AND NOT EXISTS (SELECT 1 FROM choices AS h WHERE h.person = coalesce(address.person, address.id))
    AND NOT EXISTS (SELECT 1 FROM address AS o WHERE o.person = coalesce(address.person, address.id)
        AND o.heard_ms >= ?2)
    AND NOT EXISTS (SELECT 1 FROM address AS o WHERE o.id = address.person AND o.heard_ms >= ?2);
