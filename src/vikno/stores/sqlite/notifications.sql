-- What organisations have to tell, and its tries.

-- name: find_flow
SELECT id FROM flow WHERE organisation = ? AND campaign = ?;

-- name: keep_flow
INSERT INTO flow (organisation, campaign, state) VALUES (?, ?, 'running') RETURNING id;

-- name: set_flow
UPDATE flow SET state = ? WHERE id = ?;

-- name: next_flow
-- The queue after this one that waits for an account and lane: whether something in it is due, whose it is, and how.
SELECT n.flow, n.due_ms <= ?4, coalesce(f.state, 'running'), coalesce(f.organisation, 0), coalesce(o.weight, 1)
FROM notice AS n
LEFT JOIN flow AS f ON f.id = n.flow
LEFT JOIN organisation AS o ON o.id = f.organisation
WHERE n.account = ?1 AND n.lane = ?2 AND n.flow > ?3 AND n.due_ms IS NOT NULL
ORDER BY n.flow, n.due_ms LIMIT 1;

-- name: find_request
SELECT digest, first, count FROM request WHERE organisation = ? AND key = ?;

-- name: keep_request
INSERT INTO request (organisation, key, digest, first, count, at_ms) VALUES (?, ?, ?, ?, ?, ?);

-- name: forget_old_requests
DELETE FROM request WHERE (organisation, key) IN (
    SELECT organisation, key FROM request WHERE at_ms < ? ORDER BY at_ms LIMIT ?);

-- name: find_plan
SELECT id FROM plan WHERE digest = ?;

-- name: keep_plan
INSERT INTO plan (digest, body, uses) VALUES (?, ?, 0) RETURNING id;

-- name: use_plan
UPDATE plan SET uses = uses + ? WHERE id = ?;

-- name: last_notification
-- As with notices: the numbers of new ones follow.
SELECT seq FROM sqlite_sequence WHERE name = 'notification';

-- name: last_address
SELECT seq FROM sqlite_sequence WHERE name = 'address';

-- name: find_number
SELECT a.conversation, a.id, a.status, a.sealed IS NOT NULL
FROM json_each(?) AS j CROSS JOIN address AS a ON a.conversation = j.value;

-- name: keep_address
-- One that an organisation gave; it was never met.
INSERT INTO address (id, conversation, account, sealed, status, lang, heard_ms) VALUES (?, ?, ?, ?, 'alive', NULL, 0);

-- name: give_address
-- Somebody who followed on the web, say, can be written to from now on.
UPDATE address SET sealed = ? WHERE id = ? AND sealed IS NULL;

-- name: keep_notification
INSERT INTO notification (id, organisation, flow, template, person, ways, plan, sealed, lang, key, kind, direction,
    reference, status, reason, step, created_ms, changed_ms, sent_ms, completed_ms, expires_ms, due_ms, micros)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: keep_try
INSERT INTO notice (address, account, lane, status, due_ms, expires_ms, tries, created_ms, changed_ms,
    case_id, subject, message, reason, payload, flow, notification, step)
VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, NULL, '', '', '', x'', ?, ?, ?);

-- name: read_notification
SELECT n.id, n.organisation, n.flow, n.template, a.conversation, n.ways, p.body, n.sealed, n.lang, n.key, n.kind,
    n.direction, n.reference, n.status, n.reason, n.step, n.created_ms, n.changed_ms, n.sent_ms, n.completed_ms,
    n.expires_ms, n.due_ms, n.micros
FROM notification AS n
JOIN plan AS p ON p.id = n.plan
JOIN address AS a ON a.id = n.person
WHERE n.id = ?;

-- name: name_of
SELECT id, conversation FROM address WHERE id = ?;

-- name: find_routable
SELECT id FROM notification WHERE due_ms <= ? ORDER BY due_ms LIMIT ?;

-- name: read_tries
SELECT n.id, a.conversation, n.account, n.payload, n.subject, n.status, n.tries, n.created_ms, n.changed_ms,
    n.expires_ms, n.message, n.reason, n.notification, n.step
