-- Who hears what became of notices, and what there is to hear.

-- name: add_subscriber
INSERT INTO subscriber (authority, url, sealed, created_ms, at_ms, kind, one, two, tries, next_ms, reason)
VALUES (?1, ?2, ?3, ?4, ?4, 0, 0, 0, 0, ?4, '') RETURNING id;

-- name: read_subscribers
-- There are as many as authorities have systems.
SELECT id, authority, url, sealed, created_ms, tries, next_ms, reason, at_ms, kind, one, two FROM subscriber ORDER BY id;

-- name: remove_subscriber
DELETE FROM subscriber WHERE id = ?;

-- name: advance_subscriber
-- Unless somebody has set it elsewhere meanwhile.
UPDATE subscriber SET at_ms = ?, kind = ?, one = ?, two = ?, tries = 0, next_ms = ?, reason = ''
WHERE id = ? AND at_ms = ? AND kind = ? AND one = ? AND two = ?;

-- name: rewind_subscriber
UPDATE subscriber SET at_ms = ?, kind = 0, one = 0, two = 0, tries = 0, next_ms = ?, reason = ''
WHERE id = ?;

-- name: fail_subscriber
-- Unless somebody has set it elsewhere meanwhile.
UPDATE subscriber SET tries = tries + 1, next_ms = ?, reason = ?
WHERE id = ? AND at_ms = ? AND kind = ? AND one = ? AND two = ?;

-- name: read_became
-- The stage is that of the report which the notice was planned with; a reminder has none.
SELECT n.changed_ms, 0, n.id, 0, c.authority, c.number, n.account, n.status, coalesce((
    SELECT r.stage FROM report AS r
    WHERE r.case_id = n.case_id AND r.recorded_ms = n.created_ms AND r.verdict = 'reached'
    ORDER BY r.id DESC LIMIT 1), '')
FROM notice AS n
JOIN cases AS c ON c.id = n.case_id
WHERE n.case_id IS NOT NULL AND (n.status = 'sent' OR n.status = 'delivered' OR n.status = 'read'
    OR n.status = 'permanent-failure' OR n.status = 'technical-failure' OR n.status = 'expired' OR n.status = 'unknown')
AND (n.changed_ms, n.id) > (?, ?) AND n.changed_ms < ?
ORDER BY n.changed_ms, n.id LIMIT ?;

-- name: read_began
SELECT f.since_ms, 1, f.case_id, f.address, c.authority, c.number, a.account, 'followed', ''
FROM follow AS f
JOIN cases AS c ON c.id = f.case_id
JOIN address AS a ON a.id = f.address
WHERE (f.since_ms, f.case_id, f.address) > (?, ?, ?) AND f.since_ms < ?
ORDER BY f.since_ms, f.case_id, f.address LIMIT ?;
