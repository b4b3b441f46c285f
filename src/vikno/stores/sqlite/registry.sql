-- What was put aside, attempts, keys, and the access log.

-- name: last_aside
SELECT coalesce(max(nth), 0) FROM aside WHERE account = ?;

-- name: keep_aside
INSERT INTO aside (account, nth, reason, sealed, at_ms) VALUES (?, ?, ?, ?, ?);

-- name: forget_first_asides
DELETE FROM aside WHERE account = ? AND nth <= ?;

-- name: read_asides
SELECT id, account, reason, sealed, at_ms FROM aside WHERE account = ? AND id > ? ORDER BY id LIMIT ?;

-- name: read_all_asides
SELECT id, account, reason, sealed, at_ms FROM aside WHERE id > ? ORDER BY id LIMIT ?;

-- name: forget_old_asides
DELETE FROM aside WHERE id IN (SELECT id FROM aside WHERE at_ms < ? ORDER BY at_ms LIMIT ?);

-- name: forget_old_accesses
-- They are written in the order of time, so the oldest have the lowest numbers.
DELETE FROM access WHERE at_ms < ? AND id < (SELECT min(id) FROM access) + ?;

-- name: find_attempts
SELECT began_ms, count FROM attempt WHERE key = ?;

-- name: keep_attempts
INSERT INTO attempt (key, began_ms, count) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET began_ms = excluded.began_ms, count = excluded.count;

-- name: forget_old_attempts
DELETE FROM attempt WHERE key IN (SELECT key FROM attempt WHERE began_ms < ? ORDER BY began_ms LIMIT ?);

-- name: add_key
INSERT INTO api_key (authority, label, digest, created_ms) VALUES (?, ?, ?, ?) RETURNING id;

-- name: read_key
SELECT id, authority, label, digest, created_ms, revoked_ms FROM api_key WHERE digest = ? AND revoked_ms IS NULL;

-- name: read_keys
SELECT id, authority, label, digest, created_ms, revoked_ms FROM api_key WHERE authority = ? ORDER BY id;

-- name: read_all_keys
-- There are as many as authorities have systems.
SELECT id, authority, label, digest, created_ms, revoked_ms FROM api_key ORDER BY id;

-- name: revoke_key
UPDATE api_key SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL;

-- name: keep_access
INSERT INTO access (at_ms, who, what, about) VALUES (?, ?, ?, ?);

-- name: read_accesses
SELECT at_ms, who, what, about FROM access WHERE about = ? ORDER BY id DESC LIMIT ?;