FROM notice AS n
JOIN address AS a ON a.id = n.address
WHERE n.notification = ?
ORDER BY n.id;

-- name: move
-- Only while it is as it was read. One that was sent may still turn out to be delivered, or not.
UPDATE notification SET status = ?1, reason = ?2, due_ms = ?3, step = coalesce(?4, step),
    changed_ms = max(?5, changed_ms + 1), sent_ms = CASE WHEN ?6 THEN coalesce(sent_ms, ?5) ELSE sent_ms END,
    completed_ms = CASE WHEN status = ?1 AND completed_ms IS NOT NULL THEN completed_ms WHEN ?7 THEN ?5 END,
    micros = micros + ?8
WHERE id = ?9 AND changed_ms = ?10 AND (completed_ms IS NULL OR status = 'sent');

-- name: look_again
UPDATE notification SET due_ms = ? WHERE id = ? AND (completed_ms IS NULL OR status = 'sent');

-- name: find_waiting_tries
SELECT id FROM notice WHERE notification = ? AND due_ms IS NOT NULL;

-- name: hold_back
UPDATE notice SET status = 'dropped', due_ms = NULL, changed_ms = ? WHERE id = ?;

-- name: set_due
UPDATE notification SET due_ms = ? WHERE id = ?;

-- name: keep_trace
INSERT INTO trace (notification, at_ms, said) VALUES (?, ?, ?);

-- name: read_trace
SELECT at_ms, said FROM trace WHERE notification = ? ORDER BY id;

-- name: find_letters_of
SELECT id FROM notification WHERE person = ? AND id < ? AND key <> 'test' ORDER BY id DESC LIMIT ?;

-- name: see
UPDATE notification SET status = 'delivered', reason = 'inbox', due_ms = NULL, changed_ms = max(?1, changed_ms + 1),
    sent_ms = coalesce(sent_ms, ?1), completed_ms = ?1
WHERE id = ?2 AND (completed_ms IS NULL OR status = 'sent');

-- name: find_ended
SELECT id, completed_ms FROM notification
WHERE organisation = ? AND completed_ms IS NOT NULL AND (completed_ms, id) > (?, ?) AND completed_ms < ?
ORDER BY completed_ms, id LIMIT ?;

-- name: look_through
-- A stretch of an organisation's, the newest first; what is not wanted is left out of it.
SELECT id, key, status, kind, flow FROM notification INDEXED BY notification_listed
WHERE organisation = ? AND id < ? ORDER BY id DESC LIMIT ?;

-- name: look_through_reference
SELECT id, key, status, kind, flow FROM notification INDEXED BY notification_reference
WHERE organisation = ? AND reference = ? AND reference <> '' AND id < ? ORDER BY id DESC LIMIT ?;

-- name: look_through_flow
SELECT id, key, status, kind, flow FROM notification INDEXED BY notification_flow
WHERE flow = ? AND organisation = ? AND id < ? ORDER BY id DESC LIMIT ?;

-- name: first_since
SELECT id FROM notification WHERE created_ms >= ? ORDER BY created_ms LIMIT 1;

-- name: count_stretch
-- What became of some, by the account of the last try.
SELECT n.organisation, coalesce((
        SELECT s.account FROM notice AS s WHERE s.notification = n.id ORDER BY s.id DESC LIMIT 1), ''),
    n.status, n.reason
FROM notification AS n
WHERE n.id >= ?1 AND n.id < ?2 AND n.created_ms >= ?3 AND (?4 IS NULL OR n.organisation = ?4);

-- name: forget_notifications
-- The oldest that have ended or are past their time; with them goes, by a trigger, all that was kept of each.
DELETE FROM notification WHERE id IN (
    SELECT id FROM notification WHERE created_ms < ?1 AND (completed_ms IS NOT NULL OR expires_ms < ?1)
    ORDER BY created_ms LIMIT ?2);

-- name: forget_notifications_of
DELETE FROM notification WHERE person = ?;

-- name: flow_and_address
SELECT n.flow, a.id, a.status FROM notification AS n JOIN address AS a ON a.conversation = ?2 WHERE n.id = ?1;
