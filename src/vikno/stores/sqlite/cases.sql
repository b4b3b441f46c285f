-- Cases, their history, who follows them, and when to look at them again.

-- name: find_case
SELECT id, authority, number, service, code, office, opened_ms, stage, stage_ms FROM cases
WHERE authority = ? AND number = ?;

-- name: find_case_by_id
SELECT id, authority, number, service, code, office, opened_ms, stage, stage_ms FROM cases WHERE id = ?;

-- name: find_case_by_code
-- Authorities that bring one matter twice: the first.
SELECT id, authority, number, service, code, office, opened_ms, stage, stage_ms FROM cases
WHERE code = ? AND authority = ? ORDER BY id LIMIT 1;

-- name: keep_case
INSERT INTO cases (authority, number, service, code, office, opened_ms, stage, stage_ms)
VALUES (?, ?, ?, ?, ?, ?, '', 0);

-- name: change_case
UPDATE cases SET service = ?, code = ?, office = ?, opened_ms = ? WHERE id = ?;

-- name: move_case
UPDATE cases SET stage = ?, stage_ms = ? WHERE id = ?;

-- name: find_report
-- Whether this event of an authority was recorded before.
SELECT authority, event FROM report WHERE authority = ? AND event = ?;

-- name: keep_report
INSERT INTO report (case_id, authority, event, stage, at_ms, recorded_ms, verdict) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: read_history
SELECT stage, at_ms, recorded_ms, verdict FROM report WHERE case_id = ? ORDER BY id;

-- name: read_listed
SELECT id, authority, number, service, code, office, opened_ms, stage, stage_ms FROM cases
WHERE authority = ? AND id > ? ORDER BY id LIMIT ?;

-- name: find_followers
-- Who is to hear of a case.
SELECT f.case_id, f.address, a.conversation, a.account, f.lang, a.zone
FROM follow AS f
JOIN address AS a ON a.id = f.address
WHERE f.case_id = ? AND a.status = 'alive'
ORDER BY f.address;

-- name: find_follow
SELECT 1 FROM follow WHERE case_id = ? AND address = ?;

-- name: follow
-- Somebody who follows already may do so in another language.
INSERT INTO follow (case_id, address, lang, since_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (case_id, address) DO UPDATE SET lang = excluded.lang;

-- name: unfollow
DELETE FROM follow WHERE address = ? AND case_id = ? RETURNING case_id;

-- name: unfollow_all
DELETE FROM follow WHERE address = ? RETURNING case_id;

-- name: forget_follows_of
DELETE FROM follow WHERE address = ?;

-- name: read_followed
SELECT c.id, c.authority, c.number, c.service, c.code, c.office, c.opened_ms, c.stage, c.stage_ms
FROM address AS a
JOIN follow AS f ON f.address = a.id
JOIN cases AS c ON c.id = f.case_id
WHERE a.conversation = ?
ORDER BY f.since_ms DESC, f.case_id DESC;

-- name: set_timer
INSERT INTO timer (case_id, kind, due_ms) VALUES (?, ?, ?)
ON CONFLICT (case_id, kind) DO UPDATE SET due_ms = excluded.due_ms;

-- name: end_timer
DELETE FROM timer WHERE case_id = ? AND kind = ?;

-- name: end_this_timer
-- Only if it is still the one that came due.
DELETE FROM timer WHERE case_id = ? AND kind = ? AND due_ms = ?;

-- name: read_overdue
SELECT c.id, c.authority, c.number, c.service, c.code, c.office, c.opened_ms, c.stage, c.stage_ms, t.kind, t.due_ms
FROM timer AS t
JOIN cases AS c ON c.id = t.case_id
WHERE t.due_ms <= ?
ORDER BY t.due_ms, t.case_id, t.kind LIMIT ?;

-- name: find_old_cases
SELECT id, max(opened_ms, stage_ms) < ? FROM cases WHERE id > ? ORDER BY id LIMIT ?;

-- name: forget_old_case
DELETE FROM cases WHERE id = ? AND max(opened_ms, stage_ms) < ?;

-- name: forget_reports_of_case
DELETE FROM report WHERE case_id = ?;

-- name: forget_follows_of_case
DELETE FROM follow WHERE case_id = ?;

-- name: forget_timers_of_case
DELETE FROM timer WHERE case_id = ?;
